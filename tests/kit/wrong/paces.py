"""Adapters that are wrong in one way each: mistakes in the pace of a channel, and in the claims that it is for."""

from datetime import timedelta
from time import sleep
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace, grant
from tests.kit.wrong.mistake import Mistakes, Wrong

_AGES = timedelta(days=900)


def _unguarded(_: Wrong, self: Any, channel: Channel, *asked: Any) -> Any:
    latest = self._parts.latest_slots.get(channel)
    sleep(0.0005)
    slots, latest = grant(latest, *asked)
    self._parts.latest_slots[channel] = latest
    return slots


def _remembered(right: Wrong, self: Any, channel: Channel, pace: ChannelPace, *asked: Any) -> Any:
    self.first_pace = getattr(self, "first_pace", {})
    return right(channel, self.first_pace.setdefault(channel, pace), *asked)


def _patient(right: Wrong, self: Any, channel: Channel, pace: ChannelPace, wanted: int, now: Any, span: Any) -> Any:
    latest = self._parts.latest_slots.get(channel)
    if latest is not None and latest.at > now + 2 * span + max(pace.interval, pace.pause):
        return ()
    return right(channel, pace, wanted, now, span)


def _in_order_of(right: Wrong, self: Any, now: Any, limit: int, lease: Any, *channels: Any, **equal: Any) -> Any:
    """Claim with some values of all digests made equal, so that they order nothing."""
    rows = self._parts.outbox._digests.values()
    kept = [(row, row.oldest_due_at, row.digest) for row in rows]
    for row in rows:
        row.oldest_due_at = equal.get("oldest_due_at", row.oldest_due_at)
        row.digest = evolve(row.digest, collected=equal.get("collected", row.digest.collected))
    try:
        return right(now, limit, lease, *channels)
    finally:
        for row, oldest, digest in kept:
            row.oldest_due_at, row.digest = oldest, digest


STORAGE: Mistakes = {
    ("reserve_slots", "Paces.reserve_slots: one transaction"): {"two-get-one-slot": _unguarded},
    ("reserve_slots", "Paces.reserve_slots: new pace"): {"the-first-pace-for-ever": _remembered},
    ("reserve_slots", "Paces.reserve_slots: clock"): {"a-wrong-clock-is-believed": _patient},
    ("reserve_slots", "Paces.reserve_slots: apart"): {
        "one-pace-for-all-channels": lambda right, _, channel, *asked: right(Channel.INBOX, *asked),
        "half-an-interval": lambda right, _, channel, pace, *asked: right(
            channel, evolve(pace, interval=pace.interval / 2), *asked
        ),
    },
    ("reserve_slots", "Paces.reserve_slots: rounds"): {
        "rounds-without-a-pause": lambda right, _, channel, pace, *asked: right(
            channel, ChannelPace(interval=pace.interval), *asked
        ),
    },
    ("reserve_slots", "Paces.reserve_slots: near"): {
        "slots-for-an-hour": lambda right, _, channel, pace, wanted, now, span: right(
            channel, pace, wanted, now, 20 * span
        ),
    },
    ("claim", "Outbox.claim: direct first"): {
        "direct-ones-wait-their-turn": lambda right, self, *asked: _in_order_of(right, self, *asked, collected=False),
    },
    ("claim", "Outbox.claim: oldest first"): {
        "the-next-forenoon-begins-anew": lambda right, self, now, *asked: _in_order_of(
            right, self, now, *asked, oldest_due_at=now - _AGES
        ),
    },
    ("claim", "Outbox.claim: channels"): {
        "every-channel-at-once": lambda right, _, now, limit, lease, channels=None: right(now, limit, lease),
        "the-limit-counts-other-channels": lambda right, _, now, limit, lease, channels=None: tuple(
            claim for claim in right(now, limit, lease) if channels is None or claim.digest.channel in channels
        ),
    },
    ("count_due", "Outbox.count_due: due"): {
        "what-is-claimed-is-due-too": lambda right, _, now: right(now + timedelta(days=1)),
    },
}
