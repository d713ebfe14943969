"""P3: a desk call on PostgreSQL beside raw psycopg and two ORMs, with one worker and several, and over a slow link.

What our calls send is recorded once, at the driver, on a copy of the database; the floor sends the very same from the
same number of processes. Recorded a second time with one statement a table, it is the way that most programs go. In the
end all these databases must hold the same rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter
from typing import Any
from unittest.mock import patch

import psycopg
from attrs import frozen
from psycopg.conninfo import conninfo_to_dict

from benchmarks.database import on_postgresql
from benchmarks.django_host import DjangoHost
from benchmarks.host_service import Host, calls_of
from benchmarks.measuring import Timings, interleaved
from benchmarks.servers import database, postgresql
from benchmarks.slow_link import round_trip, slow_link
from benchmarks.sqlalchemy_host import SqlalchemyHost
from benchmarks.table import Row
from digital_painschool.adapters.sql import migrate
from digital_painschool.adapters.sql.postgresql import PostgresqlDriver
from digital_painschool.adapters.sql.schema import METADATA

_PATIENTS = 50
"""Of each worker."""
_OURS = "ours"
_SAME = "raw psycopg, same statements"
_EACH = "raw psycopg, one statement a table"
_SQLALCHEMY, _DJANGO = "a service on SQLAlchemy's ORM", "a service on Django's ORM"
_WANTED = {_SAME: 0.8, _EACH: 1.3, _SQLALCHEMY: 3.0, _DJANGO: 3.0}
_WANTED_OVER_A_SLOW_LINK = 2.5

Call = list[tuple[bytes | str, Any]]
"""The statements of one call with their values."""


@frozen
class _Work:
    """The work of one worker.

    Args:
        urls: The database of each job.
        first: The number of its first patient.
        tapes: What the raw jobs send, call by call.
    """

    urls: Mapping[str, str]
    first: int
    tapes: Mapping[str, list[Call]]


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure forms saved and messages written in turn, by one, two and four workers."""
    number, rounds, crowds = (10, 1, (1, 2)) if quick else (150, 12, (1, 2, 4))
    with postgresql() as server, database(server) as template:
        migrate(template)
        with (place := on_postgresql(template, _PATIENTS * crowds[-1])).school:
            place.prepare()
        tapes = {_SAME: True, _EACH: False}
        recorded = {
            job: [_record(server, template, first, (rounds + 1) * number, far) for first in _firsts(crowds[-1])]
            for job, far in tapes.items()
        }
        for crowd in crowds:
            yield from _measure(server, template, recorded, crowd, number, rounds)
        yield from _over_a_slow_link(server, template, recorded, number, rounds)


def _firsts(crowd: int) -> range:
    return range(0, crowd * _PATIENTS, _PATIENTS)


def _record(server: str, template: str, first: int, number: int, far: bool) -> list[Call]:  # noqa: FBT001 - of a table
    tape: list[Call] = []
    execute = psycopg.Connection.execute

    def recorded(connection: Any, sql: Any, values: Any = None, **kwargs: Any) -> Any:
        if tape:
            tape[-1].append((sql, values))
        return execute(connection, sql, values, **kwargs)

    with (
        database(server, template) as url,
        patch.object(psycopg.Connection, "execute", recorded),
        patch.object(PostgresqlDriver, "prefers_single_round_trip", far),
        (place := on_postgresql(url, _PATIENTS, first)).school,
    ):
        for _ in range(number):
            tape.append([])
            place.call()
    return tape


def _measure(
    server: str, template: str, recorded: Mapping[str, list[list[Call]]], crowd: int, number: int, rounds: int
) -> Iterator[Row]:
    with ExitStack() as stack:
        urls = {job: stack.enter_context(database(server, template)) for job in (_OURS, *recorded)}
        hosts = {job: stack.enter_context(database(server)) for job in _HOSTS}
        for job, url in hosts.items():
            _HOSTS[job](url, create=True).close()
        timings = _timed(urls | hosts, recorded, crowd, number, rounds)
        _require_same_rows(urls)
    who = "one worker" if crowd == 1 else f"{crowd} workers"
    for peer, wanted in _WANTED.items():
        what = f"a desk call on PostgreSQL, {who}"
        yield Row.timed(timings, _OURS, peer, aim="P3", what=what, beside=peer, wanted=wanted)


def _over_a_slow_link(
    server: str, template: str, recorded: Mapping[str, list[list[Call]]], number: int, rounds: int
) -> Iterator[Row]:
    with ExitStack() as stack:
        urls = {job: stack.enter_context(database(server, template)) for job in (_OURS, *recorded)}
        slow = {job: stack.enter_context(slow_link(url)) for job, url in urls.items()}
        milliseconds = round_trip(slow[_OURS]) * 1000
        timings = _timed(slow, recorded, 1, number, rounds)
        _require_same_rows(urls)
    what = f"one worker, a round trip of {milliseconds:.2f} ms"
    for peer, wanted in ((_SAME, None), (_EACH, _WANTED_OVER_A_SLOW_LINK)):
        yield Row.timed(timings, _OURS, peer, aim="P3", what=what, beside=peer, wanted=wanted)


def _timed(
    urls: Mapping[str, str], recorded: Mapping[str, list[list[Call]]], crowd: int, number: int, rounds: int
) -> Timings:
    with ExitStack() as stack:
        works = [
            _Work(urls, first, {job: tapes[place] for job, tapes in recorded.items()})
            for place, first in enumerate(_firsts(crowd))
        ]
        ends = [stack.enter_context(_worker(work)) for work in works]
        timings = interleaved({job: partial(_crowd, ends, job, number) for job in urls}, rounds)
        for end in ends:
            end.send(None)
    return timings


def _crowd(ends: list[Connection], job: str, number: int) -> float:
    """Run a job in all workers at the same time, and return the seconds of one call."""
    began = perf_counter()
    for end in ends:
        end.send((job, number))
    for end in ends:
        end.recv()
    return (perf_counter() - began) / (number * len(ends))


def _worker(work: _Work) -> Connection:
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(there, work), daemon=True)
    process.start()
    here.recv()
    return here


def _serve(end: Connection, work: _Work) -> None:
    with ExitStack() as stack:
        jobs: dict[str, Callable[[], None]] = {}
        for job, url in work.urls.items():
            if job == _OURS:
                place = on_postgresql(url, _PATIENTS, work.first)
                stack.enter_context(place.school)
                jobs[job] = place.call
            elif job in _HOSTS:
                host = stack.enter_context(closing(_HOSTS[job](url, create=False)))
                jobs[job] = calls_of(host, _PATIENTS, work.first)
            else:
                connection = stack.enter_context(closing(psycopg.connect(url, autocommit=True)))
                jobs[job] = _played(connection, work.tapes[job])
        end.send("ready")
        while (asked := end.recv()) is not None:
            job, number = asked
            for _ in range(number):
                jobs[job]()
            end.send("done")


def _sqlalchemy(url: str, *, create: bool) -> Host:
    return SqlalchemyHost(url.replace("postgresql://", "postgresql+psycopg://"), create=create)


def _django(url: str, *, create: bool) -> Host:
    place = conninfo_to_dict(url)
    named = {"NAME": place["dbname"], "USER": place["user"], "HOST": place.get("host"), "PORT": place.get("port")}
    return DjangoHost({"ENGINE": "django.db.backends.postgresql", **named}, create=create)


_HOSTS = {_SQLALCHEMY: _sqlalchemy, _DJANGO: _django}


def _played(connection: psycopg.Connection, tape: list[Call]) -> Callable[[], None]:
    connection.execute("SET TIME ZONE 'UTC'")
    connection.cursor_factory = psycopg.RawCursor
    execute = connection.execute
    left = iter(tape)

    def call() -> None:
        for sql, values in next(left):
            cursor = execute(sql, values)
            if cursor.description is not None:
                cursor.fetchall()

    return call


def _require_same_rows(urls: Mapping[str, str]) -> None:
    found = {job: _digests(url) for job, url in urls.items()}
    if any(digests != found[_OURS] for digests in found.values()):
        raise RuntimeError("the floor did not do the same work: the rows of the databases differ")


def _digests(url: str) -> list[Any]:
    digests = []
    with psycopg.connect(url) as connection:
        for table in METADATA.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.c if column.name != "number")
            rows = f"SELECT md5(ROW({names})::text) AS row FROM {table.name}"  # noqa: S608 - names of our own tables
            found = connection.execute(f"SELECT md5(string_agg(row, '' ORDER BY row)) FROM ({rows}) rows".encode())  # noqa: S608
            digests.append((table.name, found.fetchone()))
    return digests
