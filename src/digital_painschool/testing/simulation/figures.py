"""What is counted on the way; figures of several units add up."""

from collections import Counter
from datetime import datetime

from attrs import define, field


@define
class Figures:
    """What happened, in numbers.

    Args:
        start: The first instant; days and weeks are counted from it.
        steps: What was asked of the desks, by kind.
        refused: How many of those were refused, as they should be.
        passes: What the passes of the workers did, by kind.
        events: What went wrong around the school, and what else happened, by kind.
        fates: What became of the notifications, by kind.
        lateness: How long after its message a collected one came, in whole quarters of an hour.
        waited: How long forms and messages waited for the therapist, in whole days.
        by_day: By what and which day: how many.
        waiting: By week: how many patients had been waiting for how many days then.
    """

    start: datetime
    steps: Counter[str] = field(factory=Counter)
    refused: Counter[str] = field(factory=Counter)
    passes: Counter[str] = field(factory=Counter)
    events: Counter[str] = field(factory=Counter)
    fates: Counter[str] = field(factory=Counter)
    lateness: Counter[int] = field(factory=Counter)
    waited: Counter[int] = field(factory=Counter)
    by_day: Counter[tuple[str, int]] = field(factory=Counter)
    waiting: Counter[tuple[int, int]] = field(factory=Counter)

    def day(self, at: datetime) -> int:
        """Return the number of the day of an instant, from 0."""
        return (at - self.start).days

    def step(self, kind: str, whose: str, at: datetime) -> None:
        """Count what somebody asked of a desk."""
        self.steps[kind] += 1
        self.by_day[whose, self.day(at)] += 1

    def told(self, at: datetime, how: str) -> None:
        """Count a notice that came to a patient."""
        self.by_day[how, self.day(at)] += 1

    def wait(self, since: datetime, now: datetime) -> None:
        """Count how long something waited for the therapist."""
        self.waited[(now - since).days] += 1

    def add(self, other: "Figures") -> None:
        """Add those of another unit."""
        for name in ("steps", "refused", "passes", "events", "fates", "lateness", "waited", "by_day", "waiting"):
            getattr(self, name).update(getattr(other, name))


def quantile(counts: Counter[int], share: float) -> int | None:
    """Return the value below or at which this share of the counted ones lies; None when nothing was counted."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None
