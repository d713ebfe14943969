"""The storage on SQL: all parts on one database."""

from digital_painschool.adapters.sql.caseload import CaseloadPart
from digital_painschool.adapters.sql.engine import open_database
from digital_painschool.adapters.sql.offices import OfficesPart
from digital_painschool.adapters.sql.pool import Database
from digital_painschool.adapters.sql.retention import RetentionPart
from digital_painschool.adapters.sql.saving import StateCache


class SqlStorage(RetentionPart, CaseloadPart, OfficesPart):
    """The storage port on SQLite or PostgreSQL.

    On SQLite many threads read at a time and one writes, and other processes may use the same file; it belongs on a
    local disk. On PostgreSQL many processes work on one database.

    Args:
        url: `sqlite:///file.db` or `postgresql://user:password@host/database`.
        schema: On PostgreSQL, the schema that the tables lie in; schools in two schemas of a database do not see each
            other. None: where the server looks for tables by itself, mostly `public`.
        migrate: True first brings the schema up to date, and makes a missing SQLite file.
        connections: The most connections at a time.
        synchronous: On SQLite: with `"NORMAL"` a step survives the end of the process, but the last ones may be lost
            when the machine loses power; with `"FULL"` they survive that too, and each step waits for the disk.

    Raises:
        StorageError: The database cannot be reached, or its schema is not the one that this version works with.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str | None = None,
        migrate: bool = False,
        connections: int = 16,
        synchronous: str = "FULL",
    ) -> None:
        self._database: Database = open_database(
            url, schema=schema, migrate=migrate, connections=connections, synchronous=synchronous
        )
        self._states = StateCache()

    def close(self) -> None:
        self._database.close()
        self._states.forget()
