"""Rows as a driver returns them, and rows of which a cell cannot be read."""

from collections.abc import Mapping
from typing import Any

from digital_painschool.errors import StorageError

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Unreadable:
    """A placeholder of a cell that cannot be read; it holds nothing of the stored content."""


UNREADABLE = Unreadable()


class Damaged(Row):
    """A row of which a cell cannot be read.

    Attributes:
        columns: The names of the unreadable columns, for the error.
    """

    columns: str


def require_all_readable(rows: list[Row]) -> list[Row]:
    """Return the rows.

    Raises:
        StorageError: A cell of one of the rows cannot be read.
    """
    for row in rows:
        if type(row) is Damaged:
            require_readable(row)
    return rows


def require_readable(row: Row) -> None:
    """Refuse a row of which a cell cannot be read.

    Raises:
        StorageError: A cell cannot be read.
    """
    if type(row) is Damaged:
        raise StorageError(f"a row cannot be read ({row.columns}); was it changed by hand?")


def readable_text(cell: object) -> str:
    """Return a cell that holds text, such as the id that names a damaged row.

    Raises:
        StorageError: The cell cannot be read.
    """
    if not isinstance(cell, str):
        raise StorageError("the id of a row cannot be read; was it changed by hand?")
    return cell
