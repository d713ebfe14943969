"""Local times as the model works them out: with `zoneinfo`, and with nothing of the library."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from digital_painschool.domain.policy import Policy

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
MIDNIGHT = time(0)


def instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a local day and time of day, UTC."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """Return the local day of an instant."""
    return at.astimezone(zone).date()


def months_later(at: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the same local time some months later; a day that the month does not have becomes its last one."""
    here = at.astimezone(zone).replace(fold=0)
    years, month = divmod(here.month - 1 + months, 12)
    year = here.year + years
    day = min(here.day, monthrange(year, month + 1)[1])
    return here.replace(year=year, month=month + 1, day=day).astimezone(UTC)


def years_later(at: datetime, years: int, zone: ZoneInfo) -> datetime:
    """Return the same local time some years later; 29 February becomes 28 February where there is none."""
    return months_later(at, 12 * years, zone)


def midnight_after(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the local midnight that ends the day which lies some days after the local day of an instant."""
    return instant(local_day(at, zone) + (days + 1) * DAY, MIDNIGHT, zone)


def run_for(sent: datetime, policy: Policy) -> date:
    """Return the local day with whose run a collected message goes: the first run after it was sent."""
    day = local_day(sent, policy.zone)
    return day if sent < instant(day, policy.collected_at, policy.zone) else day + DAY


def is_forenoon(at: datetime, policy: Policy) -> bool:
    """Return whether collected notifications may be sent at an instant."""
    return policy.collected_at <= at.astimezone(policy.zone).time() < policy.forenoon_ends


@lru_cache
def clock_changes(zone: ZoneInfo, year: int) -> tuple[date, ...]:
    """Return the local days of a year on which a zone's clocks are changed."""
    days = [date(year, 1, 1) + n * DAY for n in range(366)]
    return tuple(day for day in days if day.year == year and _length(day, zone) != DAY)


def _length(day: date, zone: ZoneInfo) -> timedelta:
    return instant(day + DAY, MIDNIGHT, zone) - instant(day, MIDNIGHT, zone)


def next_clock_change(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the hour from `now` on at which the zone's clocks are changed next, UTC."""
    day = now.replace(minute=0, second=0, microsecond=0)
    while day.astimezone(zone).utcoffset() == (day + DAY).astimezone(zone).utcoffset():
        day += DAY
    hour = day
    while hour.astimezone(zone).utcoffset() == (hour + HOUR).astimezone(zone).utcoffset():
        hour += HOUR
    return hour + HOUR
