"""Cursors of the list of patients, taken apart and put together again, as somebody may who changes an address."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any


def key_of(cursor: str) -> list[Any]:
    """Return the key in a cursor."""
    key: list[Any] = _data(cursor)[2]
    return key


def with_key(cursor: str, key: object) -> str:
    """Return a cursor with another key."""
    return with_part(cursor, 2, key)


def with_part(cursor: str, place: int, part: object) -> str:
    """Return a cursor with another part."""
    data = _data(cursor)
    data[place] = part
    return urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def _data(cursor: str) -> list[Any]:
    data: list[Any] = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return data
