"""The scene, on which one unit is run: its clock and the events to come, its school, the models, and the findings."""

import traceback
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from heapq import heappop, heappush
from itertools import count
from pathlib import Path

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports import Storage
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.reference.calendar import instant, local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal
from digital_painschool.testing.reference.school import ReferenceSchool
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Enough, Finding
from digital_painschool.testing.simulation.region import Region, Unit


class Scene:
    """One unit, run by a queue of events; everything happens at the instant that the clock shows.

    Args:
        region: The region that is simulated.
        unit: The unit.
        ports_factory: Opens the adapters; called again at each restart.
        pass_time: Called with the instant until which a worker waits for its slots.
    """

    def __init__(
        self, region: Region, unit: Unit, ports_factory: PortsFactory, pass_time: Callable[[datetime], object]
    ) -> None:
        self.region = region
        self.unit = unit
        self.policy = unit.policy
        self.figures = Figures(region.start)
        self.findings: dict[tuple[Law, str], Finding] = {}
        self.reference = ReferenceSchool(unit.policy)
        self.models: dict[EnrolmentId, ReferenceEnrolment] = {}
        self.refusals: list[tuple[datetime, str]] = []
        """The refusals that the access log must have, and that the audit has not looked for yet."""
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self.scenario = Scenario(
            ports_factory, programs=unit.programs, policy=unit.policy, start=region.start, pass_time=pass_time
        )

    # Time

    @property
    def now(self) -> datetime:
        """The clock, UTC."""
        return self.scenario.now

    @property
    def today(self) -> date:
        """The local day."""
        return local_day(self.now, self.policy.zone)

    def instant(self, day: date, clock: time) -> datetime:
        """Return the instant of a local day and time of day, UTC."""
        return instant(day, clock, self.policy.zone)

    def at(self, when: datetime, event: Callable[[], object]) -> None:
        """Plan an event for an instant; behind the end of the simulation nothing happens."""
        if when <= self.region.end:
            heappush(self._queue, (max(when, self.now), next(self._order), event))

    def run(self, until: datetime) -> None:
        """Run all events up to an instant, and set the clock to it."""
        while self._queue and self._queue[0][0] <= until:
            self.scenario.now, _, event = heappop(self._queue)
            self.guard(event)
        self.scenario.now = max(self.now, until)

    def guard(self, event: Callable[[], object]) -> None:
        """Run an event. An exception is a finding."""
        try:
            event()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the run goes on
            where = traceback.extract_tb(error.__traceback__)[-1]
            raised = f"{type(error).__name__} in {where.name}, line {where.lineno} of {Path(where.filename).name}"
            self.find(Law.NOTHING_UNFORESEEN, None, f"raised {raised}: no refusal, and not foreseen")

    # The school

    @property
    def school(self) -> PainSchool:
        """The school that is open now."""
        return self.scenario.school

    @property
    def storage(self) -> Storage:
        """The storage of the school."""
        return self.scenario.storage

    # Findings

    def find(self, law: Law, enrolment: str | None, sentence: str) -> None:
        """Note a finding at the present instant: of each law and enrolment the first, as the rest follows from it.

        Raises:
            Enough: The unit has as many findings as the region allows.
        """
        found = Finding(law=law, unit=self.unit.number, enrolment=enrolment, at=self.now, sentence=sentence)
        self.findings.setdefault((law, enrolment or sentence), found)
        if len(self.findings) >= self.region.most_findings:
            raise Enough

    def note(self, violations: Iterable[LawViolation]) -> None:
        """Note violations of laws as findings."""
        for violation in violations:
            self.find(violation.law, violation.about, violation.sentence)

    def equal(self, law: Law, expected: object, found: object, what: str, about: ReferenceEnrolment | None) -> None:
        """Note a finding when something is not what the model says."""
        self.note(unequal(law, expected, found, what, None if about is None else about.id))
