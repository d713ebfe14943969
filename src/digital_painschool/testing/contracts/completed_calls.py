"""The contract of the storage port: calls that are completed under an idempotency key."""

import pytest
from attrs import evolve

from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Storage, find_call, load_enrolment, load_timeline
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.calls import key_of, other_keys, under_key, without_events
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    begin,
    fill_in,
    saved,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import UNIT

AWKWARD = "'; DROP TABLE x; -- %s :key \\ " + "\U0001f600" * 170
"""A key that a statement could take for a part of itself, and longer in bytes than some databases let a key be."""


class CompletedCallsContract(StorageOpening):
    """Calls with an idempotency key: what is stored of them, and when it is found."""

    @pytest.mark.parametrize("key", ["k", AWKWARD])
    @proves("Records.load_record", "Change.completed")
    def test_a_call_is_found_by_its_key(self, storage: Storage, key: str) -> None:
        """Otherwise a host that got no answer could not learn that its call was completed (D-24a)."""
        started = under_key(begin(), key)
        assert started.completed is not None
        assert None is find_call(storage, started.completed.key)
        e = saved(storage, started)
        assert started.completed == find_call(storage, started.completed.key)
        step = under_key(fill_in(e, at=MORNING), f"{key}2")
        assert step.completed is not None
        e = saved(storage, step)
        e = saved(storage, fill_in(e, at=MORNING))
        assert step.completed == find_call(storage, step.completed.key)
        assert started.completed == find_call(storage, started.completed.key)

    @proves("Records.load_record: exact key")
    def test_a_key_is_that_of_its_unit_caller_and_action(self, storage: Storage) -> None:
        """Otherwise one portal's counter would answer another's call, with somebody else's result."""
        call = under_key(begin("a"), "k").completed
        assert call is not None
        mine, others = call.key, other_keys(call.key)
        saved(storage, evolve(begin("a"), completed=call))
        assert [None] * len(others) == [find_call(storage, other) for other in others]
        e = saved(storage, begin("b", OTHER_PERSON))
        for other in others:
            e = saved(storage, evolve(fill_in(e, at=MORNING), completed=evolve(call, key=other, enrolment_id=e.id)))
        assert call == find_call(storage, mine)
        assert [(other, e.id) for other in others] == [
            (found.key, found.enrolment_id) for other in others if (found := find_call(storage, other)) is not None
        ]

    @proves("Change.completed", "Enrolments.save: all or nothing", "Storage: silent")
    def test_a_second_call_under_a_key_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a double click would send a message twice (D-24a)."""
        first = under_key(begin("a"), "k")
        a, b = saved(storage, first), saved(storage, begin("b", OTHER_PERSON))
        assert first.completed is not None
        logged = storage.access_entries(UNIT)
        for before in (a, b):
            step = fill_in(before, at=MORNING + HOUR)
            second = evolve(first.completed, enrolment_id=before.id, version=before.version + 1, fingerprint="other")
            for change in (evolve(step, completed=second), without_events(step, before, second)):
                with pytest.raises(Conflict) as conflict:
                    storage.save(change)
                assert_silent(conflict.value, first.completed.key.caller, OTHER_PERSON.value)
            assert before == load_enrolment(storage, before.id)
            assert 1 == len(load_timeline(storage, before.id))
        assert logged == storage.access_entries(UNIT)
        assert first.completed == find_call(storage, first.completed.key)

    @proves("Enrolments.save: all or nothing")
    def test_a_step_that_conflicts_leaves_its_key_free(self, storage: Storage) -> None:
        """Otherwise the host would be given a result of what was never done."""
        e = saved(storage, begin())
        saved(storage, fill_in(e, at=MORNING))
        with pytest.raises(Conflict):
            storage.save(under_key(fill_in(e, at=MORNING), "k"))
        assert None is find_call(storage, key_of(e, "k"))

    @proves("Change.events")
    def test_a_call_that_changes_nothing_leaves_its_key_and_its_line(self, storage: Storage) -> None:
        """Otherwise the same call a day later would have an effect (D-24a)."""
        e = saved(storage, fill_in(saved(storage, begin()), at=MORNING))
        nothing = under_key(without_events(fill_in(e, at=MORNING), e), "k")
        assert nothing.completed is not None
        timeline, lines = load_timeline(storage, e.id), len(storage.access_entries(UNIT))
        storage.save(nothing)
        assert nothing.completed == find_call(storage, nothing.completed.key)
        assert (e, timeline) == (load_enrolment(storage, e.id), load_timeline(storage, e.id))
        assert nothing.access == storage.access_entries(UNIT)[-1][1]
        assert lines + 1 == len(storage.access_entries(UNIT))
        with pytest.raises(Conflict):
            storage.save(evolve(nothing, before=1, completed=None))
        assert e.version + 1 == saved(storage, fill_in(e, at=MORNING)).version
