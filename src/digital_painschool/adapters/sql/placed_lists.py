"""Lists of a unit in SQL whose rows have a place: an instant, and then an id."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Column, Select, bindparam, tuple_

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.domain.people import HsaId
from digital_painschool.serialization.stored import read_each

_T = TypeVar("_T")
_ENDS = {False: (datetime(1900, 1, 1, tzinfo=UTC), ""), True: (datetime(9000, 12, 31, tzinfo=UTC), "")}
"""The place before the first row, by whether the newest come first."""


def in_order(query: Select[Any], at: Column[Any], id_: Column[Any], *, newest_first: bool) -> Select[Any]:
    """Return a query for the rows behind a place, in their order; the first two columns are the id and the instant.

    Args:
        query: The query for all rows of a unit, with a limit.
        at: The column of the instant.
        id_: The column of the id.
        newest_first: False for the oldest first.
    """
    place = tuple_(at, id_)
    shown = tuple_(bindparam("at", type_=at.type), bindparam("id", type_=id_.type))
    if newest_first:
        return query.where(place < shown).order_by(at.desc(), id_.desc())
    return query.where(place > shown).order_by(at, id_)


def placed_list(
    database: Database,
    statement: Select[Any],
    unit: HsaId,
    after: tuple[datetime, str] | None,
    limit: int,
    *,
    newest_first: bool,
    read: Callable[[Connection, Row], _T | None],
    log_unreadable: Callable[[Row], None],
) -> tuple[_T, ...]:
    """Return the readable rows behind a place, at most `limit` of them.

    Args:
        database: The database.
        statement: A query that `in_order` made.
        unit: The unit.
        after: The place; None for the start.
        limit: The most rows.
        newest_first: As the query was made.
        read: Reads a row, or raises; None for nothing.
        log_unreadable: Logs a row that cannot be read.
    """
    found: list[_T] = []
    place: tuple[Any, Any] = after or _ENDS[newest_first]
    # Otherwise a page of unreadable rows would look like the end.
    while len(found) < limit:
        values = {"unit": str(unit), "at": place[0], "id": place[1], "limit": limit - len(found)}
        rows, page = database.read(
            partial(_fetch, statement=statement, values=values, read=read, log_unreadable=log_unreadable)
        )
        found += [one for one in page if one is not None]
        if len(rows) < values["limit"] or not isinstance(rows[-1][1], datetime):
            break
        place = rows[-1][1], rows[-1][0]
    return tuple(found)


def _fetch(
    connection: Connection,
    *,
    statement: Select[Any],
    values: Mapping[str, Any],
    read: Callable[[Connection, Row], _T | None],
    log_unreadable: Callable[[Row], None],
) -> tuple[list[Row], list[_T | None]]:
    rows = connection.fetch_each(statement, values)
    return rows, read_each(rows, partial(read, connection), log_unreadable)
