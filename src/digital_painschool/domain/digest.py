"""The digest: the notifications that one recipient gets as one notice, and the attempts to send it.

Rule: M-13, D-13a, D-13b, D-13d.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.domain.ids import DigestId, NotificationId
from digital_painschool.domain.notification import Channel, FailureReason, NotificationRecord, Status, Template
from digital_painschool.domain.people import HsaId, PersonId

LONGEST_LEASE = timedelta(hours=12)
"""The longest time that a worker may hold a claim. A lease that ends later was taken under a wrong clock."""

LONGEST_WAIT = timedelta(days=7)
"""The longest time that a result lets a digest wait. A later instant was written under a wrong clock."""

LONGEST_SUSPICION = timedelta(days=1)
"""How long a digest that may have crashed a worker waits behind the others; then it has its place among them again."""

NO_REPORTS: Mapping[str, int] = MappingProxyType({})
"""No notification was reported as failed after its send."""


@frozen(kw_only=True, slots=False)
class Batch:
    """The notifications of one attempt, stored before the attempt is made.

    Args:
        key: The idempotency key of the attempt.
        notifications: The ids of the notifications.
        attempted_on: The local day of the latest attempt under the key.
    """

    key: str
    notifications: frozenset[NotificationId]
    attempted_on: date


@frozen(kw_only=True, slots=False)
class Digest:
    """The pending notifications of one recipient, at one unit and over one channel, to be sent as one notice.

    All collected notifications of a recipient share one digest. Every other notification has a digest of its own.

    Args:
        id: An opaque id.
        unit: The unit that sends it.
        channel: The channel that it is sent over.
        recipient: The patient, or the therapist.
        template: The fixed text.
        collected: True when it is sent in the forenoon, at most once a local day (M-13, D-13a).
        pending: The notifications that are not settled, by `due_at`, then by id.
        batch: The batch in doubt (begun and not completed), or None.
        told_on: The latest local day on which the recipient was notified, or may have been notified. None for never.
    """

    id: DigestId
    unit: HsaId
    channel: Channel
    recipient: PersonId | HsaId
    template: Template
    collected: bool
    pending: tuple[NotificationRecord, ...] = ()
    batch: Batch | None = None
    told_on: date | None = None

    def waiting(self) -> tuple[NotificationRecord, ...]:
        """Return the pending notifications that are in no batch."""
        if self.batch is None:
            return self.pending
        batched = self.batch.notifications
        return tuple(record for record in self.pending if record.notification.id not in batched)


class Action(Enum):
    """The action of a worker on a claimed digest."""

    WAIT = "wait"
    """Leave the digest for a later run."""
    REPEAT = "repeat"
    """Send the batch in doubt again, under its key. The recipient's inbox may already have that key."""
    SEND = "send"
    """Send the notifications that are due, together with the batch in doubt, under a new key."""


@frozen(kw_only=True, slots=False)
class Decision:
    """The decision of a worker on a claimed digest.

    Args:
        action: The action.
        day: The local day that the decision is for.
        notifications: The ids of the notifications to send; empty for `WAIT`.
        tried_on: For `REPEAT`: the local day of the latest attempt under the batch's key.
    """

    action: Action
    day: date
    notifications: frozenset[NotificationId] = frozenset()
    tried_on: date | None = None


@frozen(kw_only=True, slots=False)
class Claim:
    """A digest that one worker holds until its lease is over.

    Args:
        digest: The digest, as it was claimed.
        token: The fencing token. `begin` and `complete` ignore a token that is not the current one.
        lost: The number of workers that began to send the digest and never completed it.
    """

    digest: Digest
    token: str
    lost: int = 0


@frozen(kw_only=True, slots=False)
class DeliveryResult:
    """The result of delivering a claimed digest.

    Args:
        digest_id: The id of the digest.
        token: The claim's fencing token.
        at: The instant of the result, UTC.
        settled: The new status of pending notifications, by id. A batch without any pending notification left is over.
        attempted: The ids of the notifications that were sent, or that failed: each has one attempt more.
        told_on: The new value of the digest's `told_on`. None leaves it unchanged.
        next_at: The instant from which the digest may be claimed again, UTC. None: when its next notification is due.
        lost: The number of lost workers from now on: the claim's `lost` where nothing was sent, 0 after an answer.
        reason: Why the notifications that are settled as `UNREACHABLE` or `FAILED` were given up; None without any.
    """

    digest_id: DigestId
    token: str
    at: datetime
    settled: Mapping[NotificationId, Status] = field(factory=dict)
    attempted: frozenset[NotificationId] = frozenset()
    told_on: date | None = None
    next_at: datetime | None = None
    lost: int = 0
    reason: FailureReason | None = None


def is_free(
    now: datetime, *, next_at: datetime | None, oldest_due_at: datetime | None, lease_until: datetime | None
) -> bool:
    """Return whether a digest can be claimed: it is due, and nobody holds it. Rule: D-13a.

    Instants further ahead than a claim or a result reaches are a wrong clock's, and stop nothing.

    Args:
        now: The present instant, UTC.
        next_at: When the digest can be claimed; None when nothing is pending.
        oldest_due_at: The earliest due instant, `next_at` at the latest; None when nothing is pending.
        lease_until: Until when it is claimed; None when it is not.
    """
    is_claimed = lease_until is not None and now < lease_until <= now + LONGEST_LEASE
    if next_at is None or oldest_due_at is None or is_claimed:
        return False
    return oldest_due_at <= now and not now < next_at <= now + LONGEST_WAIT


def batch_key(digest_id: DigestId, notifications: Iterable[str], reports: Mapping[str, int] = NO_REPORTS) -> str:
    """Return the idempotency key of a new batch, derived from its notifications.

    The same notifications always get the same key. So the inbox recognises a batch whose attempt a restored backup has
    lost. A notification that a gateway has reported as failed counts as another one: under the earlier key it would not
    be sent again, and a late report of the earlier send would be taken for one of the new send.

    Args:
        digest_id: The digest's opaque id.
        notifications: The ids of the notifications.
        reports: How many times each was reported as failed after the send; one that is left out, never.
    """
    names = sorted(f"{id_}+{reports[id_]}" if reports.get(id_) else id_ for id_ in notifications)
    return f"{digest_id}.{hashlib.sha256(' '.join(names).encode()).hexdigest()[:32]}"


def digest_of(key: str) -> DigestId:
    """Return the id of the digest that a key of `batch_key` belongs to; of any other text, the id of no digest."""
    return DigestId(key.rpartition(".")[0])
