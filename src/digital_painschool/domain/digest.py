"""The digest: the notifications that go to one recipient as one, and the attempts to send it.

Rule: M-13, D-13a, D-13b, D-13d.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum

from attrs import field, frozen

from digital_painschool.domain.notification import Channel, NotificationRecord, Status, Template
from digital_painschool.domain.people import HsaId, PersonId


@frozen(kw_only=True, slots=False)
class Batch:
    """The notifications of one attempt, stored before the attempt is made.

    Args:
        key: The idempotency key of the attempt.
        notifications: The ids of the notifications.
        attempted_on: The local day of the latest attempt under the key.
    """

    key: str
    notifications: frozenset[str]
    attempted_on: date


@frozen(kw_only=True, slots=False)
class Digest:
    """What waits for one recipient, at one unit and over one channel, to be sent as one.

    A recipient's collected notifications share one digest for ever. Every other notification has a digest of its own.

    Args:
        id: An opaque id.
        unit: The unit that sends it.
        channel: Where it goes.
        recipient: The patient, or the therapist.
        template: Which fixed text.
        collected: True when it goes in the forenoon, at most once a local day (M-13, D-13a).
        pending: The notifications that are not settled, by `due_at`, then by id.
        batch: The batch in doubt: begun, and not completed. None when there is none.
        told_on: The latest local day on which the recipient was told, or may have been told. None for never.
    """

    id: str
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
        batched = frozenset[str]() if self.batch is None else self.batch.notifications
        return tuple(record for record in self.pending if record.notification.id not in batched)


class Action(Enum):
    """What a worker does with a digest that it has claimed."""

    WAIT = "wait"
    """Leave the digest for a later run."""
    REPEAT = "repeat"
    """Send the batch in doubt again, under its key. The recipient's inbox may already have that key."""
    SEND = "send"
    """Send the notifications that are due, together with the batch in doubt, under a new key."""


@frozen(kw_only=True)
class Decision:
    """What a worker does with a digest.

    Args:
        action: What to do.
        day: The local day that the decision is for.
        notifications: The ids of the notifications to send; empty for `WAIT`.
        tried_on: For `REPEAT`: the local day of the latest attempt under the batch's key.
    """

    action: Action
    day: date
    notifications: frozenset[str] = frozenset()
    tried_on: date | None = None


@frozen(kw_only=True, slots=False)
class Claim:
    """A digest that one worker holds until its lease is over.

    Args:
        digest: The digest, as it was claimed.
        token: The fencing token: `begin` and `complete` pass over a token that is not the present one.
        lost: How many workers began to send the digest and never completed it.
    """

    digest: Digest
    token: str
    lost: int = 0


@frozen(kw_only=True, slots=False)
class DeliveryResult:
    """What became of a claimed digest.

    Args:
        digest_id: Which digest.
        token: The claim's fencing token.
        at: When, UTC.
        settled: What has become of some of its pending notifications, by id. A batch that has no pending notification
            left is over.
        told_on: The digest's `told_on` from now on. None leaves it as it is.
        next_at: The instant from which the digest may be claimed again, UTC. None: as soon as a notification of it is
            due.
        lost: How many lost workers the digest still counts: the claim's `lost` where nothing was sent, 0 after an
            answer.
    """

    digest_id: str
    token: str
    at: datetime
    settled: Mapping[str, Status] = field(factory=dict)
    told_on: date | None = None
    next_at: datetime | None = None
    lost: int = 0


def batch_key(digest_id: str, notifications: Iterable[str]) -> str:
    """Return the idempotency key of a new batch, made of its notifications.

    A key that the inbox has already stands for the same notifications, also where a restored backup has forgotten the
    attempt.

    Args:
        digest_id: The digest's opaque id.
        notifications: The ids of the notifications.
    """
    return f"{digest_id}.{hashlib.sha256(' '.join(sorted(notifications)).encode()).hexdigest()[:32]}"
