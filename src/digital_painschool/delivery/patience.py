"""The patience of one run with a channel that does not answer: after a turn it is left alone until the next run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from digital_painschool.domain.notification import Channel
from digital_painschool.errors import DeliveryError

_LONGEST_TURN = timedelta(minutes=1)


def turn_of(lease: timedelta) -> timedelta:
    """Return how long a channel has its turn: a minute, and within a quarter of a lease. Rule: D-13a, D-13e."""
    return min(_LONGEST_TURN, lease / 4)


class Patience:
    """The time that a run has lost in failed calls, by channel. Rule: D-13a, D-13d.

    Only calls that may succeed later count. One that succeeds, or is refused for good, was answered: the time before it
    is forgotten.

    Args:
        now: The clock, which gives the instant in UTC.
        limit: How much time may be lost.
    """

    def __init__(self, now: Callable[[], datetime], limit: timedelta) -> None:
        self._now = now
        self._limit = limit
        self._lost: dict[Channel, timedelta] = {}

    def is_over(self, channel: Channel) -> bool:
        """Return whether the time is lost, so that nobody calls the channel again in this run."""
        return self._lost.get(channel, timedelta(0)) >= self._limit

    @contextmanager
    def waiting_for(self, channel: Channel) -> Iterator[None]:
        """Record the time of a call, if it fails."""
        began = self._now()
        lost = self._lost.pop(channel, timedelta(0))
        try:
            yield
        except DeliveryError as failure:
            if not failure.permanent:
                self._lost[channel] = lost + (self._now() - began)
            raise
