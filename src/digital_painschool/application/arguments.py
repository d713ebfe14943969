"""Checks of arguments that several desks take."""

from collections.abc import Collection, Iterable
from typing import TypeVar

from digital_painschool.errors import InvalidValue

_T = TypeVar("_T")


def members(given: object, choices: Collection[_T], name: str, what: str) -> frozenset[_T]:
    """Return a collection's items as a set, each of them one of the choices.

    Args:
        given: A collection of choices, or a single one.
        choices: What can be chosen.
        name: The argument's name, for the error.
        what: What the choices are, for the error.

    Raises:
        InvalidValue: An item is none of the choices.
    """
    items = list(given) if isinstance(given, Iterable) else [given]
    if not all(item in choices for item in items):
        raise InvalidValue(f"{name} is a collection of {what}")
    return frozenset(choice for choice in choices if choice in items)
