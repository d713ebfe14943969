"""A school in memory for each test, on a clock that the test moves."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_folder = TemporaryDirectory(prefix="portal-")
os.environ["PORTAL_FOLDER"] = _folder.name
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"

import django  # noqa: E402 - the settings read the folder

django.setup()

from attrs import evolve  # noqa: E402

from digital_painschool import AdapterConfig, open_school  # noqa: E402
from portal import school  # noqa: E402
from portal.sample import Clock  # noqa: E402


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands in the morning of a Monday."""
    return Clock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def portal(clock: Clock) -> Iterator[Clock]:
    """Open the portal on an empty school, and yield its clock."""
    settings = evolve(school.school_settings(Path(_folder.name)), storage=AdapterConfig("memory"))
    school.use(open_school(settings, clock=clock))
    yield clock
    school.close()
