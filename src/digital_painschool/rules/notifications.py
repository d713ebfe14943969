"""The notifications that a command's events trigger, and when a notification is obsolete.

Rule: M-12, M-13, M-22, M-23, D-13a to D-13d, D-23a, D-23b.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from attrs import evolve

from digital_painschool.domain.attention import AttentionLimits, quiet_since
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import (
    Event,
    FormSaved,
    MessageSent,
    NotificationDropped,
    NotificationUndelivered,
)
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.local_time import local_time
from digital_painschool.domain.notification import (
    Channel,
    Notification,
    Notify,
    Profile,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.domain.people import AnyActor, Author, HsaId
from digital_painschool.domain.policy import POINTED_OUT, FlagKind, Policy, Terms
from digital_painschool.domain.raised_flags import told_by
from digital_painschool.rules.access import access
from digital_painschool.rules.attention import attention_limits, limits_of_notes


def next_digest_at(at: datetime, policy: Policy) -> datetime:
    """Return the instant of the run for a collected message that is written at an instant, UTC.

    Rule: M-13, D-13a. A message at or after the day's run waits for the next day's run.
    """
    day = at.astimezone(policy.zone).date()
    run = local_time(day, policy.collected_at, policy.zone)
    return run if at < run else local_time(day + timedelta(days=1), policy.collected_at, policy.zone)


def flags_raised_by(events: Iterable[Event]) -> frozenset[FlagKind]:
    """Return the kinds of flags that a command's events raise or point out. Rule: M-14, M-17, D-13d, D-17a, D-17b."""
    return frozenset(flag for event in events if (flag := _flag(event)) is not None)


def notifications_for(
    events: Iterable[Event],
    enrolment: Enrolment,
    policy: Policy,
    profile: Profile,
    superseded: Iterable[Notification] = (),
) -> Iterator[Notification]:
    """Yield the notifications that a command's events trigger.

    Rule: M-12, M-13, M-22, M-23, D-09b, D-13a, D-13c, D-23a, D-23b. At a hand-over, the new therapist is notified of
    the flags of which the former one was still to be notified, by the new therapist's own choices.

    Args:
        events: The command's events, in order.
        enrolment: The state after the command.
        policy: The unit's policy.
        profile: The profile of the enrolment's therapist.
        superseded: The notifications that the events drop, and that are passed on: see `superseded_by_hand_over` and
            `passed_on_when_dropped`.
    """
    events = tuple(events)
    # The first of each entry: another one says the same over another channel.
    by_entry = {one.trigger.seq: one for one in reversed(tuple(superseded)) if one.flag is not FlagKind.HANDED_OVER}
    passed_on = {one.id: one for one in by_entry.values()}
    first = enrolment.version - len(events) + 1
    for seq, event in enumerate(events, start=first):
        if isinstance(event, MessageSent) and event.notify is not Notify.NONE:
            yield _to_patient(event, seq, enrolment, policy)
        flag = _flag(event)
        if flag is not None and flag in policy.staff_flags:
            yield from _to_staff(profile, flag, _trigger(event, seq, enrolment), enrolment, policy, event.at)
        if isinstance(event, NotificationDropped) and event.notification in passed_on:
            # The entry of the drop is the trigger: so each notification has an entry and an id of its own.
            dropped = passed_on[event.notification]
            assert dropped.flag is not None, "a hand-over drops notifications to staff alone"
            trigger = evolve(dropped.trigger, seq=seq)
            yield from _to_staff(profile, dropped.flag, trigger, enrolment, policy, event.at)


def superseded_by_hand_over(
    pending: Iterable[Notification],
    enrolment: Enrolment,
    therapist: HsaId,
    policy: Policy,
    profile: Profile,
    now: datetime,
) -> tuple[Notification, ...]:
    """Return the pending notifications that a hand-over drops, because the new therapist is notified instead.

    Rule: D-09b, D-23b. Those are the notifications to others of flags that stand, if the new therapist has chosen the
    flag, over whichever channel; and those of earlier hand-overs. Other notifications to a former therapist wait: they
    are obsolete, unless that therapist gets the patient back.

    Args:
        pending: The enrolment's pending notifications.
        enrolment: The state before the hand-over.
        therapist: The new therapist.
        policy: The unit's policy.
        profile: The profile of the new therapist.
        now: The instant of the hand-over, UTC.
    """
    chosen = policy.staff_flags & (profile.email | profile.sms)
    return tuple(
        one
        for one in pending
        if one.channel is not Channel.INBOX
        and one.recipient != therapist
        and (
            one.flag is FlagKind.HANDED_OVER
            or (one.flag is not None and one.flag in chosen and not is_settled(one.flag, one, enrolment, policy, now))
        )
    )


def is_obsolete(notification: Notification, enrolment: Enrolment | None, policy: Policy, now: datetime) -> bool:
    """Return whether a notification is obsolete: whether the reason for it is gone.

    Rule: D-13b, D-23b, D-09a. For a patient: the message is read, the enrolment has ended or was purged, or access is
    over. For a therapist: the flag is settled, the unit notifies of it no more, or the patient has another therapist.

    Args:
        notification: The notification.
        enrolment: The enrolment that triggered it; None when it was purged.
        policy: The unit's policy.
        now: The present instant.
    """
    if enrolment is None or not enrolment.is_open:
        return True
    if notification.flag is None:
        return _is_read(notification, enrolment, Author.PATIENT) or not access(enrolment, policy, now).read_messages
    if notification.flag not in policy.staff_flags or enrolment.therapist != notification.recipient:
        return True
    return is_settled(notification.flag, notification, enrolment, policy, now)


def drop(
    enrolment: Enrolment, terms: Terms, notification: Notification, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Record that an obsolete notification was dropped. Rule: D-13b, D-17b.

    A note of a silence or of a coming end, which the unit's limits of today would not make, is taken back: nobody was
    notified, and it is noted anew when it is so again.
    """
    flag, limits = notification.flag, limits_of_notes(terms.policy, at)
    is_noted = flag is not None and flag in POINTED_OUT and not _SETTLED[flag](notification, enrolment)
    takes_back = flag if is_noted and not _is_so(flag, enrolment, limits, at) else None
    return (
        NotificationDropped(
            at=at, by=by.signature, notification=notification.id, channel=notification.channel, takes_back=takes_back
        ),
    )


def mark_undeliverable(
    enrolment: Enrolment, terms: Terms, notification: Notification, status: Status, *, by: AnyActor, at: datetime
) -> tuple[Event, ...]:
    """Record that a notification could not be delivered, which raises a flag.

    Rule: D-13d, D-17a, D-19a, D-21b. Nothing is recorded once the enrolment is closed: nobody has to act, and a report
    that comes late must not make the treatment younger.
    """
    if not enrolment.is_open:
        return ()
    signature = by.signature
    return (
        NotificationUndelivered(
            at=at, by=signature, notification=notification.id, channel=notification.channel, status=status
        ),
    )


def _flag(event: Event) -> FlagKind | None:
    # A failed staff notification must not trigger another one about its own failure.
    is_of_staff = isinstance(event, NotificationUndelivered) and event.channel is not Channel.INBOX
    return None if is_of_staff else told_by(event)


def _to_patient(message: MessageSent, seq: int, enrolment: Enrolment, policy: Policy) -> Notification:
    collected = message.notify is Notify.COLLECTED
    return Notification(
        id=_id(enrolment, seq, Channel.INBOX, message.at),
        unit=enrolment.unit,
        channel=Channel.INBOX,
        recipient=enrolment.person,
        template=Template.MESSAGE_TO_READ,
        due_at=next_digest_at(message.at, policy) if collected else message.at,
        trigger=_trigger(message, seq, enrolment),
        collected=collected,
    )


def _to_staff(
    profile: Profile, flag: FlagKind, trigger: TriggeringEntry, enrolment: Enrolment, policy: Policy, at: datetime
) -> Iterator[Notification]:
    collected = profile.summary and not (policy.alerts_at_once and _has_alert(trigger, enrolment))
    for channel in (Channel.EMAIL, Channel.SMS):
        if flag in profile.wants(channel):
            yield Notification(
                id=_id(enrolment, trigger.seq, channel, at),
                unit=enrolment.unit,
                channel=channel,
                recipient=enrolment.therapist,
                template=Template.SUMMARY if collected else Template(flag.value),
                due_at=next_digest_at(at, policy) if collected else at,
                trigger=evolve(trigger, flag=flag if collected else None),
                collected=collected,
            )


def _has_alert(trigger: TriggeringEntry, enrolment: Enrolment) -> bool:
    """Return whether a submission, or a later one of its form, has reached an alert threshold."""
    return trigger.form is not None and enrolment.form(trigger.form).alert >= (trigger.number or 1)


def _trigger(event: Event, seq: int, enrolment: Enrolment) -> TriggeringEntry:
    if isinstance(event, MessageSent):
        return TriggeringEntry(enrolment_id=enrolment.id, seq=seq, conversation=event.conversation, number=event.number)
    if isinstance(event, FormSaved):
        return TriggeringEntry(enrolment_id=enrolment.id, seq=seq, form=event.form, number=event.number)
    return TriggeringEntry(enrolment_id=enrolment.id, seq=seq)


def _id(enrolment: Enrolment, seq: int, channel: Channel, at: datetime) -> NotificationId:
    """Return the id of a notification, unique also when a restored backup uses an entry's number a second time."""
    return NotificationId(f"{enrolment.id}.{seq}.{channel.value}.{at:%Y%m%dT%H%M%S}")


def _is_read(notification: Notification, enrolment: Enrolment, reader: Author) -> bool:
    trigger = notification.trigger
    if trigger.conversation is None or trigger.number is None:  # stored by a version that did not record the message
        return not any(conversation.unread(reader) for conversation in enrolment.conversations)
    conversation = enrolment.conversation(trigger.conversation)
    return conversation is not None and conversation.read(reader) >= trigger.number


def _is_form_read(notification: Notification, enrolment: Enrolment) -> bool:
    trigger = notification.trigger
    if trigger.form is None or trigger.number is None:  # stored by a version that did not record the submission
        return not any(form.unread for form in enrolment.forms)
    return enrolment.form(trigger.form).read >= trigger.number


_SETTLED: Mapping[FlagKind, Callable[[Notification, Enrolment], bool]] = MappingProxyType(
    {
        FlagKind.PROGRAM_DONE: lambda _, enrolment: enrolment.done_handled,
        FlagKind.FORM_SAVED: _is_form_read,
        FlagKind.MESSAGE_RECEIVED: lambda notification, e: _is_read(notification, e, Author.THERAPIST),
        FlagKind.ENDING: lambda _, enrolment: enrolment.noted_end != enrolment.access_until,
        FlagKind.UNDELIVERED: lambda _, enrolment: not enrolment.undelivered,
        FlagKind.HANDED_OVER: lambda _, enrolment: enrolment.handed_at is None,
        FlagKind.SILENT: lambda one, e: one.trigger.seq < e.silence_entry or not _is_silence_noted(e),
        FlagKind.ENDS_SOON: lambda one, e: one.trigger.seq < e.ending_entry or e.noted_ending != e.access_until,
    }
)
"""Whether the flag that a staff notification reports is settled, whatever the time."""


def _is_silence_noted(enrolment: Enrolment) -> bool:
    """Return whether the patient has done nothing since the silence that was noted last, in the active phase."""
    return enrolment.noted_silence == quiet_since(enrolment) and enrolment.phase is Phase.ACTIVE


def is_settled(flag: FlagKind, notification: Notification, enrolment: Enrolment, policy: Policy, now: datetime) -> bool:
    """Return whether a flag is settled, or nothing is to be pointed out any more. Rule: D-13b, D-17b."""
    if _SETTLED[flag](notification, enrolment):
        return True
    return flag in POINTED_OUT and not _is_so(flag, enrolment, attention_limits(policy, now), now)


def _is_so(flag: FlagKind | None, enrolment: Enrolment, limits: AttentionLimits, now: datetime) -> bool:
    """Return whether limits point a silence, or a coming end, out."""
    if flag is FlagKind.SILENT:
        return limits.silent_since(enrolment, now) is not None
    return limits.ends_soon(enrolment, now)
