"""The patience of one run with what does not answer: after a while it is left alone until the next run."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from digital_painschool.errors import DeliveryError

T = TypeVar("T", bound=Hashable)


class Patience(Generic[T]):
    """The time that a run has lost in failed calls, by what was called. Rule: D-13a, D-13d.

    Only calls that may succeed later count. One that succeeds, or is refused for good, was answered: the time before it
    is forgotten.

    Args:
        now: The clock, which gives the instant in UTC.
        limit: How much time may be lost.
    """

    def __init__(self, now: Callable[[], datetime], limit: timedelta) -> None:
        self._now = now
        self._limit = limit
        self._lost: dict[T, timedelta] = {}

    def is_over(self, called: T) -> bool:
        """Return whether the time is lost, so that nobody calls it again in this run."""
        return self._lost.get(called, timedelta(0)) >= self._limit

    @contextmanager
    def waiting_for(self, called: T) -> Iterator[None]:
        """Record the time of a call, if it fails."""
        began = self._now()
        try:
            yield
        except DeliveryError as failure:
            if not failure.permanent:
                self._lost[called] = self._lost.get(called, timedelta(0)) + (self._now() - began)
                raise
            self._lost.pop(called, None)
            raise
        else:
            self._lost.pop(called, None)
