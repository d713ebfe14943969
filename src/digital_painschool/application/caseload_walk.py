"""The walk through a list of patients, page by page, and its cursor: a text that fits a URL.

A walk has two parts, as `CasePage` says: the rows that nothing happened to since it began, by their order, and then the
others by enrolment id. No step changes a position of either part.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from json import dumps, loads
from typing import Any

from attrs import evolve, frozen

from digital_painschool.domain.local_time import utc
from digital_painschool.domain.validation import plain_text, whole_number
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseKey, Caseload, CaseQuery, CaseRow, CaseSort, UnreadableCase

_IN_FLIGHT = timedelta(minutes=1)
"""How long before a walk a step may have been decided that is saved after the walk's first page, and how far the
clocks of two machines may differ."""
_LONGEST = 2_000
"""The most characters of a cursor."""
_RANKS = 10
"""More than any order has."""


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


def cursor_to_text(cursor: Cursor, of: Sequence[object]) -> str:
    """Return a cursor as text of letters, digits, `-` and `_`. It holds no personal data, and no secret.

    Args:
        cursor: The cursor.
        of: What tells the list from others: the text is refused for another one.
    """
    key = cursor.key and [cursor.key[0], cursor.key[1].isoformat(), cursor.key[2]]
    data = [_mark(of), cursor.now.isoformat(), key, cursor.repeats]
    return urlsafe_b64encode(dumps(data).encode()).decode().rstrip("=")


def cursor_from_text(text: object, of: Sequence[object]) -> Cursor:
    """Return the cursor that `cursor_to_text` wrote for the same list.

    Raises:
        InvalidValue: The text is no cursor, or another list's.
    """
    found: tuple[str, Cursor] | None = None
    with suppress(Exception):  # a text from a URL may be anything, and the error would repeat it
        found = _parsed(text)
    if found is None:
        raise InvalidValue("after is the `next` of the page before")
    if found[0] != _mark(of):
        raise InvalidValue("after is the `next` of another list; begin this one without it")
    return found[1]


def _parsed(text: Any) -> tuple[str, Cursor]:
    if len(text) > _LONGEST:
        raise ValueError
    mark, now, key, repeats = loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if type(repeats) is not bool:
        raise TypeError
    if key is not None:
        rank, instant, enrolment_id = key
        key = (
            range(_RANKS)[whole_number(rank, "the rank in a cursor")],
            utc(datetime.fromisoformat(instant)),
            plain_text(enrolment_id, "the id in a cursor"),
        )
    return mark, Cursor(now=utc(datetime.fromisoformat(now)), key=key, repeats=repeats)


def _mark(of: Sequence[object]) -> str:
    return sha256(repr([*map(str, of)]).encode()).hexdigest()[:16]
