"""The texts of each decision in each language, and an answer as a sentence. Rule: D-24d."""

import tomllib
from collections.abc import Mapping
from datetime import time
from enum import Enum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from attrs import asdict, field, fields, frozen

from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import EndReason, Pace, Program
from digital_painschool.labels.lookup import Language, label, language_of

_CONTENT = frozenset({"key", "version", "title", "modules", "forms", "example"})
"""The values of a program that are its content, and no decision about how it is worked with."""

DECIDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "policy": tuple(value.name for value in fields(Policy)),
        "program": tuple(v.name for v in fields(Program) if v.init and v.name not in _CONTENT),
    }
)
"""The values that a clinic decides: of a unit's policy, and of a program."""

_AND = {Language.SWEDISH: " och ", Language.ENGLISH: " and "}


@frozen(kw_only=True)
class Decision:
    """A decision of a clinic, in one language.

    Args:
        name: The name of the value that it sets.
        rules: The ids of the rules that it comes from: M, the manual says so; D, the manual leaves it open.
        title: The decision in a few words.
        asks: The question that the clinic answers.
        says: The sentences that say what an answer means, by the answer.
        others: What else is possible.
        follows: What follows from it.
        example: An answer to show where the default is none, as data of a settings file.
        language: The language of the texts.
    """

    name: str
    rules: tuple[str, ...] = field(converter=tuple)
    title: str
    asks: str
    says: Mapping[str, str]
    others: str
    follows: str
    example: object = None
    language: Language

    def sentence(self, value: object) -> str:
        """Return what an answer means, as a whole sentence."""
        answer = _name_of(value)
        return self.says[answer if answer in self.says else "value"].format_map(_facts(value, self.language))


@cache
def decisions(language: Language | str) -> Mapping[str, Mapping[str, Decision]]:
    """Return every decision in a language: under `"policy"` and `"program"`, each by the name of its value.

    Raises:
        InvalidValue: There are no texts in that language.
    """
    spoken = language_of(language)
    return MappingProxyType(
        {
            group: MappingProxyType({name: _decision(name, _texts(spoken)[group][name], spoken) for name in names})
            for group, names in DECIDED.items()
        }
    )


def set_texts(language: Language | str) -> Mapping[str, Mapping[str, str]]:
    """Return the title of each policy set, and what it says, in a language."""
    return MappingProxyType(_texts(language_of(language))["sets"])


@cache
def _texts(language: Language) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(files(__package__).joinpath(f"{language.name.lower()}.toml").read_text("utf-8"))


def _decision(name: str, texts: Mapping[str, Any], language: Language) -> Decision:
    says = texts["says"]
    sentences = {"value": says} if isinstance(says, str) else says
    return Decision(name=name, language=language, **{**texts, "says": MappingProxyType(sentences)})


def _name_of(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return str(value).lower()
        case Enum():
            return str(value.value)
        case 0:
            return "zero"
        case 1 | (1,) | (1, 1):
            return "one"
        case tuple() | frozenset() if not value:
            return "empty"
    return "value"


def _facts(value: object, language: Language) -> Mapping[str, str]:
    match value:
        case Pace():
            return {name: str(number) for name, number in asdict(value).items()}
        case tuple() | frozenset():
            words = [_word(one, language) for one in value]
            words = words if isinstance(value, tuple) else sorted(words)
            *most, last = words or [""]
            listed = _AND[language].join([", ".join(most), last]) if most else last
            return {"value": listed, "first": words[0] if words else "", "last": last}
    return {"value": _word(value, language)}


def _word(value: object, language: Language) -> str:
    match value:
        case Enum():
            return label(value, language)
        case EndReason():
            return value.title
        case time():
            return value.isoformat("auto" if value.second else "minutes")
        case ZoneInfo():
            return value.key
    return str(value)
