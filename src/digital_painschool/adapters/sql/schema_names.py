"""Names of PostgreSQL schemas, in which the schools of one database have tables of their own."""

import re

from digital_painschool.errors import StorageError

_NAME = re.compile(r"(?!pg_|information_schema\Z)[a-z_][a-z0-9_]{0,62}")


def require_valid(schema: str | None) -> str | None:
    """Return a schema's name if it needs no escaping in SQL; None stands for no schema.

    Raises:
        StorageError: The name needs escaping, or PostgreSQL reserves it.
    """
    if schema is None or (isinstance(schema, str) and _NAME.fullmatch(schema)):
        return schema
    raise StorageError(
        "a schema is named with 1 to 63 of the letters a to z, digits and _, does not begin with a digit or pg_,"
        " and is not information_schema"
    )


def require_none(schema: str | None) -> None:
    """Refuse a schema, for SQLite.

    Raises:
        StorageError: A schema is named.
    """
    if schema is not None:
        raise StorageError("option schema: SQLite has no schemas; leave it out, and give each school a file of its own")


def table_prefix(schema: str | None) -> str:
    """Return the prefix of a table's name in SQL: the quoted schema and a full stop, or nothing."""
    return "" if schema is None else f'"{schema}".'
