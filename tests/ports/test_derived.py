"""Reads that follow from the methods of the port."""

from typing import Any

import pytest

from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_enrolment, load_enrolments
from digital_painschool.testing.faults import Call, watched
from digital_painschool.testing.scenario import Scenario


def test_an_unreadable_state_is_refused_by_its_id() -> None:
    """Otherwise a step would be decided on states of which one is missing, and nobody would know which."""
    school = Scenario()
    readable, damaged = school.start(), school.start(key="somnskola")

    def around(call: Call) -> object:
        found: Any = call.go()
        return {**found, damaged: UnreadableEnrolment(enrolment_id=damaged)} if call.method == "load_many" else found

    storage = watched(school.storage, around)
    with pytest.raises(StorageError, match=damaged):
        load_enrolments(storage, [readable, damaged])
    with pytest.raises(StorageError, match=damaged):
        load_enrolment(storage, damaged)
