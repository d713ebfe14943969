"""A storage on SQL that dies between any two statements: before each, and after each that makes something lasting.

It looks at the adapter's links, one for each connection, so it is the same for every database and needs no part of the
adapter to be other than it is.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any, cast
from weakref import ref

from sqlalchemy import Table, select
from sqlalchemy.sql import ClauseElement, Select

from digital_painschool.adapters.sql.connection import Connection, Driver
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Row, Values
from digital_painschool.adapters.sql.schema import METADATA, access_log, digests, messages
from digital_painschool.ports import Ports
from digital_painschool.testing.crashes.process import Process
from digital_painschool.testing.faults.calls import Watched

Rows = Mapping[str, tuple[Row, ...]]
"""The rows of every table, by its name and the place of its database among the adapters."""

_DRAWN = (digests.c.token, access_log.c.number, messages.c.number)
"""What a database or a claim draws anew each time, and nothing depends on but its order."""
_ALL: Mapping[Table, Select[Any]] = {
    table: select(*(column for column in table.c if not any(column is drawn for drawn in _DRAWN)))
    for table in METADATA.sorted_tables
}


def databases_of(ports: Ports) -> tuple[Database, ...]:
    """Return the databases of those adapters that are on SQL, behind whatever faults they have."""
    adapters = (ports.storage, ports.inbox, ports.directory, ports.identity, *ports.messengers)
    found = (getattr(_bare(adapter), "_database", None) for adapter in adapters)
    return tuple(database for database in found if isinstance(database, Database))


def watch_statements(ports: Ports, process: Process) -> None:
    """Let a process count the statements of its databases too, and die at one of them."""
    for database in databases_of(ports):
        pool = database.pool
        driver = _WatchedDriver(pool.driver, process)
        pool.driver = cast("Driver", driver)
        pool.idle[:] = [driver.watched(connection) for connection in pool.idle]
        pool._references = {~number: ref(connection) for number, connection in enumerate(pool.idle)}


def rows_of(ports: Ports) -> Rows:
    """Return every row of every table of every database, apart from what is drawn anew each time."""
    return {
        f"{table.name} {point}": tuple(sorted(database.read(partial(_rows, every)), key=repr))
        for point, database in enumerate(databases_of(ports))
        for table, every in _ALL.items()
    }


def _rows(statement: Select[Any], connection: Connection) -> list[Row]:
    return connection.fetch_all(statement, {})


class _WatchedDriver:
    """A driver whose connections are watched."""

    def __init__(self, driver: Driver, process: Process) -> None:
        self._driver = driver
        self._process = process

    def __getattr__(self, name: str) -> Any:
        return getattr(self._driver, name)

    def connect(self) -> Connection:
        return self.watched(self._driver.connect())

    def watched(self, connection: Connection) -> Connection:
        """Return a connection of which every statement is one of the process's."""
        self._process.leaves.append(connection.close)
        return cast("Connection", _WatchedConnection(connection, self._process))


class _WatchedConnection:
    """A connection of which every statement is one of the process's; a statement for several values is one for each."""

    def __init__(self, connection: Connection, process: Process) -> None:
        self._connection = connection
        self._process = process
        self._is_begun = False
        self._is_writing = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        return self._process.state(
            _words(statement),
            lambda: self._connection.fetch_all(statement, values),
            lasting=lambda: not self._is_begun and bool(getattr(statement, "_independent_ctes", ())),
        )

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        return self._process.state(
            _words(statement), lambda: self._connection.fetch_each(statement, values), lasting=lambda: False
        )

    def execute(self, statement: ClauseElement, values: Values) -> int:
        return self._process.state(
            _words(statement), lambda: self._connection.execute(statement, values), lasting=lambda: not self._is_begun
        )

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        for each in values:
            self.execute(statement, each)

    def begin(self, *, write: bool) -> None:
        self._process.state("BEGIN", lambda: self._connection.begin(write=write), lasting=lambda: False)
        self._is_begun, self._is_writing = True, write

    def advisory_lock(self, job: str) -> None:
        self._process.state(f"lock {job}", lambda: self._connection.advisory_lock(job), lasting=lambda: False)

    def commit(self) -> None:
        self._is_begun = False
        self._process.state("COMMIT", self._connection.commit, lasting=lambda: self._is_writing)

    def rollback(self) -> None:
        self._is_begun = False
        self._process.state("ROLLBACK", self._connection.rollback, lasting=lambda: False)

    def scrub_free_pages(self) -> bool:
        return self._process.state("wipe", self._connection.scrub_free_pages, lasting=lambda: False)


@cache
def _words(statement: ClauseElement) -> str:
    tables = (column.table for column in statement.selected_columns) if isinstance(statement, Select) else ()
    table = getattr(statement, "table", None)
    table = next(iter(tables), None) if table is None else table
    return f"{statement.__visit_name__} {getattr(table, 'name', '')}".strip()


def _bare(adapter: object) -> object:
    return _bare(adapter._watched) if isinstance(adapter, Watched) else adapter
