"""Opening a database: the right driver, the right schema."""

from sqlalchemy import Column, MetaData, Table, Text, select

from digital_painschool.adapters.sql.pool import Connection, Database
from digital_painschool.adapters.sql.revisions import MISSING, NEWER, OLDER, REVISIONS, VERSION_TABLE
from digital_painschool.adapters.sql.urls import driver_for
from digital_painschool.errors import StorageError

_VERSION = select(Table(VERSION_TABLE, MetaData(), Column("version_num", Text)).c.version_num)


PATIENCE_OF_DELIVERY = 20.0
"""How many seconds a statement of an inbox or a messenger may take, far below the lease of the worker that calls it."""


def open_database(
    url: str,
    *,
    schema: str | None,
    migrate: bool,
    connections: int = 16,
    synchronous: str = "FULL",
    patience: float | None = None,
) -> Database:
    """Open a database whose schema is the one that this version works with.

    Args:
        url: As for `SqlStorage`.
        schema: As for `SqlStorage`.
        migrate: True first brings the schema up to date.
        connections: The most connections at a time.
        synchronous: As for `SqlStorage`.
        patience: How many seconds a statement to a server may take; None for as long as it likes. On a SQLite file
            it is locks alone that are waited for, and never for longer than half a minute.

    Raises:
        StorageError: It cannot be reached, or its schema is missing, older or newer.
    """
    driver = driver_for(url, schema=schema, synchronous=synchronous, patience=patience)
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
    """Bring a database's schema up to date; several processes may do so at once, and doing it again changes nothing.

    Args:
        url: As for `SqlStorage`; a SQLite file that is missing is made.
        schema: As for `SqlStorage`; one that is missing is made.

    Raises:
        StorageError: The database cannot be reached, or its schema is a newer version's; nothing was changed.
    """
    driver_for(url, schema=schema).migrate()


def migration_sql(database: str, *, schema: str | None = None, since: str | None = None) -> str:
    """Return the SQL that `migrate` would run, for a database administrator to read and to run; nothing is opened.

    It is one transaction, and leaves the database as `migrate` does. It is to be run by a client that stops at the
    first error: `psql -v ON_ERROR_STOP=1`, `sqlite3 -bail`.

    Args:
        database: `"postgresql"` or `"sqlite"`; or a URL of one, of which only the kind is looked at.
        schema: As for `SqlStorage`.
        since: The revision that the database has now; None when it is empty.

    Raises:
        StorageError: There is no such kind of database, schema or revision.
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
