"""Lists of a unit in SQL whose rows have a place: an instant, and then an id."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar

from attrs import frozen
from sqlalchemy import Column, Select, bindparam, tuple_

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.rows import Row, readable_text, require_readable
from digital_painschool.domain.people import HsaId
from digital_painschool.serialization.stored import read_each

_T_co = TypeVar("_T_co", covariant=True)
_log = logging.getLogger(__name__)
_ENDS = {False: (datetime(1900, 1, 1, tzinfo=UTC), ""), True: (datetime(9000, 12, 31, tzinfo=UTC), "")}
"""The place before the first row, by whether the newest come first."""


def in_both_orders(query: Select[Any], at: Column[Any], id_: Column[Any]) -> Mapping[bool, Select[Any]]:
    """Return the queries for a unit's rows behind a place, by whether the newest come first.

    Args:
        query: The query for all rows; the first two columns are the id and the instant.
        at: The column of the instant; its table has a column `unit`.
        id_: The column of the id.
    """
    theirs = query.where(at.table.c.unit == bindparam("unit")).limit(PAGE_LIMIT)
    place = tuple_(at, id_)
    shown = tuple_(bindparam("at", type_=at.type), bindparam("id", type_=id_.type))
    return {
        False: theirs.where(place > shown).order_by(at, id_),
        True: theirs.where(place < shown).order_by(at.desc(), id_.desc()),
    }


@frozen(kw_only=True)
class PlacedList(Generic[_T_co]):
    """A list of a unit whose rows have a place.

    Args:
        queries: The queries that `in_both_orders` made.
        read: Reads a readable row, or raises; None for nothing.
        what: The words that a log line says before the id of an unreadable row.
    """

    queries: Mapping[bool, Select[Any]]
    read: Callable[[Connection, Row], _T_co | None]
    what: str

    def fetch(
        self, database: Database, unit: HsaId, *, newest_first: bool, after: tuple[datetime, str] | None, limit: int
    ) -> tuple[_T_co, ...]:
        """Return the readable rows behind a place, at most `limit`; log the others."""
        query = self.queries[newest_first]
        found: list[_T_co] = []
        place: tuple[Any, Any] = after or _ENDS[newest_first]
        # Otherwise a page of unreadable rows would look like the end.
        while len(found) < limit:
            values = {"unit": str(unit), "at": place[0], "id": place[1], "limit": limit - len(found)}
            rows, page = database.read(partial(self._fetch_page, query, values))
            found += [one for one in page if one is not None]
            if len(rows) < values["limit"] or not isinstance(rows[-1][1], datetime):
                break
            place = rows[-1][1], rows[-1][0]
        return tuple(found)

    def _fetch_page(
        self, query: Select[Any], values: Mapping[str, Any], connection: Connection
    ) -> tuple[list[Row], list[_T_co | None]]:
        rows = connection.fetch_each(query, values)
        return rows, read_each(rows, partial(self._read_row, connection), self._log_unreadable)

    def _read_row(self, connection: Connection, row: Row) -> _T_co | None:
        require_readable(row)
        return self.read(connection, row)

    def _log_unreadable(self, row: Row) -> None:
        _log.error("%s %s cannot be read; was it changed by hand?", self.what, readable_text(row[0]))
