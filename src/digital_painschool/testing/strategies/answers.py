"""Answers to a form: right ones, and ones that are wrong in one named way."""

from collections.abc import Iterator, Mapping
from datetime import date

from attrs import frozen
from hypothesis import strategies as st

from digital_painschool.domain.form import Choice, Form, ManyChoices, Number, Question, Scale, Text
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import InvalidValue, PainSchoolError, RuleViolation
from digital_painschool.testing.strategies.texts import texts

Answers = dict[str, Answer]


@st.composite
def answers(draw: st.DrawFn, form: Form) -> Answers:
    """Return right answers to a form, as they are kept: ends of scales and thresholds, and now and then none at all."""
    return {question.key: draw(answer_to(question)) for question in form.questions if question.required or draw(_OFTEN)}


_OFTEN = st.integers(0, 3).map(bool)


def answer_to(question: Question) -> st.SearchStrategy[Answer]:
    """Return right answers to one question."""
    match question:
        case Scale():
            return _between(question.lowest, question.highest, question.alert_from)
        case Number() if question.whole:
            alert = None if question.alert_from is None else int(question.alert_from)
            return _between(int(question.lowest), int(question.highest), alert)
        case Number():
            marks = [question.lowest, question.highest, question.alert_from]
            within = st.floats(question.lowest, question.highest)
            return st.sampled_from([mark for mark in marks if mark is not None]) | within
        case Choice():
            return st.sampled_from([option.key for option in question.options])
        case ManyChoices():
            keys = st.sampled_from([option.key for option in question.options])
            return st.lists(keys, unique=True, min_size=int(question.required)).map(tuple)
        case Text():
            return texts(question.longest, blank=not question.required)
    return st.dates().map(date.isoformat)


def _between(lowest: int, highest: int, alert: int | None) -> st.SearchStrategy[int]:
    marks = {lowest, highest} if alert is None else {lowest, highest, alert, max(lowest, alert - 1)}
    return st.integers(lowest, highest) | st.sampled_from(sorted(marks))


@frozen(kw_only=True)
class WrongAnswers:
    """Answers to a form that are right but for one fault.

    Args:
        fault: The fault's name.
        answers: For `save_form`.
        question: Which question's answer is wrong; None when it belongs to no question of the form.
        error: What they are refused with.
    """

    fault: str
    answers: Mapping[str, object]
    question: str | None
    error: type[PainSchoolError] = RuleViolation


_NO_DATES = ("2026-02-30", "20260302", "2026-W10-1", "i går", "")


def wrong_answers_to(question: Question) -> Iterator[tuple[str, st.SearchStrategy[object]]]:
    """Yield the ways in which an answer to a question can be wrong, each with such answers; None is no answer."""
    if question.required:
        yield "missing", st.none()
    yield "truth value", st.booleans()
    match question:
        case Scale() | Number():
            yield "below the low end", st.integers(1, 100).map(lambda less: question.lowest - less)
            yield "beyond the high end", st.integers(1, 100).map(lambda more: question.highest + more)
            yield "text for a number", st.sampled_from(["", str(question.highest)])
            yield "infinite", st.sampled_from([float("inf"), float("-inf")])
            if isinstance(question, Scale) or question.whole:
                yield "decimals", st.just(question.lowest + 0.5)
        case Choice():
            yield "unknown option", st.just(_stranger(question.by_key))
            yield "several of one", st.just((question.options[0].key,))
        case ManyChoices():
            yield "unknown option", st.just((_stranger(question.by_key),))
            yield "option twice", st.just((question.options[0].key,) * 2)
            yield "one without a list", st.just(question.options[0].key)
            if question.required:
                yield "none of several", st.just(())
        case Text():
            yield "too long", st.just("x" * (question.longest + 1))
            yield "number for a text", st.integers(-100, 100)
            if question.required:
                yield "blank", st.sampled_from(["", " "])
        case _:
            yield "no date", st.sampled_from(_NO_DATES)
            yield "number for a date", st.just(20260302)


_AT_THE_BORDER = frozenset({"truth value", "infinite"})


def _stranger(known: Mapping[str, object] | frozenset[str]) -> str:
    """Return a key that is none of the known ones."""
    return max(known, key=len) + "?"


@st.composite
def wrong_answers(draw: st.DrawFn, form: Form, *faults: str) -> WrongAnswers:
    """Return answers to a form that are right but for one fault; of those named, of which the form must allow one."""
    ways: dict[tuple[str | None, str], st.SearchStrategy[object]] = {
        (question.key, fault): wrong for question in form.questions for fault, wrong in wrong_answers_to(question)
    }
    ways[None, "no question"] = st.just("Hej!")
    question, fault = draw(st.sampled_from([way for way in ways if not faults or way[1] in faults]))
    wrong = draw(ways[question, fault])
    given: dict[str, object] = {**draw(answers(form)), question or _stranger(form.keys): wrong}
    return WrongAnswers(
        fault=fault,
        answers={key: answer for key, answer in given.items() if answer is not None},
        question=question,
        error=InvalidValue if fault in _AT_THE_BORDER else RuleViolation,
    )
