"""What the storage asks of a database driver and of its connections."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.rows import Row, Values
from digital_painschool.errors import PainSchoolError, StorageError

WAIT_TIMEOUT = 30.0
"""The longest time in seconds that a call waits for a lock, or for a free connection."""


class LockNotGranted(StorageError):
    """Another transaction has held a lock for longer than this one may wait."""


class Connection(Protocol):
    """One connection of a driver, used by one thread at a time. It raises the driver's own errors."""

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            StorageError: A row cannot be read.
        """
        ...

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement that only reads and return its rows, unreadable ones as `Damaged`."""
        ...

    def execute(self, statement: ClauseElement, values: Values) -> int:
        """Run a statement and return the number of rows that it changed."""
        ...

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        """Run a statement once for each of the values."""
        ...

    def begin(self, *, write: bool, hurries: bool = False) -> None:
        """Begin a transaction: one that writes, or one that reads a single snapshot.

        Args:
            write: Whether it writes.
            hurries: True lets it wait a second for a lock, and no longer.
        """
        ...

    def advisory_lock(self, job: str) -> None:
        """Wait for the lock of a job, and hold it until the transaction ends."""
        ...

    def commit(self) -> None:
        """Commit the transaction."""
        ...

    def rollback(self) -> None:
        """Roll the transaction back."""
        ...

    def has_table(self, name: str) -> bool:
        """Return whether a table of that name exists."""
        ...

    def is_usable(self) -> bool:
        """Return whether the connection seems alive."""
        ...

    def scrub_free_pages(self) -> bool:
        """Remove deleted content from the files, as far as a client can; return whether no reader prevented it."""
        ...

    def close(self) -> None:
        """Close the connection, whatever its state, without an error."""
        ...


class Driver(Protocol):
    """The differences between databases."""

    failures: tuple[type[Exception], ...]
    """The errors that the driver's connections raise."""
    one_writer: bool
    """True when the database lets one transaction write at a time."""
    prefers_single_round_trip: bool
    """True when each statement is a network round trip, so that one large statement is faster than several small."""
    drains_before_fork: bool
    """True when a process may fork only while it has no connection open."""

    def connect(self) -> Connection:
        """Open a connection."""
        ...

    def require_lendable(self, connection: object) -> None:
        """Refuse a connection that a host must not lend, before the host's transaction has begun.

        Raises:
            ConfigurationError: The host's transaction would not be the outermost one, where it has to be.
        """
        ...

    def lent(self, connection: object) -> Connection:
        """Return a connection of the host's, in the host's transaction, for the storage.

        Raises:
            InvalidValue: The connection is not one of this driver.
            ConfigurationError: Its settings differ from the school's own, or it has no transaction.
        """
        ...

    def identity(self, connection: Connection) -> Row:
        """Return what tells the database from all others, where `lent` has not compared it."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date.

        Raises:
            StorageError: The migration failed; nothing was changed.
        """
        ...

    def failure(self, error: Exception) -> PainSchoolError:
        """Return the error of the storage port that a driver's error means, without any value of a statement."""
        ...
