"""Cursors: where the next page of a list begins, as text that fits a URL.

A cursor holds a position, and a digest of the position and of the list with its filters. So a damaged cursor, or one of
another list, is recognised. Anybody could make a cursor: it opens nothing that the caller may not see. It holds no
identity number and no HSA-id of a person, not even in the digest, because those can be guessed.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from digital_painschool.errors import InvalidValue

Part = int | str
Listing = Sequence[object]
"""What is listed: a name, and the filters that hold no personal data, as JSON data."""

WRONG_CURSOR = "a cursor is the `next` of the page before, with the same filters"
_VERSION = 1
_DIGEST_LENGTH = 16
_LONGEST = 500


def write_cursor(listing: Listing, position: Sequence[Part]) -> str:
    """Return the cursor of a position in a list."""
    digest = sha256(json.dumps([*listing, *position]).encode()).hexdigest()[:_DIGEST_LENGTH]
    data = json.dumps([_VERSION, *position, digest], separators=(",", ":"))
    return urlsafe_b64encode(data.encode()).decode().rstrip("=")


def read_cursor(listing: Listing, cursor: object, *types: type[Part]) -> Sequence[Part]:
    """Return the position in a list that a cursor holds.

    Args:
        listing: What is listed.
        cursor: The cursor.
        types: The types of the position's parts.

    Raises:
        InvalidValue: The cursor is damaged, of another list or version, or used with other filters.
    """
    position = _parsed(cursor)[1:-1]
    if [*map(type, position)] != [*types] or write_cursor(listing, position) != cursor:
        raise InvalidValue(WRONG_CURSOR)
    return position


def _parsed(cursor: object) -> list[Part]:
    if not isinstance(cursor, str) or len(cursor) > _LONGEST:
        return []
    try:
        data = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:  # no base64, no text, no JSON
        return []
    return data if isinstance(data, list) else []
