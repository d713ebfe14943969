"""Instants around every boundary that matters: the instant before, at, and after, each with a label."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from attrs import frozen
from hypothesis import strategies as st

from digital_painschool.domain.local_time import local_time, months_later
from digital_painschool.domain.policy import Policy
from digital_painschool.testing.environment import INSTANT, START

_DAY = timedelta(days=1)


@frozen
class Moment:
    """An instant, and what it lies at or beside.

    Args:
        label: Such as `"the instant before the end of access"`.
        at: UTC.
    """

    label: str
    at: datetime


_SIDES = (("", timedelta(0)), ("the instant before ", -INSTANT), ("the instant after ", INSTANT))


@st.composite
def instants(
    draw: st.DrawFn,
    policy: Policy | None = None,
    *,
    since: datetime = START,
    years: int = 2,
    ends: tuple[datetime, ...] = (),
) -> Moment:
    """Return instants at and beside a boundary: a run of collected notifications, the end of a forenoon or of a day.

    Often those of a special day: a clock change, a 29 February, the last day of a year, the day on which access ends.
    And the end of access itself, and what clocks show twice or never. `policy` names the zone and the hours, the
    default policy when left out. All lie after `since`, within so many `years` or up to the next 29 February, whichever
    is later; `ends` are instants at which somebody's access ends, left out that of who starts at `since`.
    """
    chosen = Policy() if policy is None else policy
    known = _known(chosen.zone, since, years, ends or (months_later(since, 12, chosen.zone),))
    here = since.astimezone(chosen.zone).date()
    beside = [at for moment in known for at in (moment.at - INSTANT, moment.at) if at > since]
    special = sorted({at.astimezone(chosen.zone).date() for at in beside if at.astimezone(chosen.zone).date() > here})
    later = st.integers(1, 30) | st.integers(1, 365 * years)
    days = later.map(lambda number: here + number * _DAY) | st.sampled_from(special)
    of_a_day = days.flatmap(lambda day: st.sampled_from(_boundaries(day, chosen)))
    boundary = draw(of_a_day | st.sampled_from(known))
    side, by = draw(st.sampled_from(_SIDES))
    return Moment(f"{side}{boundary.label}", boundary.at + by)


def _boundaries(day: date, policy: Policy) -> tuple[Moment, ...]:
    return (
        Moment(f"the run of collected notifications on {day}", local_time(day, policy.collected_at, policy.zone)),
        Moment(f"the end of the forenoon on {day}", local_time(day, policy.forenoon_ends, policy.zone)),
        Moment(f"the midnight that begins {day}", local_time(day, time(0), policy.zone)),
        Moment(f"the midnight that ends {day}", local_time(day + _DAY, time(0), policy.zone)),
    )


@cache
def _known(zone: ZoneInfo, since: datetime, years: int, ends: tuple[datetime, ...]) -> tuple[Moment, ...]:
    """Return the boundaries after an instant that do not come every day, in the order of time."""
    year = since.astimezone(zone).year
    found = [Moment("the end of access", end) for end in ends]
    for later in range(years + 1):
        found += [Moment(f"the end of {year + later}", local_time(date(year + later + 1, 1, 1), time(0), zone))]
        found += clock_changes(zone, year + later)
    leap = next(y for y in range(year, year + 9) if _is_leap(y) and local_time(date(y, 2, 29), time(0), zone) > since)
    found += [
        Moment(f"the midnight that begins 29 February {leap}", local_time(date(leap, 2, 29), time(0), zone)),
        Moment(f"the midnight that ends 29 February {leap}", local_time(date(leap, 3, 1), time(0), zone)),
    ]
    return tuple(sorted((moment for moment in found if moment.at > since), key=lambda moment: moment.at))


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@cache
def clock_changes(zone: ZoneInfo, year: int) -> tuple[Moment, ...]:
    """Return the instants of a year at which a zone's clocks change, and some in the hours skipped or repeated."""
    return tuple(_clock_changes(zone, year))


def _clock_changes(zone: ZoneInfo, year: int) -> Iterator[Moment]:
    begins = datetime(year, 1, 1, tzinfo=UTC)
    for later in range(366):
        day = begins + later * _DAY
        change = _offset(zone, day + _DAY) - _offset(zone, day)
        if change:
            at = _first(zone, day)
            local_day = (at - INSTANT).astimezone(zone).date()
            way = "forward" if change > timedelta(0) else "back"
            yield Moment(f"the clocks go {way} on {local_day}", at)
            if way == "back":
                yield Moment(f"within what comes twice on {local_day}, the first time", at + change / 2)
                yield Moment(f"within what comes twice on {local_day}, the second time", at - change / 2)
            else:
                yield Moment(f"within what would have been skipped on {local_day}", at + change / 2)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _first(zone: ZoneInfo, day: datetime) -> datetime:
    """Return, by halving, the first instant within 24 hours at which the clocks differ from what they showed."""
    low, high = 0, 24 * 3600
    while high - low > 1:
        middle = (low + high) // 2
        same = _offset(zone, day + timedelta(seconds=middle)) == _offset(zone, day)
        low, high = (middle, high) if same else (low, middle)
    return day + timedelta(seconds=high)
