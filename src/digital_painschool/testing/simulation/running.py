"""The run of a region: unit by unit, on any number of processes, and added up in the order of the units."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import time, timedelta
from gc import get_threshold, set_threshold
from hashlib import sha256
from multiprocessing import get_context
from signal import SIG_DFL, SIGINT, signal
from time import perf_counter, process_time

from attrs import frozen

from digital_painschool.ports.storage import load_enrolments
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.reference.calendar import DAY
from digital_painschool.testing.simulation.audit import Audit
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Enough, Finding
from digital_painschool.testing.simulation.intruders import Intruders
from digital_painschool.testing.simulation.offices import Archivist, Coordinator
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.therapists import TherapistLife
from digital_painschool.testing.simulation.worker import Worker
from digital_painschool.testing.snapshot import StorageSnapshot

Progress = Callable[[int], None]
"""A callback that takes the number of patients whose units are done."""

_AFTER_THE_FORENOON = time(13, 5)
_AT_NIGHT = timedelta(hours=3, minutes=7)


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


@frozen(kw_only=True)
class Outcome:
    """The outcome of a region.

    Args:
        region: The region.
        units: The outcome of each unit, in their order.
        figures: The counts of all units.
        seconds: The time by the clock on the wall.
        workers: The number of processes.
    """

    region: Region
    units: tuple[UnitOutcome, ...]
    figures: Figures
    seconds: float
    workers: int

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, over the digests of the units."""
        return sha256(" ".join(unit.digest for unit in self.units).encode()).hexdigest()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, unit by unit."""
        return tuple(finding for unit in self.units for finding in unit.findings)

    @property
    def only_unit(self) -> int | None:
        """The number of the unit, when one alone of several was simulated, else None."""
        return self.units[0].number if len(self.units) == 1 < self.region.units else None

    @property
    def memory(self) -> int:
        """The most memory that all processes together can have used, in bytes."""
        largest = sorted((unit.memory for unit in self.units), reverse=True)
        return sum(largest[: self.workers])


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
    scene = Scene(region, region.unit(number), ports_factory)
    digest, stored = "", (0, 0)
    try:
        audit = _run(scene)
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


def _run(scene: Scene) -> Audit:
    region = scene.region
    scene.worker = Worker(scene)
    scene.therapists = {actor.hsa_id: TherapistLife(scene, actor) for actor in scene.unit.therapists}
    scene.coordinator = Coordinator(scene)
    Archivist(scene)
    Intruders(scene)
    audit = Audit(scene)
    for day in range(region.days):
        scene.at(scene.instant(region.begins + day * DAY, _AFTER_THE_FORENOON), audit.day)
    for day in range(0, region.days, region.habits.mishaps.restart_days):
        scene.at(region.start + day * DAY + _AT_NIGHT, scene.restart)
    scene.run(region.end)
    audit.end()
    return audit


def _digest(scene: Scene, audit: Audit) -> str:
    """Return the SHA-256 of everything that the unit stores, and of the counts of its access log."""
    unit = scene.unit
    snapshot = StorageSnapshot.of(
        scene.storage, sorted(scene.models), scene.now, units=[unit.id], staff=unit.therapists
    )
    return sha256(f"{snapshot.digest()} {sorted(audit.log_lines.items())}".encode()).hexdigest()


def simulate(
    region: Region,
    *,
    workers: int = 1,
    units: tuple[int, ...] = (),
    ports_factory: Callable[[int], PortsFactory] | None = None,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Simulate a region. The outcome does not depend on the number of processes.

    Args:
        region: The region.
        workers: The number of processes; with 1, everything runs in this one.
        units: The numbers of the units to simulate, from 1; left out, all.
        ports_factory: Returns the ports factory of a unit, by its number; left out, all in memory. With several
            processes it must be picklable. Each unit needs a storage of its own.
        progress: Called with the number of patients that are done.
    """
    began = perf_counter()
    numbers = units or tuple(range(1, region.units + 1))
    done: dict[int, UnitOutcome] = {}

    def keep(outcome: UnitOutcome) -> None:
        done[outcome.number] = outcome
        progress(sum(unit.patients for unit in done.values()))

    if workers == 1:
        for number in numbers:
            keep(_simulate_one(region, number, ports_factory))
    else:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_when_interrupted) as pool:
            futures = [pool.submit(_simulate_one, region, number, ports_factory) for number in numbers]
            try:
                for future in as_completed(futures):
                    keep(future.result())
            finally:
                # A run that is stopped does not wait for the units that have not begun.
                pool.shutdown(wait=False, cancel_futures=True)
    figures = Figures(region.start)
    for number in numbers:
        figures.add(done[number].figures)
    return Outcome(
        region=region,
        units=tuple(done[number] for number in numbers),
        figures=figures,
        seconds=perf_counter() - began,
        workers=workers,
    )


def _end_when_interrupted() -> None:
    # Ctrl-C goes to all processes; one that took it for an error of its unit would go on with the next.
    signal(SIGINT, SIG_DFL)


def _simulate_one(region: Region, number: int, ports_factory: Callable[[int], PortsFactory] | None) -> UnitOutcome:
    return simulate_unit(region, number, in_memory if ports_factory is None else ports_factory(number))


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes; 0 where the system does not tell it."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024
