"""Many rows as one JSON parameter: a bulk write takes one statement, and so one round trip to PostgreSQL."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import JSON, Column, Dialect, Insert, Table, Text, bindparam, cast, func, insert, select
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeDecorator

from digital_painschool.adapters.sql.column_types import Instant
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.json_text import to_json
from digital_painschool.adapters.sql.rows import Values
from digital_painschool.serialization.scalars import instant_to_text

Rows = Sequence[Mapping[str, Any]]

_ROWS = "rows"


class _JsonRows(TypeDecorator[Rows]):
    """Rows as JSON text: psycopg takes longer to write an array for each of their columns."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Rows | None, dialect: Dialect) -> str:  # noqa: ARG002 - the base's signature
        """Return the rows as text."""
        # A host's clock may return a subclass of `datetime`, which orjson does not write by itself.
        return to_json(value or (), default=instant_to_text)


def json_rows(name: str, types: Mapping[str, Any]) -> Any:
    """Return a source of rows for a statement on PostgreSQL.

    Args:
        name: The parameter that holds the rows.
        types: The columns of a row, each with its type; whatever else a row holds is ignored.
    """
    rows = cast(bindparam(name, type_=_JsonRows()), JSON)
    columns = (Column(column, _element_type(type_)) for column, type_ in types.items())
    return func.json_to_recordset(rows).table_valued(*columns).render_derived(name=name, with_types=True)


def json_rows_of(table: Table, columns: Sequence[str], name: str) -> Any:
    """Return a source of rows, as `json_rows` does, with the types of a table's columns."""
    return json_rows(name, {column: table.c[column].type for column in columns})


def insert_rows(table: Table, columns: Sequence[str]) -> Insert:
    """Return the statement that inserts many rows into a table."""
    rows = json_rows_of(table, columns, _ROWS)
    return insert(table).from_select(list(columns), select(*rows.c).select_from(rows)).inline()


class RowStatement(Protocol):
    """A function that builds the statement for one row, or for all rows of a bulk write."""

    def __call__(self, row: Mapping[str, ColumnElement[Any]], /) -> ClauseElement:
        """Return the statement.

        Args:
            row: The values of a row, by name: parameters, or columns of a source of rows.
        """
        ...


class BulkStatement:
    """A write of many rows: one statement where round trips are expensive, otherwise one statement for each row.

    Args:
        single: The statement for all rows, which `json_rows` reads from the parameter `rows`.
        each: The statement for one row.
    """

    def __init__(self, single: ClauseElement, each: ClauseElement) -> None:
        self.single = single
        self.each = each

    @classmethod
    def of(
        cls, types: Mapping[str, Any], statement: RowStatement, of_all: RowStatement | None = None
    ) -> "BulkStatement":
        """Return the bulk write of a statement that takes its values from a row of the given types.

        Args:
            types: The types.
            statement: Builds the statement.
            of_all: Builds the statement for all rows; None where it is the same.
        """
        return cls(
            single=(of_all or statement)(json_rows(_ROWS, types).c),
            each=statement({name: bindparam(name, type_=type_) for name, type_ in types.items()}),
        )

    def run(self, connection: Connection, rows: Sequence[Values], *, single_statement: bool) -> None:
        """Write the rows."""
        if rows and single_statement:
            connection.execute(self.single, {_ROWS: rows})
        elif rows:
            connection.execute_many(self.each, rows)


def _element_type(type_: Any) -> Any:
    return TIMESTAMP(timezone=True) if isinstance(type_, Instant) else type_
