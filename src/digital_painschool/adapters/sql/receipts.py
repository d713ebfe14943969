"""The receipts of exports and of purges in SQL, and the exported version of each enrolment."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Integer, Table, bindparam, select, update

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.placed_lists import PlacedList, in_both_orders
from digital_painschool.adapters.sql.retention_tables import exports, receipts
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import enrolments
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import ExportReceipt, PurgeReceipt
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import position_of
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data, to_data

_R = TypeVar("_R", bound=ExportReceipt | PurgeReceipt)


class Receipts(Generic[_R]):
    """A table of receipts.

    Args:
        kind: The kind of the receipts.
        what: The words that an error and a log line say before the id.
        table: The table.
        id_: The column of the id.
        at: The column of the instant.
    """

    def __init__(self, kind: type[_R], what: str, table: Table, id_: Column[Any], at: Column[Any]) -> None:
        query = select(id_, at, table.c.data)
        self._kind = kind
        self._what = what
        self._names = (at.name, id_.name)
        self._insert = insert_into(table, ignore_existing=True)
        self.one = query.where(id_ == bindparam("id"))
        self.listed = PlacedList(queries=in_both_orders(query, at, id_), read=self._of_listed, what=what)

    def read(self, connection: Connection, id_: str) -> _R | None:
        """Return the receipt with an id, or None."""
        rows = connection.fetch_all(self.one, {"id": id_})
        return self.of_row(rows[0]) if rows else None

    def write(self, connection: Connection, receipt: _R) -> _R:
        """Save a receipt where none has its id, and return the stored one."""
        place = dict(zip(self._names, position_of(receipt), strict=True))
        values = {**place, "unit": str(receipt.unit), "data": to_json(to_data(receipt))}
        if connection.execute(self._insert, values) == 1:
            return receipt
        saved = self.read(connection, position_of(receipt)[1])
        assert saved is not None, "it was added, or was there"
        return saved

    def of_row(self, row: Row) -> _R:
        """Return the receipt of a row: its id, its instant and its data.

        Raises:
            StorageError: The row is damaged.
        """
        id_, at, data = row
        what = f"{self._what} {id_}"
        receipt = read_stored(what, lambda: from_data(from_json(data), self._kind))
        if position_of(receipt) != (at, id_):
            raise StorageError(f"{what} cannot be read: another one stands there")
        return receipt

    def _of_listed(self, _: Connection, row: Row) -> _R:
        return self.of_row(row)


EXPORTS = Receipts(ExportReceipt, "the receipt of export", exports, exports.c.id, exports.c.exported_at)
PURGES = Receipts(PurgeReceipt, "the receipt of plan", receipts, receipts.c.plan_id, receipts.c.purged_at)

_e = enrolments.c
_NOTE_EXPORTED = (
    update(enrolments)
    .where(
        _e.id == bindparam("enrolment_id"),
        _e.unit == bindparam("its_unit"),
        _e.exported_version < bindparam("exported", type_=Integer),
    )
    .values(exported_version=bindparam("exported", type_=Integer))
)


def count_as_exported(connection: Connection, unit: HsaId, versions: Mapping[EnrolmentId, int]) -> None:
    """Save the versions of a unit's enrolments that count as exported."""
    exported = [
        {"enrolment_id": enrolment_id, "its_unit": str(unit), "exported": version}
        for enrolment_id, version in sorted(versions.items())
    ]
    connection.execute_many(_NOTE_EXPORTED, exported)
