"""Purge receipts in SQL."""

import logging
from datetime import datetime

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.placed_lists import in_order, placed_list
from digital_painschool.adapters.sql.retention_tables import receipts
from digital_painschool.adapters.sql.rows import Row, readable_text, require_readable
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PurgeReceipt
from digital_painschool.errors import StorageError
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data, to_data

_log = logging.getLogger(__name__)

_ADD_RECEIPT = insert_into(receipts, ignore_existing=True)
_RECEIPT = select(receipts.c.data).where(receipts.c.plan_id == bindparam("plan_id"))
_COLUMNS = (receipts.c.plan_id, receipts.c.purged_at, receipts.c.data)
_RECEIPTS = select(*_COLUMNS).where(receipts.c.unit == bindparam("unit")).limit(PAGE_LIMIT)
_LISTS = {
    newest_first: in_order(_RECEIPTS, receipts.c.purged_at, receipts.c.plan_id, newest_first=newest_first)
    for newest_first in (False, True)
}
"""By whether the newest come first."""


def write_receipt(connection: Connection, receipt: PurgeReceipt) -> PurgeReceipt:
    """Save the receipt of a purge where its plan has none, and return the stored one."""
    values = {
        "plan_id": receipt.plan_id,
        "unit": str(receipt.unit),
        "purged_at": receipt.purged_at,
        "data": to_json(to_data(receipt)),
    }
    connection.execute(_ADD_RECEIPT, values)
    saved = read_receipt(connection, receipt.plan_id)
    assert saved is not None, "it was added, or was there"
    return saved


def list_receipts(
    database: Database, unit: HsaId, *, newest_first: bool, after: tuple[datetime, str] | None, limit: int
) -> tuple[PurgeReceipt, ...]:
    """Return a unit's receipts of purges in their order."""
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


def _receipt(_: Connection, row: Row) -> PurgeReceipt:
    require_readable(row)
    plan_id, purged_at, data = row
    receipt = receipt_of_row(plan_id, data)
    if receipt.purged_at != purged_at:
        raise ValueError("the receipt is another one")
    return receipt


def read_receipt(connection: Connection, plan_id: str) -> PurgeReceipt | None:
    """Return the receipt of a plan that was carried out, or None."""
    rows = connection.fetch_all(_RECEIPT, {"plan_id": plan_id})
    return receipt_of_row(plan_id, rows[0][0]) if rows else None


def receipt_of_row(plan_id: str, data: str) -> PurgeReceipt:
    """Return the receipt of a row.

    Raises:
        StorageError: The row is damaged.
    """
    what = f"the receipt of plan {plan_id}"
    receipt = read_stored(what, lambda: from_data(from_json(data), PurgeReceipt))
    if receipt.plan_id != plan_id:
        raise StorageError(f"{what} cannot be read: another plan's stands there")
    return receipt


def _log_unreadable(row: Row) -> None:
    _log.error("the receipt of plan %s cannot be read; was it changed by hand?", readable_text(row[0]))
