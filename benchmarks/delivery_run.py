"""P5: the forenoon: 200 000 collected messages of 50 000 patients, sent by one, two and four workers.

Four messages on four days without a run wait for each patient, and go as one. The floor claims the oldest digests with
their messages, begins, and completes, in three transactions a batch with the same guarantees on the same tables: it
sends in the forenoon, no patient twice a day, nothing that was read or whose enrolment has ended, under a key that its
messages make. Its lines of the access log are the same. It reads of the states what it needs for that, and makes no
values.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from multiprocessing import get_context
from multiprocessing.connection import Connection
from operator import itemgetter
from secrets import token_hex
from time import perf_counter
from typing import Any

import orjson
import psycopg

from benchmarks.database import POLICY
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
    SELECT id FROM digests WHERE collected AND oldest_due_at <= %(now)s AND next_at <= %(now)s
    AND (lease_until IS NULL OR lease_until <= %(now)s) AND NOT begun AND lost = 0
    ORDER BY oldest_due_at, next_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) RETURNING id, told_on
"""
_PENDING = """
SELECT digest_id, id, enrolment_id, conversation, number FROM digest_notifications
WHERE status = 'pending' AND due_at <= %(now)s AND digest_id = ANY(%(digests)s) ORDER BY digest_id, id
"""
_STATES = "SELECT id, state FROM enrolments WHERE id = ANY(%s)"
_BEGIN = (
    "SELECT id FROM digests WHERE id = ANY(%(digests)s) AND token = %(token)s FOR UPDATE",
    "SELECT id FROM digest_notifications WHERE status = 'pending' AND id = ANY(%(ids)s) FOR UPDATE",
    """UPDATE digests SET batch_key = key, attempted_on = %(day)s, begun = true
       FROM unnest(%(digests)s::text[], %(keys)s::text[]) AS batch (digest_id, key) WHERE id = digest_id""",
    """UPDATE digest_notifications SET batch_key = key, attempts = attempts + 1
       FROM unnest(%(digests)s::text[], %(keys)s::text[]) AS batch (digest_id, key)
       WHERE digest_notifications.digest_id = batch.digest_id AND id = ANY(%(ids)s)""",
)
_COMPLETE = (
    "SELECT id FROM digests WHERE id = ANY(%(digests)s) AND token = %(token)s FOR UPDATE",
    """UPDATE digest_notifications SET status = 'delivered', settled_at = %(now)s
       WHERE status = 'pending' AND id = ANY(%(ids)s)""",
    """UPDATE digests SET told_on = %(day)s, batch_key = NULL, attempted_on = NULL, token = NULL, lease_until = NULL,
       begun = false, lost = 0, (next_at, oldest_due_at) = (
           SELECT min(due_at), min(due_at) FROM digest_notifications
           WHERE digest_id = digests.id AND status = 'pending'
       ) WHERE id = ANY(%(digests)s)""",
)
_LOG = """
INSERT INTO access_log ("at", "by", unit, action, activity, enrolment_id, person_scheme, person_value, granted)
SELECT %(now)s, 'system', unit, 'deliver', 'Skriva', id, person_scheme, person_value, true
FROM enrolments WHERE id = ANY(%(enrolments)s)
"""


class Everybody:
    """An inbox that takes everything at once: what is measured is the worker."""

    def reach(self, person: object) -> Reachability:  # noqa: ARG002 - the port's own signature
        """Reach everybody."""
        return Reachability(reachable=True)

    def deliver(self, notice: Notice) -> Delivered:  # noqa: ARG002 - as above
        """Accept a notice."""
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
    """Claim, begin and complete until nothing is left.

    Raises:
        RuntimeError: Something is not to be sent: this program does not go on with it.
    """
    settled, local = 0, NOW.astimezone(POLICY.zone)
    day = local.date().isoformat()
    if not POLICY.collected_at <= local.time() < POLICY.forenoon_ends:
        raise RuntimeError("it is not forenoon")
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        execute = connection.execute
        while True:
            values: dict[str, object] = {"token": token_hex(16), "now": NOW, "until": NOW + _LEASE, "limit": BATCH}
            values["day"] = day
            with connection.transaction():
                digests = execute(_CLAIM, values).fetchall()
                if not digests:
                    return settled
                values["digests"] = [row[0] for row in digests]
                pending = execute(_PENDING, values).fetchall()
            enrolments = {row[2] for row in pending}
            states = {id_: orjson.loads(state) for id_, state in execute(_STATES, (list(enrolments),))}
            if any(told_on is not None and told_on >= day for _, told_on in digests) or any(
                _is_obsolete(states[enrolment_id], *message) for _, _, enrolment_id, *message in pending
            ):
                raise RuntimeError("something is not to be sent")
            keys = {id_: _key(id_, [row[1] for row in rows]) for id_, rows in groupby(pending, key=itemgetter(0))}
            values |= {"digests": list(keys), "keys": list(keys.values()), "ids": [row[1] for row in pending]}
            values["enrolments"] = list(enrolments)
            for statements in (_BEGIN, (*_COMPLETE, _LOG)):
                with connection.transaction():
                    for statement in statements:
                        execute(statement, values)
            settled += len(pending)


def _is_obsolete(state: Mapping[str, Any], conversation: int, number: int) -> bool:
    """Return whether a message is read, or its patient has no access any more."""
    return (
        state.get("phase", "active") not in {"active", "maintenance"}
        or datetime.fromisoformat(state["access_until"]) <= NOW
        or state["conversations"][conversation - 1].get("read_by_patient", 0) >= number
    )


def _key(digest_id: str, ids: Sequence[str]) -> str:
    return f"{digest_id}.{sha256(' '.join(ids).encode()).hexdigest()[:32]}"
