"""Notifications: that there is something to read, and where; never what.

Rule: M-12, M-13, M-22, M-23, D-13a to D-13d.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind


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
        """Return the flags that are to be told over a channel to staff."""
        return self.email if channel is Channel.EMAIL else self.sms


@frozen(kw_only=True)
class TriggeringEntry:
    """The timeline entry that asked for a notification.

    Args:
        enrolment_id: Whose timeline.
        seq: The entry's number in it.
        conversation: For a message: the conversation's number.
        number: For a message or a form: its ordinal, among the author's messages in the conversation, or among the
            submissions of the form.
        form: For a saved form: the form's key.
    """

    enrolment_id: str
    seq: int
    conversation: int | None = None
    number: int | None = None
    form: str | None = None


@frozen(kw_only=True)
class Notification:
    """What one timeline entry asks for: that one recipient is told of it.

    Args:
        id: An opaque id.
        unit: The unit that sends it.
        channel: Where it goes.
        recipient: The patient, or the therapist. Addresses are looked up when it is sent, and never kept.
        template: Which fixed text.
        due_at: The instant from which it may go, UTC.
        trigger: The entry that asked for it.
        collected: True when it goes in the recipient's daily digest (M-13). A notification that is not collected goes
            alone.
    """

    id: str
    unit: HsaId = field(converter=HsaId)
    channel: Channel
    recipient: PersonId | HsaId
    template: Template
    due_at: datetime
    trigger: TriggeringEntry
    collected: bool = False


class Status(Enum):
    """What has become of a notification."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@frozen(kw_only=True)
class NotificationRecord:
    """A notification as the storage has it.

    Args:
        notification: What was asked for.
        status: What has become of it.
        attempts: How many attempts were begun.
        settled_at: When it left `PENDING`, UTC; None while it is pending.
    """

    notification: Notification
    status: Status = Status.PENDING
    attempts: int = 0
    settled_at: datetime | None = None
