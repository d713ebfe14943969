"""Pages of lists: what a page is, and the walk from page to page through a list whose entries are numbered."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from digital_painschool.application.cursors import NUMBER, WRONG_CURSOR, Kind, Listing, Part, read_cursor, write_cursor
from digital_painschool.application.patient_head import PatientHead
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.validation import truth_value
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import Excerpt
from digital_painschool.serialization.scalars import optional_instant_to_text

_LONGEST_PAGE = 500
_NO_STAFF = frozenset({"patient", "system"})
Row = TypeVar("Row")


@frozen(kw_only=True)
class ListPage(Generic[Row]):
    """A page of a list.

    Args:
        rows: The rows of the page, in order.
        next: The cursor of the next page, as text that fits a URL; None for the last page. A cursor is good for the
            same list with the same filters. It holds no personal data.
        zone: The unit's zone, in which a screen shows times.
        head: For staff, of a patient's list: the head of the tab. None for patients, and for a list of no one patient.
    """

    rows: tuple[Row, ...]
    next: str | None
    zone: ZoneInfo
    head: PatientHead | None = None


@frozen(kw_only=True)
class ConversationPage:
    """A page of a conversation. Rule: M-10, M-11.

    Args:
        conversation: The conversation, with the messages of the page alone, newest first.
        next: The cursor of the next page, which holds older messages, as text that fits a URL; None for the last page.
        zone: The unit's zone, in which a screen shows times.
        head: For staff: the head of the tab. None for patients.
    """

    conversation: ConversationView
    next: str | None
    zone: ZoneInfo
    head: PatientHead | None = None


def require_limit(limit: object) -> int:
    """Return the size of a page.

    Raises:
        InvalidValue: It is none.
    """
    if type(limit) is not int or not 1 <= limit <= _LONGEST_PAGE:
        raise InvalidValue(f"limit is a whole number from 1 to {_LONGEST_PAGE}")
    return limit


def require_order(newest_first: object) -> bool:
    """Return the order of a list.

    Raises:
        InvalidValue: It is no `bool`.
    """
    return truth_value(newest_first, "newest_first")


def _author(by: str | None) -> str | None:
    if by is None or (isinstance(by, str) and by in _NO_STAFF):
        return by
    return str(HsaId(by))


def _instant(at: datetime | None) -> datetime | None:
    return None if at is None else utc(at)


@frozen(kw_only=True)
class Span:
    """The common filters of a numbered list, checked. Every check raises `InvalidValue`.

    Args:
        since: Only what was done at this instant or later; None for all.
        until: Only what was done before this instant; None for all.
        by: Only what this author did: an HSA-id, `"patient"` or `"system"`; None for all.
        newest_first: The order.
    """

    since: datetime | None = field(converter=_instant)
    until: datetime | None = field(converter=_instant)
    by: str | None = field(converter=_author)
    newest_first: bool = field(converter=require_order)

    def excerpt(self, up_to: int) -> Excerpt:
        """Return the part of the list that has these filters, up to an entry's number."""
        return Excerpt(newest_first=self.newest_first, up_to=up_to, since=self.since, until=self.until, by=self.by)

    def described(self) -> Listing:
        """Return the span for a cursor: of the author, only whether one was asked for."""
        instants = map(optional_instant_to_text, (self.since, self.until))
        return [*instants, self.by is not None, self.newest_first]


def numbered_page(
    listing: Listing,
    cursor: str | None,
    limit: int,
    *,
    newest_first: bool,
    last: Callable[[], int],
    read: Callable[[int, int, int], Sequence[Row]],
    number: Callable[[Row], int],
    zone: ZoneInfo,
    numbers: Kind = NUMBER,
) -> ListPage[Row]:
    """Return a page of a list whose entries have rising numbers.

    The walk shows the list as it is when the first page is asked for: it ends however fast the list grows.

    Args:
        listing: What is listed, for the cursor.
        cursor: The cursor of the page; None for the first page.
        limit: The most rows.
        newest_first: The order.
        last: Returns the highest number of the list at present, whatever the filters are.
        read: Returns the wanted entries above a number and up to another, in order, and at most so many.
        number: Returns the number of an entry.
        zone: The unit's zone.
        numbers: The kind of the numbers that a cursor of the list may hold.

    Raises:
        InvalidValue: The cursor is none of this list, or the entry at which it stands is not in the list: it was made
            with another person's or author's filter.
    """
    if cursor is None:
        end = last()
        found = read(0, end, limit + 1)
    else:
        shown, end = map(int, read_cursor(listing, cursor, numbers, numbers))
        found = read(0, shown, limit + 2) if newest_first else read(shown - 1, end, limit + 2)
        if not found or number(found[0]) != shown:
            raise InvalidValue(WRONG_CURSOR)
        found = found[1:]
    return first_rows(found, limit, listing, lambda row: (number(row), end), zone=zone)


def first_rows(
    found: Sequence[Row],
    limit: int,
    listing: Listing,
    place: Callable[[Row], tuple[Part, ...]],
    *,
    zone: ZoneInfo,
    head: PatientHead | None = None,
) -> ListPage[Row]:
    """Return the page that a read with one row to spare has found.

    Args:
        found: The rows from the page's first, one more than it has where there is a next page.
        limit: The most rows.
        listing: What is listed, for the cursor.
        place: Returns what the next page's cursor says of the last row.
        zone: The unit's zone.
        head: The head of the tab, or None.
    """
    rows = tuple(found[:limit])
    next_ = write_cursor(listing, place(rows[-1])) if len(found) > limit else None
    return ListPage(rows=rows, next=next_, zone=zone, head=head)
