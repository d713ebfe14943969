"""The contract of the storage port: completed calls that concern no single enrolment."""

from collections.abc import Callable, Mapping

import pytest
from attrs import evolve

from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PurgePlan, Skip, Skipped
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    DeskCall,
    Storage,
    find_desk_call,
    load_purge,
    save_plan,
    save_profile,
    save_receipt,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.calls import desk_call, other_keys
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.completed_calls import AWKWARD
from digital_painschool.testing.contracts.purges import (
    IDS,
    LATER,
    LOGGED,
    all_over,
    exported,
    kept_plan,
    receipt_of,
)
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import NURSE, UNIT
from digital_painschool.testing.snapshot import StorageSnapshot

CHOSEN = Profile(email=frozenset({FlagKind.PROGRAM_DONE}))
STEPS: Mapping[str, Callable[[Storage, str, DeskCall], object]] = {
    "save_profile": lambda s, _, call: save_profile(s, UNIT, NURSE.hsa_id, CHOSEN, LOGGED, completed=call),
    "save_export": lambda s, name, call: exported(
        s, {planned.enrolment_id: planned.version for planned in _plan(s).enrolments}, name, call
    ),
    "save_plan": lambda s, name, call: save_plan(
        s, evolve(_plan(s), id=PlanId(name), decision=None), LOGGED, completed=call
    ),
    "purge": lambda s, name, call: s.purge(
        PlanId(name),
        _plan(s).enrolments[:1],
        [Skipped(enrolment_id=IDS[1], why=Skip.TOO_YOUNG)],
        completed=call,
    ),
    "save_receipt": lambda s, name, call: save_receipt(
        s, evolve(receipt_of(_plan(s)), plan_id=PlanId(name)), completed=call
    ),
}
"""The steps that save a completed call: a step with another name has an effect of its own."""


def _plan(storage: Storage) -> PurgePlan:
    plan = load_purge(storage, PlanId("plan-1")).plan
    assert plan is not None
    return plan


def _held(storage: Storage) -> tuple[StorageSnapshot, StorageSnapshot]:
    ids = (*IDS, "plan-1", "first", "second")
    return StorageSnapshot.of(storage, ids, LATER), StorageSnapshot.of_access_log(storage)


class DeskCallsContract(StorageOpening):
    """Calls with an idempotency key that concern no single enrolment."""

    @pytest.mark.parametrize("key", ["k", AWKWARD])
    @pytest.mark.parametrize("step", STEPS)
    @proves("Records.load_record", "Records: with the step")
    def test_a_call_at_a_desk_is_found_by_its_key(self, storage: Storage, step: str, key: str) -> None:
        """Otherwise an administrator who got no answer would purge, plan or export a second time (D-24a)."""
        all_over(storage)
        kept_plan(storage)
        first, second = desk_call(key, "\x7bråd \U0001f600"), desk_call(f"{key}2", "another")
        assert [None, None] == [find_desk_call(storage, call.key) for call in (first, second)]
        STEPS[step](storage, "first", first)
        assert [first, None] == [find_desk_call(storage, call.key) for call in (first, second)]
        STEPS[step](storage, "second", second)
        assert [first, second] == [find_desk_call(storage, call.key) for call in (first, second)]

    @proves("Records.load_record: exact key")
    def test_a_desk_s_key_is_that_of_its_unit_caller_and_action(self, storage: Storage) -> None:
        """Otherwise one portal's counter would answer another's call, with somebody else's result."""
        mine = desk_call("k")
        others = other_keys(mine.key)
        save_profile(storage, UNIT, NURSE.hsa_id, CHOSEN, LOGGED, completed=mine)
        assert [None] * len(others) == [find_desk_call(storage, other) for other in others]
        for other in others:
            save_profile(storage, UNIT, NURSE.hsa_id, CHOSEN, LOGGED, completed=evolve(mine, key=other, result="x"))
        assert mine == find_desk_call(storage, mine.key)
        assert ["x"] * len(others) == [
            found.result for other in others if (found := find_desk_call(storage, other)) is not None
        ]

    @pytest.mark.parametrize("step", STEPS)
    @proves("Records: with the step", "Storage: silent")
    def test_a_second_call_at_a_desk_under_a_key_is_a_conflict(self, storage: Storage, step: str) -> None:
        """Otherwise a double click would leave two plans, and the second one be approved unread (D-24a)."""
        all_over(storage)
        kept_plan(storage)
        first = desk_call("k")
        save_profile(storage, UNIT, NURSE.hsa_id, Profile(), LOGGED, completed=first)
        before = _held(storage)
        with pytest.raises(Conflict) as conflict:
            STEPS[step](storage, "second", evolve(first, result="another"))
        assert_silent(conflict.value, NURSE.hsa_id)
        assert before == _held(storage)
        assert first == find_desk_call(storage, first.key)
        STEPS[step](storage, "second", desk_call("free"))
        assert before != _held(storage)
