"""Cursors: text that fits a URL, says nothing of anybody, and is good for the list that it was made for alone."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import pytest

from digital_painschool.application.caseload import CasePage, CaseSelection
from digital_painschool.application.cursors import WRONG_CURSOR, Listing, Part, write_cursor
from digital_painschool.application.pages import ConversationPage, ListPage
from digital_painschool.domain.events import MessageSent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, Role
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseSort, Excerpt
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.page_walks import E, Paged, timeline, written_in
from tests.application.test_case_selections import filled
from tests.cursors import MINE, position_of, with_part


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
        desk.start(CILLA, program="smartskola")
        desk.review(id_)
        desk.review(id_)
        lists = (
            desk.caseload(limit=1),
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


@pytest.mark.rule("M-08", "D-09a", "D-15b")
def test_a_cursor_of_patients_is_good_for_its_list_alone() -> None:
    """Otherwise a page would go on in another list, where its place means something else."""
    school = filled()
    everything = {Role.THERAPIST, Role.PATIENT_ADMINISTRATOR}
    desk = school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=NURSE.unit, roles=everything))
    colleague = school.school.therapist(Actor(hsa_id=COLLEAGUE.hsa_id, unit=NURSE.unit, roles=everything))
    elsewhere = school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=OTHER_UNIT, roles=everything))
    cursor = desk.caseload(limit=1).next
    assert cursor is not None
    assert 4 == len(desk.caseload(cursor, limit=4).rows)
    wrong: list[Callable[[], object]] = [
        lambda: desk.unit_caseload(cursor),
        lambda: colleague.caseload(cursor),
        lambda: elsewhere.caseload(cursor),
        lambda: desk.caseload(cursor, show=CaseSelection(sort=CaseSort.START)),
        lambda: desk.caseload(cursor, show=CaseSelection(flagged=True)),
    ]
    for call in wrong:
        with pytest.raises(InvalidValue, match="with the same filters"):
            call()


PARTS: dict[int, list[object]] = {
    0: ["nu", "2026-03-02", "2026-03-02T08:00:00", "0001-01-01T00:00:00+00:00", "", None, 5],
    1: [-2, 10, "2", None, 2.0, [2], True],
    2: ["x", "2026-03-02", "2026-03-02T08:00:00", "", None, 5],
    3: [5, None, [], {}, "e\x00", "\ud800"],
    4: [2, -1, None, "ja", [], True],
}
"""What stands in no cursor: the walk's instant, the rank, the instant, the id, and whether rows are repeated."""


@pytest.mark.rule("M-08", "D-09a", "D-15b")
@pytest.mark.parametrize(("place", "part"), [(place, part) for place, parts in PARTS.items() for part in parts])
def test_a_cursor_of_patients_that_was_put_together_wrongly_is_refused(place: int, part: object) -> None:
    """Otherwise a changed address in a browser would reach the storage."""
    school = filled()
    cursor = school.desk.caseload(limit=1).next
    assert cursor is not None
    for wrong in (with_part(MINE, cursor, place, part), cursor[1:], cursor[:-2]):
        with school.unchanged(), pytest.raises(InvalidValue, match="with the same filters") as caught:
            school.desk.caseload(wrong)
        assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert with_part(MINE, cursor, place, position_of(cursor)[place]) == cursor


@pytest.mark.rule("D-09a")
def test_a_walk_goes_on_past_a_patient_who_was_handed_over() -> None:
    """Otherwise the list would end where a colleague took over the last patient of a page."""
    school = filled()
    first = school.desk.caseload(limit=1)
    school.coordinator.hand_over(first.rows[0].enrolment_id, COLLEAGUE.hsa_id)
    assert 4 == len(school.desk.caseload(first.next, limit=5).rows)


PLACE = ("2026-03-02T08:00:00.000000Z", "x")
LISTS: dict[str, tuple[Callable[[Scenario], Paged], Listing, Sequence[Part] | None]] = {
    "own patients": (lambda s: s.desk.caseload, MINE, None),
    "the unit's patients": (lambda s: s.coordinator.unit_caseload, ("list-unit", *MINE[1:]), None),
    "timeline": (timeline, ("timeline", E, None, None, None, None, False, True), None),
    "timeline of a form": (
        lambda s: partial(s.desk.pages.timeline, E, form=PAIN),
        ("timeline", E, ["FormSaved"], PAIN, None, None, False, True),
        None,
    ),
    "access log": (
        lambda s: s.office.pages.access_log,
        ("access-log", UNIT, None, None, False, None, None, False, True),
        None,
    ),
    "notifications": (lambda s: partial(s.desk.pages.notifications, E), ("notifications", E, True), None),
    "conversations": (lambda s: partial(s.room.pages.conversations, E), ("conversations", E), None),
    "a patient's messages": (lambda s: partial(s.room.pages.messages, E, 1), ("messages", E, 1), None),
    "messages": (lambda s: partial(s.desk.pages.messages, E, 1), ("messages", E, 1), None),
    "plans": (lambda s: s.office.pages.plans, ("plans", UNIT, None, True), PLACE),
    "exports": (lambda s: s.office.pages.exports, ("exports", UNIT, True), PLACE),
    "dead letters": (lambda s: s.operator.dead_letters, ("dead-letters", UNIT), PLACE),
}
"""Every list with a cursor: its pages, what its cursors are of, and a position where the list is empty."""
NO_TEXTS = ("x\x00", "\x00", "\ud800", "x\udfff")
NO_PARTS: dict[str, tuple[object, ...]] = {
    "number": (-5, 2**31, 2**63, 10**30, True, 1.5, "1", None, [1], {}),
    "instant": (ANNA, "", "2026-03-02", "2026-03-02T08:00:00", "0001-01-01T00:00:00+02:00", 5, None, [], *NO_TEXTS),
    "text": (5, None, [], {}, *NO_TEXTS),
}


def kind_of(part: Part) -> str:
    """Return the kind of a part of a cursor that the library wrote."""
    return "number" if isinstance(part, int) else "instant" if part.endswith("Z") and "T" in part else "text"


def outcome_of(page: Paged, cursor: str) -> object:
    """Return what a call with a cursor comes to: its page, or its error with what hangs on it."""
    try:
        return page(cursor)
    except Exception as error:  # noqa: BLE001 - any other error than the refusal is what the test looks for
        return type(error), str(error), error.__cause__, error.__context__


@pytest.mark.rule("M-08", "M-16", "D-13d", "D-21a", "D-21c")
def test_no_part_of_a_cursor_that_was_put_together_by_hand_reaches_a_storage(ports_factory: PortsFactory) -> None:
    """Otherwise a changed address would be an error with what the address held, or be said to be a damaged database."""
    school = written_in(ports_factory)
    found: list[tuple[object, ...]] = []
    for name, (pages_of, listing, place) in LISTS.items():
        page = pages_of(school)
        cursor = page(limit=1).next if place is None else write_cursor(listing, place)
        position = position_of(cursor)
        assert cursor == write_cursor(listing, position), name
        assert page(cursor) is not None
        for at, part in enumerate(position):
            for wrong in NO_PARTS[kind_of(part)]:
                if (name, wrong) == ("access log", 2**31):
                    continue  # a log may grow to that
                found.append((name, at, wrong, outcome_of(page, with_part(listing, cursor, at, wrong))))
        found += [(name, outcome_of(page, write_cursor(listing, other))) for other in ([*position, 1], position[:-1])]
    assert [] == [one for one in found if one[-1] != (InvalidValue, WRONG_CURSOR, None, None)]
