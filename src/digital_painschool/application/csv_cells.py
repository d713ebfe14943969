"""Texts as cells of a CSV file, which no spreadsheet takes for formulas, and the way back.

A spreadsheet runs what begins with `=`, `+`, `-` or `@`. Where another separator than the comma is set, as in Sweden,
a cell begins in the middle of a text too. So a text gets an apostrophe before each such sign that a cell could begin
with. `text_of` takes it away again.

Rule: M-21.
"""

import re
from collections.abc import Callable, Mapping
from types import NoneType
from unicodedata import category

from digital_painschool.domain.validation import Answer

_SEPARATORS = frozenset(",;|\t\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
"""What ends a cell or a line in one reader or another."""

_QUOTES = frozenset("\"'")

_SIGN = re.compile("[=+\\-@\u207a\u207b\u207c\u208a\u208b\u208c\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]")
"""What a formula begins with: `=`, `+`, `-`, `@`, and the other widths and sizes that Unicode has of them."""

_SUSPECT = re.compile(rf"{_SIGN.pattern}|\A['\t\n\r]")
"""What all texts lack that need nothing."""

_WHITE_START = re.compile("'*[\t\n\r]")
"""Tab and line breaks at the start, which some spreadsheets drop together with what stands before them."""


def cell(value: Answer | None) -> str:
    """Return a value as the text of a CSV cell: numbers as they are, texts without formulas."""
    make = _CELLS.get(type(value))
    if make is not None:
        return make(value)
    return _guarded(str(value)) if isinstance(value, str) else str(value)


def text_of(cell: str) -> str:
    """Return the text that `cell` wrote."""
    if cell.startswith("'") and _WHITE_START.match(cell):
        cell = cell[1:]
    parts, start = [], 0
    for at in _signs(cell):
        if cell[at - 1 : at] == "'":
            parts.append(cell[start : at - 1])
            start = at
    return "".join([*parts, cell[start:]])


def _guarded(text: str) -> str:
    if not _SUSPECT.search(text):
        return text
    parts, start = [], 0
    for at in _signs(text):
        parts.append(text[start:at])
        start = at
    guarded = "'".join([*parts, text[start:]]) if parts else text
    return f"'{guarded}" if _WHITE_START.match(guarded) else guarded


def _signs(text: str) -> list[int]:
    """Return where signs stand that a cell could begin with."""
    return [found.start() for found in _SIGN.finditer(text) if _may_begin(text, found.start())]


def _may_begin(text: str, at: int) -> bool:
    """Return whether only what readers drop stands between a place in a text and the start of a cell."""
    while at:
        at -= 1
        before = text[at]
        if before in _SEPARATORS:
            return True
        # Spaces, control and format characters, and marks: what is not seen, some readers pass over.
        if before not in _QUOTES and category(before)[0] not in "ZCM":
            return False
    return True


_CELLS: Mapping[type, Callable[..., str]] = {
    NoneType: lambda _: "",
    str: _guarded,
    tuple: lambda value: _guarded(" ".join(value)),
}
