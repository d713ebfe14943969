"""Faults in a program's data, in plain English: where each is, what was expected there, what was there."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, get_origin

import attrs
from cattrs import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from digital_painschool.errors import InvalidProgram

EXPECTED: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_NAMED_BY = ("number", "key", "title")
_SHOWN = 40
_LINE = 300


class Misplaced(Exception):
    """A value that is not what its place asks for; the text says both.

    Args:
        text: What is wrong.
        key: The key that it is wrong under, within the place where this is raised.
    """

    def __init__(self, text: str, key: str = "") -> None:
        super().__init__(text)
        self.key = key


def unexpected(expected: str, value: object, key: str = "") -> Misplaced:
    """Make the error that says what was expected and, in short, what was there."""
    return Misplaced(f"expected {expected}, got {_described(value)}", key)


def problems(error: Exception, data: Any, path: str = "", wanted: Any = None) -> Iterator[str]:
    """Name every fault that an error of the strict converter holds, each with its path.

    Args:
        error: What structuring raised.
        data: The data that it was raised for.
        path: Where the data is, from the top.
        wanted: The type that the data was for.
    """
    match error:
        case InvalidProgram():
            yield from (_short(_within(path, problem), _LINE) for problem in error.problems)
        case ClassValidationError():
            noted, bare = error.group_exceptions()
            for inner, note in noted:
                yield from problems(inner, data.get(note.name), _within(path, note.name), note.type)
            for inner in bare:
                yield from problems(inner, data, path)
        case IterableValidationError():
            labels = _labels(data)
            for inner, item in error.group_exceptions()[0]:
                index = int(item.index)
                yield from problems(inner, data[index], f"{path}[{labels[index]}]", item.type)
        case ForbiddenExtraKeysError():
            known = ", ".join(_keys_of(error.cl))
            for key in sorted(map(str, error.extra_fields)):
                yield f"{_within(path, _short(key))}: unknown key; the keys here are {known}"
        case KeyError():
            yield f"{path}: is missing; expected {_expected(wanted)}"
        case Misplaced():
            place = _within(path, error.key) if error.key else path
            yield f"{place or 'the top'}: {error}"
        case _:
            raise error


def _within(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _keys_of(cls: type) -> list[str]:
    tag = ["kind"] if hasattr(cls, "kind") else []
    return [*tag, *(attribute.name for attribute in attrs.fields(cls) if attribute.init)]


def _labels(items: list[object]) -> list[str]:
    """Name each item by its number, key or title where that is unique, and otherwise by its place, counted from 1."""
    names = [_name(item) for item in items]
    times = Counter(names)
    return [name if name and times[name] == 1 else f"#{place}" for place, name in enumerate(names, 1)]


def _name(item: object) -> str:
    if isinstance(item, dict):
        for key in _NAMED_BY:
            value = item.get(key)
            if (isinstance(value, str) and value.strip()) or (type(value) is int and abs(value) < 10**_SHOWN):
                return _short(str(value))
    return ""


def _short(text: str, most: int = _SHOWN) -> str:
    start = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text[:most])
    return start if len(text) <= most else f"{start[:most]}…"


def _expected(wanted: Any) -> str:
    return "a list" if get_origin(wanted) is tuple else EXPECTED.get(wanted, "a table of keys")


def _described(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() if abs(value) >= 10**_SHOWN:
            return "an enormous number"
        case int():
            return f"the whole number {value}"
        case float():
            return f"the number {value}"
        case str():
            return f"text '{_short(value)}'"
        case list() | tuple():
            return "a list"
        case dict():
            return "a table of keys"
    return f"a {type(value).__name__}"
