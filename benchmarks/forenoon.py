"""P5: the forenoon: 200 000 due notifications of 50 000 patients, handed over by one, two and four workers.

Four messages on four days without a pass wait for each patient, and go as one. The floor claims whole lanes and settles
them with the same leases, in two transactions a batch, and looks at the states without reading them.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from itertools import groupby
from multiprocessing import get_context
from multiprocessing.connection import Connection
from secrets import token_hex
from time import perf_counter

import psycopg

from benchmarks.lives import NOW, school_on
from benchmarks.measuring import Job, interleaved
from benchmarks.region import Size, load
from benchmarks.servers import database, postgresql
from benchmarks.table import Row
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.ports.inbox import Delivered, Notice, Reach

BATCH = 1000
_LEASE = timedelta(minutes=15)
_OURS, _RAW = "ours", "raw claim and settle"

_FRONT = """
SELECT lane FROM notifications WHERE status = 'pending' AND due_at <= %(now)s
AND (held_until IS NULL OR held_until <= %(now)s) AND NOT EXISTS (
    SELECT 1 FROM notifications held WHERE held.status = 'pending' AND held.lane = notifications.lane
    AND held.held_until > %(now)s
) ORDER BY due_at, id LIMIT %(limit)s
"""
_TAKE = """
UPDATE notifications SET token = %(token)s, held_until = %(until)s, attempts = attempts + 1, slot = id
WHERE status = 'pending' AND due_at <= %(now)s AND lane = ANY(%(lanes)s) RETURNING lane, due_at, id
"""
_CAUSES = """
SELECT notification_id, enrolment_id, seq, conversation, message FROM notification_causes
WHERE notification_id = ANY(%s)
"""
_STATES = "SELECT id, state_shape, state FROM enrolments WHERE id = ANY(%s)"
_SETTLE = """
UPDATE notifications SET status = %s, settled_at = %s, token = NULL, held_until = NULL
WHERE id = ANY(%s) AND status = 'pending' AND token = %s
"""


class Everybody:
    """An inbox that takes everything at once: what is measured is the worker."""

    def reach(self, person: object) -> Reach:  # noqa: ARG002 - the port's own signature
        """Reach everybody."""
        return Reach(reachable=True)

    def deliver(self, notice: Notice) -> Delivered:  # noqa: ARG002 - as above
        """Take it."""
        return Delivered.NEW

    def forget(self, keys: Iterable[str]) -> int:  # noqa: ARG002 - as above
        """Forget nothing, as nothing is kept."""
        return 0


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure whole forenoons, each on a database of its own."""
    patients, rounds, crowds = (20, 1, (1, 2)) if quick else (50_000, 3, (1, 2, 4))
    with postgresql() as server, database(server) as template:
        load(template, Size.of(patients, ["neglected"]))
        for crowd in crowds:
            yield from _measure(server, template, crowd, patients * 4, rounds)


def _measure(server: str, template: str, crowd: int, due: int, rounds: int) -> Iterator[Row]:
    jobs = {name: _forenoon(server, template, job, crowd, due) for name, job in ((_OURS, ours), (_RAW, raw))}
    timings = interleaved(jobs, rounds)
    who = "one worker" if crowd == 1 else f"{crowd} workers"
    yield Row.timed(
        timings,
        _OURS,
        _RAW,
        aim="P5",
        what=f"{due:,} due notifications, {who}",
        beside=_RAW,
        wanted=0.8,
    )


def _forenoon(server: str, template: str, job: Callable[[str], int], crowd: int, due: int) -> Job:
    def timed() -> float:
        with database(server, template) as url, ExitStack() as stack:
            context = get_context("spawn")
            ends = []
            for _ in range(crowd):
                here, there = context.Pipe()
                process = context.Process(target=_serve, args=(there, job, url), daemon=True)
                process.start()
                stack.callback(process.join)
                ends.append(here)
            for end in ends:
                end.recv()
            began = perf_counter()
            for end in ends:
                end.send("go")
            settled = sum(end.recv() for end in ends)
            took = perf_counter() - began
            if settled != due:
                raise RuntimeError(f"{settled} of {due} were settled")
            return took

    return timed


def _serve(end: Connection, job: Callable[[str], int], url: str) -> None:
    end.send("ready")
    end.recv()
    end.send(job(url))


def ours(url: str) -> int:
    """Make one pass, by a clock that goes on: no two patients are told at the same instant."""
    began = perf_counter()
    with school_on(
        SqlStorage(url), lambda: NOW + timedelta(seconds=perf_counter() - began), inbox=Everybody()
    ) as school:
        done = school.delivery(batch=BATCH).run()
    return done.delivered + done.merged


def raw(url: str) -> int:
    """Claim and settle until nothing is left."""
    settled = 0
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        execute = connection.execute
        while True:
            token = token_hex(16)
            with connection.transaction():
                execute("SELECT pg_advisory_xact_lock(7031)")
                lanes = [row[0] for row in execute(_FRONT, {"now": NOW, "limit": BATCH}).fetchall()]
                if not lanes:
                    return settled
                lanes = sorted(set(lanes))[: BATCH // 4]
                values = {"token": token, "now": NOW, "until": NOW + _LEASE, "lanes": lanes}
                taken = sorted(execute(_TAKE, values).fetchall())
            causes = execute(_CAUSES, ([row[2] for row in taken],)).fetchall()
            execute(_STATES, (sorted({row[1] for row in causes}),)).fetchall()
            by_lane = [[row[2] for row in rows] for _, rows in groupby(taken, key=lambda row: row[0])]
            newest = [ids[-1] for ids in by_lane]
            older = [id_ for ids in by_lane for id_ in ids[:-1]]
            with connection.transaction():
                for status, ids in (("delivered", newest), ("merged", older)):
                    settled += execute(_SETTLE, (status, NOW, ids, token)).rowcount
