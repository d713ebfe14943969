"""A connection to PostgreSQL, through psycopg."""

import os
import selectors
from collections.abc import Sequence
from functools import cache
from selectors import EVENT_READ, BaseSelector
from typing import Any

import psycopg
from psycopg.types.datetime import TimestamptzLoader
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.postgresql_session import BEGIN, BEGIN_BEHIND_POOL
from digital_painschool.adapters.sql.rows import Row, Values, require_all_readable
from digital_painschool.adapters.sql.schema_names import table_prefix
from digital_painschool.adapters.sql.statements import Statements

_JOBS = {"plan": 703162020}
"""The keys of advisory locks; the second key is a table, so that schools in two schemas do not share a lock."""

_Selector: type[BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""`poll` where the system has it: `select` fails for file descriptors of 1024 and more, which a server has."""

_IDLE = psycopg.pq.TransactionStatus.IDLE


class _InstantOrBytes(TimestamptzLoader):
    """Loads an instant; one outside of Python's range stays as bytes."""

    def load(self, data: Any) -> Any:
        """Return the instant, or its bytes."""
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data)


class TimeoutConnection(psycopg.Connection[Any]):
    """psycopg's connection; a statement fails when its answer does not arrive in time."""

    statement_timeout: float | None = None
    """The most seconds that a statement may take; None for no limit."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer, up to the timeout."""
        return super().wait(gen, *args, **{"timeout": self.statement_timeout, **kwargs})


class PostgresqlConnection:
    """One connection to a server; outside a transaction each statement is autocommitted."""

    def __init__(self, connection: psycopg.Connection, statements: Statements, schema: str | None) -> None:
        self._connection = connection
        self._begin = BEGIN if connection.prepare_threshold is not None else BEGIN_BEHIND_POOL
        self._execute = connection.execute
        self._statements = statements
        self._table_prefix = table_prefix(schema)
        self._process = os.getpid()

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        return require_all_readable(self.fetch_each(statement, values))

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = self._statements[statement]
        ordered = compiled.values(values)
        try:
            return compiled.rows(self._execute(compiled.sql, ordered).fetchall())
        except psycopg.DataError as error:
            if error.sqlstate is not None:
                raise
        # The driver's error and not the server's: an instant is outside of Python's range. Read the rows again, that
        # instant as bytes.
        with self._connection.cursor() as cursor:
            cursor.adapters.register_loader("timestamptz", _InstantOrBytes)
            return compiled.rows(cursor.execute(compiled.sql.encode(), ordered).fetchall())

    def execute(self, statement: ClauseElement, values: Values) -> int:
        compiled = self._statements[statement]
        return self._execute(compiled.sql, compiled.values(values)).rowcount

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        compiled = self._statements[statement]
        if len(values) == 1:
            self._execute(compiled.sql, compiled.values(values[0]))
        elif values:
            with self._connection.cursor() as cursor:
                cursor.executemany(compiled.sql, map(compiled.values, values))

    def begin(self, *, write: bool, hurries: bool = False) -> None:
        begin = self._begin if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._execute(f"{begin}; SET LOCAL lock_timeout = '1s'" if hurries else begin)

    def advisory_lock(self, job: str) -> None:
        table = f"{self._table_prefix}enrolments"
        self._execute("SELECT pg_advisory_xact_lock($1, $2::regclass::oid::int)", (_JOBS[job], table))

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        return self._execute("SELECT to_regclass($1) IS NOT NULL", (self._table_prefix + name,)).fetchall() == [(True,)]

    def scrub_free_pages(self) -> bool:
        """Return without a change: the bytes stay until the owner of the tables rewrites them, with VACUUM FULL."""
        return True

    def is_usable(self) -> bool:
        # A closed connection is not idle, nor is one whose statement an exception has interrupted.
        if self._connection.pgconn.transaction_status != _IDLE:
            return False
        # A server sends nothing on an idle connection, except that it closes it.
        with _Selector() as selector:
            selector.register(self._connection.fileno(), EVENT_READ)
            return not selector.select(0)

    def close(self) -> None:
        self._connection.close()

    def __del__(self) -> None:
        """Close a connection that a call has lost to an exception."""
        if self._process == os.getpid():
            self._connection.close()


@cache
def statements_for(schema: str | None) -> Statements:
    """Return the compiled statements that all storages of a schema share."""
    return Statements(dialects.dialect(paramstyle="numeric_dollar"), schema)  # type: ignore[no-untyped-call]
