"""The statements of SQL adapters as calls, and the rows of their tables.

A proxy stands before each connection, so it is the same for every database, and no part of an adapter is changed.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, cast
from weakref import ref

from attrs import evolve
from sqlalchemy import Table, select
from sqlalchemy.sql import ClauseElement, Select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import METADATA, access_log, completed_calls, digests, messages
from digital_painschool.ports import Ports
from digital_painschool.testing.faults import Call, watched
from digital_painschool.testing.faults.calls import Around, Watched

Rows = Mapping[str, tuple[Row, ...]]
"""The rows of every table, by its name and the ordinal of its database among the adapters."""

_DRAWN = (digests.c.token, access_log.c.number, messages.c.number, completed_calls.c.fingerprint)
"""The columns that are drawn anew each time; no other column depends on them but for an order."""
_ALL: Mapping[Table, Select[Any]] = {
    table: select(*(column for column in table.c if not any(column is drawn for drawn in _DRAWN)))
    for table in METADATA.sorted_tables
}


@cache
def _words(statement: ClauseElement) -> str:
    tables = (column.table for column in statement.selected_columns) if isinstance(statement, Select) else ()
    table = getattr(statement, "table", None)
    table = next(iter(tables), None) if table is None else table
    return f"{statement.__visit_name__} {getattr(table, 'name', '')}".strip()


_STATEMENTS: Mapping[str, Callable[[tuple[Any, ...]], str]] = {
    **dict.fromkeys(("fetch_all", "fetch_each", "execute"), lambda args: _words(args[0])),
    "begin": lambda _: "BEGIN",
    "commit": lambda _: "COMMIT",
    "rollback": lambda _: "ROLLBACK",
    "advisory_lock": lambda args: f"lock {args[0]}",
    "scrub_free_pages": lambda _: "scrub",
}
"""The methods of a connection that are a statement, each with the name of the statement."""


def databases_of(ports: Ports) -> tuple[Database, ...]:
    """Return the databases of those adapters that are on SQL, behind whatever faults they have."""
    adapters = (ports.storage, ports.inbox, ports.directory, ports.identity, *ports.messengers)
    found = (getattr(_bare(adapter), "_database", None) for adapter in adapters)
    return tuple(database for database in found if isinstance(database, Database))


def watch_statements(ports: Ports, around: Around, lasts: Callable[[], object]) -> None:
    """Bring a function between the adapters and their databases: every statement goes through it.

    Args:
        ports: The adapters.
        around: The function; the method of each call is the name of the statement.
        lasts: A function that is called when what a statement did will last, whenever the process dies.
    """

    def watch(connection: Connection) -> Connection:
        return watched(connection, _Statements(connection, around, lasts))

    for pool in (database.pool for database in databases_of(ports)):
        pool.driver = watched(
            pool.driver,
            lambda call: watch(cast("Connection", call.go())) if call.method == "connect" else call.go(),
        )
        pool.idle[:] = map(watch, pool.idle)
        pool._references = {~number: ref(connection) for number, connection in enumerate(pool.idle)}


def rows_of(ports: Ports) -> Rows:
    """Return every row of every table of every database, apart from what is drawn anew each time."""
    return {
        f"{table.name} {ordinal}": tuple(sorted(database.read(partial(_rows, every)), key=repr))
        for ordinal, database in enumerate(databases_of(ports))
        for table, every in _ALL.items()
    }


def _rows(statement: Select[Any], connection: Connection) -> list[Row]:
    return connection.fetch_all(statement, {})


class _Statements:
    """The statements of one connection; a statement for several values is one for each."""

    def __init__(self, connection: Connection, around: Around, lasts: Callable[[], object]) -> None:
        self._connection = connection
        self._around = around
        self._lasts = lasts
        self._in_transaction = False
        self._writes = False

    def __call__(self, call: Call) -> object:
        if call.method == "execute_many":
            statement, values = call.args
            for each in values:
                self(Call("execute", self._connection.execute, (statement, each)))
            return None
        if call.method not in _STATEMENTS:
            return call.go()
        words = _STATEMENTS[call.method](call.args)
        return self._around(evolve(call, method=words, ask=partial(self._make, call)))

    def _make(self, call: Call, *_: object, **__: object) -> object:
        lasts = self._writes if call.method == "commit" else not self._in_transaction and _changes(call)
        if call.method in {"commit", "rollback"}:
            self._in_transaction = False
        answer = call.go()
        if call.method == "begin":
            self._in_transaction, self._writes = True, call.options["write"]
        if lasts:
            self._lasts()
        return answer


def _changes(call: Call) -> bool:
    if call.method == "fetch_all":
        return bool(getattr(call.args[0], "_independent_ctes", ()))
    return call.method == "execute"


def _bare(adapter: object) -> object:
    return _bare(adapter._watched) if isinstance(adapter, Watched) else adapter
