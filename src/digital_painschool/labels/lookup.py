"""The label of a value, in the language that a person reads. Rule: D-24d."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Protocol

from digital_painschool.codes import AnswerProblem, OtherAction
from digital_painschool.errors import InvalidValue, NotPermitted, PainSchoolError, RuleViolation
from digital_painschool.labels import english, swedish


class Language(StrEnum):
    """A language that labels are written in, by its ISO 639 code."""

    SWEDISH = "sv"
    ENGLISH = "en"


class DatedFact(Protocol):
    """An event of a timeline, as labels see it: this package lies below the events, and finds them by their names."""

    @property
    def at(self) -> datetime:
        """The instant."""
        ...

    @property
    def by(self) -> str:
        """The author."""
        ...


class ToldFact(Protocol):
    """A line of a timeline, as labels see it: an event with the facts of its sentence."""

    @property
    def event(self) -> DatedFact:
        """The event."""
        ...

    @property
    def facts(self) -> Mapping[str, object]:
        """The facts that the event does not hold itself: titles and local days."""
        ...


Labelled = Enum | OtherAction | DatedFact | type[DatedFact] | ToldFact | AnswerProblem | PainSchoolError
"""The values with labels: members of enums, actions of another version, events, their classes and lines, problems with
answers, and errors.
"""

Labels = Mapping[str, Mapping[str, str]]
"""Labels by the name of an enum and of its member. Events are under `Event`, errors under `Error`, by their class."""

LABELS: Mapping[Language, Labels] = MappingProxyType(
    {Language.SWEDISH: swedish.LABELS, Language.ENGLISH: english.LABELS}
)
"""Every label, with places for facts. A part in square brackets is shown when its facts are known.

The forms of a label for one and for several are divided by `|`; its first place is the number.
`{limit}` is replaced by the fact `limit`. `{alert?}` is replaced by nothing, and asks that the fact `alert` is true.
"""

_SIGNS = {Language.SWEDISH: str.maketrans(",.", "\N{NO-BREAK SPACE},"), Language.ENGLISH: str.maketrans("", "")}
"""The signs of numbers that differ from English: a blank between thousands and a decimal comma."""
_MONTHS = {Language.SWEDISH: swedish.MONTHS, Language.ENGLISH: english.MONTHS}
_OPTIONAL = re.compile(r"\[([^][]*)\]")
_PLACE = re.compile(r"\{(\w+\??)\}")


def label(value: Labelled, language: Language | str = Language.SWEDISH, **facts: object) -> str:
    """Return the words for a value: an enum's member, an event or its class, an answer's problem, or an error.

    Rule: D-24d. The facts of an event, a problem or an error fill the places of its label. A label without a fact that
    it could show is shorter, and complete. Only texts, numbers, days and labelled values are filled in. The line of a
    timeline has the facts that its event lacks: the label of a line is a whole sentence.

    Args:
        value: The value.
        language: The language, or its code.
        facts: Facts by name, such as `form="Hälsoskattning"`; they come before the value's own.

    Raises:
        InvalidValue: There are no labels in that language, or for that kind of value.
    """
    spoken = language_of(language)
    if isinstance(value, OtherAction):
        return str(value)
    group, name, own = _entry(value, LABELS[spoken])
    text = LABELS[spoken].get(group, {}).get(name)
    if text is None:
        raise InvalidValue(f"there is no label for a {type(value).__name__}; docs/reference/labels.md lists them")
    known = {**own, **facts}
    one, bar, several = text.partition("|")
    if bar:
        text = one if known.get(_PLACE.findall(one)[0]) == 1 else several
    shown = {key: words for key, fact in known.items() if (words := _shown(fact, spoken))}
    shown |= {f"{key}?": "" for key, fact in known.items() if fact is True}
    return _OPTIONAL.sub(lambda part: _filled(part[1], shown), text)


def language_of(language: object) -> Language:
    """Return the language of a code.

    Raises:
        InvalidValue: There are no labels in that language.
    """
    # A value that is no text may fail to be compared, and what is refused is not repeated.
    found = next((one for one in Language if one == language), None) if isinstance(language, str) else None
    if found is None:
        raise InvalidValue(f"there are no labels in that language; choose one of {', '.join(Language)}")
    return found


def _entry(value: object, labels: Labels) -> tuple[str, str, Mapping[str, object]]:
    """Return where the label of a value stands (its group and name), and the facts of the value."""
    match value:
        case Enum():
            return type(value).__name__, value.name, {}
        case RuleViolation():
            return "Reason", value.reason.name, {**value.facts, **_flags(value, labels)}
        case AnswerProblem():
            return "AnswerCode", value.code.name, value.limits
        case NotPermitted():
            return "Error", "NotPermitted", {"whom": tuple(_whom(code, labels) for code in value.whom)}
        case InvalidValue(reason=Enum() as reason):
            return type(reason).__name__, reason.name, value.limits
        case PainSchoolError():
            names = (class_.__name__ for class_ in type(value).__mro__)
            return "Error", next(name for name in names if name in labels["Error"]), {}
        case type():
            return "Event", value.__name__, {}
    event = getattr(value, "event", value)
    return "Event", type(event).__name__, {**getattr(event, "__dict__", {}), **getattr(value, "facts", {})}


def _flags(refusal: RuleViolation, labels: Labels) -> Mapping[str, object]:
    """Return the words for the kinds of flags that a refusal names by their codes."""
    codes = refusal.facts.get("flags")
    names = [str(code).upper().replace("-", "_") for code in codes] if isinstance(codes, tuple) else []
    return {"flags": tuple(labels["FlagKind"].get(name, name) for name in names)} if names else {}


def _whom(code: str, labels: Labels) -> str:
    """Return the words for one whom to ask: a role, or the patient's therapist."""
    name = code.upper().replace("-", "_")
    return labels["Role"].get(name) or labels["Word"][name]


def _filled(part: str, shown: Mapping[str, str]) -> str:
    if not shown.keys() >= set(_PLACE.findall(part)):
        return ""
    return _PLACE.sub(lambda place: shown[place[1]], part)


def _shown(fact: object, language: Language) -> str:
    """Return a fact as text; nothing for a fact that is no text, number, day or labelled value."""
    match fact:
        case datetime():
            return ""  # an instant is shown in a zone, which no label knows
        case date():
            return f"{fact.day} {_MONTHS[language][fact.month - 1]} {fact.year}"
        case Enum() if type(fact).__name__ in LABELS[language]:
            return label(fact, language)
        case bool():
            return ""
        case int() | float():
            whole = isinstance(fact, float) and fact.is_integer()
            return f"{int(fact) if whole else fact:,}".translate(_SIGNS[language])
        case str():
            return str.__str__(fact)  # it may be a member of an enumeration of the host's
        case tuple() | frozenset():
            return ", ".join(_shown(item, language) for item in (fact if isinstance(fact, tuple) else sorted(fact)))
    return ""
