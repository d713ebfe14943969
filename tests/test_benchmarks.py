"""The benchmarks run; what they measure is for people to read, and no test depends on it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_the_benchmarks_run_and_print_a_row_for_everything_that_is_compared(tmp_path: Path) -> None:
    """Otherwise they would rot unseen until somebody asks why a version is slow."""
    file = tmp_path / "table.md"
    command = [sys.executable, "-m", "benchmarks", "--quick", "--markdown", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    rows = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| P")]
    assert {"P1": 12, "P2": 6, "P7": 4} == {aim: rows.count(aim) for aim in sorted(set(rows))}
    assert done.stdout == file.read_text("utf-8")


def test_an_aim_that_is_not_measured_is_refused_by_name() -> None:
    """Otherwise a misspelt aim would measure nothing and look like a success."""
    command = [sys.executable, "-m", "benchmarks", "--only", "p1,p99"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no aim p99; there are p1, p2, p7" in done.stderr
