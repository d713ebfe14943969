"""Saving a form: the answers, what they add up to, and what calls for attention."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from attrs import evolve

from digital_painschool.codes import AnswerCode, AnswerProblem
from digital_painschool.domain.events import FormSaved
from digital_painschool.domain.form import Form, ManyChoices, Option, Text
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import Reason
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.forms import answer_problems, is_alert, save_form, score
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, program
from digital_painschool.testing.people import PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, refused, started

LATER = START + timedelta(hours=1)
GOOD: Mapping[str, Answer] = {"hemma": "bra"}
FORM = PROGRAM.form(DAILY)
assert FORM is not None


@pytest.mark.rule("M-14")
def test_each_time_the_patient_saves_a_form_a_flag_is_raised_and_nothing_is_replaced() -> None:
    """Otherwise the therapist would not know what there is to read, or not see the course of the pain over the year."""
    school = Scenario()
    id_ = school.start()
    for number, pain in enumerate((6, 4, 2), start=1):
        assert number == school.room.save_form(id_, PAIN, {"smarta": pain}).number
        assert [(id_, number)] == [(row.enrolment_id, row.flags) for row in school.desk.caseload().rows]
    assert (Flag(kind=FlagKind.FORM_SAVED, since=school.now, form=PAIN, unread=3, total=3),) == school.desk.to_handle(
        id_
    )
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


def problem(question: str | None, code: AnswerCode, **limits: float) -> AnswerProblem:
    """Return a problem with one answer."""
    return AnswerProblem(question, code, limits)


REQUIRED = problem("hemma", AnswerCode.REQUIRED)
NOT_ALL_DIFFERENT = problem("var", AnswerCode.NOT_AMONG_OPTIONS)
HOURS = problem("timmar", AnswerCode.NOT_A_NUMBER_WITHIN, lowest=0, highest=24)
STEPS = problem("steg", AnswerCode.NOT_A_WHOLE_NUMBER_WITHIN, lowest=0, highest=50)
BAD: list[tuple[AnswerProblem, Mapping[str, Answer]]] = [
    (REQUIRED, {}),
    *((problem("hemma", AnswerCode.NOT_AN_OPTION), {"hemma": answer}) for answer in ("okänd", 1, ("bra",))),
    (problem("var", AnswerCode.NOT_A_LIST_OF_OPTIONS), {**GOOD, "var": "rygg"}),
    *((NOT_ALL_DIFFERENT, {**GOOD, "var": answer}) for answer in (("rygg", "rygg"), ("knä",))),
    *((HOURS, {**GOOD, "timmar": answer}) for answer in (24.1, -0.1, 25, "6")),
    *((STEPS, {**GOOD, "steg": answer}) for answer in (3.0, 5.5, 51)),
    (problem("fritext", AnswerCode.TEXT_TOO_LONG, limit=40), {**GOOD, "fritext": "x" * 41}),
    (problem("fritext", AnswerCode.NOT_A_TEXT), {**GOOD, "fritext": 3}),
    *(
        (problem("dag", AnswerCode.NOT_A_DATE), {**GOOD, "dag": answer})
        for answer in ("2026-02-29", "20260302", "2026-W10-1", "2026-W53-5", "i morgon")
    ),
    (problem(None, AnswerCode.UNKNOWN_QUESTIONS, count=1), {**GOOD, "hemlig nyckel": "hemligt svar"}),
]


@pytest.mark.rule("M-14", "D-24d")
@pytest.mark.parametrize(("wrong", "answers"), BAD)
def test_a_wrong_answer_is_named_by_its_question_and_never_repeated(
    wrong: AnswerProblem, answers: Mapping[str, Answer]
) -> None:
    """Otherwise the patient would not know what to correct, in the question's terms, or the answer come into a log."""
    assert FORM is not None
    assert (wrong,) == answer_problems(FORM, answers)
    assert "hemlig" not in repr(answer_problems(FORM, answers))
    questions = () if wrong.question is None else (wrong.question,)
    with refused("M-14", Reason.INVALID_ANSWERS, form=DAILY, questions=questions, problems=(wrong,)):
        save_form(started(), TERMS, DAILY, answers, by=PATIENT, at=LATER)


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(
    "answers",
    [
        GOOD,
        *({**GOOD, "var": keys} for keys in ((), ("axel",), ("axel", "rygg"))),
        *({**GOOD, "timmar": hours} for hours in (0, 24.0)),
        {**GOOD, "steg": 50},
        *({**GOOD, "fritext": text} for text in ("", "x" * 40)),
        {**GOOD, "dag": "2028-02-29"},
    ],
)
def test_what_lies_on_the_bounds_is_accepted(answers: Mapping[str, Answer]) -> None:
    """Otherwise a patient with the worst pain, or none, could not say so."""
    assert FORM is not None
    assert () == answer_problems(FORM, answers)


@pytest.mark.rule("M-14", "D-17a")
@pytest.mark.parametrize("pain", [-1, *range(11), 11, True, 6.0, "6"])
def test_a_scale_wants_one_of_its_whole_numbers_and_alerts_from_its_threshold_on(pain: Answer) -> None:
    """Otherwise a pain of 11 would be kept, or one of "yes", or the worst be one more number."""
    form = PROGRAM.form(PAIN)
    assert form is not None
    if type(pain) is int and 0 <= pain <= 10:
        (event,) = save_form(started(), TERMS, PAIN, {"smarta": pain}, by=PATIENT, at=LATER)
        assert isinstance(event, FormSaved)
        assert (1, pain >= 9, None) == (event.number, event.alert, event.score)
    else:
        wrong = problem("smarta", AnswerCode.NOT_ON_SCALE, lowest=0, highest=10)
        assert (wrong,) == answer_problems(form, {"smarta": pain})


KEYS = tuple(f"kommun-{number}" for number in range(290))


@pytest.mark.rule("M-14")
@pytest.mark.parametrize(
    ("answers", "problems"),
    [
        ({"var": KEYS[:1], "text": "x"}, ()),
        ({"var": KEYS, "text": "x"}, ()),
        ({"var": (*KEYS, KEYS[0]), "text": "x"}, (NOT_ALL_DIFFERENT,)),
        ({"var": (), "text": "x"}, (problem("var", AnswerCode.NOTHING_CHOSEN),)),
        ({"var": KEYS[:1], "text": " \n"}, (problem("text", AnswerCode.REQUIRED),)),
        ({"var": KEYS[:1], "text": "\u200b"}, (problem("text", AnswerCode.REQUIRED),)),
        ({}, (problem("var", AnswerCode.REQUIRED), problem("text", AnswerCode.REQUIRED))),
    ],
)
def test_a_required_question_wants_more_than_an_empty_answer(
    answers: Mapping[str, Answer], problems: tuple[AnswerProblem, ...]
) -> None:
    """Otherwise a patient could pass what must be answered, or who has lived in all 290 municipalities not say so."""
    options = tuple(Option(key=key, text=key) for key in KEYS)
    form = Form(
        key="f",
        title="F",
        questions=(ManyChoices(key="var", text="Var?", options=options), Text(key="text", text="Vad?")),
    )
    assert problems == answer_problems(form, answers)


@pytest.mark.rule("M-14")
def test_a_form_that_no_module_carries_can_be_saved_whatever_the_order() -> None:
    """Otherwise what a portal shows beside the modules could never be filled in, or be what no form explains."""
    ordered = program(Ordering.ENFORCED)
    assert FORM is not None
    terms = Terms(evolve(ordered, forms=(*ordered.forms, evolve(FORM, key="fristaende"))), POLICY)
    with refused("D-04a", Reason.EARLIER_MODULES_FIRST):
        save_form(started(terms=terms), terms, DAILY, GOOD, by=PATIENT, at=LATER)
    with refused("M-14", Reason.UNKNOWN_FORM):
        save_form(started(), TERMS, "fristaende", GOOD, by=PATIENT, at=LATER)
    (event,) = save_form(started(terms=terms), terms, "fristaende", GOOD, by=PATIENT, at=LATER)
    assert isinstance(event, FormSaved)
    assert ("fristaende", 1) == (event.form, event.number)


@pytest.mark.rule("D-17a")
@pytest.mark.parametrize(
    ("answers", "total", "alert"),
    [
        ({"hemma": "bra"}, 0, False),
        ({"hemma": "ring"}, 0, True),
        ({"hemma": "svart", "var": ("axel",)}, 5, False),
        ({"hemma": "svart", "var": ("axel", "rygg")}, 6, True),
        ({"hemma": "svart", "var": ("rygg", "axel"), "steg": 5}, 11, True),
        ({"hemma": "bra", "steg": 5}, 5, False),
        ({"hemma": "bra", "steg": 6}, 6, True),
        ({"hemma": "svart", "var": ("axel", "rygg"), "steg": 39}, 45, True),
        ({"hemma": 3, "steg": "5"}, 0, False),  # a screen may show the score while the patient types
    ],
)
def test_the_score_is_the_sum_of_what_the_answers_add_and_alerts_from_its_threshold_on(
    answers: Mapping[str, Answer], total: int, alert: bool
) -> None:
    """Otherwise a patient who asks for a call, or scores high, would wait with the rest."""
    assert FORM is not None
    assert (total, alert) == (score(FORM, answers), is_alert(FORM, answers, total))


def test_answers_are_never_in_an_event() -> None:
    """Otherwise the timeline, and every log of it, would hold what a patient confided."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, DAILY, {"hemma": "bra", "fritext": "hemligt"})
    assert "hemligt" not in repr(school.events(id_))
    assert "hemligt" not in repr(school.desk.answers(id_, DAILY))
