"""Open, check and migrate a database."""

from sqlalchemy import Column, MetaData, Table, Text, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.revisions import MISSING, NEWER, OLDER, REVISIONS, VERSION_TABLE
from digital_painschool.adapters.sql.urls import driver_for
from digital_painschool.errors import StorageError

_VERSION = select(Table(VERSION_TABLE, MetaData(), Column("version_num", Text)).c.version_num)


def open_database(
    url: str,
    *,
    schema: str | None,
    migrate: bool,
    connections: int = 16,
    synchronous: str = "FULL",
    statement_timeout: float | None = None,
) -> Database:
    """Open a database whose schema is the one that this version works with.

    Args:
        url: As for `SqlStorage`.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date.
        connections: The most connections at a time.
        synchronous: As for `SqlStorage`.
        statement_timeout: The most seconds that a statement to a server may take; None for no limit. On a SQLite file
            a statement waits for locks only, and never longer than half a minute.

    Raises:
        StorageError: The database cannot be reached, or its schema is missing, older or newer.
    """
    driver = driver_for(url, schema=schema, synchronous=synchronous, statement_timeout=statement_timeout)
    if migrate:
        driver.migrate()
    database = Database(driver, connections)
    try:
        database.read(_check)
    except BaseException:
        database.close()
        raise
    return database


def migrate(url: str, *, schema: str | None = None) -> None:
    """Bring a database's schema up to date; many processes may do so at a time, and repeating it changes nothing.

    Args:
        url: As for `SqlStorage`; a missing SQLite file is created.
        schema: As for `SqlStorage`; a missing schema is created.

    Raises:
        StorageError: The database cannot be reached, or its schema is a newer version's; nothing was changed.
    """
    driver_for(url, schema=schema).migrate()


def migration_sql(database: str, *, schema: str | None = None, since: str | None = None) -> str:
    """Return the SQL that `migrate` would run, for a database administrator to read and to run; no database is opened.

    The SQL is one transaction, and leaves the database as `migrate` does. The client that runs it must stop at the
    first error: `psql -v ON_ERROR_STOP=1`, `sqlite3 -bail`.

    Args:
        database: `"postgresql"` or `"sqlite"`, or a URL of that kind.
        schema: As for `SqlStorage`.
        since: The present revision of the database; None when it is empty.

    Raises:
        StorageError: The kind of database, the schema or the revision does not exist.
    """
    from digital_painschool.adapters.sql.migrations.offline import sql

    kind = database.partition("://")[0].partition("+")[0]
    return sql({"postgres": "postgresql"}.get(kind, kind), schema=schema, since=since)


def _check(connection: Connection) -> None:
    if not connection.has_table(VERSION_TABLE):
        raise StorageError(MISSING)
    present = [row[0] for row in connection.fetch_all(_VERSION, {})]
    if not present:
        raise StorageError(MISSING)
    if any(revision not in REVISIONS for revision in present):
        raise StorageError(NEWER)
    if REVISIONS[-1] not in present:
        raise StorageError(OLDER)
