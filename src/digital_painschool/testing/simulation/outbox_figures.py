"""What is asked of the outbox of a large region, and the figures of its forenoons."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from statistics import median

from attrs import define, field, frozen

from digital_painschool.testing.simulation.figures import quantile
from digital_painschool.testing.simulation.forenoons import FORENOON, carried, in_minutes
from digital_painschool.testing.simulation.running import Outcome

_QUARTERS_OF_A_DAY = 96
_MINUTE = timedelta(minutes=1)


@frozen(kw_only=True)
class Demand:
    """The notices that a region asks for.

    Args:
        patients: The patients. Each is started before the first message to them.
        days: How many collected notices are due on the forenoon of each day, and how many direct ones are asked for.
        lateness: How many quarters of an hour before the run collected messages are written: how many are so.
    """

    patients: int
    days: Sequence[tuple[int, int]]
    lateness: Mapping[int, int]


@define
class Told:
    """The waits of those who were told since the end of the forenoon before.

    Args:
        days: The collected messages, by the local days from the message to its notice.
        late: The same, by the days from their own forenoon on.
        direct: The direct ones, by whole minutes.
    """

    days: Counter[int] = field(factory=Counter)
    late: Counter[int] = field(factory=Counter)
    direct: Counter[int] = field(factory=Counter)


@frozen(kw_only=True)
class ForenoonRun:
    """The figures of one forenoon.

    Args:
        day: The local day.
        due: The patients of whom something collected was due, with those that were left the day before.
        sent: The collected notices that were sent.
        left: The patients who still wait at the end of the forenoon.
        oldest: For how long the first of them has waited since the run that should have told them.
        last: The time from the beginning of the forenoon to its last notice.
        told: The waits of those who were told.
    """

    day: date
    due: int
    sent: int
    left: int
    oldest: timedelta
    last: timedelta
    told: Told


@frozen
class Phase:
    """Some days that are alike: what is told of them, how many they are, and their notices."""

    name: str
    days: Sequence[tuple[int, int]]


@frozen
class OutboxRun:
    """The outbox of a region of so many patients, run: its phases, one after the other, and their forenoons."""

    patients: int
    phases: tuple[Phase, ...]
    forenoons: tuple[ForenoonRun, ...]

    def of_phases(self) -> Iterator[tuple[Phase, Sequence[ForenoonRun]]]:
        """Yield each phase with its forenoons."""
        begins = 0
        for phase in self.phases:
            yield phase, self.forenoons[begins : begins + len(phase.days)]
            begins += len(phase.days)

    @property
    def tables(self) -> Mapping[str, Mapping[str, str]]:
        """The figures of each phase, by its name."""
        return {f"{phase.name}, {len(phase.days)} days": _table(phase, found) for phase, found in self.of_phases()}


def phases_of(outcome: Outcome, patients: int) -> tuple[Phase, ...]:
    """Return what the outbox of a region of so many patients is to carry, one phase after the other.

    The fullest week of the simulated region, times the larger number of patients; four days with a third more than a
    forenoon carries, and four of the week after them; then four of it with every message collected, and with every
    message direct.
    """
    days = max(1, (outcome.region.end - outcome.region.start).days)
    share = patients / sum(unit.patients for unit in outcome.units)
    kinds = ("collected", "direct")
    of_day = [tuple(round(outcome.figures.by_day[kind, day] * share) for kind in kinds) for day in range(days)]
    begins = max(range(max(1, days - 6)), key=lambda day: sum(collected for collected, _ in of_day[day : day + 7]))
    week = [(collected, direct) for collected, direct in of_day[begins : begins + 7]]
    return (
        Phase("as simulated", week),
        Phase("too much", [(min(patients, carried() * 4 // 3), b) for _, b in week[:4]]),
        Phase("as before", week[:4]),
        Phase("all collected", [(min(patients, a + b), 0) for a, b in week[:4]]),
        Phase("all direct", [(0, min(patients, a + b)) for a, b in week[:4]]),
    )


def demand_of(outcome: Outcome, patients: int, phases: Iterable[Phase]) -> Demand:
    """Return the demand of some phases, whose messages are written as long before the run as the simulated ones."""
    lateness = {late: number for late, number in outcome.figures.lateness.items() if late < _QUARTERS_OF_A_DAY}
    return Demand(patients=patients, days=[day for phase in phases for day in phase.days], lateness=lateness)


def _table(phase: Phase, forenoons: Sequence[ForenoonRun]) -> Mapping[str, str]:
    rows: dict[str, str] = {}
    told = Told()
    for one in forenoons:
        for name in ("days", "late", "direct"):
            getattr(told, name).update(getattr(one.told, name))
    if busy := [one for one in forenoons if one.due]:
        rows |= {
            "half the forenoons have at most": f"{median(one.due for one in busy):.0f} notices",
            "the busiest has": f"{max(one.due for one in busy)} notices, and sends {max(one.sent for one in busy)}",
            "half are done within": in_minutes(sorted(one.last for one in busy)[(len(busy) - 1) // 2]),
            "the last one is done within": f"{in_minutes(max(one.last for one in busy))} of {FORENOON // _MINUTE}",
            "wait at the end of a forenoon": ", ".join(f"{one.left}" for one in busy if one.left) or "nobody",
            "for how long at most": f"{max(one.oldest for one in busy).days} d",
        }
    if told.late:
        rows |= {
            "told on their own forenoon": _share(told.late[0], told.late),
            "told on the day of the message": _share(told.days[0], told.days),
            "on the day after it, or before": _share(told.days[0] + told.days[1], told.days),
            "all": f"within {max(told.days)} d",
        }
    if told.direct and any(direct for _, direct in phase.days):
        rows["half the days have at most"] = f"{median(direct for _, direct in phase.days):.0f} direct notices"
        minutes = {share: (quantile(told.direct, share) or 0) + 1 for share in (0.5, 0.95, 1.0)}
        rows["direct ones: half, 95 % and all within"] = ", ".join(f"{number}" for number in minutes.values()) + " min"
    return rows


def _share(number: int, of: Counter[int]) -> str:
    return f"{100 * number / of.total():.1f} %"
