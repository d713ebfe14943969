"""The driver for a storage URL."""

import os
from pathlib import Path

from digital_painschool.adapters.paths import is_sqlite, new_file, sqlite_file
from digital_painschool.adapters.sql.connection import Driver
from digital_painschool.adapters.sql.sqlite import SqliteDriver
from digital_painschool.domain.validation import control_characters
from digital_painschool.errors import InvalidValue, StorageError

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


def names_new_file(url: str) -> bool:
    """Return whether a URL names an SQLite file that does not exist yet."""
    return is_sqlite(url) and not os.path.exists(_file(url))  # noqa: PTH110 - False also where nobody may look


def kind_of(url: str) -> str | None:
    """Return the kind of database that a URL names, `"sqlite"` or `"postgresql"`; None for any other."""
    if is_sqlite(url):
        return "sqlite"
    return "postgresql" if url.partition("://")[0] in _POSTGRESQL else None


def driver_for(
    url: str, *, schema: str | None = None, synchronous: str = "FULL", statement_timeout: float | None = None
) -> Driver:
    """Return the driver for a URL: `sqlite:///file.db` (relative), `sqlite:////file.db` (absolute), `postgresql://…`.

    A relative path is made absolute here, so a later change of the working folder does not matter.

    Raises:
        StorageError: The kind of database is not supported, the URL names no file, or the schema's name is invalid; or
            a SQLite file does not exist, and another one may have been meant.
    """
    kind = kind_of(url)
    if kind == "sqlite":
        return SqliteDriver(str(_checked(_file(url))), schema=schema, synchronous=synchronous)
    if kind == "postgresql":
        if control_characters(url):
            raise StorageError("the PostgreSQL URL holds a control character, or is not UTF-8")
        try:
            from digital_painschool.adapters.sql.postgresql import PostgresqlDriver
        except ImportError:
            raise StorageError("PostgreSQL needs the extra: pip install 'digital_painschool[postgresql]'") from None
        return PostgresqlDriver(
            f"postgresql://{url.partition('://')[2]}", schema=schema, statement_timeout=statement_timeout
        )
    raise StorageError("a storage URL begins with sqlite:/// or postgresql://")


def _file(url: str) -> Path:
    try:
        return sqlite_file(url)
    except InvalidValue as error:
        problem = str(error)
    raise StorageError(problem)


def _checked(file: Path) -> Path:
    try:
        if file.exists() and not file.is_file():
            problem = f"{file} is no file that a database can be in"
        else:
            return file if file.exists() else new_file(file)
    except OSError as error:
        problem = f"the file {file} cannot be looked at: {error.strerror}"
    except InvalidValue as error:
        problem = str(error)
    raise StorageError(problem)
