"""The region: its size and seed, and what follows from them for each unit before anything happens."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from attrs.validators import ge, gt, le

from digital_painschool.domain.form import Form
from digital_painschool.domain.people import Actor, HsaId, PersonId, Role
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.programs import bundled_program
from digital_painschool.testing.example import program as small_program
from digital_painschool.testing.simulation.chance import Chance
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.habits import Habits

STOCKHOLM = ZoneInfo("Europe/Stockholm")
MOST_PATIENTS = 60_000
"""There are not more test numbers: three a day of birth."""

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
    """What is simulated. Everything else follows from it.

    Args:
        patients: How many patients, in all; most have one enrolment, some two or more.
        years: How many years of simulated time.
        seed: What chance begins with.
        patients_per_therapist: Who has how many, at most.
        therapists_per_unit: How large a unit is.
        begins: The first day, of 1970 to 2200; the simulation starts at its midnight in Stockholm.
        until: The last day, to narrow a run; None for the whole time. It changes nothing before that day.
        habits: How people behave.
        most_findings: A unit stops when so much was found at it.

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
    most_findings: int = field(default=50, validator=ge(1))

    def __attrs_post_init__(self) -> None:
        if self.until is not None and self.until < self.begins:
            raise ValueError(f"'until' must be >= 'begins', {self.begins}: {self.until}")

    @property
    def units(self) -> int:
        """How many units there are."""
        return ceil(self.patients / self._patients_per_unit)

    @property
    def days(self) -> int:
        """How many days are simulated when nothing narrows the run, one at least."""
        return max(1, round(self.years * _YEAR))

    @property
    def start(self) -> datetime:
        """The first instant, UTC."""
        return instant(self.begins, time(0), STOCKHOLM)

    @property
    def end(self) -> datetime:
        """The instant after which nothing happens, UTC."""
        last = self.begins + (self.days - 1) * DAY
        return instant((last if self.until is None else min(last, self.until)) + DAY, time(0), STOCKHOLM)

    @property
    def arrivals(self) -> int:
        """Over how many days the patients' starts are spread: a year, less when the whole time is short."""
        return max(1, min(_YEAR, self.days * 6 // 10))

    @property
    def _patients_per_unit(self) -> int:
        return self.patients_per_therapist * self.therapists_per_unit

    def chance(self, *name: object) -> Chance:
        """Return the chance of somebody."""
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
        """When the national inbox is down: from and until, UTC."""
        return _outages(self)


@lru_cache(4)
def _outages(region: Region) -> tuple[tuple[datetime, datetime], ...]:
    found = []
    mishaps = region.habits.mishaps
    for n in range(region.days):
        chance = region.chance("inbox", n)
        if chance.happens(mishaps.inbox_outages):
            begins = region.start + n * DAY + chance.time(timedelta(0), DAY)
            found.append(
                (
                    begins,
                    begins + chance.time(*(mishaps.long if chance.happens(mishaps.long_outage) else mishaps.outage)),
                )
            )
    return tuple(found)


@frozen(kw_only=True)
class Treatment:
    """A program as a unit offers it, with what the books need to know of it.

    Args:
        program: The program.
        order: Its reading order.
        modules: The numbers of all its modules.
        carriers: By form: the modules that carry it.
        forms: By module: the forms that it carries.
    """

    program: Program
    order: tuple[int, ...]
    modules: tuple[int, ...]
    carriers: dict[str, tuple[int, ...]]
    forms: dict[int, tuple[Form, ...]]


@frozen(kw_only=True)
class Unit:
    """A unit before anything happens.

    Args:
        number: From 1.
        id: Its HSA-id.
        policy: What it decides for itself.
        treatments: What it offers: the program for all, and one more for some.
        therapists: Who has patients.
        coordinator: Its patient administrator.
        archivist: Its data administrator.
        strangers: A therapist and a patient administrator of another unit.
        patients: The numbers of its patients within the region.
    """

    number: int
    id: HsaId
    policy: Policy
    treatments: tuple[Treatment, ...]
    therapists: tuple[Actor, ...]
    coordinator: Actor
    archivist: Actor
    strangers: tuple[Actor, Actor]
    patients: range


_ORDERINGS = (Ordering.GUIDED, Ordering.ENFORCED, Ordering.GUIDED, Ordering.RELEASED)
"""By the number of the unit: half of them guide, the others are stricter."""
_POLICIES: tuple[dict[str, Any], ...] = (
    {},
    {"retention_years": 1, "retention_decision": "Dnr 2026-17, ett år"},
    {"zone": "Europe/Helsinki", "collected_at": time(8), "forenoon_ends": time(11, 30)},
    {
        "retention_years": 0,
        "retention_decision": "Dnr 2026-18, genast",
        "staff_flags": frozenset(FlagKind) - {FlagKind.FORM_SAVED},
    },
    {"collected_at": time(7, 30), "maintenance_days": (7, 200), "review_after_days": 28},
    {
        "retention_years": 1,
        "retention_decision": "Dnr 2026-19, ett år",
        "export_before_purge": False,
        "retry_minutes": (5, 15, 60),
    },
)
"""By the number of the unit: what it decides differently."""


def _unit(region: Region, number: int, patients: range) -> Unit:
    id_ = HsaId(f"SE2321000131-E{number:012}")
    elsewhere = HsaId(f"SE2321000131-E{number + _ELSEWHERE:012}")

    def staff(member: int, role: Role, unit: HsaId = id_) -> Actor:
        return Actor(hsa_id=HsaId(f"SE2321000131-P{number:06}{member:06}"), unit=unit, roles=frozenset({role}))

    therapists = max(1, ceil(len(patients) / region.patients_per_therapist))
    return Unit(
        number=number,
        id=id_,
        policy=Policy(**_POLICIES[number % len(_POLICIES)]),
        treatments=_treatments(_ORDERINGS[number % len(_ORDERINGS)]),
        therapists=tuple(staff(n, Role.THERAPIST) for n in range(1, therapists + 1)),
        coordinator=staff(900, Role.PATIENT_ADMINISTRATOR),
        archivist=staff(901, Role.DATA_ADMINISTRATOR),
        strangers=(staff(902, Role.THERAPIST, elsewhere), staff(903, Role.PATIENT_ADMINISTRATOR, elsewhere)),
        patients=patients,
    )


@lru_cache
def _treatments(ordering: Ordering) -> tuple[Treatment, ...]:
    return (
        _treatment(evolve(bundled_program(), ordering=ordering)),
        _treatment(evolve(small_program(key="somnskola"), access_months=6)),
    )


def _treatment(program: Program) -> Treatment:
    by_key = {form.key: form for form in program.forms}
    forms = {m.number: tuple(by_key[key] for page in m.pages for key in page.forms) for m in program.modules}
    return Treatment(
        program=program,
        order=program.reading_order,
        modules=tuple(forms),
        carriers={key: tuple(n for n, carried in forms.items() if by_key[key] in carried) for key in by_key},
        forms=forms,
    )


def person(index: int, kind: str) -> PersonId:
    """Return the identity number of the region's patient of an index, from 0: of a test series, given to nobody.

    Args:
        index: Which patient.
        kind: The scheme.
    """
    birth = _BIRTHS_FROM + index // len(_TEST_SERIALS) * DAY
    if kind == "vgr-reservnummer":
        birth = _RESERVES_FROM + index // 10 * DAY
        text = f"{birth:%Y%m%d}X8{index % 10}"
        return PersonId(kind, text + _check_digit(text[2:].replace("X", "8")))
    day = birth.day + 60 * (kind == "samordningsnummer")
    text = f"{birth:%Y%m}{day:02}{_TEST_SERIALS[index % len(_TEST_SERIALS)]}"
    return PersonId(kind, text + _check_digit(text[2:]))


def _check_digit(digits: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(digits))
    return str(-total % 10)
