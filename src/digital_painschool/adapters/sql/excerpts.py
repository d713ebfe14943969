"""The part of a numbered list that is wanted, as conditions of a statement and their values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Select, and_, bindparam, func, true, tuple_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from digital_painschool.adapters.sql.rows import Values
from digital_painschool.ports.storage import Excerpt

LAST_NUMBER = 2**63 - 1
"""No entry has a higher number, and no list more entries."""
PAGE_LIMIT = bindparam("limit", type_=BigInteger)


def excerpt_query(
    query: Select[Any],
    number: Column[Any],
    at: Column[datetime],
    by: Column[str],
    *,
    newest_first: bool,
    unit: Column[str] | None = None,
) -> Select[Any]:
    """Return a query for the entries that are in an excerpt and above `after`, at most `limit`.

    A condition whose parameter is NULL holds for every row; the columns are never NULL.

    Args:
        query: The query for the whole list.
        number: The column of an entry's number.
        at: The column of its instant.
        by: The column of its author.
        newest_first: The order.
        unit: The column of the unit, when an index on unit, number and instant is to be used. The excerpt has both
            instants then.
    """
    after, up_to = (bindparam(name, type_=BigInteger) for name in ("after", "up_to"))
    since, until = (bindparam(name, type_=at.type) for name in ("since", "until"))
    numbers = and_(number > after, number <= up_to)
    instants = (at >= since, at < until)
    if unit is not None:
        numbers = _by_database(numbers, _numbers_of_unit(unit, number, after, up_to))
    return (
        query.where(
            numbers,
            *(instants if unit is not None else (func.coalesce(one, true()) for one in instants)),
            func.coalesce(by == bindparam("by", type_=by.type), true()),
        )
        .order_by(number.desc() if newest_first else number)
        .limit(PAGE_LIMIT)
    )


class _by_database(ColumnElement[Any]):  # noqa: N801 - reads as an SQL function
    """A condition that each database looks up in another form."""

    inherit_cache = False
    type = NullType()
    """Of a boolean SQLAlchemy would ask SQLite whether it equals 1, and no index answers that."""

    def __init__(self, on_sqlite: ColumnElement[bool], on_postgresql: ColumnElement[bool]) -> None:
        self.on_sqlite = on_sqlite
        self.on_postgresql = on_postgresql


@compiles(_by_database, "sqlite")
def _on_sqlite(element: _by_database, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.on_sqlite, **kw)


@compiles(_by_database, "postgresql")
def _on_postgresql(element: _by_database, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.on_postgresql, **kw)


def _numbers_of_unit(
    unit: Column[str], number: Column[Any], after: ColumnElement[Any], up_to: ColumnElement[Any]
) -> ColumnElement[bool]:
    """Return the range of numbers as a range of rows.

    For a plain range PostgreSQL 18 expects to skip from number to number, and would rather read all units' entries.
    """
    own, row = bindparam("unit", type_=unit.type), tuple_(unit, number)
    return and_(row > tuple_(own, after), row <= tuple_(own, up_to))


def excerpt_values(excerpt: Excerpt, after: int, limit: int | None) -> Values:
    """Return the parameters of a statement of `excerpt_query`."""
    return {
        "after": after,
        "up_to": LAST_NUMBER if excerpt.up_to is None else excerpt.up_to,
        "since": excerpt.since,
        "until": excerpt.until,
        "by": excerpt.by,
        "limit": LAST_NUMBER if limit is None else limit,
    }
