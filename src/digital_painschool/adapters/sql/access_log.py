"""The access log in SQL."""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select, true

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import excerpt_query, excerpt_values
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_rows import BulkStatement, insert_rows
from digital_painschool.adapters.sql.rows import Row, Values, require_readable
from digital_painschool.adapters.sql.schema import access_log
from digital_painschool.codes import action_of
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId, stored_person
from digital_painschool.ports.storage import WHOLE, AccessEntry, Activity, Excerpt
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each

_log = logging.getLogger(__name__)
_ACTIVITIES = {activity.value: activity for activity in Activity}

ENTRY_COLUMNS = tuple(column for column in access_log.c if column.name != "number")
"""The columns that an entry fills."""

ADD_ACCESS = insert_into(access_log, leave_out=("number",))
_ADD_ENTRIES = insert_rows(access_log, [column.name for column in ENTRY_COLUMNS])
ACCESS_BATCH = BulkStatement(single=_ADD_ENTRIES, each=ADD_ACCESS)

_l = access_log.c
_OF_UNIT = select(
    _l.number,
    _l.at,
    _l.by,
    _l.unit,
    _l.action,
    _l.activity,
    _l.enrolment_id,
    _l.person_scheme,
    _l.person_value,
    _l.granted,
).where(
    _l.unit == bindparam("unit"),
    func.coalesce(_l.action == bindparam("action", type_=_l.action.type), true()),
    func.coalesce(
        func.coalesce(_l.enrolment_id, literal_column("''")) == bindparam("enrolment_id", type_=_l.enrolment_id.type),
        true(),
    ),
)
_OF_PERSON = _OF_UNIT.where(
    _l.person_value == bindparam("person_value"), _l.person_scheme == bindparam("person_scheme")
)
_OF_AUTHOR = _l.by == bindparam("author", type_=_l.by.type)
"""A plain comparison: an index looks up no condition that may be NULL."""
_ENTRIES = {
    (one_person, one_author, newest_first, False): excerpt_query(
        query.where(_OF_AUTHOR) if one_author else query, _l.number, _l.at, _l.by, newest_first=newest_first
    )
    for one_person, query in ((False, _OF_UNIT), (True, _OF_PERSON))
    for one_author in (False, True)
    for newest_first in (False, True)
} | {
    (False, False, newest_first, True): excerpt_query(
        _OF_UNIT, _l.number, _l.at, _l.by, newest_first=newest_first, unit=_l.unit
    )
    for newest_first in (False, True)
}
"""By whether the entries of one person and of one author are wanted, whether the newest come first, and whether those
of a time are picked within the index."""
_EVER = {"since": datetime(1900, 1, 1, tzinfo=UTC), "until": datetime(9000, 12, 31, tzinfo=UTC)}
"""The bounds of an excerpt without them: no treatment is so old, or will be."""


class SqlAccessLog:
    """The protocol `AccessLog` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, entries: Iterable[AccessEntry]) -> None:
        given = tuple(entries)
        single = self._database.prefers_single_round_trip

        def work(connection: Connection) -> None:
            ACCESS_BATCH.run(connection, [access_values(entry) for entry in given], single_statement=single)

        self._database.write(work, autocommit=single)

    def access_entries(
        self,
        unit: HsaId,
        *,
        person: PersonId | None = None,
        enrolment_id: EnrolmentId | None = None,
        action: str | None = None,
        after: int = 0,
        limit: int = 1000,
        excerpt: Excerpt = WHOLE,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        values: dict[str, Any] = {
            **excerpt_values(excerpt, after, limit),
            "unit": str(unit),
            "enrolment_id": enrolment_id,
            "action": action,
            "author": excerpt.by,
        }
        of_whom = (person is not None, excerpt.by is not None)
        of_a_time = of_whom == (False, False) and (excerpt.since is not None or excerpt.until is not None)
        if of_a_time:
            values |= {name: values[name] or ever for name, ever in _EVER.items()}
        statement = _ENTRIES[*of_whom, excerpt.newest_first, of_a_time]
        found: list[tuple[int, AccessEntry]] = []
        # Otherwise a page of unreadable entries would look like the end.
        while len(found) < limit and (
            rows := self._database.read(partial(_fetch, statement=statement, values=values, person=person))
        ):
            read = read_each(rows, _numbered_entry, _log_unreadable)
            found += [entry for entry in read if entry is not None]
            if len(rows) < values["limit"]:
                break
            values |= {"up_to": rows[-1][0] - 1} if excerpt.newest_first else {"after": rows[-1][0]}
            values["limit"] = limit - len(found)
        return tuple(found)


def _fetch(connection: Connection, *, statement: Select[Any], values: Values, person: PersonId | None) -> list[Row]:
    whose = (None, None) if person is None else (person.scheme, person.value)
    return connection.fetch_each(statement, {**values, "person_scheme": whose[0], "person_value": whose[1]})


def access_values(entry: AccessEntry) -> Mapping[str, Any]:
    """Return the row of an access entry."""
    person: PersonId | None = entry.person
    return {
        "at": entry.at,
        "by": str(entry.by),
        "unit": str(entry.unit),
        "action": str(entry.action),
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
    fields = {
        "at": at,
        "by": by,
        "unit": hsa_id_from_text(unit),
        "action": action_of(action),
        "activity": _ACTIVITIES[activity],
        "enrolment_id": enrolment_id,
        "person": None if value is None else stored_person(scheme, value),
        "granted": granted,
    }
    return number, from_checked(AccessEntry, fields)
