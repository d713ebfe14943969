"""Limits of what a program and its parts may hold: keys, titles, texts and numbers.

A limit is an attrs validator. What a storage already keeps was judged when it was started, so `as_stored` lifts the
limits while a stored program is read. Rule: D-05c.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from attrs import Attribute, frozen

from digital_painschool.errors import InvalidProgram

KEY_LENGTH = 64
"""The most characters of a key."""

LINE_LENGTH = 1000
"""The most characters of a title or a label."""

TEXT_LENGTH = 100_000
"""The most characters of a text."""

PARTS = 1000
"""The most parts of one kind in one place: modules of a program, questions of a form, options of a question."""

POINTS = 1_000_000
"""How far from 0 an end of a scale and a score may be: every sum of a form fits into 64 bits, many times over."""

FARTHEST = 10**15
"""How far from 0 any other number of a form may be: a JSON reader keeps such a whole number exactly."""

_KEY = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{KEY_LENGTH - 1}}}", re.ASCII)
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_AS_STORED: ContextVar[bool] = ContextVar("as_stored", default=False)

Judge = Callable[[object], str | None]
"""Returns what is wrong with a value, without the value, or None."""


@frozen
class Limit:
    """An attrs validator that raises `InvalidProgram`; a converter can ask it for the problem instead."""

    _judge: Judge

    def problem(self, value: object) -> str | None:
        """Return what is wrong with the value, or None; always None while a stored program is read."""
        return None if _AS_STORED.get() else self._judge(value)

    def __call__(self, part: object, attribute: "Attribute[Any]", value: object) -> None:
        problem = self.problem(value)
        if problem is not None:
            raise InvalidProgram(f"what holds this {type(part).__name__}", (f"{attribute.name}: {problem}",))


@contextmanager
def as_stored() -> Iterator[None]:
    """Lift the limits for this thread or task, while a program that a storage keeps is read. Rule: D-05c."""
    before = _AS_STORED.set(True)
    try:
        yield
    finally:
        _AS_STORED.reset(before)


def whole(lowest: int, highest: int) -> Limit:
    """Return the limit of a whole number, both ends included."""
    return Limit(lambda value: _number_problem(value, lowest, highest, (int,)))


def number(lowest: int, highest: int) -> Limit:
    """Return the limit of a whole number or one with decimals, both ends included."""
    return Limit(lambda value: _number_problem(value, lowest, highest, (int, float)))


def optional(limit: Limit) -> Limit:
    """Return the limit of a value that may be None."""
    return Limit(lambda value: None if value is None else limit.problem(value))


def exactly(*kinds: type) -> Limit:
    """Return the limit of a value that is of one of some types exactly."""
    return Limit(lambda value: None if type(value) in kinds else f"expected {_or(kinds)}, got {_kind(value)}")


def several(limit: Limit) -> Limit:
    """Return the limit of a tuple of such values, at most `PARTS`."""

    def judge(values: object) -> str | None:
        if type(values) is not tuple:
            return f"expected a tuple, got {_kind(values)}"
        if len(values) > PARTS:
            return f"must be at most {PARTS}"
        problems = ((place, limit.problem(value)) for place, value in enumerate(values, 1))
        return next((f"#{place}: {problem}" for place, problem in problems if problem), None)

    return Limit(judge)


def _key_problem(value: object) -> str | None:
    if type(value) is not str:
        return f"expected text, got {_kind(value)}"
    if not value.strip():
        return "is empty"
    if _KEY.fullmatch(value):
        return None
    return f"must be 1 to {KEY_LENGTH} of a-z, A-Z, 0-9, '-', '_' and '.', and begin with a letter or a digit"


def _text_problem(value: object, longest: int, also: str, *, empty: bool) -> str | None:
    if type(value) is not str:
        return f"expected text, got {_kind(value)}"
    if len(value) > longest:
        return f"must be at most {longest} characters"
    if not empty and not any(sign.isprintable() and not sign.isspace() for sign in value):
        return "is empty"
    # A file from Windows ends its lines in two characters.
    unseen = {sign for sign in value.replace("\r\n", "\n") if not sign.isprintable()}
    if any(unicodedata.category(sign) in _CONTROL or sign in _TURNS_DIRECTION for sign in unseen.difference(also)):
        return "holds a control character; remove it"
    return None


def _number_problem(value: object, lowest: int, highest: int, kinds: tuple[type, ...]) -> str | None:
    if type(value) not in kinds:
        return f"expected {'a number' if float in kinds else 'a whole number'}, got {_kind(value)}"
    # Not a number is within no bounds.
    return None if lowest <= value <= highest else f"must be {lowest} to {highest}"  # type: ignore[operator]


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _or(kinds: tuple[type, ...]) -> str:
    return " or ".join(kind.__name__ for kind in kinds)


KEY = Limit(_key_problem)
"""A key: ASCII letters and digits, and after the first of them also `-`, `_` and `.`."""

TITLE = Limit(lambda value: _text_problem(value, LINE_LENGTH, "", empty=False))
"""A title: one line, and nothing in it that steers a screen."""

LABEL = Limit(lambda value: _text_problem(value, LINE_LENGTH, "", empty=True))
"""A title, or nothing."""

TEXT = Limit(lambda value: _text_problem(value, TEXT_LENGTH, "\t\n", empty=False))
"""A text of several lines: tabs and line breaks are in order."""

PAGE_TEXT = Limit(lambda value: _text_problem(value, TEXT_LENGTH, "\t\n", empty=True))
"""A text, or nothing."""
