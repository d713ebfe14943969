"""The run of a region: unit by unit, on any number of processes, and added up in the order of the units."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from hashlib import sha256
from multiprocessing import get_context
from signal import SIG_DFL, SIGINT, signal
from time import perf_counter

from attrs import frozen

from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Finding
from digital_painschool.testing.simulation.region import Region
from digital_painschool.testing.simulation.unit_run import UnitOutcome, simulate_unit

Progress = Callable[[int], None]
"""A callback that takes the number of patients whose units are done."""


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
