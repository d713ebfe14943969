"""Local times as the model works them out: with `zoneinfo`, and with nothing of the library."""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
MIDNIGHT = time(0)
MICROSECOND = timedelta(microseconds=1)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local day and time of day, UTC."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day of an instant."""
    return at.astimezone(zone).date()


def years_later(at: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the same local time some years later; 29 February becomes 28 February where there is none."""
    here = at.astimezone(zone).replace(fold=0)
    year = here.year + years
    day = 28 if (here.month, here.day) == (2, 29) and not isleap(year) else here.day
    return here.replace(year=year, day=day).astimezone(UTC)


def run_for(sent: datetime, run: time, zone: ZoneInfo) -> date:
    """Return the local day with whose run a collected message goes: the first run after it was sent."""
    day = local_day(sent, zone)
    return day if sent < instant(day, run, zone) else day + DAY


def next_clock_change(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the hour from `now` on at which the zone's clocks are changed next, UTC."""
    day = now.replace(minute=0, second=0, microsecond=0)
    while day.astimezone(zone).utcoffset() == (day + DAY).astimezone(zone).utcoffset():
        day += DAY
    hour = day
    while hour.astimezone(zone).utcoffset() == (hour + timedelta(hours=1)).astimezone(zone).utcoffset():
        hour += timedelta(hours=1)
    return hour + timedelta(hours=1)
