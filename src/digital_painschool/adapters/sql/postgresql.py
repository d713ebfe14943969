"""The driver for PostgreSQL: many processes on one database."""

import psycopg
from sqlalchemy import Connection, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from digital_painschool.adapters.sql import lent_postgresql
from digital_painschool.adapters.sql.connection import Connection as DriverConnection
from digital_painschool.adapters.sql.connection import LockNotGranted
from digital_painschool.adapters.sql.postgresql_connection import (
    PostgresqlConnection,
    TimeoutConnection,
    statements_for,
)
from digital_painschool.adapters.sql.postgresql_session import LOCK_TIMEOUT, connection_options, prepare_session
from digital_painschool.adapters.sql.revisions import MIGRATION_LOCK
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema_names import require_valid
from digital_painschool.domain.masking import Masked
from digital_painschool.errors import Conflict, PainSchoolError, StorageError

_OUT_OF_ORDER = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class PostgresqlDriver:
    """Connections to one server.

    Args:
        url: Begins with `postgresql://`; libpq reads it, with all of libpq's options.
        schema: The schema of the tables; None for the server's search path.
        statement_timeout: The most seconds that a statement may take; None for no limit.

    Raises:
        StorageError: The URL cannot be read, or the schema's name is invalid.
    """

    failures: tuple[type[Exception], ...] = (psycopg.Error, UnicodeError, NotImplementedError)
    one_writer = False
    prefers_single_round_trip = True
    drains_before_fork = False

    def __init__(self, url: str, *, schema: str | None = None, statement_timeout: float | None = None) -> None:
        self._schema = require_valid(schema)
        self._statement_timeout = statement_timeout
        self._options = Masked(connection_options(url))

    def connect(self) -> PostgresqlConnection:
        connection = self._connection()
        # A raw cursor sends the text as it is. psycopg would convert a statement of many values anew each time.
        connection.cursor_factory = psycopg.RawCursor
        return PostgresqlConnection(connection, statements_for(self._schema), self._schema)

    def require_lendable(self, connection: object) -> None:
        """Refuse nothing: a line of the access log does not wait for the host's transaction to end."""

    def lent(self, connection: object) -> DriverConnection:
        return lent_postgresql.lent(connection, self._schema)

    def identity(self, connection: DriverConnection) -> Row:
        return lent_postgresql.identity(connection, self._schema)

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
        """Acquire the lock of the migration until the transaction ends, and use the schema."""
        # A concurrent migration may take longer than the lock timeout.
        connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        if self._schema is not None:
            found = connection.exec_driver_sql("SELECT 1 FROM pg_namespace WHERE nspname = %s", (self._schema,))
            if found.first() is None:  # IF NOT EXISTS needs the right to create schemas even where the schema exists
                connection.exec_driver_sql(f'CREATE SCHEMA "{self._schema}"')
            connection.exec_driver_sql(f'SET LOCAL search_path TO "{self._schema}"')

    def _transactional(self) -> psycopg.Connection:
        # SQLAlchemy begins and ends transactions through the driver, which needs autocommit to be off.
        connection = self._connection()
        connection.autocommit = False
        return connection

    def _connection(self) -> psycopg.Connection:
        connection = TimeoutConnection.connect(autocommit=True, **self._options.reveal())
        connection.statement_timeout = self._statement_timeout
        try:
            found = connection.execute(prepare_session(connection.info.backend_pid, self._schema).encode()).fetchone()
            is_own, encoding, name, _ = found or (False, "", "", 0)
            if encoding != "UTF8":
                raise StorageError(_CANNOT_HOLD.format(name, encoding))  # noqa: TRY301 - the connection is closed below
            if not is_own:
                # Behind an external pool, a prepared statement may run on a server that has another one of its name.
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
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return LockNotGranted("PostgreSQL could not do it: another transaction holds what the step needs (55P03)")
        # The server's text may contain values; the type of the error and its code do not.
        state = getattr(error, "sqlstate", None)
        if state is None and isinstance(error, psycopg.OperationalError):
            return StorageError("PostgreSQL cannot be reached, or let nobody in; check that it runs, and the URL")
        return StorageError(f"PostgreSQL could not do it ({type(error).__name__}, {state})")


_CANNOT_HOLD = (
    "the database {} keeps texts in {}, which cannot hold every letter; make one with"
    " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move there"
)
