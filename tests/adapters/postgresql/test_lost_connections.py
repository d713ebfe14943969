"""What a call says, and leaves, whose connection to PostgreSQL is lost; and that the next call works."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import count
from typing import Any

import psycopg
import pytest
from attrs import frozen
from sqlalchemy import func, select

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import OutcomeUnknown, StorageError
from digital_painschool.ports.storage import find_cancellable, load_enrolment, load_histories
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    RUN,
    begin,
    begun,
    converse,
    finish,
    result,
    saved,
    sending,
    write,
)
from digital_painschool.testing.contracts.purges import IDS, LOGGED, all_over, kept_plan
from digital_painschool.testing.people import UNIT
from tests.databases import execute, own_server, until

_DIE = select(func.pg_terminate_backend(func.pg_backend_pid()))
"""Ends the connection that it is run on, as an operator or a restart would."""


def test_a_connection_that_the_server_closed_is_replaced(postgresql_url: str) -> None:
    """Otherwise a restart of the server would fail the next step of every worker."""
    with closing(SqlStorage(postgresql_url)) as storage:
        storage.save(begin())
        execute(
            postgresql_url,
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        loaded = load_enrolment(storage, EnrolmentId("enrolment-1"))
        assert None is not loaded


@pytest.mark.parametrize("snapshot", [False, True])
def test_a_read_whose_connection_is_lost_is_done_again(postgresql_url: str, snapshot: bool) -> None:
    """Otherwise a restart of the server would fail what is being read."""
    tried: list[Connection] = []

    def work(connection: Connection) -> int:
        tried.append(connection)
        if len(tried) == 1:
            connection.fetch_all(_DIE, {})
        return len(tried)

    with closing(SqlStorage(postgresql_url)) as storage:
        assert 2 == storage._database.read(work, snapshot=snapshot)
        assert tried[0] is not tried[1]
        assert (1, [tried[1]]) == (storage._database.pool.open_count, storage._database.pool.idle)


@pytest.mark.parametrize("autocommit", [False, True])
def test_a_write_whose_connection_is_lost_is_not_done_again(postgresql_url: str, autocommit: bool) -> None:
    """Otherwise a write could be made twice: nobody knows whether the first was kept."""
    tried: list[Connection] = []

    def work(connection: Connection) -> None:
        tried.append(connection)
        connection.fetch_all(_DIE, {})

    with closing(SqlStorage(postgresql_url)) as storage:
        with pytest.raises((OutcomeUnknown, StorageError)) as caught:
            storage._database.write(work, autocommit=autocommit)
        # What is told to be kept only at the end is certainly not kept.
        assert autocommit == isinstance(caught.value, OutcomeUnknown)
        assert 1 == len(tried)
        assert (0, []) == (storage._database.pool.open_count, storage._database.pool.idle)
        storage.save(begin())


@frozen
class Step:
    """A call of several statements: what it needs, what it does, and what must then hold."""

    prepare: Callable[[SqlStorage], Any]
    act: Callable[[SqlStorage, Any], object]
    one_statement: bool = False
    """It is one statement, which is kept when it is done; the others are kept by the COMMIT after them."""


def _with_letter(storage: SqlStorage) -> Any:
    return saved(storage, converse(saved(storage, begin()), notify=Notify.COLLECTED, at=MORNING))


def _to_end(storage: SqlStorage) -> Any:
    e = _with_letter(storage)
    return finish(e, at=MORNING + HOUR, pending=find_cancellable(storage, e.id))


def _claimed(storage: SqlStorage) -> Any:
    _with_letter(storage)
    [claim] = storage.claim(RUN, 10, HOUR)
    return claim


def _begun(storage: SqlStorage) -> Any:
    _with_letter(storage)
    [sent] = begun(storage, RUN)
    return sent


def _to_purge(storage: SqlStorage) -> Any:
    all_over(storage)
    return kept_plan(storage)


STEPS = {
    "a step": Step(lambda s: write(_with_letter(s), at=RUN), lambda s, change: s.save(change), one_statement=True),
    "a long step": Step(_to_end, lambda s, change: s.save(change)),
    "a claim": Step(_with_letter, lambda s, _: s.claim(RUN, 10, HOUR)),
    "a batch": Step(_claimed, lambda s, claim: s.begin([(claim, sending(claim, now=RUN))])),
    "a result": Step(_begun, lambda s, sent: s.complete([result(*sent, at=RUN)], {sent[0].digest.id: [LOGGED]})),
    "a purge": Step(_to_purge, lambda s, plan: s.purge(plan.id, plan.enrolments, ())),
}


@pytest.fixture(params=STEPS)
def step(request: pytest.FixtureRequest) -> Step:
    """Each kind of writing call in turn."""
    found: Step = STEPS[request.param]
    return found


def everything(url: str) -> dict[str, list[Any]]:
    """Return all rows of all tables."""
    return {
        table: execute(url, f"SELECT t.* FROM {table} t ORDER BY t::text")  # noqa: S608 - names of our own tables
        for table in METADATA.tables
    }


def before(storage: SqlStorage, when: int | str, do: Callable[[psycopg.Connection], object]) -> list[str]:
    """Do something to the storage's one idle connection before a statement, given by number or text.

    Gives the list of the statements, which grows as they are run.
    """
    [connection] = storage._database.pool.idle
    run: Callable[..., Any] = connection._execute  # type: ignore[attr-defined]
    seen: list[str] = []

    def run_watched(statement: str, *values: Any) -> Any:
        if when in (len(seen), statement):
            do(connection._connection)  # type: ignore[attr-defined]
        seen.append(statement)
        return run(statement, *values)

    connection._execute = run_watched  # type: ignore[attr-defined]
    return seen


def end(url: str, connection: psycopg.Connection) -> None:
    """End a connection, as an operator does."""
    ended = execute(url, "SELECT pg_terminate_backend(%s, 10000)", (connection.info.backend_pid,))
    assert [(True,)] == ended


def go_deaf(connection: psycopg.Connection) -> None:
    """Hear nothing any more on a connection; what is said still arrives at the server."""
    with socket.socket(fileno=os.dup(connection.fileno())) as it:
        it.shutdown(socket.SHUT_RD)


def test_a_write_that_loses_its_connection_leaves_nothing_and_the_next_call_works(
    postgresql_url: str, step: Step
) -> None:
    """Otherwise a lost connection would leave half a step, or a worker that goes on failing."""
    with closing(SqlStorage(postgresql_url)) as storage:
        given = step.prepare(storage)
        there = everything(postgresql_url)
        for number in count():
            seen = before(storage, number, partial(end, postgresql_url))
            failed: OutcomeUnknown | StorageError | None = None
            try:
                step.act(storage, given)
            except (OutcomeUnknown, StorageError) as error:
                failed = error
            # A claim looks again at what it has got when that is kept; to look can be done again.
            if number >= len(seen) or (failed is None and "COMMIT" in seen):
                break
            at_the_end = step.one_statement or seen[-2:] == ["COMMIT", "ROLLBACK"]
            assert failed is not None
            assert at_the_end == isinstance(failed, OutcomeUnknown)
            assert there == everything(postgresql_url)
            assert (0, []) == (storage._database.pool.open_count, storage._database.pool.idle)
            load_enrolment(storage, EnrolmentId("the next call"))
        assert None is failed
        assert number >= (1 if step.one_statement else 4)
        assert there != everything(postgresql_url)


def test_a_read_that_loses_its_connection_reads_again(postgresql_url: str) -> None:
    """Otherwise an export would fail whenever the server is restarted, or mix what was read before and after."""
    with closing(SqlStorage(postgresql_url)) as storage:
        all_over(storage)
        expected = load_histories(storage, UNIT, IDS)
        for number in count():
            seen = before(storage, number, partial(end, postgresql_url))
            assert expected == load_histories(storage, UNIT, IDS)
            if number >= len(seen):
                break
        assert number == len(["the states", "the timelines"])


def test_a_write_whose_answer_is_lost_says_that_nobody_knows(postgresql_url: str, step: Step) -> None:
    """Otherwise a host would say that nothing is kept, and the patient would write it again."""
    with closing(SqlStorage(postgresql_url)) as storage:
        given = step.prepare(storage)
        there = everything(postgresql_url)
        before(storage, 0 if step.one_statement else "COMMIT", go_deaf)
        with pytest.raises(OutcomeUnknown, match="kept whole, or not at all: load again and decide again"):
            step.act(storage, given)
        until(lambda: there != everything(postgresql_url))


@pytest.fixture
def server() -> Iterator[Any]:
    """A PostgreSQL server that a test may stop."""
    with own_server() as server:
        yield server


def test_a_storage_outlives_a_restart_of_the_server(server: Any) -> None:
    """Otherwise each restart of the server would want a restart of every portal and every worker."""

    def restart(_: object) -> None:
        server.stop()
        server.ensure_postgres_running()

    with closing(SqlStorage(server.get_uri(), migrate=True)) as storage:
        e = saved(storage, begin())
        before(storage, 0, restart)
        assert e == load_enrolment(storage, e.id)
        before(storage, 1, restart)
        with pytest.raises(StorageError) as caught:
            storage.claim(RUN, 10, HOUR)
        assert not isinstance(caught.value, OutcomeUnknown)
        server.stop()
        with pytest.raises(StorageError, match="cannot be reached"):
            load_enrolment(storage, e.id)
        with pytest.raises(StorageError, match="cannot be reached"):
            storage.save(converse(e, at=RUN))
        server.ensure_postgres_running()
        after = saved(storage, converse(e, at=RUN))
        assert after == load_enrolment(storage, e.id)
