"""The contract of the storage port: the orders, the conditions and the totals of the list of patients."""

from datetime import datetime
from typing import Any

import pytest

from digital_painschool.domain.attention import AttentionLimits
from digital_painschool.domain.enrolment import Phase
from digital_painschool.ports.storage import (
    NO_INSTANT,
    CaseKey,
    CaseQuery,
    CaseSort,
    CaseTotals,
    Storage,
    readable,
)
from digital_painschool.rules.lifecycle import hand_over, maintain, review
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    HOUR,
    MORNING,
    PERSONS,
    answer,
    begin,
    converse,
    fill_in,
    finish,
    saved,
    step,
    take_note,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT

LATER = MORNING + 10 * DAY
"""When the list of `fill` is looked at."""
_SORTS = pytest.mark.parametrize("sort", CaseSort, ids=str)


def fill(storage: Storage) -> None:
    """Save seven enrolments: with an alert, two with flags, two quiet ones, one that ends, and one in maintenance."""
    first, second, third, fourth, fifth, sixth, seventh = PERSONS
    quiet = saved(storage, begin("a-quiet", first, at=MORNING + DAY))
    saved(storage, step(quiet, review, at=MORNING + 5 * DAY))
    old = saved(storage, converse(saved(storage, begin("z-old", second, at=MORNING)), at=MORNING + HOUR))
    saved(storage, answer(old, at=MORNING + 2 * DAY))
    new = saved(storage, begin("b-new", third, at=MORNING + 2 * DAY, therapist=COLLEAGUE.hsa_id))
    new = saved(storage, fill_in(new, at=MORNING + 3 * DAY))
    saved(storage, step(new, review, at=MORNING + 4 * DAY))
    alert = saved(storage, begin("m-alert", fourth, at=MORNING + 3 * DAY))
    saved(storage, fill_in(alert, {"smarta": 9}, at=MORNING + 4 * DAY))
    seen = saved(storage, fill_in(saved(storage, begin("c-seen", fifth, at=MORNING)), at=MORNING + DAY))
    saved(storage, take_note(seen, at=MORNING + 6 * DAY))
    ended = saved(storage, fill_in(saved(storage, begin("e-ended", sixth, at=MORNING)), at=MORNING + DAY))
    saved(storage, finish(ended, at=MORNING + 2 * DAY))
    kept = saved(storage, begin("k-kept", seventh, at=MORNING, program=SLEEP))
    saved(storage, step(kept, maintain, 5, {1}, shortens=True, at=MORNING + HOUR))
    saved(storage, begin("elsewhere", first, at=MORNING, unit=OTHER_UNIT))


OVER = datetime.fromisoformat("2026-03-07T23:00Z")
"""The end of the maintenance: a local midnight."""
A_YEAR = datetime.fromisoformat("2027-03-02T06:00Z")
"""The end of the access of who started at `MORNING`."""
LIMITS = AttentionLimits(seen_before=MORNING + 3 * DAY, ends_before=A_YEAR + DAY)
"""By these somebody is silent, and somebody is not; the access of some ends soon."""
ORDERS: dict[CaseSort, list[CaseKey]] = {
    CaseSort.PRIORITY: [
        (0, MORNING + 4 * DAY, "m-alert"),
        (1, MORNING + 2 * DAY, "z-old"),
        (1, MORNING + 3 * DAY, "b-new"),
        (1, OVER, "k-kept"),
        (2, NO_INSTANT, "a-quiet"),
        (2, NO_INSTANT, "c-seen"),
    ],
    CaseSort.OLDEST_FLAG: [
        (0, MORNING + 2 * DAY, "z-old"),
        (0, MORNING + 3 * DAY, "b-new"),
        (0, MORNING + 4 * DAY, "m-alert"),
        (0, OVER, "k-kept"),
        (1, NO_INSTANT, "a-quiet"),
        (1, NO_INSTANT, "c-seen"),
    ],
    CaseSort.LAST_SEEN: [
        (0, NO_INSTANT, "a-quiet"),
        (0, NO_INSTANT, "k-kept"),
        (1, MORNING + DAY, "c-seen"),
        (1, MORNING + 2 * DAY, "z-old"),
        (1, MORNING + 3 * DAY, "b-new"),
        (1, MORNING + 4 * DAY, "m-alert"),
    ],
    CaseSort.START: [
        (0, MORNING, "c-seen"),
        (0, MORNING, "k-kept"),
        (0, MORNING, "z-old"),
        (0, MORNING + DAY, "a-quiet"),
        (0, MORNING + 2 * DAY, "b-new"),
        (0, MORNING + 3 * DAY, "m-alert"),
    ],
    CaseSort.SILENCE: [
        (0, MORNING + DAY, "a-quiet"),
        (0, MORNING + DAY, "c-seen"),
        (0, MORNING + 2 * DAY, "z-old"),
        (1, MORNING, "k-kept"),
        (1, MORNING + 3 * DAY, "b-new"),
        (1, MORNING + 4 * DAY, "m-alert"),
    ],
    CaseSort.END: [
        (0, A_YEAR, "c-seen"),
        (0, A_YEAR, "z-old"),
        (1, OVER, "k-kept"),
        (1, A_YEAR + DAY, "a-quiet"),
        (1, A_YEAR + 2 * DAY, "b-new"),
        (1, A_YEAR + 3 * DAY, "m-alert"),
    ],
    CaseSort.ID: [(0, NO_INSTANT, id_) for id_ in ("a-quiet", "b-new", "c-seen", "k-kept", "m-alert", "z-old")],
}
"""The keys of the open enrolments of `fill`, by the order."""

CONDITIONS: dict[str, tuple[dict[str, Any], str]] = {
    "flagged": ({"flagged": True}, "b-new k-kept m-alert z-old"),
    "not flagged": ({"flagged": False}, "a-quiet c-seen"),
    "phase": ({"phase": Phase.MAINTENANCE}, "k-kept"),
    "program": ({"program": SLEEP.key}, "k-kept"),
    "no such program": ({"program": "ingen\x00"}, ""),
    "reviewed from": ({"reviewed_from": MORNING + 4 * DAY}, "a-quiet b-new"),
    "reviewed before": ({"reviewed_before": MORNING + 4 * DAY}, "c-seen k-kept m-alert z-old"),
    "changed from": ({"changed_from": MORNING + 4 * DAY}, "a-quiet b-new c-seen m-alert"),
    "changed before": ({"changed_before": MORNING + 4 * DAY}, "k-kept z-old"),
    "ended": ({"ended": True}, "e-ended"),
    "several": ({"flagged": True, "phase": Phase.ACTIVE, "therapist": NURSE.hsa_id}, "m-alert z-old"),
}
"""Conditions, each with the ids of the rows of `fill` that they fit."""


def listed(storage: Storage, **query: Any) -> list[CaseKey]:
    """Return the keys of a page."""
    asked = CaseQuery(**{"unit": UNIT, "therapist": None, "now": LATER, "limits": LIMITS, **query})
    return [row.key for row in readable(storage.list_caseload(asked))]


class CaseSelectionContract(StorageOpening):
    """The list of patients in each order, under each condition, and its totals, in every storage."""

    @proves("Caseload.list_caseload: order")
    def test_the_oldest_of_several_flags_counts_and_the_end_of_access_is_one(self, storage: Storage) -> None:
        """Otherwise a form of today would hide that access ended a month ago, or the other way round (D-15b)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), at=MORNING + DAY))
        assert [(1, MORNING + DAY, "a")] == listed(storage, now=e.access_until)
        e = saved(storage, take_note(e, at=MORNING + 2 * DAY))
        e = saved(storage, step(e, maintain, 1, {1}, shortens=True, at=MORNING + 3 * DAY))
        e = saved(storage, converse(e, at=MORNING + 4 * DAY))
        assert [(2, NO_INSTANT, "a")] == listed(storage, now=MORNING + 4 * DAY)
        assert [(1, e.access_until, "a")] == listed(storage, now=LATER)

    @proves("Caseload.list_caseload: order", "Caseload.list_caseload: filter")
    @_SORTS
    def test_the_ended_ones_have_no_flags(self, storage: Storage, sort: CaseSort) -> None:
        """Otherwise an old alert would come first among those who ended, for ever (D-19a)."""
        for id_, person, hours in (("b", PERSONS[0], 2), ("a", PERSONS[1], 1)):
            e = saved(storage, fill_in(saved(storage, begin(id_, person)), {"smarta": 9}, at=MORNING + hours * HOUR))
            saved(storage, finish(e, at=MORNING + DAY))
        found = listed(storage, sort=sort, ended=True, now=e.access_until + DAY)
        with_ranks = {CaseSort.OLDEST_FLAG, CaseSort.LAST_SEEN, CaseSort.SILENCE, CaseSort.END}
        rank = 2 if sort is CaseSort.PRIORITY else int(sort in with_ranks)
        instants = {
            CaseSort.LAST_SEEN: (MORNING + HOUR, MORNING + 2 * HOUR),
            CaseSort.SILENCE: (MORNING + HOUR, MORNING + 2 * HOUR),
            CaseSort.END: (e.access_until, e.access_until),
            CaseSort.START: (MORNING, MORNING),
        }.get(sort, (NO_INSTANT, NO_INSTANT))
        assert [(rank, instants[0], "a"), (rank, instants[1], "b")] == found

    @proves("Caseload.list_caseload: filter")
    @pytest.mark.parametrize("name", CONDITIONS)
    def test_a_page_holds_the_rows_alone_that_the_conditions_fit(self, storage: Storage, name: str) -> None:
        """Otherwise a list of due reviews would hold others, or not all of them (M-08, M-09, D-09a)."""
        fill(storage)
        query, expected = CONDITIONS[name]
        assert expected.split() == sorted(id_ for *_, id_ in listed(storage, **query))

    @proves("Caseload.list_caseload: order", "Caseload.list_caseload: keyset")
    @_SORTS
    def test_pages_walk_each_order_once(self, storage: Storage, sort: CaseSort) -> None:
        """Otherwise a patient would be shown twice or never, or whoever has waited longest not come first (D-15b)."""
        fill(storage)
        walked: list[CaseKey] = []
        for _ in ORDERS[sort]:
            walked += listed(storage, sort=sort, limit=1, after=walked[-1] if walked else None)
        assert ORDERS[sort] == walked == listed(storage, sort=sort)
        assert ORDERS[sort][3:] == listed(storage, sort=sort, after=walked[2])

    @proves("Caseload.list_caseload: filter", "Caseload.list_caseload: keyset")
    def test_pages_are_cut_after_the_conditions(self, storage: Storage) -> None:
        """Otherwise a page would end before its last patient."""
        fill(storage)
        first = listed(storage, flagged=True, limit=2)
        assert ORDERS[CaseSort.PRIORITY][:2] == first
        assert ORDERS[CaseSort.PRIORITY][2:4] == listed(storage, flagged=True, limit=2, after=first[-1])

    @proves("Caseload.count_caseload", "Caseload.count_caseload: totals")
    def test_the_totals_are_those_of_the_rows(self, storage: Storage) -> None:
        """Otherwise the badge would say another number than the list behind it (M-08, D-15a)."""
        assert CaseTotals() == storage.count_caseload(UNIT, None, LATER)
        fill(storage)
        expected = CaseTotals(patients=6, flagged=4, priority=1, unread_forms=2, unread_messages=1, ending=1)
        assert expected == storage.count_caseload(UNIT, None, LATER)
        own = CaseTotals(patients=5, flagged=3, priority=1, unread_forms=1, unread_messages=1, ending=1)
        assert own == storage.count_caseload(UNIT, NURSE.hsa_id, LATER)
        before = CaseTotals(patients=5, flagged=2, priority=1, unread_forms=1, unread_messages=1)
        assert before == storage.count_caseload(UNIT, NURSE.hsa_id, MORNING)
        assert CaseTotals(patients=1) == storage.count_caseload(OTHER_UNIT, None, LATER)

    @proves("Caseload.count_caseload: totals")
    def test_a_handover_and_an_end_change_the_totals(self, storage: Storage) -> None:
        """Otherwise a therapist's badge would count whom a colleague has, or who is gone (D-09a, D-19a)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), at=MORNING))
        e = saved(storage, step(e, hand_over, COLLEAGUE.hsa_id, at=MORNING))
        assert CaseTotals() == storage.count_caseload(UNIT, NURSE.hsa_id, LATER)
        there = CaseTotals(patients=1, flagged=1, unread_forms=1, handed_over=1)
        assert there == storage.count_caseload(UNIT, COLLEAGUE.hsa_id, LATER)
        saved(storage, finish(e, at=MORNING))
        assert CaseTotals() == storage.count_caseload(UNIT, COLLEAGUE.hsa_id, LATER)
