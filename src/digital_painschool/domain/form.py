"""Forms, which a patient fills in, and the kinds of their questions.

Each field is checked by a validator. The problems between fields are found by hand, in `problems`: a program names all
of its problems at once, each with its key, and a validator would stop at the first.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import ClassVar, get_args

from attrs import field, frozen

from digital_painschool.domain.limits import (
    FARTHEST,
    KEY,
    LABEL,
    POINTS,
    TEXT,
    TEXT_LENGTH,
    TITLE,
    exactly,
    number,
    optional,
    several,
    whole,
)

_POINTS = whole(-POINTS, POINTS)
_NUMBER = number(-FARTHEST, FARTHEST)


@frozen(kw_only=True)
class Option:
    """One answer to choose.

    Args:
        key: The key that is stored.
        text: The text that the patient reads.
        score: The points that the option adds to the form's score; None adds nothing.
        alert: True raises a priority flag (D-17a).
    """

    key: str = field(validator=KEY)
    text: str = field(validator=TEXT)
    score: int | None = field(default=None, validator=optional(_POINTS))
    alert: bool = field(default=False, validator=exactly(bool))


@frozen(kw_only=True)
class _Question:
    key: str = field(validator=KEY)
    text: str = field(validator=TEXT)
    required: bool = field(default=True, validator=exactly(bool))

    kind: ClassVar[str]

    def problems(self) -> Iterator[str]:
        """Yield the problems between the fields of the question."""
        yield from ()


@frozen(kw_only=True)
class Scale(_Question):
    """A whole number between two ends, both included.

    Args:
        lowest: The low end.
        highest: The high end.
        low_label: What the low end means.
        high_label: What the high end means.
        scored: True adds the answer to the form's score.
        alert_from: An answer of this or more raises a priority flag (D-17a).
    """

    kind = "scale"
    lowest: int = field(default=0, validator=_POINTS)
    highest: int = field(default=10, validator=_POINTS)
    low_label: str = field(default="", validator=LABEL)
    high_label: str = field(default="", validator=LABEL)
    scored: bool = field(default=False, validator=exactly(bool))
    alert_from: int | None = field(default=None, validator=optional(_POINTS))

    def problems(self) -> Iterator[str]:
        if not self.lowest < self.highest:
            yield "highest: must be above lowest"
        if self.alert_from is not None and not self.lowest <= self.alert_from <= self.highest:
            yield "alert_from: must lie on the scale"


@frozen(kw_only=True)
class Choice(_Question):
    """One of several options; the answer is the option's key."""

    kind = "choice"
    options: tuple[Option, ...] = field(validator=several(exactly(Option)))

    @cached_property
    def by_key(self) -> Mapping[str, Option]:
        """The options by their keys."""
        return {option.key: option for option in self.options}

    def problems(self) -> Iterator[str]:
        yield from _option_problems(self.options)


@frozen(kw_only=True)
class ManyChoices(_Question):
    """Any number of several options; the answer is their keys, each once."""

    kind = "many-choices"
    options: tuple[Option, ...] = field(validator=several(exactly(Option)))

    @cached_property
    def by_key(self) -> Mapping[str, Option]:
        """The options by their keys."""
        return {option.key: option for option in self.options}

    def problems(self) -> Iterator[str]:
        yield from _option_problems(self.options)


@frozen(kw_only=True)
class Number(_Question):
    """A number, whole or with decimals, between two bounds, both included.

    Args:
        lowest: The smallest that is accepted.
        highest: The largest that is accepted.
        unit_label: The unit of the number, such as `"timmar"`.
        whole: True refuses decimals.
        scored: True adds the answer, which is then whole, to the form's score.
        alert_from: An answer of this or more raises a priority flag (D-17a).
    """

    kind = "number"
    lowest: float = field(default=-1e12, validator=_NUMBER)
    highest: float = field(default=1e12, validator=_NUMBER)
    unit_label: str = field(default="", validator=LABEL)
    whole: bool = field(default=False, validator=exactly(bool))
    scored: bool = field(default=False, validator=exactly(bool))
    alert_from: float | None = field(default=None, validator=optional(_NUMBER))

    def problems(self) -> Iterator[str]:
        if not self.lowest < self.highest:
            yield "highest: must be above lowest"
        if self.alert_from is not None and not self.lowest <= self.alert_from <= self.highest:
            yield "alert_from: must lie between lowest and highest"
        if self.scored and not self.whole:
            yield "scored: only a whole number can be scored; set whole too"


@frozen(kw_only=True)
class Text(_Question):
    """Free text.

    Args:
        longest: The most characters that are accepted.
    """

    kind = "text"
    longest: int = field(default=4000, validator=whole(1, TEXT_LENGTH))


@frozen(kw_only=True)
class Date(_Question):
    """A calendar date; the answer is kept as ISO 8601 text (`2026-11-22`)."""

    kind = "date"


Question = Scale | Choice | ManyChoices | Number | Text | Date
"""The kinds of questions; in a program file `kind` says which."""


@frozen(kw_only=True)
class Form:
    """A form, which a patient fills in.

    Args:
        key: The name of the form, such as `"halsoskattning"`.
        title: The title that a person reads.
        questions: In the order in which they are asked.
        alert_from: A score of this or more raises a priority flag (D-17a).
    """

    key: str = field(validator=KEY)
    title: str = field(validator=TITLE)
    questions: tuple[Question, ...] = field(validator=several(exactly(*get_args(Question))))
    alert_from: int | None = field(default=None, validator=optional(whole(-FARTHEST, FARTHEST)))

    @cached_property
    def keys(self) -> frozenset[str]:
        """The keys of the questions."""
        return frozenset(question.key for question in self.questions)

    @cached_property
    def scored(self) -> tuple[Question, ...]:
        """The questions whose answers add to the form's score."""
        return tuple(question for question in self.questions if is_scored(question))

    @cached_property
    def alarming(self) -> tuple[Question, ...]:
        """The questions of which an answer by itself can raise a priority flag (D-17a)."""
        return tuple(question for question in self.questions if _is_alarming(question))

    def problems(self) -> Iterator[str]:
        """Yield the problems between the parts of the form, each with its key."""
        if not self.questions:
            yield "questions: a form has at least one"
        yield from repeated("questions", [question.key for question in self.questions])
        if self.alert_from is not None and not self.scored:
            yield "alert_from: no question of the form is scored"
        for question in self.questions:
            yield from (f"questions[{question.key}].{problem}" for problem in question.problems())


def repeated(name: str, keys: list[str]) -> Iterator[str]:
    """Yield a problem for each key that occurs more than once in the list called `name`."""
    yield from (f"{name}: {key!r} comes twice" for key, times in sorted(Counter(keys).items()) if times > 1)


def _option_problems(options: tuple[Option, ...]) -> Iterator[str]:
    if not options:
        yield "options: there must be at least one to choose"
    yield from repeated("options", [option.key for option in options])


def is_scored(question: Question) -> bool:
    """Return whether an answer adds to the form's score."""
    if isinstance(question, (Scale, Number)):
        return question.scored
    return isinstance(question, (Choice, ManyChoices)) and any(o.score is not None for o in question.options)


def _is_alarming(question: Question) -> bool:
    if isinstance(question, (Scale, Number)):
        return question.alert_from is not None
    return isinstance(question, (Choice, ManyChoices)) and any(option.alert for option in question.options)


@frozen(kw_only=True)
class Axis:
    """The axis on which answers or scores are plotted.

    Args:
        lowest: The low end.
        highest: The high end.
        low_label: What the low end means; empty where the form does not say.
        high_label: What the high end means; empty where the form does not say.
        unit_label: The unit of the numbers; empty for none.
        alert_from: A value of this or more raises a priority flag (D-17a); None for no threshold.
    """

    lowest: float
    highest: float
    low_label: str = ""
    high_label: str = ""
    unit_label: str = ""
    alert_from: float | None = None
