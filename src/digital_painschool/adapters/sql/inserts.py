"""The insert of one row, as every part of the storage writes it."""

from collections.abc import Iterable

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects.postgresql import Insert, insert


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
