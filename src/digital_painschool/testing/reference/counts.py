"""The counts of the model: submissions and messages, flags, and rows of the caseload."""

from datetime import datetime
from typing import NamedTuple

from attrs import define, field

from digital_painschool.domain.people import Author


@define(eq=False)
class Backlog:
    """The submissions of a form, or one side's messages in a conversation, and how far the other side has read.

    Args:
        sent: How many there are; they are numbered from 1.
        read: The number of the last one that was read, 0 for none.
        alert: The number of the last one that reached an alert threshold, 0 for none.
        waiting_since: When the oldest unread one was sent, as far as that is known; None when all are read.
    """

    sent: int = 0
    read: int = 0
    alert: int = 0
    waiting_since: datetime | None = None

    @property
    def unread(self) -> int:
        """The number of those that wait."""
        return self.sent - self.read

    def add(self, now: datetime, *, alert: bool = False) -> int:
        """Add one; return its number."""
        if self.sent == self.read:
            self.waiting_since = now
        self.sent += 1
        if alert:
            self.alert = self.sent
        return self.sent

    def mark_read(self, up_to: int, now: datetime) -> datetime | None:
        """Mark all up to one as read; return since when the oldest waited, or None when nothing changes."""
        if up_to <= self.read:
            return None
        since, self.read = self.waiting_since or now, up_to
        self.waiting_since = now if self.unread else None
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
    """A line of the box of current events: its kind, the form or conversation, unread, all, and whether an alert."""

    kind: str
    about: str | int | None
    unread: int
    total: int
    priority: bool


class ReferenceRow(NamedTuple):
    """A row of the caseload: its rank, the enrolment, the counts, and whether access is over or a review is due."""

    rank: int
    id: str
    unread_forms: int
    unread_messages: int
    done: bool
    undelivered: int
    priority: bool
    ending: bool
    review_due: bool


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
