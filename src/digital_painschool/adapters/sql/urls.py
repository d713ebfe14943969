"""From a URL to a driver."""

from pathlib import Path

from digital_painschool.adapters.sql.connections import Driver
from digital_painschool.adapters.sql.sqlite import SqliteDriver
from digital_painschool.errors import StorageFailed


def names_new_file(url: str) -> bool:
    """Tell whether a URL names an SQLite file that is not there yet."""
    scheme, _, rest = url.partition("://")
    path = rest.removeprefix("/")
    return scheme.startswith("sqlite") and path != "" and not Path(path).exists()


def driver_for(url: str, *, schema: str | None = None, synchronous: str = "FULL") -> Driver:
    """Choose the driver for a URL: `sqlite:///file.db` (relative), `sqlite:////file.db` (absolute), `postgresql://…`.

    Raises:
        StorageFailed: No such database is served, the URL names no file, or the schema cannot be one.
    """
    scheme, _, rest = url.partition("://")
    if scheme in ("sqlite", "sqlite+pysqlite"):
        path = rest.removeprefix("/")
        if not rest.startswith("/") or not path or path.startswith(":memory:") or "?" in path:
            raise StorageFailed("a SQLite URL names a file: sqlite:///file.db; for memory there is MemoryStorage")
        return SqliteDriver(path, schema=schema, synchronous=synchronous)
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            from digital_painschool.adapters.sql.postgresql import PostgresqlDriver
        except ImportError:
            raise StorageFailed("PostgreSQL needs the extra: pip install 'digital_painschool[postgresql]'") from None
        return PostgresqlDriver(f"postgresql://{rest}", schema=schema)
    raise StorageFailed("a storage URL begins with sqlite:/// or postgresql://")
