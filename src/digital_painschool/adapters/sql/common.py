"""What the parts of the storage share: the database, JSON text, and statements that look the same for every table."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from sqlalchemy import Table, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert

from digital_painschool.adapters.sql.pool import Database
from digital_painschool.adapters.sql.schema import access_log
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.validation import is_storable
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.stored import read_stored


class Part:
    """One part of the storage: runs its statements on the database that all parts share."""

    _database: Database


def insert_into(table: Table, *, unless_there: bool = False, leave_out: Iterable[str] = ()) -> Insert:
    """Insert one row, with every column given by name.

    Args:
        table: Into which.
        unless_there: True lets a row stand that has the same key.
        leave_out: The columns that the database fills.
    """
    left_out = frozenset(leave_out)
    # PostgreSQL's own insert is the one that SQLite's compiler reads as well when it comes to ON CONFLICT.
    statement = insert(table).inline()
    statement = statement.values({c.name: bindparam(c.name, type_=c.type) for c in table.c if c.name not in left_out})
    return statement.on_conflict_do_nothing() if unless_there else statement


def to_json(data: Any) -> str:
    """Write data as JSON text."""
    return orjson.dumps(data).decode()


def from_json(text: str) -> Any:
    """Read JSON text.

    Raises:
        StorageError: It is none. The parser's own error would hold all of it.
    """
    return read_stored("JSON text in the database", orjson.loads, text)


def may_exist(text: str) -> bool:
    """Return whether a text can be stored at all: NUL and halves of surrogate pairs cannot be asked for."""
    return text.isprintable() or is_storable(text)


ADD_ACCESS = insert_into(access_log, leave_out=("number",))


def access_values(entry: AccessEntry) -> Mapping[str, Any]:
    """Return an access entry as a row."""
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
