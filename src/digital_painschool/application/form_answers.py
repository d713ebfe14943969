"""A form's answers, question by question, ready for a table or a plot. Rule: M-15, M-16, D-17a."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from attrs import field, frozen

from digital_painschool.application.executor import Executor
from digital_painschool.application.patient_head import PatientHead
from digital_painschool.application.views import Submission, submissions
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.form import Axis, Choice, Form, ManyChoices, Number, Question, Scale
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.validation import Answer, plain_text
from digital_painschool.errors import Reason, RuleViolation


def _masked(answers: Sequence[Answer | None] | Masked[tuple[Answer | None, ...]]) -> Masked[tuple[Answer | None, ...]]:
    return answers if isinstance(answers, Masked) else Masked(tuple(answers))


@frozen(kw_only=True)
class QuestionAnswers:
    """The answers to one question: a row of the table, a line of the plot.

    Args:
        question: The question with its text, its options and its ends.
        answers: The answers, one for each submission in order; None where the question was not answered.
    """

    question: Question
    _answers: Masked[tuple[Answer | None, ...]] = field(converter=_masked)

    @property
    def answers(self) -> tuple[Answer | None, ...]:
        """The answers, one for each submission in order."""
        return self._answers.reveal()

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers as a person reads them: an option by its text, nothing as an empty text."""
        return tuple("" if answer is None else _text(self.question, answer) for answer in self.answers)

    @property
    def values(self) -> tuple[float | None, ...]:
        """The answers as numbers for a plot; None where there is no number."""
        has_numbers = isinstance(self.question, (Scale, Number))
        return tuple(a if has_numbers and isinstance(a, (int, float)) else None for a in self.answers)

    @property
    def axis(self) -> Axis | None:
        """The axis of a question that is answered by a number; None for another one."""
        asked = self.question
        if isinstance(asked, Scale):
            ends = {"low_label": asked.low_label, "high_label": asked.high_label}
            return Axis(lowest=asked.lowest, highest=asked.highest, alert_from=asked.alert_from, **ends)
        if isinstance(asked, Number):
            ends = {"unit_label": asked.unit_label}
            return Axis(lowest=asked.lowest, highest=asked.highest, alert_from=asked.alert_from, **ends)
        return None

    def __repr__(self) -> str:
        return f"QuestionAnswers(question={self.question.key!r}, answers=****)"


@frozen(kw_only=True)
class FormAnswers:
    """All submissions of a form, from one state. Rule: M-15, M-16.

    Args:
        form: The form with its questions.
        modules: The numbers of the modules whose pages carry the form.
        submissions: The submissions, oldest first, each with its time, score, and the module it was filled in from.
        read: The number of the last submission that the therapist had read before this view.
        zone: The unit's zone, in which a screen shows times.
        head: For staff: the head of the tab. None for the patient.
    """

    form: Form
    modules: tuple[int, ...]
    submissions: tuple[Submission, ...]
    read: int
    zone: ZoneInfo
    head: PatientHead | None = None

    @property
    def questions(self) -> tuple[QuestionAnswers, ...]:
        """The questions in their order, each with its answers."""
        return tuple(
            QuestionAnswers(
                question=question, answers=[submission.answers.get(question.key) for submission in self.submissions]
            )
            for question in self.form.questions
        )

    @property
    def scores(self) -> tuple[int | None, ...]:
        """The scores, one for each submission in order."""
        return tuple(submission.score for submission in self.submissions)

    @property
    def score_axis(self) -> Axis | None:
        """The axis of the scores, from the lowest possible score to the highest; None for a form without a score."""
        if not self.form.scored:
            return None
        bounds = [_score_bounds(question) for question in self.form.scored]
        lowest, highest = (sum(ends) for ends in zip(*bounds, strict=True))
        return Axis(lowest=lowest, highest=highest, alert_from=self.form.alert_from)


def require_form(executor: Executor, rule: str, enrolment: Enrolment, form: str) -> None:
    """Refuse a form that the enrolment's program does not have.

    Raises:
        RuleViolation: `UNKNOWN_FORM`.
    """
    if executor.terms.of(enrolment).program.form(plain_text(form, "a form's key")) is None:
        raise RuleViolation(rule, Reason.UNKNOWN_FORM)


def form_answers(
    executor: Executor, enrolment: Enrolment, form: str, *, head: PatientHead | None = None
) -> FormAnswers:
    """Return the answers to a form that the enrolment's state counts. Rule: M-15, M-16.

    Args:
        executor: Has the storage and the terms.
        enrolment: The state.
        form: The form's key.
        head: The head of the tab, for staff.
    """
    terms = executor.terms.of(enrolment)
    program = terms.program
    definition = program.form(form)
    assert definition is not None, "require_form comes first"
    return FormAnswers(
        form=definition,
        modules=program.carriers(form),
        submissions=submissions(executor.storage, enrolment, definition.key),
        read=enrolment.form(definition.key).read,
        zone=terms.policy.zone,
        head=head,
    )


def _text(question: Question, answer: Answer) -> str:
    if isinstance(question, Choice):
        option = question.by_key.get(str(answer))
        return str(answer) if option is None else option.text
    if isinstance(question, ManyChoices) and isinstance(answer, tuple):
        return ", ".join(option.text for option in question.options if option.key in answer)
    return number_text(answer) if isinstance(answer, float) else str(answer)


def number_text(number: float) -> str:
    """Return a number as a person reads it: all of its digits, and no decimals where there are none."""
    return str(int(number)) if number == int(number) else str(number)


def _score_bounds(question: Question) -> tuple[float, float]:
    """Return the lowest and the highest score that the answer to a question can add; no answer adds nothing."""
    if isinstance(question, (Scale, Number)):
        lowest, highest = question.lowest, question.highest
    elif isinstance(question, (Choice, ManyChoices)):
        points = [option.score or 0 for option in question.options]
        if isinstance(question, ManyChoices):
            return sum(filter((0).__gt__, points)), sum(filter((0).__lt__, points))
        lowest, highest = min(points), max(points)
    else:
        return 0, 0
    return (lowest, highest) if question.required else (min(lowest, 0), max(highest, 0))
