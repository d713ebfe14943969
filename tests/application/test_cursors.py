"""Cursors: text that fits a URL, says nothing of anybody, and is good for the list that it was made for alone."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from digital_painschool.application.caseload import CasePage
from digital_painschool.application.pages import ConversationPage, ListPage
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import Excerpt
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.page_walks import E, Paged, timeline, written_in


@pytest.fixture
def school() -> Iterator[Scenario]:
    """A school whose lists are longer than a page."""
    with written_in() as made:
        yield made


def first_pages(school: Scenario) -> dict[str, tuple[Paged, str]]:
    """Return the lists, each with the cursor of its second page."""
    lists: dict[str, Paged] = {
        "patients": school.desk.caseload,
        "the unit's patients": school.coordinator.unit_caseload,
        "timeline": timeline(school),
        "conversations": partial(school.desk.pages.conversations, E),
        "messages": partial(school.desk.pages.messages, E, 1),
        "other messages": partial(school.desk.pages.messages, E, 2),
        "notifications": partial(school.desk.pages.notifications, E),
        "access log": school.office.pages.access_log,
        "access log of a person": partial(school.office.pages.access_log, person=ANNA),
    }
    return {name: (page, page(limit=1).next) for name, page in lists.items()}


def test_a_cursor_fits_a_url(school: Scenario) -> None:
    """Otherwise a host would have to know how to write it into a link."""
    for _, cursor in first_pages(school).values():
        assert re.fullmatch(r"[A-Za-z0-9_-]{10,200}", cursor)


def test_a_cursor_is_the_same_whoever_is_asked_for() -> None:
    """Otherwise an identity number or an HSA-id could be guessed from the log of a proxy."""
    cursors = set()
    for number, therapist in ((ANNA, NURSE), (BO, COLLEAGUE)):
        school = Scenario()
        desk = school.school.therapist(therapist)
        id_ = desk.start(number, program="smartskola").id
        desk.review(id_)
        desk.review(id_)
        lists = (
            school.office.pages.access_log(person=number, limit=1),
            school.office.pages.access_log(by=therapist.hsa_id, limit=1),
            desk.pages.timeline(id_, by=therapist.hsa_id, limit=1),
        )
        cursors.add(tuple(page.next for page in lists))
    [found] = cursors
    assert all(found)


def test_a_damaged_cursor_is_refused(school: Scenario) -> None:
    """Otherwise a slip in an address would show another part of the list as the next page."""
    for page, cursor in first_pages(school).values():
        assert isinstance(page(cursor), (ListPage, ConversationPage, CasePage))
        changed = [
            cursor[:at] + one + cursor[at + 1 :] for at in range(len(cursor)) for one in "Ax_" if cursor[at] != one
        ]
        for damaged in (*changed, cursor[:-1], cursor[1:], cursor + "A", cursor + "=", f" {cursor}", cursor * 2):
            with pytest.raises(InvalidValue):
                page(damaged)


def test_a_cursor_of_another_list_is_refused(school: Scenario) -> None:
    """Otherwise the next page of one list would be some page of another."""
    lists = first_pages(school)
    for name, (page, _) in lists.items():
        for other, (_, cursor) in lists.items():
            if name != other:
                with pytest.raises(InvalidValue):
                    page(cursor)


OTHER_FILTERS: list[dict[str, Any]] = [
    {"kinds": (MessageSent,)},
    {"form": PAIN},
    {"by": "patient"},
    {"since": "instant"},
    {"until": "instant"},
    {"newest_first": False},
]
OTHER_LOGS: list[dict[str, Any]] = [
    {"person": BO},
    {"by": "patient"},
    {"enrolment_id": EnrolmentId("e-0002")},
    {"action": "start"},
    {"since": "instant"},
    {"until": "instant"},
    {"newest_first": False},
]


@pytest.mark.parametrize(
    ("listed", "filters"),
    [
        *(pytest.param("timeline", filters, id=f"timeline {next(iter(filters))}") for filters in OTHER_FILTERS),
        *(pytest.param("log", filters, id=f"log {next(iter(filters))}") for filters in OTHER_LOGS),
        pytest.param("notifications", {"newest_first": False}, id="notifications newest_first"),
    ],
)
def test_a_cursor_with_another_filter_is_refused(school: Scenario, listed: str, filters: dict[str, Any]) -> None:
    """Otherwise a host that changes a filter and keeps the cursor would begin in the middle of the list."""
    lists: dict[str, Paged] = {
        "timeline": timeline(school),
        "log": school.office.pages.access_log,
        "notifications": partial(school.desk.pages.notifications, E),
    }
    page = lists[listed]
    filters = {name: school.now if value == "instant" else value for name, value in filters.items()}
    with pytest.raises(InvalidValue):
        page(page(limit=1).next, **filters)


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_cursor_with_another_persons_filter_is_refused(school: Scenario, newest_first: bool) -> None:
    """Otherwise the next page of one patient's accesses would be some page of another's."""
    for page, one, other in (
        (school.office.pages.access_log, {"person": ANNA}, {"person": BO}),
        (school.office.pages.access_log, {"by": NURSE.hsa_id}, {"by": "patient"}),
        (timeline(school), {"by": NURSE.hsa_id}, {"by": "patient"}),
    ):
        for filters, others in ((one, other), (other, one)):
            school.room.overview(E)
            school.school.patient(BO).overview(EnrolmentId("e-0002"))
            school.school.patient(BO).overview(EnrolmentId("e-0002"))
            paged: Paged = partial(page, newest_first=newest_first)
            cursor = paged(**filters, limit=1).next
            assert cursor
            paged(cursor, **filters)
            with pytest.raises(InvalidValue):
                paged(cursor, **others)
            [(_, line)] = school.storage.access_entries(UNIT, limit=1, excerpt=Excerpt(newest_first=True))
            assert not line.granted
