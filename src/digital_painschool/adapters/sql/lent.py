"""A connection that a host lends: each read and write of the storage is a savepoint of the host's transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.connection import Connection, Driver
from digital_painschool.adapters.sql.rows import Row, Values
from digital_painschool.errors import ConfigurationError, Conflict, PainSchoolError, StorageError

_SAVEPOINT = "painschool_step"
_LOCK_NOT_AVAILABLE = "55P03"


def driver_connection(connection: object) -> object:
    """Return the driver's own connection of what a host lends.

    Args:
        connection: The driver's connection itself, SQLAlchemy's `Connection`, or Django's `django.db.connection`.
    """
    if isinstance(connection, sqlalchemy.Connection):
        return connection.connection.driver_connection
    inner: object = getattr(connection, "connection", None)  # Django's wrapper; None before it has connected
    return connection if inner is None else inner


def require_same_settings(differing: Sequence[str]) -> None:
    """Refuse a connection whose settings differ from those of the school's own connections.

    Args:
        differing: For each of them, how the host sets it right.

    Raises:
        ConfigurationError: There is one.
    """
    if differing:
        raise ConfigurationError("the connection cannot be lent to the school: " + "; ".join(differing))


class LentConnection:
    """A host's connection during the host's transaction; `begin`, `commit` and `rollback` are those of a savepoint.

    Args:
        inner: The connection that runs the storage's statements.
        run: A function that runs a statement of transaction control.
        is_open: A function that returns whether the host's transaction goes on, and has not failed.
        has_savepoint: A function that returns whether a savepoint is left to roll back to.
    """

    def __init__(
        self,
        inner: Connection,
        run: Callable[[str], object],
        *,
        is_open: Callable[[], bool],
        has_savepoint: Callable[[], bool],
    ) -> None:
        self._inner = inner
        self._run = run
        self._is_open = is_open
        self._has_savepoint = has_savepoint
        self._in_savepoint = False

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        with self._savepoint():
            return self._inner.fetch_all(statement, values)

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        with self._savepoint():
            return self._inner.fetch_each(statement, values)

    def execute(self, statement: ClauseElement, values: Values) -> int:
        with self._savepoint():
            return self._inner.execute(statement, values)

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        with self._savepoint():
            self._inner.execute_many(statement, values)

    def begin(self, *, write: bool, hurries: bool = False) -> None:  # noqa: ARG002 - the host's transaction decides
        if not self._is_open():
            raise StorageError(
                "the transaction of the connection that was lent has ended or failed; nothing was saved: roll it back"
            )
        self._run(f"SAVEPOINT {_SAVEPOINT}")
        self._in_savepoint = True

    def commit(self) -> None:
        self._run(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        self._in_savepoint = False

    def rollback(self) -> None:
        in_savepoint, self._in_savepoint = self._in_savepoint, False
        if in_savepoint and self._has_savepoint():  # a full disk makes SQLite roll back the whole transaction
            self._run(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            self._run(f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def advisory_lock(self, job: str) -> None:
        raise StorageError(_OWN_TRANSACTION.format(f"the lock of {job!r}"))

    def scrub_free_pages(self) -> bool:
        raise StorageError(_OWN_TRANSACTION.format("a purge"))

    def has_table(self, name: str) -> bool:
        with self._savepoint():
            return self._inner.has_table(name)

    def is_usable(self) -> bool:
        return self._is_open()

    def close(self) -> None:
        return  # the connection is the host's to close

    @contextmanager
    def _savepoint(self) -> Iterator[None]:
        """Run one statement in a savepoint of its own, unless the call has one: a failure leaves the host's rows."""
        if self._in_savepoint:
            yield
            return
        self.begin(write=False)
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self.commit()


class LentDriver:
    """The driver of a pool whose only connection is the one that a host lends.

    Args:
        driver: The driver of the school's own connections.
        connection: The connection.
    """

    one_writer = False
    drains_before_fork = False

    def __init__(self, driver: Driver, connection: Connection) -> None:
        self._driver = driver
        self._connection = connection
        self.failures = driver.failures
        self.prefers_single_round_trip = driver.prefers_single_round_trip

    def connect(self) -> Connection:
        return self._connection

    def require_lendable(self, connection: object) -> None:  # noqa: ARG002 - no storage lends on what it has borrowed
        raise StorageError(_OWN_TRANSACTION.format("lending"))

    def lent(self, connection: object) -> Connection:  # noqa: ARG002 - as above
        raise StorageError(_OWN_TRANSACTION.format("lending"))

    def identity(self, connection: Connection) -> Row:
        return self._driver.identity(connection)

    def migrate(self) -> None:
        raise StorageError(_OWN_TRANSACTION.format("a migration"))

    def failure(self, error: Exception) -> PainSchoolError:
        return failure_of(self._driver, error)


def failure_of(driver: Driver, error: Exception) -> PainSchoolError:
    """Return the error of the storage port that a driver's error means in a host's transaction."""
    if _is_lock_conflict(error):
        return Conflict("another transaction holds what the step needs; roll back, and try the transaction again")
    return driver.failure(error)


def _is_lock_conflict(error: Any) -> bool:
    name = getattr(error, "sqlite_errorname", None) or ""
    return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or getattr(error, "sqlstate", None) == _LOCK_NOT_AVAILABLE


_OWN_TRANSACTION = "{} needs a transaction of the school's own; it cannot be part of a host's"
