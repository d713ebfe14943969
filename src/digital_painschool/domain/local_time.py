"""Instants and local days: aware times alone, kept in UTC, compared in the unit's zone."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from digital_painschool.errors import InvalidValue

_FIRST_YEAR, _LAST_YEAR = 1900, 9000
_EARLIEST = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC)


def utc(at: datetime) -> datetime:
    """Return the same instant in UTC.

    Raises:
        InvalidValue: Not a `datetime`, one without a zone, or one of no year that a treatment can be in.
    """
    if not isinstance(at, datetime):
        raise InvalidValue(f"a time is a datetime with a zone, not {type(at).__name__}")
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise InvalidValue(f"a time is of a year from {_FIRST_YEAR} to {_LAST_YEAR}")
    if at.tzinfo is UTC:
        return at
    if at.utcoffset() is None:
        raise InvalidValue("a time needs a zone: give an aware datetime, such as datetime.now(UTC)")
    return at.astimezone(UTC)


def months_later(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the instant a number of calendar months later, at the same local time of day, in UTC.

    A day that the later month does not have becomes its last day (29 February gives 28 February). A local time that
    a clock change skips moves forward by the length of the gap; of one that comes twice, the first is meant.
    """
    return (at.astimezone(zone).replace(fold=0) + relativedelta(months=months)).astimezone(UTC)


@lru_cache(8)  # a purge asks for each enrolment, with the same instant
def years_earlier(at: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the instant a number of calendar years earlier, at the same local time of day, in UTC."""
    return months_later(at, -12 * years, zone)


def days_earlier(at: datetime, days: int) -> datetime:
    """Return the instant so many times 24 hours earlier; the first instant of 1900 when it would lie before that."""
    return at - min(timedelta(days=days), at - _EARLIEST)


def end_of_day(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the local midnight that ends the day which lies `days` days after the local day of `at`, in UTC."""
    return local_time(at.astimezone(zone).date() + timedelta(days=days + 1), time(0), zone)


def last_day(until: datetime, zone: ZoneInfo) -> date:
    """Return the local day of the last instant before `until`: the last day of an access that ends then."""
    return (until - timedelta(microseconds=1)).astimezone(zone).date()


def time_of_end(until: datetime, zone: ZoneInfo) -> time | None:
    """Return the local time of day at which an access ends on its last day; None when it has that day as a whole."""
    local = until.astimezone(zone)
    return None if last_day(until, zone) < local.date() else local.time()


@lru_cache(64)  # a delivery run asks for each digest, with the same few days
def local_time(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local day and time of day, in UTC; of a time that comes twice, the first is meant."""
    return datetime.combine(day, at.replace(fold=0), zone).astimezone(UTC)
