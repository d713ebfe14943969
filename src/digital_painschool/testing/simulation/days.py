"""Days as staff in Sweden have them: weekends, public holidays, clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.easter import easter

DAY = timedelta(days=1)
_SATURDAY = 5
_FIXED = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
"""New Year's Day, Epiphany, May Day, the National Day, Christmas Eve to Boxing Day, New Year's Eve: month and day."""
_FROM_EASTER = (-2, 1, 39)
"""Good Friday, Easter Monday and Ascension Day, in days from Easter Sunday; Whitsun is a Sunday."""


@lru_cache
def holidays(year: int) -> frozenset[date]:
    """Return the days, besides weekends, on which nobody works: public holidays, and eves that are kept like them."""
    midsummer_eve = next(day for n in range(19, 26) if (day := date(year, 6, n)).weekday() == 4)
    movable = [easter(year) + timedelta(days=days) for days in _FROM_EASTER]
    return frozenset([*(date(year, month, day) for month, day in _FIXED), *movable, midsummer_eve])


@lru_cache(4096)
def is_working_day(day: date) -> bool:
    """Return whether staff work on a day, unless they are on leave."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def working_day(day: date) -> date:
    """Return the first working day from a day on."""
    while not is_working_day(day):
        day += DAY
    return day


def instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local day and time of day, in UTC: worked out here, not by the library that is tested."""
    return datetime.combine(day, at, zone).astimezone(UTC)


@lru_cache
def clock_changes(zone: ZoneInfo, year: int) -> tuple[date, ...]:
    """Return the days of a year on which the clocks are changed."""
    days = [date(year, 1, 1) + n * DAY for n in range(365)]
    return tuple(day for day in days if instant(day + DAY, time(0), zone) - instant(day, time(0), zone) != DAY)
