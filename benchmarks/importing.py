"""P7: what it costs to import the library, in a new process each time, beside what it stands on."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.measuring import Job, interleaved
from benchmarks.table import Row
from digital_painschool.adapters.sql import migrate

_BASE = "import attrs, cattrs, pluggy, dateutil.relativedelta"
_BASE_WITH_SQL = f"{_BASE}, sqlalchemy, orjson"
_BARE = "import digital_painschool"
_NAME = "from digital_painschool import open_school"
_MEMORY = f"{_NAME}; open_school('memory://')"
_WANTED = 1.3

_TIMED = """
from time import perf_counter
began = perf_counter()
{statement}
print(perf_counter() - began)
"""


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure the bare import, and what a host does: the names that it needs, and a school opened with them."""
    with TemporaryDirectory(prefix="painschool-benchmark-") as folder:
        url = f"sqlite:///{Path(folder) / 'school.db'}"
        migrate(url)
        sqlite = f"{_NAME}; open_school({url!r})"
        statements = (_BASE, _BASE_WITH_SQL, _BARE, _NAME, _MEMORY, sqlite)
        timings = interleaved({statement: _fresh(statement) for statement in statements}, 1 if quick else 31)
    for what, statement, beside, wanted in (
        (f"`{_BARE}`", _BARE, _BASE, _WANTED),
        (f"`{_NAME}`", _NAME, _BASE, None),
        ("the same, and a school in memory opened", _MEMORY, _BASE, None),
        ("the same, and a school on SQLite opened", sqlite, _BASE_WITH_SQL, None),
    ):
        yield Row.timed(
            timings,
            statement,
            beside,
            aim="P7",
            what=what,
            beside=f"`{beside}`",
            wanted=wanted,
            at_most=True,
        )


def _fresh(statement: str) -> Job:
    def timed() -> float:
        command = [sys.executable, "-I", "-c", _TIMED.format(statement=statement)]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603

    return timed
