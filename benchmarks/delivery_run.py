"""P5: the forenoon: 200 000 collected messages of 50 000 patients, sent by one, two and four workers.

Four messages on four days without a run wait for each patient, and go as one. The floor claims digests with their
messages, begins, and completes, in three transactions a batch with the same guarantees on the same tables; it fetches
the states without reading them, and writes the same lines of the access log.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from secrets import token_hex
from time import perf_counter

import psycopg

from benchmarks.measuring import Job, interleaved
from benchmarks.region import Size, load
from benchmarks.sample_data import NOW, school_on
from benchmarks.servers import database, postgresql
from benchmarks.table import Row
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.ports.inbox import Delivered, Notice, Reachability

BATCH = 1000
_LEASE = timedelta(minutes=15)
_OURS, _RAW = "ours", "raw claim, begin and complete"

_CLAIM = """
UPDATE digests SET token = %(token)s, lease_until = %(until)s, begun = false WHERE id IN (
    SELECT id FROM digests WHERE next_at <= %(now)s AND (lease_until IS NULL OR lease_until <= %(now)s)
    AND NOT begun AND lost = 0 ORDER BY next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id, unit, recipient_scheme, recipient_value
"""
_PENDING = """
SELECT digest_id, id, enrolment_id, due_at FROM digest_notifications
WHERE status = 'pending' AND digest_id = ANY(%s) ORDER BY digest_id, due_at, id
"""
_STATES = "SELECT id, state_shape, state FROM enrolments WHERE id = ANY(%s)"
_BEGIN = (
    "SELECT id FROM digests WHERE id = ANY(%(digests)s) AND token = %(token)s FOR UPDATE",
    "SELECT id FROM digest_notifications WHERE status = 'pending' AND id = ANY(%(ids)s) FOR UPDATE",
    "UPDATE digests SET batch_key = id || '.raw', attempted_on = %(day)s, begun = true WHERE id = ANY(%(digests)s)",
    """UPDATE digest_notifications SET batch_key = digest_id || '.raw', attempts = attempts + 1
       WHERE id = ANY(%(ids)s)""",
)
_COMPLETE = (
    "SELECT id FROM digests WHERE id = ANY(%(digests)s) AND token = %(token)s FOR UPDATE",
    """UPDATE digest_notifications SET status = 'delivered', settled_at = %(now)s
       WHERE status = 'pending' AND id = ANY(%(ids)s)""",
    """UPDATE digests SET told_on = %(day)s, batch_key = NULL, attempted_on = NULL, token = NULL, lease_until = NULL,
       begun = false, lost = 0, next_at = (
           SELECT min(due_at) FROM digest_notifications WHERE digest_id = digests.id AND status = 'pending'
       ) WHERE id = ANY(%(digests)s)""",
)
_LOG = """
INSERT INTO access_log ("at", "by", unit, action, activity, enrolment_id, person_scheme, person_value, granted)
SELECT %(now)s, 'system', d.unit, 'deliver', 'Skriva', e.id, e.person_scheme, e.person_value, true
FROM digests d JOIN enrolments e ON e.id = ANY(%(enrolments)s) AND e.person_value = d.recipient_value
WHERE d.id = ANY(%(digests)s)
"""


class Everybody:
    """An inbox that takes everything at once: what is measured is the worker."""

    def reach(self, person: object) -> Reachability:  # noqa: ARG002 - the port's own signature
        """Reach everybody."""
        return Reachability(reachable=True)

    def deliver(self, notice: Notice) -> Delivered:  # noqa: ARG002 - as above
        """Take it."""
        return Delivered.ACCEPTED

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
        gc.freeze()  # as `digital-painschool deliver` does
        gc.set_threshold(100_000)
        done = school.delivery(batch=BATCH).run()
    return done.delivered


def raw(url: str) -> int:
    """Claim, begin and complete until nothing is left."""
    settled = 0
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        execute = connection.execute
        while True:
            values: dict[str, object] = {"token": token_hex(16), "now": NOW, "until": NOW + _LEASE, "limit": BATCH}
            values["day"] = NOW.date().isoformat()
            with connection.transaction():
                digests = execute(_CLAIM, values).fetchall()
                if not digests:
                    return settled
                values["digests"] = [row[0] for row in digests]
                pending = execute(_PENDING, (values["digests"],)).fetchall()
            values["ids"] = [row[1] for row in pending]
            values["enrolments"] = sorted({row[2] for row in pending})
            execute(_STATES, (values["enrolments"],)).fetchall()
            for statements in (_BEGIN, (*_COMPLETE, _LOG)):
                with connection.transaction():
                    for statement in statements:
                        execute(statement, values)
            settled += len(pending)
