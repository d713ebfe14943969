"""The forenoons of a larger region at the national pace, planned from the notices of each simulated day.

The plan is arithmetic and no simulation: the days of the simulated region, times the larger number of patients. It
takes no account of direct notices, which go first, at every hour of the day.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median

from attrs import frozen

from digital_painschool.domain.pace import NATIONAL_INBOX, ChannelPace
from digital_painschool.rules.pace import capacity, last_send_at
from digital_painschool.testing.simulation.running import Outcome

SIZE = 200_000
"""The patients of a large region."""
FORENOON = timedelta(hours=3)
_ANY = datetime(2026, 1, 7, tzinfo=UTC)


@frozen(kw_only=True)
class Forenoon:
    """One forenoon of a region.

    Args:
        due: The collected notices that are due, with those that the forenoon before has left.
        left: The number that does not fit, and waits for the next forenoon.
        took: The time from the beginning of the forenoon to its last notice.
    """

    due: int
    left: int
    took: timedelta


def planned(new: Iterable[int], pace: ChannelPace = NATIONAL_INBOX) -> tuple[Forenoon, ...]:
    """Return the forenoons of some days, each with so many new notices; what is left over comes first on the next."""
    found: list[Forenoon] = []
    left = 0
    for number in new:
        due = left + number
        sent = min(due, carried(pace))
        left = due - sent
        took = last_send_at(pace, sent, _ANY) - _ANY if sent else timedelta(0)
        found.append(Forenoon(due=due, left=left, took=took))
    return tuple(found)


def carried(pace: ChannelPace = NATIONAL_INBOX) -> int:
    """Return how many notices a forenoon carries."""
    return capacity(pace, _ANY, _ANY + FORENOON)


def of_region(outcome: Outcome, size: int = SIZE) -> tuple[Forenoon, ...]:
    """Return the forenoons of the simulated days, in a region of so many patients."""
    patients = sum(unit.patients for unit in outcome.units)
    days = max(1, (outcome.region.end - outcome.region.start).days)
    return planned(round(outcome.figures.by_day["collected", day] * size / patients) for day in range(days))


def forenoon_table(forenoons: Iterable[Forenoon]) -> Mapping[str, str]:
    """Return a row for each figure of some forenoons; only those with something due count."""
    busy = [one for one in forenoons if one.due]
    if not busy:
        return {}
    rows = {
        "a forenoon carries": f"{carried()} notices",
        "half the forenoons have at most": f"{median(one.due for one in busy):.0f} notices",
        "and are done within": in_minutes(sorted(one.took for one in busy)[len(busy) // 2]),
        "the busiest has": f"{max(one.due for one in busy)} notices",
        "forenoons that are too short": f"{sum(one.left > 0 for one in busy)} of {len(busy)}",
    }
    return rows | {"most that wait for another forenoon": f"{max(one.left for one in busy)} notices"}


def in_minutes(time: timedelta) -> str:
    """Return a time in minutes, rounded up, to be read."""
    return f"{-(-time // timedelta(minutes=1))} min"
