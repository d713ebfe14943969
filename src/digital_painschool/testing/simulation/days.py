"""The working days of staff in Sweden: no weekends, no public holidays."""

from datetime import date
from functools import lru_cache

from dateutil.easter import easter

from digital_painschool.testing.reference.calendar import DAY

_SATURDAY = 5
_FIXED = ((1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31))
"""New Year's Day, Epiphany, May Day, the National Day, Christmas Eve to Boxing Day, New Year's Eve: month and day."""
_FROM_EASTER = (-2, 1, 39)
"""Good Friday, Easter Monday and Ascension Day, in days from Easter Sunday; Whitsun is a Sunday."""


@lru_cache
def holidays(year: int) -> frozenset[date]:
    """Return the public holidays of a year, and the eves that are kept like them."""
    midsummer_eve = next(day for n in range(19, 26) if (day := date(year, 6, n)).weekday() == 4)
    movable = [easter(year) + days * DAY for days in _FROM_EASTER]
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
