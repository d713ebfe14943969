"""Cursors: where the next page of a list begins, as text that fits a URL.

A cursor holds a position, and a digest of the position and of the list with its filters. So a damaged cursor, or one of
another list, is recognised. Anybody could make a cursor: it opens nothing that the caller may not see. It holds no
identity number and no HSA-id of a person, not even in the digest, because those can be guessed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256

from digital_painschool.domain.validation import is_storable
from digital_painschool.errors import InvalidValue
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text

Part = int | str
Kind = Callable[[object], bool]
"""A function that returns whether a part of a cursor is of a kind: nobody but the library writes another one."""
Listing = Sequence[object]
"""What is listed: a name, and the filters that hold no personal data, as JSON data."""

WRONG_CURSOR = "a cursor is the `next` of the page before, with the same filters"
_VERSION = 1
_DIGEST_LENGTH = 16
_LONGEST = 500


def whole(lowest: int, highest: int) -> Kind:
    """Return the kind of whole numbers within bounds, both ends included."""
    return lambda part: type(part) is int and lowest <= part <= highest


NUMBER = whole(0, 10**12)
"""The number of an entry in a list that grows for ever: within what each storage can compare."""


def text(part: object) -> bool:
    """Return whether a part is a text that each storage can compare, such as an id."""
    return type(part) is str and is_storable(part)


def instant(part: object) -> bool:
    """Return whether a part is an instant as `instant_to_text` writes it."""
    if type(part) is not str:
        return False
    try:
        return instant_to_text(instant_from_text(part)) == part
    except (ValueError, InvalidValue):
        return False


def write_cursor(listing: Listing, position: Sequence[Part]) -> str:
    """Return the cursor of a position in a list."""
    digest = sha256(json.dumps([*listing, *position]).encode()).hexdigest()[:_DIGEST_LENGTH]
    data = json.dumps([_VERSION, *position, digest], separators=(",", ":"))
    return urlsafe_b64encode(data.encode()).decode().rstrip("=")


def read_cursor(listing: Listing, cursor: object, *kinds: Kind) -> Sequence[Part]:
    """Return the position in a list that a cursor holds.

    Args:
        listing: What is listed.
        cursor: The cursor.
        kinds: The kinds of the position's parts. The digest is no secret, so anybody can put a cursor together.

    Raises:
        InvalidValue: The cursor is damaged, of another list or version, or used with other filters.
    """
    position = _parsed(cursor)[1:-1]
    is_known = len(position) == len(kinds) and all(kind(part) for kind, part in zip(kinds, position, strict=True))
    if not is_known or write_cursor(listing, position) != cursor:
        raise InvalidValue(WRONG_CURSOR)
    return position


def _parsed(cursor: object) -> list[Part]:
    if not isinstance(cursor, str) or len(cursor) > _LONGEST:
        return []
    try:
        data = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):  # no base64, no text, no JSON
        return []
    return data if isinstance(data, list) else []
