"""Saving a form: the answers, what they add up to, and what calls for attention."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from attrs import evolve

from digital_painschool.domain.events import FormSaved
from digital_painschool.domain.form import Form, ManyChoices, Option, Text
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import Reason
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.forms import answer_problems, is_alert, save_form, score
from digital_painschool.rules.lifecycle import maintain
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, program
from digital_painschool.testing.people import NURSE, PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, folded, refused, started

LATER = START + timedelta(hours=1)
GOOD: Mapping[str, Answer] = {"hemma": "bra"}
FORM = PROGRAM.form(DAILY)
assert FORM is not None


@pytest.mark.rule("M-14")
def test_each_time_the_patient_saves_a_form_a_flag_is_raised() -> None:
    """Otherwise the therapist would not know that there is something to read."""
    school = Scenario()
    id_ = school.start()
    assert 1 == school.room.save_form(id_, PAIN, {"smarta": 6}).number
    assert [(id_, 1)] == [(row.enrolment_id, row.flags) for row in school.desk.caseload().rows]
    assert 2 == school.room.save_form(id_, PAIN, {"smarta": 5}).number
    assert [(id_, 2)] == [(row.enrolment_id, row.flags) for row in school.desk.caseload().rows]
    assert (Flag(kind=FlagKind.FORM_SAVED, form=PAIN, unread=2, total=2),) == school.desk.to_handle(id_)


@pytest.mark.rule("M-14")
def test_what_is_saved_again_replaces_nothing() -> None:
    """Otherwise the course of the pain over the year could not be seen."""
    school = Scenario()
    id_ = school.start()
    for pain in (6, 4, 2):
        school.room.save_form(id_, PAIN, {"smarta": pain})
    assert [6, 4, 2] == [one.answers["smarta"] for one in school.desk.answers(id_, PAIN)]


@pytest.mark.rule("M-14")
def test_every_kind_of_answer_is_kept_as_it_was_given() -> None:
    """Otherwise the therapist would read something else than the patient wrote."""
    school = Scenario()
    id_ = school.start()
    given = {
        "hemma": "svart",
        "var": ["rygg"],
        "timmar": 6.5,
        "steg": 3,
        "fritext": "Å ä ö 🙂",
        "dag": date(2026, 3, 2),
    }
    school.room.save_form(id_, DAILY, given)
    (kept,) = school.desk.answers(id_, DAILY)
    assert {**given, "var": ("rygg",), "dag": "2026-03-02"} == dict(kept.answers)


BAD: list[tuple[str, Mapping[str, Answer]]] = [
    ("hemma", {}),
    ("hemma", {"hemma": "okänd"}),
    ("hemma", {"hemma": 1}),
    ("hemma", {"hemma": ("bra",)}),
    ("var", {**GOOD, "var": "rygg"}),
    ("var", {**GOOD, "var": ("rygg", "rygg")}),
    ("var", {**GOOD, "var": ("knä",)}),
    ("timmar", {**GOOD, "timmar": 24.1}),
    ("timmar", {**GOOD, "timmar": -0.1}),
    ("timmar", {**GOOD, "timmar": "6"}),
    ("steg", {**GOOD, "steg": 3.0}),
    ("steg", {**GOOD, "steg": 51}),
    ("fritext", {**GOOD, "fritext": "x" * 41}),
    ("fritext", {**GOOD, "fritext": 3}),
    ("dag", {**GOOD, "dag": "2026-02-29"}),
    ("dag", {**GOOD, "dag": "20260302"}),
    ("dag", {**GOOD, "dag": "2026-W10-1"}),
    ("dag", {**GOOD, "dag": "2026-W53-5"}),
    ("dag", {**GOOD, "dag": "i morgon"}),
    ("1 of the answers are for no question", {**GOOD, "hemlig nyckel": "hemligt svar"}),
]


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(("named", "answers"), BAD)
def test_a_wrong_answer_is_named_by_its_question_and_never_repeated(named: str, answers: Mapping[str, Answer]) -> None:
    """Otherwise the patient would not know what to correct, or the answer would come into a log."""
    assert FORM is not None
    (problem,) = answer_problems(FORM, answers)
    questions = (named,) if named in FORM.keys else ()
    with refused("M-14", Reason.INVALID_ANSWERS, form=DAILY, questions=questions, problems=(problem,)):
        save_form(started(), TERMS, DAILY, answers, by=PATIENT, at=LATER)
    assert problem.startswith(named)
    assert "hemlig" not in problem


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(
    ("answer", "fine"),
    [(-1, False), (0, True), (5, True), (10, True), (11, False), (True, False), (6.0, False), ("6", False)],
)
def test_a_scale_wants_one_of_its_whole_numbers(answer: Answer, fine: bool) -> None:
    """Otherwise a pain of 11 would be kept, or one of "yes"."""
    pain = PROGRAM.form(PAIN)
    assert pain is not None
    assert (() if fine else ("smarta: choose a whole number from 0 to 10",)) == answer_problems(
        pain, {"smarta": answer}
    )


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(
    "answers",
    [
        GOOD,
        {**GOOD, "var": ()},
        {**GOOD, "var": ("axel",)},
        {**GOOD, "var": ("axel", "rygg")},
        {**GOOD, "timmar": 0},
        {**GOOD, "timmar": 24.0},
        {**GOOD, "steg": 50},
        {**GOOD, "fritext": "x" * 40},
        {**GOOD, "fritext": ""},
        {**GOOD, "dag": "2028-02-29"},
    ],
)
def test_what_lies_on_the_bounds_is_accepted(answers: Mapping[str, Answer]) -> None:
    """Otherwise a patient with the worst pain, or none, could not say so."""
    assert FORM is not None
    assert () == answer_problems(FORM, answers)


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ({"var": ("rygg",), "text": "x"}, ()),
        ({"var": (), "text": "x"}, ("var: choose at least one option",)),
        ({"var": ("rygg",), "text": " \n"}, ("text: an answer is required",)),
        ({}, ("var: an answer is required", "text: an answer is required")),
    ],
)
def test_a_required_question_wants_more_than_an_empty_answer(
    answers: Mapping[str, Answer], problems: tuple[str, ...]
) -> None:
    """Otherwise a patient could pass what must be answered by sending nothing in it."""
    options = (Option(key="rygg", text="Rygg"),)
    form = Form(
        key="f",
        title="F",
        questions=(ManyChoices(key="var", text="Var?", options=options), Text(key="text", text="Vad?")),
    )
    assert problems == answer_problems(form, answers)


@pytest.mark.rule("M-14")
def test_a_form_that_no_module_carries_can_be_saved_whatever_the_order() -> None:
    """Otherwise a form that a portal shows beside the modules could never be filled in."""
    ordered = program(Ordering.ENFORCED)
    assert FORM is not None
    terms = Terms(evolve(ordered, forms=(*ordered.forms, evolve(FORM, key="fristaende"))), POLICY)
    with refused("D-04a", Reason.EARLIER_MODULES_FIRST):
        save_form(started(terms=terms), terms, DAILY, GOOD, by=PATIENT, at=LATER)
    (event,) = save_form(started(terms=terms), terms, "fristaende", GOOD, by=PATIENT, at=LATER)
    assert isinstance(event, FormSaved)
    assert ("fristaende", 1) == (event.form, event.number)


@pytest.mark.rule("M-14")
def test_an_unknown_form_is_refused() -> None:
    """Otherwise answers would be kept that no form explains."""
    with refused("M-14", Reason.UNKNOWN_FORM):
        save_form(started(), TERMS, "okänt", {}, by=PATIENT, at=LATER)


@pytest.mark.rule("D-17a")
def test_the_score_is_the_sum_of_what_the_answers_add() -> None:
    """Otherwise the threshold of the score would be judged by a wrong figure."""
    assert FORM is not None
    assert 0 == score(FORM, GOOD)
    assert 3 + 1 + 2 + 5 == score(FORM, {"hemma": "svart", "var": ("rygg", "axel"), "steg": 5})
    pain = PROGRAM.form(PAIN)
    assert pain is not None
    assert None is score(pain, {"smarta": 10})


@pytest.mark.rule("D-17a")
def test_what_is_no_answer_to_a_question_adds_nothing_and_alerts_nobody() -> None:
    """Otherwise a screen that shows the score while the patient types would add up half an answer."""
    assert FORM is not None
    unfinished: Mapping[str, Answer] = {"hemma": 3, "steg": "5"}
    assert 0 == score(FORM, unfinished)
    assert False is is_alert(FORM, unfinished, 0)


@pytest.mark.rule("M-14")
def test_what_is_wrong_is_told_in_the_question_s_own_terms() -> None:
    """Otherwise a patient would be asked for a whole number of hours, or for half a step."""
    assert FORM is not None
    assert (
        "timmar: give a number from 0 to 24",
        "steg: give a whole number from 0 to 50",
    ) == answer_problems(FORM, {**GOOD, "timmar": 25, "steg": 5.5})


@pytest.mark.rule("M-14")
def test_every_option_of_a_long_list_can_be_chosen() -> None:
    """Otherwise who has lived in all 290 municipalities could not say so."""
    keys = tuple(f"kommun-{number}" for number in range(290))
    options = tuple(Option(key=key, text=key) for key in keys)
    form = Form(key="f", title="F", questions=(ManyChoices(key="var", text="Var?", options=options),))
    assert () == answer_problems(form, {"var": keys})
    assert ("var: choose among the options, each at most once",) == answer_problems(form, {"var": (*keys, keys[0])})


@pytest.mark.rule("D-17a")
@pytest.mark.parametrize(
    ("answers", "alert"),
    [
        ({"hemma": "bra"}, False),
        ({"hemma": "ring"}, True),
        ({"hemma": "svart", "var": ("axel",)}, False),
        ({"hemma": "svart", "var": ("axel", "rygg")}, True),
        ({"hemma": "bra", "steg": 5}, False),
        ({"hemma": "bra", "steg": 6}, True),
        ({"hemma": "svart", "var": ("axel", "rygg"), "steg": 39}, True),
    ],
)
def test_an_alert_is_raised_at_the_threshold_of_an_option_or_the_score(
    answers: Mapping[str, Answer], alert: bool
) -> None:
    """Otherwise a patient who asks for a call, or scores high, would wait with the rest."""
    assert FORM is not None
    assert alert is is_alert(FORM, answers, score(FORM, answers))


@pytest.mark.rule("D-17a")
@pytest.mark.parametrize(("pain", "alert"), [(8, False), (9, True), (10, True)])
def test_an_alert_is_raised_at_the_threshold_of_a_question(pain: int, alert: bool) -> None:
    """Otherwise the worst pain would be one more number."""
    (event,) = save_form(started(), TERMS, PAIN, {"smarta": pain}, by=PATIENT, at=LATER)
    assert isinstance(event, FormSaved)
    assert (1, alert) == (event.number, event.alert)


@pytest.mark.rule("M-18")
def test_no_form_is_saved_in_maintenance() -> None:
    """Otherwise flags would come from patients whom nobody treats any more."""
    enrolment = started()
    maintained = folded(enrolment, maintain(enrolment, TERMS, 30, (1,), by=NURSE, at=LATER))
    with refused("M-18", Reason.READ_ONLY_IN_MAINTENANCE):
        save_form(maintained, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=LATER)


@pytest.mark.rule("D-05a")
def test_no_form_is_saved_from_the_end_of_access_on() -> None:
    """Otherwise the last instant of the year would be another for forms than for reading."""
    enrolment = started()
    assert save_form(enrolment, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=enrolment.access_until - INSTANT)
    with refused("D-05a", Reason.ACCESS_IS_OVER):
        save_form(enrolment, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=enrolment.access_until)


def test_answers_are_never_in_an_event() -> None:
    """Otherwise the timeline, and every log of it, would hold what a patient confided."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, DAILY, {"hemma": "bra", "fritext": "hemligt"})
    assert "hemligt" not in repr(school.events(id_))
    assert "hemligt" not in repr(school.desk.answers(id_, DAILY))
