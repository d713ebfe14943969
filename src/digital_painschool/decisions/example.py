"""A policy as a settings file, with every value explained."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from datetime import time
from enum import Enum
from textwrap import wrap
from zoneinfo import ZoneInfo

from attrs import asdict, has

from digital_painschool.decisions.texts import Decision, decisions, set_texts
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.policy_sets import GUIDED_YEAR, POLICY_SETS
from digital_painschool.labels.lookup import Language

_WIDTH = 98
_HEAD = {
    Language.ENGLISH: (
        "What the clinic decides. A line without # is decided; a line with # shows the default. Values for one unit"
        ' alone stand under [units."HSA-ID".policy]. The decisions about a program are in the program\'s own file.'
    ),
    Language.SWEDISH: (
        "Vad kliniken bestämmer. En rad utan # är bestämd; en rad med # visar grundinställningen. Värden för en"
        ' enda enhet står under [units."HSA-ID".policy]. Det som bestäms om ett moment står i momentets egen fil.'
    ),
}
_OTHERS = {Language.ENGLISH: "Possible: ", Language.SWEDISH: "Möjligt: "}


def example_settings(chosen: str = GUIDED_YEAR, language: Language = Language.SWEDISH) -> str:
    """Return a settings file with every value of a policy, explained, as a policy set has it, named by its key.

    A value that is as the defaults have it stands behind a `#`.
    """
    return "\n".join(_lines(chosen, language)) + "\n"


def policy_data(chosen: str) -> Mapping[str, object]:
    """Return what a policy set decides otherwise than the defaults, as data of a settings file."""
    table: dict[str, object] = tomllib.loads(example_settings(chosen))["policy"]
    return table


def toml_value(value: object) -> str:
    """Return a value of a policy as TOML."""
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return toml_value(value.value)
        case ZoneInfo():
            return toml_value(value.key)
        case time():
            return value.isoformat()
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple() | list():
            return f"[{', '.join(map(toml_value, value))}]"
        case frozenset():
            return f"[{', '.join(sorted(map(toml_value, value)))}]"
        case dict():
            return f"{{ {', '.join(f'{key} = {toml_value(one)}' for key, one in value.items())} }}"
    return toml_value(asdict(value)) if has(type(value)) else str(value)  # type: ignore[arg-type]


def _lines(chosen: str, language: Language) -> Iterator[str]:
    default = Policy()
    yield from _comment(_HEAD[language])
    yield ""
    yield from _comment(set_texts(language)[chosen]["says"])
    yield ""
    yield "[policy]"
    for name, decision in decisions(language)["policy"].items():
        value = getattr(POLICY_SETS[chosen], name)
        yield ""
        yield from _comment(f"{decision.title} ({', '.join(decision.rules)})")
        yield from _comment(decision.asks)
        yield from _comment(f"{_OTHERS[language]}{decision.others} {decision.follows}")
        yield ("# " if value == getattr(default, name) else "") + f"{name} = {_shown(value, decision)}"


def _shown(value: object, decision: Decision) -> str:
    return toml_value(decision.example if value is None else value)


def _comment(text: str) -> Iterator[str]:
    for line in wrap(text, _WIDTH):
        yield f"# {line}"
