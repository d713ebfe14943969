"""The strategies: what they call valid is accepted, what they call broken is refused for that alone."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.domain.form import Choice, Date, Form, ManyChoices, Number, Option, Question, Scale, Text
from digital_painschool.domain.people import Actor, Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Completion, Ordering, Program
from digital_painschool.domain.validation import normalise_answers
from digital_painschool.errors import InvalidValue, RuleViolation
from digital_painschool.programs import program_from_data, program_to_data
from digital_painschool.rules.forms import answer_problems, is_alert, score
from digital_painschool.testing import history as h
from digital_painschool.testing import strategies
from digital_painschool.testing.environment import INSTANT, local
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, SLEEP, program
from digital_painschool.testing.people import ANNA, BO, NURSE, OTHER_ARCHIVIST, OTHER_UNIT, SERIES, UNIT
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.strategies import (
    ZONES,
    Moment,
    WrongAnswers,
    actors,
    answers,
    clock_changes,
    forms,
    histories,
    instants,
    numbers,
    people,
    policies,
    programs,
    questions,
    spellings,
    words,
    wrong_answers,
)
from digital_painschool.testing.strategies.commands import Command, purge, wait_a_while
from digital_painschool.testing.strategies.histories import planned_steps
from digital_painschool.testing.strategies.people import TODAY
from digital_painschool.testing.strategies.planned import PlannedSchool
from digital_painschool.testing.strategies.refused_commands import out_of_turn, second_start
from tests.kit.test_history import LIFE

T = TypeVar("T")
UNHURRIED = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
BRIEF = settings(UNHURRIED, max_examples=5)
"""For what is tried once for each of many names."""
SEARCH = settings(UNHURRIED, max_examples=2000, database=None)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def smallest(strategy: st.SearchStrategy[T], test: Callable[[T], bool] = lambda _: True) -> T:
    """Return what a strategy shrinks to, of what passes a test."""
    return find(strategy, test, settings=settings(SEARCH, phases=[Phase.generate, Phase.shrink]))


def some(strategy: st.SearchStrategy[T], test: Callable[[T], bool]) -> T:
    """Return the first that passes a test, as it comes."""
    return find(strategy, test, settings=settings(SEARCH, phases=[Phase.generate]))


# --- programs


@UNHURRIED
@given(programs())
def test_programs_are_valid_and_come_back_from_their_data(one: Program) -> None:
    """Otherwise a test would be of what no unit can offer."""
    assert one == program_from_data(json.loads(json.dumps(program_to_data(one))), "data")


@pytest.mark.parametrize(
    "has",
    [
        *(lambda p, o=ordering: p.ordering is o for ordering in Ordering),
        *(lambda p, c=completion: p.completion is c for completion in Completion),
        lambda p: set(p.reading_order) < {module.number for module in p.modules},
        lambda p: len(p.reading_order) > 1 and list(p.reading_order) != sorted(p.reading_order),
        lambda p: set(p.required) != set(p.reading_order),
        lambda p: any(len(p.carriers(form.key)) > 1 for form in p.forms),
        lambda p: any(not p.carriers(form.key) for form in p.forms),
        lambda p: any(form.alert_from is not None for form in p.forms),
    ],
)
def test_programs_are_of_every_shape(has: Callable[[Program], bool]) -> None:
    """Otherwise a rule about such a program would never be tried."""
    assert has(some(programs(), has))


def test_the_smallest_program_has_one_module() -> None:
    """Otherwise a failure would show a program that nobody can take in."""
    one = smallest(programs())
    assert ((1,), 0, Ordering.GUIDED) == (tuple(m.number for m in one.modules), len(one.forms), one.ordering)


def test_a_program_has_the_key_and_the_ordering_that_are_asked_for() -> None:
    """Otherwise nobody could name it in a start."""
    one = smallest(programs(key="var", ordering=Ordering.RELEASED))
    assert ("var", Ordering.RELEASED) == (one.key, one.ordering)


# --- forms and answers


@pytest.mark.parametrize("kind", [Scale, Choice, ManyChoices, Number, Text, Date])
def test_questions_are_of_every_kind(kind: type[Question]) -> None:
    """Otherwise a kind of question would never be tried."""
    assert kind is type(some(questions(), lambda question: isinstance(question, kind)))


@UNHURRIED
@given(st.data())
def test_answers_are_right_and_wrong_answers_are_wrong_in_one_way(data: st.DataObject) -> None:
    """Otherwise a form could refuse what it asks for, or take what it does not."""
    form = data.draw(forms())
    assert () == answer_problems(form, normalise_answers(data.draw(answers(form))))
    wrong = data.draw(wrong_answers(form))
    if wrong.error is InvalidValue:
        with pytest.raises(InvalidValue):
            normalise_answers(wrong.answers)
        return
    (problem,) = answer_problems(form, normalise_answers(wrong.answers))
    assert wrong.question is None or wrong.question == problem.question


EVERY_KIND = Form(
    key="allt",
    title="Allt",
    alert_from=10,
    questions=(
        Scale(key="skala", text="?", scored=True, alert_from=9),
        Choice(key="val", text="?", options=(Option(key="bra", text="Bra"),)),
        ManyChoices(key="flera", text="?", options=(Option(key="rygg", text="Rygg", score=1),)),
        Number(key="antal", text="?", lowest=0, highest=4, whole=True),
        Number(key="timmar", text="?", lowest=0, highest=24.5, required=False),
        Text(key="fritext", text="?", longest=3),
        Date(key="dag", text="?"),
    ),
)
WRONG = {
    "missing",
    "truth value",
    "below the low end",
    "beyond the high end",
    "text for a number",
    "infinite",
    "decimals",
    "unknown option",
    "several of one",
    "option twice",
    "one without a list",
    "none of several",
    "too long",
    "number for a text",
    "blank",
    "no date",
    "number for a date",
    "no question",
}


@pytest.mark.parametrize("fault", sorted(WRONG))
def test_a_wrong_answer_is_refused_by_the_room_for_its_one_fault(fault: str) -> None:
    """Otherwise what a patient wrote wrongly would be kept, or a right answer blamed."""

    @BRIEF
    @given(wrong_answers(EVERY_KIND, fault))
    def is_refused(wrong: WrongAnswers) -> None:
        assert fault == wrong.fault
        with pytest.raises(wrong.error) as refused, school.unchanged():
            school.room.save_form(anna, "allt", wrong.answers)
        if isinstance(refused.value, RuleViolation):
            blamed = () if wrong.question is None else (wrong.question,)
            assert blamed == refused.value.facts["questions"]

    offered = Program(
        key="allt",
        version="1",
        title="Allt",
        modules=PROGRAM.modules[3:],
        forms=(EVERY_KIND,),
        reading_order=(4,),
        end_reasons=PROGRAM.end_reasons,
    )
    with Scenario(programs=(offered,)) as school:
        anna = school.start(key="allt")
        is_refused()


@pytest.mark.search
def test_no_way_to_be_wrong_is_left_out() -> None:
    """Otherwise the list above would not be all that `wrong_answers` gives."""
    seen: set[str] = set()

    @settings(UNHURRIED, max_examples=150, database=None, derandomize=True)
    @given(wrong_answers(EVERY_KIND))
    def see(wrong: WrongAnswers) -> None:
        seen.add(wrong.fault)

    see()
    assert seen <= WRONG
    assert len(WRONG) - 6 <= len(seen)


@pytest.mark.parametrize(("key", "most"), [(PAIN, 1), (DAILY, 2)])
def test_answers_reach_an_alert_and_shrink_to_what_raises_it(key: str, most: int) -> None:
    """Otherwise the priority flag would never be tried, or nobody would see what raised it."""
    form = PROGRAM.form(key)
    assert form is not None
    found = smallest(answers(form), lambda given_: is_alert(form, given_, score(form, given_)))
    assert len(found) <= most
    assert 9 == found.get("smarta", 9)


# --- policies


@UNHURRIED
@given(policies())
def test_policies_are_valid(one: Policy) -> None:
    """Otherwise a test would be of what no unit can decide."""
    assert one.zone.key in ZONES


def test_a_policy_has_the_zone_that_is_asked_for_and_shrinks_to_the_default() -> None:
    """Otherwise a failure would show sixteen figures of which none matters."""
    one = smallest(policies(zone="Asia/Kathmandu"))
    assert Policy(zone=ZoneInfo("Asia/Kathmandu"), staff_flags=frozenset(), export_before_purge=False) == one


# --- people

IDENTITY = SwedishIdentity()


@UNHURRIED
@given(people().flatmap(lambda person: st.tuples(st.just(person), spellings(person))))
def test_every_spelling_is_read_as_the_person(given_: tuple[Any, str]) -> None:
    """Otherwise a test would ask for somebody else."""
    person, spelling = given_
    assert person == IDENTITY.parse(spelling, today=TODAY)


@pytest.mark.parametrize("scheme", SERIES)
def test_numbers_are_of_the_schemes_that_are_asked_for(scheme: str) -> None:
    """Otherwise nobody could test what a reserve number alone does."""

    @BRIEF
    @given(numbers(scheme))
    def is_of_the_scheme(number: str) -> None:
        assert scheme == IDENTITY.parse(number, today=TODAY).scheme

    is_of_the_scheme()


@pytest.mark.parametrize("unit", [UNIT, OTHER_UNIT])
@pytest.mark.parametrize("held", [frozenset(), *({role} for role in Role), frozenset(Role)])
def test_actors_hold_every_role_at_both_units(unit: str, held: frozenset[Role]) -> None:
    """Otherwise some cell of the permission table would never be tried."""

    def is_one(actor: Actor) -> bool:
        return (actor.unit, actor.roles) == (unit, held)

    assert is_one(some(actors(), is_one))


# --- instants


def test_the_clock_changes_of_a_year_are_found_in_every_zone() -> None:
    """Otherwise the instants that go wrong most often would not be tried."""
    spring, within, autumn, first, second = clock_changes(STOCKHOLM, 2026)
    assert (local("2026-03-29 03:00"), local("2026-10-25 02:00", fold=1)) == (spring.at, autumn.at)
    assert local("2026-03-29 03:30") == within.at
    assert (local("2026-10-25 02:30"), local("2026-10-25 02:30", fold=1)) == (first.at, second.at)
    assert "the clocks go forward on 2026-03-29" == spring.label
    assert () == clock_changes(ZoneInfo("UTC"), 2026)
    half = clock_changes(ZoneInfo("Australia/Lord_Howe"), 2026)
    assert timedelta(minutes=30) == half[2].at - half[1].at


@pytest.mark.parametrize(
    "label",
    [
        "the end of access",
        "the run of collected notifications on 2026-03-03",
        "the end of the forenoon on 2026-03-29",
        "the midnight that begins 2026-10-25",
        "the midnight that ends 2026-12-31",
        "the clocks go forward on 2026-03-29",
        "the clocks go back on 2027-10-31",
        "within what comes twice on 2026-10-25, the second time",
        "the end of 2026",
        "the midnight that begins 29 February 2028",
        "the midnight that ends 29 February 2028",
    ],
)
def test_instants_lie_at_every_boundary(label: str) -> None:
    """Otherwise a boundary would never be tried."""
    assert label == some(instants(), lambda moment: moment.label == label).label


def test_instants_lie_beside_a_boundary_too() -> None:
    """Otherwise a rule could be wrong by an instant, where nobody looks."""
    at, before, after_ = (
        some(instants(), lambda moment, side=side: moment.label == f"{side}the end of access")  # type: ignore[misc]
        for side in ("", "the instant before ", "the instant after ")
    )
    assert local("2027-03-02 08:00") == at.at
    assert (at.at - INSTANT, at.at + INSTANT) == (before.at, after_.at)


@UNHURRIED
@given(policies(), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)), st.data())  # noqa: DTZ001 - the zone comes from the strategy
def test_instants_lie_ahead_and_are_of_the_units_own_zone(policy: Policy, since: datetime, data: st.DataObject) -> None:
    """Otherwise a clock that follows them would go back, or hit no boundary."""
    moment: Moment = data.draw(instants(policy, since=since))
    assert since <= moment.at
    if "run of collected" in moment.label and "the instant" not in moment.label:
        assert policy.collected_at == moment.at.astimezone(policy.zone).time()


def test_the_end_of_access_is_the_one_that_is_given() -> None:
    """Otherwise a maintenance's own end would not be tried."""
    end = local("2026-05-01 00:00")
    assert end == some(instants(ends=(end,)), lambda moment: moment.label == "the end of access").at


# --- histories


@settings(UNHURRIED, max_examples=60)
@given(st.data(), st.booleans())
def test_every_step_is_accepted_or_refused_as_it_was_planned(data: st.DataObject, refused: bool) -> None:
    """Otherwise a legal history would hide what was refused, or a refusal would change what is stored."""
    ordering, completion = data.draw(st.sampled_from(Ordering)), data.draw(st.sampled_from(Completion))
    offered = (program(ordering, completion), SLEEP)
    steps = data.draw(planned_steps(offered, Policy(), 25, refused=refused))
    assert refused is not all(accepted for _, accepted in steps)
    with h.History((), programs=offered).scenario() as school:
        for step, accepted in steps:
            if accepted:
                assert isinstance(h.take(step, school), h.Done)
            else:
                with school.unchanged():
                    assert isinstance(h.take(step, school), h.Refused)


NEVER_REFUSED = {h.Advance, h.At, h.Deliver, h.Restart, h.ReceiveNotifications}
"""Steps that time and machines take, and one whose refusals are those of another step."""
KINDS = sorted({type(step) for step in LIFE.steps}, key=lambda kind: kind.__name__)


@pytest.mark.search
@pytest.mark.filterwarnings("ignore:Generating overly large repr")  # of a text that is too long to be accepted
@pytest.mark.parametrize(
    ("kind", "accepted"),
    [(kind, accepted) for accepted in (True, False) for kind in KINDS if accepted or kind not in NEVER_REFUSED],
)
def test_histories_hold_every_step(kind: type[h.Step], accepted: bool) -> None:
    """Otherwise some step would never be tried, or never be refused."""
    steps = st.sampled_from(Ordering).flatmap(
        lambda ordering: planned_steps((program(ordering), SLEEP), Policy(), 25, refused=not accepted)
    )
    assert some(steps, lambda taken: any(type(step) is kind and was is accepted for step, was in taken))


@settings(UNHURRIED, max_examples=20)
@given(st.data())
def test_histories_are_of_any_program_under_any_policy(data: st.DataObject) -> None:
    """Otherwise an integrator's own program could not be tried."""
    offered, policy = (data.draw(programs(key="egen")),), data.draw(policies())
    told = data.draw(histories(programs=offered, policy=policy))
    with told.scenario(policy=policy) as school:
        assert [] == [what for what in told.play(school) if isinstance(what, h.Refused)]


def after(test: Callable[[Scenario, h.History], bool]) -> Callable[[h.History], bool]:
    """Return a test of a history by what it leaves."""

    def passes(told: h.History) -> bool:
        with told.scenario() as school:
            told.play(school)
            return test(school, told)

    return passes


def has_an_alert(school: Scenario, _: h.History) -> bool:
    """Some form waits first in the list."""
    return any(row.priority for desk in (school.desk, school.colleague) for row in desk.caseload().rows)


def test_the_smallest_history_with_an_alert_has_two_steps() -> None:
    """Otherwise a failure would show a year of somebody's life, of which two steps matter."""
    told = smallest(histories(length=4), after(has_an_alert))
    assert [h.Start, h.SaveForm] == [type(step) for step in told.steps]


def test_the_smallest_history_with_a_refusal_has_one_step() -> None:
    """Otherwise the steps before it would seem to be needed."""
    told = smallest(histories(refused=True))
    assert 1 == len(told.steps)


@pytest.mark.parametrize(("exported", "left"), [(True, [BO]), (False, [ANNA, BO])])
def test_a_planned_school_knows_what_a_purge_takes(exported: bool, left: list[str]) -> None:
    """Otherwise the steps after a purge would speak of other enrolments than they mean."""
    school = PlannedSchool((PROGRAM,), Policy())
    first, _ = school.start(ANNA, PROGRAM, NURSE), school.start(BO, PROGRAM, NURSE)
    first.end(school.now)
    if exported:
        school.export()
    school.now += timedelta(days=3660)
    plan = school.plan_purge()
    for _ in range(2):
        school.purge(plan)
        assert left == [enrolment.number for enrolment in school.model.stored()]


def test_what_the_model_rules_out_is_not_drawn() -> None:
    """Otherwise a step that is called refused would be accepted, or no record would ever be old enough for a purge."""
    school = PlannedSchool((PROGRAM,), Policy())
    assert smallest(drawn(second_start, school)) is None
    enrolment = school.start(ANNA, PROGRAM, NURSE)
    assert h.Start() == smallest(drawn(second_start, school))
    enrolment.end(school.now)
    assert smallest(drawn(second_start, school)) is None
    school.export()
    assert h.Advance(days=3660) == smallest(drawn(wait_a_while, school))


def test_a_purge_is_planned_before_it_is_carried_out() -> None:
    """Otherwise no history would hold a purge."""
    assert h.PlanPurge() == smallest(drawn(purge, PlannedSchool((PROGRAM,), Policy())))


def test_words_shrink_to_the_simple_ones() -> None:
    """Otherwise a failure would be shown in words that nobody uses."""
    assert "hej" == smallest(words("hej"))
    assert "hej" != some(words("hej"), lambda word: word != "hej")


def test_an_approved_purge_is_out_of_turn_at_another_unit_only() -> None:
    """Otherwise the purge that a history means to have refused would be carried out."""
    school = PlannedSchool((PROGRAM,), Policy())
    school.plan_purge().is_approved = True
    assert h.Purge(by=OTHER_ARCHIVIST) == smallest(drawn(out_of_turn, school))


@st.composite
def drawn(draw: st.DrawFn, command: Command, school: PlannedSchool) -> h.Step | None:
    """Return what a command gives, in a school that stays at its time."""
    return command(draw, deepcopy(school))


def test_all_that_is_public_is_listed() -> None:
    """Otherwise an import by star would miss it."""
    assert sorted(strategies.__all__, key=lambda name: (not name.isupper(), not name[0].isupper(), name)) == (
        strategies.__all__
    )
    assert all(hasattr(strategies, name) for name in strategies.__all__)
