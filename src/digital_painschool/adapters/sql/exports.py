"""Exports in SQL: the receipts, and the exported version of each enrolment."""

from collections.abc import Mapping

from sqlalchemy import Integer, bindparam, update

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.desk_calls import add_desk_call
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import to_json
from digital_painschool.adapters.sql.schema import enrolments, exports
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.ports.storage import DeskCall
from digital_painschool.serialization.values import to_data

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


class SqlExports:
    """The exports of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_export(
        self, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int], *, completed: DeskCall | None = None
    ) -> None:
        unit = str(receipt.unit)
        values = {
            "id": receipt.id,
            "unit": unit,
            "exported_at": receipt.exported_at,
            "data": to_json(to_data(receipt)),
        }
        exported = [
            {"enrolment_id": enrolment_id, "its_unit": unit, "exported": version}
            for enrolment_id, version in sorted(versions.items())
        ]

        def work(connection: Connection) -> None:
            connection.execute(_ADD_EXPORT, values)
            connection.execute_many(_NOTE_EXPORTED, exported)
            add_desk_call(connection, completed)

        self._database.write(work)
