"""Reads that follow from the methods of the port."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import PlanId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Listed, list_receipts, load_enrolment, load_enrolments, save_receipt
from digital_painschool.testing.contracts.purges import kept_plan, receipt_of
from digital_painschool.testing.faults import Call, watched
from digital_painschool.testing.people import UNIT
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


@pytest.mark.rule("D-21a")
def test_receipts_are_listed_oldest_first() -> None:
    """Otherwise after a backup the receipts would be replayed in a wrong order."""
    storage = MemoryStorage()
    late = receipt_of(kept_plan(storage))
    early = evolve(late, plan_id=PlanId("plan-2"), purged_at=late.purged_at - timedelta(hours=1))
    for receipt in (late, early):
        save_receipt(storage, receipt)
    assert (early, late) == list_receipts(storage, UNIT)


class Restarting(MemoryStorage):
    """A storage that begins each list of records anew."""

    def list_records(self, *args: Any, **options: Any) -> tuple[Listed, ...]:
        return super().list_records(*args, **{**options, "after": None})


@pytest.mark.parametrize(
    "walk",
    [
        lambda storage: list_receipts(storage, UNIT),
        lambda storage: storage.list_plans(UNIT, limit=9),
        lambda storage: storage.list_plans(UNIT, newest_first=False, limit=9),
    ],
    ids=["receipts", "plans", "oldest plans first"],
)
def test_a_list_of_records_that_does_not_advance_is_refused(walk: Callable[[MemoryStorage], object]) -> None:
    """Otherwise a replay, or a page of plans, would never end over an adapter that forgets `after`."""
    storage = Restarting()
    save_receipt(storage, receipt_of(kept_plan(storage)))
    with pytest.raises(StorageError, match="list_records` does not advance"):
        walk(storage)
