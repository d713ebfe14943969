"""SQLite: files in WAL mode, one writer at a time."""

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic, sleep
from urllib.parse import quote
from weakref import WeakSet

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.dialects import sqlite as dialects
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters.sql.database_files import DatabaseFiles, moved
from digital_painschool.adapters.sql.pool import PATIENCE
from digital_painschool.adapters.sql.schema_names import none
from digital_painschool.adapters.sql.statements import Row, Statements, Values, sound
from digital_painschool.errors import Conflict, PainSchoolError, StorageError

_PATIENCE_OF_WIPING = 1000
"""The longest time in milliseconds that a purge waits for readers of the write-ahead log."""

_ATTEMPTS = 3
"""How often a file is opened again that changed while it was opened."""

_ADVICE = {
    "SQLITE_FULL": "the disk is full; make room",
    "SQLITE_BUSY": "another process held the file for too long; try again",
    "SQLITE_READONLY": "the file or its folder may not be written; correct the permissions",
    "SQLITE_CANTOPEN": "the file cannot be opened; check the path and the permissions",
    "SQLITE_IOERR": "the disk cannot be read or written",
    "SQLITE_CORRUPT": "the file is damaged; restore a backup",
    "SQLITE_NOTADB": "the file is not a SQLite database",
}


_STATEMENTS = Statements(dialects.dialect())


class SqliteConnection:
    """One connection to a file.

    Args:
        connection: The driver's own.
        files: What it has open; shared by all connections of a process.
    """

    def __init__(self, connection: sqlite3.Connection, files: DatabaseFiles) -> None:
        self._connection = connection
        self._execute = connection.execute
        self.files: DatabaseFiles | None = files
        self._writes = False
        self._process = os.getpid()

    def fetch_all(self, statement: ClauseElement, values: Values) -> list[Row]:
        return sound(self.fetch_each(statement, values))

    def fetch_each(self, statement: ClauseElement, values: Values) -> list[Row]:
        compiled = _STATEMENTS[statement]
        given = compiled.values(values)
        try:
            return compiled.rows(self._execute(compiled.sql, given).fetchall())
        except sqlite3.OperationalError as error:
            if hasattr(error, "sqlite_errorname"):
                raise
        # Not SQLite's error but the driver's: a text is not UTF-8. Read again, that one alone is missing.
        self._connection.text_factory = _text_or_bytes
        try:
            return compiled.rows(self._execute(compiled.sql, given).fetchall())
        finally:
            self._connection.text_factory = str

    def execute(self, statement: ClauseElement, values: Values) -> int:
        compiled = _STATEMENTS[statement]
        return self._execute(compiled.sql, compiled.values(values)).rowcount

    def execute_many(self, statement: ClauseElement, values: Sequence[Values]) -> None:
        compiled = _STATEMENTS[statement]
        if len(values) == 1:
            self._execute(compiled.sql, compiled.values(values[0]))
        elif values:
            self._connection.executemany(compiled.sql, map(compiled.values, values))

    def begin(self, *, write: bool) -> None:
        self._writes = write
        self._execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def advisory_lock(self, job: str) -> None:  # noqa: ARG002 - whoever writes to a SQLite file is alone
        return

    def commit(self) -> None:
        if self._writes and self.files is not None:
            size = self.files.size_in_place()
            if size != self.files.size:
                self._require_whole(self.files, size)
        self._execute("COMMIT")

    def _require_whole(self, files: DatabaseFiles, size: int) -> None:
        # A checkpoint makes the file longer and VACUUM makes the database shorter: a file that alone is shorter was
        # cut, or written over by a shorter copy.
        if size < files.size:
            [[pages]], [[page]] = (self._execute(f"PRAGMA page_{what}").fetchall() for what in ("count", "size"))
            if pages * page >= files.size:
                raise moved(files.path)
        files.size = size

    def rollback(self) -> None:
        # A full disk makes SQLite roll back by itself; asking again would be an error.
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def has_table(self, name: str) -> bool:
        found = self._execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
        return found.fetchall() != []

    def is_usable(self) -> bool:
        return True

    def scrub_free_pages(self) -> bool:
        # The write-ahead log holds older pages until it is begun anew. Writers wait meanwhile, so it is not for long.
        self._execute(f"PRAGMA busy_timeout={_PATIENCE_OF_WIPING}")
        try:
            [[busy, *_]] = self._execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")
        return not busy

    def close(self) -> None:
        self.files = None
        self._connection.close()

    def __del__(self) -> None:
        """Close a connection that an exception has taken from a call on its way in or out."""
        if self._process == os.getpid():
            self._connection.close()


class SqliteDriver:
    """Connections to one file.

    Args:
        path: The file.
        schema: None: a file has no schemas.
        synchronous: SQLite's own setting, `"NORMAL"` or `"FULL"`.

    Raises:
        StorageError: There is a schema, or another `synchronous`.
    """

    failures: tuple[type[Exception], ...] = (sqlite3.Error, OverflowError, UnicodeEncodeError)
    one_writer = True
    prefers_single_round_trip = False
    forks_at_rest = True

    def __init__(self, path: str, *, schema: str | None = None, synchronous: str = "FULL") -> None:
        none(schema)
        if synchronous not in ("NORMAL", "FULL", "EXTRA"):
            raise StorageError("synchronous is NORMAL, FULL or EXTRA")
        self.path = path
        self._synchronous = synchronous
        self._file: tuple[int, int] | None = None
        self._links: WeakSet[SqliteConnection] = WeakSet()

    def connect(self) -> SqliteConnection:
        in_use = next((files for connection in tuple(self._links) if (files := connection.files) is not None), None)
        if in_use is not None:  # SQLite would make a missing log anew, and connections would have two of them
            in_use.size_in_place()
        for _ in range(_ATTEMPTS):
            before = self._present()
            connection = self._connection()
            try:
                connection.execute("SELECT count(*) FROM sqlite_master").fetchall()  # opens the log
                files = in_use or DatabaseFiles(self.path)
                if files.file == before == self._present():
                    self._file, opened = before, SqliteConnection(connection, files)
                    self._links.add(opened)
                    return opened
            except OSError:
                pass  # it went away meanwhile
            except BaseException:
                connection.close()
                raise
            connection.close()
        raise moved(self.path)

    def _present(self) -> tuple[int, int]:
        """Return which file lies at the path.

        Raises:
            StorageError: There is none, or another one than was opened first.
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
            # Records are for their owner alone; what SQLite puts beside the file gets the same permissions.
            with suppress(OSError):
                _make(self.path)
        connection = sqlite3.connect(
            f"file:{quote(self.path)}?mode={'rwc' if create else 'rw'}",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _use_wal(connection)
            connection.execute(f"PRAGMA synchronous={self._synchronous}")
            connection.execute("PRAGMA foreign_keys=ON")
            # What is purged is written over, and cannot be read in the file's bytes.
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
        return StorageError(f"SQLite could not do it ({name}): {advice}")


def _text_or_bytes(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _make(path: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        found = os.fstat(descriptor)
        # An empty file that everybody may read was made by another program, or put there by somebody who waits.
        if found.st_size == 0 and found.st_mode & (stat.S_IROTH | stat.S_IWOTH) and stat.S_ISREG(found.st_mode):
            try:
                os.fchmod(descriptor, 0o600)
            except OSError:
                raise StorageError(f"everybody may read {path}, which is somebody else's; remove it") from None
    finally:
        os.close(descriptor)


def _use_wal(connection: sqlite3.Connection) -> None:
    # Switching to WAL does not wait for others by itself as other statements do.
    deadline = monotonic() + PATIENCE
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                return
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or monotonic() > deadline:
                raise
            sleep(0.01)
