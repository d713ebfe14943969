"""Opening a database: the right driver, the right schema."""

from sqlalchemy import Column, MetaData, Table, Text, select

from digital_painschool.adapters.sql.connections import Database, Link
from digital_painschool.adapters.sql.revisions import MISSING, NEWER, OLDER, REVISIONS, VERSION_TABLE
from digital_painschool.adapters.sql.urls import driver_for
from digital_painschool.errors import StorageFailed

_VERSION = select(Table(VERSION_TABLE, MetaData(), Column("version_num", Text)).c.version_num)


def open_database(url: str, *, migrate: bool, connections: int = 16, synchronous: str = "FULL") -> Database:
    """Open a database whose schema is the one that this version works with.

    Raises:
        StorageFailed: It cannot be reached, or its schema is missing, older or newer.
    """
    driver = driver_for(url, synchronous=synchronous)
    if migrate:
        driver.migrate()
    database = Database(driver, connections)
    try:
        database.read(_check)
    except BaseException:
        database.close()
        raise
    return database


def migrate(url: str) -> None:
    """Bring a database's schema up to date; several processes may do so at once, and doing it again changes nothing.

    Args:
        url: As for `SqlStorage`; a SQLite file that is missing is made.

    Raises:
        StorageFailed: The database cannot be reached, or its schema is a newer version's; nothing was changed.
    """
    driver_for(url).migrate()


def _check(link: Link) -> None:
    if not link.has_table(VERSION_TABLE):
        raise StorageFailed(MISSING)
    present = [row[0] for row in link.rows(_VERSION, {})]
    if not present:
        raise StorageFailed(MISSING)
    if any(revision not in REVISIONS for revision in present):
        raise StorageFailed(NEWER)
    if REVISIONS[-1] not in present:
        raise StorageFailed(OLDER)
