"""Schemas of PostgreSQL: several schools in one database, each with tables of its own."""

import re

from digital_painschool.errors import StorageError

_NAME = re.compile(r"(?!pg_|information_schema\Z)[a-z_][a-z0-9_]{0,62}")


def checked(schema: str | None) -> str | None:
    """Return a schema's name, or None for none, after checking that it is one that needs no further care in SQL.

    Raises:
        StorageError: It is not.
    """
    if schema is None or (isinstance(schema, str) and _NAME.fullmatch(schema)):
        return schema
    raise StorageError(
        "a schema is named with 1 to 63 of the letters a to z, digits and _, does not begin with a digit or pg_,"
        " and is not information_schema"
    )


def none(schema: str | None) -> None:
    """Check that there is none, for SQLite.

    Raises:
        StorageError: There is one.
    """
    if schema is not None:
        raise StorageError("SQLite has no schemas; leave it out, and give each school a file of its own")


def before(schema: str | None) -> str:
    """Return what stands before the name of a table in SQL: the schema in quotes and a full stop, or nothing."""
    return "" if schema is None else f'"{schema}".'
