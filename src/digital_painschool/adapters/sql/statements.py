"""Statements: written once in SQLAlchemy Core, compiled once for each dialect, run on the driver's own connection.

Core's own execution costs more than SQLite's whole transaction. A compiled statement costs next to nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Select
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import NullType

from digital_painschool.adapters.sql.rows import UNREADABLE, Damaged, Row, Values

_DRIVER_TYPES: Mapping[str, Mapping[type, type]] = {"sqlite": {bool: int, datetime: str}}
"""The Python types that a driver returns for a column's type, where they differ."""
_MANY = 4
"""So many rows are converted column by column."""


class Statement:
    """One compiled SQL statement: its text, the order of its values, and the conversion of values and columns."""

    __slots__ = (
        *("_any_type", "_binds", "_checked_types", "_columns", "_constants", "_names", "_pick", "_plain", "_types"),
        "sql",
    )

    def __init__(self, clause: ClauseElement, dialect: Dialect, schema: str | None = None) -> None:
        # Without a schema the names stay bare: the database resolves them by its user's search path.
        schemas = None if schema is None else {None: schema}
        compiled = clause.compile(
            dialect=dialect, schema_translate_map=schemas, render_schema_translate=schemas is not None
        )
        assert isinstance(compiled, SQLCompiler), "a clause without values is no Statement"
        names = tuple(compiled.positiontup or ())
        self.sql = compiled.string
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._pick = itemgetter(*names) if len(names) > 1 else lambda values: [values[name] for name in names]
        binds = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
        self._binds = tuple((index, convert) for index, convert in enumerate(binds) if convert is not None)
        selected = tuple(clause.selected_columns) if isinstance(clause, Select) else ()
        columns = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected)
        self._columns = tuple((index, convert) for index, convert in enumerate(columns) if convert is not None)
        self._names = tuple(str(column) if isinstance(column, Column) else "a figure" for column in selected)
        self._any_type = dialect.name == "sqlite"
        driver_types = _DRIVER_TYPES.get(dialect.name, {})
        types = (object if isinstance(column.type, NullType) else column.type.python_type for column in selected)
        self._types = tuple(driver_types.get(type_, type_) for type_ in types)
        self._checked_types: set[tuple[type, ...]] = set()
        # A conversion refuses a cell of a wrong type by itself.
        converted = {index for index, _ in self._columns}
        plain = ((i, type_) for i, type_ in enumerate(self._types) if i not in converted and type_ is not object)
        self._plain = tuple((i, {type_, type(None)}) for i, type_ in plain) if self._any_type else ()

    def values(self, values: Values) -> Sequence[Any]:
        """Return named values in the order of the statement, converted for the driver."""
        if self._constants:
            values = {**self._constants, **values}
        if not self._binds:
            picked: Sequence[Any] = self._pick(values)
            return picked
        ordered = list(self._pick(values))
        for index, convert in self._binds:
            ordered[index] = convert(ordered[index])
        return ordered

    def rows(self, rows: list[Row]) -> list[Row]:
        """Return the driver's rows, converted to the types of the columns.

        A column of SQLite holds values of any type, and a text may be no instant: such a row is returned as `Damaged`.
        """
        if not self._plain and not self._columns:
            return rows
        if len(rows) >= _MANY:
            try:
                return self._by_column(rows)
            except Exception:  # noqa: BLE001, S110 - the cell may hold anything, and its content must not be shown
                pass  # one of the rows is damaged
        if self._any_type:
            return [self._checked(row) for row in rows]
        return [self._converted(row) for row in rows]

    def _by_column(self, rows: list[Row]) -> list[Row]:
        """Return the rows as `rows` does, in half of the time; raise when one of them is damaged."""
        columns: list[Sequence[Any]] = [*zip(*rows, strict=True)]
        for index, types in self._plain:
            if not types.issuperset(map(type, columns[index])):
                raise TypeError
        for index, convert in self._columns:
            columns[index] = [None if cell is None else convert(cell) for cell in columns[index]]
        return [*zip(*columns, strict=True)]

    def _checked(self, row: Row) -> Row:
        types = tuple(map(type, row))
        if types not in self._checked_types:
            if not all(map(_fits, types, self._types)):
                return self._damaged(row)
            self._checked_types.add(types)
        return self._converted(row) if self._columns else row

    def _converted(self, row: Row) -> Row:
        cells = list(row)
        try:
            for index, convert in self._columns:
                if (cell := cells[index]) is not None:
                    cells[index] = convert(cell)
        except Exception:  # noqa: BLE001 - the cell may hold anything, and its content must not be shown
            return self._damaged(row)
        return tuple(cells)

    def _damaged(self, row: Row) -> Damaged:
        cells: list[Any] = [
            cell if _fits(type(cell), type_) else UNREADABLE for cell, type_ in zip(row, self._types, strict=True)
        ]
        for index, convert in self._columns:
            if cells[index] is not None and cells[index] is not UNREADABLE:
                try:
                    cells[index] = convert(cells[index])
                except Exception:  # noqa: BLE001 - as above
                    cells[index] = UNREADABLE
        damaged = Damaged(cells)
        damaged.columns = ", ".join(name for name, cell in zip(self._names, cells, strict=True) if cell is UNREADABLE)
        return damaged


def _fits(present: type, wanted: type) -> bool:
    return present is wanted or present is type(None) or wanted is object


class Statements(dict[ClauseElement, Statement]):
    """The statements of one dialect, each compiled at its first use. Their number is bounded: they are constants.

    Args:
        dialect: The dialect that the statements are compiled for.
        schema: The schema that qualifies each table's name; None for bare names.
    """

    def __init__(self, dialect: Dialect, schema: str | None = None) -> None:
        super().__init__()
        self._dialect = dialect
        self._schema = schema

    def __missing__(self, clause: ClauseElement) -> Statement:
        statement = self[clause] = Statement(clause, self._dialect, self._schema)
        return statement
