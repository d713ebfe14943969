"""Reads and writes: each is one transaction on a connection of the pool."""

import logging
from collections.abc import Callable
from contextlib import suppress
from threading import get_ident
from typing import TypeVar

from digital_painschool.adapters.sql.connection import Connection, Driver, LockNotGranted
from digital_painschool.adapters.sql.pool import ConnectionPool
from digital_painschool.errors import OutcomeUnknown, StorageError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Database:
    """A runner of reads and writes on a pool of connections; safe for many threads and after a fork.

    Args:
        driver: The driver that opens connections.
        connections: The most connections at a time.

    Attributes:
        pool: The connections.
        prefers_single_round_trip: Whether each statement is a network round trip.
        lending: For each thread that has lent a connection to the database, whether it is in its transaction still.
    """

    def __init__(self, driver: Driver, connections: int = 16) -> None:
        self.pool = ConnectionPool(driver, connections)
        self.prefers_single_round_trip = driver.prefers_single_round_trip
        self.lending: dict[int, Callable[[], bool]] = {}

    def read(self, work: Callable[[Connection], Result], *, snapshot: bool = False) -> Result:
        """Run a read.

        Args:
            work: The function that reads.
            snapshot: True lets several statements see the same instant.

        Raises:
            StorageError: The read failed.
        """
        try:
            return self._run(work, write=False, transaction=snapshot)
        except _ConnectionLost:
            # The server may have restarted since the connection was last used. A read can be repeated.
            return self._run(work, write=False, transaction=snapshot)

    def write(self, work: Callable[[Connection], Result], *, autocommit: bool = False) -> Result:
        """Run a write in one transaction, which an exception rolls back.

        Args:
            work: The function that writes.
            autocommit: True when the function runs a single statement, which needs no transaction around it.

        Raises:
            Conflict: A key is taken, or the database could not serialise concurrent writes.
            OutcomeUnknown: The connection was lost during the commit: the write was saved completely or not at all.
            StorageError: The write failed; nothing was saved.
        """
        is_lending = bool(self.lending) and (is_open := self.lending.get(get_ident())) is not None and is_open()
        if not is_lending:
            with self.pool.writer_lock:
                return self._run(work, write=True, transaction=not autocommit)
        if not self.pool.driver.one_writer:
            with suppress(LockNotGranted):  # most likely held by the transaction of this very thread
                return self._run(work, write=True, transaction=True, hurries=True)
        raise StorageError(_LENT)

    def _run(
        self, work: Callable[[Connection], Result], *, write: bool, transaction: bool, hurries: bool = False
    ) -> Result:
        pool = self.pool
        connection = pool.take()
        committing = write and not transaction
        found: list[Result] = []
        try:
            if transaction:
                connection.begin(write=write, hurries=hurries)
            found.append(work(connection))
            if transaction:
                committing = write
                connection.commit()
        except BaseException as error:
            found.clear()  # rows of people, which a failed commit must not leave in the traceback
            try:
                usable = self._roll_back(connection, transaction=transaction)
            except BaseException:
                pool.discard(connection)
                raise
            if usable:
                pool.idle.append(connection)
                pool.returned()
            else:
                pool.discard(connection)
            if not isinstance(error, pool.driver.failures):
                raise
            # A driver's error may hold values of the statement, and error collectors read the whole chain: the failure
            # is raised outside of this block, so that the driver's error is not its context.
            failure = pool.driver.failure(error)
            if not usable:
                failure = OutcomeUnknown(_UNKNOWN) if committing else _ConnectionLost(str(failure))
        else:
            # This comes first after the work: an exception that is thrown in comes before it or after it.
            pool.idle.append(connection)
            pool.returned()
            return found[0]
        raise failure

    def _roll_back(self, connection: Connection, *, transaction: bool) -> bool:
        """Roll back a transaction; return whether the connection can be used again."""
        if transaction:
            try:
                connection.rollback()
            except self.pool.driver.failures:  # the first error is the one to raise
                return False
        return connection.is_usable()

    def scrub_free_pages(self) -> None:
        """Remove deleted content from the files, as far as a client can; log a warning when a reader prevented it.

        Raises:
            StorageError: The database failed.
        """
        if not self.read(lambda connection: connection.scrub_free_pages()):
            _log.warning("a reader is in the way: the log still holds what was purged; purge the same plan again")

    def close(self) -> None:
        """Close idle connections now, and those in use as soon as they are returned."""
        self.pool.close()


_UNKNOWN = (
    "the connection to the database was lost before it could say that the step is kept;"
    " it is kept whole, or not at all: load again and decide again"
)


_LENT = (
    "this thread has lent its transaction to the school, and the step would wait for what that holds in vain: nothing"
    " was saved; use a desk of the school that has joined, or wait until the transaction has ended"
)


class _ConnectionLost(StorageError):
    """The connection was lost, and its transaction with it."""
