"""When a digest is sent, with which notifications, and when it becomes undeliverable.

Rule: M-13, D-13a, D-13d, D-23b. A recipient gets at most one new notice a unit and local day, and a member of staff at
most one new summary over each channel.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import product
from types import MappingProxyType

from digital_painschool.domain.digest import Action, Batch, Decision, Digest
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.local_time import local_time
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy

_LOST_WORKERS = 5
_TOMORROW = timedelta(days=1)
_LONGEST_RETRY = timedelta(days=5)
_LONGEST_ASKED = timedelta(days=1)
_JOINT_ATTEMPTS = 2
"""A notification without attempts left is sent together with fresher ones, up to twice the number of attempts."""


class Doubt(Enum):
    """Whether a digest has a batch in doubt, and of which day."""

    NONE = "no batch in doubt"
    EARLIER = "a batch of an earlier day"
    TODAY = "a batch of today"


Situation = tuple[bool, Doubt, bool]
"""Whether the recipient may be notified now, the batch in doubt, and whether a notification is due."""

DECISIONS: Mapping[Situation, Action] = MappingProxyType(
    {
        **{(False, doubt, due): Action.WAIT for doubt, due in product(Doubt, (False, True))},
        (True, Doubt.NONE, False): Action.WAIT,
        (True, Doubt.NONE, True): Action.SEND,
        (True, Doubt.EARLIER, False): Action.REPEAT,
        (True, Doubt.EARLIER, True): Action.SEND,
        (True, Doubt.TODAY, False): Action.REPEAT,
        (True, Doubt.TODAY, True): Action.REPEAT,
    }
)
"""The action of a worker in each situation."""


def decide(digest: Digest, now: datetime, policy: Policy) -> Decision:
    """Return the decision on a digest now. Rule: M-13, D-13a.

    A collected digest is sent in the forenoon only, and not twice on one local day. Any other digest is sent at any
    hour. A batch of today is repeated under its key: the inbox may already have that key. A batch of an earlier day is
    joined with the notifications that are due now.

    Args:
        digest: The digest, as it was claimed.
        now: The instant of the claim, an aware time.
        policy: The unit's policy now.
    """
    day = now.astimezone(policy.zone).date()
    due = frozenset(r.notification.id for r in digest.waiting() if r.notification.due_at <= now)
    may_notify = not digest.collected or earliest_send_at(now, policy, digest.told_on) <= now
    action = DECISIONS[may_notify, _doubt(digest.batch, day), bool(due)]
    if action is Action.WAIT:
        return Decision(action=action, day=day)
    batch = digest.batch
    if action is Action.REPEAT:
        assert batch is not None, "only an existing batch is repeated"
        # A day that comes twice, after a zone moved west, is one day.
        day = max(day, believable_day(batch.attempted_on, day) or day)
        return Decision(action=action, day=day, notifications=batch.notifications, tried_on=batch.attempted_on)
    joined = due if batch is None else batch.notifications | due
    return Decision(action=action, day=day, notifications=joined)


def earliest_send_at(now: datetime, policy: Policy, told_on: date | None = None) -> datetime:
    """Return the first instant from `now` on at which a collected digest may be sent, UTC: in a forenoon.

    Rule: M-13, D-13a. A missed run is caught up the same forenoon, or the next.

    Args:
        now: The earliest instant.
        policy: The unit's policy.
        told_on: The latest local day on which the recipient was notified, or may have been notified.
    """
    day = now.astimezone(policy.zone).date()
    told_on = believable_day(told_on, day)
    if told_on is not None and told_on >= day:
        return local_time(told_on + timedelta(days=1), policy.collected_at, policy.zone)
    opens = local_time(day, policy.collected_at, policy.zone)
    if now < opens:
        return opens
    ends = local_time(day, policy.forenoon_ends, policy.zone)
    return now if now < ends else local_time(day + timedelta(days=1), policy.collected_at, policy.zone)


def believable_day(stored: date | None, today: date) -> date | None:
    """Return a stored local day of a notice, or today for one that only a wrong clock can have written. Rule: D-13a.

    A day further ahead than tomorrow is none: a zone that moves west has no day twice but the present one. The
    recipient may have been notified today, while the clock was wrong.
    """
    return today if stored is not None and stored > today + _TOMORROW else stored


def left_out_of_summary(digest: Digest, obsolete: Collection[NotificationId]) -> frozenset[NotificationId]:
    """Return the obsolete notifications that are left out of a member of staff's summary, and dropped. Rule: D-23b.

    What is in the batch in doubt stays in it: it may have been sent, and its key stands for exactly its notifications.
    A patient's digest is sent whole, or not at all (D-13b).

    Args:
        digest: The digest, as it was claimed.
        obsolete: The ids of the notifications whose reason is gone, of those that are decided on.
    """
    if isinstance(digest.recipient, PersonId):
        return frozenset()
    waiting = frozenset(record.notification.id for record in digest.waiting())
    return waiting.intersection(obsolete)


def latest_day(*days: date | None) -> date | None:
    """Return the latest of some local days, or None when there is none.

    Rule: D-13a. The result is the new `Digest.told_on`. After a batch that ends without an answer (dropped,
    undeliverable, purged), the recipient may have been notified on the day of its latest attempt.
    """
    return max(filter(None, days), default=None)


def attempts_exhausted(lost: int, policy: Policy) -> bool:
    """Return whether a digest has lost too many workers to be sent once more. Rule: D-13d.

    A worker may crash for a reason of its own. So the limit is five more lost workers than failed attempts.
    """
    return lost > len(policy.retry_minutes) + _LOST_WORKERS


def undeliverable(attempts: Mapping[NotificationId, int], policy: Policy) -> frozenset[NotificationId]:
    """Return the notifications of a batch that are undeliverable after a failed attempt. Rule: D-13d.

    Attempts are counted for each notification. A notification without attempts left waits for fresher ones of its
    batch: otherwise it could be marked as undelivered and be delivered five minutes later. The wait is limited too.

    Args:
        attempts: The number of failed attempts, with this one, by the notification's id.
        policy: The unit's policy; its `retry_minutes` are the waits between attempts.
    """
    allowed = len(policy.retry_minutes) + 1
    fresh = any(made < allowed for made in attempts.values())
    most = allowed * _JOINT_ATTEMPTS if fresh else allowed
    return frozenset(id_ for id_, made in attempts.items() if made >= most)


def next_retry_at(
    attempts: int, now: datetime, policy: Policy, *, collected: bool, retry_after: timedelta | None = None
) -> datetime:
    """Return the instant of the next attempt after a failed one, UTC. Rule: D-13a, D-13d.

    Args:
        attempts: The number of failed attempts, with this one, of the notification with the fewest.
        now: The instant of the failure.
        policy: The unit's policy; its `retry_minutes` are the waits between attempts, five days at most.
        collected: True restricts the attempts to the forenoon.
        retry_after: How long the server behind the adapter asks to wait, a day at most; the later instant counts.
    """
    asked = min(retry_after or timedelta(0), _LONGEST_ASKED)
    wait = min(timedelta(minutes=policy.retry_minutes[attempts - 1]), _LONGEST_RETRY)
    again = now + max(wait, asked)
    if not collected:
        return again
    # On a later day the digest is sent with that day's run, or when the server's time is over.
    days = (again.astimezone(policy.zone).date() - now.astimezone(policy.zone).date()).days
    run = local_time(again.astimezone(policy.zone).date(), policy.collected_at, policy.zone)
    return earliest_send_at(max(run, now + asked) if days else again, policy)


def _doubt(batch: Batch | None, day: date) -> Doubt:
    if batch is None:
        return Doubt.NONE
    # A day that comes twice, after a zone moved west, is one day.
    return Doubt.EARLIER if batch.attempted_on < day else Doubt.TODAY
