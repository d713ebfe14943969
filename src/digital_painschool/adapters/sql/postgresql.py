"""PostgreSQL, through psycopg: many processes on one database."""

import os
import selectors
from collections.abc import Mapping, Sequence
from functools import cache
from selectors import EVENT_READ, BaseSelector
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.datetime import TimestamptzLoader
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.revisions import MIGRATION_LOCK
from digital_painschool.adapters.sql.schema_names import before, checked
from digital_painschool.adapters.sql.statements import Row, Statements, Values, sound
from digital_painschool.domain.masking import Masked
from digital_painschool.errors import Conflict, PainSchoolError, StorageError

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

_CARRIED = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}
"""What the meaning of a text depends on, in and out. A pool carries these along from one server connection to the next:
the server reports them."""

_SESSION = {
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "row_security": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "lock_timeout": _LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "60s",
}
"""What else a role, a database, the environment or the URL may have set. A session behind a pool that lends it for one
transaction is everybody's: there these are left alone, and a transaction sets what it needs by itself."""

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_BEHIND_A_POOL = (
    f"{_BEGIN}; SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'; SET LOCAL statement_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL row_security = on"
)

_PREPARE = """
SELECT pg_backend_pid() = {pid}, current_setting('server_encoding'), current_database(), (
    SELECT count(set_config(name, value, false))
    FROM (VALUES {settings}) AS s (name, value, carried)
    WHERE current_setting(name, true) IS NOT NULL AND (carried OR pg_backend_pid() = {pid})
)
"""
"""One question, so that a new connection costs one round trip. What a server of an older version does not know is left
out. A durability that was turned off is turned on again; every other degree is the administrator's to choose."""

_Selector: type[BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Not `select` where there is another: it knows no file with a number of 1024 or more, and a server has such."""

_AT_REST = psycopg.pq.TransactionStatus.IDLE

_OUT_OF_ORDER = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class _TimeOrBytes(TimestamptzLoader):
    """Reads a time, and leaves as it is one that Python does not know."""

    def load(self, data: Any) -> Any:
        """Read it."""
        try:
            return super().load(data)
        except psycopg.DataError:
            return bytes(data)


class _Connection(psycopg.Connection[Any]):
    """Gives up a statement whose answer does not come in time."""

    patience: float | None = None
    """How many seconds a statement may take; None for as long as it likes."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait for an answer."""
        return super().wait(gen, *args, **{"timeout": self.patience, **kwargs})


class PostgresqlConnection:
    """One connection to a server; every statement outside a transaction is one of its own."""

    def __init__(self, connection: psycopg.Connection, statements: Statements, schema: str | None) -> None:
        self._connection = connection
        self._begin = _BEGIN if connection.prepare_threshold is not None else _BEGIN_BEHIND_A_POOL
        self._execute = connection.execute
        self._statements = statements
        self._before = before(schema)
        self._process = os.getpid()

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        return sound(self.fetch_each(statement, values))

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = self._statements[statement]
        given = compiled.values(values)
        try:
            return compiled.rows(self._execute(compiled.sql, given).fetchall())
        except psycopg.DataError as error:
            if error.sqlstate is not None:
                raise
        # Not the server's error but the driver's: a time is one that Python does not know. Read again, that one alone
        # is missing.
        with self._connection.cursor() as cursor:
            cursor.adapters.register_loader("timestamptz", _TimeOrBytes)
            return compiled.rows(cursor.execute(compiled.sql.encode(), given).fetchall())

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

    def begin(self, *, write: bool) -> None:
        self._execute(self._begin if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def advisory_lock(self, job: str) -> None:
        table = f"{self._before}enrolments"
        self._execute("SELECT pg_advisory_xact_lock($1, $2::regclass::oid::int)", (_JOBS[job], table))

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        return self._execute("SELECT to_regclass($1) IS NOT NULL", (self._before + name,)).fetchall() == [(True,)]

    def scrub_free_pages(self) -> bool:
        """Do nothing: the bytes stay until the owner of the tables has them written anew, with VACUUM FULL."""
        return True

    def is_usable(self) -> bool:
        # One that is closed has no state; one that an exception has taken from a statement is still in the midst of it.
        if self._connection.pgconn.transaction_status != _AT_REST:
            return False
        # A server has nothing to say to an idle connection but that it is gone.
        with _Selector() as selector:
            selector.register(self._connection.fileno(), EVENT_READ)
            return not selector.select(0)

    def close(self) -> None:
        self._connection.close()

    def __del__(self) -> None:
        """Close a connection that an exception has taken from a call on its way in or out."""
        if self._process == os.getpid():
            self._connection.close()


class PostgresqlDriver:
    """Connections to one server.

    Args:
        url: Begins with `postgresql://`; libpq reads it, with all the options that it has.
        schema: Where the tables lie; None for where the server looks for them by itself.
        patience: How many seconds a statement may take; None for as long as it likes.

    Raises:
        StorageError: The URL cannot be read, or the schema's name cannot be used.
    """

    failures: tuple[type[Exception], ...] = (psycopg.Error, UnicodeError, NotImplementedError)
    one_writer = False
    prefers_single_round_trip = True
    forks_at_rest = False

    def __init__(self, url: str, *, schema: str | None = None, patience: float | None = None) -> None:
        self._schema = checked(schema)
        self._patience = patience
        self._options = Masked(_options(url))

    def connect(self) -> PostgresqlConnection:
        connection = self._connection()
        # It takes the statement as the server does. From one of many values psycopg would make that anew each time.
        connection.cursor_factory = psycopg.RawCursor
        return PostgresqlConnection(connection, _statements(self._schema), self._schema)

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
        connection = _Connection.connect(autocommit=True, **self._options.reveal())
        connection.patience = self._patience
        try:
            found = connection.execute(_prepare(connection.info.backend_pid, self._schema).encode()).fetchone()
            is_own, encoding, name, _ = found or (False, "", "", 0)
            if encoding != "UTF8":
                raise StorageError(_CANNOT_HOLD.format(name, encoding))  # noqa: TRY301 - the connection is closed below
            if not is_own:
                # A pool answers in the server's place. Behind it, what one prepares another may run under its name.
                connection.prepare_threshold = None
        except BaseException:
            connection.close()
            raise
        return connection

    def failure(self, error: Exception) -> PainSchoolError:
        if isinstance(error, psycopg.errors.UniqueViolation):
            return Conflict("somebody else saved the same at the same time; load again and decide again")
        if isinstance(error, _OUT_OF_ORDER):
            return Conflict(
                "the database could not bring simultaneous steps into an order; load again and decide again"
            )
        # The server's text may repeat values; the kind of the error and its code never do.
        state = getattr(error, "sqlstate", None)
        if state is None and isinstance(error, psycopg.OperationalError):
            return StorageError("PostgreSQL cannot be reached, or let nobody in; check that it runs, and the URL")
        return StorageError(f"PostgreSQL could not do it ({type(error).__name__}, {state})")


_CANNOT_HOLD = (
    "the database {} keeps texts in {}, which cannot hold every letter; make one with"
    " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move there"
)


def _prepare(pid: int, schema: str | None) -> str:
    session = dict(_SESSION) if schema is None else _SESSION | {"search_path": f'"{schema}"'}
    settings = [f"('{name}', '{value}', true)" for name, value in _CARRIED.items()]
    settings += [f"('{name}', '{value}', false)" for name, value in session.items()]
    durable = "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
    settings.append(f"('synchronous_commit', {durable} ELSE current_setting('synchronous_commit') END, false)")
    return _PREPARE.format(pid=pid, settings=", ".join(settings))


@cache
def _statements(schema: str | None) -> Statements:
    return Statements(dialects.dialect(paramstyle="numeric_dollar"), schema)  # type: ignore[no-untyped-call]


def _options(url: str) -> Mapping[str, Any]:
    try:
        given = conninfo_to_dict(url)
    except (psycopg.Error, ValueError):
        problem = StorageError("the PostgreSQL URL cannot be read; check its form and the names of its options")
    else:
        defaults = dict(_OPTIONS)
        if "PGCONNECT_TIMEOUT" in os.environ:  # libpq reads it by itself, unless it is told something else
            del defaults["connect_timeout"]
        return defaults | given | {"client_encoding": _CARRIED["client_encoding"]}
    raise problem  # without libpq's text, which may repeat the password
