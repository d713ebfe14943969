"""A whole step in one statement, for a database that is a network round trip away: PostgreSQL.

Every part of the statement depends on the row of the enrolment, which it writes first. When that row has another
version, the statement writes nothing.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import FromClause, Select, Table, bindparam, insert, select
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as insert_or_update
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.access_log import ENTRY_COLUMNS
from digital_painschool.adapters.sql.digests import bring_forward
from digital_painschool.adapters.sql.json_rows import Rows, json_rows_of
from digital_painschool.adapters.sql.schema import access_log, digests, documents, notifications, timeline

_TIMELINE_COLUMNS = ("seq", "kind", "shape", "at", "by", "data")
_DOCUMENT_COLUMNS = ("seq", "content")


def single_statement(first: Insert | Update, *, notifying: bool = False) -> Select[Any]:
    """Return the statement that writes an enrolment and all that a step adds; it selects the id of a written row.

    Args:
        first: The insert or the update of the enrolment.
        notifying: True adds one notification to the digest that it belongs to.
    """
    step = first.returning(first.table.c.id).cte("step")
    unit = bindparam("unit", type_=timeline.c.unit.type)
    entry = json_rows_of(timeline, _TIMELINE_COLUMNS, "entry")
    document = json_rows_of(documents, _DOCUMENT_COLUMNS, "document")
    parts = [
        _insert("entries", timeline, {"enrolment_id": step.c.id, "unit": unit, **entry.c}, step, entry),
        _insert("written", documents, {"enrolment_id": step.c.id, "unit": unit, **document.c}, step, document),
        _insert("logged", access_log, {c.name: bindparam(f"l_{c.name}", type_=c.type) for c in ENTRY_COLUMNS}, step),
    ]
    if notifying:
        row = {c.name: bindparam(f"d_{c.name}", type_=c.type) for c in digests.c}
        new = insert_or_update(digests).from_select(list(row), select(*row.values()).select_from(step))
        digest = bring_forward(new).cte("digest")
        added = {c.name: bindparam(f"n_{c.name}", type_=c.type) for c in notifications.c if c.name != "digest_id"}
        parts += [digest, _insert("notification", notifications, {**added, "digest_id": digest.c.id}, digest)]
    return select(step.c.id).add_cte(*parts)


def record_values(entries: Rows, written: Rows, access: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of timeline entries, documents and an access entry."""
    return {"entry": entries, "document": written, **{f"l_{name}": value for name, value in access.items()}}


def notifying_values(digest: Mapping[str, Any], notification: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a digest and of the notification that is added to it."""
    return {f"d_{name}": value for name, value in digest.items()} | {
        f"n_{name}": value for name, value in notification.items()
    }


def _insert(name: str, table: Table, row: Mapping[str, ColumnElement[Any]], *sources: FromClause) -> Any:
    rows = select(*row.values()).select_from(*sources)
    return insert(table).from_select(list(row), rows).cte(name)
