"""Sending at a channel's pace: when the next notice goes, and what a forenoon carries. Rule: D-13e."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from digital_painschool.domain.local_time import local_time
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace, DueCount, ForenoonPlan
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Policy


def next_send_at(
    slots: Sequence[datetime], previous: datetime | None, pace: ChannelPace, now: datetime
) -> datetime | None:
    """Return the instant of the next send within the granted slots, or None when they are over. Rule: D-13e.

    A slow send may shift those after it, within the slots. A missed slot is lost: the interval holds after it too.

    Args:
        slots: The granted slots, in order.
        previous: The instant of the previous send within them; None for the first.
        pace: The channel's pace.
        now: The present instant.
    """
    if not slots:
        return None
    at = max(now, slots[0] if previous is None else previous + pace.interval)
    return at if at <= slots[-1] else None


def capacity(pace: ChannelPace, begins: datetime, ends: datetime) -> int:
    """Return how many notices a channel carries from an instant on and before another, in fresh rounds. Rule: D-13e."""
    left = max(timedelta(0), ends - begins)
    if pace.round_size is None:
        return -(-left // pace.interval)
    rounds, rest = divmod(left, _round(pace, pace.round_size))
    return rounds * pace.round_size + min(pace.round_size, -(-rest // pace.interval))


def last_send_at(pace: ChannelPace, notices: int, begins: datetime) -> datetime:
    """Return the instant of the last of some notices, the first of which goes at `begins` in a fresh round."""
    if pace.round_size is None:
        return begins + (notices - 1) * pace.interval
    rounds, rest = divmod(notices - 1, pace.round_size)
    return begins + rounds * _round(pace, pace.round_size) + rest * pace.interval


def plan_forenoons(
    due: Iterable[DueCount], paces: Mapping[Channel, ChannelPace], policies: Mapping[HsaId, Policy], now: datetime
) -> tuple[ForenoonPlan, ...]:
    """Return the plan of each channel that has a pace and something due: when it is done, and what comes too late.

    Rule: D-13a, D-13e. A plan holds for all units together, because they share the channel. Its end is the earliest end
    of a forenoon among the units with collected notices. What does not fit before it waits for the next forenoon.

    Args:
        due: The numbers of digests that are due.
        paces: The pace of each channel that has one.
        policies: The policy of each unit that has something due.
        now: The present instant, UTC.
    """
    counts = tuple(due)
    plans = []
    for channel, pace in paces.items():
        mine = [one for one in counts if one.channel is channel]
        notices = sum(one.number for one in mine)
        if not notices:
            continue
        ends = [end for one in mine if one.collected if (end := _forenoon_end(policies[one.unit], now)) > now]
        ends_at = min(ends, default=None)
        plans.append(
            ForenoonPlan(
                channel=channel,
                notices=notices,
                done_by=last_send_at(pace, notices, now),
                ends_at=ends_at,
                too_late=0 if ends_at is None else max(0, notices - capacity(pace, now, ends_at)),
            )
        )
    return tuple(plans)


def capacity_left(paces: Mapping[Channel, ChannelPace], policy: Policy, now: datetime) -> Mapping[Channel, int]:
    """Return how many collected notices each channel with a pace carries in what is left of today's forenoon.

    Rule: D-13a, D-13e. It is 0 after the forenoon; before it, what the whole forenoon carries.

    Args:
        paces: The pace of each channel that has one.
        policy: The policy whose forenoon counts.
        now: The present instant, UTC.
    """
    day = now.astimezone(policy.zone).date()
    begins = max(now, local_time(day, policy.collected_at, policy.zone))
    return {channel: capacity(pace, begins, _forenoon_end(policy, now)) for channel, pace in paces.items()}


def _forenoon_end(policy: Policy, now: datetime) -> datetime:
    return local_time(now.astimezone(policy.zone).date(), policy.forenoon_ends, policy.zone)


def _round(pace: ChannelPace, size: int) -> timedelta:
    """Return the time from the first send of a full round to the first of the next."""
    return (size - 1) * pace.interval + max(pace.pause, pace.interval)
