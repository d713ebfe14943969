"""The access log in SQL."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Integer, bindparam, select

from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_rows import BulkStatement, insert_rows
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import access_log
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry, Activity
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)

ENTRY_COLUMNS = tuple(column for column in access_log.c if column.name != "number")
"""The columns that an entry fills."""

ADD_ACCESS = insert_into(access_log, leave_out=("number",))
_ADD_ENTRIES = insert_rows(access_log, [column.name for column in ENTRY_COLUMNS])
ACCESS_BATCH = BulkStatement(single=_ADD_ENTRIES, each=ADD_ACCESS)

_ENTRIES = (
    select(
        access_log.c.number,
        access_log.c.at,
        access_log.c.by,
        access_log.c.unit,
        access_log.c.action,
        access_log.c.activity,
        access_log.c.enrolment_id,
        access_log.c.person_scheme,
        access_log.c.person_value,
        access_log.c.granted,
    )
    .where(access_log.c.unit == bindparam("unit"), access_log.c.number > bindparam("after"))
    .order_by(access_log.c.number)
    .limit(bindparam("limit", type_=Integer))
)
_ENTRIES_OF_PERSON = _ENTRIES.where(
    access_log.c.person_value == bindparam("person_value"), access_log.c.person_scheme == bindparam("person_scheme")
)


class SqlAccessLog:
    """The protocol `AccessLog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, entries: Iterable[AccessEntry]) -> None:
        rows = [access_values(entry) for entry in entries]
        single = self._database.prefers_single_round_trip
        self._database.write(
            lambda connection: ACCESS_BATCH.run(connection, rows, single_statement=single), autocommit=single
        )

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        values: dict[str, Any] = {"unit": str(unit), "after": after, "limit": limit}
        statement = _ENTRIES
        if person is not None:
            statement = _ENTRIES_OF_PERSON
            values |= {"person_value": person.value, "person_scheme": person.scheme}
        while rows := self._database.read(lambda connection: connection.fetch_each(statement, values)):
            entries = read_each(rows, _numbered_entry, _log_unreadable)
            readable = tuple(entry for entry in entries if isinstance(entry, tuple))
            if readable:
                return readable
            values["after"] = rows[-1][0]  # otherwise a page of unreadable entries would look like the end
        return ()


def access_values(entry: AccessEntry) -> Mapping[str, Any]:
    """Return the row of an access entry."""
    person: PersonId | None = entry.person
    return {
        "at": entry.at,
        "by": str(entry.by),
        "unit": str(entry.unit),
        "action": entry.action,
        "activity": entry.activity.value,
        "enrolment_id": entry.enrolment_id,
        "person_scheme": None if person is None else person.scheme,
        "person_value": None if person is None else person.value,
        "granted": entry.granted,
    }


def _log_unreadable(row: Row) -> None:
    _log.error("entry %d of the access log cannot be read; was it changed by hand?", row[0])


def _numbered_entry(row: Row) -> tuple[int, AccessEntry]:
    require_readable(row)
    number, at, by, unit, action, activity, enrolment_id, scheme, value, granted = row
    entry = AccessEntry(
        at=at,
        by=by,
        unit=hsa_id_from_text(unit),
        action=action,
        activity=Activity(activity),
        enrolment_id=enrolment_id,
        person=None if value is None else PersonId(scheme, value),
        granted=granted,
    )
    return number, entry
