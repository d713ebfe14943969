"""The pace of a channel: the instants at which all workers together may send. Rule: D-13e.

A storage keeps the latest slot of each channel and asks `grant` for the next ones, within one transaction.
"""

from datetime import datetime, timedelta

from attrs import field, frozen
from attrs.validators import and_, ge, gt, instance_of, le, optional

from digital_painschool.domain.checks import check, exact_type
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue

_LONGEST = timedelta(hours=12)
_IS_DURATION = (instance_of(timedelta), "is a timedelta")


@frozen(kw_only=True)
class ChannelPace:
    """The pace of a channel: how often it takes a notice or a message. Rule: D-13e.

    Args:
        interval: The least time between two sends, twelve hours at most.
        round_size: The most sends of one round; None for a channel without rounds.
        pause: The least time between two rounds, twelve hours at most; given where `round_size` is.

    Raises:
        InvalidValue: A value is outside these limits, or one of `round_size` and `pause` stands alone.
    """

    interval: timedelta = field(
        validator=check(_IS_DURATION, (and_(gt(timedelta(0)), le(_LONGEST)), "is more than 0, and 12 hours at most"))
    )
    round_size: int | None = field(
        default=None,
        validator=check((optional(and_(exact_type(int), ge(1))), "is a whole number, 1 or more, or left out")),
    )
    pause: timedelta = field(
        default=timedelta(0),
        validator=check(_IS_DURATION, (and_(ge(timedelta(0)), le(_LONGEST)), "is 0 or more, and 12 hours at most")),
    )

    def __attrs_post_init__(self) -> None:
        if (self.round_size is None) != (self.pause == timedelta(0)):
            raise InvalidValue("round_size and pause are given together, or neither is")

    def gap(self, in_round: int) -> timedelta:
        """Return the least time to the next slot after so many slots of a round."""
        return max(self.pause, self.interval) if self.is_full(in_round) else self.interval

    def is_full(self, in_round: int) -> bool:
        """Return whether a round of so many slots is full."""
        return self.round_size is not None and in_round >= self.round_size


NATIONAL_INBOX = ChannelPace(interval=timedelta(seconds=1), round_size=1000, pause=timedelta(minutes=5))
"""The pace of the national inbox of the e-services: a notice a second, and five minutes after each thousand."""


@frozen(kw_only=True)
class LatestSlot:
    """The latest slot that a storage has granted on a channel.

    Args:
        at: The instant of the slot, UTC.
        in_round: The number of slots of its round, up to this one.
    """

    at: datetime = field(validator=check((instance_of(datetime), "is an instant")))
    in_round: int = field(validator=check((and_(exact_type(int), ge(0)), "is a whole number, 0 or more")))


def unknown_slot(pace: ChannelPace, now: datetime) -> LatestSlot:
    """Return what stands for a slot that is not known: a full round that ends now, so that a whole pause follows."""
    return LatestSlot(at=now, in_round=pace.round_size or 0)


def grant(
    latest: LatestSlot | None, pace: ChannelPace, wanted: int, now: datetime, span: timedelta
) -> tuple[tuple[datetime, ...], LatestSlot | None]:
    """Return the next slots of a channel, and the latest slot from then on. Rule: D-13e.

    The slots lie `interval` apart, in one round and within `span` of the first. Nothing is granted while other workers
    hold slots until `now + span` or later. A latest slot further ahead than any grant reaches comes from a wrong clock,
    or from a pace that has changed since: it counts as unknown, and a whole pause follows.

    Args:
        latest: The latest slot that was granted; None for a channel without any.
        pace: The channel's pace, from now on.
        wanted: The most slots.
        now: The present instant, UTC. It may lie before an earlier one.
        span: How far ahead slots are held, and how far apart the first and the last slot may be.
    """
    if latest is not None and latest.at > now + 2 * span + max(pace.interval, pace.pause):
        latest = unknown_slot(pace, now)
    if wanted < 1 or (latest is not None and latest.at >= now + span):
        return (), latest
    first, in_round = now, 0
    if latest is not None:
        first = max(now, latest.at + pace.gap(latest.in_round))
        in_round = 0 if first - latest.at >= max(pace.pause, pace.interval) else latest.in_round
    number = min(wanted, span // pace.interval + 1)
    if pace.round_size is not None:
        number = min(number, pace.round_size - in_round)
    slots = tuple(first + n * pace.interval for n in range(number))
    return slots, LatestSlot(at=slots[-1], in_round=in_round + number)


@frozen(kw_only=True)
class DueCount:
    """The number of digests of one kind that are due.

    Args:
        channel: Their channel.
        unit: The unit that sends them.
        collected: Whether they are sent in the forenoon only.
        number: How many they are.
    """

    channel: Channel
    unit: HsaId
    collected: bool
    number: int


@frozen(kw_only=True)
class ForenoonPlan:
    """The plan of a channel with a pace, for what is due at the beginning of a run. Rule: D-13e.

    Args:
        channel: The channel.
        notices: The number of notices or messages that are due, of all units together.
        done_by: The instant of the last one, UTC, where nothing else becomes due.
        ends_at: The earliest end of a forenoon among the units with collected notices, UTC; None without any.
        too_late: The number that does not go before `ends_at`: it waits for the next forenoon.
    """

    channel: Channel
    notices: int
    done_by: datetime
    ends_at: datetime | None = None
    too_late: int = 0
