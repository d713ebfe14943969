"""Notifications: they say that there is something to read and where, never what it says.

Rule: M-12, M-13, M-22, M-23, D-13a to D-13d.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.labels.lookup import Language, label


class Notify(Enum):
    """The way in which the patient is notified of a message. Rule: M-12."""

    NONE = "none"
    DIRECT = "direct"
    COLLECTED = "collected"


class Channel(Enum):
    """The channel of a notification: the patient's e-services inbox, or a therapist's e-mail or telephone."""

    INBOX = "inbox"
    EMAIL = "email"
    SMS = "sms"


class Template(Enum):
    """The fixed texts of notifications; every notification that is sent is one of these. Rule: D-13c."""

    MESSAGE_TO_READ = "message-to-read"
    PROGRAM_DONE = "program-done"
    FORM_SAVED = "form-saved"
    MESSAGE_RECEIVED = "message-received"
    ENDING = "ending"
    UNDELIVERED = "undelivered"
    HANDED_OVER = "handed-over"
    SILENT = "silent"
    ENDS_SOON = "ends-soon"
    SUMMARY = "summary"

    @property
    def text(self) -> str:
        """The text that a person reads, in Swedish."""
        return label(self)

    def text_in(self, language: Language) -> str:
        """Return the text that a person reads, in a language."""
        return label(self, language)


_FLAGS = {Template(flag.value): flag for flag in FlagKind}
"""The flag that a template reports; a summary reports any."""


@frozen(kw_only=True)
class Profile:
    """The flags that a member of staff wants to be notified of. Rule: M-22, M-23, D-23a.

    Args:
        email: The flags to be notified of by e-mail.
        sms: The flags to be notified of by SMS.
        summary: True for one summary a day over each channel, in place of a notification for each flag (D-23b).
    """

    email: frozenset[FlagKind] = frozenset()
    sms: frozenset[FlagKind] = frozenset()
    summary: bool = False

    def wants(self, channel: Channel) -> frozenset[FlagKind]:
        """Return the flags that the member of staff is notified of over a channel."""
        return self.email if channel is Channel.EMAIL else self.sms


@frozen(kw_only=True, slots=False)
class TriggeringEntry:
    """The timeline entry that triggered a notification.

    Args:
        enrolment_id: The enrolment whose timeline has the entry.
        seq: The entry's number in it.
        conversation: For a message: the conversation's number.
        number: For a message: its ordinal among the author's messages in the conversation. For a form: the ordinal of
            the submission.
        form: For a saved form: the form's key.
        flag: For a notification in a member of staff's summary: the flag that the entry raised (D-23b).
    """

    enrolment_id: EnrolmentId
    seq: int
    conversation: int | None = None
    number: int | None = None
    form: str | None = None
    flag: FlagKind | None = None


@frozen(kw_only=True, slots=False)
class Notification:
    """A request to notify one recipient of one timeline entry.

    Args:
        id: An opaque id.
        unit: The unit that sends it.
        channel: The channel that it is sent over.
        recipient: The patient, or the therapist. Addresses are looked up at the send, and never stored.
        template: The fixed text.
        due_at: The earliest instant of the send, UTC.
        trigger: The entry that triggered it.
        collected: True when it is sent in the recipient's daily digest: a patient's (M-13), or a member of staff's
            summary (D-23b). A notification that is not collected is sent alone.
    """

    id: NotificationId
    unit: HsaId = field(converter=HsaId)
    channel: Channel
    recipient: PersonId | HsaId
    template: Template
    due_at: datetime
    trigger: TriggeringEntry
    collected: bool = False

    @property
    def flag(self) -> FlagKind | None:
        """The flag that a notification to staff reports; None for a notification to the patient."""
        return self.trigger.flag or _FLAGS.get(self.template)


class Status(Enum):
    """The status of a notification."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


GIVEN_UP = frozenset({Status.UNREACHABLE, Status.FAILED})
"""The status of a dead letter: a notification that was given up."""


class FailureReason(Enum):
    """The reason why a notification was given up; stable. `label` has the words for it. Rule: D-13d."""

    UNREACHABLE = "unreachable"
    """The recipient has no account in the inbox, or no address in the staff directory."""
    REFUSED = "refused"
    """The inbox or the messenger refused it for good."""
    ATTEMPTS_EXHAUSTED = "attempts-exhausted"
    """Every attempt failed."""
    REPORTED = "reported"
    """The messenger accepted it; the gateway reported afterwards that it did not arrive."""
    WORKERS_LOST = "workers-lost"
    """Too many workers crashed while they sent it."""


class ResolutionReason(Enum):
    """The reason of an operator who sends a dead letter again, or drops it; stable. Rule: D-13d."""

    CHANNEL_REPAIRED = "channel-repaired"
    """Sent again: the inbox, the gateway or the settings were at fault, and work now."""
    RECIPIENT_REACHABLE = "recipient-reachable"
    """Sent again: the recipient has an account or an address now."""
    INFORMED_OTHERWISE = "informed-otherwise"
    """Dropped: the recipient was told in another way."""
    NOT_NEEDED = "not-needed"
    """Dropped: nobody needs to be told any more."""


RESOLUTIONS: Mapping[Status, frozenset[ResolutionReason]] = MappingProxyType(
    {
        Status.PENDING: frozenset({ResolutionReason.CHANNEL_REPAIRED, ResolutionReason.RECIPIENT_REACHABLE}),
        Status.DROPPED: frozenset({ResolutionReason.INFORMED_OTHERWISE, ResolutionReason.NOT_NEEDED}),
    }
)
"""What may become of a dead letter, `PENDING` for one that is sent again, each with the reasons to choose from."""


@frozen(kw_only=True, slots=False)
class NotificationRecord:
    """A notification and its status, as the storage has them.

    Args:
        notification: The notification.
        status: Its status.
        attempts: How many attempts got an answer of the adapter. A worker that is lost is counted by its claim.
        settled_at: When it left `PENDING`, UTC; None while it is pending.
        begun: True once it was in a batch, until the key of that batch is forgotten (D-07b).
        reason: Why it was given up; None while it was not, and for one that an earlier version gave up.
    """

    notification: Notification
    status: Status = Status.PENDING
    attempts: int = 0
    settled_at: datetime | None = None
    begun: bool = False
    reason: FailureReason | None = None

    @property
    def waits(self) -> bool:
        """True while the notification can be cancelled: it is pending, and was in no batch."""
        return self.status is Status.PENDING and not self.begun


@frozen(kw_only=True)
class UnreadableNotification:
    """A placeholder for a stored notification that cannot be read.

    Args:
        notification_id: The notification's id.
    """

    notification_id: NotificationId
