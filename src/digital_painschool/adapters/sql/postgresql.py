"""PostgreSQL, through psycopg: many processes on one database."""

from collections.abc import Sequence
from select import select as readable

import psycopg
from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.statements import Row, Statements, Values
from digital_painschool.errors import Conflict, PainschoolError, StorageFailed

_STATEMENTS = Statements(dialects.dialect(paramstyle="format"))  # type: ignore[no-untyped-call]

_JOBS = {"migrate": 7031620190, "claim": 7031620191, "plan": 7031620192}
"""The advisory locks of this package; every process that works on the same database uses the same."""

_OUT_OF_ORDER = (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected)


class PostgresqlLink:
    """One connection to a server; every statement outside a transaction is one of its own."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def rows(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = _STATEMENTS[statement]
        return compiled.rows(self._execute(compiled.sql, compiled.values(values)).fetchall())

    def count(self, statement: ClauseElement, values: Values) -> int:
        compiled = _STATEMENTS[statement]
        return self._execute(compiled.sql, compiled.values(values)).rowcount

    def many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        compiled = _STATEMENTS[statement]
        if len(values) == 1:
            self._execute(compiled.sql, compiled.values(values[0]))
        elif values:
            with self._connection.cursor() as cursor:
                cursor.executemany(compiled.sql, map(compiled.values, values))

    def begin(self, *, write: bool) -> None:
        self._execute("BEGIN" if write else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def only_one(self, job: str) -> None:
        self._execute("SELECT pg_advisory_xact_lock(%s)", (_JOBS[job],))

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        return self._execute("SELECT to_regclass(%s) IS NOT NULL", (name,)).fetchall() == [(True,)]

    def wipe(self) -> None:
        """Do nothing: pages are written over by the server's own VACUUM."""

    def is_usable(self) -> bool:
        if self._connection.closed or self._connection.broken:
            return False
        # A server has nothing to say to an idle connection but that it is gone.
        return not readable([self._connection.fileno()], (), (), 0)[0]

    def close(self) -> None:
        self._connection.close()


class PostgresqlDriver:
    """Connections to one server.

    Args:
        conninfo: A URL that begins with `postgresql://`, as libpq reads it.
    """

    failures: tuple[type[Exception], ...] = (psycopg.Error, UnicodeEncodeError)
    one_writer = False
    far = True

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo

    def connect(self) -> PostgresqlLink:
        return PostgresqlLink(self._connection())

    def migrate(self) -> None:
        from digital_painschool.adapters.sql.migrations import cause_of, upgrade

        engine = create_engine("postgresql+psycopg://", creator=self._transactional, poolclass=NullPool)
        lock = f"SELECT pg_advisory_xact_lock({_JOBS['migrate']})"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(lock))
        try:
            upgrade(engine)
        except DBAPIError as error:
            raise self.failure(cause_of(error)) from None
        finally:
            engine.dispose()

    def _transactional(self) -> psycopg.Connection:
        # SQLAlchemy begins and ends transactions in the driver's own way, which autocommit would take from it.
        connection = self._connection()
        connection.autocommit = False
        return connection

    def _connection(self) -> psycopg.Connection:
        connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=10)
        try:
            connection.execute("SET TIME ZONE 'UTC'")
            connection.execute("SET lock_timeout = '30s'")
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
