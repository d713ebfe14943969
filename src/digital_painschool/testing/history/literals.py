"""Values as Python code: short names for what the kit has names for, everything else as it is written."""

from collections.abc import Mapping
from datetime import date
from enum import Enum
from math import isfinite
from pathlib import Path
from types import MappingProxyType

from attrs import AttrsInstance, fields

from digital_painschool.domain.people import Actor
from digital_painschool.domain.program import Completion, Ordering, Program
from digital_painschool.programs import program_to_data
from digital_painschool.testing import example, people
from digital_painschool.testing.example import PROGRAM, SLEEP, program

_TEXTS: Mapping[str, str] = MappingProxyType(
    {
        value: name
        for module in (people, example)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
)
_ACTORS: Mapping[Actor, str] = MappingProxyType(
    {value: name for name, value in vars(people).items() if isinstance(value, Actor)}
)
_HSA_IDS: Mapping[str, str] = MappingProxyType({actor.hsa_id: f"{name}.hsa_id" for actor, name in _ACTORS.items()})
_PROGRAMS = (
    *((PROGRAM, "PROGRAM"), (SLEEP, "SLEEP")),
    *((program(o), f"program({o})") for o in Ordering),
    *((program(o, Completion.PAGES_READ), f"program({o}, {Completion.PAGES_READ})") for o in Ordering),
)


def literal(value: object) -> str:
    """Write a value as Python code that gives it again."""
    match value:
        case Actor():
            return _ACTORS.get(value) or _actor(value)
        case Program():
            return _program(value)
        case Enum():
            return str(value)
        case Path():
            return f"school.environment.folder / {value.name!r}"
        case str():
            return _TEXTS.get(value) or _HSA_IDS.get(value) or repr(str(value))
        case float():
            return repr(value) if isfinite(value) else f"float({str(value)!r})"
        case date():
            return f"date({value.year}, {value.month}, {value.day})"
    return _collection(value)


def _collection(value: object) -> str:
    match value:
        case frozenset():
            return f"frozenset({literal(sorted(value, key=literal))})"
        case tuple():
            return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case dict():
            return f"{{{', '.join(f'{literal(key)}: {literal(item)}' for key, item in value.items())}}}"
    return repr(value)


def _actor(actor: Actor) -> str:
    return f"Actor(hsa_id={str(actor.hsa_id)!r}, unit={literal(actor.unit)}, roles={literal(actor.roles)})"


def _program(value: Program) -> str:
    for known, name in _PROGRAMS:
        if known == value:
            return name
    return f"program_from_data({program_to_data(value)!r}, {value.key!r})"


def short(value: AttrsInstance) -> str:
    """Write an attrs value with those of its fields that are not as they are when left out."""
    positional: list[str] = []
    named: list[str] = []
    skipped = False
    for field in fields(type(value)):
        given = getattr(value, field.name)
        if given == field.default:
            skipped = skipped or not field.kw_only
        elif skipped or field.kw_only:
            named.append(f"{field.name}={literal(given)}")
        else:
            positional.append(literal(given))
    return f"{type(value).__name__}({', '.join((*positional, *named))})"
