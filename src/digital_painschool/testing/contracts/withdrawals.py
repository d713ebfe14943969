"""The contract of the storage port: starts that were withdrawn, in the lists, in purges and for new starts."""

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment, Phase, WithdrawalReason
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.retention import PurgeReason
from digital_painschool.ports.storage import (
    CaseQuery,
    CaseSort,
    CaseTotals,
    Storage,
    find_cancellable,
    find_ended,
    load_enrolment,
    load_purge,
    readable,
)
from digital_painschool.rules.withdrawal import withdraw
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    POLICY,
    A,
    B,
    begin,
    converse,
    draft_of,
    finish,
    saved,
    step,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.purges import LATER, LOGGED, assert_gone, kept_plan
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE, PERSON, UNIT


def withdrawn(storage: Storage, enrolment_id: str, person: PersonId = PERSON, *, ends: bool = False) -> Enrolment:
    """Save an enrolment with a message to the patient and a draft, and withdraw it; perhaps it had ended before."""
    e = saved(storage, converse(saved(storage, begin(enrolment_id, person)), notify=Notify.COLLECTED, at=MORNING))
    storage.save_draft(e, draft_of().form, draft_of(), LOGGED)
    pending = find_cancellable(storage, e.id)
    if ends:
        ended = evolve(finish(e, at=MORNING, pending=pending), discarded_drafts=frozenset({PAIN}))
        e, pending = saved(storage, ended), ()
    cancelled = tuple(notification.id for notification in pending)
    reason = WithdrawalReason.WRONG_PERSON
    change = step(e, withdraw, reason, pending, at=MORNING + HOUR, cancelled=cancelled)
    return saved(storage, evolve(change, discarded_drafts=frozenset({PAIN})))


class WithdrawalContract(StorageOpening):
    """Withdrawn starts, in every storage. Rule: D-07b, D-21b."""

    @proves("Enrolments.save: one open enrolment")
    @pytest.mark.parametrize("ends", [False, True])
    def test_a_withdrawn_one_hinders_no_new_one(self, storage: Storage, ends: bool) -> None:  # noqa: FBT001
        """Otherwise a slip would keep the person from a treatment that they do need (D-07a, D-07b)."""
        first = withdrawn(storage, "a", ends=ends)
        assert (Phase.WITHDRAWN, WithdrawalReason.WRONG_PERSON) == (first.phase, first.withdrawal)
        assert first == load_enrolment(storage, A)
        second = saved(storage, begin("b", at=MORNING + 2 * HOUR))
        assert {first.id: first, second.id: second} == {e.id: e for e in readable(storage.find_by_person(PERSON))}
        assert () == find_cancellable(storage, first.id)

    @proves("Caseload.list_caseload: withdrawn", "Caseload.count_caseload: totals")
    @pytest.mark.parametrize("sort", CaseSort)
    def test_a_withdrawn_one_is_in_no_list_and_no_total(self, storage: Storage, sort: CaseSort) -> None:
        """Otherwise the wrong person would be phoned, or be read of by everybody who looks at the list (D-07b)."""
        withdrawn(storage, "a")
        withdrawn(storage, "b", OTHER_PERSON, ends=True)
        for therapist in (None, NURSE.hsa_id):
            for ended in (False, True):
                query = CaseQuery(unit=UNIT, therapist=therapist, now=LATER, sort=sort, ended=ended)
                assert () == storage.list_caseload(query)
            assert CaseTotals() == storage.count_caseload(UNIT, therapist, LATER)
        assert () == storage.access_ended(LATER, 10)

    @proves("Retention.ended: withdrawn")
    def test_a_withdrawn_one_is_told_from_those_whose_period_is_over(self, storage: Storage) -> None:
        """Otherwise a purge would wait for ten years, or would take what must be kept for as long (D-21b)."""
        withdrawn(storage, "a")
        saved(storage, finish(saved(storage, begin("b", OTHER_PERSON)), at=MORNING))
        expected = {A: PurgeReason.WITHDRAWN, B: PurgeReason.PERIOD_OVER}
        assert expected == {one.enrolment_id: one.reason for one in readable(storage.ended(UNIT))}
        assert expected == {
            one.enrolment_id: one.reason for one in readable(find_ended(storage, UNIT, (A, B)).values())
        }
        made = kept_plan(storage)
        assert expected == {one.enrolment_id: one.reason for one in made.enrolments}
        stored = load_purge(storage, made.id).plan
        assert stored is not None
        assert made.enrolments == stored.enrolments
        assert POLICY.export_before_purge

    @proves("Retention.purge: nothing left")
    def test_nothing_is_left_of_a_withdrawn_one_that_was_purged(self, storage: Storage) -> None:
        """Otherwise the wrong person's number would stay (D-07b)."""
        gone = withdrawn(storage, "a")
        made = kept_plan(storage)
        storage.purge(made.id, made.enrolments, ())
        assert_gone(storage, gone)
