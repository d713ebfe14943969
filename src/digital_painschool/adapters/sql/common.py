"""Inserts, JSON text and lookups, as every part of the storage uses them."""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import Table, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert

from digital_painschool.domain.validation import is_storable
from digital_painschool.serialization.stored import read_stored


def insert_into(table: Table, *, ignore_existing: bool = False, leave_out: Iterable[str] = ()) -> Insert:
    """Return the statement that inserts one row, with a parameter for each column, named after it.

    Args:
        table: The table.
        ignore_existing: True keeps an existing row that has the same key.
        leave_out: The columns that the database fills.
    """
    left_out = frozenset(leave_out)
    # SQLite's compiler reads PostgreSQL's insert too, with its ON CONFLICT.
    statement = insert(table).inline()
    statement = statement.values({c.name: bindparam(c.name, type_=c.type) for c in table.c if c.name not in left_out})
    return statement.on_conflict_do_nothing() if ignore_existing else statement


def to_json(data: Any) -> str:
    """Return data as JSON text."""
    return orjson.dumps(data).decode()


def from_json(text: str) -> Any:
    """Return the data of JSON text.

    Raises:
        StorageError: The text is no JSON. The parser's own error would hold all of it.
    """
    return read_stored("JSON text in the database", orjson.loads, text)


def may_exist(text: str) -> bool:
    """Return whether a text can be stored: no database holds NUL or half of a surrogate pair."""
    return text.isprintable() or is_storable(text)
