"""Which notifications are one: those of a unit, channel, recipient and window, while nobody has claimed them."""

from typing import Any

from sqlalchemy import and_, bindparam
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.schema import FREE, notifications

_n = notifications.c
_WINDOW = (_n.unit, _n.channel, _n.recipient_value, _n.recipient_scheme, _n.window)
SAME = (*_WINDOW, _n.slot)
"""The columns of the unique index on those that wait."""


def waits_for_the_same(prefix: str = "") -> ColumnElement[Any]:
    """Give the condition that a row waits for the same as the one whose values are given.

    Args:
        prefix: Stands before the names of the values, which are those of the columns.
    """
    return and_(FREE, *(column == bindparam(prefix + column.name, type_=column.type) for column in _WINDOW))
