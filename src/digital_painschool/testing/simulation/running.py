"""Running a region: unit by unit, on as many processes as wished, and added up in the order of the units."""

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
from digital_painschool.testing.simulation.audit import Audit
from digital_painschool.testing.simulation.days import DAY, instant
from digital_painschool.testing.simulation.digest import digest
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Enough, Finding
from digital_painschool.testing.simulation.offices import Archivist, Coordinator
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.scene import Scene
from digital_painschool.testing.simulation.therapists import TherapistLife
from digital_painschool.testing.simulation.unauthorised import Strangers
from digital_painschool.testing.simulation.worker import Worker

Progress = Callable[[int], None]
"""Told how many patients' units are done so far."""

_AFTER_THE_FORENOON = time(13, 5)


@frozen(kw_only=True)
class UnitOutcome:
    """What came of one unit.

    Args:
        number: Which unit.
        patients: How many patients it has.
        digest: SHA-256, in hexadecimal, over all that it keeps at the end; empty when it was stopped.
        findings: What was found.
        figures: What happened.
        kept: How many enrolments are kept at the end, and how many timeline entries.
        seconds: Processor time.
        memory: The most memory that the process had had until then, in bytes; 0 where that cannot be told.
    """

    number: int
    patients: int
    digest: str
    findings: tuple[Finding, ...]
    figures: Figures
    kept: tuple[int, int]
    seconds: float
    memory: int


@frozen(kw_only=True)
class Outcome:
    """What came of a region.

    Args:
        region: What was simulated.
        units: What came of each unit, in their order.
        figures: What happened in all.
        seconds: Time by the clock on the wall.
        workers: How many processes there were.
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
        """What was found, unit by unit."""
        return tuple(finding for unit in self.units for finding in unit.findings)

    @property
    def only_unit(self) -> int | None:
        """The unit that was simulated when it was one alone of several, else None."""
        return self.units[0].number if len(self.units) == 1 < self.region.units else None

    @property
    def memory(self) -> int:
        """The most memory that all processes together can have had, in bytes."""
        largest = sorted((unit.memory for unit in self.units), reverse=True)
        return sum(largest[: self.workers])


def simulate_unit(region: Region, number: int, ports_factory: PortsFactory = in_memory) -> UnitOutcome:
    """Simulate one unit of a region.

    Args:
        region: What is simulated.
        number: Which unit, from 1.
        ports_factory: Opens the adapters; called again at each restart.
    """
    began = process_time()
    before = get_threshold()
    # What is kept lives as long as the unit: looking through it for garbage all the time takes a tenth of the time.
    set_threshold(200_000, 50, 50)
    scene = Scene(region, region.unit(number), ports_factory)
    audit = Audit(scene)
    found, kept = "", (0, 0)
    try:
        _live(scene, audit)
        found, kept = digest(scene, audit), _kept(scene)
    except Enough:
        scene.figures.events["units that were stopped"] += 1
    finally:
        scene.close()
        set_threshold(*before)
    return UnitOutcome(
        number=number,
        patients=len(scene.unit.patients),
        digest=found,
        findings=tuple(scene.findings.all),
        figures=scene.figures,
        kept=kept,
        seconds=process_time() - began,
        memory=peak_memory(),
    )


def _live(scene: Scene, audit: Audit) -> None:
    region = scene.region
    worker = Worker(scene)
    scene.want_pass = worker.want
    lives = {actor.hsa_id: TherapistLife(scene, actor) for actor in scene.unit.therapists}
    Coordinator(scene, lives)
    Archivist(scene)
    Strangers(scene)
    for day in range(region.days):
        scene.at(instant(region.begins + day * DAY, _AFTER_THE_FORENOON, scene.unit.policy.zone), audit.day)
    for day in range(0, region.days, region.habits.mishaps.restart_days):
        scene.at(region.start + day * DAY + timedelta(hours=3, minutes=7), scene.restart)
    scene.run(region.end)
    audit.end()


def _kept(scene: Scene) -> tuple[int, int]:
    states = load_enrolments(scene.storage, scene.accounts)
    return len(states), sum(state.version for state in states.values())


def simulate(
    region: Region,
    *,
    workers: int = 1,
    units: tuple[int, ...] = (),
    ports_factory: Callable[[int], PortsFactory] | None = None,
    progress: Progress = lambda _: None,
) -> Outcome:
    """Simulate a region. What comes of it does not depend on the number of processes.

    Args:
        region: What is simulated.
        workers: On how many processes; with 1, in this one.
        units: Only these units, from 1; left out, all.
        ports_factory: Returns the ports factory of a unit, by its number; left out, all in memory. With several
            processes it must be something that can be pickled. Each unit needs a storage of its own.
        progress: Told how many patients are done so far.
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
                # Whoever stops it does not wait for the units that have not begun.
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
    """Return the most memory that this process has had, in bytes; 0 where the system does not tell."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ModuleNotFoundError:
        return 0
    return getrusage(RUSAGE_SELF).ru_maxrss * 1024
