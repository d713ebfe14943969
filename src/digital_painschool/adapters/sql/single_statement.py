"""A whole step in one statement, for a database that a round trip leads to: PostgreSQL.

Every part of it hangs on the row of the enrolment that is written first. When that has another version, nothing is
written at all.
"""

from collections.abc import Mapping, Sequence
from functools import cache
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
    case,
    cast,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy import Insert as InsertIntoTable
from sqlalchemy.dialects.postgresql import TIMESTAMP, Insert
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.sql.dml import ReturningInsert, Update
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from digital_painschool.adapters.sql.schema import (
    COLLECTED,
    Instant,
    access_log,
    digests,
    documents,
    notifications,
    timeline,
)
from digital_painschool.serialization.scalars import instant_to_text

Rows = Sequence[Mapping[str, Any]]

_ENTRY = ("seq", "kind", "shape", "at", "by", "data")
_DOCUMENT = ("seq", "content")
_SAME_DIGEST = tuple(digests.c[name] for name in ("unit", "recipient_value", "recipient_scheme", "channel", "template"))
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
    """Return the statement that writes a new enrolment and all that its first step adds, and selects its id."""
    return _at_once(first, first.table.c.id)


def step_at_once(first: Update, *, notifying: bool = False) -> Select[Any]:
    """Return the statement that changes an enrolment and adds all that the step adds, and selects its id if it did.

    Args:
        first: The update of the enrolment.
        notifying: True adds one notification too, to the digest that it belongs to.
    """
    return _at_once(first, first.table.c.id, notifying=notifying)


def rows_at_once(table: Table, columns: Sequence[str]) -> InsertIntoTable:
    """Return the statement that adds any number of rows to a table: they are the value `row`."""
    row = _rows("row", table, columns)
    return insert(table).from_select(list(columns), select(*row.c).select_from(row)).inline()


def given_rows(name: str, types: Mapping[str, Any]) -> Any:
    """Return a source of rows for a statement: they are the value of that name. What else they hold is passed over."""
    rows = cast(bindparam(name, type_=_JsonRows()), JSON)
    columns = (Column(column, _element(type_)) for column, type_ in types.items())
    return func.json_to_recordset(rows).table_valued(*columns).render_derived(name=name, with_types=True)


def values_at_once(entries: Rows, written: Rows, access: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values beside those of the enrolment."""
    return {"entry": entries, "document": written, **{f"l_{name}": value for name, value in access.items()}}


def notification_at_once(digest: Mapping[str, Any], notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a digest and of the notification that is added to it."""
    return {f"d_{name}": value for name, value in digest.items()} | {
        f"n_{name}": value for name, value in notification.items()
    }


@cache
def add_digest() -> ReturningInsert[Any]:
    """Return the statement that adds a digest, or finds the one that a notification belongs to, and returns its id."""
    return _with_next_at(insert_or_update(digests).values({c.name: bindparam(c.name, type_=c.type) for c in digests.c}))


def _with_next_at(new: Insert) -> ReturningInsert[Any]:
    """Bring the digest forward; one with a batch in doubt waits for its next attempt."""
    present, wanted = digests.c.next_at, new.excluded.next_at
    earlier = case((or_(present.is_(None), wanted < present), wanted), else_=present)
    next_at = case((digests.c.batch_key.is_(None), earlier), else_=present)
    return new.on_conflict_do_update(
        index_elements=_SAME_DIGEST, index_where=COLLECTED, set_={"next_at": next_at}
    ).returning(digests.c.id)


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
        row = {c.name: bindparam(f"d_{c.name}", type_=c.type) for c in digests.c}
        new = insert_or_update(digests).from_select(list(row), select(*row.values()).select_from(step))
        digest = _with_next_at(new).cte("digest")
        added = {c.name: bindparam(f"n_{c.name}", type_=c.type) for c in notifications.c if c.name != "digest_id"}
        parts += [digest, _added("notification", notifications, {**added, "digest_id": digest.c.id}, digest)]
    return select(step.c.id).add_cte(*parts)


def _added(name: str, table: Any, row: Mapping[str, ColumnElement[Any]], *sources: FromClause) -> Any:
    rows = select(*row.values()).select_from(*sources)
    return insert(table).from_select(list(row), rows).cte(name)


def _rows(name: str, table: Table, columns: Sequence[str]) -> Any:
    return given_rows(name, {column: table.c[column].type for column in columns})


def _element(type_: Any) -> Any:
    return TIMESTAMP(timezone=True) if isinstance(type_, Instant) else type_
