"""Statements: written once in SQLAlchemy Core, compiled once for each dialect, run on the driver's own connection.

Core's own execution costs more than the whole of SQLite's transaction; what is compiled once costs next to nothing.
"""

import json
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ARRAY, Select, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Several(TypeDecorator[Sequence[Any]]):
    """Several values in one: an array on PostgreSQL, a JSON list on SQLite."""

    impl = ARRAY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose what the driver is given."""
        return self.impl_instance if dialect.name == "postgresql" else dialect.type_descriptor(Text())

    def process_bind_param(self, value: Sequence[Any] | None, dialect: Dialect) -> Any:
        """Write the values."""
        values = list(value or ())
        return values if dialect.name == "postgresql" else json.dumps(values)


class among(ColumnElement[Any]):  # noqa: N801 - reads as the operator that it is
    """A column's value is one of several that are given as one: `among(table.c.id, "ids")`."""

    inherit_cache = False
    type = NullType()  # as a Boolean it would be compared with 1 on SQLite, and no index would serve

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column = column
        self.several: ColumnElement[Any] = bindparam(name, type_=Several(column.type))


@compiles(among, "sqlite")
def _among_on_sqlite(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    column, several = compiler.process(element.column, **kw), compiler.process(element.several, **kw)
    return f"{column} IN (SELECT value FROM json_each({several}))"  # noqa: S608 - both are compiled, neither is a value


@compiles(among, "postgresql")
def _among_on_postgresql(element: among, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.several, **kw)})"


class Statement:
    """One SQL statement, compiled: its text, the order of its values, and how values and columns are converted."""

    __slots__ = ("_binds", "_columns", "_constants", "_pick", "sql")

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
        selected = clause.selected_columns if isinstance(clause, Select) else ()
        columns = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in selected)
        self._columns = tuple((place, convert) for place, convert in enumerate(columns) if convert is not None)

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
        """Bring the driver's rows into the form that the columns' types give."""
        if not self._columns or not rows:
            return rows
        converted = []
        for row in rows:
            cells = list(row)
            for place, convert in self._columns:
                cells[place] = convert(cells[place])
            converted.append(tuple(cells))
        return converted


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
