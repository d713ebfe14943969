"""A whole step in one statement, for a database that a round trip leads to: PostgreSQL.

Every part of it hangs on the row of the enrolment that is written first. When that has another version, or when a
notification of the same window waits that a worker has put back, nothing is written at all.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Column,
    Dialect,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy import Insert as InsertIntoTable
from sqlalchemy.dialects.postgresql import TIMESTAMP, Insert
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from digital_painschool.adapters.sql.schema import (
    FREE,
    Instant,
    access_log,
    causes,
    documents,
    notifications,
    timeline,
)
from digital_painschool.adapters.sql.windows import SAME, waits_for_the_same
from digital_painschool.serialization import instant_to_text

Rows = Sequence[Mapping[str, Any]]

_n = notifications.c
_NOTHING_PUT_BACK = ~exists(
    select(literal_column("1")).where(waits_for_the_same("n_"), _n.slot != literal_column("''"))
)
_ENTRY = ("seq", "kind", "shape", "at", "by", "data")
_DOCUMENT = ("seq", "content")
_CAUSE = ("place", "enrolment_id", "seq", "conversation", "message")
_LOGGED = tuple(column for column in access_log.c if column.name != "number")
LOGGED = tuple(column.name for column in _LOGGED)
"""The columns of the access log that an entry fills."""


class _JsonRows(TypeDecorator[Rows]):
    """Rows in one value, as JSON: psycopg takes longer to write an array for each of their columns."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Rows | None, dialect: Dialect) -> str:  # noqa: ARG002 - the base's signature
        """Write the rows."""
        # A host's clock may give a subclass of `datetime`, which orjson does not write by itself.
        return orjson.dumps(value or (), default=instant_to_text).decode()


def start_at_once(first: Insert) -> Select[Any]:
    """Give the statement that writes a new enrolment and all that its first step adds, and selects its id."""
    return _at_once(first, first.table.c.id)


def step_at_once(first: Update, *, notifying: bool = False) -> Select[Any]:
    """Give the statement that changes an enrolment and adds all that the step adds, and selects its id if it did.

    Args:
        first: The update of the enrolment.
        notifying: True adds one notification too, or its causes to the one that it is to join; it does nothing where
            that is one that a worker has put back.
    """
    if notifying:
        first = first.where(_NOTHING_PUT_BACK)
    return _at_once(first, first.table.c.id, notifying=notifying)


def rows_at_once(table: Table, columns: Sequence[str]) -> InsertIntoTable:
    """Give the statement that adds any number of rows to a table: they are the value `row`."""
    row = _rows("row", table, columns)
    return insert(table).from_select(list(columns), select(*row.c).select_from(row)).inline()


def given_rows(name: str, types: Mapping[str, Any]) -> Any:
    """Give a source of rows for a statement: they are the value of that name. What else they hold is passed over."""
    rows = cast(bindparam(name, type_=_JsonRows()), JSON)
    columns = (Column(column, _element(type_)) for column, type_ in types.items())
    return func.json_to_recordset(rows).table_valued(*columns).render_derived(name=name, with_types=True)


def values_at_once(entries: Rows, written: Rows, access: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values beside those of the enrolment."""
    return {"entry": entries, "document": written, **{f"l_{name}": value for name, value in access.items()}}


def notification_at_once(notification: Mapping[str, Any], caused: Rows) -> dict[str, Any]:
    """Give the values of a notification and its causes."""
    return {"cause": caused, **{f"n_{name}": value for name, value in notification.items()}}


def _at_once(first: Insert | Update, id_: ColumnElement[Any], *, notifying: bool = False) -> Select[Any]:
    step = first.returning(id_).cte("step")
    unit = bindparam("unit", type_=timeline.c.unit.type)
    entry = _rows("entry", timeline, _ENTRY)
    document = _rows("document", documents, _DOCUMENT)
    parts = [
        _added("entries", timeline, {"enrolment_id": step.c.id, "unit": unit, **entry.c}, step, entry),
        _added("written", documents, {"enrolment_id": step.c.id, "unit": unit, **document.c}, step, document),
        _added("logged", access_log, {c.name: bindparam(f"l_{c.name}", type_=c.type) for c in _LOGGED}, step),
    ]
    if notifying:
        cause = _rows("cause", causes, _CAUSE)
        row = {c.name: bindparam(f"n_{c.name}", type_=c.type) for c in notifications.c}
        asked = _asked(row, step)
        places = select(func.coalesce(func.max(causes.c.place), literal_column("0")))
        after = places.where(causes.c.notification_id == asked.c.id).scalar_subquery()
        caused = {"notification_id": asked.c.id, "unit": row["unit"], **cause.c, "place": after + cause.c.place}
        parts += [asked, _added("caused", causes, caused, asked, cause)]
    return select(step.c.id).add_cte(*parts)


def _added(name: str, table: Any, row: Mapping[str, ColumnElement[Any]], *sources: FromClause) -> Any:
    rows = select(*row.values()).select_from(*sources)
    return insert(table).from_select(list(row), rows).cte(name)


def _asked(row: Mapping[str, ColumnElement[Any]], step: FromClause) -> Any:
    """Add a notification, or find the one that waits for the same; it is written too, so that nobody claims it now."""
    new = insert_or_update(notifications).from_select(list(row), select(*row.values()).select_from(step))
    joining = new.on_conflict_do_update(index_elements=SAME, index_where=FREE, set_={"collected": _n.collected})
    return joining.returning(_n.id).cte("asked")


def _rows(name: str, table: Table, columns: Sequence[str]) -> Any:
    return given_rows(name, {column: table.c[column].type for column in columns})


def _element(type_: Any) -> Any:
    return TIMESTAMP(timezone=True) if isinstance(type_, Instant) else type_
