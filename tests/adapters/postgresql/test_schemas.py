"""Schemas of PostgreSQL: several schools in one database, none of which sees another."""

import importlib
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Table
from sqlalchemy.sql import ClauseElement

from digital_painschool import Settings, open_school
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, migrate, migration_sql, postgresql
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.json_rows import BulkStatement
from digital_painschool.adapters.sql.postgresql_connection import statements_for
from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.bootstrap.composition import connect
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_enrolment, load_histories, load_purge
from digital_painschool.testing.contracts.changes import HOUR, MORNING, RUN, begin, begun, converse, saved
from digital_painschool.testing.contracts.purges import IDS, all_over, kept_plan
from digital_painschool.testing.people import PERSON, UNIT
from tests.databases import execute, until
from tests.drift import drift


def schemas_of(url: str) -> set[str]:
    """Return the schemas that have the table of the version."""
    return {row[0] for row in execute(url, "SELECT schemaname FROM pg_tables WHERE tablename = %s", (VERSION_TABLE,))}


def test_two_schools_in_one_database_do_not_see_each_other(empty_postgresql_url: str) -> None:
    """Otherwise one school would show, count, deliver or purge another's patients."""
    url = empty_postgresql_url
    with (
        closing(SqlStorage(url, schema="north", migrate=True)) as north,
        closing(SqlStorage(url, schema="south", migrate=True)) as south,
    ):
        mine = saved(north, converse(saved(north, begin()), notify=Notify.COLLECTED, at=MORNING))
        assert None is load_enrolment(south, mine.id)
        seen: list[object] = [south.find_by_person(PERSON), south.access_entries(UNIT), south.claim(RUN, 10, HOUR)]
        assert [(), (), ()] == seen
        other = saved(south, begin())
        assert (mine, other) == (load_enrolment(north, mine.id), load_enrolment(south, mine.id))
        assert 1 == len(north.claim(RUN, 10, HOUR))
    with pytest.raises(StorageError, match="no schema yet"):
        SqlStorage(url)
    assert {"north", "south"} == schemas_of(url)
    assert [] == drift(url, "north") == drift(url, "south")


def test_a_school_in_a_schema_does_all_that_a_school_does(postgresql_url: str) -> None:
    """Otherwise some call would go to the tables of another school, which are there as well."""
    migrate(postgresql_url, schema="select")
    with closing(SqlStorage(postgresql_url, schema="select")) as storage:
        all_over(storage)
        plan = kept_plan(storage)
        saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
        assert 1 == len(begun(storage, MORNING))
        assert len(IDS) == len(load_histories(storage, UNIT, IDS))
        storage.purge(plan.id, plan.enrolments, ())
        assert dict.fromkeys(IDS) == load_purge(storage, plan.id).progress
    left = {table: execute(postgresql_url, f"SELECT 1 FROM {table}") for table in METADATA.tables}  # noqa: S608 - ours
    assert {table: [] for table in METADATA.tables} == left


def _clauses() -> Iterator[tuple[str, ClauseElement]]:
    """Yield every statement that a module of the adapter holds."""
    for module in Path(str(postgresql.__file__)).parent.glob("*.py"):
        named = vars(importlib.import_module(f"digital_painschool.adapters.sql.{module.stem}"))
        for name, value in named.items():
            for number, clause in enumerate(_held_by(name, value)):
                if isinstance(clause, ClauseElement) and clause.supports_execution and not isinstance(clause, Table):
                    yield f"{module.stem}.{name} {number}", clause


def _held_by(name: str, value: object) -> Iterable[object]:
    if isinstance(value, BulkStatement):
        return (value.single, value.each)
    if isinstance(value, dict) and name[1] != "_":
        return value.values()
    return value if isinstance(value, tuple) else (value,)


def test_every_statement_names_the_schema() -> None:
    """Otherwise it would go wherever a connection happens to look, and a pool of connections may change that."""
    statements = dict(_clauses())
    assert len(statements) > 60
    bare = re.compile(rf"(?<![.\w])({'|'.join(METADATA.tables)}|{VERSION_TABLE})\b")
    compiled = statements_for("smartskola")
    assert {} == {name: found for name, one in statements.items() if (found := bare.findall(compiled[one].sql))}


def test_statements_are_compiled_once_for_all_schools_of_a_schema() -> None:
    """Otherwise each storage that is opened would pay for the compiling again."""
    assert statements_for("smartskola") is statements_for("smartskola")
    assert statements_for("smartskola") is not statements_for(None)


def test_a_search_path_that_a_pool_has_left_behind_leads_nowhere_else(postgresql_url: str) -> None:
    """Otherwise a pool that lends a connection to two schools in turn would lend one the other's patients."""
    migrate(postgresql_url, schema="smartskola")
    with closing(SqlStorage(postgresql_url, schema="smartskola")) as storage:
        [connection] = storage._database.pool.idle
        connection._connection.execute("SET search_path TO public")  # type: ignore[attr-defined]
        expected = saved(storage, converse(saved(storage, begin()), notify=Notify.COLLECTED, at=MORNING))
        assert expected == load_enrolment(storage, expected.id)
        assert 1 == len(storage.claim(RUN, 10, HOUR))
        assert [connection] == storage._database.pool.idle
    assert [] == execute(postgresql_url, "SELECT 1 FROM enrolments")


def test_schools_of_two_schemas_do_not_wait_for_each_other(postgresql_url: str) -> None:
    """Otherwise one school's purge could not be planned while another's is."""
    migrate(postgresql_url, schema="smartskola")
    with (
        closing(SqlStorage(postgresql_url)) as mine,
        closing(SqlStorage(postgresql_url, schema="smartskola")) as other,
        closing(SqlStorage(postgresql_url, schema="public")) as mine_by_name,
    ):
        waiting = Thread(target=kept_plan, args=(mine_by_name,))

        def work(connection: Connection) -> None:
            connection.advisory_lock("plan")
            kept_plan(other)
            waiting.start()
            until(lambda: execute(postgresql_url, "SELECT 1 FROM pg_locks WHERE NOT granted"))

        mine._database.write(work)
        waiting.join(60)
        assert not waiting.is_alive()


@pytest.mark.parametrize("schema", ["a", "_", "smartskola_2", "select", "user", "p" + "g" * 62])
def test_a_schema_by_any_usable_name(empty_postgresql_url: str, schema: str) -> None:
    """Otherwise a name that is a word of SQL would break statements that are tried with other names."""
    with closing(SqlStorage(empty_postgresql_url, schema=schema, migrate=True)) as storage:
        expected = saved(storage, begin())
        assert expected == load_enrolment(storage, expected.id)
    assert {schema} == schemas_of(empty_postgresql_url)


@pytest.mark.parametrize(
    "schema",
    [
        *("", "A", "a-b", "a b", "a.b", '"', 'a"; DROP SCHEMA public; --', "a\n", "a\x00", "a%s", "å", "1a", "x" * 64),
        *("pg_catalog", "pg_x", "information_schema", 5, b"a", ["a"]),
    ],
)
def test_a_name_that_needs_care_in_sql_is_refused(schema: Any) -> None:
    """Otherwise a setting could run as SQL, or a mistyped one make a schema that nobody finds again."""
    nowhere = "postgresql://127.0.0.1:1/school"
    for call in (
        lambda: SqlStorage(nowhere, schema=schema),
        lambda: SqlInbox(nowhere, schema=schema),
        lambda: SqlMessenger(Channel.SMS, nowhere, schema=schema),
        lambda: migrate(nowhere, schema=schema),
        lambda: migration_sql(nowhere, schema=schema),
    ):
        with pytest.raises(StorageError, match="a schema is named with 1 to 63"):
            call()


def test_a_file_has_no_schemas(tmp_path: Path) -> None:
    """Otherwise two schools that were meant to be apart would share a file."""
    url = f"sqlite:///{tmp_path}/new.db"
    for call in (
        lambda: SqlStorage(url, schema="smartskola", migrate=True),
        lambda: SqlInbox(url, schema="smartskola", migrate=True),
        lambda: SqlMessenger(Channel.SMS, url, schema="smartskola", migrate=True),
        lambda: migrate(url, schema="smartskola"),
    ):
        with pytest.raises(StorageError, match="SQLite has no schemas; leave it out"):
            call()
    assert [] == list(tmp_path.iterdir())


def test_settings_lead_storage_inbox_and_messengers_into_the_schema(
    empty_postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise notices and messages of a school would lie in the tables of another."""
    monkeypatch.setenv("REGION", empty_postgresql_url)
    file = tmp_path / "painschool.toml"
    file.write_text(
        """inbox = { name = "sql" }
[storage]
name = "postgresql"
url = "env:REGION"
schema = "smartskola"
migrate = true
[[messengers]]
name = "sql"
channel = "sms"
""",
        encoding="utf-8",
    )
    for settings in (read_settings(file), Settings.from_url(empty_postgresql_url, "smartskola")):
        ports = connect(settings)
        for part in (ports.storage, ports.inbox, *ports.messengers):
            assert "smartskola" == part._database.pool.driver._schema  # type: ignore[attr-defined]
            part.close()  # type: ignore[attr-defined]
    assert {"smartskola"} == schemas_of(empty_postgresql_url)
    with open_school(read_settings(file)):
        pass


def test_an_inbox_elsewhere_is_not_led_into_the_schema(tmp_path: Path) -> None:
    """Otherwise an inbox in a database of its own would look for tables where there are none."""
    file = tmp_path / "painschool.toml"
    file.write_text(
        """inbox = { name = "sql", url = "postgresql://other/inboxes" }
storage = { name = "postgresql", url = "postgresql://host/region", schema = "smartskola" }
""",
        encoding="utf-8",
    )
    assert AdapterConfig("sql", {"url": "postgresql://other/inboxes"}) == read_settings(file).inbox


# --- whose schema it is ---


@pytest.fixture
def role(empty_postgresql_url: str) -> Iterator[tuple[str, str]]:
    """A role that may make nothing in the database, and the URL of the database for it."""
    name = f"school_{uuid4().hex}"
    url = empty_postgresql_url
    execute(url, f"CREATE ROLE {name}")
    yield name, f"{url}{'&' if '?' in url else '?'}options={quote(f'-c role={name}')}"
    execute(url, f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


def test_a_schema_that_an_administrator_has_made_is_used(empty_postgresql_url: str, role: tuple[str, str]) -> None:
    """Otherwise a school would need the right to make schemas, which few databases give to an application."""
    name, url = role
    with pytest.raises(StorageError, match="InsufficientPrivilege"):
        migrate(url, schema="smartskola")
    execute(empty_postgresql_url, f"CREATE SCHEMA smartskola AUTHORIZATION {name}")
    with closing(SqlStorage(url, schema="smartskola", migrate=True)) as storage:
        saved(storage, begin())
    assert [] == drift(empty_postgresql_url, "smartskola")


def test_a_school_needs_no_more_than_the_rights_that_the_docs_name(
    empty_postgresql_url: str, role: tuple[str, str]
) -> None:
    """Otherwise an administrator who runs the SQL would have to give the school the whole schema."""
    name, url = role
    execute(empty_postgresql_url, migration_sql("postgresql", schema="smartskola"))
    with pytest.raises((StorageError, psycopg.Error), match="InsufficientPrivilege"):
        SqlStorage(url, schema="smartskola")
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "migrate.md").read_text("utf-8")
    [grants] = re.findall(r"```sql\n(GRANT.*?)```", page, re.DOTALL)
    execute(empty_postgresql_url, grants.replace("portal", name))
    with closing(SqlStorage(url, schema="smartskola")) as storage:
        all_over(storage)
        plan = kept_plan(storage)
        saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
        assert 1 == len(begun(storage, MORNING))
        storage.purge(plan.id, plan.enrolments, ())
        assert dict.fromkeys(IDS) == load_purge(storage, plan.id).progress
