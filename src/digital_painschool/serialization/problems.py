"""What is wrong with data, in plain English: each problem with its path, what was expected there, what was there.

The tree of errors that cattrs raises is walked here, and nowhere else. `cattrs.transform_error` names the items of a
list by their index alone, and some of its texts repeat the value.
"""

from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_origin

import attrs
from cattrs import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from digital_painschool.errors import InvalidProgram, PainSchoolError

EXPECTED: dict[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_SHOWN = 40
_LINE = 300


class UnexpectedValue(Exception):
    """A value of another type than the one that is expected.

    Args:
        expected: What is expected.
        value: What there is.
        key: The key that has the value, within the table for which this is raised.
    """

    def __init__(self, expected: str, value: object, key: str = "") -> None:
        super().__init__(expected)
        self.expected = expected
        self.value = value
        self.key = key


@attrs.frozen(kw_only=True)
class Problems:
    """Names every problem that an error of a strict converter holds.

    Args:
        named_by: The keys of which one may name an item of a list; an item without one goes by its number, from 1.
        shows_values: False where a value may be a secret or an address: then no value is repeated.
    """

    named_by: tuple[str, ...] = ()
    shows_values: bool = False

    def of(self, error: Exception, data: Any, path: str = "", wanted: Any = None) -> Iterator[str]:
        """Yield the problems, each with its path.

        Args:
            error: What structuring raised.
            data: The data that it was raised for.
            path: Where the data is, from the top.
            wanted: The type that the data was for.
        """
        match error:
            case InvalidProgram():
                yield from (_short(_within(path, problem), _LINE) for problem in error.problems)
            case PainSchoolError():
                yield f"{path or 'the top'}: {error}"
            case ClassValidationError():
                noted, bare = error.group_exceptions()
                for inner, note in noted:
                    yield from self.of(inner, data.get(note.name), _within(path, note.name), note.type)
                for inner in bare:
                    yield from self.of(inner, data, path)
            case IterableValidationError():
                yield from self._of_items(error, data, path)
            case ForbiddenExtraKeysError():
                keys = _keys_of(error.cl)
                known = ", ".join(keys) or "none"
                for key in sorted(map(str, error.extra_fields)):
                    meant = "".join(f"; did you mean {one}?" for one in get_close_matches(key, keys, 1))
                    yield f"{_within(path, _short(key))}: unknown key; the keys here are {known}{meant}"
            case KeyError():
                yield f"{path}: is missing; expected {_expected(wanted)}"
            case UnexpectedValue():
                got = f", got {_described(error.value)}" if self.shows_values else ""
                place = _within(path, error.key) if error.key else path
                yield f"{place or 'the top'}: expected {error.expected}{got}"
            case _:
                raise error

    def _of_items(self, error: IterableValidationError, data: Any, path: str) -> Iterator[str]:
        labels = [] if isinstance(data, dict) else self._labels(data)
        for inner, item in error.group_exceptions()[0]:
            place = f"{path}[{labels[int(item.index)]}]" if labels else _within(path, _short(str(item.index)))
            yield from self.of(inner, data[item.index], place, item.type)

    def _labels(self, items: list[object]) -> list[str]:
        """Name each item by its number, key or title where that is unique, and otherwise by its place, from 1."""
        names = [self._name(item) for item in items]
        times = Counter(names)
        return [name if name and times[name] == 1 else f"#{place}" for place, name in enumerate(names, 1)]

    def _name(self, item: object) -> str:
        if isinstance(item, dict):
            for key in self.named_by:
                value = item.get(key)
                if (isinstance(value, str) and value.strip()) or (type(value) is int and abs(value) < 10**_SHOWN):
                    return _short(str(value))
        return ""


def _within(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _keys_of(cls: type) -> list[str]:
    tag = ["kind"] if hasattr(cls, "kind") else []
    return [*tag, *(attribute.name for attribute in attrs.fields(cls) if attribute.init)]


def _short(text: str, most: int = _SHOWN) -> str:
    start = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text[:most])
    return start if len(text) <= most else f"{start[:most]}…"


def _expected(wanted: Any) -> str:
    if get_origin(wanted) is tuple:
        return "a list"
    return "a table of keys" if attrs.has(wanted) else EXPECTED.get(wanted, EXPECTED[str])


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
