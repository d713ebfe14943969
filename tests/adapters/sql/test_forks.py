"""The pool of connections when a process forks."""

import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from threading import Event, Thread
from traceback import print_exc

import pytest

from digital_painschool.adapters.sql import SqlStorage, pool
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Storage, load_enrolment
from digital_painschool.testing.contracts.changes import begin
from tests.adapters.sql.writers import exit_code, start_of, waits
from tests.databases import execute


def _child(work: Callable[[], object]) -> int:
    """Fork a process that does it and ends; return its number."""
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, the process ends here
            print_exc()
            os._exit(1)
        os._exit(0)
    return child


def _save_five(storage: Storage, first: int) -> None:
    for number in range(5):
        storage.save(start_of(first + number))


def _fork_while_a_thread_writes(url: str) -> None:
    """Fork again and again while another thread writes; each child writes, and its parent closes before it is done."""
    with closing(SqlStorage(url)) as storage:
        storage.save(start_of(0))
        done = Event()

        def write_on() -> None:
            number = 1
            while not done.is_set():
                storage.save(start_of(number))
                number += 1

        writer = Thread(target=write_on)
        writer.start()
        children = [_child(partial(_save_five, storage, 10_000_000 + 5 * number)) for number in range(10)]
        assert {0} == {os.waitpid(child, 0)[1] for child in children}
        done.set()
        writer.join()
        storage.save(start_of(9_000_000))


def _outlive_the_parent(url: str) -> None:
    """Write in a child whose parent has closed, which makes SQLite put away the log unless the child holds its lock."""
    storage = SqlStorage(url)
    storage.save(start_of(0))
    opened_from, opened_to = os.pipe()
    closed_from, closed_to = os.pipe()

    def write_after_the_parent_has_closed() -> None:
        load_enrolment(storage, EnrolmentId("nobody"))
        os.write(opened_to, b"1")
        os.read(closed_from, 1)
        storage.save(start_of(10_000_000))

    child = _child(write_after_the_parent_has_closed)
    os.read(opened_from, 1)
    storage.close()
    os.write(closed_to, b"1")
    assert 0 == os.waitpid(child, 0)[1]


@pytest.mark.parametrize(("work", "children"), [(_fork_while_a_thread_writes, 50), (_outlive_the_parent, 1)])
def test_what_a_forked_process_saves_is_kept(url: str, work: Callable[[str], None], children: int) -> None:
    """Otherwise a child would find SQLite's locks as another thread left them, or write to a log that is gone."""
    assert 0 == exit_code(work, url)
    by_children = "SELECT count(*) FROM enrolments WHERE person_value >= '190011010000'"
    assert [(children,)] == execute(url, by_children)


def _fork_within_a_call(url: str) -> None:
    pytest.MonkeyPatch().setattr(pool, "WAIT_TIMEOUT", 0.1)
    with closing(SqlStorage(url)) as storage:

        def is_refused() -> None:
            with pytest.raises(StorageError, match="was forked while"):
                storage.save(begin())

        def work(_: Connection) -> None:
            assert 0 == os.waitpid(_child(is_refused), 0)[1]

        storage._database.read(work)
        storage.save(begin())


def test_a_child_of_a_call_says_what_to_do(sqlite_url: str) -> None:
    """Otherwise it would write without the locks that the file needs, or wait for 30 seconds in each call."""
    assert 0 == exit_code(_fork_within_a_call, sqlite_url)


def test_a_fork_waits_until_the_calls_are_over(one: SqlStorage) -> None:
    """Otherwise a child would inherit a transaction that the parent has begun."""
    database, begun, go_on = one._database, Event(), Event()

    def work(_: Connection) -> None:
        begun.set()
        assert go_on.wait(20)

    busy = Thread(target=database.read, args=(work,))
    busy.start()
    assert begun.wait(20)
    draining = Thread(target=database.pool.drain)
    draining.start()
    draining.join(0.2)
    assert draining.is_alive()
    go_on.set()
    for thread in (busy, draining):
        thread.join(20)
        assert not thread.is_alive()
    assert 0 == database.pool.open_count
    database.pool.resume()
    one.save(begin())


def test_a_fork_does_not_wait_for_threads_that_call_all_the_time(one: SqlStorage) -> None:
    """Otherwise a busy thread would take the connection that it has just given back, again and again."""
    database, begun, go_on, order = one._database, Event(), Event(), []

    def work(_: Connection) -> None:
        begun.set()
        assert go_on.wait(20)
        order.append("a call that had begun")

    def call_twice() -> None:
        database.read(work)
        database.read(lambda _: order.append("the next call"))

    def drain() -> None:
        database.pool.drain()
        order.append("drained")
        database.pool.resume()

    threads = [Thread(target=call_twice), Thread(target=drain)]
    threads[0].start()
    assert begun.wait(20)
    threads[1].start()
    while not waits(threads[1]):
        pass
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1)  # the caller goes on for as long as it can
    try:
        go_on.set()
        for thread in threads:
            thread.join(20)
    finally:
        sys.setswitchinterval(interval)
    assert ["a call that had begun", "drained", "the next call"] == order
