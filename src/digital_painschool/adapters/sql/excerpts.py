"""The part of a numbered list that is wanted, as conditions of a statement and their values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Select, bindparam, func, true

from digital_painschool.adapters.sql.rows import Values
from digital_painschool.ports.storage import Excerpt

LAST_NUMBER = 2**63 - 1
"""No entry has a higher number, and no list more entries."""
PAGE_LIMIT = bindparam("limit", type_=BigInteger)


def excerpt_query(
    query: Select[Any], number: Column[Any], at: Column[datetime], by: Column[str], *, newest_first: bool
) -> Select[Any]:
    """Return a query for the entries that are in an excerpt and above `after`, at most `limit`.

    A condition whose parameter is NULL holds for every row; the columns are never NULL.
    """
    return (
        query.where(
            number > bindparam("after", type_=BigInteger),
            number <= bindparam("up_to", type_=BigInteger),
            func.coalesce(at >= bindparam("since", type_=at.type), true()),
            func.coalesce(at < bindparam("until", type_=at.type), true()),
            func.coalesce(by == bindparam("by", type_=by.type), true()),
        )
        .order_by(number.desc() if newest_first else number)
        .limit(PAGE_LIMIT)
    )


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
