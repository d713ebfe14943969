"""A whole step in one statement, for a database that a round trip leads to: PostgreSQL.

Every part of it hangs on the row of the enrolment that is written first. When that has another version, or when there
is a notification to join, nothing is written at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, FromClause, Select, Table, bindparam, exists, func, insert, literal_column, select
from sqlalchemy.dialects.postgresql import TIMESTAMP, Insert
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.schema import (
    FREE,
    Instant,
    access_log,
    causes,
    documents,
    notifications,
    timeline,
)

Rows = Sequence[Mapping[str, Any]]

_n = notifications.c
_NOTHING_TO_JOIN = ~exists(
    select(literal_column("1")).where(
        FREE,
        _n.unit == bindparam("n_unit", type_=_n.unit.type),
        _n.channel == bindparam("n_channel", type_=_n.channel.type),
        _n.recipient_value == bindparam("n_recipient_value", type_=_n.recipient_value.type),
        _n.recipient_scheme == bindparam("n_recipient_scheme", type_=_n.recipient_scheme.type),
        _n.window == bindparam("n_window", type_=_n.window.type),
    )
)
_ENTRY = ("seq", "kind", "shape", "at", "by", "data")
_DOCUMENT = ("seq", "content")
_CAUSE = ("place", "enrolment_id", "seq", "conversation", "message")
_LOGGED = tuple(column for column in access_log.c if column.name != "number")


def start_at_once(first: Insert) -> Select[Any]:
    """Give the statement that writes a new enrolment and all that its first step adds, and selects its id."""
    return _at_once(first, first.table.c.id)


def step_at_once(first: Update, *, notifying: bool = False) -> Select[Any]:
    """Give the statement that changes an enrolment and adds all that the step adds, and selects its id if it did.

    Args:
        first: The update of the enrolment.
        notifying: True adds one notification too, and does nothing when there is one that it is to join.
    """
    if notifying:
        first = first.where(_NOTHING_TO_JOIN)
    return _at_once(first, first.table.c.id, notifying=notifying)


def values_at_once(entries: Rows, written: Rows, access: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values beside those of the enrolment: rows become columns, names get the prefix of their table."""
    return {
        **_columns("e_", _ENTRY, entries),
        **_columns("d_", _DOCUMENT, written),
        **{f"l_{name}": value for name, value in access.items()},
    }


def notification_at_once(notification: Mapping[str, Any], caused: Rows) -> dict[str, Any]:
    """Give the values of a notification and its causes."""
    return {**{f"n_{name}": value for name, value in notification.items()}, **_columns("c_", _CAUSE, caused)}


def _columns(prefix: str, names: Sequence[str], rows: Rows) -> dict[str, list[Any]]:
    return {prefix + name: [row[name] for row in rows] for name in names}


def _at_once(first: Insert | Update, id_: ColumnElement[Any], *, notifying: bool = False) -> Select[Any]:
    step = first.returning(id_).cte("step")
    unit = bindparam("unit", type_=timeline.c.unit.type)
    entry = _rows("e_", "entry", timeline, _ENTRY)
    document = _rows("d_", "document", documents, _DOCUMENT)
    parts = [
        _added("entries", timeline, {"enrolment_id": step.c.id, "unit": unit, **entry.c}, step, entry),
        _added("written", documents, {"enrolment_id": step.c.id, "unit": unit, **document.c}, step, document),
        _added("logged", access_log, {c.name: bindparam(f"l_{c.name}", type_=c.type) for c in _LOGGED}, step),
    ]
    if notifying:
        cause = _rows("c_", "cause", causes, _CAUSE)
        row = {c.name: bindparam(f"n_{c.name}", type_=c.type) for c in notifications.c}
        parts += [
            _added("asked", notifications, row, step),
            _added("caused", causes, {"notification_id": row["id"], "unit": row["unit"], **cause.c}, step, cause),
        ]
    return select(step.c.id).add_cte(*parts)


def _added(name: str, table: Any, row: Mapping[str, ColumnElement[Any]], *sources: FromClause) -> Any:
    rows = select(*row.values()).select_from(*sources)
    return insert(table).from_select(list(row), rows).cte(name)


def _rows(prefix: str, name: str, table: Table, columns: Sequence[str]) -> Any:
    arrays = (bindparam(prefix + column, type_=ARRAY(_element(table.c[column].type))) for column in columns)
    return func.unnest(*arrays).table_valued(*columns, name=name).render_derived()


def _element(type_: Any) -> Any:
    return TIMESTAMP(timezone=True) if isinstance(type_, Instant) else type_
