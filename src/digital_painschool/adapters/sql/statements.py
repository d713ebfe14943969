"""Statements: written once in SQLAlchemy Core, compiled once for each dialect, run on the driver's own connection.

Core's own execution costs more than the whole of SQLite's transaction; what is compiled once costs next to nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Column, Select, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from digital_painschool.errors import StorageError

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Unreadable:
    """Stands for a cell that cannot be read; what is stored there is nowhere in it."""


UNREADABLE = Unreadable()


class Damaged(Row):
    """A row of which a cell cannot be read.

    Attributes:
        columns: Which columns those are, for the error.
    """

    columns: str


def sound(rows: list[Row]) -> list[Row]:
    """Return the rows.

    Raises:
        StorageError: A cell of one of them cannot be read.
    """
    for row in rows:
        if type(row) is Damaged:
            raise StorageError(f"a row cannot be read ({row.columns}); was it changed by hand?")
    return rows


def require_readable(row: Row) -> None:
    """Refuse a row of which a cell cannot be read, for a reader of single rows.

    Raises:
        StorageError: A cell cannot be read.
    """
    if type(row) is Damaged:
        sound([row])


def readable_text(cell: object) -> str:
    """Return a cell that holds text, such as the id by which a damaged row is named.

    Raises:
        StorageError: The cell cannot be read.
    """
    if not isinstance(cell, str):
        raise StorageError("the id of a row cannot be read; was it changed by hand?")
    return cell


_RAW: Mapping[str, Mapping[type, type]] = {"sqlite": {bool: int, datetime: str}}
"""What a driver gives for a type, where it gives another one."""


class ArrayParam(TypeDecorator[Sequence[Any]]):
    """Several values in one: an array on PostgreSQL, a JSON list on SQLite."""

    impl = ARRAY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the driver is given."""
        return self.impl_instance if dialect.name == "postgresql" else dialect.type_descriptor(Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[Any] | None], str]:
        """Write the values."""
        return _array if dialect.name == "postgresql" else _list


def _array(values: Sequence[Any] | None) -> str:
    """Write an array as PostgreSQL does: psycopg takes ten times as long for it."""
    quoted = (str(value).replace("\\", "\\\\").replace('"', '\\"') for value in values or ())
    written = '","'.join(quoted)
    return f'{{"{written}"}}' if values else "{}"


def _list(values: Sequence[Any] | None) -> str:
    return json.dumps(list(values or ()))


class any_of(ColumnElement[Any]):  # noqa: N801 - reads as the operator that it is
    """A column's value is one of several that are given as one: `any_of(table.c.id, "ids")`, by name or as a column."""

    inherit_cache = False
    type = NullType()  # as a Boolean it would be compared with 1 on SQLite, and no index would serve

    def __init__(self, column: ColumnElement[Any], several: str | ColumnElement[Any]) -> None:
        self.column = column
        if isinstance(several, str):
            several = bindparam(several, type_=ArrayParam(column.type))
        self.several: ColumnElement[Any] = several


@compiles(any_of, "sqlite")
def _among_on_sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, several = compiler.process(element.column, **kw), compiler.process(element.several, **kw)
    return f"{column} IN (SELECT value FROM json_each({several}))"  # noqa: S608 - both are compiled, neither is a value


@compiles(any_of, "postgresql")
def _among_on_postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.several, **kw)})"


class Statement:
    """One SQL statement, compiled: its text, the order of its values, and how values and columns are converted."""

    __slots__ = ("_binds", "_columns", "_constants", "_known", "_names", "_pick", "_types", "sql")

    def __init__(self, clause: ClauseElement, dialect: Dialect, schema: str | None = None) -> None:
        # Without a schema the names stay bare: the database looks for the tables where its user looks for them.
        where = None if schema is None else {None: schema}
        compiled = clause.compile(
            dialect=dialect, schema_translate_map=where, render_schema_translate=where is not None
        )
        assert isinstance(compiled, SQLCompiler), "what has no values is no Statement"
        names = tuple(compiled.positiontup or ())
        self.sql = compiled.string
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        self._pick = itemgetter(*names) if len(names) > 1 else lambda values: [values[name] for name in names]
        binds = (compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names)
        self._binds = tuple((place, convert) for place, convert in enumerate(binds) if convert is not None)
        selected = tuple(clause.selected_columns) if isinstance(clause, Select) else ()
        columns = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected)
        self._columns = tuple((place, convert) for place, convert in enumerate(columns) if convert is not None)
        self._names = tuple(str(column) if isinstance(column, Column) else "a figure" for column in selected)
        raw = _RAW.get(dialect.name, {})
        given = (object if isinstance(column.type, NullType) else column.type.python_type for column in selected)
        self._types = tuple(raw.get(type_, type_) for type_ in given)
        self._known: set[tuple[type, ...]] = set()

    def values(self, values: Values) -> Sequence[Any]:
        """Put named values into the order of the statement, in the form that the driver takes."""
        if self._constants:
            values = {**self._constants, **values}
        if not self._binds:
            picked: Sequence[Any] = self._pick(values)
            return picked
        ordered = list(self._pick(values))
        for place, convert in self._binds:
            ordered[place] = convert(ordered[place])
        return ordered

    def rows(self, rows: list[Row]) -> list[Row]:
        """Bring the driver's rows into the form that the columns' types give.

        A column of SQLite holds values of any type, and a text may be no time: such a row comes as `Damaged`.
        """
        if not self._types:
            return rows
        return [self._row(row) for row in rows]

    def _row(self, row: Row) -> Row:
        types = tuple(map(type, row))
        if types not in self._known:
            if not all(map(_fits, types, self._types)):
                return self._damaged(row)
            self._known.add(types)
        if not self._columns:
            return row
        cells = list(row)
        try:
            for place, convert in self._columns:
                cells[place] = convert(cells[place])
        except Exception:  # noqa: BLE001 - the cell may hold anything, and its content must not be shown
            return self._damaged(row)
        return tuple(cells)

    def _damaged(self, row: Row) -> Damaged:
        cells: list[Any] = [
            cell if _fits(type(cell), type_) else UNREADABLE for cell, type_ in zip(row, self._types, strict=True)
        ]
        for place, convert in self._columns:
            if cells[place] is not UNREADABLE:
                try:
                    cells[place] = convert(cells[place])
                except Exception:  # noqa: BLE001 - as above
                    cells[place] = UNREADABLE
        damaged = Damaged(cells)
        damaged.columns = ", ".join(name for name, cell in zip(self._names, cells, strict=True) if cell is UNREADABLE)
        return damaged


def _fits(given: type, wanted: type) -> bool:
    return given is wanted or given is type(None) or wanted is object


class Statements(dict[ClauseElement, Statement]):
    """Statements of one dialect, each compiled when it is first asked for; they are constants of modules, so few.

    Args:
        dialect: For which database.
        schema: The schema that the tables lie in, named before each of them; None for none.
    """

    def __init__(self, dialect: Dialect, schema: str | None = None) -> None:
        super().__init__()
        self._dialect = dialect
        self._schema = schema

    def __missing__(self, clause: ClauseElement) -> Statement:
        statement = self[clause] = Statement(clause, self._dialect, self._schema)
        return statement
