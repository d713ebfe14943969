"""Many threads and many processes on one database in SQL."""

import os
import signal
from collections.abc import Callable
from contextlib import closing
from multiprocessing import get_context
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import bindparam, literal_column, select, update

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.schema import enrolments
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.contracts.changes import MORNING, RUN, begin, converse, saved, write
from digital_painschool.testing.people import UNIT
from tests.adapters.sql.writers import start_of, waits
from tests.databases import until

SPAWN = get_context("spawn")


def test_more_threads_than_connections_wait_for_their_turn(url: str) -> None:
    """Otherwise a busy portal would be refused, or the server overrun."""
    with closing(SqlStorage(url, connections=2)) as storage:
        threads = [Thread(target=storage.save, args=[start_of(n)]) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 12 == len(storage.load_many([EnrolmentId(f"enrolment-{n}") for n in range(12)]))


def test_a_thread_that_waits_gets_what_is_given_back(one: SqlStorage) -> None:
    """Otherwise a thread that found no connection free would wait for ever, or open one beyond the limit."""
    one.save(begin())
    found: list[object] = []
    waiting = Thread(target=lambda: found.append(load_enrolment(one, EnrolmentId("enrolment-1"))))

    def while_read(connection: Connection) -> None:
        waiting.start()
        until(lambda: waits(waiting))
        assert [] == found

    one._database.read(while_read)
    waiting.join(60)
    assert [begin().enrolment] == found
    assert 1 == one._database.pool.open_count


def test_closing_refuses_who_waits_and_closes_what_is_in_use_afterwards(one: SqlStorage) -> None:
    """Otherwise closing would leave threads that wait for ever, and connections that nobody closes."""
    database = one._database
    refused: list[Exception] = []
    links: list[Connection] = []

    def load() -> None:
        try:
            load_enrolment(one, EnrolmentId("enrolment-1"))
        except StorageError as error:
            refused.append(error)

    waiting = Thread(target=load)

    def while_read(connection: Connection) -> None:
        links.append(connection)
        waiting.start()
        until(lambda: waits(waiting))
        one.close()
        assert 1 == connection.fetch_all(select(literal_column("1")), {})[0][0]

    database.read(while_read)
    waiting.join(60)
    assert ["the storage is closed; open another"] == [str(error) for error in refused]
    with pytest.raises(database.pool.driver.failures):
        links[0].fetch_all(select(literal_column("1")), {})


def _die_at(url: str, statement: int) -> None:
    storage = SqlStorage(url)
    enrolment = load_enrolment(storage, EnrolmentId("enrolment-1"))
    assert enrolment is not None
    [connection] = storage._database.pool.idle
    run: Callable[..., Any] = connection._execute  # type: ignore[attr-defined]
    left = statement

    def counted(*args: Any) -> Any:
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        return run(*args)

    connection._execute = counted  # type: ignore[attr-defined]
    storage.save(write(enrolment, notify=Notify.COLLECTED, at=RUN))


@pytest.mark.parametrize("statement", range(8))
def test_a_process_that_is_killed_within_a_save_leaves_nothing_of_it(sqlite_url: str, statement: int) -> None:
    """Otherwise a crash would leave a message without its entry, or a notification of a message that is not there."""
    with closing(SqlStorage(sqlite_url)) as storage:
        before = saved(storage, converse(saved(storage, begin()), at=MORNING))
    process = SPAWN.Process(target=_die_at, args=(sqlite_url, statement))
    process.start()
    process.join(60)
    assert -signal.SIGKILL == process.exitcode
    with closing(SqlStorage(sqlite_url)) as storage:
        assert before == load_enrolment(storage, EnrolmentId("enrolment-1"))
        assert before == replay(entry.event for entry in load_timeline(storage, EnrolmentId("enrolment-1")))
        assert {} == load_documents(storage, EnrolmentId("enrolment-1"), [4])
        assert () == load_notifications(storage, EnrolmentId("enrolment-1"))
        assert 2 == len(storage.access_entries(UNIT))


def test_two_writes_that_wait_for_each_other_end_as_a_conflict(postgresql_url: str) -> None:
    """Otherwise two steps that cross would show a database error, and the one to repeat would not be repeated."""
    storage = SqlStorage(postgresql_url)
    both = Barrier(2)
    outcomes: list[str] = []

    def cross(ids: tuple[str, str]) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_LOCK, {"its_id": ids[0]})
            both.wait(60)
            connection.execute(_LOCK, {"its_id": ids[1]})

        try:
            storage._database.write(work)
        except Conflict as error:
            outcomes.append(str(error))
        else:
            outcomes.append("kept")

    with closing(storage):
        for number in (1, 2):
            storage.save(start_of(number))
        ids = ("enrolment-1", "enrolment-2")
        threads = [Thread(target=cross, args=[order]) for order in (ids, ids[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert ["kept", "the database could not bring simultaneous steps into an order"] == sorted(
        (outcome.partition(";")[0] for outcome in outcomes), key=len
    )


_LOCK = update(enrolments).where(enrolments.c.id == bindparam("its_id")).values(unread_forms=literal_column("0"))
