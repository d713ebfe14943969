"""What somebody is to be told of, and the events of a timeline that ask for it."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import define

from digital_painschool.domain.events import (
    AccessEnded,
    Event,
    FormSaved,
    MessageSent,
    NotificationUndelivered,
    ProgramDone,
)
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import Author, HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.model import Course

_FLAGS: Mapping[type[Event], str] = MappingProxyType(
    {
        FormSaved: "form-saved",
        ProgramDone: "program-done",
        AccessEnded: "ending",
        NotificationUndelivered: "undelivered",
        MessageSent: "message-received",
    }
)


@define(eq=False)
class ExpectedNotification:
    """Something that somebody is to be told of.

    Args:
        course: Because of which enrolment.
        seq: Which entry of its timeline asked for it.
        at: When.
        template: By which fixed text.
        channel: Where it is to go.
        to: To whom: a patient's number, or a therapist's HSA-id.
        conversation: For a message: in which conversation.
        number: For a message or a submission: its ordinal.
        form: For a submission: of which form.
        collected: Whether it goes with the day's others.
        since: How much had arrived anywhere before; nothing of that has told of it.
        troubled: Whether anything has gone wrong since; then it may be later, and is told all the same.
        tries: How many attempts may have been begun to tell it.
        owed: Whether a note of what became of it is still to come on the timeline.
        settled: Whether what became of it is known.
    """

    course: Course
    seq: int
    at: datetime
    template: str
    channel: Channel
    to: str
    conversation: int | None = None
    number: int | None = None
    form: str | None = None
    collected: bool = False
    since: int = 0
    troubled: bool = False
    tries: int = 0
    owed: bool = False
    settled: bool = False

    @property
    def key(self) -> tuple[str, int, Channel]:
        """What it is known by."""
        return self.course.id, self.seq, self.channel

    def due(self, policy: Policy) -> datetime:
        """Return the instant from which it may be told."""
        if not self.collected:
            return self.at
        day = calendar.run_for(self.at, policy.collected_at, policy.zone)
        return calendar.instant(day, policy.collected_at, policy.zone)

    def has_reason(self, now: datetime) -> bool:
        """Return whether there is still something to tell: to read for a patient, to do for the therapist."""
        course = self.course
        if course.gone or not course.is_open():
            return False
        if self.template == "message-to-read":
            assert self.conversation is not None
            assert self.number is not None
            return course.can_read(now) and not course.has_read(self.conversation, self.number)
        return course.therapist == self.to and self._waits(now)

    def _waits(self, now: datetime) -> bool:
        course = self.course
        waits = {
            "form-saved": lambda: course.noted.get(self.form or "", 0) < (self.number or 0),
            "message-received": lambda: (
                course.talks[(self.conversation or 0) - 1].seen_by_therapist < (self.number or 0)
            ),
            "program-done": lambda: not course.handled,
            "ending": lambda: now >= course.until,
            "undelivered": lambda: bool(course.lost),
        }
        return waits[self.template]()


def staff_flag(event: Event) -> str | None:
    """Return the flag that an event raises, of which staff may wish to be told."""
    if isinstance(event, MessageSent) and event.author is not Author.PATIENT:
        return None
    if isinstance(event, NotificationUndelivered) and event.channel is not Channel.INBOX:
        return None
    return _FLAGS.get(type(event))


def staff_wish(course: Course, seq: int, event: Event, flag: str, channel: Channel) -> ExpectedNotification:
    """Return a therapist's wish to be told of a flag."""
    expected = ExpectedNotification(course, seq, event.at, flag, channel, HsaId(course.therapist))
    if isinstance(event, MessageSent):
        expected.conversation, expected.number = event.conversation, event.number
    if isinstance(event, FormSaved):
        expected.form, expected.number = event.form, event.number
    return expected
