"""Drafts of forms: what a draft may hold, and the events that end it. Rule: D-14a."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.events import Ended, Event, FormSaved, Maintained, Withdrawn
from digital_painschool.domain.form import Choice, Date, Form, ManyChoices, Number, Question, Scale, Text
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import Answer, storable_text
from digital_painschool.errors import Reason, RuleViolation

_DATE_LENGTH = len("2026-11-22")


def check_draft(form: Form, answers: Mapping[str, Answer]) -> None:
    """Refuse answers that no draft of a form may hold.

    Rule: D-14a. A draft may be incomplete and a number out of range, because the patient is still writing. Each answer
    is for a question of the form, of the question's type, and no longer than a submission may hold.

    Args:
        form: The form's definition.
        answers: The answers so far, by question key.

    Raises:
        RuleViolation: An answer does not fit; the facts name each question, never the answer.
    """
    questions = {question.key: question for question in form.questions}
    unfit = tuple(key for key, answer in answers.items() if key in questions and not _fits(questions[key], answer))
    unknown = len(answers.keys() - questions.keys())
    if unfit or unknown:
        problems = [f"{key}: the answer is of another type, or too long" for key in unfit]
        if unknown:
            problems.append(f"{unknown} of the answers are for no question of the form")
        raise RuleViolation("D-14a", Reason.INVALID_ANSWERS, form=form.key, questions=unfit, problems=tuple(problems))


def require_shown(form: Form, stored: Draft | None, replaces: str | None) -> None:
    """Refuse a step from a page that showed another draft than the stored one. Rule: D-14a.

    A draft that was saved, sent or discarded since makes the page old, as one that was begun since does.

    Args:
        form: The form's definition.
        stored: The draft that is stored, or None.
        replaces: The tag of the draft that the page showed; None for a step that follows from no page.

    Raises:
        RuleViolation: The page showed another draft. The facts name the form, and nothing of any answer.
        InvalidValue: `replaces` is no text.
    """
    if replaces is not None and storable_text(replaces, "replaces") != draft_tag(stored):
        raise RuleViolation("D-14a", Reason.VIEW_IS_OLD, form=form.key)


def discarded_drafts(events: Iterable[Event], program: Program) -> frozenset[str]:
    """Return the keys of the forms whose drafts end with some events. Rule: D-14a, M-18, D-19a.

    A submission ends the draft of its form. Maintenance, the end and the withdrawal of the enrolment end every draft.
    """
    discarded: set[str] = set()
    for event in events:
        if isinstance(event, FormSaved):
            discarded.add(event.form)
        elif isinstance(event, (Maintained, Ended, Withdrawn)):
            discarded.update(form.key for form in program.forms)
    return frozenset(discarded)


def _fits(question: Question, answer: Answer) -> bool:
    return _FITS[type(question)](question, answer)


def _is_option(question: Choice, answer: Answer) -> bool:
    return isinstance(answer, str) and answer in question.by_key


def _are_options(question: ManyChoices, answer: Answer) -> bool:
    return isinstance(answer, tuple) and len({*answer}) == len(answer) and question.by_key.keys() >= {*answer}


def _is_short_enough(question: Text, answer: Answer) -> bool:
    return isinstance(answer, str) and len(answer) <= question.longest


_FITS: Mapping[type[Question], Callable[[Any, Answer], bool]] = {
    Scale: lambda _, answer: type(answer) is int,
    Choice: _is_option,
    ManyChoices: _are_options,
    Number: lambda _, answer: type(answer) in {int, float},
    Text: _is_short_enough,
    Date: lambda _, answer: isinstance(answer, str) and len(answer) <= _DATE_LENGTH,
}
"""Whether an answer fits into a draft, by the kind of its question."""
