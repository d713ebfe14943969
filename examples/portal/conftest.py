"""A school in memory for each test, on a clock that the test moves."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import django
import pytest
from attrs import evolve
from django.conf import settings

from digital_painschool import AdapterConfig, EnrolmentId, open_school
from portal import school
from portal.people import ANNA
from portal.sample import ELSA, PROGRAM, Clock
from portal.visitor import ClientVisitor
from portal.walk import sign_in_staff

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the portal's files."""
    made = tmp_path_factory.mktemp("portal")
    settings.PORTAL_FOLDER, settings.SESSION_FILE_PATH = made, str(made / "sessions")
    return made


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands in the morning of a Monday."""
    return Clock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def portal(folder: Path, clock: Clock) -> Iterator[Clock]:
    """Open the portal on an empty school, and yield its clock."""
    chosen = evolve(school.school_settings(folder), storage=AdapterConfig("memory"))
    school.use(open_school(chosen, clock=clock))
    yield clock
    school.close()


@pytest.fixture
def elsa(portal: Clock) -> EnrolmentId:
    """Start the program for Elsa, as Anna's patient."""
    return school.school().therapist(ANNA.actor).start(ELSA, program=PROGRAM).id


@pytest.fixture
def anna(elsa: EnrolmentId) -> ClientVisitor:
    """Return Anna on "Hantera" of Elsa's page."""
    visitor = ClientVisitor()
    sign_in_staff(visitor, "Anna Åberg")
    visitor.click("Elsa Ek")
    return visitor
