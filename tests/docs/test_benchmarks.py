"""The benchmarks run; what they measure is for people to read, and no test depends on it."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.servers import SERVER

ROOT = Path(__file__).parents[2]


EACH = {
    "P1": (12, 12),
    "P2": (10, 10),
    "P3": (10, 9),
    "P4": (100, 100),
    "P5": (2, 2),
    "P6": (4, 4),
    "P7": (4, 1),
    "P8": (4, 4),
}
"""How many comparisons each aim has, when it is measured quickly; and of how many it says what is wanted."""


ON_POSTGRESQL = {"P3", "P4", "P5", "P6", "P8"}


SHORT = {"P1", "P2"}
"""What is measured in a few seconds; the others run each night."""


@pytest.mark.search
@pytest.mark.parametrize("aim", [pytest.param(aim, marks=[pytest.mark.nightly] * (aim not in SHORT)) for aim in EACH])
def test_a_benchmark_runs_and_prints_a_row_for_everything_that_is_compared(
    aim: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise they would rot unseen until somebody asks why a version is slow."""
    if aim in ON_POSTGRESQL:
        monkeypatch.setenv(SERVER, request.getfixturevalue("postgresql_server"))
    file, plot = tmp_path / "table.md", tmp_path / "table.svg"
    command = [
        sys.executable,
        "-m",
        "benchmarks",
        "--quick",
        "--only",
        aim,
        "--markdown",
        str(file),
        "--svg",
        str(plot),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| P")]
    compared, wanted = EACH[aim]
    assert [aim] * compared == rows
    assert done.stdout == file.read_text("utf-8")
    assert wanted == plot.read_text("utf-8").count("<rect")


def test_an_aim_that_is_not_measured_is_refused_by_name() -> None:
    """Otherwise a misspelt aim would measure nothing and look like a success."""
    command = [sys.executable, "-m", "benchmarks", "--only", "p1,p99"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no aim p99; there are p1, p2, p3, p4, p5, p6, p7, p8" in done.stderr
