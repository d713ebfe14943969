"""A small pool of the driver's own connections, and how reads and writes are run on them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from os import register_at_fork
from threading import Condition, Lock
from typing import Any, Protocol, TypeVar
from weakref import WeakSet

from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.statements import Row, Values
from digital_painschool.errors import OutcomeUnknown, PainschoolError, StorageFailed

Result = TypeVar("Result")


class Link(Protocol):
    """One connection of a driver, lent to one thread at a time. Errors are the driver's own."""

    def rows(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement and return its rows.

        Raises:
            StorageFailed: A row cannot be read.
        """
        ...

    def each(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement that only reads, and return its rows, those that cannot be read as `Damaged`."""
        ...

    def count(self, statement: ClauseElement, values: Values) -> int:
        """Run a statement and give how many rows it changed."""
        ...

    def many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        """Run a statement once for each of the values."""
        ...

    def begin(self, *, write: bool) -> None:
        """Begin a transaction: to write, or to read one unchanging picture."""
        ...

    def only_one(self, job: str) -> None:
        """Wait until nobody else is at that job, and keep it to oneself until the transaction is over."""
        ...

    def commit(self) -> None:
        """Make it lasting."""
        ...

    def rollback(self) -> None:
        """Undo it."""
        ...

    def has_table(self, name: str) -> bool:
        """Tell whether there is a table of that name."""
        ...

    def is_usable(self) -> bool:
        """Tell whether the connection seems alive."""
        ...

    def wipe(self) -> None:
        """Let no file hold what was deleted, as far as that is for a client to do."""
        ...

    def close(self) -> None:
        """Let go of it, without an error whatever state it is in."""
        ...


class Driver(Protocol):
    """What differs from database to database."""

    failures: tuple[type[Exception], ...]
    one_writer: bool
    far: bool
    """True when each statement is a round trip, so that one large one is better than several small ones."""

    def connect(self) -> Link:
        """Open a connection."""
        ...

    def migrate(self) -> None:
        """Bring the schema up to date.

        Raises:
            StorageFailed: It could not be done; nothing was changed.
        """
        ...

    def failure(self, error: Exception) -> PainschoolError:
        """Say what a driver's error means, without any of the values that were on their way."""
        ...


class Database:
    """Runs reads and writes on a last-in, first-out pool of connections; safe for many threads and after a fork.

    Args:
        driver: How to connect.
        connections: The most connections at a time; a thread that finds none free waits.
    """

    def __init__(self, driver: Driver, connections: int = 16) -> None:
        self.driver = driver
        self._limit = connections
        self._inherited: list[Link] = []
        self._idle: list[Link] = []
        self._closed = False
        self.start()
        _DATABASES.add(self)

    def start(self) -> None:
        """Begin without connections: a forked process must neither use nor close those of its parent."""
        self._inherited += self._idle
        self._idle = []
        self._open = 0
        self._waiting = 0
        self._changed = Condition(Lock())
        self._writing: AbstractContextManager[Any] = Lock() if self.driver.one_writer else nullcontext()

    def read(self, work: Callable[[Link], Result], *, several: bool = False) -> Result:
        """Run a read; with `several` statements they all see the same instant.

        Raises:
            StorageFailed: It could not be done.
        """
        try:
            return self._read(work, several=several)
        except _ConnectionLost:
            # The server may have restarted since the connection was last used; a read can be done again.
            return self._read(work, several=several)

    def _read(self, work: Callable[[Link], Result], *, several: bool) -> Result:
        link = self._take()
        try:
            if several:
                link.begin(write=False)
            result = work(link)
            if several:
                link.commit()
        except BaseException as error:
            failure = self._give_up(link, error, begun=several)
            if failure is None:
                raise
        else:
            self._give_back(link)
            return result
        raise failure

    def write(self, work: Callable[[Link], Result], *, alone: bool = False) -> Result:
        """Run a write in a transaction of its own, undone when anything is raised.

        Args:
            work: What to run.
            alone: True when it runs one statement only, which needs no transaction around it.

        Raises:
            Conflict: A key is taken, or the database could not bring simultaneous writes into an order.
            OutcomeUnknown: The connection was lost after the database had been told to keep it: all of it is kept, or
                nothing.
            StorageFailed: It could not be done; nothing is kept.
        """
        with self._writing:
            link = self._take()
            told_to_keep = alone
            try:
                if not alone:
                    link.begin(write=True)
                result = work(link)
                if not alone:
                    told_to_keep = True
                    link.commit()
            except BaseException as error:
                failure = self._give_up(link, error, begun=not alone)
                if failure is None:
                    raise
                if told_to_keep and isinstance(failure, _ConnectionLost):
                    failure = OutcomeUnknown(_UNKNOWN)
            else:
                self._give_back(link)
                return result
        raise failure

    def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it is given back."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._close_idle()

    def _close_idle(self) -> None:
        # Two threads may be at it at once: each closes what it gets, until nothing is left.
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _take(self) -> Link:
        while not self._closed:
            try:
                link = self._idle.pop()
            except IndexError:
                if self._may_open():
                    return self._connect()
            else:
                if link.is_usable():
                    return link
                self._discard(link)
        raise StorageFailed("the storage is closed; open another")

    def _may_open(self) -> bool:
        with self._changed:
            if self._open < self._limit:
                self._open += 1
                return True
            self._waiting += 1
            # Whoever gives back looks for waiting threads after putting the connection there: none is overlooked.
            self._changed.wait_for(lambda: self._idle or self._closed or self._open < self._limit)
            self._waiting -= 1
            return False

    def _connect(self) -> Link:
        try:
            return self.driver.connect()
        except BaseException as error:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            if not isinstance(error, self.driver.failures):
                raise
            failure = self.driver.failure(error)
        raise failure

    def _give_back(self, link: Link) -> None:
        self._idle.append(link)
        if self._waiting:
            with self._changed:
                self._changed.notify()
        if self._closed:
            self._close_idle()

    def _discard(self, link: Link) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()
        link.close()

    def _give_up(self, link: Link, error: BaseException, *, begun: bool) -> PainschoolError | None:
        """Undo what was begun; say what a driver's error means, to be raised where that error does not hang on it.

        A driver's error may hold the values that were on their way, and error collectors read the whole chain.
        """
        lost = False
        try:
            if begun:
                link.rollback()
        except self.driver.failures:  # the first error is the one to tell
            lost = True
        if lost or not link.is_usable():
            lost = True
            self._discard(link)
        else:
            self._give_back(link)
        if not isinstance(error, self.driver.failures):
            return None
        failure = self.driver.failure(error)
        return _ConnectionLost(str(failure)) if lost else failure


_UNKNOWN = (
    "the connection to the database was lost before it could say that the step is kept;"
    " it is kept whole, or not at all: load again and decide again"
)


class _ConnectionLost(StorageFailed):
    """The connection is gone, and what was begun on it."""


_DATABASES: WeakSet[Database] = WeakSet()


def _after_fork() -> None:
    for database in tuple(_DATABASES):
        database.start()


register_at_fork(after_in_child=_after_fork)
