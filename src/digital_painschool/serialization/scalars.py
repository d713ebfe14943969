"""Strict readers and writers of single values: texts, numbers, instants, HSA-ids.

Instants are ISO 8601 text in UTC. A reader raises on every other type, and coerces nothing. Its second argument is the
one that cattrs gives to a hook.
"""

from datetime import datetime
from functools import lru_cache
from typing import Any

from digital_painschool.domain.local_time import utc
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.validation import whole_number

_CACHE_SIZE = 4096
"""How many instants and HSA-ids are cached: a command writes the same ones several times, and the next reads them."""


@lru_cache(_CACHE_SIZE)
def instant_to_text(at: datetime) -> str:
    """Return an instant as text of one fixed width in UTC, so that text sorts like time."""
    return utc(at).isoformat("T", "microseconds")[:26] + "Z"


def optional_instant_to_text(at: datetime | None) -> str | None:
    """Return an instant as text; None for None."""
    return None if at is None else instant_to_text(at)


@lru_cache(_CACHE_SIZE)
def instant_from_text(text: str) -> datetime:
    """Return the instant of a text in ISO 8601 of any width."""
    return utc(datetime.fromisoformat(text))


def optional_instant_from_text(text: str | None) -> datetime | None:
    """Return the instant of a text; None for None."""
    return None if text is None else instant_from_text(text)


@lru_cache(_CACHE_SIZE)
def hsa_id_from_text(text: str) -> HsaId:
    """Return the HSA-id of a text; cached, as there are few of them."""
    return HsaId(text)


def text(value: Any, _: object = None) -> str:
    """Return a stored text.

    Raises:
        TypeError: The value is no text.
        UnicodeError: The text has half of a surrogate pair, which could be neither shown nor stored again.
    """
    if type(value) is not str:
        raise TypeError
    if not value.isascii():
        value.encode()
    return value


def optional_text(value: Any, _: object = None) -> str | None:
    """Return a stored text; None for None."""
    return None if value is None else text(value)


def number(value: Any, _: object = None) -> int:
    """Return a stored whole number."""
    return whole_number(value, "a stored number")


def optional_threshold(value: Any, _: object = None) -> int | float | None:
    """Return the stored threshold of an alert; None for None."""
    if value is None or type(value) is float:
        return value
    return number(value)


def truth(value: Any, _: object = None) -> bool:
    """Return a stored true or false.

    Raises:
        TypeError: The value is neither.
    """
    if type(value) is not bool:
        raise TypeError
    return value


def items(value: Any) -> list[Any]:
    """Return the items of a stored list.

    Raises:
        TypeError: The value is no list.
    """
    if type(value) is not list:
        raise TypeError
    return value
