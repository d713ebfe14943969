"""The scene: one unit with its school and clock, its reference models, and the queue of events to come."""

import traceback
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from attrs import evolve

from digital_painschool.application.caseload import Case, CasePage
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.errors import NotPermitted, PainSchoolError, Reason, RuleViolation
from digital_painschool.ports import Storage
from digital_painschool.ports.storage import load_enrolment, load_notifications
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.faults import Killed
from digital_painschool.testing.history import EnrolmentStep
from digital_painschool.testing.reference import steps
from digital_painschool.testing.reference.calendar import instant, local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.reference.school import ReferenceSchool
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.simulation.answers import expectation
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Enough, Finding
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.processes import Processes
from digital_painschool.testing.simulation.region import Region, Unit
from digital_painschool.testing.simulation.repeats import Repeats

if TYPE_CHECKING:
    from digital_painschool.testing.simulation.offices import Coordinator
    from digital_painschool.testing.simulation.patients import PatientLife
    from digital_painschool.testing.simulation.therapists import TherapistLife
    from digital_painschool.testing.simulation.worker import Worker

T = TypeVar("T")


class Taken(NamedTuple):
    """A step that was done: the answer of the desk, and what its model returned."""

    answer: Any
    effect: Any = None


class Scene:
    """One unit, run by a queue of events; everything happens at the instant that the clock shows.

    Args:
        region: The region that is simulated.
        unit: The unit.
        ports_factory: Opens the adapters; called again at each restart.
    """

    worker: "Worker"
    coordinator: "Coordinator"

    def __init__(self, region: Region, unit: Unit, ports_factory: PortsFactory) -> None:
        self.region = region
        self.unit = unit
        self.policy = unit.policy
        self.figures = Figures(region.start)
        self.findings: dict[tuple[Law, str], Finding] = {}
        self.reference = ReferenceSchool(unit.policy)
        self.models: dict[EnrolmentId, ReferenceEnrolment] = {}
        self.patients: dict[str, PatientLife] = {}
        self.therapists: dict[HsaId, TherapistLife] = {}
        self.refusals: list[tuple[datetime, str]] = []
        """The refusals that the access log must have, and that the audit has not looked for yet."""
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self.processes = Processes(self, ports_factory)
        self.scenario = Scenario(
            self.processes.ports_factory, programs=unit.programs, policy=unit.policy, start=region.start
        )
        vars(self.scenario)["move_to"] = self.processes.pass_time
        self.notifications = Notifications(self)
        self._repeats = Repeats(self)

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
        """Run an event. An exception is a finding; when the process dies, a new one starts."""
        try:
            event()
        except Killed:
            self.figures.events["processes that crashed"] += 1
            self.notifications.disturb()
            self.restart()
            self.processes.settle()
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

    def restart(self) -> None:
        """Open the school anew on the stored data, as a new process would."""
        self.scenario.restart()
        self.processes.clear()

    def another(self) -> PainSchool:
        """Return one more school on the same adapters, as another process would have."""
        return self.scenario.another(self.processes.another())

    # Findings and steps

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
        self.note(unequal(law, expected, found, what, _id_of(about)))

    def take(
        self,
        model: ReferenceEnrolment,
        step: EnrolmentStep,
        *,
        by: Actor | None = None,
        wrong: Refusal | None = None,
    ) -> Taken | None:
        """Execute a step in an enrolment, and in its model when it is done.

        Args:
            model: The enrolment.
            step: The step.
            by: The member of staff who takes it; None for the patient.
            wrong: Why it is refused whatever the enrolment is like.

        Returns:
            What the step returned; None when it was refused, or should have been.
        """
        theirs = [one for one in self.models.values() if one.person is model.person and not one.purged]
        given: dict[str, Any] = {"who": model.number, "which": theirs.index(model) + 1, "by": by}
        addressed, name = self._repeats.keyed(evolve(step, **given)), type(step).__name__
        caller = "patient" if by is None else by.hsa_id
        refusal = steps.refusal(model, addressed, self.now) or wrong
        compare = expectation(model, addressed) if refusal is None else None
        law = steps.KINDS[type(step)].law
        taken = self.ask(caller, partial(self._take, addressed), model, refusal, name=name, law=law)
        if taken is None or compare is None:
            return None
        effect = steps.execute(model, addressed, self.now)
        expected, found = compare(taken.answer)
        self.equal(Law.UNREAD_IS_SAVED_LESS_READ, expected, found, f"the answer to {name}", model)
        self._repeats.again(model, addressed, caller, taken.answer)
        return Taken(taken.answer, effect)

    def _take(self, step: EnrolmentStep) -> Taken:
        return Taken(step.take(self.scenario))

    def ask(
        self,
        by: str,
        call: partial[T],
        about: ReferenceEnrolment | None = None,
        refusal: Refusal | None = None,
        *,
        name: str = "",
        law: Law = Law.REFUSED_CHANGES_NOTHING,
    ) -> T | None:
        """Call a desk, and compare its answer or refusal with the expected one.

        Args:
            by: The HSA-id of the caller, or `"patient"`.
            call: A method of a desk, with its arguments.
            about: The enrolment that it concerns.
            refusal: The expected refusal; None when the call must succeed.
            name: The name under which it is counted; left out, that of the method.
            law: The law that is broken when it is done, or refused, wrongly.

        Returns:
            The answer of the desk; None when it was refused, or should have been.
        """
        desk = getattr(call.func, "__self__", None)
        name = name or f"{type(desk).__name__}.{call.func.__name__}"
        self.figures.steps[name] += 1
        self.figures.by_day["patients" if by == "patient" else "staff", self.figures.day(self.now)] += 1
        before = self.stored(about) if refusal is not None else None
        try:
            answer = call()
        except PainSchoolError as error:
            found: Refusal = error.reason if isinstance(error, RuleViolation) else type(error)
            self.figures.refused[name] += 1
            if found is not refusal:
                broken = _law_of(found, law if isinstance(error, RuleViolation) else Law.NOTHING_UNFORESEEN)
                self.find(broken, _id_of(about), f"{name}: refused with {_name(found)}, expected {_name(refusal)}")
            if refusal is not None and before != self.stored(about):
                self.find(Law.REFUSED_CHANGES_NOTHING, _id_of(about), f"{name}: refused, and something was changed")
            is_hidden = about is not None and about.is_withdrawn and not about.purged
            if isinstance(error, (NotPermitted, RuleViolation)) or is_hidden:
                self.refusals.append((self.now, by))
            return None
        if refusal is None:
            return answer
        self.find(_law_of(refusal, law), _id_of(about), f"{name}: done, expected {_name(refusal)}")
        return None

    def walk(self, by: HsaId, list_page: Callable[..., CasePage], limit: int) -> list[Case] | None:
        """Return all rows of a caseload, page by page, each as it was shown last; None when it was refused."""
        rows: list[Case] = []
        after: str | None = None
        while (page := self.ask(by, partial(list_page, after, limit=limit))) is not None:
            rows += page.rows
            after = page.next
            if after is None:
                return _as_shown_last(rows)
        return None

    def stored(self, about: ReferenceEnrolment | None) -> object:
        """Return all that is stored of an enrolment."""
        state = None if about is None else load_enrolment(self.storage, about.id)
        if about is None or state is None:
            return None
        timeline = self.storage.load_timelines([about.id])
        return state, timeline, load_notifications(self.storage, about.id)


def _as_shown_last(rows: list[Case]) -> list[Case]:
    repeated = [row for row in rows if row.repeated]
    if not repeated:
        return rows
    last = {row.enrolment_id: row for row in rows}
    return sorted(last.values(), key=lambda row: (row.rank, row.waiting_since or row.started_at, row.enrolment_id))


def _law_of(refusal: Refusal, law: Law) -> Law:
    return Law.PERMISSIONS_HOLD if refusal is NotPermitted else law


def _id_of(about: ReferenceEnrolment | None) -> str | None:
    return None if about is None else about.id


def _name(refusal: Refusal | None) -> str:
    if refusal is None:
        return "no refusal"
    return refusal.value if isinstance(refusal, Reason) else refusal.__name__
