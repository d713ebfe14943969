"""Which pages a patient has read, where the patient goes on, and what a reading again changes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import evolve

from digital_painschool.application.possible_actions import possible_actions
from digital_painschool.domain.enrolment import ModuleReading
from digital_painschool.domain.events import ModuleCompleted, ModuleOpened, PageRead
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Completion, Module, Ordering, Page
from digital_painschool.errors import Reason
from digital_painschool.rules.ordering import Place, complete_module, open_module, place, read_page, unread_pages
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PROGRAM, program
from digital_painschool.testing.people import PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, folded, refused, started

LATER = START + timedelta(hours=1)
ALL_PAGES = Terms(program(completion=Completion.PAGES_READ), POLICY)
Reading = Callable[[Scenario, EnrolmentId], object]
READINGS: dict[str, tuple[str, Reading]] = {
    "a module": ("open-module", lambda school, id_: school.room.open_module(id_, 1)),
    "a page": ("read-page", lambda school, id_: school.room.read_page(id_, 1, 2)),
    "a conversation": ("read-conversation", lambda school, id_: school.room.read_conversation(id_, 1)),
}


def logged(school: Scenario, id_: EnrolmentId, action: str) -> int:
    """Return how many lines of an action the access log has of an enrolment."""
    entries = [entry for _, entry in school.storage.access_entries(school.state(id_).unit, limit=10_000)]
    return len([entry for entry in entries if (entry.action, entry.enrolment_id) == (action, id_)])


@pytest.mark.rule("D-04d")
@pytest.mark.parametrize("in_maintenance", [False, True])
@pytest.mark.parametrize(("action", "read"), READINGS.values(), ids=READINGS)
def test_reading_again_is_logged_and_changes_nothing(action: str, read: Reading, *, in_maintenance: bool) -> None:
    """Otherwise five reloads would be five entries, and a record be kept longer for each look at it."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    read(school, id_)
    if in_maintenance:
        school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    before, lines = school.state(id_), logged(school, id_, action)
    for _ in range(2):
        school.advance(days=1)
        with school.unchanged():
            read(school, id_)
    after = school.state(id_)
    assert (before.last_entry_at, before.last_seen_at) == (after.last_entry_at, after.last_seen_at)
    assert lines < logged(school, id_, action)


@pytest.mark.rule("D-04c")
def test_the_first_reading_of_a_page_is_an_entry_and_opens_the_module() -> None:
    """Otherwise nobody could resume, or a module would count as unopened whose pages are read."""
    school = Scenario()
    id_ = school.start()
    assert PROGRAM.modules[2].pages[1] == school.room.read_page(id_, 3, 2)
    opened, read = school.events(id_)[1:]
    assert ModuleOpened(at=school.now, by="patient", module=3, out_of_order=True) == opened
    assert PageRead(at=school.now, by="patient", module=3, page=2) == read
    school.room.read_page(id_, 3, 1)
    assert [PageRead] == [type(event) for event in school.events(id_)[3:]]
    assert (ModuleReading(module=3, pages=frozenset({1, 2})),) == school.state(id_).pages_read


@pytest.mark.rule("M-01", "D-04c")
@pytest.mark.parametrize("page", [0, -1, 3, 10**9])
def test_a_page_that_does_not_exist_is_refused(page: int) -> None:
    """Otherwise the timeline would tell of pages that nobody wrote."""
    with refused("M-01", Reason.UNKNOWN_PAGE, module=1, page=page, pages=2):
        read_page(started(), TERMS, 1, page, by=PATIENT, at=LATER)


@pytest.mark.rule("D-04a", "D-04c", "M-18")
def test_a_page_is_read_where_its_module_can_be_opened() -> None:
    """Otherwise a patient would read page by page what is closed."""
    school = Scenario(programs=(program(Ordering.ENFORCED),))
    id_ = school.start()
    with school.unchanged(), refused("D-04a", Reason.EARLIER_MODULES_FIRST, module=2, missing=(1,)):
        school.room.read_page(id_, 2, 1)
    school.desk.maintain(id_, days=30, modules=(2,), shortens=True)
    with school.unchanged(), refused("M-18", Reason.MODULE_NOT_IN_MAINTENANCE, module=1):
        school.room.read_page(id_, 1, 1)
    assert "Sida" == school.room.read_page(id_, 2, 1).title
    school.at("2027-03-02 08:00")
    with school.unchanged(), refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.read_page(id_, 2, 1)


@pytest.mark.rule("D-04c")
def test_the_overview_counts_the_pages_and_resumes_at_the_first_unread_one() -> None:
    """Otherwise a patient would search for the page of yesterday, or be sent back to the start."""
    school = Scenario()
    id_ = school.start()
    seen: list[tuple[tuple[int, int, int | None], Place | None]] = []

    def look() -> None:
        overview = school.room.overview(id_)
        first = overview.modules[0]
        seen.append(((first.pages_read, first.pages, first.next_page), overview.place))

    look()
    for module, page in ((1, 2), (3, 1), (1, 1)):
        school.room.read_page(id_, module, page)
        look()
    assert [
        ((0, 2, 1), Place(module=1, page=1)),
        ((1, 2, 1), Place(module=1, page=1)),
        ((1, 2, 1), Place(module=1, page=1)),
        ((2, 2, None), Place(module=1, page=2)),
    ] == seen
    school.room.complete_module(id_, 1)
    assert Place(module=2, page=1) == school.room.overview(id_).place


@pytest.mark.rule("D-04c", "M-18")
def test_nobody_is_sent_to_a_module_that_is_closed_or_completed() -> None:
    """Otherwise the link to go on would lead to a refusal, or back to what is done with."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    school.complete(id_, 1)
    assert None is school.room.overview(id_).place  # module 2 is not released
    school.desk.release_module(id_, 2)
    school.room.read_page(id_, 2, 1)
    assert Place(module=2, page=2) == school.room.overview(id_).place
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    assert None is school.room.overview(id_).place
    school.desk.maintain(id_, days=30, modules=(2,), shortens=True)
    assert Place(module=2, page=2) == school.room.overview(id_).place
    school.desk.end(id_, reason="klar")
    assert None is school.room.overview(id_).place
    through = evolve(started(), completed=frozenset({1, 2, 3, 4}))
    assert None is place(through, TERMS, LATER)


@pytest.mark.rule("D-04c")
@pytest.mark.parametrize("terms", [TERMS, ALL_PAGES], ids=["declared", "pages read"])
def test_a_module_that_nobody_opened_is_not_completed(terms: Terms) -> None:
    """Otherwise a patient would be done with modules that the patient has never seen."""
    with refused("D-04c", Reason.MODULE_NOT_OPENED, module=1):
        complete_module(started(terms=terms), terms, 1, by=PATIENT, at=LATER)


@pytest.mark.rule("D-04c")
def test_where_every_page_must_be_read_a_refusal_counts_those_that_are_missing() -> None:
    """Otherwise a patient would be told to read, and not what."""
    enrolment = folded(started(terms=ALL_PAGES), open_module(started(), ALL_PAGES, 1, by=PATIENT, at=LATER))
    for pages in ((1, 2), (2,)):
        with refused("D-04c", Reason.PAGES_NOT_READ, module=1, pages=pages, missing=len(pages)):
            complete_module(enrolment, ALL_PAGES, 1, by=PATIENT, at=LATER)
        assert [ModuleCompleted] == [
            type(event) for event in complete_module(enrolment, TERMS, 1, by=PATIENT, at=LATER)
        ]
        enrolment = folded(enrolment, read_page(enrolment, ALL_PAGES, 1, pages[0], by=PATIENT, at=LATER))
    assert [ModuleCompleted] == [
        type(event) for event in complete_module(enrolment, ALL_PAGES, 1, by=PATIENT, at=LATER)
    ]


@pytest.mark.rule("D-04c", "D-08a")
def test_completing_is_offered_when_a_module_can_be_completed() -> None:
    """Otherwise a patient would see a button that refuses, or none after the last page."""
    enrolment, offered = started(terms=ALL_PAGES), []
    for page in (1, 2):
        offered.append(possible_actions(PATIENT, enrolment, ALL_PAGES, LATER))
        enrolment = folded(enrolment, read_page(enrolment, ALL_PAGES, 1, page, by=PATIENT, at=LATER))
    offered.append(possible_actions(PATIENT, enrolment, ALL_PAGES, LATER))
    assert [False, False, True] == [Action.COMPLETE_MODULE in actions for actions in offered]
    assert all(Action.READ_PAGE in actions for actions in offered)


@pytest.mark.rule("M-01", "D-04c")
def test_staff_see_a_module_as_the_patient_does_and_nothing_is_read_by_it() -> None:
    """Otherwise a therapist's look would pass for the patient's reading."""
    school = Scenario(programs=(program(Ordering.ENFORCED),))
    id_ = school.start()
    with school.unchanged():
        assert PROGRAM.modules[2] == school.desk.module(id_, 3)
        assert 1 == logged(school, id_, "see-enrolment")
        with refused("M-01", Reason.UNKNOWN_MODULE, module=9):
            school.desk.module(id_, 9)


@pytest.mark.rule("D-04c")
@pytest.mark.parametrize("pages", [1, 2, 3, 4, 7])
def test_every_page_of_a_module_is_unread_at_first(pages: int) -> None:
    """Otherwise the last page of some modules would never have to be read."""
    module = Module(number=1, title="M", pages=tuple(Page(title=f"S{n}", text="T") for n in range(pages)))
    assert tuple(range(1, pages + 1)) == unread_pages(started(), module)


@pytest.mark.rule("D-04c")
def test_the_place_is_in_the_reading_order_and_after_it_in_the_module_whose_page_was_new_last() -> None:
    """Otherwise a look at a later module would send the patient past those that come first (M-04)."""
    terms = Terms(evolve(PROGRAM, reading_order=(2, 1), required=(1, 2)), POLICY)
    state, found = started(terms=terms), []
    for module, page, completed in (
        *((4, 2, ()), (1, 1, ()), (2, 1, ()), (2, 1, (2,)), (2, 1, (2, 1))),
        *((4, 1, (2, 1)), (3, 1, (2, 1)), (3, 1, (2, 1, 3))),
    ):
        state = folded(state, read_page(state, terms, module, page, by=PATIENT, at=START))
        found.append(place(evolve(state, completed=frozenset(completed)), terms, START))
    expected = [(2, 1), (2, 1), (2, 2), (1, 2), (3, 1), (4, 2), (3, 2), (4, 2)]
    assert [Place(module=module, page=page) for module, page in expected] == found
    with pytest.raises(TypeError):
        Place(1, 2)  # type: ignore[call-arg]
