"""Many threads on one storage in SQL."""

from contextlib import closing
from threading import Barrier, Thread

import pytest
from sqlalchemy import bindparam, literal_column, select, update

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.schema import enrolments
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.changes import begin
from tests.adapters.sql.writers import start_of, waits
from tests.databases import until


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
