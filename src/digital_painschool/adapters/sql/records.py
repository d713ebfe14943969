"""The records in SQL: a function that reads and one that writes for each kind, and one transaction for all."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from digital_painschool.adapters.sql.access_log import ADD_ACCESS, access_values
from digital_painschool.adapters.sql.completed_calls import read_call
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.desk_calls import add_desk_call, read_desk_call
from digital_painschool.adapters.sql.drafts import read_draft
from digital_painschool.adapters.sql.placed_lists import PlacedList
from digital_painschool.adapters.sql.profiles import read_profile, write_profile
from digital_painschool.adapters.sql.program_versions import read_program, write_program
from digital_painschool.adapters.sql.purge import read_progress
from digital_painschool.adapters.sql.purge_plans import LISTED_PLANS, read_plan, write_plan
from digital_painschool.adapters.sql.receipts import EXPORTS, PURGES, count_as_exported
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import ExportReceipt, PurgePlan, PurgeReceipt
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import (
    NO_VERSIONS,
    AccessEntry,
    CompletedCall,
    DeskCall,
    Listed,
    PurgeProgress,
    Record,
    RecordKey,
    Saved,
)

_READ: Mapping[type, Callable[..., Record | None]] = {
    Profile: read_profile,
    Program: read_program,
    Draft: read_draft,
    CompletedCall: read_call,
    DeskCall: read_desk_call,
    PurgePlan: read_plan,
    PurgeProgress: read_progress,
    PurgeReceipt: PURGES.read,
    ExportReceipt: EXPORTS.read,
}
"""The functions that read a record: they take a connection, and the parts of the key."""
_LISTED: Mapping[type, PlacedList[Listed]] = {
    PurgePlan: LISTED_PLANS,
    ExportReceipt: EXPORTS.listed,
    PurgeReceipt: PURGES.listed,
}


class SqlRecords:
    """The protocol `Records` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def load_record(self, key: RecordKey) -> Record | None:
        if not all(map(is_storable, key.parts)):
            return None
        return self._database.read(lambda connection: _READ[key.kind](connection, *key.parts))

    def list_records(
        self,
        kind: type[Listed],
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Listed, ...]:
        return _LISTED[kind].fetch(self._database, unit, newest_first=newest_first, after=after, limit=limit)

    def save_record(
        self,
        key: RecordKey,
        record: Saved,
        access: Iterable[AccessEntry] = (),
        *,
        exported: Mapping[EnrolmentId, int] = NO_VERSIONS,
        completed: DeskCall | None = None,
    ) -> Saved:
        entries = [access_values(entry) for entry in access]

        def work(connection: Connection) -> Saved:
            stored = _write(connection, key, record)
            if isinstance(record, ExportReceipt):
                count_as_exported(connection, record.unit, exported)
            add_desk_call(connection, completed)
            connection.execute_many(ADD_ACCESS, entries)
            return stored

        stored = self._database.write(work)
        if isinstance(record, PurgeReceipt):
            self._database.scrub_free_pages()
        return stored


def _write(connection: Connection, key: RecordKey, record: Saved) -> Saved:
    match record:
        case Profile():
            return write_profile(connection, key.parts, record)
        case Program():
            return write_program(connection, key.parts, record)
        case PurgePlan():
            return write_plan(connection, record)
        case ExportReceipt():
            return EXPORTS.write(connection, record)
        case PurgeReceipt():
            return PURGES.write(connection, record)
