"""The run of one unit: its parts and its people, put together, and what came of them."""

from datetime import datetime, time, timedelta
from gc import get_threshold, set_threshold
from hashlib import sha256
from time import process_time

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.ports.storage import load_enrolments
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.reference.calendar import DAY
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.simulation.audit import Audit
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Enough, Finding
from digital_painschool.testing.simulation.intruders import Intruders
from digital_painschool.testing.simulation.notifications import Notifications
from digital_painschool.testing.simulation.offices import Archivist, Coordinator
from digital_painschool.testing.simulation.patients import PatientLife
from digital_painschool.testing.simulation.processes import Processes
from digital_painschool.testing.simulation.region import Region, Unit
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.taking import Steps
from digital_painschool.testing.simulation.therapists import TherapistLife
from digital_painschool.testing.simulation.worker import Worker
from digital_painschool.testing.snapshot import StorageSnapshot

_AFTER_THE_FORENOON = time(13, 5)
_AT_NIGHT = timedelta(hours=3, minutes=7)


class UnitRun:
    """One unit with its processes, its notifications and its worker; its people come with `run`."""

    def __init__(self, region: Region, unit: Unit, ports_factory: PortsFactory) -> None:
        self.processes = Processes(region, unit, ports_factory, self._saved)
        self.scene = Scene(region, unit, self.processes.ports_factory, self._pass_time)
        self.notifications = Notifications(self.scene, self.processes, self._want)
        self.worker = Worker(self.scene, self.processes, self.notifications)

    # What a part tells those that are made after it

    def _saved(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        # The library stops every error of an observer; here it is a finding.
        self.scene.guard(lambda: self.notifications.saved(enrolment, events))

    def _pass_time(self, until: datetime) -> None:
        self.notifications.settle()  # what failed so far has failed now, and not at the end of a run of hours
        self.scene.run(until)

    def _want(self, at: datetime) -> None:
        self.worker.want(at)

    def run(self) -> Audit:
        """Run the unit to its end, with its people, and return its audit."""
        scene, region, notifications = self.scene, self.scene.region, self.notifications
        steps, patients = Steps(scene), dict[str, PatientLife]()

        def ended(model: ReferenceEnrolment) -> None:
            coordinator.ended(model)

        therapists = {
            actor.hsa_id: TherapistLife(scene, steps, notifications, patients, actor, ended)
            for actor in scene.unit.therapists
        }
        coordinator = Coordinator(scene, steps, notifications, patients, therapists)
        Archivist(scene, notifications, patients)
        Intruders(scene)
        audit = Audit(scene, notifications)
        for day in range(region.days):
            scene.at(scene.instant(region.begins + day * DAY, _AFTER_THE_FORENOON), audit.day)
        for day in range(0, region.days, region.habits.mishaps.restart_days):
            scene.at(region.start + day * DAY + _AT_NIGHT, scene.scenario.restart)
        scene.run(region.end)
        audit.end()
        return audit


@frozen(kw_only=True)
class UnitOutcome:
    """The outcome of one unit.

    Args:
        number: The number of the unit.
        patients: The number of its patients.
        digest: SHA-256, in hexadecimal, over all stored records at the end; empty when the unit was stopped.
        findings: The findings.
        figures: The counts.
        stored: The numbers of enrolments and of timeline entries at the end.
        seconds: The processor time.
        memory: The peak memory of the process until then, in bytes; 0 where the system does not tell it.
    """

    number: int
    patients: int
    digest: str
    findings: tuple[Finding, ...]
    figures: Figures
    stored: tuple[int, int]
    seconds: float
    memory: int


def simulate_unit(region: Region, number: int, ports_factory: PortsFactory = in_memory) -> UnitOutcome:
    """Simulate one unit of a region.

    Args:
        region: The region.
        number: The number of the unit, from 1.
        ports_factory: Opens the adapters; called again at each restart.
    """
    began, before = process_time(), get_threshold()
    # Stored records live as long as the unit: to look through them for garbage costs a tenth of the time.
    set_threshold(200_000, 50, 50)
    unit_run = UnitRun(region, region.unit(number), ports_factory)
    scene = unit_run.scene
    digest, stored = "", (0, 0)
    try:
        audit = unit_run.run()
        states = load_enrolments(scene.storage, scene.models)
        digest, stored = _digest(scene, audit), (len(states), sum(state.version for state in states.values()))
    except Enough:
        scene.figures.events["units that were stopped"] += 1
    finally:
        scene.scenario.close()
        set_threshold(*before)
    return UnitOutcome(
        number=number,
        patients=len(scene.unit.patients),
        digest=digest,
        findings=tuple(scene.findings.values()),
        figures=scene.figures,
        stored=stored,
        seconds=process_time() - began,
        memory=peak_memory(),
    )


def _digest(scene: Scene, audit: Audit) -> str:
    """Return the SHA-256 of everything that the unit stores, and of the counts of its access log."""
    unit = scene.unit
    snapshot = StorageSnapshot.of(
        scene.storage, sorted(scene.models), scene.now, units=[unit.id], staff=unit.therapists
    )
    return sha256(f"{snapshot.digest()} {sorted(audit.log_lines.items())}".encode()).hexdigest()


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes; 0 where the system does not tell it."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024
