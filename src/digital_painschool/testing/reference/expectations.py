"""A notification that somebody expects, and the events that ask for one."""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import Factory, define, field, frozen

from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
    Event,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationUndelivered,
    PatientSilent,
    ProgramDone,
    Started,
)
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.domain.people import Author, HsaId, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.attention import end_comes, silence_goes_on
from digital_painschool.testing.reference.calendar import instant, run_for
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment

Key = tuple[str, int, Channel]
"""What a notification is known by: the enrolment, the timeline entry that asked for it, and the channel."""


@frozen
class Ticked:
    """The choices of a therapist on "Min profil".

    Args:
        channels: The channels that are ticked.
        summary: Whether one summary a day is.
    """

    channels: frozenset[Channel] = frozenset()
    summary: bool = False


_GIVEN_UP = frozenset({Status.UNREACHABLE, Status.FAILED})
_FLAGS: Mapping[type[Event], FlagKind] = MappingProxyType(
    {
        FormSaved: FlagKind.FORM_SAVED,
        ProgramDone: FlagKind.PROGRAM_DONE,
        AccessEnded: FlagKind.ENDING,
        NotificationUndelivered: FlagKind.UNDELIVERED,
        MessageSent: FlagKind.MESSAGE_RECEIVED,
        Started: FlagKind.HANDED_OVER,
        HandedOver: FlagKind.HANDED_OVER,
        PatientSilent: FlagKind.SILENT,
        AccessEndsSoon: FlagKind.ENDS_SOON,
    }
)


def staff_flag(event: Event) -> FlagKind | None:
    """Return the flag that an event raises, of which staff may want to be notified."""
    if isinstance(event, MessageSent) and event.author is not Author.PATIENT:
        return None
    if isinstance(event, NotificationUndelivered) and event.channel is not Channel.INBOX:
        return None
    if isinstance(event, Started | HandedOver) and event.therapist == event.by:
        return None
    return _FLAGS.get(type(event))


def channels_for(event: Event, ticked: Collection[Channel], policy: Policy) -> tuple[Channel, ...]:
    """Return the channels by which an event asks for a notification.

    Args:
        event: The event.
        ticked: The channels that the therapist has ticked.
        policy: The unit's policy.
    """
    if isinstance(event, MessageSent) and event.notify is not Notify.NONE:
        return (Channel.INBOX,)
    return tuple(ticked) if staff_flag(event) in policy.staff_flags else ()


@define(eq=False)
class ExpectedNotification:
    """A notification that somebody expects.

    Args:
        enrolment: The enrolment that asks for it.
        seq: The timeline entry that asks for it.
        at: When it was asked for.
        channel: The channel.
        template: The fixed text.
        to: The patient or the therapist.
        collected: Whether it goes with the day's others.
        due_at: The instant from which it may be sent.
        conversation: For a message: the conversation's number.
        number: For a message or a submission: its ordinal.
        form: For a submission: the form.
        flag: For a notification to staff: the flag that it reports.
        arrived_before: How many notices of its digest arrived before it was asked for; none of them stands for it.
        is_owed: Whether a note of what became of it is still to come on the timeline.
        status: What became of it; None while that is not known.
        notice: The notice that it arrived with.
        is_disturbed: Whether a fault has hit it, or what it goes together with; then it may be later.
        is_ticked: Whether its recipient, a member of staff, still wants it over its channel.
        attempts: How many attempts to send it may have begun.
        is_reported: Whether a gateway has reported that its last notice did not arrive.
        is_sent_again: Whether an operator has sent it again.
        first_due_at: The instant from which it could be sent at first, before an operator sent it again.
    """

    enrolment: ReferenceEnrolment
    seq: int
    at: datetime
    channel: Channel
    template: Template
    to: PersonId | HsaId
    collected: bool
    due_at: datetime
    conversation: int = 0
    number: int = 0
    form: str = ""
    flag: FlagKind | None = None
    arrived_before: int = 0
    is_owed: bool = False
    status: Status | None = None
    notice: Arrival | None = None
    is_disturbed: bool = False
    is_ticked: bool = True
    attempts: int = 0
    is_reported: bool = False
    is_sent_again: bool = False
    first_due_at: datetime = field(default=Factory(lambda self: self.due_at, takes_self=True))

    @classmethod
    def of_message(
        cls, enrolment: ReferenceEnrolment, seq: int, conversation: int, number: int, notify: Notify, now: datetime
    ) -> "ExpectedNotification":
        """Return the notification that a message to the patient asks for."""
        policy, collected = enrolment.policy, notify is Notify.COLLECTED
        due = instant(run_for(now, policy), policy.collected_at, policy.zone) if collected else now
        return cls(
            enrolment,
            seq,
            now,
            Channel.INBOX,
            Template.MESSAGE_TO_READ,
            enrolment.person,
            collected,
            due,
            conversation,
            number,
        )

    @classmethod
    def of_flag(
        cls, enrolment: ReferenceEnrolment, seq: int, event: Event, channel: Channel, to: HsaId, *, summary: bool
    ) -> "ExpectedNotification":
        """Return the notification that the flag of an event asks for, by a channel that the therapist has ticked.

        Args:
            enrolment: The enrolment.
            seq: The event's timeline entry.
            event: The event.
            channel: The channel.
            to: The therapist.
            summary: Whether the therapist has chosen one summary a day.
        """
        flag = staff_flag(event)
        assert flag is not None
        has_alert = isinstance(event, FormSaved) and event.alert
        one = cls._to_staff(enrolment, seq, event.at, channel, to, flag, summary=summary, has_alert=has_alert)
        if isinstance(event, MessageSent):
            one.conversation, one.number = event.conversation, event.number
        if isinstance(event, FormSaved):
            one.form, one.number = event.form, event.number
        return one

    @classmethod
    def _to_staff(
        cls,
        enrolment: ReferenceEnrolment,
        seq: int,
        at: datetime,
        channel: Channel,
        to: HsaId,
        flag: FlagKind,
        *,
        summary: bool,
        has_alert: bool,
    ) -> "ExpectedNotification":
        policy = enrolment.policy
        collected = summary and not (has_alert and policy.alerts_at_once)
        template = Template.SUMMARY if collected else Template(flag.value)
        due = instant(run_for(at, policy), policy.collected_at, policy.zone) if collected else at
        return cls(enrolment, seq, at, channel, template, to, collected, due, flag=flag)

    def __str__(self) -> str:
        return f"entry {self.seq} ({(self.flag or self.template).value}, {self.channel.value})"

    @property
    def key(self) -> Key:
        """The entry that asked for it, and the channel."""
        return self.enrolment.id, self.seq, self.channel

    @property
    def digest(self) -> tuple[object, ...]:
        """The group that it goes with: all that is collected for the recipient at the unit, or itself alone."""
        return (self.enrolment.unit, self.to, self.channel) if self.collected else self.key

    @property
    def arrived_at(self) -> datetime | None:
        """The instant at which its notice arrived; None when none did."""
        return None if self.notice is None else self.notice.at

    @property
    def is_dead_letter(self) -> bool:
        """True when it was given up, its timeline says so, and its enrolment is open."""
        enrolment = self.enrolment
        return self.status in _GIVEN_UP and enrolment.is_open and not enrolment.purged

    @property
    def stored_as(self) -> tuple[HsaId, bool, datetime]:
        """The stored fields: the unit, whether it is collected, and the instant from which it may be sent."""
        return self.enrolment.unit, self.collected, self.due_at

    def may_arrive(self, at: datetime) -> bool:
        """Return whether a notice of an instant may stand for it: not before its time, nor when it is settled."""
        return not self.is_owed and self.first_due_at <= at

    def is_delivered_under(self, key: str) -> bool:
        """Return whether it counts as delivered under a key."""
        has_key = self.notice is not None and self.notice.key == key
        return has_key and self.status is Status.DELIVERED and not self.enrolment.purged

    def has_reason(self, now: datetime) -> bool:
        """Return whether there is still something to read for the patient, or to do for the therapist."""
        enrolment = self.enrolment
        if enrolment.purged or not enrolment.is_open:
            return False
        if self.template is Template.MESSAGE_TO_READ:
            is_read = enrolment.has_read(self.conversation, self.number)
            return not is_read and refusals.reading(enrolment, now) is None
        return self.is_ticked and enrolment.therapist == self.to and self.flag_stands(now)

    def passed_on(
        self, seq: int, channel: Channel, to: HsaId, now: datetime, *, summary: bool
    ) -> "ExpectedNotification":
        """Return the notification that a new therapist gets in the place of this one, by the entry of its drop."""
        assert self.flag is not None
        has_alert = bool(self.form) and self.enrolment.submissions(self.form).alert >= self.number
        one = self._to_staff(self.enrolment, seq, now, channel, to, self.flag, summary=summary, has_alert=has_alert)
        one.conversation, one.number, one.form = self.conversation, self.number, self.form
        return one

    def flag_stands(self, now: datetime) -> bool:
        """Return whether there is something to do for the therapist, whoever that is."""
        enrolment = self.enrolment
        if self.flag is not None and self.seq < enrolment.noted_by.get(self.flag, 0):
            return False  # what is so now was noted later
        if self.flag is FlagKind.FORM_SAVED:
            return enrolment.submissions(self.form).read < self.number
        if self.flag is FlagKind.MESSAGE_RECEIVED:
            return enrolment.conversations[self.conversation - 1].from_patient.read < self.number
        if self.flag is FlagKind.PROGRAM_DONE:
            return enrolment.done_waits
        if self.flag is FlagKind.HANDED_OVER:
            return enrolment.handed_at is not None
        if self.flag is FlagKind.SILENT:
            return silence_goes_on(enrolment, now)
        if self.flag is FlagKind.ENDS_SOON:
            return end_comes(enrolment, now)
        return bool(enrolment.undelivered) if self.flag is FlagKind.UNDELIVERED else now >= enrolment.access_until
