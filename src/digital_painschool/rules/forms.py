"""Saving a form: validation of the answers, score and alert.

Rule: M-14, M-18, D-17a, D-18a.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from attrs import evolve

from digital_painschool.codes import AnswerCode, AnswerProblem
from digital_painschool.domain.enrolment import AlertReason, Enrolment
from digital_painschool.domain.events import Event, FormSaved
from digital_painschool.domain.form import Choice, Date, Form, ManyChoices, Number, Option, Question, Scale, Text
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.validation import Answer, is_seen, whole_number
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules.access import access, module_refusal, refusal


def save_form(
    enrolment: Enrolment,
    terms: Terms,
    form: str,
    answers: Mapping[str, Answer],
    *,
    module: int | None = None,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Save a submission of a form; it raises a flag, with priority from an alert threshold on.

    Rule: M-14, D-17a. Saving again is a new submission; saved submissions never change.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        form: The form's key.
        answers: The answers by question key; an optional question may be left out.
        module: The number of the module that it was filled in from; left out, the only open one whose pages carry the
            form, if there is one alone.
        by: The patient who saves.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The patient may only read, the form does not exist, its module is closed or carries no such form,
            or answers are missing, wrong or for an unknown question: the facts name each question, never the answer.
        InvalidValue: The module is not a whole number.
    """
    definition = _definition(enrolment, terms, form, at)
    filled_in_from = _module_of(enrolment, terms, form, module, at)
    problems = answer_problems(definition, answers)
    if problems:
        questions = tuple(problem.question for problem in problems if problem.question is not None)
        raise RuleViolation("M-14", Reason.INVALID_ANSWERS, form=form, questions=questions, problems=problems)
    total = score(definition, answers)
    reasons = alert_reasons(definition, answers, total)
    return (
        FormSaved(
            at=at,
            by=by.signature,
            form=form,
            number=enrolment.form(form).saved + 1,
            score=total,
            alert=bool(reasons),
            module=filled_in_from,
            reasons=reasons,
        ),
    )


def form_to_fill_in(enrolment: Enrolment, terms: Terms, form: str, at: datetime) -> Form:
    """Return the definition of a form that the patient may fill in at an instant. Rule: M-14, M-18, D-04a, D-18a.

    Raises:
        RuleViolation: The patient may only read, the form does not exist, or its module is closed.
    """
    definition = _definition(enrolment, terms, form, at)
    _open_carriers(enrolment, terms, form, at)
    return definition


def answer_problems(form: Form, answers: Mapping[str, Answer]) -> tuple[AnswerProblem, ...]:
    """Return the problems of the answers to a form, in the order of its questions. Rule: M-14, D-24d.

    No problem repeats an answer, nor a key that is of no question.
    """
    problems = [
        evolve(problem, question=question.key)
        for question in form.questions
        if (problem := _problem(question, answers.get(question.key))) is not None
    ]
    unknown = len(answers.keys() - form.keys)
    if unknown:
        problems.append(_coded(AnswerCode.UNKNOWN_QUESTIONS, count=unknown))
    return tuple(problems)


def score(form: Form, answers: Mapping[str, Answer]) -> int | None:
    """Return the sum of the answers' scores; None when the form has no scored question. Rule: D-17a."""
    if not form.scored:
        return None
    return sum(_points(question, answers[question.key]) for question in form.scored if question.key in answers)


def is_alert(form: Form, answers: Mapping[str, Answer], total: int | None) -> bool:
    """Return whether an answer or the score reaches its alert threshold. Rule: D-17a."""
    return alert_reasons(form, answers, total) != ()


def alert_reasons(form: Form, answers: Mapping[str, Answer], total: int | None) -> tuple[AlertReason, ...]:
    """Return the thresholds that the score and the answers reach: the score first, then the questions in order.

    Rule: D-15b, D-17a. A reason holds a key and a number of the program, never an answer: it stands on the timeline,
    which holds no answers, and in the box of current events, which administrators see.
    """
    by_score = form.alert_from is not None and total is not None and total >= form.alert_from
    of_score = [AlertReason(question=None, threshold=form.alert_from)] if by_score else []
    of_answers = [
        AlertReason(question=question.key, threshold=getattr(question, "alert_from", None))
        for question in form.alarming
        if question.key in answers and _alarms(question, answers[question.key])
    ]
    return (*of_score, *of_answers)


def _definition(enrolment: Enrolment, terms: Terms, form: str, at: datetime) -> Form:
    if not access(enrolment, terms.policy, at).fill_in_forms:
        raise refusal(enrolment, terms.policy, at)
    definition = terms.program.form(form)
    if definition is None:
        raise RuleViolation("M-14", Reason.UNKNOWN_FORM)
    return definition


def _open_carriers(enrolment: Enrolment, terms: Terms, form: str, at: datetime) -> list[int]:
    """Return the open modules that carry a form; refuse where all of them are closed."""
    carriers = terms.program.carriers(form)
    open_ones = [carrier for carrier in carriers if module_refusal(enrolment, terms, carrier, at) is None]
    if carriers and not open_ones and (why := module_refusal(enrolment, terms, carriers[0], at)):
        raise why
    return open_ones


def _coded(code: AnswerCode, **limits: float) -> AnswerProblem:
    """Return a problem that names no question yet."""
    return AnswerProblem(None, code, limits)


def _module_of(enrolment: Enrolment, terms: Terms, form: str, module: int | None, at: datetime) -> int | None:
    """Return the module that a form is filled in from; None where several open ones carry it and none is named."""
    open_ones = _open_carriers(enrolment, terms, form, at)
    if module is None:
        return open_ones[0] if len(open_ones) == 1 else None
    if whole_number(module, "module") not in terms.program.carriers(form):
        raise RuleViolation("M-14", Reason.FORM_NOT_IN_MODULE, form=form, module=module)
    if closed := module_refusal(enrolment, terms, module, at):
        raise closed
    return module


def _problem(question: Question, answer: Answer | None) -> AnswerProblem | None:
    if answer is None:
        return _coded(AnswerCode.REQUIRED) if question.required else None
    return _CHECKS[type(question)](question, answer)


def _scale_problem(question: Scale, answer: Answer) -> AnswerProblem | None:
    if type(answer) is not int or not question.lowest <= answer <= question.highest:
        return _coded(AnswerCode.NOT_ON_SCALE, lowest=question.lowest, highest=question.highest)
    return None


def _choice_problem(question: Choice, answer: Answer) -> AnswerProblem | None:
    if isinstance(answer, str) and answer in question.by_key:
        return None
    return _coded(AnswerCode.NOT_AN_OPTION)


def _many_problem(question: ManyChoices, answer: Answer) -> AnswerProblem | None:
    if not isinstance(answer, tuple):
        return _coded(AnswerCode.NOT_A_LIST_OF_OPTIONS)
    if len(set(answer)) != len(answer) or not question.by_key.keys() >= set(answer):
        return _coded(AnswerCode.NOT_AMONG_OPTIONS)
    if question.required and not answer:
        return _coded(AnswerCode.NOTHING_CHOSEN)
    return None


def _number_problem(question: Number, answer: Answer) -> AnswerProblem | None:
    right_type = type(answer) is int or (type(answer) is float and not question.whole)
    if not right_type or not question.lowest <= answer <= question.highest:  # type: ignore[operator]
        code = AnswerCode.NOT_A_WHOLE_NUMBER_WITHIN if question.whole else AnswerCode.NOT_A_NUMBER_WITHIN
        return _coded(code, lowest=question.lowest, highest=question.highest)
    return None


def _text_problem(question: Text, answer: Answer) -> AnswerProblem | None:
    if not isinstance(answer, str):
        return _coded(AnswerCode.NOT_A_TEXT)
    if len(answer) > question.longest:
        return _coded(AnswerCode.TEXT_TOO_LONG, limit=question.longest)
    if question.required and not is_seen(answer):
        return _coded(AnswerCode.REQUIRED)
    return None


def _date_problem(question: Date, answer: Answer) -> AnswerProblem | None:
    try:
        if isinstance(answer, str) and date.fromisoformat(answer).isoformat() == answer:
            return None
    except ValueError:
        pass
    return _coded(AnswerCode.NOT_A_DATE)


_CHECKS: Mapping[type[Question], Callable[[Any, Answer], AnswerProblem | None]] = {
    Scale: _scale_problem,
    Choice: _choice_problem,
    ManyChoices: _many_problem,
    Number: _number_problem,
    Text: _text_problem,
    Date: _date_problem,
}


def _points(question: Question, answer: Answer) -> int:
    if isinstance(question, Choice):
        option = question.by_key.get(answer) if isinstance(answer, str) else None
        return 0 if option is None else option.score or 0
    if isinstance(question, ManyChoices):
        return sum([option.score or 0 for option in _chosen(question, answer)])
    return int(answer) if isinstance(answer, int) else 0


def _alarms(question: Question, answer: Answer) -> bool:
    if isinstance(question, (Choice, ManyChoices)):
        return any(option.alert for option in _chosen(question, answer))
    return (
        isinstance(question, (Scale, Number))
        and isinstance(answer, (int, float))
        and question.alert_from is not None
        and answer >= question.alert_from
    )


def _chosen(question: Choice | ManyChoices, answer: Answer) -> Iterable[Option]:
    if isinstance(answer, tuple):
        return [option for option in question.options if option.key in answer]
    chosen = question.by_key.get(answer) if isinstance(answer, str) else None
    return () if chosen is None else (chosen,)
