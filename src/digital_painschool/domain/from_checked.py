"""Frozen values made of fields that are right already, where a value for each row of a list counts."""

from typing import Any, TypeVar

Value = TypeVar("Value")

_new, _set = object.__new__, object.__setattr__


def from_checked(class_: type[Value], fields: dict[str, Any]) -> Value:
    """Return the value of a frozen attrs class that has these fields, in a third of the time that `__init__` takes.

    No converter and no validator runs, and no default is filled in.

    Args:
        class_: The class, one without slots.
        fields: Every field under its own name, as the class would keep it; the dict becomes the value's own.
    """
    value = _new(class_)
    _set(value, "__dict__", fields)
    return value
