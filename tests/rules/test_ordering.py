"""Which module comes next, what may be opened, and when the patient is done."""

from collections.abc import Iterable
from datetime import timedelta
from itertools import permutations, product

import pytest
from attrs import evolve

from digital_painschool import CompletedModule
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import ModuleCompleted, ModuleOpened, ModuleReleased, ProgramDone
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.programs import bundled_program
from digital_painschool.rules.access import module_refusal
from digital_painschool.rules.lifecycle import end, maintain, reactivate
from digital_painschool.rules.ordering import complete_module, next_module, open_module, releasable, release_module
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PROGRAM, program
from digital_painschool.testing.people import NURSE, PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, completed, folded, refused, started

LATER = START + timedelta(hours=1)
ENFORCED = Terms(program(Ordering.ENFORCED), POLICY)
RELEASED = Terms(program(Ordering.RELEASED), POLICY)


def having_completed(modules: Iterable[int], terms: Terms = TERMS) -> Enrolment:
    """Return an enrolment in which these modules are completed."""
    enrolment = started(terms=terms)
    for module in modules:
        enrolment = folded(enrolment, completed(enrolment, module, terms=terms, at=LATER))
    return enrolment


def opened(enrolment: Enrolment, terms: Terms, module: int) -> ModuleOpened:
    """Open a module for the first time and return the event."""
    (event,) = open_module(evolve(enrolment, opened=frozenset()), terms, module, by=PATIENT, at=LATER)
    assert isinstance(event, ModuleOpened)
    return event


@pytest.mark.rule("M-01", "M-02", "M-03", "D-04b")
def test_the_bundled_program_has_eleven_open_modules_a_pace_that_is_advice_and_a_label() -> None:
    """Otherwise staff could not see what a page contains, a patient wait, or made-up texts pass for a treatment."""
    school = Scenario(programs=(bundled_program(),))
    id_ = school.start(key="digitala-smartskolan")
    modules = school.desk.program(id_).modules
    assert list(range(1, 12)) == [module.number for module in modules]
    assert 11 == len({module.title for module in modules})
    assert all(page.title and page.text for module in modules for page in module.pages)
    seen = school.room.overview(id_)
    assert [True] * 11 == [module.open for module in seen.modules]
    assert (1, 2, 6) == (seen.pace.modules_a_week, seen.pace.hours_from, seen.pace.hours_to)
    assert True is seen.example
    assert tuple(range(1, 9)) == school.desk.program(id_).reading_order
    for module in range(1, 12):
        assert module == school.room.open_module(id_, module).number
        results = [school.room.complete_module(id_, module) for _ in range(2)]
        seen = school.room.overview(id_)
        assert [CompletedModule(module=module, next_module=seen.next_module, done=seen.done)] * 2 == results
        assert school.desk.module(id_, module) == modules[module - 1]
    assert True is seen.done


@pytest.mark.rule("M-04")
def test_the_reading_order_is_1_to_8_and_then_any_module() -> None:
    """Otherwise the patient would be led through the modules in another order than they build on one another."""
    bundled = bundled_program()
    terms = Terms(bundled, POLICY)
    enrolment = started(terms=terms)
    recommended = []
    while (following := next_module(enrolment, bundled)) is not None:
        recommended.append(following)
        enrolment = folded(enrolment, completed(enrolment, following, terms=terms, at=LATER))
    assert list(range(1, 12)) == recommended
    assert [False] * 11 == [opened(enrolment, terms, module).out_of_order for module in range(1, 12)]


@pytest.mark.rule("M-04", "D-04a")
@pytest.mark.parametrize("ordering", Ordering)
def test_the_patient_can_go_back_to_a_completed_module(ordering: Ordering) -> None:
    """Otherwise there would be no repeating, or a double click would add an entry."""
    terms = Terms(program(ordering), POLICY)
    enrolment = having_completed([1], terms)
    assert None is module_refusal(enrolment, terms, 1, LATER)
    assert () == open_module(enrolment, terms, 1, by=PATIENT, at=LATER)
    assert () == complete_module(enrolment, terms, 1, by=PATIENT, at=LATER)


@pytest.mark.rule("D-04a")
def test_guided_opens_everything_and_marks_what_is_out_of_order_once() -> None:
    """Otherwise the therapist would not see that a patient has skipped the ground the rest builds on."""
    school = Scenario()
    id_ = school.start()
    school.room.open_module(id_, 3)
    school.room.open_module(id_, 3)
    school.room.open_module(id_, 1)
    marks = [entry.event.out_of_order for entry in school.desk.timeline(id_, [ModuleOpened])]  # type: ignore[union-attr]
    assert [True, False] == marks
    assert frozenset({3}) == school.desk.enrolment(id_).out_of_order
    assert 1 == school.desk.next_module(id_) == school.room.overview(id_).next_module


@pytest.mark.rule("D-04a")
def test_enforced_opens_a_module_when_those_before_it_are_completed() -> None:
    """Otherwise a program that must be read in order could be read in any."""
    school = Scenario(programs=(program(Ordering.ENFORCED),))
    id_ = school.start()
    with school.unchanged(), refused("D-04a", Reason.EARLIER_MODULES_FIRST, module=3, missing=(1, 2)):
        school.room.open_module(id_, 3)
    school.complete(id_, 1)
    with school.unchanged(), refused("D-04a", Reason.EARLIER_MODULES_FIRST, module=3, missing=(2,)):
        school.room.complete_module(id_, 3)
    assert [True, True, False, True] == [module.open for module in school.room.overview(id_).modules]
    school.complete(id_, 2, 3)
    assert [True] * 4 == [module.open for module in school.room.overview(id_).modules]
    assert frozenset() == school.state(id_).out_of_order


@pytest.mark.rule("D-04a")
def test_released_opens_what_the_therapist_releases_and_the_first() -> None:
    """Otherwise a patient could begin nothing, or read on without the therapist."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    assert [True, False, False, True] == [module.open for module in school.room.overview(id_).modules]
    with school.unchanged(), refused("D-04a", Reason.MODULE_NOT_RELEASED, module=2):
        school.room.open_module(id_, 2)
    assert isinstance(school.events(school.desk.release_module(id_, 2).id)[-1], ModuleReleased)
    assert 2 == school.room.open_module(id_, 2).number
    with school.unchanged():
        school.desk.release_module(id_, 2)


@pytest.mark.rule("D-04a")
def test_modules_are_released_in_their_order_unless_the_therapist_says_otherwise() -> None:
    """Otherwise a slip would open a module whose ground the patient has not read, with nothing to show for it."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    with school.unchanged(), refused("D-04a", Reason.RELEASE_EARLIER_MODULES_FIRST, module=3, missing=(2,)):
        school.desk.release_module(id_, 3)
    with school.unchanged(), pytest.raises(InvalidValue, match="out_of_order is True or False"):
        school.desk.release_module(id_, 3, out_of_order="yes")  # type: ignore[arg-type]
    early = school.events(school.desk.release_module(id_, 3, out_of_order=True).id)[-1]
    late = school.events(school.desk.release_module(id_, 2, out_of_order=True).id)[-1]
    assert isinstance(early, ModuleReleased)
    assert isinstance(late, ModuleReleased)
    assert (True, False) == (early.out_of_order, late.out_of_order)
    first = school.events(school.desk.release_module(id_, 1).id)[-1]  # open without; to release it is no fault
    assert isinstance(first, ModuleReleased)


@pytest.mark.rule("D-04a", "D-19a")
def test_what_can_be_released_is_released_until_the_end() -> None:
    """Otherwise a release would mean nothing on a timeline, or a closed record go on growing."""
    with refused("D-04a", Reason.NOT_RELEASED_BY_THERAPIST):
        release_module(started(), TERMS, 2, by=NURSE, at=LATER)
    enrolment = started(terms=RELEASED)
    with refused("M-01", Reason.UNKNOWN_MODULE, module=5):
        release_module(enrolment, RELEASED, 5, by=NURSE, at=LATER)
    with refused("D-04a", Reason.MODULE_OPEN_FROM_START, module=4):
        release_module(enrolment, RELEASED, 4, by=NURSE, at=LATER)
    kept = folded(enrolment, maintain(enrolment, RELEASED, 30, (1,), shortens=True, by=NURSE, at=LATER))
    assert [2] == [*folded(kept, release_module(kept, RELEASED, 2, by=NURSE, at=LATER)).released]
    ended = folded(enrolment, end(enrolment, RELEASED, "klar", by=NURSE, at=LATER))
    with refused("D-19a", Reason.ALREADY_ENDED):
        release_module(ended, RELEASED, 2, by=NURSE, at=LATER)


@pytest.mark.rule("M-18")
def test_what_the_therapist_chose_for_the_maintenance_is_never_out_of_order() -> None:
    """Otherwise the therapist's own choice would be held against the patient."""
    enrolment = started()
    kept = folded(enrolment, maintain(enrolment, TERMS, 30, (3,), shortens=True, by=NURSE, at=LATER))
    assert True is opened(enrolment, TERMS, 3).out_of_order
    assert False is opened(kept, TERMS, 3).out_of_order


@pytest.mark.rule("D-04a", "D-18b")
@pytest.mark.parametrize(
    ("terms", "reason"), [(ENFORCED, Reason.EARLIER_MODULES_FIRST), (RELEASED, Reason.MODULE_NOT_RELEASED)]
)
def test_what_was_open_in_maintenance_alone_is_not_completed_after_the_way_back(terms: Terms, reason: Reason) -> None:
    """Otherwise a module would be completed that the order keeps closed, and those before it be left out."""
    enrolment = started(terms=terms)
    kept = folded(enrolment, maintain(enrolment, terms, 30, (3,), shortens=True, by=NURSE, at=LATER))
    read = folded(kept, open_module(kept, terms, 3, by=PATIENT, at=LATER))
    active = folded(read, reactivate(read, terms, by=NURSE, at=LATER))
    for act in (open_module, complete_module):
        with refused("D-04a", reason):
            act(active, terms, 3, by=PATIENT, at=LATER)


@pytest.mark.rule("D-05b")
def test_the_patient_is_done_with_the_last_required_module_once() -> None:
    """Otherwise the flag would come too early, again and again, or never."""
    enrolment = having_completed([1, 3])
    assert None is enrolment.done_at
    events = completed(enrolment, 2, at=LATER)
    assert [ModuleOpened, ModuleCompleted, ProgramDone] == [type(event) for event in events]
    done = folded(enrolment, events)
    assert LATER == done.done_at
    assert [ModuleOpened, ModuleCompleted] == [type(event) for event in completed(done, 4, at=LATER)]


@pytest.mark.rule("D-05b")
def test_what_is_required_may_be_other_than_the_reading_order() -> None:
    """Otherwise a program that is done after some of its modules could not be described."""
    terms = Terms(evolve(PROGRAM, required=(4,)), POLICY)
    assert None is having_completed([1, 2, 3], terms).done_at
    assert LATER == having_completed([4], terms).done_at


@pytest.mark.rule("D-05b")
def test_done_raises_a_flag_that_stays_until_it_is_handled() -> None:
    """Otherwise nobody would take leave of a patient who is through."""
    school = Scenario()
    id_ = school.start()
    school.complete(id_, 1, 2, 3)
    assert [FlagKind.PROGRAM_DONE] == [flag.kind for flag in school.desk.to_handle(id_)]
    school.desk.mark_handled(id_, FlagKind.PROGRAM_DONE)
    assert () == school.desk.to_handle(id_)
    school.complete(id_, 4)
    assert () == school.desk.to_handle(id_)


@pytest.mark.rule("M-01")
@pytest.mark.parametrize("module", [0, -1, 5, 10**9])
def test_a_module_that_does_not_exist_is_refused(module: int) -> None:
    """Otherwise the timeline would tell of modules that nobody wrote."""
    for step in (open_module, complete_module):
        with refused("M-01", Reason.UNKNOWN_MODULE, module=module):
            step(started(), TERMS, module, by=PATIENT, at=LATER)


@pytest.mark.rule("D-04a", "D-04b")
@pytest.mark.parametrize("order", [*permutations((1, 2, 3)), (3, 1), (2,)], ids=str)
def test_the_order_is_the_program_s_and_the_rest_comes_after_it(
    order: tuple[int, ...],
) -> None:
    """Otherwise a patient would begin in the middle, and wait for nobody's release."""
    guided, enforced, released = (Terms(evolve(program(o), reading_order=order), POLICY) for o in Ordering)
    rest = tuple(number for number in (1, 2, 3, 4) if number not in order)
    for place in range(4):
        done = (*order, *rest)[:place]
        assert (*order, *rest)[place] == next_module(having_completed(done, guided), guided.program)
        for number in (1, 2, 3, 4):
            before = order[: order.index(number)] if number in order else ()
            early = not {*done}.issuperset(before)
            assert early is opened(having_completed(done, guided), guided, number).out_of_order
            refusal = module_refusal(having_completed(done, enforced), enforced, number, LATER)
            assert early is (refusal is not None)
    assert None is next_module(having_completed([1, 2, 3, 4], guided), guided.program)
    assert order[0] == next_module(having_completed(rest, guided), guided.program)
    for terms, number in product((guided, enforced, released), rest):
        assert False is opened(started(terms=terms), terms, number).out_of_order
    for number in (1, 2, 3, 4):
        refusal = module_refusal(started(terms=released), released, number, LATER)
        assert (number in order[1:]) is (refusal is not None)


@pytest.mark.rule("D-04a", "D-19a")
def test_what_can_be_released_is_what_waits_for_a_release() -> None:
    """Otherwise a screen would offer a module that is open already, or none where the patient waits."""
    released = Terms(program(Ordering.RELEASED), POLICY)
    state = started(terms=released)
    assert (2, 3) == releasable(state, released.program)
    state = folded(state, release_module(state, released, 2, by=NURSE, at=START))
    assert (3,) == releasable(state, released.program)
    in_maintenance = folded(state, maintain(state, released, 30, (1,), shortens=True, by=NURSE, at=START))
    assert (3,) == releasable(in_maintenance, released.program)
    assert () == releasable(folded(state, end(state, released, "klar", by=NURSE, at=START)), released.program)
    for ordering in (Ordering.GUIDED, Ordering.ENFORCED):
        assert () == releasable(started(), program(ordering))
