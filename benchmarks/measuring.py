"""Side by side: every job has its turn in every round, so that what disturbs one disturbs them all."""

from collections.abc import Callable, Mapping
from itertools import repeat
from statistics import median, quantiles
from time import perf_counter

from attrs import frozen

Job = Callable[[], float]
"""Does its work once, and gives the seconds that one call of it took."""


@frozen
class Ratio:
    """How two jobs compare: the median over the rounds, and the quartiles on both sides of it."""

    low: float
    middle: float
    high: float


@frozen
class Timings:
    """What was measured: for each job the seconds of one call, a value a round."""

    seconds: Mapping[str, tuple[float, ...]]

    def middle(self, job: str) -> float:
        """Return a job's median."""
        return median(self.seconds[job])

    def ratio(self, job: str, other: str) -> Ratio:
        """Divide one job's seconds by another's, round by round: what both met in a round falls out."""
        ratios = [mine / its for mine, its in zip(self.seconds[job], self.seconds[other], strict=True)]
        low, middle, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return Ratio(low, middle, high)


def calls(job: Callable[[], object], number: int) -> Job:
    """Make a job of a function: it is called that many times, and the seconds are those of one call."""

    def timed() -> float:
        began = perf_counter()
        for _ in repeat(None, number):
            job()
        return (perf_counter() - began) / number

    return timed


def interleaved(jobs: Mapping[str, Job], rounds: int) -> Timings:
    """Let every job have its turn in every round, each round begun by another one; the first round is not counted."""
    names = list(jobs)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            took = jobs[name]()
            if turn:
                seconds[name].append(took)
    return Timings({name: tuple(values) for name, values in seconds.items()})
