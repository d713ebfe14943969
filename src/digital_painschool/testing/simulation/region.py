"""The region: its size and seed, and what follows from them for each unit before anything happens."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from math import ceil
from types import MappingProxyType

from attrs import evolve, field, frozen
from attrs.validators import ge, gt, le, optional

from digital_painschool.domain.people import Actor, HsaId, PersonId, Role
from digital_painschool.domain.policy import FlagKind, Policy, YearEnd
from digital_painschool.domain.policy_sets import GUIDED_YEAR, POLICY_SETS, WEEKLY_FEEDBACK
from digital_painschool.domain.program import Completion, Ordering, Program
from digital_painschool.programs import bundled_program
from digital_painschool.testing.environment import STOCKHOLM
from digital_painschool.testing.example import program as small_program
from digital_painschool.testing.reference.calendar import DAY, MIDNIGHT, instant
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.habits import Habits

MOST_PATIENTS = 60_000
"""The number of test numbers that there are: three for each day of birth."""

_BIRTHS_FROM = date(1941, 1, 1)
_TEST_SERIALS = (980, 981, 982)
"""Serial numbers of the Swedish Tax Agency's open test numbers: whatever the day, they are given to nobody."""
_RESERVES_FROM = date(1890, 1, 1)
"""Days of birth of which nobody in treatment is."""
_YEAR = 365
_ELSEWHERE = 500_000
"""Added to a unit's number it gives one that there is not."""


@frozen(kw_only=True)
class Region:
    """The region that is simulated. Everything else follows from it.

    Args:
        patients: The number of patients, in all; most have one enrolment, some two or more.
        years: The years of simulated time.
        seed: The seed of the random numbers.
        patients_per_therapist: The patients of each therapist, at most.
        therapists_per_unit: The therapists of each unit.
        begins: The first day, of 1970 to 2200; the simulation starts at its midnight in Stockholm.
        until: The last day, to narrow a run; None for the whole time. It changes nothing before that day.
        habits: The habits of people, and the faults.
        access_months: The months of access in every program; None for the programs' own.
        most_findings: The number of findings at which a unit stops.

    Raises:
        ValueError: One of them is out of its range, or `until` lies before the first day.
    """

    patients: int = field(default=10_000, validator=[ge(1), le(MOST_PATIENTS)])
    years: float = field(default=2.0, validator=[gt(0), le(20)])
    seed: int = 7
    patients_per_therapist: int = field(default=40, validator=ge(1))
    therapists_per_unit: int = field(default=8, validator=ge(1))
    begins: date = field(default=date(2026, 1, 7), validator=[ge(date(1970, 1, 1)), le(date(2200, 1, 1))])
    until: date | None = None
    habits: Habits = Habits()
    access_months: int | None = field(default=None, validator=optional(ge(1)))
    most_findings: int = field(default=50, validator=ge(1))

    def __attrs_post_init__(self) -> None:
        if self.until is not None and self.until < self.begins:
            raise ValueError(f"'until' must be >= 'begins', {self.begins}: {self.until}")

    @property
    def units(self) -> int:
        """The number of units."""
        return ceil(self.patients / self._patients_per_unit)

    @property
    def days(self) -> int:
        """The number of days that are simulated when nothing narrows the run, one at least."""
        return max(1, round(self.years * _YEAR))

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return instant(self.begins, MIDNIGHT, STOCKHOLM)

    @property
    def end(self) -> datetime:
        """The instant after which nothing happens, UTC."""
        last = self.begins + (self.days - 1) * DAY
        return instant((last if self.until is None else min(last, self.until)) + DAY, MIDNIGHT, STOCKHOLM)

    @property
    def arrivals(self) -> int:
        """The number of days over which the patients' starts are spread: a year, less when the whole time is short."""
        return max(1, min(_YEAR, self.days * 6 // 10))

    @property
    def _patients_per_unit(self) -> int:
        return self.patients_per_therapist * self.therapists_per_unit

    def chance(self, *name: object) -> Chance:
        """Return the random numbers of an actor."""
        return Chance(self.seed, *name)

    def unit(self, number: int) -> "Unit":
        """Return the plan of a unit, numbered from 1."""
        first = (number - 1) * self._patients_per_unit
        return _unit(self, number, range(first, min(first + self._patients_per_unit, self.patients)))

    def away(self, day: date) -> bool:
        """Return whether on this day no delivery worker runs, in the whole region."""
        return self.chance("worker", day).happens(self.habits.mishaps.worker_away)

    @property
    def outages(self) -> tuple[tuple[datetime, datetime], ...]:
        """The outages of the national inbox: from and until, UTC."""
        return _outages(self)


@lru_cache(4)
def _outages(region: Region) -> tuple[tuple[datetime, datetime], ...]:
    found, mishaps = [], region.habits.mishaps
    for n in range(region.days):
        chance = region.chance("inbox", n)
        if chance.happens(mishaps.inbox_outages):
            begins = region.start + n * DAY + chance.time(timedelta(0), DAY)
            length = mishaps.long if chance.happens(mishaps.long_outage) else mishaps.outage
            found.append((begins, begins + chance.time(*length)))
    return tuple(found)


@frozen(kw_only=True)
class Unit:
    """A unit before anything happens.

    Args:
        number: Its number, from 1.
        id: Its HSA-id.
        policy: Its policy.
        programs: The program for all patients, and one more for some.
        therapists: Its therapists.
        coordinator: Its patient administrator.
        archivist: Its data administrator.
        outsiders: A therapist and a patient administrator of another unit.
        patients: The numbers of its patients within the region.
    """

    number: int
    id: HsaId
    policy: Policy
    programs: tuple[Program, ...]
    therapists: tuple[Actor, ...]
    coordinator: Actor
    archivist: Actor
    outsiders: tuple[Actor, Actor]
    patients: range


_ORDERINGS = (Ordering.GUIDED, Ordering.ENFORCED, Ordering.GUIDED, Ordering.RELEASED)
"""By the number of the unit: half of them guide, the others are stricter."""
_GUIDED, _WEEKLY = POLICY_SETS[GUIDED_YEAR], POLICY_SETS[WEEKLY_FEEDBACK]
_POLICIES = (
    _GUIDED,
    evolve(_GUIDED, retention_years=1, retention_decision="Dnr 2026-17, ett år"),
    evolve(
        _GUIDED, zone="Europe/Helsinki", collected_at=time(8), forenoon_ends=time(11, 30), write_in_maintenance=True
    ),
    evolve(
        _WEEKLY,
        retention_years=0,
        retention_decision="Dnr 2026-18, genast",
        staff_flags=_WEEKLY.staff_flags - {FlagKind.MESSAGE_RECEIVED},
        alerts_at_once=False,
    ),
    evolve(
        _GUIDED, collected_at=time(7, 30), maintenance_days=(7, 200), review_after_days=28, year_end=YearEnd.FLAG_ONLY
    ),
    evolve(
        _GUIDED,
        retention_years=1,
        retention_decision="Dnr 2026-19, ett år",
        export_before_purge=False,
        retry_minutes=(5, 15, 60),
    ),
)
"""By the number of the unit: its policy, one of the policy sets with changes."""


def _unit(region: Region, number: int, patients: range) -> Unit:
    id_ = HsaId(f"SE2321000131-E{number:012}")
    elsewhere = HsaId(f"SE2321000131-E{number + _ELSEWHERE:012}")

    def staff(member: int, role: Role, unit: HsaId = id_) -> Actor:
        return Actor(hsa_id=HsaId(f"SE2321000131-P{number:06}{member:06}"), unit=unit, roles=frozenset({role}))

    therapists = max(1, ceil(len(patients) / region.patients_per_therapist))
    policy = _POLICIES[number % len(_POLICIES)]
    programs = _programs(_ORDERINGS[number % len(_ORDERINGS)], region.access_months)
    return Unit(
        number=number,
        id=id_,
        policy=policy,
        programs=tuple(program.ordered(policy.ordering) for program in programs),
        therapists=tuple(staff(n, Role.THERAPIST) for n in range(1, therapists + 1)),
        coordinator=staff(900, Role.PATIENT_ADMINISTRATOR),
        archivist=staff(901, Role.DATA_ADMINISTRATOR),
        outsiders=(staff(902, Role.THERAPIST, elsewhere), staff(903, Role.PATIENT_ADMINISTRATOR, elsewhere)),
        patients=patients,
    )


@lru_cache
def _programs(ordering: Ordering, months: int | None) -> tuple[Program, ...]:
    first = evolve(bundled_program(), ordering=ordering)
    second = small_program(completion=Completion.PAGES_READ, key="somnskola")
    return evolve(first, access_months=months or first.access_months), evolve(second, access_months=months or 6)


def person(index: int, scheme: str) -> PersonId:
    """Return the identity number of the region's patient of an index, from 0: of a test series, given to nobody."""
    if scheme == "vgr-reservnummer":
        text = f"{_RESERVES_FROM + index // 10 * DAY:%Y%m%d}X8{index % 10}"
    else:
        birth = _BIRTHS_FROM + index // len(_TEST_SERIALS) * DAY
        day = birth.day + _ADDED_TO_THE_DAY[scheme]
        text = f"{birth:%Y%m}{day:02}{_TEST_SERIALS[index % len(_TEST_SERIALS)]}"
    digits = text[2:].replace("X", "8")
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return PersonId(scheme, f"{text}{-total % 10}")


_ADDED_TO_THE_DAY: Mapping[str, int] = MappingProxyType({"personnummer": 0, "samordningsnummer": 60})
