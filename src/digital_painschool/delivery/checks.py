"""Checks of the arguments of a delivery worker."""

from datetime import timedelta
from threading import Event

from digital_painschool.domain.digest import LONGEST_LEASE
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import InvalidValue

_LARGEST_BATCH = 10_000
_LONGEST_INTERVAL = timedelta(days=1)


def checked_batch(batch: object) -> int:
    """Return the number of digests claimed at a time, or raise `InvalidValue`."""
    number = whole_number(batch, "batch")
    if not 1 <= number <= _LARGEST_BATCH:
        raise InvalidValue(f"batch is a whole number from 1 to {_LARGEST_BATCH}")
    return number


def checked_key(key: object) -> str:
    """Return an idempotency key that a gateway reports, or raise `InvalidValue`."""
    if not isinstance(key, str):
        raise InvalidValue("key is a str, as the messenger got it")
    return key


def checked_lease(lease: object) -> timedelta:
    """Return the lease of a claim, or raise `InvalidValue`."""
    if not isinstance(lease, timedelta) or not timedelta(0) < lease <= LONGEST_LEASE:
        raise InvalidValue("lease is a timedelta, longer than nothing and twelve hours at most")
    return lease


def checked_interval(every: object) -> timedelta:
    """Return the time between runs, or raise `InvalidValue`."""
    if not isinstance(every, timedelta) or not timedelta(0) <= every <= _LONGEST_INTERVAL:
        raise InvalidValue("every is a timedelta, nothing or more and a day at most")
    return every


def checked_stop(stop: object) -> Event:
    """Return the event that ends a run, a new one for None, or raise `InvalidValue`."""
    if stop is None:
        return Event()
    if not isinstance(stop, Event):
        raise InvalidValue("stop is a threading.Event, or None")
    return stop
