"""Cursors of the list of patients, put together again with the right digest, as somebody may who changes an address."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from json import loads
from typing import Any

from attrs import astuple

from digital_painschool.application.caseload import OPEN_CASES
from digital_painschool.application.cursors import Listing, write_cursor
from digital_painschool.testing.people import NURSE

MINE: Listing = ("list-own-patients", NURSE.unit, *map(str, astuple(OPEN_CASES)))
"""The nurse's own list."""


def position_of(cursor: str) -> list[Any]:
    """Return the position in a cursor: the walk's instant, the rank, the instant, the id, and whether rows repeat."""
    data: list[Any] = loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return data[1:-1]


def with_part(listing: Listing, cursor: str, place: int, part: object) -> str:
    """Return a cursor with another part of its position."""
    position: Sequence[Any] = [*position_of(cursor)[:place], part, *position_of(cursor)[place + 1 :]]
    return write_cursor(listing, position)
