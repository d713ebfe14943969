"""The pool of connections: exceptions that are thrown in from outside, forks, and files that are taken away."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from shutil import copyfile, move
from threading import Event, Thread
from traceback import print_exc
from weakref import ref

import pytest

from digital_painschool.adapters.sql import SqlStorage, pool
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.sqlite import SqliteDriver
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import Storage
from digital_painschool.testing.contracts.changes import MORNING, begin, fill_in, saved
from digital_painschool.testing.people import UNIT
from tests.adapters.sql.test_storage import _of_person, waits
from tests.databases import execute, path_of

SPAWN = get_context("spawn")
INTERRUPTIONS = 1000


class SoftTimeLimit(BaseException):
    """What a job queue throws into a call that takes too long."""


def _interrupt(*_: object) -> None:
    raise SoftTimeLimit


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    """A new database of each kind in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


def _interrupt_calls(url: str) -> None:
    """Throw an exception into each of many calls, a little later each time, and keep it with all its frames."""
    kept: list[BaseException] = []
    signal.signal(signal.SIGALRM, _interrupt)
    with closing(SqlStorage(url, connections=3)) as storage:
        # Once in peace: cattrs makes its functions at the first use, and one that was thrown out of that makes no more.
        e = saved(storage, fill_in(saved(storage, begin()), at=MORNING))
        for number in range(INTERRUPTIONS):
            with suppress(SoftTimeLimit):  # it may also come between the last call and the end of the timer
                try:
                    _call_with_a_limit(storage, e, number)
                except (SoftTimeLimit, Conflict) as thrown:
                    kept.append(thrown)
                signal.setitimer(signal.ITIMER_REAL, 0)
            e = storage.load(e.id) or e
        assert INTERRUPTIONS / 2 < sum(isinstance(thrown, SoftTimeLimit) for thrown in kept)
        _have_all(storage._database, 3)
        storage.save(fill_in(e, at=MORNING))


def _call_with_a_limit(storage: SqlStorage, e: Enrolment, number: int) -> None:
    # A function of its own: an exception thrown in at the end of a loop is not always within the `try` around it.
    signal.setitimer(signal.ITIMER_REAL, 1e-6 + number % 499 * 2e-6)
    while True:
        e = storage.load(e.id) or e
        if number % 2:
            storage.save(fill_in(e, at=MORNING))


def _have_all(database: Database, number: int) -> None:
    """Have so many connections at the same time."""
    if number:
        database.read(lambda _: _have_all(database, number - 1))


def test_an_exception_thrown_into_a_call_costs_no_connection(url: str) -> None:
    """Otherwise time limits would use up the connections one by one, until each call waits for ever."""
    assert 0 == _exit_code(_interrupt_calls, url)


def _exit_code(work: Callable[[str], None], url: str) -> int | None:
    process = SPAWN.Process(target=work, args=(url,))
    with pytest.MonkeyPatch.context() as patch:
        # What measures coverage holds a lock of its own while it notes a line: thrown out of there, it waits for ever.
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            patch.delenv(name)
        process.start()
    process.join(600)
    return process.exitcode


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
        storage.save(_of_person(first + number))


def _fork_while_a_thread_writes(url: str) -> None:
    """Fork again and again while another thread writes; each child writes, and its parent closes before it is done."""
    with closing(SqlStorage(url)) as storage:
        storage.save(_of_person(0))
        done = Event()

        def write_on() -> None:
            number = 1
            while not done.is_set():
                storage.save(_of_person(number))
                number += 1

        writer = Thread(target=write_on)
        writer.start()
        children = [_child(partial(_save_five, storage, 10_000_000 + 5 * number)) for number in range(10)]
        assert {0} == {os.waitpid(child, 0)[1] for child in children}
        done.set()
        writer.join()
        storage.save(_of_person(9_000_000))


def _outlive_the_parent(url: str) -> None:
    """Write in a child whose parent has closed, which makes SQLite put away the log unless the child holds its lock."""
    storage = SqlStorage(url)
    storage.save(_of_person(0))
    opened_from, opened_to = os.pipe()
    closed_from, closed_to = os.pipe()

    def write_after_the_parent_has_closed() -> None:
        storage.load("nobody")
        os.write(opened_to, b"1")
        os.read(closed_from, 1)
        storage.save(_of_person(10_000_000))

    child = _child(write_after_the_parent_has_closed)
    os.read(opened_from, 1)
    storage.close()
    os.write(closed_to, b"1")
    assert 0 == os.waitpid(child, 0)[1]


@pytest.mark.parametrize(("work", "children"), [(_fork_while_a_thread_writes, 50), (_outlive_the_parent, 1)])
def test_what_a_forked_process_saves_is_kept(url: str, work: Callable[[str], None], children: int) -> None:
    """Otherwise a child would find SQLite's locks as another thread left them, or write to a log that is gone."""
    assert 0 == _exit_code(work, url)
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
    assert 0 == _exit_code(_fork_within_a_call, sqlite_url)


Harm = Callable[[Path], object]


def _replaced(file: Path) -> None:
    copy = copyfile(file, file.with_name("copy.db"))
    copy.replace(file)


def _linked(file: Path) -> None:
    copy = copyfile(file, file.with_name("copy.db"))
    file.unlink()
    file.symlink_to(copy)


def _restored(file: Path) -> None:
    copy = file.with_name("copy.db")
    execute(f"sqlite:///{file}", f"VACUUM INTO '{copy}'")
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink()
    copyfile(copy, file)


def _cut(file: Path) -> None:
    os.truncate(file, 4096)


HARMS: dict[str, Harm] = {
    "deleted": Path.unlink,
    "replaced": _replaced,
    "a link to a copy": _linked,
    "its folder is moved": lambda file: file.parent.rename(file.parent.with_name("elsewhere")),
    "moved": lambda file: file.rename(file.with_name("moved.db")),
    "without its log": lambda file: file.with_name(file.name + "-wal").unlink(),
    "without the log's index": lambda file: file.with_name(file.name + "-shm").unlink(),
    "restored over": _restored,
    "emptied": lambda file: os.truncate(file, 0),
    "cut short": _cut,
}


@pytest.fixture
def file(sqlite_url: str, tmp_path: Path) -> Path:
    """A database file in a folder of its own."""
    (tmp_path / "school").mkdir()
    return Path(move(path_of(sqlite_url), tmp_path / "school" / "painschool.db"))


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("harm", HARMS)
def test_nothing_is_acknowledged_once_the_file_is_not_in_its_place(file: Path, harm: str, connections: int) -> None:
    """Otherwise a patient would be told that a message is saved, and it would be in no file."""
    with closing(SqlStorage(f"sqlite:///{file}", connections=connections)) as storage:
        e = saved(storage, begin())
        HARMS[harm](file)
        for _ in range(3):
            with pytest.raises(StorageError, match=r"moved, deleted, cut short or replaced|is damaged") as refused:
                storage.save(fill_in(e, at=MORNING))
            assert refused.value.__context__ is None
        together = [Thread(target=_is_refused, args=(storage, 10 + number)) for number in range(connections)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()


def _is_refused(storage: Storage, number: int) -> None:
    with pytest.raises(StorageError):
        storage.save(_of_person(number))


def test_a_file_that_is_put_back_is_used_again(file: Path) -> None:
    """Otherwise a folder that was moved by mistake would stop the clinic until somebody restarts everything."""
    with closing(SqlStorage(f"sqlite:///{file}")) as storage:
        e = saved(storage, begin())
        elsewhere = file.parent.rename(file.parent.with_name("elsewhere"))
        with pytest.raises(StorageError):
            storage.save(fill_in(e, at=MORNING))
        elsewhere.rename(file.parent)
        assert e == storage.load(e.id)
        saved(storage, fill_in(e, at=MORNING))
    with closing(SqlStorage(f"sqlite:///{file}")) as storage:
        assert 2 == len(storage.access_entries(UNIT))


def test_a_file_may_grow_and_be_vacuumed_while_it_is_used(file: Path) -> None:
    """Otherwise an administrator's VACUUM, or another process that writes, would stop the school."""
    url = f"sqlite:///{file}"
    with closing(SqlStorage(url)) as storage, closing(SqlStorage(url)) as other:
        for number in range(300):
            other.save(_of_person(number))
        storage.save(_of_person(1000))
        execute(url, "DELETE FROM access_log WHERE number < 290")
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            execute(url, statement)
        before = file.stat().st_size
        for number in range(5):
            storage.save(_of_person(2000 + number))
        assert before <= file.stat().st_size


@pytest.fixture
def one(url: str) -> Iterator[SqlStorage]:
    """A storage with one connection."""
    with closing(SqlStorage(url, connections=1)) as storage:
        yield storage


def test_a_call_without_a_free_connection_says_so(one: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a portal whose pool is too small would wait for ever."""
    monkeypatch.setattr(pool, "WAIT_TIMEOUT", 0.05)
    with pytest.raises(StorageError, match="in use"):
        one._database.read(lambda _: one.save(begin()))
    one.save(begin())


def test_a_connection_that_is_lost_with_its_call_is_replaced(one: SqlStorage) -> None:
    """Otherwise a connection that nobody holds any more would count as one in use."""
    connection = one._database.pool.take()
    del connection
    gc.collect()
    one.save(begin())


def test_an_exception_while_a_connection_is_looked_at_costs_none(
    one: SqlStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise each time limit that is over just then would cost a connection."""
    one.save(begin())
    with monkeypatch.context() as patch:
        patch.setattr(type(one._database.pool.idle[0]), "is_usable", _interrupt)
        with pytest.raises(SoftTimeLimit):
            one.save(begin())
    _have_all(one._database, 1)


def test_an_exception_while_a_connection_is_opened_costs_none(one: SqlStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each time limit that is over just then would cost a connection."""
    one._database.pool._close_idle()
    seen: list[object] = []

    def ref_once(thing: object) -> object:
        seen.append(thing)
        if len(seen) == 2:
            raise SoftTimeLimit
        return ref(thing)

    with monkeypatch.context() as patch:
        patch.setattr(pool, "ref", ref_once)
        with pytest.raises(SoftTimeLimit):
            one.save(begin())
    seen.clear()
    _have_all(one._database, 1)


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


def _goes(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))


def _is_garbage(file: Path) -> None:
    file.write_bytes(b"no database at all, " * 500)


@pytest.mark.parametrize("harm", [_goes, _replaced, _is_garbage])
def test_a_file_that_goes_while_it_is_opened_is_not_used(
    file: Path, harm: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is saved would be in a file that nobody finds."""
    driver = SqliteDriver(str(file))
    real = driver._connection

    def opened() -> object:
        connection = real()
        if file.exists():
            harm(file)
        return connection

    monkeypatch.setattr(SqliteDriver, "_connection", lambda _: opened())
    with pytest.raises((StorageError, *driver.failures)):
        driver.connect()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Otherwise SQLite would make an empty one, and the school would begin anew."""
    with pytest.raises(StorageError, match=r"there is no file .*missing\.db"):
        SqliteDriver(str(tmp_path / "missing.db")).connect()
