"""The settings of a session on PostgreSQL: nothing that a server or a role has set may change what a step does."""

import os
from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from digital_painschool.errors import StorageError

_OPTIONS = {
    "fallback_application_name": "digital_painschool",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""libpq's options, unless the URL says otherwise. A cut cable reports nothing: without the last four a step would wait
hours for an answer."""

LOCK_TIMEOUT = "30s"

_REPORTED = {
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
    "TimeZone": "UTC",
    "IntervalStyle": "postgres",
    "standard_conforming_strings": "on",
}
"""Settings that decide what a text means, in parameters and results. An external pool restores them on each server
connection, because the server reports them."""

_SESSION = {
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "array_nulls": "on",
    "row_security": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "lock_timeout": LOCK_TIMEOUT,
    "statement_timeout": "0",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "60s",
}
"""Other settings that a role, a database, the environment or the URL may have changed. Clients of an external pool
share sessions: behind such a pool a session is left as it is, and each transaction sets what it needs."""

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
BEGIN_BEHIND_POOL = (
    f"{BEGIN}; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; SET LOCAL statement_timeout = 0;"
    " SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL row_security = on"
)

_PREPARE = """
SELECT pg_backend_pid() = {pid}, current_setting('server_encoding'), current_database(), (
    SELECT count(set_config(name, value, false))
    FROM (VALUES {settings}) AS s (name, value, reported)
    WHERE current_setting(name, true) IS NOT NULL AND (reported OR pg_backend_pid() = {pid})
)
"""
"""One statement, so that a new connection costs one round trip. It skips settings that an older server does not have.
It turns durability on where it was turned off; every other level is the administrator's choice."""


def prepare_session(pid: int, schema: str | None) -> str:
    """Return the statement that prepares a new connection.

    Its row says whether the backend is the one that libpq connected to, the server's encoding and the database's name.

    Args:
        pid: The backend that libpq connected to; a pool between answers from another one.
        schema: The schema of the tables; None keeps the search path.
    """
    session = dict(_SESSION) if schema is None else _SESSION | {"search_path": f'"{schema}"'}
    settings = [f"('{name}', '{value}', true)" for name, value in _REPORTED.items()]
    settings += [f"('{name}', '{value}', false)" for name, value in session.items()]
    durable = "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'"
    settings.append(f"('synchronous_commit', {durable} ELSE current_setting('synchronous_commit') END, false)")
    return _PREPARE.format(pid=pid, settings=", ".join(settings))


def connection_options(url: str) -> Mapping[str, Any]:
    """Return libpq's options of a URL, completed by defaults.

    Raises:
        StorageError: The URL cannot be read.
    """
    try:
        options = conninfo_to_dict(url)
    except (psycopg.Error, ValueError):
        problem = StorageError("the PostgreSQL URL cannot be read; check its form and the names of its options")
    else:
        defaults = dict(_OPTIONS)
        if "PGCONNECT_TIMEOUT" in os.environ:  # libpq reads it, unless an option overrides it
            del defaults["connect_timeout"]
        return defaults | options | {"client_encoding": _REPORTED["client_encoding"]}
    raise problem  # without libpq's text, which may contain the password
