"""The storage on SQL keeps the contract on SQLite and on PostgreSQL; what is SQL's own is tested here."""

from collections.abc import Iterator

import pytest

from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage
from digital_painschool.notification import Channel
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Messenger
from digital_painschool.ports.storage import Storage
from tests.contracts.inbox import InboxContract
from tests.contracts.messaging import MessengerContract
from tests.contracts.storage import StorageContract


class TestSqliteStorage(StorageContract):
    """The storage on SQLite, by the contract."""

    @pytest.fixture
    def storage(self, sqlite_url: str) -> Iterator[Storage]:
        """A new storage."""
        storage = SqlStorage(sqlite_url)
        yield storage
        storage.close()


class TestPostgresqlStorage(StorageContract):
    """The storage on PostgreSQL, by the contract."""

    @pytest.fixture
    def storage(self, postgresql_url: str) -> Iterator[Storage]:
        """A new storage."""
        storage = SqlStorage(postgresql_url)
        yield storage
        storage.close()


class TestSqliteInbox(InboxContract):
    """The inbox on SQLite, by the contract."""

    @pytest.fixture
    def inbox(self, sqlite_url: str) -> Iterator[Inbox]:
        """A new inbox."""
        inbox = SqlInbox(sqlite_url)
        yield inbox
        inbox.close()


class TestPostgresqlInbox(InboxContract):
    """The inbox on PostgreSQL, by the contract."""

    @pytest.fixture
    def inbox(self, postgresql_url: str) -> Iterator[Inbox]:
        """A new inbox."""
        inbox = SqlInbox(postgresql_url)
        yield inbox
        inbox.close()


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
class TestSqliteMessenger(MessengerContract):
    """The messenger on SQLite, by the contract."""

    @pytest.fixture
    def messenger(self, sqlite_url: str, channel: Channel) -> Iterator[Messenger]:
        """A new messenger."""
        messenger = SqlMessenger(channel, sqlite_url)
        yield messenger
        messenger.close()


@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.SMS])
class TestPostgresqlMessenger(MessengerContract):
    """The messenger on PostgreSQL, by the contract."""

    @pytest.fixture
    def messenger(self, postgresql_url: str, channel: Channel) -> Iterator[Messenger]:
        """A new messenger."""
        messenger = SqlMessenger(channel, postgresql_url)
        yield messenger
        messenger.close()
