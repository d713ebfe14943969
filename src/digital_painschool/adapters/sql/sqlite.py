"""The driver for SQLite: files in WAL mode, one writer at a time."""

import os
import sqlite3
import stat
from contextlib import suppress
from time import monotonic, sleep
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from digital_painschool.adapters.sql import lent_sqlite
from digital_painschool.adapters.sql.connection import WAIT_TIMEOUT, Connection
from digital_painschool.adapters.sql.database_files import DatabaseFiles, moved
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema_names import require_none
from digital_painschool.adapters.sql.sqlite_connection import SqliteConnection
from digital_painschool.errors import Conflict, PainSchoolError, StorageError

_ATTEMPTS = 3
"""How often a file is opened that changes while it is opened."""

_ADVICE = {
    "SQLITE_FULL": "the disk is full; make room",
    "SQLITE_BUSY": "a transaction of another process, or of this process but not the school's, held the file for too"
    " long; end it and try again, or let the step join it (`PainSchool.joined`)",
    "SQLITE_READONLY": "the file or its folder may not be written; correct the permissions",
    "SQLITE_CANTOPEN": "the file cannot be opened; check the path and the permissions",
    "SQLITE_IOERR": "the disk cannot be read or written",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup",
    "SQLITE_NOTADB": "the file is not a SQLite database",
}


class SqliteDriver:
    """Connections to one file.

    Args:
        path: The file.
        schema: None: a file has no schemas.
        synchronous: SQLite's own setting, `"NORMAL"`, `"FULL"` or `"EXTRA"`.

    Raises:
        StorageError: A schema is named, or `synchronous` is another value.
    """

    failures: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError, UnicodeEncodeError)
    one_writer = True
    prefers_single_round_trip = False
    drains_before_fork = True

    def __init__(self, path: str, *, schema: str | None = None, synchronous: str = "FULL") -> None:
        require_none(schema)
        if synchronous not in ("NORMAL", "FULL", "EXTRA"):
            raise StorageError("option synchronous: synchronous is NORMAL, FULL or EXTRA")
        self.path = path
        self._synchronous = synchronous
        self._file: tuple[int, int] | None = None
        self._connections: WeakSet[SqliteConnection] = WeakSet()

    def connect(self) -> SqliteConnection:
        in_use = next(
            (files for connection in tuple(self._connections) if (files := connection.files) is not None), None
        )
        if in_use is not None:  # SQLite would create a missing log again, and the process would write to two of them
            in_use.checked_size()
        for _ in range(_ATTEMPTS):
            before = self._present()
            connection = self._connection()
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # opens the log
                files = in_use or DatabaseFiles(self.path)
                if files.file == before == self._present():
                    self._file, opened = before, SqliteConnection(connection, files)
                    self._connections.add(opened)
                    return opened
            except OSError:
                pass  # the file went away meanwhile
            except BaseException:
                connection.close()
                raise
            connection.close()
        raise moved(self.path)

    def require_lendable(self, connection: object) -> None:
        lent_sqlite.require_no_transaction(connection)

    def lent(self, connection: object) -> Connection:
        return lent_sqlite.lent(connection, self.path, self._synchronous)

    def identity(self, connection: Connection) -> Row:  # noqa: ARG002 - `lent` has compared the files
        return ()

    def _present(self) -> tuple[int, int]:
        """Return the device and inode of the file at the path.

        Raises:
            StorageError: There is no file, or another one than the first connection opened.
        """
        try:
            present = DatabaseFiles.file_at(self.path)
        except (OSError, ValueError):
            present = None
        if self._file is not None and present != self._file:
            raise moved(self.path)
        if present is None:
            raise StorageError(f"there is no file {self.path}; run `digital-painschool migrate`")
        return present

    def migrate(self) -> None:
        from digital_painschool.adapters.sql.migrations import cause_of, upgrade

        engine = create_engine("sqlite://", creator=lambda: self._connection(create=True), poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        try:
            upgrade(engine)
        except DBAPIError as error:
            raise self.failure(cause_of(error)) from None
        finally:
            engine.dispose()

    def _connection(self, *, create: bool = False) -> sqlite3.Connection:
        if create:
            # Only the owner may read the records. SQLite gives the files that it adds the same permissions.
            with suppress(OSError):
                _create(self.path)
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=WAIT_TIMEOUT,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA foreign_keys=ON")
            # Purged content is overwritten, and cannot be read in the bytes of the file.
            connection.execute("PRAGMA secure_delete=ON")
        except BaseException:
            connection.close()
            raise
        return connection

    def failure(self, error: Exception) -> PainSchoolError:
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        if name in ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"):
            return Conflict("somebody else saved the same at the same time; load again and decide again")
        advice = next((text for start, text in _ADVICE.items() if name.startswith(start)), "see the name of the error")
        return StorageError(f"SQLite could not do it ({name}, {self.path}): {advice}")


def _create(path: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        status = os.fstat(descriptor)
        # An empty file that everybody may read was created by another program, or by somebody who waits for records.
        if status.st_size == 0 and status.st_mode & (stat.S_IROTH | stat.S_IWOTH) and stat.S_ISREG(status.st_mode):
            try:
                os.fchmod(descriptor, 0o600)
            except OSError:
                raise StorageError(f"everybody may read {path}, which is somebody else's; remove it") from None
    finally:
        os.close(descriptor)


def _use_wal(connection: sqlite3.Connection) -> None:
    # The switch to WAL does not wait for locks as other statements do.
    deadline = monotonic() + WAIT_TIMEOUT
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            sleep(0.01)
