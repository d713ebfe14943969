"""A small pool of the driver's own connections, and how reads and writes are run on them."""

from collections.abc import Callable, Sequence
from os import register_at_fork
from threading import Condition, Lock
from typing import Protocol, TypeVar
from weakref import WeakSet

from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.statements import Row, Values
from digital_painschool.errors import PainschoolError, StorageFailed

Result = TypeVar("Result")


class Link(Protocol):
    """One connection of a driver, lent to one thread at a time. Errors are the driver's own."""

    def rows(self, statement: ClauseElement, values: Values) -> list[Row]:
        """Run a statement and give its rows."""
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

    def close(self) -> None:
        """Let go of it, without an error whatever state it is in."""
        ...


class Driver(Protocol):
    """What differs from database to database."""

    failures: tuple[type[Exception], ...]
    one_writer: bool

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
        self._changed = Condition(Lock())
        self._writing = Lock()

    def read(self, work: Callable[[Link], Result], *, several: bool = False) -> Result:
        """Run a read; with `several` statements they all see the same instant.

        Raises:
            StorageFailed: It could not be done.
        """
        link = self._take()
        try:
            if several:
                link.begin(write=False)
            result = work(link)
            if several:
                link.commit()
        except BaseException as error:
            self._give_up(link, error, begun=several)
            raise
        self._give_back(link)
        return result

    def write(self, work: Callable[[Link], Result]) -> Result:
        """Run a write in a transaction of its own, undone when anything is raised.

        Raises:
            Conflict: A key is taken, or the database could not bring simultaneous writes into an order.
            StorageFailed: It could not be done.
        """
        if self.driver.one_writer:
            with self._writing:
                return self._write(work)
        return self._write(work)

    def _write(self, work: Callable[[Link], Result]) -> Result:
        link = self._take()
        try:
            link.begin(write=True)
            result = work(link)
            link.commit()
        except BaseException as error:
            self._give_up(link, error, begun=True)
            raise
        self._give_back(link)
        return result

    def close(self) -> None:
        """Close what is idle now, and what is in use as soon as it is given back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        for link in idle:
            link.close()

    def _take(self) -> Link:
        while True:
            with self._changed:
                while not self._closed and not self._idle and self._open >= self._limit:
                    self._changed.wait()
                if self._closed:
                    raise StorageFailed("the storage is closed; open another")
                link = self._idle.pop() if self._idle else None
                if link is None:
                    self._open += 1
            if link is None:
                return self._connect()
            if link.is_usable():
                return link
            self._discard(link)

    def _connect(self) -> Link:
        try:
            return self.driver.connect()
        except BaseException as error:
            with self._changed:
                self._open -= 1
                self._changed.notify()
            if isinstance(error, self.driver.failures):
                raise self.driver.failure(error) from None
            raise

    def _give_back(self, link: Link) -> None:
        with self._changed:
            if not self._closed:
                self._idle.append(link)
                self._changed.notify()
                return
        link.close()

    def _discard(self, link: Link) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()
        link.close()

    def _give_up(self, link: Link, error: BaseException, *, begun: bool) -> None:
        try:
            if begun:
                link.rollback()
        except self.driver.failures:  # the first error is the one to tell
            self._discard(link)
        else:
            if link.is_usable():
                self._give_back(link)
            else:
                self._discard(link)
        if isinstance(error, self.driver.failures):
            raise self.driver.failure(error) from None


_DATABASES: WeakSet[Database] = WeakSet()


def _after_fork() -> None:
    for database in tuple(_DATABASES):
        database.start()


register_at_fork(after_in_child=_after_fork)
