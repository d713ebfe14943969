"""The counts of a simulation; those of several units add up."""

from collections import Counter
from datetime import datetime

from attrs import define, field, fields


@define
class Figures:
    """The counts of a unit, or of the region.

    Args:
        start: The first instant; days and weeks are counted from it.
        steps: The calls of desks, by method.
        refused: The calls that were refused, as expected, by method.
        runs: The counts of the delivery workers' reports.
        events: The faults around the school, and other events, by kind.
        fates: The results of the notifications, by kind.
        lateness: The time from a message to its collected notification, in whole quarters of an hour.
        waited: The time that forms and messages waited for the therapist, in whole days.
        by_day: The steps and the notices of each day: by kind and day.
        waiting: The patients with something unread, by week and by the days that they had been waiting.
    """

    start: datetime
    steps: Counter[str] = field(factory=Counter)
    refused: Counter[str] = field(factory=Counter)
    runs: Counter[str] = field(factory=Counter)
    events: Counter[str] = field(factory=Counter)
    fates: Counter[str] = field(factory=Counter)
    lateness: Counter[int] = field(factory=Counter)
    waited: Counter[int] = field(factory=Counter)
    by_day: Counter[tuple[str, int]] = field(factory=Counter)
    waiting: Counter[tuple[int, int]] = field(factory=Counter)

    def day(self, at: datetime) -> int:
        """Return the number of the day of an instant, from 0."""
        return (at - self.start).days

    def add(self, other: "Figures") -> None:
        """Add the counts of another unit."""
        for one in fields(Figures)[1:]:
            getattr(self, one.name).update(getattr(other, one.name))


def quantile(counts: Counter[int], share: float) -> int | None:
    """Return the value below or at which this share of the counted ones lies; None when nothing was counted."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None
