"""A pool of the driver's own connections."""

from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import count
from threading import Lock
from time import monotonic
from typing import Any
from weakref import ref

from digital_painschool.adapters.sql import forks
from digital_painschool.adapters.sql.connection import WAIT_TIMEOUT, Connection, Driver
from digital_painschool.errors import StorageError

_POLL_INTERVAL = 0.1
"""Seconds after which a waiting thread looks again: a connection that an exception has lost notifies nobody."""


class ConnectionPool:
    """A last-in, first-out pool of connections; safe for many threads and after a fork.

    A signal handler or another thread may throw an exception into a call at any point, as soft time limits do. So a
    connection counts as open for as long as something refers to it. A connection that a call lost to an exception
    is closed by the garbage collector, and its place in the pool is free again. The locks are plain ones: `with`
    acquires and releases them without a point at which an exception could come in between. `threading.Condition`
    has such points, and so have the pools of libraries.

    Args:
        driver: The driver that opens connections.
        limit: The most connections at a time; a thread that finds none free waits for `WAIT_TIMEOUT`.

    Attributes:
        idle: The open connections that nobody uses. A call that ends appends its connection, and calls `returned`.
        writer_lock: Held around a write; a real lock where the database lets one transaction write at a time.
    """

    idle: list[Connection]
    writer_lock: AbstractContextManager[Any]

    def __init__(self, driver: Driver, limit: int) -> None:
        self.driver = driver
        self._limit = limit
        self._closed = False
        self._start()
        forks.watch(self)

    def _start(self) -> None:
        """Start without connections and with new locks."""
        self.idle = []
        self.writer_lock = Lock() if self.driver.one_writer else nullcontext()
        self._references: dict[int, ref[object]] = {}
        self._reservation_numbers = count()
        self._reserving = Lock()
        self._draining_until = 0.0
        self._notification = Lock()
        self._notification.acquire()

    @property
    def drains_before_fork(self) -> bool:
        """Whether the process may fork only while the pool has no connection open."""
        return self.driver.drains_before_fork

    @property
    def open_count(self) -> int:
        """The number of open and reserved connections."""
        for number, reference in list(self._references.items()):
            if reference() is None:
                self._references.pop(number, None)
        return len(self._references)

    def take(self) -> Connection:
        """Return an idle connection, or a new one; wait for one where there are as many as there may be.

        Raises:
            StorageError: The pool is closed, or no connection became free in time.
        """
        deadline = 0.0
        while not self._closed:
            if not self._is_draining():
                connection = self._take_idle() or self._connect()
                if connection is not None:
                    return connection
            deadline = deadline or monotonic() + WAIT_TIMEOUT
            if monotonic() > deadline:
                raise StorageError(_ALL_IN_USE.format(self._limit, WAIT_TIMEOUT))
            self._wait()
        raise StorageError("the storage is closed; open another")

    def returned(self) -> None:
        """Notify a waiting thread that a connection was appended to `idle`."""
        if self._notification.locked():
            self._notify()
        if self._closed or self._is_draining():
            self._close_idle()

    def discard(self, connection: Connection) -> None:
        """Close a connection, and free its place in the pool."""
        connection.close()  # first: a fork during it would leave the child with half of what SQLite has open
        for number, reference in list(self._references.items()):
            if reference() is connection:
                self._references.pop(number, None)
        self._notify()

    def close(self) -> None:
        """Close idle connections now, and those in use as soon as they are returned."""
        self._closed = True
        self._notify()
        self._close_idle()

    def drain(self) -> None:
        """Close every connection, and open none until `resume`; wait up to `WAIT_TIMEOUT` for running calls.

        A call that starts meanwhile waits, even when another call has just returned a connection. Otherwise busy
        threads would pass it on to each other, and `drain` would never end.
        """
        self._draining_until = deadline = monotonic() + WAIT_TIMEOUT
        with self._reserving:  # whoever reserves a connection later sees the deadline
            pass
        self._close_idle()
        while self.open_count and monotonic() < deadline:
            self._wait()
            self._close_idle()

    def resume(self) -> None:
        """Allow connections to be opened again."""
        self._draining_until = 0.0
        self._notify()

    def leave_to_parent(self) -> bool:
        """Start empty in a forked process, which may neither use nor close the connections of its parent.

        Return whether the parent had a connection open.
        """
        inherited = [
            connection for reference in list(self._references.values()) if (connection := reference()) is not None
        ]
        forks.keep_for_parent([inherited, self.idle])
        self._start()
        return inherited != []

    def _take_idle(self) -> Connection | None:
        try:
            # A loop pops the connection and binds it to a name in one step. Between a call of `pop` and an assignment
            # an exception could come in, and nothing would refer to the connection.
            for connection in iter(self.idle.pop, None):
                try:
                    if connection.is_usable():
                        return connection
                except BaseException:
                    self.discard(connection)
                    raise
                self.discard(connection)
        except IndexError:
            pass
        return None

    def _connect(self) -> Connection | None:
        """Open a connection; return None when the limit is reached."""
        reservation = _Reservation(next(self._reservation_numbers))
        connection: Connection | None = None
        try:
            with self._reserving:
                if self._is_draining() or self.open_count >= self._limit:
                    return None
                self._references[reservation.number] = ref(reservation)
            if self.drains_before_fork and forks.was_forked_in_use():
                raise StorageError(_FORKED)  # noqa: TRY301 - the reservation is released below
            connection = self.driver.connect()
            self._references[reservation.number] = ref(connection)
            return connection  # noqa: TRY300 - an exception thrown in before `else` would be missed
        except BaseException as error:
            if connection is not None:
                connection.close()
            self._references.pop(reservation.number, None)
            self._notify()
            if not isinstance(error, self.driver.failures):
                raise
            failure = self.driver.failure(error)
        raise failure

    def _close_idle(self) -> None:
        # Two threads may do this at the same time: each closes what it pops, until nothing is left.
        with suppress(IndexError):
            while True:
                self.discard(self.idle.pop())

    def _is_draining(self) -> bool:
        return monotonic() < self._draining_until

    def _wait(self) -> None:
        self._notification.acquire(timeout=_POLL_INTERVAL)
        if len(self.idle) > 1:  # two connections may have been returned before any thread woke up
            self._notify()

    def _notify(self) -> None:
        with suppress(RuntimeError):  # another thread has just notified
            self._notification.release()


class _Reservation:
    """The place of a connection that is being opened."""

    def __init__(self, number: int) -> None:
        self.number = number


_ALL_IN_USE = (
    "all {} connections to the database have been in use for {:.0f} seconds; try again, or open the storage with more"
)
_FORKED = (
    "this process was forked while its parent was in the midst of a call to an SQLite file, so SQLite cannot be used"
    " in it; fork between calls, or start processes by spawn or forkserver"
)
