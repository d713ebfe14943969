"""Which notifications a step asks for, when they may go, what goes together, and what is dropped.

Rule: M-12, M-13, M-22, M-23, D-13a to D-13d, D-23a.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import groupby
from types import MappingProxyType

from digital_painschool.access import access
from digital_painschool.enrolment import Enrolment, Phase
from digital_painschool.errors import InvalidValue, Reason, RuleBroken
from digital_painschool.events import (
    AccessEnded,
    Event,
    FormSaved,
    MessageSent,
    NotificationDropped,
    NotificationUndelivered,
    ProgramDone,
)
from digital_painschool.instants import local_time
from digital_painschool.notification import (
    Cause,
    Channel,
    Claimed,
    Notification,
    Notify,
    Profile,
    Status,
    Template,
)
from digital_painschool.people import By, Party
from digital_painschool.policy import FlagKind, Policy, Terms

_LOST_WITH_THEIR_WORKERS = 5


def next_run(at: datetime, policy: Policy) -> datetime:
    """Give the run of collected notifications that a message sent at an instant goes with, UTC.

    Rule: M-13, D-13a. A message at or after the day's run waits for the next day's.
    """
    day = at.astimezone(policy.zone).date()
    run = local_time(day, policy.collected_at, policy.zone)
    return run if at < run else local_time(day + timedelta(days=1), policy.collected_at, policy.zone)


def may_go_at(now: datetime, policy: Policy, told_at: datetime | None = None) -> datetime:
    """Give the first instant from `now` on at which a collected notification may go, UTC: in the forenoon only.

    Rule: M-13, D-13a. A run that was missed is caught up the same forenoon, or the next. A patient who was told today
    is told again tomorrow: a message of before the run may come when the day's notice has gone.

    Args:
        now: When.
        policy: The unit's policy.
        told_at: When the patient was last told, UTC.
    """
    day = now.astimezone(policy.zone).date()
    if told_at is not None and told_at.astimezone(policy.zone).date() == day:
        return local_time(day + timedelta(days=1), policy.collected_at, policy.zone)
    opens = local_time(day, policy.collected_at, policy.zone)
    if opens <= now < local_time(day, policy.forenoon_ends, policy.zone):
        return now
    return next_run(now, policy)


def may_have_been_told(claim: Claimed, now: datetime, policy: Policy) -> bool:
    """Tell whether an attempt before this one may have told the patient on the local day of `now`. Rule: D-13a.

    What a worker left in hand is free again when its lease has run out, and what failed when its next try is due: after
    the day's run, only if that attempt was of the same day.
    """
    if not claim.attempts:
        return False
    return (claim.held_until or claim.notification.due_at) > _run_of_day(now, policy)


def was_put_back(claim: Claimed, now: datetime, policy: Policy) -> bool:
    """Tell whether an attempt of the local day of `now` has failed: what is tried again is due after that day's run.

    Rule: D-13a.
    """
    return bool(claim.attempts) and claim.notification.due_at > _run_of_day(now, policy)


def raised_by(events: Iterable[Event]) -> frozenset[FlagKind]:
    """Tell which kinds of flags a step's events raise. Rule: M-14, M-17, D-13d, D-17a."""
    return frozenset(flag for event in events if (flag := _flag(event)) is not None)


def asked_for(
    events: Iterable[Event], enrolment: Enrolment, policy: Policy, profile: Profile
) -> Iterator[Notification]:
    """Give the notifications that a step's events ask for.

    Rule: M-12, M-13, M-22, M-23, D-13a, D-13c, D-23a.

    Args:
        events: What the step gave, in order.
        enrolment: The state after the step.
        policy: The unit's policy.
        profile: What the enrolment's therapist wants to be notified of.
    """
    events = tuple(events)
    first = enrolment.version - len(events) + 1
    for seq, event in enumerate(events, start=first):
        if isinstance(event, MessageSent) and event.notify is not Notify.NONE:
            yield _to_patient(event, seq, enrolment, policy)
        flag = _flag(event)
        if flag is not None and flag in policy.staff_flags:
            for channel in (Channel.EMAIL, Channel.SMS):
                if flag in profile.wants(channel):
                    yield _to_staff(channel, flag, seq, event.at, enrolment)


def lanes(claimed: Iterable[Claimed]) -> Iterator[tuple[Claimed, ...]]:
    """Group what was claimed by lane, the oldest of each first: what is in one lane can go as one.

    Rule: D-13a. One collected notification per patient and local day, whatever the number of messages and missed runs.
    """
    ordered = sorted(claimed, key=lambda c: (c.notification.lane, c.notification.window, c.notification.id))
    for _, lane in groupby(ordered, key=lambda c: c.notification.lane):
        yield tuple(lane)


def is_moot(notification: Notification, enrolments: Mapping[str, Enrolment], now: datetime) -> bool:
    """Tell whether every reason for a notification is gone.

    Rule: D-13b, D-09a. For a patient: the messages are read, the enrolment has ended or was purged, or access is over,
    so that nothing can be read. For staff: the enrolment has ended or was purged, or somebody else has the patient.

    Args:
        notification: What waits.
        enrolments: The present state of each enrolment that caused it; one that is missing was purged.
        now: When.
    """
    return all(
        _is_settled(cause, enrolments.get(cause.enrolment_id), notification, now) for cause in notification.causes
    )


def is_hopeless(begun: int, policy: Policy) -> bool:
    """Tell whether a notification has taken too many workers with it to be handed over once more. Rule: D-13d.

    An attempt that was begun and never heard of again ended with its worker, which may have died of something else: so
    five more may begin than may fail.
    """
    return begun > len(policy.retry_minutes) + _LOST_WITH_THEIR_WORKERS


def try_again_at(attempts: int, now: datetime, policy: Policy, *, collected: bool) -> datetime | None:
    """Give the instant of the next attempt after a failed one, UTC; None when the attempts are used up.

    Rule: D-13a, D-13d.

    Args:
        attempts: How many attempts have failed, this one too.
        now: When this one failed.
        policy: The unit's policy; its `retry_minutes` are the waits.
        collected: True keeps the attempts to the forenoon.
    """
    if attempts > len(policy.retry_minutes):
        return None
    again = now + timedelta(minutes=policy.retry_minutes[attempts - 1])
    if not collected:
        return again
    # On a later day it goes with that day's run, so that the two go as one.
    day, today = (at.astimezone(policy.zone).date() for at in (may_go_at(again, policy), now))
    return may_go_at(again, policy) if day == today else local_time(day, policy.collected_at, policy.zone)


def drop(enrolment: Enrolment, terms: Terms, notification: Notification, *, by: By, at: datetime) -> tuple[Event, ...]:
    """Note that a notification was dropped because its reason was gone. Rule: D-13b."""
    return (NotificationDropped(at=at, by=by.signature, notification=notification.id, channel=notification.channel),)


def give_up(
    enrolment: Enrolment, terms: Terms, notification: Notification, status: Status, *, by: By, at: datetime
) -> tuple[Event, ...]:
    """Note that a notification could not be delivered, so that the therapist gets a flag; once. Rule: D-13d, D-17a."""
    if notification.id in enrolment.undelivered:
        return ()
    signature = by.signature
    return (
        NotificationUndelivered(
            at=at, by=signature, notification=notification.id, channel=notification.channel, status=status
        ),
    )


def choose(
    terms_policy: Policy, *, email: bool, sms: bool, flags: frozenset[FlagKind], has_email: bool, has_sms: bool
) -> Profile:
    """Give the profile that a therapist's ticks on "Min profil" make.

    Rule: M-22, M-23, D-23a.

    Args:
        terms_policy: The unit's policy, which says what is on offer.
        email: Whether "Ta emot notifieringar" is ticked.
        sms: Whether notifications by SMS are ticked.
        flags: For which flags.
        has_email: Whether the staff directory has an address.
        has_sms: Whether the staff directory has a number.

    Raises:
        RuleBroken: A flag is not on offer, or the directory has no address or number for what is ticked.
    """
    for value, name in ((email, "email"), (sms, "sms")):
        if not isinstance(value, bool):
            raise InvalidValue(f"{name} is True or False, not {type(value).__name__}")
    strangers = flags - terms_policy.staff_flags
    if strangers:
        raise RuleBroken("D-23a", Reason.NOT_ON_OFFER, flags=tuple(sorted(flag.value for flag in strangers)))
    for ticked, there, channel in ((email, has_email, Channel.EMAIL), (sms, has_sms, Channel.SMS)):
        if ticked and not there:
            raise RuleBroken("D-23a", Reason.NO_ADDRESS_IN_DIRECTORY, channel=channel.value)
    return Profile(email=flags if email else frozenset(), sms=flags if sms else frozenset())


_FLAGS: Mapping[type[Event], FlagKind] = MappingProxyType(
    {
        FormSaved: FlagKind.FORM_SAVED,
        ProgramDone: FlagKind.PROGRAM_DONE,
        AccessEnded: FlagKind.ENDING,
    }
)


def _flag(event: Event) -> FlagKind | None:
    if isinstance(event, MessageSent):
        return FlagKind.MESSAGE_RECEIVED if event.author is Party.PATIENT else None
    if isinstance(event, NotificationUndelivered):
        # A staff notification that fails must not ask for another one about its own failure.
        return FlagKind.UNDELIVERED if event.channel is Channel.INBOX else None
    return _FLAGS.get(type(event))


def _to_patient(message: MessageSent, seq: int, enrolment: Enrolment, policy: Policy) -> Notification:
    collected = message.notify is Notify.COLLECTED
    id_ = _id(enrolment, seq, Channel.INBOX, message.at)
    due_at = next_run(message.at, policy) if collected else message.at
    window = due_at.astimezone(policy.zone).date().isoformat() if collected else id_
    person = enrolment.person
    return Notification(
        id=id_,
        unit=enrolment.unit,
        channel=Channel.INBOX,
        recipient=person,
        template=Template.MESSAGE_TO_READ,
        window=window,
        lane=f"{enrolment.unit}.{person.scheme}.{person.value}" if collected else id_,
        due_at=due_at,
        causes=(Cause(enrolment_id=enrolment.id, seq=seq, conversation=message.conversation, number=message.number),),
        collected=collected,
    )


def _to_staff(channel: Channel, flag: FlagKind, seq: int, at: datetime, enrolment: Enrolment) -> Notification:
    id_ = _id(enrolment, seq, channel, at)
    return Notification(
        id=id_,
        unit=enrolment.unit,
        channel=channel,
        recipient=enrolment.therapist,
        template=Template(flag.value),
        window=id_,
        lane=id_,
        due_at=at,
        causes=(Cause(enrolment_id=enrolment.id, seq=seq),),
    )


def _run_of_day(now: datetime, policy: Policy) -> datetime:
    return local_time(now.astimezone(policy.zone).date(), policy.collected_at, policy.zone)


def _id(enrolment: Enrolment, seq: int, channel: Channel, at: datetime) -> str:
    """Name a notification, for ever: also when a backup that was restored gives the entry's number a second time."""
    return f"{enrolment.id}.{seq}.{channel.value}.{at:%Y%m%dT%H%M%S}"


def _is_settled(cause: Cause, enrolment: Enrolment | None, notification: Notification, now: datetime) -> bool:
    if enrolment is None or enrolment.phase is Phase.ENDED:
        return True
    if cause.conversation is None or cause.number is None:
        return enrolment.therapist != notification.recipient
    conversation = enrolment.conversation(cause.conversation)
    is_read = conversation is not None and conversation.read_by_patient >= cause.number
    return is_read or not access(enrolment, now).read_messages
