"""The walk through a list of patients, page by page, and its cursor: a text that fits a URL.

A walk has two parts, as `CasePage` says: the rows that nothing happened to since it began, by their order, and then the
others by enrolment id. No step changes a position of either part.
"""

from datetime import UTC, datetime, timedelta

from attrs import evolve, frozen

from digital_painschool.application.cursors import Listing, instant, read_cursor, text, whole, write_cursor
from digital_painschool.ports.storage import CaseKey, Caseload, CaseQuery, CaseRow, CaseSort, UnreadableCase
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text

_IN_FLIGHT = timedelta(minutes=1)
"""How long before a walk a step may have been decided that is saved after the walk's first page, and how far the
clocks of two machines may differ."""
_BEFORE_ALL: CaseKey = (-1, datetime(1900, 1, 1, tzinfo=UTC), "")
"""Stands in a text for the key before the first row of a part."""
_PARTS = (instant, whole(_BEFORE_ALL[0], 9), instant, text, whole(0, 1))
"""The kinds of a cursor's parts: the instant of the walk, a key (no order has ten ranks), and whether rows repeat."""


@frozen(kw_only=True)
class Cursor:
    """The position at which the next page of a walk begins.

    Args:
        now: The instant at which the walk began, UTC: flags are judged at it.
        key: The `key` of the last row of the page before; None for the first row of a part.
        repeats: False in the first part of the walk, which shows the rows that nothing happened to since it began;
            True in the second, which shows the others again.
    """

    now: datetime
    key: CaseKey | None
    repeats: bool = False


Shown = list[tuple[CaseRow | UnreadableCase, bool]]
"""The rows of a page, each with whether it is repeated."""


class CaseWalk:
    """The pages of one walk.

    Args:
        caseload: The storage.
        query: The query for the whole list at the instant at which the walk began.
        limit: The most rows of a page.
    """

    def __init__(self, caseload: Caseload, query: CaseQuery, limit: int) -> None:
        self._list = caseload.list_caseload
        self._query = query
        self._limit = limit

    def first_page(self) -> tuple[Shown, Cursor | None]:
        """Return the first page and the position of the next one."""
        found = self._list(evolve(self._query, limit=self._limit + 1))
        return self._cut([(row, False) for row in found], repeats=False)

    def page_at(self, cursor: Cursor) -> tuple[Shown, Cursor | None]:
        """Return the page at a cursor and the position of the next one."""
        began = self._query.now - _IN_FLIGHT
        query = evolve(self._query, after=cursor.key, limit=self._limit + 1)
        shown: Shown = []
        if not cursor.repeats:
            shown = [(row, False) for row in self._list(evolve(query, changed_before=began))]
            if len(shown) > self._limit:
                return self._cut(shown, repeats=False)
        changed = evolve(
            query,
            sort=CaseSort.ID,
            changed_from=began,
            after=cursor.key if cursor.repeats else None,
            limit=self._limit + 1 - len(shown),
        )
        return self._cut([*shown, *((row, True) for row in self._list(changed))], repeats=True)

    def _cut(self, shown: Shown, *, repeats: bool) -> tuple[Shown, Cursor | None]:
        page = shown[: self._limit]
        if len(shown) <= self._limit:
            return page, None
        last, repeated = page[-1]
        return page, Cursor(now=self._query.now, key=last.key if repeated is repeats else None, repeats=repeats)


def cursor_to_text(listing: Listing, cursor: Cursor) -> str:
    """Return a position in a list of patients as text for a URL. It holds no personal data, and no secret.

    Args:
        listing: What tells the list from others: the text is refused for another one.
        cursor: The position.
    """
    rank, at, enrolment_id = _BEFORE_ALL if cursor.key is None else cursor.key
    position = (instant_to_text(cursor.now), rank, instant_to_text(at), enrolment_id, int(cursor.repeats))
    return write_cursor(listing, position)


def cursor_from_text(listing: Listing, cursor: object) -> Cursor:
    """Return the position that `cursor_to_text` wrote for the same list.

    Raises:
        InvalidValue: The text is no cursor, damaged, or another list's.
    """
    now, rank, at, enrolment_id, repeats = read_cursor(listing, cursor, *_PARTS)
    key: CaseKey = (int(rank), instant_from_text(str(at)), str(enrolment_id))
    return Cursor(now=instant_from_text(str(now)), key=None if key == _BEFORE_ALL else key, repeats=bool(repeats))
