"""The limits of a program and its parts: keys, titles, texts and numbers.

A limit is an attrs validator. A stored program was checked when it was new, so `as_stored` lifts the limits while it is
read: limits that a later version tightens must not shut a patient out. Rule: D-05c.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from attrs import Attribute, evolve, frozen
from attrs.validators import and_, ge, le, matches_re, max_len
from attrs.validators import optional as or_none

from digital_painschool.domain.checks import Check, Validator, check, exact_type, satisfies
from digital_painschool.domain.validation import is_seen, steering_characters
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
_AS_STORED: ContextVar[bool] = ContextVar("as_stored", default=False)


@frozen
class Limit:
    """An attrs validator that raises `InvalidProgram`; a converter can ask it for the problem instead.

    Args:
        check: What the value itself must be.
        items: The limit of each item, where the value is a tuple.
    """

    check: Check
    items: "Limit | None" = None

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with the value, or None; always None while a stored program is read."""
        if _AS_STORED.get():
            return None
        problem = self.check.problem(value)
        if problem is not None or self.items is None:
            return problem
        # Not `deep_iterable`, which does not say which item it refused.
        problems = ((number, self.items.problem(item)) for number, item in enumerate(value, 1))
        return next((f"#{number}: {problem}" for number, problem in problems if problem), None)

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
    return _between(lowest, highest, (exact_type(int), "expected a whole number, got {got}"))


def number(lowest: int, highest: int) -> Limit:
    """Return the limit of a whole number or one with decimals, both ends included."""
    return _between(lowest, highest, (exact_type(int, float), "expected a number, got {got}"))


def optional(limit: Limit) -> Limit:
    """Return the limit of a value that may be None."""
    return Limit(evolve(limit.check, steps=tuple((or_none(step), words) for step, words in limit.check.steps)))


def exactly(*types: type) -> Limit:
    """Return the limit of a value that is of one of some types exactly."""
    names = " or ".join(one.__name__ for one in types)
    return Limit(check((exact_type(*types), f"expected {names}, got {{got}}")))


def several(limit: Limit) -> Limit:
    """Return the limit of a tuple of such values, at most `PARTS`."""
    is_tuple = (exact_type(tuple), "expected a tuple, got {got}")
    return Limit(check(is_tuple, (max_len(PARTS), f"must be at most {PARTS}")), items=limit)


def _between(lowest: int, highest: int, has_type: tuple[Validator, str]) -> Limit:
    return Limit(check(has_type, (and_(ge(lowest), le(highest)), f"must be {lowest} to {highest}")))


_IS_TEXT = (exact_type(str), "expected text, got {got}")


def _text(longest: int, layout: str, *, empty: bool) -> Limit:
    is_filled = (satisfies(lambda text: empty or is_seen(text)), "is empty")
    is_shown = (
        satisfies(lambda text: _steering(text) <= set(layout)),
        "holds a control character; remove it",
    )
    return Limit(check(_IS_TEXT, (max_len(longest), f"must be at most {longest} characters"), is_filled, is_shown))


def _steering(text: str) -> frozenset[str]:
    return steering_characters(text.replace("\r\n", "\n"))  # CR LF ends a line in some files


KEY = Limit(
    check(
        _IS_TEXT,
        (matches_re(r"\S", func=re.search), "is empty"),
        (
            matches_re(_KEY),
            f"must be 1 to {KEY_LENGTH} of a-z, A-Z, 0-9, '-', '_' and '.', and begin with a letter or a digit",
        ),
    )
)
"""A key: ASCII letters and digits, and after the first of them also `-`, `_` and `.`."""

TITLE = _text(LINE_LENGTH, "", empty=False)
"""A title: one line, and nothing in it that steers a screen."""

LABEL = _text(LINE_LENGTH, "", empty=True)
"""A title, or nothing."""

TEXT = _text(TEXT_LENGTH, "\t\n", empty=False)
"""A text of several lines: tabs and line breaks are in order."""

PAGE_TEXT = _text(TEXT_LENGTH, "\t\n", empty=True)
"""A text, or nothing."""
