"""A connection to a SQLite file."""

import os
import sqlite3
from collections.abc import Sequence

from sqlalchemy.dialects import sqlite as dialects
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.connection import WAIT_TIMEOUT
from digital_painschool.adapters.sql.database_files import DatabaseFiles, moved
from digital_painschool.adapters.sql.rows import Row, Values, require_all_readable
from digital_painschool.adapters.sql.statements import Statements

_SCRUB_TIMEOUT_MS = 1000
"""The longest time in milliseconds that a purge waits for readers of the write-ahead log."""

STATEMENTS = Statements(dialects.dialect())


class SqliteConnection:
    """One connection to a file.

    Args:
        connection: The driver's own connection.
        files: The files that it has open; all connections of a process share the value.
    """

    def __init__(self, connection: sqlite3.Connection, files: DatabaseFiles) -> None:
        self._connection = connection
        self._execute = connection.execute
        self.files: DatabaseFiles | None = files
        self._writes = False
        self._process = os.getpid()

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        return require_all_readable(self.fetch_each(statement, values))

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = STATEMENTS[statement]
        ordered = compiled.values(values)
        try:
            return compiled.rows(self._execute(compiled.sql, ordered).fetchall())
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorname"):
                raise
        # The driver's error and not SQLite's: a text is not UTF-8. Read the rows again, that text as bytes.
        self._connection.text_factory = _text_or_bytes
        try:
            return compiled.rows(self._execute(compiled.sql, ordered).fetchall())
        finally:
            self._connection.text_factory = str

    def execute(self, statement: ClauseElement, values: Values) -> int:
        compiled = STATEMENTS[statement]
        return self._execute(compiled.sql, compiled.values(values)).rowcount

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        compiled = STATEMENTS[statement]
        if len(values) == 1:
            self._execute(compiled.sql, compiled.values(values[0]))
        elif values:
            self._connection.executemany(compiled.sql, map(compiled.values, values))

    def begin(self, *, write: bool, hurries: bool = False) -> None:  # noqa: ARG002 - refused where it would have to
        self._writes = write
        self._execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def advisory_lock(self, job: str) -> None:  # noqa: ARG002 - SQLite lets one transaction write at a time
        return

    def commit(self) -> None:
        if self._writes and self.files is not None:
            size = self.files.checked_size()
            if size != self.files.size:
                self._require_whole(self.files, size)
        self._execute("COMMIT")

    def _require_whole(self, files: DatabaseFiles, size: int) -> None:
        # A checkpoint makes the file longer, and VACUUM makes the database and its file shorter. When the file alone is
        # shorter, it was cut, or overwritten by a shorter copy.
        if size < files.size:
            [[pages]], [[page]] = (self._execute(f"PRAGMA page_{what}").fetchall() for what in ("count", "size"))
            if pages * page >= files.size:
                raise moved(files.path)
        files.size = size

    def rollback(self) -> None:
        # A full disk makes SQLite roll back by itself; a second rollback would be an error.
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        found = self._execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
        return found.fetchall() != []

    def is_usable(self) -> bool:
        return True

    def scrub_free_pages(self) -> bool:
        # The write-ahead log holds older pages until it is truncated. Writers wait meanwhile, so the timeout is short.
        self._execute(f"PRAGMA busy_timeout={_SCRUB_TIMEOUT_MS}")
        try:
            [[busy, *_]] = self._execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._execute(f"PRAGMA busy_timeout={WAIT_TIMEOUT * 1000:.0f}")
        return not busy

    def close(self) -> None:
        self.files = None
        self._connection.close()

    def __del__(self) -> None:
        """Close a connection that a call has lost to an exception."""
        if self._process == os.getpid():
            self._connection.close()


def _text_or_bytes(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text
