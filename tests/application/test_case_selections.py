"""The list of patients filtered, sorted and counted, and walked while something happens to those who are in it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from digital_painschool.application.caseload import Case, CaseSelection
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseSort, CaseTotals
from digital_painschool.testing.example import PAIN, SLEEP
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NUMBERS, NURSE, OTHER_UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.page_walks import pages

pytestmark = pytest.mark.rule("M-08", "D-09a", "D-15b")

Act = Callable[[Scenario, EnrolmentId, str], object]
ACTS: dict[str, Act] = {
    "an alarm": lambda s, id_, number: s.school.patient(number).save_form(id_, PAIN, {"smarta": 10}),
    "a form": lambda s, id_, number: s.school.patient(number).save_form(id_, PAIN, {"smarta": 1}),
    "reading": lambda s, id_, _: s.desk.open_form(id_, PAIN),
    "a review": lambda s, id_, _: s.desk.review(id_),
    "a handover": lambda s, id_, _: s.coordinator.hand_over(id_, COLLEAGUE.hsa_id),
    "maintenance": lambda s, id_, _: s.desk.maintain(id_, days=30, modules=(1,), shortens=True),
}
"""What may happen to a patient while somebody looks through the list."""


def filled() -> Scenario:
    """Return a school with an alarm, two forms that wait, and two quiet patients; a day has gone since."""
    school = Scenario()
    for number in NUMBERS[:5]:
        school.start(number)
    for number, pain in ((NUMBERS[3], 9), (NUMBERS[4], 1), (NUMBERS[1], 1)):
        school.advance(minutes=1)
        school.school.patient(number).save_form(id_of(number), PAIN, {"smarta": pain})
    school.advance(days=1)
    return school


def id_of(number: str) -> EnrolmentId:
    """Return the enrolment of a patient."""
    return EnrolmentId(f"e-000{NUMBERS.index(number) + 1}")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("sort", [CaseSort.PRIORITY, CaseSort.LAST_SEEN], ids=str)
@pytest.mark.parametrize("limit", [1, 2, 4])
def test_nobody_is_missed_and_nobody_shown_twice_unnoticed(limit: int, sort: CaseSort, act: str) -> None:
    """Otherwise an alarm that comes while a list is looked through would wait until the next morning."""
    show = CaseSelection(sort=sort)
    for number in NUMBERS[:5]:
        for moment in range(5 // limit):
            school = filled()
            school.advance(seconds=moment)
            shown: list[tuple[int, Case]] = []
            happened = None
            for place, page in enumerate(pages(school.coordinator.unit_caseload, limit=limit, show=show)):
                shown += [(place, case) for case in page.rows]
                assert limit >= len(page.rows)
                school.advance(seconds=1)
                if place == moment and page.next is not None:
                    happened = place
                    ACTS[act](school, id_of(number), number)
            times = Counter(case.enrolment_id for _, case in shown)
            assert {id_of(one) for one in NUMBERS[:5]} == {*times}
            assert all(case.repeated for nth, (_, case) in enumerate(shown) if case.enrolment_id in _before(shown, nth))
            assert {id_of(number)} >= {case.enrolment_id for _, case in shown if case.repeated}
            last = {case.enrolment_id: case for _, case in shown}[id_of(number)]
            if happened is not None and _changes(act, number):
                [now] = [c for c in school.coordinator.unit_caseload().rows if c.enrolment_id == id_of(number)]
                assert (now.flags, now.priority, now.therapist, now.phase, now.reviewed_at) == (
                    *(last.flags, last.priority, last.therapist, last.phase, last.reviewed_at),
                )
                assert last.repeated


def _before(shown: list[tuple[int, Case]], nth: int) -> set[str]:
    return {case.enrolment_id for _, case in shown[:nth]}


def _changes(act: str, number: str) -> bool:
    return act != "reading" or number in (NUMBERS[1], NUMBERS[3], NUMBERS[4])


def test_who_comes_and_who_goes_during_a_walk() -> None:
    """Otherwise somebody who has started meanwhile would be missed, or somebody who has ended be shown as open."""
    school = filled()
    first = school.coordinator.unit_caseload(limit=2)
    school.advance(minutes=5)
    started = school.start(NUMBERS[5])
    school.desk.end(id_of(NUMBERS[2]), reason="klar")
    rest = [case for page in pages(school.coordinator.unit_caseload, first.next, limit=2) for case in page.rows]
    assert [("e-0002", False), ("e-0001", False), (started, True)] == [(c.enrolment_id, c.repeated) for c in rest]


def test_steps_of_the_minute_before_a_walk_are_looked_at_again() -> None:
    """Otherwise a step that was decided before the first page, and saved after it, would be missed."""
    school = filled()
    school.room.save_form(id_of(NUMBERS[0]), PAIN, {"smarta": 1})
    school.advance(seconds=60)
    rows = [case for page in pages(school.desk.caseload, limit=4) for case in page.rows]
    assert [("e-0001", False), ("e-0001", True)] == [
        (case.enrolment_id, case.repeated) for case in rows if case.enrolment_id == "e-0001"
    ]
    school.advance(microseconds=1)
    rows = [case for page in pages(school.desk.caseload, limit=4) for case in page.rows]
    assert 5 == len(rows)


# Cursors


# Selections and totals


def varied() -> Scenario:
    """Return a school with one in maintenance, one in another program, one who ended, and reviews that are due."""
    school = filled()
    school.desk.maintain(id_of(NUMBERS[0]), days=30, modules=(1,), shortens=True)
    school.desk.end(id_of(NUMBERS[2]), reason="klar")
    school.start(NUMBERS[2], SLEEP.key)
    school.advance(days=20, hours=12)
    school.desk.review(id_of(NUMBERS[3]))
    school.advance(hours=1)
    return school


SELECTIONS: dict[str, tuple[CaseSelection, str]] = {
    "all": (CaseSelection(), "e-0004 e-0005 e-0002 e-0001 e-0006"),
    "flagged": (CaseSelection(flagged=True), "e-0004 e-0005 e-0002"),
    "without a flag": (CaseSelection(flagged=False), "e-0001 e-0006"),
    "a review is due": (CaseSelection(review_due=True), "e-0005 e-0002 e-0001"),
    "no review is due": (CaseSelection(review_due=False), "e-0004 e-0006"),
    "silent": (CaseSelection(silent=True), "e-0004 e-0005 e-0002 e-0006"),
    "not silent": (CaseSelection(silent=False), "e-0001"),
    "the longest silence": (CaseSelection(sort=CaseSort.SILENCE), "e-0004 e-0005 e-0002 e-0006 e-0001"),
    "ends soon": (CaseSelection(ends_soon=True), "e-0001"),
    "does not end soon": (CaseSelection(ends_soon=False), "e-0004 e-0005 e-0002 e-0006"),
    "the next end": (CaseSelection(sort=CaseSort.END), "e-0001 e-0002 e-0004 e-0005 e-0006"),
    "in maintenance": (CaseSelection(phase=Phase.MAINTENANCE), "e-0001"),
    "active": (CaseSelection(phase=Phase.ACTIVE), "e-0004 e-0005 e-0002 e-0006"),
    "of a program": (CaseSelection(program=SLEEP.key), "e-0006"),
    "ended": (CaseSelection(ended=True), "e-0003"),
    "ended, of a program": (CaseSelection(ended=True, program=SLEEP.key), ""),
    "the oldest flag": (CaseSelection(sort=CaseSort.OLDEST_FLAG), "e-0004 e-0005 e-0002 e-0001 e-0006"),
    "seen longest ago": (CaseSelection(sort=CaseSort.LAST_SEEN), "e-0001 e-0006 e-0004 e-0005 e-0002"),
    "by start": (CaseSelection(sort=CaseSort.START), "e-0001 e-0002 e-0004 e-0005 e-0006"),
    "by id": (CaseSelection(sort=CaseSort.ID), "e-0001 e-0002 e-0004 e-0005 e-0006"),
}


@pytest.mark.rule("M-09")
@pytest.mark.parametrize("name", SELECTIONS)
def test_a_list_shows_what_is_selected(name: str) -> None:
    """Otherwise a portal would have to walk through a whole list for a part of it."""
    school = varied()
    show, expected = SELECTIONS[name]
    for list_page in (school.desk.caseload, school.coordinator.unit_caseload):
        rows = [case for page in pages(list_page, limit=2, show=show) for case in page.rows]
        assert expected.split() == [case.enrolment_id for case in rows]
        assert all(case.review_due is show.review_due for case in rows if show.review_due is not None)
    assert () == school.colleague.caseload(show=show).rows


def test_a_row_of_somebody_who_has_ended_has_no_flag_and_no_review_due() -> None:
    """Otherwise a therapist would be sent to somebody who is not treated any more."""
    school = varied()
    school.advance(days=1000)
    [row] = school.desk.caseload(show=CaseSelection(ended=True)).rows
    assert (Phase.ENDED, 2, 0, False, False, None) == (
        *(row.phase, row.rank, row.flags, row.ending, row.review_due, row.waiting_since),
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort": "priority"},
        {"ended": None},
        {"ended": 1},
        {"flagged": 1},
        {"review_due": "ja"},
        {"silent": 0},
        {"ends_soon": "ja"},
        {"ended": True, "silent": False},
        {"ended": True, "ends_soon": True},
        {"phase": Phase.ENDED},
        {"phase": "active"},
        {"program": 5},
        {"program": "\x00"},
        {"ended": True, "flagged": True},
        {"ended": True, "review_due": False},
        {"ended": True, "phase": Phase.ACTIVE},
    ],
    ids=str,
)
def test_a_selection_that_nothing_can_fit_is_refused(wrong: dict[str, Any]) -> None:
    """Otherwise a slip in a host would look like a unit without patients."""
    with pytest.raises(InvalidValue):
        CaseSelection(**wrong)


def test_a_badge_counts_what_the_list_shows() -> None:
    """Otherwise the number at the door would be another than the list behind it."""
    school = varied()
    school.now = school.state(id_of(NUMBERS[0])).access_until
    school.coordinator.hand_over(id_of(NUMBERS[4]), COLLEAGUE.hsa_id)
    for counted, rows in (
        (school.desk.counts(), school.desk.caseload().rows),
        (school.colleague.counts(), school.colleague.caseload().rows),
        (school.coordinator.unit_counts(), school.coordinator.unit_caseload().rows),
    ):
        assert counted == CaseTotals(
            patients=len(rows),
            flagged=sum(row.flags > 0 for row in rows),
            priority=sum(row.priority for row in rows),
            unread_forms=sum(row.unread_forms for row in rows),
            unread_messages=sum(row.unread_messages for row in rows),
            undelivered=sum(row.undelivered for row in rows),
            done=sum(row.done for row in rows),
            ending=sum(row.ending for row in rows),
            handed_over=sum(row.handed_over for row in rows),
            silent=sum(row.silent_since is not None for row in rows),
            ends_soon=sum(row.ends_on is not None for row in rows),
        )
    assert (5, 4, 1, 3, 1, 1) == (
        *((all_ := school.coordinator.unit_counts()).patients, all_.flagged, all_.priority),
        *(all_.unread_forms, all_.ending, all_.handed_over),
    )
    assert (
        CaseTotals() == school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=OTHER_UNIT, roles=NURSE.roles)).counts()
    )
    assert COORDINATOR.unit == NURSE.unit
