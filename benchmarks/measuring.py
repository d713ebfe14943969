"""Side by side: every job has its turn in every round, so that what disturbs one disturbs them all."""

from collections.abc import Callable, Mapping
from itertools import repeat
from statistics import median, quantiles
from time import perf_counter

from attrs import frozen

Job = Callable[[], float]
"""A function that does its work once, and returns the seconds of one call."""


@frozen
class Ratio:
    """The ratio of two jobs: the median over the rounds, and the quartiles on both sides of it."""

    low: float
    middle: float
    high: float


@frozen
class Timings:
    """The timings of all jobs: for each the seconds of one call, a value a round."""

    seconds: Mapping[str, tuple[float, ...]]

    def middle(self, job: str) -> float:
        """Return a job's median."""
        return median(self.seconds[job])

    def ratio(self, job: str, other: str) -> Ratio:
        """Return one job's seconds divided by another's, round by round: a disturbance that both met falls out."""
        ratios = [mine / its for mine, its in zip(self.seconds[job], self.seconds[other], strict=True)]
        low, middle, high = quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
        return Ratio(low, middle, high)


def calls(job: Callable[[], object], number: int) -> Job:
    """Return a job that calls a function that many times; its seconds are those of one call."""

    def timed() -> float:
        began = perf_counter()
        for _ in repeat(None, number):
            job()
        return (perf_counter() - began) / number

    return timed


def interleaved(jobs: Mapping[str, Job], rounds: int) -> Timings:
    """Run every job in every round, each round begun by another one, and return the timings but for the first round."""
    names = list(jobs)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        first = turn % len(names)
        for name in (*names[first:], *names[:first]):
            took = jobs[name]()
            if turn:
                seconds[name].append(took)
    return Timings({name: tuple(values) for name, values in seconds.items()})
