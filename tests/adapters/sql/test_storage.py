"""The storage, the inbox and the messengers in SQL keep their contracts, on SQLite and on PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import psycopg
import pytest

from benchmarks.servers import database
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, inbox, messaging, sqlite
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.domain.notification import Channel
from digital_painschool.ports import Inbox, Messenger
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.changes import PERSONS
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.storage import StorageContract
from tests import arrivals
from tests.databases import execute, path_of

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
        execute(place, "DROP TABLE notices")

    def arrived(self, place: str, inbox: Inbox) -> list[Arrival]:
        """Fetch the notices of each person, as a portal does that shows them."""
        with closing(SqlInbox(place)) as other:
            found = [notice for person in PERSONS for notice in other.messages(person)]
        return arrivals.of_notices(found)

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "notices")


class TestSqliteInbox(OfInbox):
    """The inbox on SQLite, by the contract."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url


class TestPostgresqlInbox(OfInbox):
    """The inbox on PostgreSQL, by the contract."""

    @pytest.fixture
    def place(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url


class OfMessenger(Impatient, MessengerContract):
    """The messenger by the contract, on the database of a subclass."""

    def open(self, place: str) -> SqlMessenger:
        """Open the messenger."""
        return SqlMessenger(self.channel, place)

    def spoil(self, place: str) -> None:
        """Take away its table."""
        execute(place, "DROP TABLE staff_messages")

    def arrived(self, place: str, messenger: Messenger) -> list[Arrival]:
        """Fetch the messages, as a gateway does."""
        with closing(SqlMessenger(self.channel, place)) as other:
            return arrivals.of_messages(other.waiting(1000))

    def hanging(self, place: str) -> AbstractContextManager[None]:
        """Hold the table."""
        return locked(place, "staff_messages")


class TestSqliteMessenger(OfMessenger):
    """The messenger on SQLite, by the contract."""

    @pytest.fixture
    def place(self, sqlite_url: str) -> str:
        """A new database."""
        return sqlite_url


class TestSqliteSmsMessenger(TestSqliteMessenger):
    """The same for the other channel."""

    channel = Channel.SMS


class TestPostgresqlMessenger(OfMessenger):
    """The messenger on PostgreSQL, by the contract."""

    @pytest.fixture
    def place(self, postgresql_url: str) -> str:
        """A new database."""
        return postgresql_url
