"""Exports in SQL: the receipts, and the exported version of each enrolment."""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Integer, bindparam, select, update

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.placed_lists import in_order, placed_list
from digital_painschool.adapters.sql.retention_tables import exports
from digital_painschool.adapters.sql.rows import Row, readable_text, require_readable
from digital_painschool.adapters.sql.schema import enrolments
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data, to_data

_log = logging.getLogger(__name__)
_e = enrolments.c
_ADD_EXPORT = insert_into(exports, ignore_existing=True)
_NOTE_EXPORTED = (
    update(enrolments)
    .where(
        _e.id == bindparam("enrolment_id"),
        _e.unit == bindparam("its_unit"),
        _e.exported_version < bindparam("exported", type_=Integer),
    )
    .values(exported_version=bindparam("exported", type_=Integer))
)


_COLUMNS = (exports.c.id, exports.c.exported_at, exports.c.data)
_EXPORT = select(*_COLUMNS).where(exports.c.id == bindparam("export_id"))
_EXPORTS = select(*_COLUMNS).where(exports.c.unit == bindparam("unit")).limit(PAGE_LIMIT)
_LISTS = {
    newest_first: in_order(_EXPORTS, exports.c.exported_at, exports.c.id, newest_first=newest_first)
    for newest_first in (False, True)
}
"""By whether the newest come first."""


def read_export(connection: Connection, export_id: str) -> ExportReceipt | None:
    """Return the receipt of an export, or None."""
    rows = connection.fetch_each(_EXPORT, {"export_id": export_id})
    return read_stored(f"the receipt of export {export_id}", _receipt, connection, rows[0]) if rows else None


def write_export(connection: Connection, receipt: ExportReceipt) -> ExportReceipt:
    """Save the receipt of an export where there is none, and return the stored one."""
    values = {
        "id": receipt.id,
        "unit": str(receipt.unit),
        "exported_at": receipt.exported_at,
        "data": to_json(to_data(receipt)),
    }
    if connection.execute(_ADD_EXPORT, values) == 1:
        return receipt
    return read_export(connection, receipt.id) or receipt


def count_as_exported(connection: Connection, unit: HsaId, versions: Mapping[EnrolmentId, int]) -> None:
    """Save the versions of a unit's enrolments that count as exported."""
    exported = [
        {"enrolment_id": enrolment_id, "its_unit": str(unit), "exported": version}
        for enrolment_id, version in sorted(versions.items())
    ]
    connection.execute_many(_NOTE_EXPORTED, exported)


def list_exports(
    database: Database, unit: HsaId, *, newest_first: bool, after: tuple[datetime, str] | None, limit: int
) -> tuple[ExportReceipt, ...]:
    """Return a unit's receipts of exports in their order."""
    return placed_list(
        database,
        _LISTS[newest_first],
        unit,
        after,
        limit,
        newest_first=newest_first,
        read=_receipt,
        log_unreadable=_log_unreadable,
    )


def _receipt(_: Connection, row: Row) -> ExportReceipt:
    require_readable(row)
    id_, exported_at, data = row
    receipt = from_data(from_json(data), ExportReceipt)
    if (receipt.id, receipt.exported_at) != (id_, exported_at):
        raise ValueError("the receipt is another one")
    return receipt


def _log_unreadable(row: Row) -> None:
    _log.error("the receipt of export %s cannot be read; was it changed by hand?", readable_text(row[0]))
