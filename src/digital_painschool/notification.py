"""Notifications: that there is something to read, and where; never what.

Rule: M-12, M-13, M-22, M-23, D-13a to D-13d.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.masking import Masked, masked_text
from digital_painschool.people import HsaId, PersonId
from digital_painschool.policy import FlagKind


class Notify(Enum):
    """How the patient is told of a message. Rule: M-12."""

    NONE = "none"
    DIRECT = "direct"
    COLLECTED = "collected"


class Channel(Enum):
    """Where a notification goes: the patient's e-services inbox, or a therapist's e-mail or telephone."""

    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"


class Template(Enum):
    """The fixed texts of notifications; what is sent can be one of these and nothing else. Rule: D-13c."""

    MESSAGE_TO_READ = "message-to-read"
    PROGRAM_DONE = "program-done"
    FORM_SAVED = "form-saved"
    MESSAGE_RECEIVED = "message-received"
    ENDING = "ending"
    UNDELIVERED = "undelivered"

    @property
    def text(self) -> str:
        """The text that a person reads, in Swedish."""
        return _TEXTS[self]


_TEXTS: Mapping[Template, str] = MappingProxyType(
    {
        Template.MESSAGE_TO_READ: "Du har något nytt att läsa. Logga in för att se det.",
        Template.PROGRAM_DONE: "En patient är klar med sitt moment. Logga in för att se vem.",
        Template.FORM_SAVED: "En patient har sparat ett formulär. Logga in för att läsa det.",
        Template.MESSAGE_RECEIVED: "En patient har skrivit ett meddelande. Logga in för att läsa det.",
        Template.ENDING: "Tiden för ett moment är slut. Logga in för att vidmakthålla eller avsluta det.",
        Template.UNDELIVERED: "En avisering kunde inte lämnas fram. Logga in för att se vilken.",
    }
)


@frozen(kw_only=True)
class Profile:
    """Which flags a member of staff wants to be notified of. Rule: M-22, M-23, D-23a.

    Args:
        email: By e-mail.
        sms: By SMS.
    """

    email: frozenset[FlagKind] = frozenset()
    sms: frozenset[FlagKind] = frozenset()

    def wants(self, channel: Channel) -> frozenset[FlagKind]:
        """Give the flags that are to be told over a channel to staff."""
        return self.email if channel is Channel.EMAIL else self.sms


@frozen(kw_only=True, slots=False)
class Cause:
    """The timeline entry that asked for a notification.

    Args:
        enrolment_id: Whose timeline.
        seq: The entry's number in it.
        conversation: For a message: which conversation.
        number: For a message: the how many-eth of the therapist's messages in it.
    """

    enrolment_id: str
    seq: int
    conversation: int | None = None
    number: int | None = None


@frozen(kw_only=True, slots=False)
class Notification:
    """One notification that is to be handed over.

    Args:
        id: An opaque id; it goes with every attempt as the idempotency key.
        unit: The unit that sends it.
        channel: Where it goes.
        recipient: The patient, or the therapist; addresses are looked up at hand-over and never kept.
        template: Which fixed text.
        window: Together with unit, channel and recipient what makes it one and the same: a local date for a collected
            one, otherwise the timeline entry that asked for it. One that asks again joins the one that waits.
        lane: Notifications of one lane are claimed together and by one worker at a time.
        due_at: The instant from which it may go, UTC.
        causes: What asked for it.
        collected: True for one that goes with others, in the forenoon (M-13).
    """

    id: str
    unit: HsaId = field(converter=HsaId)
    channel: Channel
    recipient: PersonId | HsaId
    template: Template
    window: str
    _lane: Masked[str] = field(converter=masked_text, repr=False)
    due_at: datetime
    causes: tuple[Cause, ...]
    collected: bool = False

    @property
    def lane(self) -> str:
        """The lane; that of a collected one has the patient's number in it."""
        return self._lane.reveal()


class Status(Enum):
    """What has become of a notification."""

    PENDING = "pending"
    DELIVERED = "delivered"
    MERGED = "merged"
    DROPPED = "dropped"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@frozen(kw_only=True, slots=False)
class Claimed:
    """A notification that one worker has in hand until its lease runs out.

    Args:
        notification: What is to be handed over.
        attempts: How many attempts were begun before this one.
        token: Proves the claim when the outcome is settled.
        told_at: For a collected one: when one of its lane was last delivered, UTC; None when none was.
        held_until: When the lease ran out of the worker before, who never said what became of it, UTC; None when there
            is no such worker.
    """

    notification: Notification
    attempts: int
    token: str
    told_at: datetime | None = None
    held_until: datetime | None = None


@frozen(kw_only=True, slots=False)
class Outcome:
    """What became of one claimed notification.

    Args:
        notification_id: Which one.
        token: The claim that it was held under.
        status: `PENDING` puts it back, to be tried from `due_at` on.
        at: When, UTC.
        due_at: With `PENDING`: when to try again, UTC.
        tried: False when nothing was attempted (it was not yet time).
    """

    notification_id: str
    token: str
    status: Status
    at: datetime
    due_at: datetime | None = None
    tried: bool = True


@frozen(kw_only=True, slots=False)
class NotificationRecord:
    """A notification as the books have it.

    Args:
        notification: What it is.
        status: What has become of it.
        attempts: How many attempts were made.
        settled_at: When it left `PENDING`, UTC; None while it is pending.
    """

    notification: Notification
    status: Status
    attempts: int
    settled_at: datetime | None
