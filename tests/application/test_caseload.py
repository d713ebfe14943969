"""The list of patients, walked page by page: everybody once, as at one instant, whatever is damaged in it."""

from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from digital_painschool.application.caseload import CasePage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports.storage import UnreadableCase
from digital_painschool.testing.environment import INSTANT
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Call
from digital_painschool.testing.people import NUMBERS, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import beside

IDS = tuple(EnrolmentId(f"e-000{number}") for number in range(1, 6))
DAMAGED = [set(ids) for size in (0, 1, 2, 5) for ids in combinations(IDS, size)]


def walked(school: Scenario, limit: int, damaged: set[EnrolmentId]) -> list[CasePage]:
    """Return the pages of a walk, a second apart."""

    def around(call: Call) -> object:
        found: Any = call.go()
        if call.method != "list_caseload":
            return found
        return tuple(
            UnreadableCase(enrolment_id=row.enrolment_id, key=row.key) if row.enrolment_id in damaged else row
            for row in found
        )

    desk = beside(school, around).therapist(NURSE)
    pages = [desk.caseload(limit=limit)]
    while (cursor := pages[-1].next) is not None:
        school.advance(seconds=1)
        pages.append(desk.caseload(cursor, limit=limit))
    return pages


@pytest.fixture(params=[timedelta(days=21), timedelta(days=365)], ids=["a review is due", "access ends"])
def school(request: pytest.FixtureRequest) -> Scenario:
    """A school where one patient has an alarm, one a form to read, and all are within seconds of a term's end."""
    made = Scenario()
    for number in NUMBERS[:5]:
        made.start(number)
    for number, pain, id_ in ((NUMBERS[3], 9, IDS[3]), (NUMBERS[1], 3, IDS[1])):
        made.school.patient(number).save_form(id_, PAIN, {"smarta": pain})
    made.now += request.param - INSTANT
    return made


def ids_of(page: CasePage) -> list[str]:
    """Return whom a page names."""
    return [*(row.enrolment_id for row in page.rows), *page.unreadable]


@pytest.mark.rule("M-08", "M-09", "D-21c")
@pytest.mark.parametrize("limit", range(1, 7))
def test_a_walk_shows_everybody_once_as_at_its_first_instant(limit: int, school: Scenario) -> None:
    """Otherwise a patient would be on no page, or on two, or be judged by another minute than the one before."""
    instant = school.now
    for damaged in DAMAGED:
        school.now = instant
        everybody = walked(school, 500, set())[0].rows
        logged = len(school.storage.access_entries(UNIT, limit=10_000))
        pages = walked(school, limit, damaged)
        shown = [case for page in pages for case in page.rows]
        assert [case for case in everybody if case.enrolment_id not in damaged] == shown
        assert sorted(damaged) == sorted(id_ for page in pages for id_ in page.unreadable)
        assert [len(IDS[at : at + limit]) for at in range(0, 5, limit)] == [len(ids_of(page)) for page in pages]
        lines = [entry for _, entry in school.storage.access_entries(UNIT, limit=10_000)[logged:]]
        assert [case.enrolment_id for case in shown] == [entry.enrolment_id for entry in lines]
        assert [place for place, page in enumerate(pages) for _ in page.rows] == [
            (entry.at - instant).seconds for entry in lines
        ]
    school.now = instant + timedelta(seconds=1)
    assert everybody != walked(school, 500, set())[0].rows
