"""The counts of the model: submissions and messages, flags, and rows of the caseload."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from attrs import define, field

from digital_painschool.domain.people import Author

Reached = tuple[str | None, float | None]
"""A threshold that answers reached: the question's key, None for the score; and the number, None for an option."""

_KNOWN = 10
"""The times of so many unread ones are known."""


@define(eq=False)
class Backlog:
    """The submissions of a form, or one side's messages in a conversation, and how far the other side has read.

    Args:
        sent: How many there are; they are numbered from 1.
        read: The number of the last one that was read, 0 for none.
        alert: The number of the last one that reached an alert threshold, 0 for none.
        reached: The thresholds that this last one reached.
        times: When the unread ones were sent, by their numbers, as far as that is known.
    """

    sent: int = 0
    read: int = 0
    alert: int = 0
    reached: frozenset[Reached] = frozenset()
    times: dict[int, datetime] = field(factory=dict)

    @property
    def unread(self) -> int:
        """The number of those that wait."""
        return self.sent - self.read

    @property
    def waiting_since(self) -> datetime | None:
        """The time of the oldest unread one, or the last one known before it; None when all are read."""
        return min(self.times.values(), default=None)

    def add(self, now: datetime, *, reached: Iterable[Reached] = ()) -> int:
        """Add one; return its number."""
        are_known = len(self.times) == self.unread
        self.sent += 1
        if are_known and self.unread <= _KNOWN:
            self.times[self.sent] = now
        if reached := frozenset(reached):
            self.alert, self.reached = self.sent, reached
        return self.sent

    def mark_read(self, up_to: int, now: datetime) -> datetime | None:
        """Mark all up to one as read; return since when the oldest waited, or None when nothing changes."""
        if up_to <= self.read:
            return None
        since, self.read = self.waiting_since or now, up_to
        last_known = list(self.times.values())[-1]
        self.times = {number: at for number, at in self.times.items() if number > up_to}
        if self.unread and not self.times:
            self.times[up_to + 1] = last_known
        return since


@define(eq=False)
class ReferenceConversation:
    """A conversation: its heading, and the messages of both sides."""

    heading: str
    from_patient: Backlog = field(factory=Backlog)
    from_therapist: Backlog = field(factory=Backlog)

    def sent_by(self, author: Author) -> Backlog:
        """Return one side's messages."""
        return self.from_patient if author is Author.PATIENT else self.from_therapist


class ReferenceFlag(NamedTuple):
    """A line of the box of current events: its kind, the form or conversation, and what is shown of it."""

    kind: str
    about: str | int | None
    since: datetime | None
    unread: int
    total: int
    priority: bool = False
    why: frozenset[Reached] = frozenset()
    by: str | None = None


class ReferenceRow(NamedTuple):
    """A row of the caseload: its place, its counts, and what it points out beside them.

    Access may be over or end soon, a review be due, the patient be silent. The place is the rank, the time of the
    oldest flag, and the enrolment.
    """

    rank: int
    since: datetime | None
    id: str
    unread_forms: int
    unread_messages: int
    done: bool
    undelivered: int
    handed_over: bool
    priority: bool
    ending: bool
    review_due: bool
    silent_since: datetime | None
    ends_on: date | None


@define
class RaisedFlags:
    """The kinds of flags that were raised, each with the version that raised it."""

    raised: list[tuple[int, str]] = field(factory=list)

    def add(self, version: int, kind: str) -> None:
        """Note that a version raised a kind of flag."""
        self.raised.append((version, kind))

    def after(self, view: int, *kinds: str) -> bool:
        """Return whether a flag, of one of some kinds if these are named, was raised after a view was drawn."""
        return any(version > view and (not kinds or kind in kinds) for version, kind in self.raised)
