"""The table: a row for everything that is compared, ratios first, as Markdown."""

import os
import platform
import sqlite3
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Self

from attrs import frozen

from benchmarks.measuring import Ratio, Timings

_HEAD = ("aim", "what", "beside", "ratio (quartiles)", "wanted", "", "ours", "theirs")
_PEERS = ("attrs", "cattrs", "Django", "eventsourcing", "python-statemachine", "SQLAlchemy", "transitions")


@frozen(kw_only=True)
class Row:
    """One comparison.

    Args:
        aim: Which aim it belongs to, such as `"P1"`.
        what: What of ours was measured.
        beside: What it is compared with.
        ratio: How many times as fast ours is; for imports, how many times as long ours takes.
        wanted: The ratio that is aimed at; None where the figure is there to be seen only.
        at_most: True when the ratio is to stay below what is wanted.
        ours: The median, in its unit.
        theirs: The median, in its unit.
        unit: Seconds or bytes.
    """

    aim: str
    what: str
    beside: str
    ratio: Ratio
    wanted: float | None = None
    at_most: bool = False
    ours: float
    theirs: float
    unit: str = "seconds"

    @classmethod
    def timed(
        cls,
        timings: Timings,
        ours: str,
        theirs: str,
        *,
        aim: str,
        what: str,
        beside: str,
        wanted: float | None = None,
        at_most: bool = False,
    ) -> Self:
        """Return the comparison of two timed jobs; where the ratio is to stay low, it is how much longer ours took.

        Args:
            timings: What was measured.
            ours: Our job.
            theirs: The other's.
            aim: As above, like the rest.
            what: As above.
            beside: As above.
            wanted: As above.
            at_most: As above.
        """
        ratio = timings.ratio(ours, theirs) if at_most else timings.ratio(theirs, ours)
        return cls(
            aim=aim,
            what=what,
            beside=beside,
            ratio=ratio,
            wanted=wanted,
            at_most=at_most,
            ours=timings.middle(ours),
            theirs=timings.middle(theirs),
        )

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of the head."""
        low, middle, high = self.ratio.low, self.ratio.middle, self.ratio.high
        return (
            self.aim,
            self.what,
            self.beside,
            f"{_figure(middle)} ({_figure(low)} to {_figure(high)})",
            "" if self.wanted is None else f"{'≤' if self.at_most else '≥'} {self.wanted:g}",
            self.verdict,
            _UNITS[self.unit](self.ours),
            _UNITS[self.unit](self.theirs),
        )

    @property
    def verdict(self) -> str:
        """The verdict: met or missed."""
        if self.wanted is None:
            return ""
        reached = self.ratio.middle <= self.wanted if self.at_most else self.ratio.middle >= self.wanted
        return "met" if reached else "missed"


def markdown(rows: Iterable[Row]) -> str:
    """Write the table, its columns in line."""
    lines = [_HEAD, *(row.cells for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(_HEAD))]
    head, *body = (
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )
    return "\n".join((head, "|" + "|".join("-" * (width + 2) for width in widths) + "|", *body))


def machine() -> str:
    """Return the machine in one line: figures of two machines cannot be compared."""
    peers = ", ".join(f"{name} {version(name)}" for name in _PEERS)
    return (
        f"{platform.python_implementation()} {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{platform.system()} on {_processor()}, {os.cpu_count()} cores; {peers}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def _figure(number: float) -> str:
    return f"{number:.0f}" if number >= 20 else f"{number:.2f}"


def _time(seconds: float) -> str:
    for factor, unit in ((1e6, "µs"), (1e3, "ms")):
        if seconds * factor < 1000:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds:.3g} s"


def _memory(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


_UNITS = {"seconds": _time, "bytes": _memory}
