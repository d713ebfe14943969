"""What a host cannot lend, and what meets others: refused at once and typed, or told truthfully."""

import sqlite3
from contextlib import closing, nullcontext
from itertools import product
from typing import Any

import psycopg
import pytest

from digital_painschool import PainSchool, open_school
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.errors import (
    ConfigurationError,
    InvalidValue,
)
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.changes import begin, saved
from digital_painschool.testing.people import ANNA, NURSE
from tests.adapters.sql.hosts import PROGRAM, join, never, transaction


@pytest.mark.parametrize(
    "setting",
    ["foreign_keys=OFF", "secure_delete=OFF", "synchronous=NORMAL", "ignore_check_constraints=ON", "query_only=ON"],
)
def test_other_settings_of_a_file_s_connection_are_refused(
    setting: str, in_file: PainSchool, file: sqlite3.Connection
) -> None:
    """Otherwise a step would be kept less well than the school's own: rows without parents, drafts on the disk."""
    join(in_file, file, transaction(file))
    file.execute(f"PRAGMA {setting}")
    name, _, value = setting.partition("=")
    right = {"OFF": "1", "ON": "0", "NORMAL": "FULL"}[value]
    with pytest.raises(ConfigurationError, match=f"run PRAGMA {name}={right} when it is opened"):
        join(in_file, file, transaction(file, "BEGIN"))


def test_a_file_s_other_texts_are_refused(
    in_file: PainSchool, file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what was read would be bytes, or whatever the host makes of a type's name."""
    monkeypatch.setitem(sqlite3.converters, "BOOLEAN", bool)
    with pytest.raises(ConfigurationError, match=r"register no sqlite3 converter for BOOLEAN$"):
        join(in_file, file, transaction(file))
    file.text_factory = bytes
    with pytest.raises(ConfigurationError, match="leave its text_factory as str"):
        join(in_file, file, transaction(file))


@pytest.mark.parametrize(
    "setting",
    [
        "TimeZone TO 'Europe/Stockholm'",
        "DateStyle TO 'German'",
        "client_encoding TO 'LATIN1'",
        "synchronous_commit TO off",
        "bytea_output TO 'escape'",
        "row_security TO off",
        "default_transaction_isolation TO 'serializable'",
        "default_transaction_read_only TO on",
    ],
)
def test_other_settings_of_a_server_s_connection_are_refused(
    setting: str, postgresql_url: str, server: psycopg.Connection
) -> None:
    """Otherwise a step would be read or kept otherwise than the school's own: another hour, a lost commit."""
    with open_school(postgresql_url) as school:
        join(school, server, server.transaction())
        server.execute(f"SET {setting}".encode())
        name = setting.split(maxsplit=1)[0].removeprefix("default_")
        with pytest.raises(ConfigurationError, match=rf"its setting {name} is '.*', set it to '.*'$"):
            join(school, server, server.transaction())


def test_without_a_transaction_nothing_is_lent(
    in_file: PainSchool, file: sqlite3.Connection, postgresql_url: str, server: psycopg.Connection
) -> None:
    """Otherwise each savepoint would be committed by itself, and no rollback would take it back."""
    with open_school(postgresql_url) as school:
        for one, connection in ((in_file, file), (school, server)):
            with pytest.raises(ConfigurationError, match="begin a transaction first"):
                join(one, connection, nullcontext())
        with server.transaction(force_rollback=True):
            with pytest.raises(psycopg.errors.DivisionByZero):
                server.execute("SELECT 1 / 0")
            with pytest.raises(ConfigurationError, match="roll back the one that failed"):
                join(school, server, nullcontext())


def test_psycopg_begins_by_itself_where_it_does_not_autocommit(postgresql_url: str) -> None:
    """Otherwise a host that never says BEGIN, as Python's databases are used, could lend nothing."""
    with open_school(postgresql_url) as school, psycopg.connect(postgresql_url) as connection:
        connection.execute("SET TimeZone TO 'UTC'")
        connection.commit()
        with school.joined(connection, connection, on_commit=never) as joined:
            started = joined.therapist(NURSE).start(ANNA, program=PROGRAM)
        assert started == school.therapist(NURSE).enrolment(started.id)


def test_another_database_is_refused(
    url: str, school: PainSchool, tmp_path: Any, empty_postgresql_url: str, server: psycopg.Connection
) -> None:
    """Otherwise a step would be saved where nobody looks for it."""
    with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as other:
        if url.startswith("sqlite"):
            with pytest.raises(ConfigurationError, match="not the school's storage"):
                join(school, other, transaction(other))
            with pytest.raises(InvalidValue, match=r"lend a sqlite3\.Connection"):
                join(school, server, server.transaction())
            return
        with pytest.raises(InvalidValue, match=r"lend a psycopg\.Connection"):
            join(school, other, nullcontext())
    with psycopg.connect(empty_postgresql_url, autocommit=True) as empty:
        empty.execute("SET TimeZone TO 'UTC'")
        with pytest.raises(ConfigurationError, match="another database or schema"):
            join(school, empty, empty.transaction())
    server.execute("CREATE SCHEMA other; SET search_path TO other, public")
    for place, table in product(("other.", "pg_temp."), sorted(METADATA.tables)):
        server.execute(f"CREATE TABLE {place}{table} (LIKE public.{table} INCLUDING ALL)".encode())
        with pytest.raises(ConfigurationError, match="another database or schema"):
            join(school, server, server.transaction())
        server.execute(f"DROP TABLE {place}{table}".encode())
    join(school, server, server.transaction())


@pytest.mark.parametrize("what", ["TABLE {} (id)", "VIEW {} AS SELECT 1"])
def test_what_stands_before_a_table_of_a_file_is_refused(
    in_file: PainSchool, file: sqlite3.Connection, what: str
) -> None:
    """Otherwise a part of a step would be saved in a temporary table, and be gone with the connection."""
    for table in (*METADATA.tables, "Timeline"):
        file.execute(f"CREATE TEMP {what.format(table)}")
        with pytest.raises(ConfigurationError, match=f"drop its temporary {table.lower()}, which"):
            join(in_file, file, transaction(file))
        file.execute(f"DROP {what.split(maxsplit=1)[0]} temp.{table}")
    join(in_file, file, transaction(file))


def test_a_school_in_a_schema_joins_whatever_the_search_path(empty_postgresql_url: str) -> None:
    """Otherwise a host whose tables lie in another schema than the school's could not lend its connection."""
    with closing(SqlStorage(empty_postgresql_url, schema="smartskola", migrate=True)) as storage:
        with psycopg.connect(empty_postgresql_url, autocommit=True) as connection:
            connection.execute("SET TimeZone TO 'UTC'")
            with storage.joined(connection, connection.transaction()) as joined:
                mine = saved(joined, begin())
        assert mine == load_enrolment(storage, mine.id)


def test_only_a_storage_in_sql_joins(file: sqlite3.Connection) -> None:
    """Otherwise a host would believe that memory is rolled back with its rows."""
    with open_school("memory://") as school:
        with pytest.raises(ConfigurationError, match="choose sqlite or postgresql"):
            join(school, file, transaction(file))
        for wrong in ({"transaction": "BEGIN"}, {"on_commit": None}):
            arguments = {"transaction": transaction(file), "on_commit": never} | wrong
            with pytest.raises(InvalidValue), school.joined(file, **arguments):  # type: ignore[arg-type]
                pass
