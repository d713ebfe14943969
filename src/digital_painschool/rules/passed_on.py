"""What the present therapist is notified of in the place of a notification that a worker has dropped. Rule: D-09b."""

from collections.abc import Iterable
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Notification, Profile
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.rules.notifications import is_settled
from digital_painschool.rules.preferences import is_unticked


def passed_on_when_dropped(
    dropped: Notification,
    asked: Iterable[Notification],
    enrolment: Enrolment,
    policy: Policy,
    profile: Profile,
    now: datetime,
) -> tuple[Notification, ...]:
    """Return the notification that a worker has dropped, if the present therapist is notified instead, or nothing.

    Rule: D-09b. After a failed attempt, a hand-over cannot drop a notification: a worker does, because somebody else
    has the patient. The flag may still stand, and the present therapist may not know of it. One whose channel the
    therapist has unticked goes over another one that is ticked, unless the flag was notified there too.

    Args:
        dropped: The notification.
        asked: All notifications that the enrolment has asked for.
        enrolment: The present state.
        policy: The unit's policy.
        profile: The profile of the present therapist.
        now: The instant of the note, UTC.
    """
    flag = dropped.flag
    if flag not in policy.staff_flags - {FlagKind.HANDED_OVER} or not enrolment.is_open:
        return ()
    is_known = any(
        _subject(one) == _subject(dropped)
        and one.recipient == enrolment.therapist
        and (one.trigger.seq > dropped.trigger.seq or (is_unticked(dropped, profile) and _has_twin(one, dropped)))
        for one in asked
    )
    return () if flag is None or is_known or is_settled(flag, dropped, enrolment, policy, now) else (dropped,)


def _has_twin(one: Notification, other: Notification) -> bool:
    return one.trigger.seq == other.trigger.seq and one.channel is not other.channel


def _subject(notification: Notification) -> tuple[object, ...]:
    """Return what a notification reports: the flag, and the submission or the message."""
    trigger = notification.trigger
    return notification.flag, trigger.form, trigger.conversation, trigger.number
