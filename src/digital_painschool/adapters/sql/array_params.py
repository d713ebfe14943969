"""Many values as one parameter of a statement, so that one compiled statement serves any number of them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ARRAY, Select, Text, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType, TypeDecorator, TypeEngine

from digital_painschool.adapters.sql.rows import Values


class ArrayParam(TypeDecorator[Sequence[Any]]):
    """Many values as one parameter: an array on PostgreSQL, a JSON array on SQLite."""

    impl = ARRAY
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type of the parameter on a database."""
        return self.impl_instance if dialect.name == "postgresql" else dialect.type_descriptor(Text())

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[Any] | None], str]:
        """Return the function that writes the values as text."""
        return _array_literal if dialect.name == "postgresql" else _json_array


def _array_literal(values: Sequence[Any] | None) -> str:
    # psycopg takes ten times as long to write an array.
    texts = [*map(str, values or ())]
    whole = "".join(texts)
    if "\\" in whole or '"' in whole:
        texts = [text.replace("\\", "\\\\").replace('"', '\\"') for text in texts]
    written = '","'.join(texts)
    return f'{{"{written}"}}' if texts else "{}"


def _json_array(values: Sequence[Any] | None) -> str:
    return json.dumps(list(values or ()))


class any_of(ColumnElement[Any]):  # noqa: N801 - reads as an SQL operator
    """The condition that a column equals any value of an array: `any_of(table.c.id, "ids")`.

    Args:
        column: The column that is compared.
        values: The array: the name of a parameter, or a column that holds an array.
    """

    inherit_cache = False
    type = NullType()  # a Boolean would be compared with 1 on SQLite, and no index would be used

    def __init__(self, column: ColumnElement[Any], values: str | ColumnElement[Any]) -> None:
        self.column = column
        self.values: ColumnElement[Any] = (
            bindparam(values, type_=ArrayParam(column.type)) if isinstance(values, str) else values
        )


class OfIds:
    """A query for the rows of some ids. A single id is compared by `=`, which spares SQLite half of the time.

    Args:
        query: The query, without the condition on the ids.
        column: The column of the id.

    Attributes:
        single: The statement for one id.
        many: The statement for any number of ids.
    """

    def __init__(self, query: Select[Any], column: ColumnElement[Any]) -> None:
        self.single = query.where(column == bindparam("id_"))
        self.many = query.where(any_of(column, "ids"))

    def with_values(self, ids: Sequence[str], **values: object) -> tuple[Select[Any], Values]:
        """Return the statement for some ids and its parameters, with other parameters of the query."""
        if len(ids) == 1:
            return self.single, {"id_": ids[0], **values}
        return self.many, {"ids": ids, **values}


@compiles(any_of, "sqlite")
def _any_of_on_sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - both are compiled, neither is a value


@compiles(any_of, "postgresql")
def _any_of_on_postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY ({compiler.process(element.values, **kw)})"
