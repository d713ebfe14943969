"""The storage, the inbox and the messengers in SQL keep their contracts, on SQLite and on PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, cast

import psycopg
import pytest
from sqlalchemy.sql import ClauseElement

from benchmarks.servers import database
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, inbox, messaging, sqlite
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.revisions import REVISIONS, VERSION_TABLE
from digital_painschool.adapters.sql.rows import Values
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel
from digital_painschool.errors import Conflict
from digital_painschool.ports import Inbox, Messenger, Storage
from digital_painschool.ports.guarded import WRITES
from digital_painschool.ports.storage import RecordKey
from digital_painschool.testing.contracts import every_call
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.changes import PERSONS
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.storage import StorageContract
from tests import arrivals
from tests.databases import cut_record, execute, path_of

SPOILT = "enrolments_that_were_taken_away"


@pytest.fixture(scope="class")
def postgresql_kept(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A PostgreSQL database with the schema, for the tests of a class."""
    with database(postgresql_server, postgresql_template) as url:
        yield url


def test_what_writes_is_known_as_a_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a commit that was lost in a method that counts as a read would pass for one that changed nothing."""
    changing, changed = {sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}, set[str]()
    asked = "the migration"
    connect = sqlite3.connect

    def watched(*args: Any, **options: Any) -> sqlite3.Connection:
        def watch(action: int, table: str | None, *_: str | None) -> int:
            if action in changing and not (table or "").startswith("sqlite_"):
                changed.add(asked)
            return sqlite3.SQLITE_OK

        # Only what is compiled comes to the authorizer, and a statement in the cache is compiled no more.
        connection: sqlite3.Connection = connect(*args, **options, cached_statements=0)
        connection.set_authorizer(watch)
        return connection

    monkeypatch.setattr(sqlite3, "connect", watched)
    with closing(SqlStorage(f"sqlite:///{tmp_path / 'a.db'}", migrate=True)) as storage:
        changed.clear()
        for asked, call in every_call.CALLS.items():  # noqa: B007 - the watch reads it
            with suppress(Conflict):
                call(storage)
    idle = {"claim", "complete", "purge", "reject"}  # they find nothing to change here
    assert changed == WRITES - idle


def stop_statements(storage: object, stop: Callable[[], None]) -> None:
    """Call a function before each statement of a storage, and before each commit."""
    assert isinstance(storage, SqlStorage)
    pool = storage._database.pool
    pool._close_idle()
    connect = pool.driver.connect
    pool.driver.connect = lambda: cast("Connection", Stoppable(connect(), stop))  # type: ignore[method-assign]


class Stoppable:
    """A connection that calls a function before each statement, and before each commit.

    Args:
        connection: The connection.
        stop: The function; it raises when the statement must not run.
    """

    def __init__(self, connection: Connection, stop: Callable[[], None]) -> None:
        self._connection = connection
        self._stop = stop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name in {"fetch_all", "fetch_each", "execute", "commit"}:
            return lambda *values: (self._stop(), found(*values))[1]
        return found

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        for each in values:
            self.execute(statement, each)


def cut(url: str, id_: EnrolmentId | DigestId) -> None:
    """Cut a byte off the row of an enrolment or a digest."""
    for table, column in (("enrolments", "state"), ("digests", "template")):
        cell = f"substr({column}, 1, length({column}) - 1)"
        execute(url, f"UPDATE {table} SET {column} = {cell} WHERE id = '{id_}'")  # noqa: S608


class OnSql(StorageContract):
    """The storage by the contract, on the database of a subclass."""

    def open(self, place: str) -> SqlStorage:
        """Open the storage."""
        return SqlStorage(place)

    def before_each_write(self, storage: Storage, stop: Callable[[], None]) -> None:
        """Stop before each statement and each commit."""
        stop_statements(storage, stop)

    def damage(self, place: str, id_: EnrolmentId | DigestId) -> None:
        """Cut a byte off the row of the enrolment or the digest."""
        cut(place, id_)

    def damage_record(self, place: str, key: RecordKey) -> None:
        """Cut a byte off the record's row."""
        cut_record(place, key)

    def damage_slot(self, place: str, channel: Channel) -> None:
        """Write a number that no slot has."""
        execute(place, f"UPDATE paces SET in_round = -1 WHERE channel = '{channel.value}'")  # noqa: S608 - constants

    def leave_to_later_version(self, place: str) -> None:
        """Name a revision that is not in the package."""
        execute(place, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608


class OnFile:
    """A contract on SQLite."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url


class OnServer:
    """A contract on PostgreSQL."""

    @pytest.fixture
    def place(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url


class TestSqliteStorage(OnFile, OnSql):
    """The storage on SQLite, by the contract."""

    full: ClassVar[Exception] = sqlite3.OperationalError("database or disk is full")

    def spoil(self, place: str) -> None:
        """Write over the file's first bytes."""
        path_of(place).write_bytes(b"damaged" * 1000)

    def take_away(self, place: str) -> None:
        """Delete the file."""
        path_of(place).unlink()


class TestPostgresqlStorage(OnSql):
    """The storage on PostgreSQL, by the contract."""

    full: ClassVar[Exception] = psycopg.errors.DiskFull("could not extend file: no space left on device")

    @pytest.fixture
    def place(self, postgresql_kept: str) -> str:
        """A database that is emptied for each test: to make another would take longer than the test."""
        execute(postgresql_kept, f"ALTER TABLE IF EXISTS {SPOILT} RENAME TO enrolments")
        execute(postgresql_kept, f"UPDATE {VERSION_TABLE} SET version_num = '{REVISIONS[-1]}'")  # noqa: S608
        execute(postgresql_kept, f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY CASCADE")
        return postgresql_kept

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
        if request.node.name in ("test_a_call_returns_or_raises_in_time", "test_an_inbox_that_hangs_does_not_answer"):
            monkeypatch.setattr(sqlite, "WAIT_TIMEOUT", 0.1)
            for module in (inbox, messaging):
                monkeypatch.setattr(module, "DELIVERY_TIMEOUT", 0.1)


class OfInbox(Impatient, InboxContract):
    """The inbox by the contract, on the database of a subclass."""

    def open(self, place: str) -> SqlInbox:
        """Open the inbox."""
        return SqlInbox(place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "ALTER TABLE notices RENAME TO away")

    def mend(self, place: str) -> None:
        """Bring it back."""
        execute(place, "ALTER TABLE away RENAME TO notices")

    def arrived(self, place: str, inbox: Inbox) -> list[Arrival]:
        """Fetch the notices of each person, as a portal does that shows them."""
        with closing(SqlInbox(place)) as other:
            found = [notice for person in PERSONS for notice in other.messages(person)]
        return arrivals.of_notices(found)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "notices")


class TestSqliteInbox(OnFile, OfInbox):
    """The inbox on SQLite, by the contract."""


class TestPostgresqlInbox(OnServer, OfInbox):
    """The inbox on PostgreSQL, by the contract."""


class OfMessenger(Impatient, MessengerContract):
    """The messenger by the contract, on the database of a subclass."""

    def open(self, place: str) -> SqlMessenger:
        """Open the messenger."""
        return SqlMessenger(self.channel, place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "ALTER TABLE staff_messages RENAME TO away")

    def mend(self, place: str) -> None:
        """Bring it back."""
        execute(place, "ALTER TABLE away RENAME TO staff_messages")

    def arrived(self, place: str, messenger: Messenger) -> list[Arrival]:
        """Fetch the messages, as a gateway does."""
        with closing(SqlMessenger(self.channel, place)) as other:
            return arrivals.of_messages(other.waiting(1000))

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "staff_messages")


class TestSqliteMessenger(OnFile, OfMessenger):
    """The messenger on SQLite, by the contract."""


class TestSqliteSmsMessenger(TestSqliteMessenger):
    """The same for the other channel."""

    channel = Channel.SMS


class TestPostgresqlMessenger(OnServer, OfMessenger):
    """The messenger on PostgreSQL, by the contract."""
