"""A small pool of the driver's own connections, and how reads and writes are run on them."""

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import count
from os import register_at_fork
from threading import Lock
from time import monotonic
from typing import Any, Protocol, TypeVar
from weakref import WeakSet, ref

from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.statements import Row, Values
from digital_painschool.errors import OutcomeUnknown, PainSchoolError, StorageError

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

PATIENCE = 30.0
"""The longest time in seconds that a call waits for what others hold."""

_TICK = 0.1
"""The seconds after which a waiting thread looks again. A connection that an exception has taken away rings no bell."""


class Connection(Protocol):
    """One connection of a driver, lent to one thread at a time. Errors are the driver's own."""

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            StorageError: A row cannot be read.
        """
        ...

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement that only reads, and return its rows, those that cannot be read as `Damaged`."""
        ...

    def execute(self, statement: ClauseElement, values: Values) -> int:
        """Run a statement and give how many rows it changed."""
        ...

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        """Run a statement once for each of the values."""
        ...

    def begin(self, *, write: bool) -> None:
        """Begin a transaction: to write, or to read one unchanging picture."""
        ...

    def advisory_lock(self, job: str) -> None:
        """Wait until nobody else is at that job, and keep it to oneself until the transaction is over."""
        ...

    def commit(self) -> None:
        """Make it lasting."""
        ...

    def rollback(self) -> None:
        """Undo it."""
        ...

    def has_table(self, name: str) -> bool:
        """Return whether there is a table of that name."""
        ...

    def is_usable(self) -> bool:
        """Return whether the connection seems alive."""
        ...

    def scrub_free_pages(self) -> bool:
        """Let no file hold what was deleted, as far as a client can; return whether no other reader was in the way."""
        ...

    def close(self) -> None:
        """Let go of it, without an error whatever state it is in."""
        ...


class Driver(Protocol):
    """What differs from database to database."""

    failures: tuple[type[Exception], ...]
    one_writer: bool
    prefers_single_round_trip: bool
    """True when each statement is a round trip, so that one large one is better than several small ones."""
    forks_at_rest: bool
    """True when a process may fork only while it has no connection open."""

    def connect(self) -> Connection:
        """Open a connection."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date.

        Raises:
            StorageError: It could not be done; nothing was changed.
        """
        ...

    def failure(self, error: Exception) -> PainSchoolError:
        """Return what a driver's error means, without any of the values that were on their way."""
        ...


class Database:
    """Runs reads and writes on a last-in, first-out pool of connections; safe for many threads and after a fork.

    An exception may be thrown into a call at any point: by a signal's handler, as a soft time limit does, or from
    another thread. So a connection counts as open for as long as something refers to it: one that was on its way when
    the exception came is closed and its place is free. The locks are plain ones, which `with` takes and gives back
    without a point in between; `threading.Condition` has such points, and so have the pools of libraries.

    Args:
        driver: How to connect.
        connections: The most connections at a time; a thread that finds none free waits for `PATIENCE`.
    """

    def __init__(self, driver: Driver, connections: int = 16) -> None:
        self.driver = driver
        self._limit = connections
        self._closed = False
        self.start()
        _DATABASES.add(self)

    def start(self) -> None:
        """Begin without connections and with new locks."""
        self._idle: list[Connection] = []
        self._held: dict[int, ref[object]] = {}
        self._numbers = count()
        self._opening = Lock()
        self._rests_until = 0.0
        self._bell = Lock()
        self._bell.acquire()
        self._writing: AbstractContextManager[Any] = Lock() if self.driver.one_writer else nullcontext()

    def read(self, work: Callable[[Connection], Result], *, several: bool = False) -> Result:
        """Run a read; with `several` statements they all see the same instant.

        Raises:
            StorageError: It could not be done.
        """
        try:
            return self._run(work, write=False, begin=several)
        except _ConnectionLost:
            # The server may have restarted since the connection was last used; a read can be done again.
            return self._run(work, write=False, begin=several)

    def write(self, work: Callable[[Connection], Result], *, alone: bool = False) -> Result:
        """Run a write in a transaction of its own, undone when anything is raised.

        Args:
            work: What to run.
            alone: True when it runs one statement only, which needs no transaction around it.

        Raises:
            Conflict: A key is taken, or the database could not bring simultaneous writes into an order.
            OutcomeUnknown: The connection was lost after the database had been told to keep it: all of it is kept, or
                nothing.
            StorageError: It could not be done; nothing is kept.
        """
        with self._writing:
            return self._run(work, write=True, begin=not alone)

    def _run(self, work: Callable[[Connection], Result], *, write: bool, begin: bool) -> Result:
        connection = self._take()
        told_to_keep = write and not begin
        try:
            if begin:
                connection.begin(write=write)
            result = work(connection)
            if begin:
                told_to_keep = write
                connection.commit()
        except BaseException as error:
            try:
                usable = self._undo(connection, begun=begin)
            except BaseException:
                self._discard(connection)
                raise
            if usable:
                self._idle.append(connection)
                self._given_back()
            else:
                self._discard(connection)
            if not isinstance(error, self.driver.failures):
                raise
            # A driver's error may hold the values that were on their way, and error collectors read the whole chain:
            # what is raised below does not hang on it.
            failure = self.driver.failure(error)
            if not usable:
                failure = OutcomeUnknown(_UNKNOWN) if told_to_keep else _ConnectionLost(str(failure))
        else:
            # The first thing after the work: an exception thrown in comes before or after it.
            self._idle.append(connection)
            self._given_back()
            return result
        raise failure

    def _undo(self, connection: Connection, *, begun: bool) -> bool:
        """Undo what was begun; return whether the connection can be used again."""
        if begun:
            try:
                connection.rollback()
            except self.driver.failures:  # the first error is the one to tell
                return False
        return connection.is_usable()

    def scrub_free_pages(self) -> None:
        """Let no file hold what was deleted, as far as a client can; log a warning when a reader was in the way.

        Raises:
            StorageError: It could not be done.
        """
        if not self.read(lambda connection: connection.scrub_free_pages()):
            _log.warning("a reader is in the way: the log still holds what was purged; purge the same plan again")

    def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it is given back."""
        self._closed = True
        self._ring()
        self._close_idle()

    def _close_idle(self) -> None:
        # Two threads may be at it at once: each closes what it gets, until nothing is left.
        with suppress(IndexError):
            while True:
                self._discard(self._idle.pop())

    def _take(self) -> Connection:
        until = 0.0
        while not self._closed:
            if not self._rests():
                connection = self._idle_one() or self._connect()
                if connection is not None:
                    return connection
            until = until or monotonic() + PATIENCE
            if monotonic() > until:
                raise StorageError(_ALL_IN_USE.format(self._limit, PATIENCE))
            self._wait()
        raise StorageError("the storage is closed; open another")

    def _idle_one(self) -> Connection | None:
        try:
            # A loop takes the connection and names it in one go; after a call of `pop` an exception might come in
            # between, and the connection would be nowhere.
            for connection in iter(self._idle.pop, None):
                try:
                    if connection.is_usable():
                        return connection
                except BaseException:
                    self._discard(connection)
                    raise
                self._discard(connection)
        except IndexError:
            pass
        return None

    @property
    def _open(self) -> int:
        for number, held in list(self._held.items()):
            if held() is None:
                self._held.pop(number, None)
        return len(self._held)

    def _wait(self) -> None:
        self._bell.acquire(timeout=_TICK)
        if len(self._idle) > 1:  # two may have been given back before anybody heard the bell
            self._ring()

    def _ring(self) -> None:
        with suppress(RuntimeError):  # another has just rung it
            self._bell.release()

    def _connect(self) -> Connection | None:
        """Open a connection; return None when there are as many as there may be."""
        place = _Place(next(self._numbers))
        connection: Connection | None = None
        try:
            with self._opening:
                if self._rests() or self._open >= self._limit:
                    return None
                self._held[place.number] = ref(place)
            if _FORKED_IN_USE and self.driver.forks_at_rest:
                raise StorageError(_FORKED)  # noqa: TRY301 - what is reserved is given back below
            connection = self.driver.connect()
            self._held[place.number] = ref(connection)
            return connection  # noqa: TRY300 - an exception thrown in before `else` would be missed
        except BaseException as error:
            if connection is not None:
                connection.close()
            self._held.pop(place.number, None)
            self._ring()
            if not isinstance(error, self.driver.failures):
                raise
            failure = self.driver.failure(error)
        raise failure

    def _given_back(self) -> None:
        if self._bell.locked():
            self._ring()
        if self._closed or self._rests():
            self._close_idle()

    def _discard(self, connection: Connection) -> None:
        connection.close()  # first: a fork in the midst of it would leave the child with half of what SQLite has open
        for number, held in list(self._held.items()):
            if held() is connection:
                self._held.pop(number, None)
        self._ring()

    def _rests(self) -> bool:
        return monotonic() < self._rests_until

    def rest(self) -> None:
        """Close every connection, and let none be used until `resume`; wait for `PATIENCE` until calls are over.

        A call that begins meanwhile waits, also for a connection that another has just given back: threads that call
        all the time would otherwise hand it to each other, and this would wait for them.
        """
        self._rests_until = until = monotonic() + PATIENCE
        with self._opening:  # whoever reserves later sees it
            pass
        self._close_idle()
        while self._open and monotonic() < until:
            self._wait()
            self._close_idle()

    def resume(self) -> None:
        """Let connections be opened again."""
        self._rests_until = 0.0
        self._ring()

    def leave_to_parent(self) -> bool:
        """Begin anew in a forked process, which may neither use nor close the connections of its parent.

        Return whether there were any.
        """
        inherited = [connection for held in list(self._held.values()) if (connection := held()) is not None]
        _INHERITED.append([inherited, self._idle])
        self.start()
        return inherited != []


class _Place:
    """One of the connections that may be open, while it is being opened."""

    def __init__(self, number: int) -> None:
        self.number = number


_UNKNOWN = (
    "the connection to the database was lost before it could say that the step is kept;"
    " it is kept whole, or not at all: load again and decide again"
)
_ALL_IN_USE = (
    "all {} connections to the database have been in use for {:.0f} seconds; try again, or open the storage with more"
)
_FORKED = (
    "this process was forked while its parent was in the midst of a call to an SQLite file, so SQLite cannot be used"
    " in it; fork between calls, or start processes by spawn or forkserver"
)


class _ConnectionLost(StorageError):
    """The connection is gone, and what was begun on it."""


_DATABASES: WeakSet[Database] = WeakSet()
_INHERITED: list[object] = []
"""What a forked process keeps and never touches: to close it would speak in the parent's place."""
_FORKED_IN_USE: list[bool] = []
"""Not empty in a process that was forked while SQLite was in use: its locks are in an unknown state."""


def _before_fork() -> None:
    for database in tuple(_DATABASES):
        if database.driver.forks_at_rest:
            database.rest()


def _after_fork_in_parent() -> None:
    for database in tuple(_DATABASES):
        database.resume()


def _after_fork_in_child() -> None:
    in_use = [database.leave_to_parent() and database.driver.forks_at_rest for database in tuple(_DATABASES)]
    _FORKED_IN_USE.extend(filter(None, in_use))


register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
