"""Purge receipts in SQL."""

import logging

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.desk_calls import add_desk_call
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.retention_tables import receipts
from digital_painschool.adapters.sql.rows import Row, readable_text
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PurgeReceipt
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import DeskCall
from digital_painschool.serialization.stored import read_each, read_stored
from digital_painschool.serialization.values import from_data, to_data

_log = logging.getLogger(__name__)

_ADD_RECEIPT = insert_into(receipts, ignore_existing=True)
_RECEIPT = select(receipts.c.data).where(receipts.c.plan_id == bindparam("plan_id"))
_RECEIPTS = (
    select(receipts.c.plan_id, receipts.c.data)
    .where(receipts.c.unit == bindparam("unit"))
    .order_by(receipts.c.purged_at, receipts.c.plan_id)
)


class SqlPurgeReceipts:
    """The purge receipts of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_receipt(self, receipt: PurgeReceipt, *, completed: DeskCall | None = None) -> PurgeReceipt:
        values = {
            "plan_id": receipt.plan_id,
            "unit": str(receipt.unit),
            "purged_at": receipt.purged_at,
            "data": to_json(to_data(receipt)),
        }

        def work(connection: Connection) -> PurgeReceipt:
            connection.execute(_ADD_RECEIPT, values)
            add_desk_call(connection, completed)
            saved = read_receipt(connection, receipt.plan_id)
            assert saved is not None, "it was added, or was there"
            return saved

        saved = self._database.write(work)
        self._database.scrub_free_pages()
        return saved

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        rows = self._database.read(lambda connection: connection.fetch_each(_RECEIPTS, {"unit": str(unit)}))
        return tuple(filter(None, read_each(rows, lambda row: receipt_of_row(*row), _log_unreadable)))


def read_receipt(connection: Connection, plan_id: PlanId) -> PurgeReceipt | None:
    """Return the receipt of a plan that was carried out, or None."""
    rows = connection.fetch_all(_RECEIPT, {"plan_id": plan_id})
    return receipt_of_row(plan_id, rows[0][0]) if rows else None


def receipt_of_row(plan_id: PlanId, data: str) -> PurgeReceipt:
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
