"""P4: a page of "Mina" with flags and counts in regions of two sizes, beside the raw query for it."""

import random
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from benchmarks.measuring import Timings, calls, interleaved
from benchmarks.region import Size, load, therapist, unit
from benchmarks.sample_data import NOW, school_on
from benchmarks.servers import database, postgresql
from benchmarks.table import Row
from digital_painschool import Actor, Role
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import CaseQuery

_PAGE = 50
_COLUMNS = (
    "id, person_scheme, person_value, therapist, program, program_version, phase, started_at, access_until, "
    "reviewed_at, last_seen_at, unread_forms, unread_messages, done, undelivered, priority"
)
_LIST = f"""
SELECT {_COLUMNS} FROM enrolments WHERE ended_at IS NULL AND unit = %s AND therapist = %s
ORDER BY CASE WHEN priority THEN 0 WHEN unread_forms > 0 OR unread_messages > 0 OR done OR undelivered > 0
OR access_until <= %s THEN 1 ELSE 2 END, id LIMIT {_PAGE}
"""  # noqa: S608 - columns of our own
_LOG = (
    "INSERT INTO access_log (at, by, unit, action, activity, enrolment_id, person_scheme, person_value, granted)"
    " VALUES (%s, %s, %s, 'list own patients', 'read', %s, %s, %s, true)"
)


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure the page on SQLite and PostgreSQL, each with a small region and a large one."""
    sizes = (200, 400) if quick else (10_000, 1_000_000)
    number, rounds = (2, 1) if quick else (100, 21)
    with TemporaryDirectory(prefix="painschool-benchmark-") as folder, postgresql() as server, ExitStack() as stack:
        for kind in ("SQLite", "PostgreSQL"):
            urls = {}
            for size in sizes:
                file = Path(folder) / f"{size}.db"
                urls[size] = f"sqlite:///{file}" if kind == "SQLite" else stack.enter_context(database(server))
                load(urls[size], Size.of(size))
            yield from measure_on(kind, urls, number, rounds)


def measure_on(kind: str, urls: dict[int, str], number: int, rounds: int) -> Iterator[Row]:
    """Measure the page on regions that are loaded already, by their size."""
    with ExitStack() as stack:
        jobs: dict[str, Callable[[], object]] = {}
        for size, url in urls.items():
            storage = SqlStorage(url)
            stack.enter_context(closing(storage))
            raw = stack.enter_context(closing(_Raw(url)))
            whose = _therapists(Size.of(size))
            jobs[f"query {size}"] = _query(storage, whose)
            jobs[f"raw query {size}"] = _raw_query(raw, whose)
            jobs[f"page {size}"] = _page(storage, whose)
            jobs[f"raw page {size}"] = _raw_page(raw, whose)
        timings = interleaved({name: calls(job, number) for name, job in jobs.items()}, rounds)
    small, large = urls
    for what in ("query", "page"):
        logged = ", logged" if what == "page" else ""
        yield _row(f"{kind}: fifty patients of {large:,} enrolments{logged}", f"raw {what}", timings, what, large)
        yield Row.timed(
            timings,
            f"{what} {large}",
            f"{what} {small}",
            aim="P4",
            what=f"{kind}: {large:,} enrolments, the {what}",
            beside=f"{small:,} enrolments",
            wanted=2,
            at_most=True,
        )


def _row(title: str, beside: str, timings: Timings, what: str, size: int) -> Row:
    ours, raw = f"{what} {size}", f"raw {what} {size}"
    return Row.timed(
        timings,
        ours,
        raw,
        aim="P4",
        what=title,
        beside=beside,
        wanted=1.5,
        at_most=True,
    )


Whose = tuple[HsaId, HsaId]


def _therapists(size: Size) -> list[Whose]:
    chosen = random.Random(4).sample(range(size.therapists), min(size.therapists, 1000))
    return [(HsaId(unit(number % size.units)), HsaId(therapist(number))) for number in chosen]


def _query(storage: SqlStorage, whose: list[Whose]) -> Callable[[], object]:
    asked = cycle(CaseQuery(unit=where, therapist=who, now=NOW, limit=_PAGE) for where, who in whose)
    return lambda: storage.list_caseload(next(asked))


def _page(storage: SqlStorage, whose: list[Whose]) -> Callable[[], object]:
    school = school_on(storage, lambda: NOW)
    desks = cycle([school.therapist(Actor(hsa_id=who, unit=at, roles={Role.THERAPIST})) for at, who in whose])
    return lambda: next(desks).caseload(limit=_PAGE)


class _Raw:
    """A raw connection to either database."""

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        if scheme == "sqlite":
            self._connection: Any = sqlite3.connect(rest.removeprefix("/"), isolation_level=None)
            self._connection.execute("PRAGMA synchronous=FULL")
            self._mark = "?"
        else:
            self._connection = psycopg.connect(url, autocommit=True)
            self._mark = "%s"
        self._now: Any = NOW if scheme != "sqlite" else NOW.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def close(self) -> None:
        """Close it."""
        self._connection.close()

    def page(self, whose: Whose) -> list[Any]:
        """Return the rows of a page."""
        values = (str(whose[0]), str(whose[1]), self._now)
        rows: list[Any] = self._connection.execute(_LIST.replace("%s", self._mark), values).fetchall()
        return rows

    def log(self, whose: Whose, rows: list[Any]) -> None:
        """Write the lines of the access log for them."""
        lines = [(self._now, str(whose[1]), str(whose[0]), *row[:3]) for row in rows]
        cursor = self._connection.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(_LOG.replace("%s", self._mark), lines)
        cursor.execute("COMMIT")
        cursor.close()


def _raw_query(raw: _Raw, whose: list[Whose]) -> Callable[[], object]:
    asked = cycle(whose)
    return lambda: raw.page(next(asked))


def _raw_page(raw: _Raw, whose: list[Whose]) -> Callable[[], object]:
    asked = cycle(whose)

    def page() -> None:
        one = next(asked)
        raw.log(one, raw.page(one))

    return page
