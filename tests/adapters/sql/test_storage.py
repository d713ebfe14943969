"""The storage on SQL keeps the contract on SQLite and on PostgreSQL; what is SQL's own is tested here."""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from threading import Barrier, Thread, Timer
from traceback import walk_stack
from typing import Any

import psycopg
import pytest
from attrs import evolve
from sqlalchemy import bindparam, literal_column, select, update

from benchmarks.servers import database
from digital_painschool import open_school
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, inbox, messaging, migrate, sqlite
from digital_painschool.adapters.sql.pool import Connection, Database
from digital_painschool.adapters.sql.saving import StateCache
from digital_painschool.adapters.sql.schema import METADATA, enrolments
from digital_painschool.application.caseload import Cursor
from digital_painschool.delivery.worker import DeliveryReport
from digital_painschool.domain.enrolment import Enrolment, apply, replay
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    Event,
    HandedOver,
    Maintained,
    ModuleOpened,
    ProgramDone,
    Reviewed,
)
from digital_painschool.domain.notification import Channel, Notify, Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import Conflict, DeliveryError, InvalidValue, StorageError
from digital_painschool.ports import Inbox, Messenger
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import Change
from digital_painschool.rules.flags import tally
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    access_entry,
    begin,
    converse,
    fill_in,
    finish,
    saved,
    write,
)
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.purges import ended_once, kept_plan, receipt_of
from digital_painschool.testing.contracts.storage import StorageContract
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import stored_at, with_adapters
from tests.databases import execute, path_of, until
from tests.statements import statements

SPAWN = get_context("spawn")


SPOILT = "enrolments_that_were_taken_away"


@pytest.fixture(scope="class")
def postgresql_kept(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A PostgreSQL database with the schema, for the tests of a class."""
    with database(postgresql_server, postgresql_template) as url:
        yield url


def cut(url: str, id_: str) -> None:
    """Cut a byte off the row of an enrolment or a digest."""
    for table, column in (("enrolments", "state"), ("digests", "template")):
        cell = f"substr({column}, 1, length({column}) - 1)"
        execute(url, f"UPDATE {table} SET {column} = {cell} WHERE id = '{id_}'")  # noqa: S608


class TestSqliteStorage(StorageContract):
    """The storage on SQLite, by the contract."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url

    def open(self, place: str) -> SqlStorage:
        """Open the storage."""
        return SqlStorage(place)

    def spoil(self, place: str) -> None:
        """Write over the file's first bytes."""
        path_of(place).write_bytes(b"damaged" * 1000)

    def damage(self, place: str, id_: str) -> None:
        """Cut a byte off the row of the enrolment or the digest."""
        cut(place, id_)

    def take_away(self, place: str) -> None:
        """Delete the file."""
        path_of(place).unlink()


class TestPostgresqlStorage(StorageContract):
    """The storage on PostgreSQL, by the contract."""

    @pytest.fixture
    def place(self, postgresql_kept: str) -> str:
        """A database that is emptied for each test: to make another would take longer than the test."""
        execute(postgresql_kept, f"ALTER TABLE IF EXISTS {SPOILT} RENAME TO enrolments")
        execute(postgresql_kept, f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY CASCADE")
        return postgresql_kept

    def open(self, place: str) -> SqlStorage:
        """Open the storage."""
        return SqlStorage(place)

    def damage(self, place: str, id_: str) -> None:
        """Cut a byte off the row of the enrolment or the notification."""
        cut(place, id_)

    def spoil(self, place: str) -> None:
        """Take away a table."""
        execute(place, f"ALTER TABLE enrolments RENAME TO {SPOILT}")

    take_away = spoil


@contextmanager
def locked(url: str, table: str) -> Iterator[None]:
    """Hold a table, as somebody does who does not come on with a transaction."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(url) as other:
            other.execute(f"LOCK TABLE {table}".encode())
            yield


class Impatient:
    """Makes the clause of time-outs a quick one."""

    answers_within = 10.0

    @pytest.fixture(autouse=True)
    def _impatient(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
        if request.node.name == "test_a_call_returns_or_raises_in_time":
            monkeypatch.setattr(sqlite, "PATIENCE", 0.1)
            for module in (inbox, messaging):
                monkeypatch.setattr(module, "PATIENCE_OF_DELIVERY", 0.1)


def notices(url: str) -> list[Arrival]:
    """Return what a portal shows that fetches the notices of each person from the rows."""
    with closing(SqlInbox(url)) as inbox:
        found = [notice for person in PERSONS for notice in inbox.messages(person)]
    return [Arrival(recipient=one.person.value, text=f"{one.template.text} {one.link}") for one in found]


def messages(url: str, channel: Channel) -> list[Arrival]:
    """Return what a gateway fetches."""
    with closing(SqlMessenger(channel, url)) as messenger:
        found = messenger.waiting(1000)
    return [Arrival(recipient=one.address.value, text=f"{one.template.text} {one.link}") for one in found]


class TestSqliteInbox(Impatient, InboxContract):
    """The inbox on SQLite, by the contract."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url

    def open(self, place: str) -> SqlInbox:
        """Open the inbox."""
        return SqlInbox(place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "DROP TABLE notices")

    def arrived(self, place: str, inbox: Inbox) -> list[Arrival]:
        """Fetch the notices."""
        return notices(place)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "notices")


class TestPostgresqlInbox(Impatient, InboxContract):
    """The inbox on PostgreSQL, by the contract."""

    @pytest.fixture
    def place(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url

    def open(self, place: str) -> SqlInbox:
        """Open the inbox."""
        return SqlInbox(place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "DROP TABLE notices")

    def arrived(self, place: str, inbox: Inbox) -> list[Arrival]:
        """Fetch the notices."""
        return notices(place)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "notices")


class TestSqliteMessenger(Impatient, MessengerContract):
    """The messenger on SQLite, by the contract."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url

    def open(self, place: str) -> SqlMessenger:
        """Open the messenger."""
        return SqlMessenger(self.channel, place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "DROP TABLE staff_messages")

    def arrived(self, place: str, messenger: Messenger) -> list[Arrival]:
        """Fetch the messages."""
        return messages(place, self.channel)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "staff_messages")


class TestSqliteSmsMessenger(TestSqliteMessenger):
    """The same for the other channel."""

    channel = Channel.SMS


class TestPostgresqlMessenger(Impatient, MessengerContract):
    """The messenger on PostgreSQL, by the contract."""

    @pytest.fixture
    def place(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url

    def open(self, place: str) -> SqlMessenger:
        """Open the messenger."""
        return SqlMessenger(self.channel, place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "DROP TABLE staff_messages")

    def arrived(self, place: str, messenger: Messenger) -> list[Arrival]:
        """Fetch the messages."""
        return messages(place, self.channel)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "staff_messages")


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the schema, of each kind in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    """A new storage, of each kind in turn."""
    with closing(SqlStorage(url)) as storage:
        yield storage


# --- what the columns hold ---


@pytest.mark.parametrize(
    "event",
    [
        HandedOver(at=RUN, by=NURSE.hsa_id, therapist=COLLEAGUE.hsa_id),
        Reviewed(at=RUN, by=NURSE.hsa_id),
        Maintained(at=RUN, by=NURSE.hsa_id, days=3, modules=frozenset({1}), access_until=RUN + 72 * HOUR),
        AccessEnded(at=RUN, by="system", access_until=RUN),
        Ended(at=RUN, by=NURSE.hsa_id, reason="klar"),
        ModuleOpened(at=RUN, by="patient", module=2),
        ProgramDone(at=RUN, by="patient"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_the_columns_follow_the_state(url: str, storage: SqlStorage, event: Event) -> None:
    """Otherwise lists would go by an old therapist, phase or time: an ordinary step leaves some columns alone."""
    before = saved(storage, fill_in(saved(storage, begin()), at=MORNING))
    after = apply(before, event)
    storage.save(_change(before, after, event))
    [row] = execute(
        url,
        "SELECT therapist, phase, version, access_until, noted_end, ended_at, last_entry_at, last_seen_at, reviewed_at,"
        " done, unread_forms FROM enrolments",
    )
    figures = tally(after)
    expected = (
        after.therapist,
        after.phase.value,
        after.version,
        *(
            _kept(at, url)
            for at in (
                after.access_until,
                after.noted_end,
                after.ended_at,
                after.last_entry_at,
                after.last_seen_at,
                after.reviewed_at,
            )
        ),
        figures.done,
        figures.unread_forms,
    )
    assert expected == row


def _change(before: Enrolment, after: Enrolment, *events: Event) -> Change:
    return Change(
        before=before.version,
        enrolment=after,
        events=events,
        documents={},
        tally=tally(after),
        access=access_entry(NURSE, RUN, after),
    )


def _kept(at: Any, url: str) -> Any:
    if at is None or not url.startswith("sqlite"):
        return at
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_person_can_read_what_is_in_the_file(sqlite_url: str) -> None:
    """Otherwise what is kept for ten years would need this very program to be read."""
    with closing(SqlStorage(sqlite_url)) as storage:
        storage.save(converse(saved(storage, begin()), "Hej på dig", at=RUN))
    assert [('"Hej på dig"',)] == execute(sqlite_url, "SELECT content FROM documents WHERE seq = 3")
    assert [("message-sent", "2026-03-02T08:00:00.000000Z")] == execute(
        sqlite_url, "SELECT kind, at FROM timeline WHERE seq = 3"
    )


def test_a_state_of_another_shape_is_replayed(url: str, storage: SqlStorage) -> None:
    """Otherwise a new version of the library could not read, or would misread, what an older one has cached."""
    expected = saved(storage, fill_in(saved(storage, begin()), at=RUN))
    execute(url, "UPDATE enrolments SET state_shape = 0, state = '{}'")
    with closing(SqlStorage(url)) as other:
        assert expected == other.load("enrolment-1") == other.load_many(["enrolment-1"])["enrolment-1"]


def test_a_damaged_state_is_named_without_its_content(url: str, storage: SqlStorage) -> None:
    """Otherwise a row that was changed by hand would surface as a foreign error, with personal data in it."""
    storage.save(begin())
    execute(url, 'UPDATE enrolments SET state = \'{"person": {"value": "198507099805"}}\'')
    with closing(SqlStorage(url)) as other, pytest.raises(StorageError, match="cannot be read") as caught:
        other.load("enrolment-1")
    assert "1985" not in str(caught.value)


def test_a_damaged_program_is_named(url: str, storage: SqlStorage) -> None:
    """Otherwise a row that was changed by hand would surface as a fault of a program file that nobody has touched."""
    storage.save_program(UNIT, PROGRAM)
    execute(url, 'UPDATE programs SET data = \'{"key": "smartskola"}\'')
    with pytest.raises(StorageError, match="a stored program cannot be used any more"):
        storage.program(UNIT, PROGRAM.key, PROGRAM.version)


def test_a_document_that_is_missing_is_named(url: str, storage: SqlStorage) -> None:
    """Otherwise a therapist would take for silence what the storage has lost."""
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.room.write(id_, "Hej")
    school.room.save_form(id_, PAIN, {"smarta": 3})
    execute(url, "DELETE FROM documents")
    with pytest.raises(StorageError, match="the text of timeline entry 2 is missing; restore it from a backup"):
        school.desk.conversations(id_)
    with pytest.raises(StorageError, match="the text of timeline entry 2 is missing"):
        school.desk.read_conversation(id_, 1)
    with pytest.raises(StorageError, match="the answers of timeline entry 4 are missing; restore them"):
        school.desk.answers(id_, PAIN)


def test_only_so_many_states_are_remembered() -> None:
    """Otherwise a process that runs for a year would hold every state that it has ever seen."""
    states = StateCache(limit=2)
    kept = [_of_person(number).enrolment for number in range(3)]
    for enrolment in kept:
        states.keep("as it was", enrolment)
    assert [kept[2]] == [enrolment for _, enrolment in states._known.values()]
    assert kept[2] is states.read(kept[2].id, "as it was")


@pytest.mark.parametrize("id_", ["\x00", "a\x00b", "\ud800"])
def test_an_id_that_no_database_can_hold_is_not_there(storage: SqlStorage, id_: str) -> None:
    """Otherwise a mangled link would show a database error instead of "not found"."""
    assert None is storage.load(id_)
    assert {} == storage.load_many([id_])
    assert () == storage.timeline(id_)
    assert {} == storage.documents(id_, [1])
    assert () == storage.notifications(id_)
    assert None is storage.program(UNIT, id_, "1")
    assert None is storage.plan(id_)
    assert {} == storage.purge_progress(id_)
    assert None is storage.receipt(id_)


def test_an_error_says_nothing_of_the_person(storage: SqlStorage) -> None:
    """Otherwise identity numbers would end up in log files."""
    storage.save(begin())
    with pytest.raises(Conflict) as caught:
        storage.save(begin("enrolment-2"))
    assert PERSON.value not in str(caught.value)
    assert None is caught.value.__cause__
    assert None is caught.value.__context__


# --- many threads, many processes ---


def test_more_threads_than_connections_wait_for_their_turn(url: str) -> None:
    """Otherwise a busy portal would be refused, or the server overrun."""
    with closing(SqlStorage(url, connections=2)) as storage:
        threads = [Thread(target=storage.save, args=[_of_person(n)]) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 12 == len(storage.load_many([f"enrolment-{n}" for n in range(12)]))


def waits(thread: Thread) -> bool:
    """Return whether a thread waits for a connection."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and any(at.f_code is Database._wait.__code__ for at, _ in walk_stack(frame))


def test_a_thread_that_waits_gets_what_is_given_back(storage_of_one: SqlStorage) -> None:
    """Otherwise a thread that found no connection free would wait for ever, or open one beyond the limit."""
    storage_of_one.save(begin())
    found: list[object] = []
    waiting = Thread(target=lambda: found.append(storage_of_one.load("enrolment-1")))

    def while_read(connection: Connection) -> None:
        waiting.start()
        until(lambda: waits(waiting))
        assert [] == found

    storage_of_one._database.read(while_read)
    waiting.join(60)
    assert [begin().enrolment] == found
    assert 1 == storage_of_one._database._open


def test_closing_refuses_who_waits_and_closes_what_is_in_use_afterwards(storage_of_one: SqlStorage) -> None:
    """Otherwise closing would leave threads that wait for ever, and connections that nobody closes."""
    database = storage_of_one._database
    refused: list[Exception] = []
    links: list[Connection] = []

    def load() -> None:
        try:
            storage_of_one.load("enrolment-1")
        except StorageError as error:
            refused.append(error)

    waiting = Thread(target=load)

    def while_read(connection: Connection) -> None:
        links.append(connection)
        waiting.start()
        until(lambda: waits(waiting))
        storage_of_one.close()
        assert 1 == connection.fetch_all(select(literal_column("1")), {})[0][0]

    database.read(while_read)
    waiting.join(60)
    assert ["the storage is closed; open another"] == [str(error) for error in refused]
    with pytest.raises(database.driver.failures):
        links[0].fetch_all(select(literal_column("1")), {})


@pytest.fixture
def storage_of_one(url: str) -> Iterator[SqlStorage]:
    """A new storage with one connection, of each kind in turn."""
    with closing(SqlStorage(url, connections=1)) as storage:
        yield storage


def _of_person(number: int) -> Change:
    return begin(f"enrolment-{number}", PersonId("personnummer", f"{190001010000 + number}"))


def _save_many(url: str, start: int) -> None:
    with closing(SqlStorage(url)) as storage:
        for number in range(start, start + 150):
            storage.save(fill_in(saved(storage, _of_person(number)), at=RUN))


def test_two_processes_write_at_once(url: str) -> None:
    """Otherwise a web server's workers would meet "database is locked"."""
    processes = [SPAWN.Process(target=_save_many, args=(url, start)) for start in (0, 1000)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [0, 0] == [process.exitcode for process in processes]
    with closing(SqlStorage(url)) as storage:
        ids = [f"enrolment-{number}" for start in (0, 1000) for number in range(start, start + 150)]
        found = storage.load_many(ids)
        assert ids == list(found)
        assert all(found[id_] == replay(entry.event for entry in storage.timeline(id_)) for id_ in ids[::30])


def _die_at(url: str, statement: int) -> None:
    storage = SqlStorage(url)
    enrolment = storage.load("enrolment-1")
    assert enrolment is not None
    [connection] = storage._database._idle
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
        assert before == storage.load("enrolment-1")
        assert before == replay(entry.event for entry in storage.timeline("enrolment-1"))
        assert {} == storage.documents("enrolment-1", [4])
        assert () == storage.notifications("enrolment-1")
        assert 2 == len(storage.access_entries(UNIT))


def _fork_and_write(url: str) -> None:
    with closing(SqlStorage(url)) as storage:
        storage.save(_of_person(0))
        child = os.fork()
        for number in range(50):
            storage.save(_of_person(number + (1000 if child else 2000)))
        if child == 0:
            os._exit(0)
        assert 0 == os.waitpid(child, 0)[1]


def test_a_storage_goes_on_after_a_fork(url: str) -> None:
    """Otherwise a web server that loads the school and then forks would damage the file or mix up answers."""
    process = SPAWN.Process(target=_fork_and_write, args=(url,))
    process.start()
    process.join(60)
    assert 0 == process.exitcode
    with closing(SqlStorage(url)) as storage:
        assert 101 == len(storage.access_entries(UNIT))


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
            storage.save(_of_person(number))
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


# --- what can go wrong with a database ---


def test_a_full_disk_is_named_and_changes_nothing(sqlite_url: str) -> None:
    """Otherwise a full disk would look like a fault of the program, or leave half a step."""
    with closing(SqlStorage(sqlite_url, connections=1)) as storage:
        before = saved(storage, converse(saved(storage, begin()), at=MORNING))
        [connection] = storage._database._idle
        file: sqlite3.Connection = connection._connection  # type: ignore[attr-defined]
        file.execute("VACUUM")
        [pages] = file.execute("PRAGMA page_count").fetchone()
        file.execute(f"PRAGMA max_page_count = {pages}")
        change = write(before, "å" * 9_000, at=RUN)
        with pytest.raises(StorageError, match="disk is full"):
            storage.save(change)
        assert before == storage.load("enrolment-1")
        assert {} == storage.documents("enrolment-1", [4])
        file.execute(f"PRAGMA max_page_count = {pages + 100}")
        storage.save(change)
        assert change.enrolment == storage.load("enrolment-1")


def test_a_file_that_is_held_for_too_long_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a backup that locks the file would make the portal hang for ever, or show a foreign error."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    with (
        closing(SqlStorage(sqlite_url)) as storage,
        closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="held the file for too long"):
            storage.save(begin())
        other.execute("ROLLBACK")
        storage.save(begin())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Otherwise a mistyped path would surface as a foreign error, or overwrite a document."""
    path = tmp_path / "letter.txt"
    path.write_text("Hej! " * 1000, encoding="utf-8")
    for open_it in (lambda: SqlStorage(f"sqlite:///{path}"), lambda: migrate(f"sqlite:///{path}")):
        with pytest.raises(StorageError, match="not a SQLite database"):
            open_it()
    assert "Hej! " * 1000 == path.read_text(encoding="utf-8")


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """Otherwise a mistyped path would give an empty school, and the patients would seem to be gone."""
    path = tmp_path / "missing.db"
    with pytest.raises(StorageError, match="digital-painschool migrate"):
        SqlStorage(f"sqlite:///{path}")
    assert not path.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro"])
def test_a_sqlite_url_names_a_file(url: str) -> None:
    """Otherwise each connection would have a memory of its own, and patients would be lost in silence."""
    with pytest.raises(StorageError, match="names a file"):
        SqlStorage(url)


@pytest.mark.parametrize("url", ["mysql://host/school", "school.db", ""])
def test_another_kind_of_database_is_refused(url: str) -> None:
    """Otherwise a host would learn of its mistake from a foreign error."""
    with pytest.raises(StorageError, match="begins with sqlite:/// or postgresql://"):
        SqlStorage(url)


@pytest.mark.parametrize("synchronous", ["OFF", "full", "", "FULL; DROP TABLE enrolments"])
def test_a_step_is_synchronous_in_a_known_way(sqlite_url: str, synchronous: str) -> None:
    """Otherwise a mistyped setting would lose the last steps with the power, or run as SQL."""
    with pytest.raises(StorageError, match="synchronous is NORMAL, FULL or EXTRA"):
        SqlStorage(sqlite_url, synchronous=synchronous)


def test_who_opens_a_new_file_waits_for_its_readers(tmp_path: Path) -> None:
    """Otherwise two workers that start together on a new file would now and then meet "database is locked"."""
    path = tmp_path / "new.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as opening,
    ):
        reader.execute("CREATE TABLE something (id)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM something").fetchall()
        done = Timer(0.05, reader.execute, ["COMMIT"])
        done.start()
        sqlite._use_wal(opening)
        done.join()
        assert ("wal",) == opening.execute("PRAGMA journal_mode").fetchone()


def test_who_opens_a_file_that_is_read_for_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a start would hang for ever behind a forgotten session."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.05)
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("CREATE TABLE something (id)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM something").fetchall()
        with pytest.raises(StorageError, match="held the file for too long"):
            SqlStorage(f"sqlite:///{path}")


# --- statements ---


@pytest.mark.parametrize("statement", [*statements()])
def test_every_statement_goes_by_an_index(sqlite_url: str, statement: Any) -> None:
    """Otherwise it would become slower with every patient, at every unit."""
    compiled = sqlite._STATEMENTS[statement]
    with closing(sqlite3.connect(path_of(sqlite_url))) as connection:
        rows = connection.execute(f"EXPLAIN QUERY PLAN {compiled.sql}", [None] * compiled.sql.count("?")).fetchall()
    steps = [row[3] for row in rows]
    assert [] == [step for step in steps if step.startswith("SCAN") and not step.startswith("SCAN json_each")]


# --- inbox and messenger beyond their contracts ---


def test_a_portal_can_show_what_was_delivered(url: str) -> None:
    """Otherwise rows would be written that no patient ever sees."""
    with closing(SqlInbox(url)) as inbox:
        notice = evolve(InboxContract().notice("key-1"), person=PERSON)
        inbox.deliver(notice)
        inbox.deliver(evolve(notice, key="key-2", person=OTHER_PERSON))
        assert (notice,) == inbox.messages(PERSON)


def test_a_purge_can_delete_what_was_delivered(url: str) -> None:
    """Otherwise a purged patient's number would stay in the inbox's table."""
    with closing(SqlInbox(url)) as inbox:
        notice = evolve(InboxContract().notice("key-1"), person=PERSON)
        inbox.deliver(notice)
        assert 1 == inbox.forget(["key-1", "key-2"])
        assert () == inbox.messages(PERSON)
        assert 0 == inbox.forget(["key-1"])


def test_a_closed_inbox_can_neither_deliver_nor_forget(sqlite_url: str) -> None:
    """Otherwise what nobody got would count as delivered, and what is still there as purged."""
    inbox = SqlInbox(sqlite_url)
    inbox.close()
    with pytest.raises(DeliveryError) as caught:
        inbox.deliver(InboxContract().notice("key-1"))
    assert not caught.value.permanent
    with pytest.raises(DeliveryError, match="the inbox's database") as caught:
        inbox.forget(["key-1"])
    assert not caught.value.permanent


def test_a_gateway_gets_each_message_until_it_is_sent(url: str) -> None:
    """Otherwise an e-mail would be sent twice or never, or the address kept for ever."""
    with closing(SqlMessenger(Channel.EMAIL, url)) as messenger, closing(SqlMessenger(Channel.SMS, url)) as other:
        messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key="key-1")
        [waiting] = messenger.waiting()
        assert ("key-1", Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example") == waiting
        assert () == other.waiting()
        messenger.sent("key-1")
        assert () == messenger.waiting()
        assert [("",)] == execute(url, "SELECT recipient FROM staff_messages")


def test_no_messenger_serves_the_patients_inbox(sqlite_url: str) -> None:
    """Otherwise notices to patients could go by the port for staff."""
    with pytest.raises(InvalidValue, match=r"Channel\.EMAIL or Channel\.SMS"):
        SqlMessenger(Channel.INBOX, sqlite_url)


def test_a_messenger_forgets_in_its_own_channel_alone(url: str) -> None:
    """Otherwise a purge would leave a recipient's row, or count the other channel's with its own (D-21a)."""
    with closing(SqlMessenger(Channel.EMAIL, url)) as email, closing(SqlMessenger(Channel.SMS, url)) as sms:
        for messenger in (email, sms):
            for key in ("key-1", "key-2"):
                messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key=key)
        email.sent("key-1")
        assert 2 == email.forget(["key-1", "key-2", "key-3"])
        assert [("sms", "key-1"), ("sms", "key-2")] == sorted(execute(url, "SELECT channel, key FROM staff_messages"))


def test_a_closed_messenger_cannot_forget(sqlite_url: str) -> None:
    """Otherwise a purge would go on and say that everything is gone."""
    messenger = SqlMessenger(Channel.SMS, sqlite_url)
    messenger.close()
    with pytest.raises(DeliveryError, match="the messages' database"):
        messenger.forget(["key-1"])


def damaged_school(url: str) -> tuple[Scenario, Scenario]:
    """Return a school with three patients to be told of a message, then the same as another process sees it.

    The row of the second of them cannot be read.
    """
    first = Scenario(stored_at(url))
    for number in (ANNA, BO, CILLA):
        first.desk.start_conversation(first.start(number), "Hej", notify=Notify.COLLECTED)
    execute(url, "UPDATE enrolments SET state = '{}' WHERE id = 'e-0002'")
    return first, Scenario(stored_at(url))


@pytest.mark.rule("D-13a")
def test_a_row_that_cannot_be_read_stops_nobody_else_s_notification(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise one damaged row would silence all patients of the region."""
    before, school = damaged_school(url)
    with before.school, school.school:
        with pytest.raises(StorageError):
            school.desk.enrolment("e-0002")
        school.at("2026-03-02 09:00")
        assert DeliveryReport(sent=2, delivered=2, waiting=1) == school.deliver()
        assert {ANNA, CILLA} == {notice.person.value for notice in school.world.inbox.delivered}
        assert "cannot be read" in caplog.text
        assert BO not in caplog.text
        assert DeliveryReport() == school.deliver()
        assert [0] == [record.attempts for record in school.storage.notifications("e-0002")]
        execute(url, "UPDATE enrolments SET state_shape = 0 WHERE id = 'e-0002'")
        school.at("2026-03-02 09:59:59.999999")
        assert DeliveryReport() == school.deliver()
        school.at("2026-03-02 10:00")
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13a")
def test_a_notification_that_cannot_be_read_stops_nobody_else_s(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise one that a newer version has written would silence all patients of the region."""
    with Scenario(stored_at(url)) as school:
        for number in (ANNA, BO, CILLA):
            school.desk.start_conversation(school.start(number), "Hej", notify=Notify.COLLECTED)
        [waiting] = school.storage.cancellable("e-0002")
        execute(url, f"UPDATE digests SET template = 'of-tomorrow' WHERE id = '{waiting.id}'")  # noqa: S608 - our own id
        school.at("2026-03-02 09:00")
        assert DeliveryReport(sent=2, delivered=2) == school.deliver()
        assert {ANNA, CILLA} == {notice.person.value for notice in school.world.inbox.delivered}
        assert "cannot be read" in caplog.text
        assert BO not in caplog.text
        with pytest.raises(StorageError, match="cannot be read"):
            school.storage.notifications("e-0002")
        execute(url, "UPDATE digests SET template = 'message-to-read'")
        school.advance(minutes=15)
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()


class HostsDatetime(datetime):
    """What a host's clock may give: some libraries have a datetime of their own."""


def test_a_clock_may_give_a_subclass_of_datetime(url: str) -> None:
    """Otherwise a host's own clock would stop every step on one of the databases."""
    now = HostsDatetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    with open_school(url, clock=lambda: now) as school:
        desk = school.therapist(NURSE)
        enrolment = desk.start(ANNA, program="digitala-smartskolan")
        desk.start_conversation(enrolment.id, "Hej", notify=Notify.DIRECT)
        assert 1 == school.delivery().run().delivered
    with closing(SqlStorage(url)) as storage:
        assert [now, now, now] == [entry.event.at for entry in storage.timeline(enrolment.id)]


@pytest.mark.rule("D-05a")
@pytest.mark.parametrize("batch", [1, 2, 200])
def test_a_row_that_cannot_be_read_stops_the_noting_of_nobody_else_s_end(url: str, batch: int) -> None:
    """Otherwise one damaged row would keep every other patient's therapist from being told that access is over."""
    before, school = damaged_school(url)
    with before.school, school.school:
        school.at("2027-03-02 08:00")
        done = school.school.delivery(batch=batch).run()
        assert 2 == done.accesses_ended
        for id_ in ("e-0001", "e-0003"):
            assert AccessEnded in [type(event) for event in school.events(id_)]
        execute(url, "UPDATE enrolments SET state_shape = 0 WHERE id = 'e-0002'")
        assert 1 == school.school.delivery(batch=batch).run().accesses_ended


def test_a_cursor_and_a_log_number_that_no_column_holds_are_refused(sqlite_url: str) -> None:
    """Otherwise an address that was changed in a browser would look like a database that is broken."""
    school = Scenario(stored_at(sqlite_url))
    with school.school:
        for key in ((10**30, "e-0001"), (10**5000, "e-0001"), (2, "\ud800"), (2, "\x00")):
            with pytest.raises(InvalidValue):
                school.desk.caseload(Cursor(key=key, now=school.now))
        for after in (10**30, 10**5000):
            with pytest.raises(InvalidValue):
                school.office.access_log(after=after)
        assert () == school.office.access_log(after=10**12)


def test_a_closed_messenger_cannot_send(sqlite_url: str) -> None:
    """Otherwise a worker would count as sent what nobody got, or stop at a foreign error."""
    messenger = SqlMessenger(Channel.SMS, sqlite_url)
    messenger.close()
    with pytest.raises(DeliveryError):
        messenger.send(Address("+46700000000"), Template.PROGRAM_DONE, "https://b.example", key="key-1")


def test_what_is_purged_cannot_be_read_in_the_bytes_of_the_files(sqlite_url: str) -> None:
    """Otherwise the letters of a purged patient would lie in the file, or in its log, for whoever copies it (D-21a)."""
    secret = "det som inte får finnas kvar "
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(SqlStorage(sqlite_url, migrate=True)) as storage:
        e = saved(storage, begin("a"))
        for _ in range(5):
            e = saved(storage, converse(e, secret * 40, at=MORNING))
        e = saved(storage, finish(e, at=MORNING + HOUR))
        assert any(secret.encode() in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))
        made = evolve(kept_plan(storage), enrolments=(ended_once("a", e.version),))
        storage.purge(made.id, made.enrolments, ())
        storage.save_receipt(receipt_of(made))
        assert not any(secret.encode() in path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Otherwise everybody with an account on the machine could read the records."""
    with closing(SqlStorage(f"sqlite:///{tmp_path / 'painschool.db'}", migrate=True)) as storage:
        saved(storage, begin("a"))
        assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}


@pytest.mark.parametrize(("expected", "made"), [(0o600, 0o666), (0o600, 0o644), (0o660, 0o660)])
def test_an_empty_file_that_everybody_may_read_becomes_its_owner_s_alone(
    tmp_path: Path, expected: int, made: int
) -> None:
    """Otherwise a file that somebody has put there, or made by mistake, would show all records to everybody."""
    path = tmp_path / "painschool.db"
    path.touch()
    path.chmod(made)
    with closing(SqlStorage(f"sqlite:///{path}", migrate=True)) as storage:
        saved(storage, begin("a"))
        assert {expected} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}


def test_somebody_else_s_file_that_everybody_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the records would be in a file whose owner reads them."""
    path = tmp_path / "painschool.db"
    path.touch()
    path.chmod(0o666)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(StorageError, match=r"everybody may read .*painschool\.db, which is somebody else's"):
        migrate(f"sqlite:///{path}")
