"""The state of all deliveries at an instant, for operators and health checks: no unit, no person. Rule: D-13d."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import field, frozen

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.policy import Policy
from digital_painschool.ports.storage import Operations
from digital_painschool.rules.pace import capacity_left

_DAY = timedelta(days=1)


@frozen(kw_only=True)
class DeliveryStatus:
    """The state of all deliveries at an instant.

    Args:
        at: The instant, UTC.
        oldest_due_at: Since when the oldest digest is due that no worker has sent, UTC; None when nothing is due.
            Collected ones are due with their run, and wait for the next forenoon after it.
        waiting: The number of notifications that wait by channel, due or not; a channel without any is left out.
        failed: The number of notifications by channel that were given up in the last 24 hours; the same.
        dead_letters: The number of dead letters that wait for an operator.
        workers: The number of workers that are alive: in a run, or between two runs of a watch.
        last_seen_at: When any worker was last seen, UTC; None for none in the last day.
        capacity_left: The number of collected notices that each channel with a pace can still take in today's
            forenoon, by the common policy; None where no channel has a pace (D-13e).
    """

    at: datetime
    oldest_due_at: datetime | None = None
    waiting: Mapping[Channel, int] = field(factory=dict)
    failed: Mapping[Channel, int] = field(factory=dict)
    dead_letters: int = 0
    workers: int = 0
    last_seen_at: datetime | None = None
    capacity_left: Mapping[Channel, int] | None = None

    @property
    def oldest_due_for(self) -> timedelta | None:
        """For how long the oldest digest has been due; None when nothing is due."""
        return None if self.oldest_due_at is None else self.at - self.oldest_due_at

    @property
    def silent_for(self) -> timedelta | None:
        """For how long no worker was seen; None for none in the last day."""
        return None if self.last_seen_at is None else max(self.at - self.last_seen_at, timedelta(0))


def delivery_status(
    storage: Operations, paces: Mapping[Channel, ChannelPace], policy: Policy, now: datetime
) -> DeliveryStatus:
    """Return the state of all deliveries at an instant.

    Args:
        storage: The storage.
        paces: The pace of each channel that has one.
        policy: The common policy.
        now: The instant, UTC.
    """
    figures = storage.outbox_figures(now, now - _DAY)
    return DeliveryStatus(
        at=now,
        oldest_due_at=figures.oldest_due_at,
        waiting=dict(figures.waiting),
        failed=dict(figures.failed),
        dead_letters=figures.dead_letters,
        workers=figures.workers,
        last_seen_at=figures.last_seen_at,
        capacity_left=capacity_left(paces, policy, now) if paces else None,
    )
