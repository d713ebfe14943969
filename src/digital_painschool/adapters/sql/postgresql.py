"""PostgreSQL, through psycopg: many processes on one database."""

import os
import selectors
from collections.abc import Mapping, Sequence
from functools import cache
from selectors import EVENT_READ, BaseSelector
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.revisions import MIGRATION_LOCK
from digital_painschool.adapters.sql.schema_names import before, checked
from digital_painschool.adapters.sql.statements import Row, Statements, Values
from digital_painschool.errors import Conflict, PainschoolError, StorageFailed

_JOBS = {"plan": 703162020}
"""The advisory locks of this package, each together with a table: who works on the same table uses the same."""

_OPTIONS = {
    "fallback_application_name": "digital_painschool",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What libpq is told unless the URL says otherwise. A cable that is cut says nothing: without the last four a step
would wait for an answer for hours."""

_LOCK_TIMEOUT = "30s"

_Selector: type[BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Not `select` where there is another: it knows no file with a number of 1024 or more, and a server has such."""

_OUT_OF_ORDER = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class PostgresqlLink:
    """One connection to a server; every statement outside a transaction is one of its own."""

    def __init__(self, connection: psycopg.Connection, statements: Statements, schema: str | None) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._statements = statements
        self._before = before(schema)

    def rows(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = self._statements[statement]
        return compiled.rows(self._execute(compiled.sql, compiled.values(values)).fetchall())

    def count(self, statement: ClauseElement, values: Values) -> int:
        compiled = self._statements[statement]
        return self._execute(compiled.sql, compiled.values(values)).rowcount

    def many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        compiled = self._statements[statement]
        if len(values) == 1:
            self._execute(compiled.sql, compiled.values(values[0]))
        elif values:
            with self._connection.cursor() as cursor:
                cursor.executemany(compiled.sql, map(compiled.values, values))

    def begin(self, *, write: bool) -> None:
        self._execute("BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def only_one(self, job: str) -> None:
        table = f"{self._before}enrolments"
        self._execute("SELECT pg_advisory_xact_lock($1, $2::regclass::oid::int)", (_JOBS[job], table))

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        return self._execute("SELECT to_regclass($1) IS NOT NULL", (self._before + name,)).fetchall() == [(True,)]

    def wipe(self) -> None:
        """Do nothing: pages are written over by the server's own VACUUM."""

    def is_usable(self) -> bool:
        if self._connection.closed or self._connection.broken:
            return False
        # A server has nothing to say to an idle connection but that it is gone.
        with _Selector() as selector:
            selector.register(self._connection.fileno(), EVENT_READ)
            return not selector.select(0)

    def close(self) -> None:
        self._connection.close()


class PostgresqlDriver:
    """Connections to one server.

    Args:
        url: Begins with `postgresql://`; libpq reads it, with all the options that it has.
        schema: Where the tables lie; None for where the server looks for them by itself.

    Raises:
        StorageFailed: The URL cannot be read, or the schema's name cannot be used.
    """

    failures: tuple[type[Exception], ...] = (psycopg.Error, UnicodeEncodeError)
    one_writer = False
    far = True

    def __init__(self, url: str, *, schema: str | None = None) -> None:
        self._schema = checked(schema)
        self._options = _options(url)

    def connect(self) -> PostgresqlLink:
        connection = self._connection()
        # It takes the statement as the server does. From one of many values psycopg would make that anew each time.
        connection.cursor_factory = psycopg.RawCursor
        return PostgresqlLink(connection, _statements(self._schema), self._schema)

    def migrate(self) -> None:
        from digital_painschool.adapters.sql.migrations import cause_of, upgrade

        engine = create_engine("postgresql+psycopg://", creator=self._transactional, poolclass=NullPool)
        event.listen(engine, "begin", self._enter)
        try:
            upgrade(engine, self._schema)
        except DBAPIError as error:
            raise self.failure(cause_of(error)) from None
        finally:
            engine.dispose()

    def _enter(self, connection: Connection) -> None:
        """Be the only one that migrates, in the schema, until the transaction is over."""
        # Another's migration may take longer than anybody else is to wait for a lock.
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        if self._schema is not None:
            there = connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self._schema,))
            if there.first() is None:  # IF NOT EXISTS would want the right to make one even where there is one
                connection.exec_driver_sql(f'CREATE SCHEMA "{self._schema}"')
            connection.exec_driver_sql(f'SET LOCAL search_path TO "{self._schema}"')

    def _transactional(self) -> psycopg.Connection:
        # SQLAlchemy begins and ends transactions in the driver's own way, which autocommit would take from it.
        connection = self._connection()
        connection.autocommit = False
        return connection

    def _connection(self) -> psycopg.Connection:
        connection = psycopg.connect(autocommit=True, **self._options)
        try:
            prepare = f"SELECT pg_backend_pid(); SET TIME ZONE 'UTC'; SET lock_timeout = '{_LOCK_TIMEOUT}'"
            if connection.execute(prepare.encode()).fetchone() != (connection.info.backend_pid,):
                # A pool answers in the server's place. Behind it, what one prepares another may run under its name.
                connection.prepare_threshold = None
        except BaseException:
            connection.close()
            raise
        return connection

    def failure(self, error: Exception) -> PainschoolError:
        if isinstance(error, psycopg.errors.UniqueViolation):
            return Conflict("somebody else saved the same at the same time; load again and decide again")
        if isinstance(error, _OUT_OF_ORDER):
            return Conflict(
                "the database could not bring simultaneous steps into an order; load again and decide again"
            )
        # The server's text may repeat values; the kind of the error and its code never do.
        state = getattr(error, "sqlstate", None)
        if state is None and isinstance(error, psycopg.OperationalError):
            return StorageFailed("PostgreSQL cannot be reached, or let nobody in; check that it runs, and the URL")
        return StorageFailed(f"PostgreSQL could not do it ({type(error).__name__}, {state})")


@cache
def _statements(schema: str | None) -> Statements:
    return Statements(dialects.dialect(paramstyle="numeric_dollar"), schema)  # type: ignore[no-untyped-call]


def _options(url: str) -> Mapping[str, Any]:
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        problem = StorageFailed("the PostgreSQL URL cannot be read; check its form and the names of its options")
    else:
        defaults = dict(_OPTIONS)
        if "PGCONNECT_TIMEOUT" in os.environ:  # libpq reads it by itself, unless it is told something else
            del defaults["connect_timeout"]
        return defaults | given
    raise problem  # without libpq's text, which may repeat the password
