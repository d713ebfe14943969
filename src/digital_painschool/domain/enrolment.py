"""One patient's run of a program: its state, and how events change it.

`apply` is the only way in which a state changes, and `replay` gives it again from the timeline.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from digital_painschool.domain.events import (
    AccessEnded,
    ConversationRenamed,
    ConversationStarted,
    Ended,
    Event,
    FlagHandled,
    FormRead,
    FormSaved,
    HandedOver,
    Maintained,
    MessageSent,
    MessagesRead,
    ModuleCompleted,
    ModuleOpened,
    ModuleReleased,
    NotificationDropped,
    NotificationUndelivered,
    ProgramDone,
    Reviewed,
    Started,
)
from digital_painschool.domain.people import Author, HsaId, PersonId
from digital_painschool.domain.policy import FlagKind


class Phase(StrEnum):
    """Where an enrolment is in its life."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    ENDED = "ended"


@frozen(kw_only=True, slots=False)
class FormCount:
    """The two numbers of a form, and its alert. Rule: D-15a.

    Args:
        form: The form's key.
        saved: How many times it was filled in.
        read: Up to and with which filling-in the therapist has taken note.
        alert: The last filling-in that reached an alert threshold, 0 for none.
    """

    form: str
    saved: int = 0
    read: int = 0
    alert: int = 0

    @property
    def unread(self) -> int:
        """How many fillings-in wait for the therapist."""
        return self.saved - self.read


@frozen(kw_only=True, slots=False)
class Conversation:
    """A conversation's counts, each side's messages numbered from 1. Rule: M-10, M-11.

    Args:
        number: What it is known by in its enrolment, from 1.
        heading: The timeline entry that has the heading as its document.
        from_patient: How many messages the patient wrote.
        from_therapist: How many messages staff wrote.
        read_by_therapist: Up to which of the patient's messages staff have read.
        read_by_patient: Up to which of the staff's messages the patient has read.
    """

    number: int
    heading: int
    from_patient: int = 0
    from_therapist: int = 0
    read_by_therapist: int = 0
    read_by_patient: int = 0

    def sent(self, author: Author) -> int:
        """How many messages that side wrote."""
        return self.from_patient if author is Author.PATIENT else self.from_therapist

    def read(self, reader: Author) -> int:
        """Up to which of the other side's messages that side has read."""
        return self.read_by_patient if reader is Author.PATIENT else self.read_by_therapist

    def unread(self, reader: Author) -> int:
        """How many of the other side's messages wait for that side."""
        if reader is Author.PATIENT:
            return self.from_therapist - self.read_by_patient
        return self.from_patient - self.read_by_therapist


@frozen(kw_only=True, slots=False)
class Enrolment:
    """The state of one enrolment, folded from its timeline.

    Args:
        id: An opaque id.
        version: The number of timeline entries that are folded in.
        person: Whose treatment it is; its `repr` is masked.
        unit: The unit that gives it.
        therapist: Who has the patient now.
        program: The program's key.
        program_version: The version that it was started with, for good (D-05c).
        phase: Where it is in its life.
        started_at: When it began, UTC.
        access_until: The first instant at which the patient has no access any more, UTC (M-05, D-18a).
        last_entry_at: The latest time of a timeline entry, UTC (D-21b); clocks of several machines may differ.
        last_seen_at: When the patient last did something, UTC.
        reviewed_at: When the therapist last reviewed, UTC (M-09).
        maintained: The modules that are readable in maintenance (M-18).
        opened: The modules that the patient has opened.
        completed: The modules that the patient has completed.
        released: The modules that the therapist has released (D-04a).
        out_of_order: The modules that were first opened out of order (D-04a).
        forms: The counts of each form that was ever saved, in the order of first saving.
        conversations: In the order of their numbers.
        done_at: When every required module was completed, UTC (D-05b).
        done_handled: True when the flag of it was marked as handled.
        undelivered: The notifications that could not be delivered and wait for the therapist.
        noted_end: The end of access that the timeline has noted last, UTC (D-05a).
        ended_at: When it ended, UTC.
        end_reason: The key of the reason (M-19).
    """

    id: str
    version: int
    person: PersonId
    unit: HsaId = field(converter=HsaId)
    therapist: HsaId = field(converter=HsaId)
    program: str
    program_version: str
    phase: Phase = Phase.ACTIVE
    started_at: datetime
    access_until: datetime
    last_entry_at: datetime
    last_seen_at: datetime | None = None
    reviewed_at: datetime | None = None
    maintained: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()
    completed: frozenset[int] = frozenset()
    released: frozenset[int] = frozenset()
    out_of_order: frozenset[int] = frozenset()
    forms: tuple[FormCount, ...] = ()
    conversations: tuple[Conversation, ...] = ()
    done_at: datetime | None = None
    done_handled: bool = False
    undelivered: tuple[str, ...] = ()
    noted_end: datetime | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None

    def form(self, key: str) -> FormCount:
        """Return the counts of a form; of one never saved, zeros."""
        for count in self.forms:
            if count.form == key:
                return count
        return FormCount(form=key)

    def conversation(self, number: int) -> Conversation | None:
        """Return the conversation of that number, or None."""
        return self.conversations[number - 1] if 1 <= number <= len(self.conversations) else None


@frozen(kw_only=True, slots=False)
class CaseloadCounts:
    """The figures of an enrolment that a list of patients shows. Rule: M-08, D-15a, D-17a.

    Args:
        unread_forms: Fillings-in that wait for the therapist, over all forms.
        unread_messages: The patient's messages that wait for the therapist.
        done: True when the program is done and nobody has taken note.
        undelivered: Notifications that could not be delivered and wait for the therapist.
        priority: True when an unread filling-in reached an alert threshold.
    """

    unread_forms: int = 0
    unread_messages: int = 0
    done: bool = False
    undelivered: int = 0
    priority: bool = False


@frozen(kw_only=True)
class UnreadableEnrolment:
    """Stands in a list for an enrolment that is kept and cannot be read, so that the list can go on and name it.

    Args:
        enrolment_id: Which one.
        unit: The unit that gives it; None when that cannot be read either.
    """

    enrolment_id: str
    unit: HsaId | None = None


def apply(enrolment: Enrolment | None, event: Event) -> Enrolment:
    """Return the state after one more event.

    Args:
        enrolment: The state before; None before `Started`.
        event: What happened.

    Raises:
        ValueError: `Started` came twice, or something came before it: no rule makes such a history.
    """
    if enrolment is None:
        if not isinstance(event, Started):
            raise ValueError(f"a timeline begins with Started, not with {type(event).__name__}")
        return Enrolment(
            id=event.enrolment_id,
            version=1,
            person=event.person,
            unit=event.unit,
            therapist=event.therapist,
            program=event.program,
            program_version=event.program_version,
            started_at=event.at,
            access_until=event.access_until,
            last_entry_at=event.at,
        )
    # What attrs.evolve does through __init__, in a tenth of the time: this is on the path of every step.
    fields = enrolment.__dict__ | _CHANGES[type(event)](enrolment, event)
    fields["version"] += 1
    fields["last_entry_at"] = max(enrolment.last_entry_at, event.at)
    if event.by == "patient":
        fields["last_seen_at"] = event.at
    after = _new(Enrolment)
    _set(after, "__dict__", fields)
    return after


def replay(events: Iterable[Event]) -> Enrolment:
    """Fold a whole timeline into the state that it gives.

    Raises:
        ValueError: The timeline is empty or does not begin with `Started`.
    """
    state: Enrolment | None = None
    for event in events:
        state = apply(state, event)
    if state is None:
        raise ValueError("a timeline has at least one entry")
    return state


Changes = dict[str, Any]

_new, _set = object.__new__, object.__setattr__


def _twice(enrolment: Enrolment, event: Started) -> Changes:
    raise ValueError("Started came twice in one timeline")


def _handed_over(enrolment: Enrolment, event: HandedOver) -> Changes:
    return {"therapist": event.therapist}


def _reviewed(enrolment: Enrolment, event: Reviewed) -> Changes:
    return {"reviewed_at": event.at}


def _maintained(enrolment: Enrolment, event: Maintained) -> Changes:
    return {"phase": Phase.MAINTENANCE, "maintained": event.modules, "access_until": event.access_until}


def _access_ended(enrolment: Enrolment, event: AccessEnded) -> Changes:
    return {"noted_end": event.access_until}


def _ended(enrolment: Enrolment, event: Ended) -> Changes:
    return {"phase": Phase.ENDED, "ended_at": event.at, "end_reason": event.reason}


def _module_opened(enrolment: Enrolment, event: ModuleOpened) -> Changes:
    changes: Changes = {"opened": enrolment.opened | {event.module}}
    if event.out_of_order:
        changes["out_of_order"] = enrolment.out_of_order | {event.module}
    return changes


def _module_completed(enrolment: Enrolment, event: ModuleCompleted) -> Changes:
    return {"completed": enrolment.completed | {event.module}}


def _module_released(enrolment: Enrolment, event: ModuleReleased) -> Changes:
    return {"released": enrolment.released | {event.module}}


def _program_done(enrolment: Enrolment, event: ProgramDone) -> Changes:
    return {"done_at": event.at}


def _form_saved(enrolment: Enrolment, event: FormSaved) -> Changes:
    before = enrolment.form(event.form)
    after = FormCount(
        form=event.form,
        saved=event.number,
        read=before.read,
        alert=event.number if event.alert else before.alert,
    )
    return {"forms": _replaced(enrolment.forms, after)}


def _form_read(enrolment: Enrolment, event: FormRead) -> Changes:
    before = enrolment.form(event.form)
    after = FormCount(form=event.form, saved=before.saved, read=event.up_to, alert=before.alert)
    return {"forms": _replaced(enrolment.forms, after)}


def _replaced(forms: tuple[FormCount, ...], after: FormCount) -> tuple[FormCount, ...]:
    for place, count in enumerate(forms):
        if count.form == after.form:
            return (*forms[:place], after, *forms[place + 1 :])
    return (*forms, after)


def _conversation_started(enrolment: Enrolment, event: ConversationStarted) -> Changes:
    conversation = Conversation(number=event.conversation, heading=enrolment.version + 1)
    return {"conversations": (*enrolment.conversations, conversation)}


def _conversation_changed(enrolment: Enrolment, number: int, changes: Changes) -> Changes:
    before = enrolment.conversations[number - 1]
    after = Conversation(**{**before.__dict__, **changes})
    return {"conversations": (*enrolment.conversations[: number - 1], after, *enrolment.conversations[number:])}


def _conversation_renamed(enrolment: Enrolment, event: ConversationRenamed) -> Changes:
    return _conversation_changed(enrolment, event.conversation, {"heading": enrolment.version + 1})


def _message_sent(enrolment: Enrolment, event: MessageSent) -> Changes:
    return _conversation_changed(enrolment, event.conversation, {f"from_{event.author.value}": event.number})


def _messages_read(enrolment: Enrolment, event: MessagesRead) -> Changes:
    return _conversation_changed(enrolment, event.conversation, {f"read_by_{event.reader.value}": event.up_to})


def _flag_handled(enrolment: Enrolment, event: FlagHandled) -> Changes:
    return {"undelivered": ()} if event.flag is FlagKind.UNDELIVERED else {"done_handled": True}


def _notification_dropped(enrolment: Enrolment, event: NotificationDropped) -> Changes:
    return {}


def _notification_undelivered(enrolment: Enrolment, event: NotificationUndelivered) -> Changes:
    return {"undelivered": (*enrolment.undelivered, event.notification)}


_CHANGES: Mapping[type[Event], Callable[[Enrolment, Any], Changes]] = MappingProxyType(
    {
        Started: _twice,
        HandedOver: _handed_over,
        Reviewed: _reviewed,
        Maintained: _maintained,
        AccessEnded: _access_ended,
        Ended: _ended,
        ModuleOpened: _module_opened,
        ModuleCompleted: _module_completed,
        ModuleReleased: _module_released,
        ProgramDone: _program_done,
        FormSaved: _form_saved,
        FormRead: _form_read,
        ConversationStarted: _conversation_started,
        ConversationRenamed: _conversation_renamed,
        MessageSent: _message_sent,
        MessagesRead: _messages_read,
        FlagHandled: _flag_handled,
        NotificationDropped: _notification_dropped,
        NotificationUndelivered: _notification_undelivered,
    }
)
