"""P6 and P8: what a data administrator does with 100 000 ended enrolments: export, and purge.

The floor of the purge deletes the same rows with the fewest statements, in one transaction, foreign keys on. The floor
of the export is the csv module that writes rows which are ready.
"""

import csv
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import psycopg
from attrs import frozen

from benchmarks.delivery_run import Everybody
from benchmarks.measuring import Job, Ratio, interleaved
from benchmarks.region import Size, enrolment_id, load, unit
from benchmarks.sample_data import NOW, school_on
from benchmarks.servers import database, postgresql
from benchmarks.table import Row
from digital_painschool import Actor, Role
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.application.administrator import AdministratorDesk
from digital_painschool.application.export import Format

_OFFICE = Actor(hsa_id="SE2321000131-P000000009999", unit=unit(0), roles={Role.DATA_ADMINISTRATOR})
_OURS, _RAW = "ours", "raw"
_NEW = get_context("forkserver")
"""A new process for each measurement, with the libraries loaded: all have the same memory to begin with."""
_NEW.set_forkserver_preload(["benchmarks.retention"])
_READY = 20_000
"""So many rows are ready at a time, and written again and again: all of them would not be constant memory."""

_DELETE = (
    "CREATE TEMP TABLE gone AS SELECT DISTINCT digest_id FROM digest_notifications WHERE enrolment_id <= '{last}'",
    "DELETE FROM digest_notifications WHERE enrolment_id <= '{last}'",
    "DELETE FROM digests WHERE id IN (SELECT digest_id FROM gone)",
    "DELETE FROM documents WHERE enrolment_id <= '{last}'",
    "DELETE FROM timeline WHERE enrolment_id <= '{last}'",
    "DELETE FROM enrolments WHERE id <= '{last}'",
)
"""Ranges of ids, as the best raw deletion goes."""


@frozen
class Archive:
    """A database with so many ended enrolments of one unit, exported already; each measurement takes a copy."""

    url: str
    enrolments: int
    server: str = ""

    @property
    def kind(self) -> str:
        """The name of the database for people."""
        return "PostgreSQL" if self.server else "SQLite"

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Yield the URL of a copy, which is gone afterwards."""
        if self.server:
            with database(self.server, self.url) as url:
                yield url
            return
        with TemporaryDirectory(prefix="painschool-benchmark-") as folder:
            copyfile(_file(self.url), Path(folder) / "copy.db")
            yield f"sqlite:///{folder}/copy.db"


def purging(*, quick: bool) -> Iterable[Row]:
    """Measure purges, each on a copy of its own, and the memory that a tenth and all of them take."""
    rounds = 1 if quick else 3
    for archive, tenth in _archives(quick=quick):
        jobs = {name: _timed(archive, job) for name, job in ((_OURS, purge), (_RAW, delete))}
        timings = interleaved(jobs, rounds)
        yield Row.timed(
            timings,
            _OURS,
            _RAW,
            aim="P6",
            what=f"{archive.kind}: {archive.enrolments:,} enrolments purged",
            beside="raw deletion in one transaction",
            wanted=0.7,
        )
        yield _memory("P6", "purged", archive, tenth, purge)


def exporting(*, quick: bool) -> Iterable[Row]:
    """Measure exports as CSV, and the memory that a tenth and all of them take."""
    rounds = 1 if quick else 3
    for archive, tenth in _archives(quick=quick):
        with archive.copy() as url, TemporaryDirectory(prefix="painschool-benchmark-") as folder:
            lines = _lines(url, Path(folder))
            ready = _ready(Path(folder), lines)
            jobs: dict[str, Job] = {_OURS: _timed(archive, export), _RAW: partial(_write, ready, lines, Path(folder))}
            timings = interleaved(jobs, rounds)
        yield Row.timed(
            timings,
            _OURS,
            _RAW,
            aim="P8",
            what=f"{archive.kind}: {lines:,} answers exported as CSV",
            beside="csv module, rows ready",
            wanted=0.5,
        )
        yield _memory("P8", "exported", archive, tenth, export)


def _archives(*, quick: bool) -> Iterator[tuple[Archive, Archive]]:
    """Yield an archive and one of a tenth, on each database."""
    sizes = (30, 10) if quick else (100_000, 10_000)
    with TemporaryDirectory(prefix="painschool-benchmark-") as folder:
        yield _loaded(f"sqlite:///{folder}/all.db", sizes[0]), _loaded(f"sqlite:///{folder}/tenth.db", sizes[1])
    with postgresql() as server, database(server) as url, database(server) as tenth:
        yield _loaded(url, sizes[0], server), _loaded(tenth, sizes[1], server)


def _loaded(url: str, enrolments: int, server: str = "") -> Archive:
    size = Size(enrolments=enrolments, therapists=max(1, enrolments // 100), units=1, lives=["long ended"])
    load(url, size)
    with _connected(url) as connection:
        connection.execute("UPDATE enrolments SET exported_version = version")
    return Archive(url, enrolments, server)


def _file(url: str) -> str:
    return url.removeprefix("sqlite:///")


@contextmanager
def _connected(url: str) -> Iterator[Any]:
    if not url.startswith("sqlite"):
        with psycopg.connect(url) as connection:
            yield connection
        return
    with closing(sqlite3.connect(_file(url))) as file, file:
        file.execute("PRAGMA foreign_keys = ON")
        file.execute("PRAGMA secure_delete = ON")
        file.execute("PRAGMA synchronous = FULL")
        yield file


Task = Callable[[str, int], float]
"""Does its work on a database with so many enrolments, and gives the seconds."""


def purge(url: str, enrolments: int) -> float:
    """Purge all, on an approved plan."""
    with _office(url) as office:
        plan = office.plan_purge()
        office.approve(plan.id, decision="RS 2026-1")
        began = perf_counter()
        receipt = office.purge(plan.id)
        took = perf_counter() - began
    if len(receipt.purged) != enrolments:
        raise RuntimeError(f"{len(receipt.purged)} of {enrolments} were purged")
    return took


def delete(url: str, enrolments: int) -> float:
    """Delete all, with the fewest statements."""
    began = perf_counter()
    with _connected(url) as connection:
        for statement in _DELETE:
            connection.execute(statement.format(last=enrolment_id(enrolments)))
    took = perf_counter() - began
    with _connected(url) as connection:
        if connection.execute("SELECT count(*) FROM timeline").fetchone()[0]:
            raise RuntimeError("something was left")
    return took


def export(url: str, enrolments: int) -> float:
    """Export all as CSV."""
    with _office(url) as office, TemporaryDirectory(prefix="painschool-benchmark-") as folder:
        began = perf_counter()
        receipt = office.export(Path(folder) / "export", formats=[Format.CSV])
        took = perf_counter() - began
    if receipt.enrolments != enrolments:
        raise RuntimeError(f"{receipt.enrolments} of {enrolments} were exported")
    return took


@contextmanager
def _office(url: str) -> Iterator[AdministratorDesk]:
    with school_on(SqlStorage(url), lambda: NOW, inbox=Everybody()) as school:
        yield school.administrator(_OFFICE)


def _timed(archive: Archive, task: Task) -> Job:
    return lambda: _alone(archive, task)[0]


def _alone(archive: Archive, task: Task) -> tuple[float, int]:
    """Run a task in a new process, and return the seconds and the most memory that it took, in bytes."""
    with archive.copy() as url, _NEW.Pool(1) as pool:
        return pool.apply(_with_memory, (task, url, archive.enrolments))


def _with_memory(task: Task, url: str, enrolments: int) -> tuple[float, int]:
    took = task(url, enrolments)
    # Not `getrusage`, whose figure a process takes over from the one that started it.
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return took, 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def _memory(aim: str, done: str, archive: Archive, tenth: Archive, task: Task) -> Row:
    ours, its = (_alone(of, task)[1] for of in (archive, tenth))
    return Row(
        aim=aim,
        what=f"{archive.kind}: {archive.enrolments:,} {done}, memory",
        beside=f"{tenth.enrolments:,} {done}",
        ratio=Ratio(ours / its, ours / its, ours / its),
        wanted=1.2,
        at_most=True,
        ours=ours,
        theirs=its,
        unit="bytes",
    )


def _lines(url: str, folder: Path) -> int:
    with _office(url) as office:
        files = {file.name: file for file in office.export(folder, formats=[Format.CSV]).files}
    lines: int = files["answers.csv"].lines
    return lines


def _ready(folder: Path, lines: int) -> list[list[str]]:
    with (folder / "answers.csv").open(encoding="utf-8", newline="") as file:
        return list(islice(csv.reader(file), 1, 1 + min(lines, _READY)))


def _write(rows: list[list[str]], lines: int, folder: Path) -> float:
    began = perf_counter()
    with (folder / "raw.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        for start in range(0, lines, len(rows)):
            writer.writerows(rows[: lines - start])
    return perf_counter() - began
