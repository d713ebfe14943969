"""A connection to PostgreSQL that a host lends."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import psycopg
from psycopg import adapt
from psycopg.rows import tuple_row
from sqlalchemy import BigInteger, Select, Text, func, literal, select
from sqlalchemy.dialects.postgresql import OID

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.lent import LentConnection, require_same_settings
from digital_painschool.adapters.sql.postgresql_connection import PostgresqlConnection, statements_for
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.adapters.sql.schema_names import table_prefix
from digital_painschool.errors import InvalidValue

_STATUS = psycopg.pq.TransactionStatus

_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "TimeZone": ("UTC", "Etc/UTC"),
    "client_encoding": ("UTF8",),
    "DateStyle": ("ISO, MDY", "ISO, DMY", "ISO, YMD"),
    "standard_conforming_strings": ("on",),
    "bytea_output": ("hex",),
    "array_nulls": ("on",),
    "row_security": ("on",),
    "session_replication_role": ("origin", "local"),
    "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
    "transaction_isolation": ("read committed",),
    "transaction_read_only": ("off",),
}
"""The settings that decide what a text means and how a step is kept, with the values that the school works with."""

_PRESENT = "SELECT name, current_setting(name, true) FROM unnest($1::text[]) AS s (name)"


def lent(connection: object, schema: str | None) -> LentConnection:
    """Return a host's connection for the storage.

    Statements run on cursors of the school's own, so the host's cursor factory, row factory and adapters do not matter.
    Time-outs stay the host's.

    Args:
        connection: The host's connection, in a transaction.
        schema: The schema of the school's tables.

    Raises:
        InvalidValue: It is no `psycopg.Connection`.
        ConfigurationError: It has no transaction open, or settings that differ.
        psycopg.Error: The server failed.
    """
    if not isinstance(connection, psycopg.Connection):
        raise InvalidValue(f"lend a psycopg.Connection (Django's, SQLAlchemy's), not {type(connection).__name__}")
    server = connection.pgconn
    begins_by_itself = server.transaction_status == _STATUS.IDLE and not connection.autocommit
    if not begins_by_itself and server.transaction_status != _STATUS.INTRANS:
        require_same_settings(["begin a transaction first, or roll back the one that failed"])
    borrowed = _Borrowed(connection)
    present: dict[str, str] = dict(borrowed.execute(_PRESENT, (list(_REQUIRED),)).fetchall())
    require_same_settings(
        [
            f"its setting {name} is {present[name]!r}, set it to {accepted[0]!r}"
            for name, accepted in _REQUIRED.items()
            if present[name] not in accepted
        ]
    )
    inner = PostgresqlConnection(cast("psycopg.Connection", borrowed), statements_for(schema), schema)
    return LentConnection(
        inner,
        borrowed.execute,
        is_open=lambda: server.transaction_status == _STATUS.INTRANS,
        has_savepoint=lambda: server.transaction_status in (_STATUS.INTRANS, _STATUS.INERROR),
    )


def identity(connection: Connection, schema: str | None) -> Row:
    """Return what tells a server, its database, and the tables that the names lead to there, from all others."""
    [row] = connection.fetch_all(_identity_query(schema), {})
    return row


@cache
def _identity_query(schema: str | None) -> Select[Any]:
    # Each table: of one name the host's search path, or a temporary table, may lead elsewhere.
    tables = (func.to_regclass(literal(f"{table_prefix(schema)}{name}", Text)) for name in sorted(METADATA.tables))
    oids = (table.cast(OID).cast(BigInteger) for table in tables)
    return select(func.pg_postmaster_start_time(), func.current_database(), *oids)


class _OwnCursor(psycopg.RawCursor[Row]):
    """A cursor that converts values as psycopg does by itself, whatever the host has registered on its connection."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._own_adapters = adapt.AdaptersMap(psycopg.adapters)
        super().__init__(connection, row_factory=tuple_row)

    @property
    def adapters(self) -> adapt.AdaptersMap:
        return self._own_adapters


class _Borrowed:
    """A host's connection as the storage uses it: closing it does nothing, for it is the host's to close."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.prepare_threshold = connection.prepare_threshold
        self.pgconn = connection.pgconn

    def execute(self, sql: Any, values: Any = None) -> _OwnCursor:
        cursor = self.cursor()
        cursor.execute(sql, values)
        return cursor

    def cursor(self) -> _OwnCursor:
        return _OwnCursor(self._connection)

    def close(self) -> None:
        pass
