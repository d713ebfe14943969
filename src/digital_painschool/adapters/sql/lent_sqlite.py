"""A connection to a SQLite file that a host lends."""

import sqlite3
from collections.abc import Iterable
from functools import cache
from typing import Any, cast

from sqlalchemy.dialects import sqlite as sqlite_dialect

from digital_painschool.adapters.sql.database_files import DatabaseFiles
from digital_painschool.adapters.sql.lent import LentConnection, require_same_settings
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.adapters.sql.sqlite_connection import SqliteConnection
from digital_painschool.errors import ConfigurationError, InvalidValue

_LEVELS = {"NORMAL": 1, "FULL": 2, "EXTRA": 3}

_PRAGMAS = {"foreign_keys": 1, "secure_delete": 1, "ignore_check_constraints": 0, "query_only": 0}
"""The settings of a connection that keep what a step writes as the school's own connections keep it. `secure_delete`:
a discarded draft is overwritten, and no later purge could do that."""

_TAKES_THE_WRITE_LOCK = "UPDATE enrolments SET version = version WHERE 0"


def require_no_transaction(connection: object) -> None:
    """Refuse a connection in whose transaction the host is already.

    SQLite has one writer. So a line of the access log that must outlive the host's rollback is written as soon as the
    host's transaction has ended, and the school must see that end.

    Raises:
        ConfigurationError: A transaction is open.
    """
    if isinstance(connection, sqlite3.Connection) and connection.in_transaction:
        raise ConfigurationError(
            "a transaction is open on the connection; on SQLite the outermost transaction is the one to name, so that"
            " the access log can be written when it has ended (in Django no ATOMIC_REQUESTS for the view)"
        )


def lent(connection: object, path: str, synchronous: str) -> LentConnection:
    """Return a host's connection for the storage, and make its transaction the file's writer.

    Rows are read by cursors of the school's own, so the host's row factory does not matter.

    Args:
        connection: The host's connection, in a transaction.
        path: The school's file.
        synchronous: The school's own setting.

    Raises:
        InvalidValue: It is no `sqlite3.Connection`.
        ConfigurationError: It has no transaction open, another database, or settings that differ.
        sqlite3.Error: The file cannot be written, or another transaction is its writer.
    """
    if not isinstance(connection, sqlite3.Connection):
        raise InvalidValue(f"lend a sqlite3.Connection (Django's, SQLAlchemy's), not {type(connection).__name__}")
    require_same_settings(_differing(connection, path, synchronous))
    borrowed = _Borrowed(connection)
    borrowed.execute(_TAKES_THE_WRITE_LOCK)
    inner = SqliteConnection(cast("sqlite3.Connection", borrowed), DatabaseFiles(path))

    def is_open() -> bool:
        return connection.in_transaction

    return LentConnection(inner, borrowed.execute, is_open=is_open, has_savepoint=is_open)


class _Borrowed:
    """A host's connection as the storage uses it: closing it does nothing, for it is the host's to close."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        cursor = self._connection.cursor(sqlite3.Cursor)
        cursor.row_factory = None
        return cursor.execute(sql, values)

    def executemany(self, sql: str, values: Iterable[Any]) -> sqlite3.Cursor:
        return self._connection.cursor(sqlite3.Cursor).executemany(sql, values)

    @property
    def text_factory(self) -> Any:
        return self._connection.text_factory

    @text_factory.setter
    def text_factory(self, factory: Any) -> None:
        self._connection.text_factory = factory

    def close(self) -> None:
        pass


def _differing(connection: sqlite3.Connection, path: str, synchronous: str) -> list[str]:
    """Return how a host sets right what differs from the school's own connections."""
    run = _Borrowed(connection).execute
    if not connection.in_transaction:
        return ["begin a transaction first, best with BEGIN IMMEDIATE"]
    if connection.text_factory is not str:
        return ["leave its text_factory as str"]
    [file] = [file for _, name, file in run("PRAGMA database_list").fetchall() if name == "main"]
    if not _is_file(path, file):
        return ["its file is not the school's storage; use one file for both"]
    temporary = {name.lower() for (name,) in run("SELECT name FROM temp.sqlite_master WHERE type IN ('table', 'view')")}
    if shadowing := sorted(temporary & METADATA.tables.keys()):
        return [f"drop its temporary {', '.join(shadowing)}, which stands before the school's table of that name"]
    wrong = [
        f"run PRAGMA {name}={value} when it is opened"
        for name, value in _PRAGMAS.items()
        if run(f"PRAGMA {name}").fetchone() != (value,)
    ]
    if run("PRAGMA synchronous").fetchone()[0] < _LEVELS[synchronous]:
        wrong.append(f"run PRAGMA synchronous={synchronous} when it is opened")
    if converted := sorted(_declared_types() & {name.upper() for name in sqlite3.converters}):
        wrong.append(f"register no sqlite3 converter for {', '.join(converted)}")
    return wrong


def _is_file(path: str, file: str) -> bool:
    try:
        return DatabaseFiles.file_at(file) == DatabaseFiles.file_at(path)
    except OSError:
        return False


@cache
def _declared_types() -> frozenset[str]:
    """Return the types that the tables declare; `sqlite3` finds converters by them."""
    dialect = sqlite_dialect.dialect()
    columns = (column for table in METADATA.tables.values() for column in table.columns)
    return frozenset(column.type.compile(dialect).split()[0].split("(")[0] for column in columns)
