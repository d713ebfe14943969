"""Flags: the therapist's box of current events, its counts, and how a flag is settled.

Rule: M-14, M-15, M-17, D-09b, D-13d, D-15a, D-15b, D-17a, D-18a, D-19a.
"""

from collections.abc import Iterable
from datetime import datetime

from attrs import frozen

from digital_painschool.domain.enrolment import AlertReason, CaseloadCounts, Enrolment, FormCount
from digital_painschool.domain.events import (
    Ended,
    Event,
    FlagHandled,
    FormRead,
    HandedOver,
    NotificationUndelivered,
    Withdrawn,
)
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.people import AnyActor, Author
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.raised_flags import flag_raised_by
from digital_painschool.domain.validation import plain_text, truth_value, whole_number
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.rules.access import closed_refusal


@frozen(kw_only=True)
class Flag:
    """One line of the box of current events. Rule: M-15, D-15a, D-15b, D-17a.

    Args:
        kind: The kind of flag.
        since: Since when it waits, UTC: of several unread ones, the oldest.
        form: For a form: its key.
        conversation: For a message: the conversation's number.
        unread: The number of unread submissions, messages or notifications.
        total: Their number in all, read ones too.
        priority: True when an unread submission reached an alert threshold; sorted first.
        why: The thresholds that the last such submission reached; empty for one of an older version of the library.
        by: For a patient who is new to the therapist: the HSA-id of who gave the patient (D-09b).
    """

    kind: FlagKind
    since: datetime
    form: str | None = None
    conversation: int | None = None
    unread: int = 1
    total: int = 1
    priority: bool = False
    why: tuple[AlertReason, ...] = ()
    by: str | None = None


def to_handle(enrolment: Enrolment, now: datetime) -> tuple[Flag, ...]:
    """Return the therapist's flags at an instant: priority first, then the oldest; an ended enrolment has none.

    Rule: M-14, M-15, M-17, D-09b, D-13d, D-15a, D-15b, D-17a, D-18a, D-19a.
    """
    if not enrolment.is_open:
        return ()
    forms = [
        Flag(
            kind=FlagKind.FORM_SAVED,
            since=min(count.waiting),
            form=count.form,
            unread=count.unread,
            total=count.saved,
            priority=has_priority(count),
            why=count.reasons,
        )
        for count in enrolment.forms
        if count.unread
    ]
    messages = [
        Flag(
            kind=FlagKind.MESSAGE_RECEIVED,
            since=min(conversation.waiting),
            conversation=conversation.number,
            unread=conversation.unread(Author.THERAPIST),
            total=conversation.from_patient,
        )
        for conversation in enrolment.conversations
        if conversation.unread(Author.THERAPIST)
    ]
    flags = [*forms, *messages]
    if enrolment.undelivered_since is not None:
        lost = len(enrolment.undelivered)
        flags.append(Flag(kind=FlagKind.UNDELIVERED, since=enrolment.undelivered_since, unread=lost, total=lost))
    if (done_at := _done_since(enrolment)) is not None:
        flags.append(Flag(kind=FlagKind.PROGRAM_DONE, since=done_at))
    if enrolment.handed_at is not None:
        flags.append(Flag(kind=FlagKind.HANDED_OVER, since=enrolment.handed_at, by=enrolment.handed_by))
    if now >= enrolment.access_until:
        flags.append(Flag(kind=FlagKind.ENDING, since=enrolment.access_until))
    return tuple(sorted(flags, key=lambda flag: (not flag.priority, flag.since)))


def caseload_counts(enrolment: Enrolment) -> CaseloadCounts:
    """Return the counts for the caseload, equal to those of the box. Rule: M-08, D-15a, D-15b, D-19a."""
    if not enrolment.is_open:
        return CaseloadCounts()
    return CaseloadCounts(
        unread_forms=sum([count.unread for count in enrolment.forms]),
        unread_messages=sum([conversation.unread(Author.THERAPIST) for conversation in enrolment.conversations]),
        done=_done_since(enrolment) is not None,
        undelivered=len(enrolment.undelivered),
        handed_over=enrolment.handed_at is not None,
        priority=any(map(has_priority, enrolment.forms)),
        waiting_since=_waiting_since(enrolment),
    )


def mark_read(
    enrolment: Enrolment, terms: Terms, form: str, up_to: int | None = None, *, opened: bool, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Mark a form as read up to a submission; later submissions stay unread.

    Rule: M-15, D-15a. Submissions that were read before change nothing. After the end opening changes nothing either.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        form: The form's key.
        up_to: The ordinal of the last submission in the view that was read; None means all saved submissions.
        opened: False when the form is marked without opening.
        by: The reader.
        at: The instant, an aware time.

    Raises:
        RuleViolation: There is no such form or submission, or the enrolment has ended and the form was not opened.
    """
    form = plain_text(form, "a form's key")
    if terms.program.form(form) is None:
        raise RuleViolation("M-15", Reason.UNKNOWN_FORM)
    truth_value(opened, "opened")
    count = enrolment.form(form)
    last = count.saved if up_to is None else whole_number(up_to, "up_to")
    if not 0 <= last <= count.saved:
        raise RuleViolation("D-15a", Reason.NO_SUCH_SUBMISSION, form=form, saved=count.saved)
    if not enrolment.is_open:
        if opened:
            return ()
        raise closed_refusal(enrolment)
    if last <= count.read:
        return ()
    return (FormRead(at=at, by=by.signature, form=form, up_to=last, opened=opened),)


_MARKED = frozenset({FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER})
"""The flags that nothing but a mark settles."""


def markable(enrolment: Enrolment) -> frozenset[FlagKind]:
    """Return the flags that wait and that marking settles: `mark_handled` takes these. Rule: D-17a, D-19a."""
    if not enrolment.is_open:
        return frozenset()
    waits = {
        FlagKind.PROGRAM_DONE: _done_since(enrolment),
        FlagKind.UNDELIVERED: enrolment.undelivered_since,
        FlagKind.HANDED_OVER: enrolment.handed_at,
    }
    return frozenset(flag for flag, since in waits.items() if since is not None)


def mark_handled(
    enrolment: Enrolment, terms: Terms, flag: FlagKind, since: Iterable[Event] = (), *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Mark a flag as handled: the program done, a new patient, or notifications that could not be delivered.

    Rule: D-09b, D-15b, D-17a, D-19b. Reading settles the flags of forms and messages. Maintaining or ending settles the
    flag of the ending. What came after the view was drawn goes on waiting, and refuses nothing. What was settled after
    the view was drawn changes nothing.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        flag: The kind of flag.
        since: The events after the view was drawn; none when the view shows the present state.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The enrolment has no such flag, or another command settles it.
    """
    if not isinstance(flag, FlagKind):
        raise InvalidValue(f"flag is a FlagKind, not {type(flag).__name__}")
    later = tuple(since)
    if flag not in markable(enrolment):
        if flag in _MARKED and any(isinstance(one, (Ended, Withdrawn)) or _is_settled_by(one, flag) for one in later):
            return ()
        raise RuleViolation("D-17a", Reason.NO_SUCH_FLAG, flag=flag.value)
    if flag is not FlagKind.UNDELIVERED:
        came_later = any(flag_raised_by(one) is flag for one in later)
        return () if came_later else (FlagHandled(at=at, by=by.signature, flag=flag),)
    unseen = {one.notification for one in later if isinstance(one, NotificationUndelivered)}
    shown = tuple(NotificationId(lost) for lost in enrolment.undelivered if lost not in unseen)
    if not shown:
        return ()
    handled = shown if unseen.intersection(enrolment.undelivered) else None
    return (FlagHandled(at=at, by=by.signature, flag=flag, notifications=handled),)


def _is_settled_by(event: Event, flag: FlagKind) -> bool:
    if isinstance(event, HandedOver):  # whoever takes the patient without a flag knows of it
        return flag is FlagKind.HANDED_OVER
    return isinstance(event, FlagHandled) and event.flag is flag


def _waiting_since(enrolment: Enrolment) -> datetime | None:
    unread_forms = [at for count in enrolment.forms for at in count.waiting]
    unread_messages = [at for conversation in enrolment.conversations for at in conversation.waiting]
    others = (enrolment.undelivered_since, _done_since(enrolment), enrolment.handed_at)
    return min([*unread_forms, *unread_messages, *(at for at in others if at is not None)], default=None)


def _done_since(enrolment: Enrolment) -> datetime | None:
    return None if enrolment.done_handled else enrolment.done_at


def has_priority(count: FormCount) -> bool:
    """Return whether an unread submission of a form reached an alert threshold. Rule: D-17a."""
    return count.alert > count.read
