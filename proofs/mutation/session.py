"""The database in which cosmic-ray keeps its mutants and what became of each."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from proofs.mutation.mutant import Mutant, Position


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed by a test"
    AT_IMPORT = "killed at import"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Job(NamedTuple):
    """A mutant that is to be judged; `key` is the same in every session."""

    id: str
    module: str
    operator: str
    position: Position
    key: str


_JOBS = "SELECT job_id, module_path, operator_name, start_pos_row, start_pos_col, occurrence FROM mutation_specs"
_DONE = "SELECT count(*) FROM work_results WHERE worker_outcome <> 'SKIPPED'"
_RESULTS = (
    "SELECT module_path, definition_name, diff, test_outcome, output"
    " FROM work_results JOIN mutation_specs USING (job_id) WHERE worker_outcome <> 'SKIPPED'"
)


def jobs(session: Path) -> list[Job]:
    """Return what is to be judged, in an order that depends on the source alone."""
    with closing(sqlite3.connect(session)) as connection:
        rows = connection.execute(_JOBS).fetchall()
    found = [Job(id_, module, name, (row, col), f"{module} {name} {n}") for id_, module, name, row, col, n in rows]
    return sorted(found, key=lambda job: job.key)


def leave_out(session: Path, wanted: Collection[str]) -> None:
    """Have all others skipped; a mutant is named by its key."""
    others = [(job.id,) for job in jobs(session) if job.key not in wanted]
    with closing(sqlite3.connect(session)) as connection, connection:
        connection.executemany("INSERT INTO work_results (job_id, worker_outcome) VALUES (?, 'SKIPPED')", others)


def done(sessions: Iterable[Path]) -> int:
    """Count what has been judged."""
    total = 0
    for session in sessions:
        with closing(sqlite3.connect(session)) as connection:
            total += connection.execute(_DONE).fetchone()[0]
    return total


def results(session: Path) -> Iterator[tuple[Mutant, Fate]]:
    """Yield each mutant that has been judged, and its fate."""
    with closing(sqlite3.connect(session)) as connection:
        rows = connection.execute(_RESULTS).fetchall()
    for module, within, diff, outcome, output in rows:
        yield Mutant.read(module, within, diff), _fate(outcome, output)


def _fate(outcome: str, output: str) -> Fate:
    if outcome == "SURVIVED":
        return Fate.SURVIVED
    if outcome != "KILLED":
        raise RuntimeError(f"cosmic-ray could not judge a mutant: {outcome}: {output}")
    if output == "timeout":
        return Fate.TIMED_OUT
    return Fate.KILLED if " failed" in output.rstrip().rpartition("\n")[2] else Fate.AT_IMPORT
