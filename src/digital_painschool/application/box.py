"""The box of current events as a screen shows it: titles, thresholds in words, and what settles each flag.

Rule: M-15, D-08a, D-15b, D-17a.
"""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from digital_painschool.application.form_answers import number_text
from digital_painschool.domain.enrolment import AlertReason
from digital_painschool.domain.form import Choice, Form, ManyChoices, Number
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Program
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.permissions import Action


@frozen(kw_only=True)
class Settlement:
    """The ways in which a flag is settled; a screen shows those that are among the page's `actions`. Rule: M-15, D-17a.

    Args:
        by_reading: The action that shows what waits, and settles the flag with it: `READ_ANSWERS` (`open_form`, or
            `form_answers` and then `mark_read`) or `READ_CONVERSATION` (`read_conversation`, `pages.messages`). None
            where there is nothing to read.
        by_click: The action of one click, without reading: `MARK_FORM_READ` (`mark_read`) or `MARK_FLAG_HANDLED`
            (`mark_handled`). None where no click settles the flag.
        by_decision: The actions of which one settles the flag, each with choices of its own: `MAINTAIN` or `END`.
    """

    by_reading: Action | None = None
    by_click: Action | None = None
    by_decision: tuple[Action, ...] = ()


SETTLEMENTS: Mapping[FlagKind, Settlement] = MappingProxyType(
    {
        FlagKind.FORM_SAVED: Settlement(by_reading=Action.READ_ANSWERS, by_click=Action.MARK_FORM_READ),
        FlagKind.MESSAGE_RECEIVED: Settlement(by_reading=Action.READ_CONVERSATION),
        FlagKind.PROGRAM_DONE: Settlement(by_click=Action.MARK_FLAG_HANDLED),
        FlagKind.UNDELIVERED: Settlement(by_click=Action.MARK_FLAG_HANDLED),
        FlagKind.HANDED_OVER: Settlement(by_click=Action.MARK_FLAG_HANDLED),
        FlagKind.ENDING: Settlement(by_decision=(Action.MAINTAIN, Action.REACTIVATE, Action.END)),
    }
)
"""What settles each kind of flag."""


@frozen(kw_only=True)
class ReachedThreshold:
    """A threshold that a submission reached, in the words of the program; never an answer. Rule: D-15b, D-17a.

    Args:
        question: The question's key; None for the form's score.
        question_text: The question's text; for the score, the form's title.
        threshold: The answer or score from which an alert is raised; None for a question with alerting options.
        unit_label: The unit of the number; empty for none.
        alerting_options: The texts of all options of the question that raise an alert, whichever was chosen.
    """

    question: str | None
    question_text: str
    threshold: int | float | None
    unit_label: str = ""
    alerting_options: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """The threshold as a person reads it: the number with its unit, or the options that raise an alert."""
        if self.threshold is None:
            return ", ".join(self.alerting_options)
        return f"{number_text(self.threshold)} {self.unit_label}".rstrip()


@frozen(kw_only=True)
class BoxLine:
    """One line of the box of current events, ready to show. Rule: M-15, D-08a, D-15b.

    Args:
        flag: The flag: its kind, since when it waits, and its counts.
        title: For a form: its title.
        why: The thresholds that the last alerting submission reached, in words.
        settled_by: What settles the flag.
    """

    flag: Flag
    title: str | None
    why: tuple[ReachedThreshold, ...]
    settled_by: Settlement


def box_line(flag: Flag, program: Program) -> BoxLine:
    """Return the line of the box that shows a flag of an enrolment in a program. Rule: M-15, D-15b."""
    form = None if flag.form is None else program.form(flag.form)
    return BoxLine(
        flag=flag,
        title=None if form is None else form.title,
        why=() if form is None else tuple(_in_words(reason, form) for reason in flag.why),
        settled_by=SETTLEMENTS[flag.kind],
    )


def _in_words(reason: AlertReason, form: Form) -> ReachedThreshold:
    question = next((question for question in form.questions if question.key == reason.question), None)
    return ReachedThreshold(
        question=reason.question,
        question_text=form.title if question is None else question.text,
        threshold=reason.threshold,
        unit_label=question.unit_label if isinstance(question, Number) else "",
        alerting_options=_alerting(question) if isinstance(question, (Choice, ManyChoices)) else (),
    )


def _alerting(question: Choice | ManyChoices) -> tuple[str, ...]:
    return tuple(option.text for option in question.options if option.alert)
