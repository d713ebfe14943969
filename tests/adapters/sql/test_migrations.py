"""The schema and its versions: migrations, the SQL for an administrator, and in what a database differs from them."""

import json
import logging
import shutil
import sqlite3
from contextlib import closing
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Timer

import psycopg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from digital_painschool.adapters.sql import SqlStorage, engine, migrate, migration_sql, postgresql
from digital_painschool.adapters.sql import migrations as migrations_package
from digital_painschool.adapters.sql.migrations import configured, offline
from digital_painschool.adapters.sql.revisions import MIGRATION_LOCK, REVISIONS, VERSION_TABLE
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.changes import OTHER_PERSON, begin, saved
from digital_painschool.testing.contracts.purges import over
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from tests.databases import execute, run_script, upgrade_to
from tests.drift import drift

SPAWN = get_context("spawn")

KINDS = ("sqlite_url", "postgresql_url")

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "LAST"


def upgrade():
    op.create_table("letters", sa.Column("id", sa.Text(), primary_key=True))
    op.execute("UPDATE enrolments SET exported_version = 7")
"""
"""A migration of a later version: makes a table, and changes what is there."""


@pytest.fixture(params=["sqlite", "postgresql", "postgresql-schema"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str | None]:
    """The URL of an empty database of each kind in turn, and a schema in it that is not there yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db", None
    return request.getfixturevalue("empty_postgresql_url"), "select" if request.param.endswith("schema") else None


@pytest.fixture
def a_later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this is a later version of the package, with one migration more.

    A test names it after the database, so that no template for all tests is made by the later version.
    """
    folder = tmp_path / "later"
    shutil.copytree(Path(migrations_package.__file__).parent, folder)
    (folder / "versions" / "v9999_later.py").write_text(LATER.replace("LAST", REVISIONS[-1]), encoding="utf-8")
    monkeypatch.setattr(migrations_package, "__file__", str(folder / "__init__.py"))
    for module in (migrations_package, offline, engine):
        monkeypatch.setattr(module, "REVISIONS", (*REVISIONS, "9999"))


# --- the schema and its versions ---


def test_a_schema_of_no_version_is_refused(url: str) -> None:
    """Otherwise a migration that somebody has tampered with would pass for a finished one."""
    execute(url, f"DELETE FROM {VERSION_TABLE}")  # noqa: S608 - a constant
    with pytest.raises(StorageError, match="no schema yet"):
        SqlStorage(url)


def test_a_database_without_schema_is_refused(tmp_path: Path, empty_postgresql_url: str) -> None:
    """Otherwise the first patient would meet an error instead of the administrator."""
    path = tmp_path / "empty.db"
    sqlite3.connect(path).close()
    path.touch()
    for url in (f"sqlite:///{path}", empty_postgresql_url):
        with pytest.raises(StorageError, match="no schema yet; run `digital-painschool migrate`"):
            SqlStorage(url)


def test_a_newer_schema_is_refused(url: str) -> None:
    """Otherwise an old worker would write rows that the new ones cannot read."""
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")  # noqa: S608 - a constant
    for open_it in (lambda: SqlStorage(url), lambda: migrate(url), lambda: SqlStorage(url, migrate=True)):
        with pytest.raises(StorageError, match="written by a newer version"):
            open_it()


def test_an_older_schema_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a new worker would miss columns in the middle of a step."""
    monkeypatch.setattr("digital_painschool.adapters.sql.engine.REVISIONS", (*REVISIONS, "9999"))
    with pytest.raises(StorageError, match="older version's; run `digital-painschool migrate`"):
        SqlStorage(url)


def test_migrating_again_changes_nothing(url: str) -> None:
    """Otherwise a start with `migrate` would cost data."""
    with closing(SqlStorage(url)) as storage:
        expected = saved(storage, begin())
    migrate(url)
    with closing(SqlStorage(url, migrate=True)) as other:
        assert expected == load_enrolment(other, EnrolmentId("enrolment-1"))


def test_the_known_revisions_are_those_of_the_migrations() -> None:
    """Otherwise opening would refuse what migrating has just made."""
    scripts = ScriptDirectory.from_config(configured())
    assert list(REVISIONS) == [script.revision for script in scripts.walk_revisions()][::-1]


def test_a_migration_that_the_server_refuses_is_named(empty_postgresql_url: str) -> None:
    """Otherwise an administrator would read a traceback, with the statements of the schema in it."""
    with pytest.raises(StorageError, match="no schema yet"):
        SqlStorage(empty_postgresql_url)
    execute(
        empty_postgresql_url,
        "DO $$ BEGIN EXECUTE format("
        "'ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$",
    )
    with pytest.raises(StorageError, match=r"PostgreSQL could not do it \(ReadOnlySqlTransaction, 25006\)"):
        migrate(empty_postgresql_url)


def test_a_migration_that_reaches_no_database_is_named(tmp_path: Path) -> None:
    """Otherwise an administrator would read a traceback, with the password in it."""
    with pytest.raises(StorageError) as caught:
        migrate("postgresql://school:hemligt@127.0.0.1:1/school")
    assert "hemligt" not in str(caught.value)
    with pytest.raises(StorageError, match="the file cannot be opened; check the path"):
        migrate(f"sqlite:///{tmp_path}/no/such/folder/school.db")


def test_an_older_database_is_brought_up_to_date_with_what_is_in_it(url: str, a_later_version: None) -> None:
    """Otherwise an update of the package would lose records, or leave a database that no version opens."""
    with pytest.raises(StorageError, match="older version's"):
        SqlStorage(url)
    with closing(SqlStorage(url, migrate=True)) as storage:
        expected = saved(storage, begin())
    execute(url, "DROP TABLE letters")
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '{REVISIONS[-1]}'")  # noqa: S608 - constants
    migrate(url)
    with closing(SqlStorage(url)) as storage:
        assert expected == load_enrolment(storage, EnrolmentId("enrolment-1"))
    assert [(7,)] == execute(url, "SELECT exported_version FROM enrolments")
    assert [] == execute(url, "SELECT * FROM letters")


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize(
    ("expected", "files"),
    [(3, [["enrolments.csv", "answers.csv", "enrolments.jsonl"]]), (0, [["enrolments.jsonl"], ["answers.csv"]])],
)
def test_what_csv_alone_holds_counts_as_exported_no_more(url: str, expected: int, files: list[list[str]]) -> None:
    """Otherwise a purge after an update would delete messages that an earlier export has left out."""
    with closing(SqlStorage(url)) as storage:
        ids = [over(storage, "a").id, over(storage, "b", OTHER_PERSON, unit=OTHER_UNIT).id]
    for number, names in enumerate(files):
        data = json.dumps({"files": [{"name": name, "lines": 1, "sha256": "0"} for name in names]})
        values = f"'{number}', '{UNIT}', '2026-03-02T08:00:00.000000Z', '{data}'"
        execute(url, f"INSERT INTO exports (id, unit, exported_at, data) VALUES ({values})")  # noqa: S608 - constants
    execute(url, "UPDATE enrolments SET exported_version = 3")
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '{REVISIONS[REVISIONS.index('0003') - 1]}'")  # noqa: S608
    upgrade_to(url, "0003")
    noted = execute(url, "SELECT id, exported_version FROM enrolments ORDER BY id")
    assert [(ids[0], expected), (ids[1], 3)] == noted


def test_no_migration_is_taken_back(url: str) -> None:
    """Otherwise one mistyped command would delete every record."""
    with closing(SqlStorage(url)) as storage:
        expected = saved(storage, begin())
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        config = configured(connection=connection, version_table=VERSION_TABLE)
        for revision in REVISIONS:
            execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'")  # noqa: S608 - constants
            with pytest.raises(NotImplementedError, match=r"is not (taken away|kept)"):
                command.downgrade(config, "base")
    engine.dispose()
    with closing(SqlStorage(url)) as storage:
        assert expected == load_enrolment(storage, EnrolmentId("enrolment-1"))


# --- many at once ---


def _migrate_with_others(url: str, schema: str | None, together: Barrier, told: "SimpleQueue[str]") -> None:
    logger = logging.getLogger("alembic.runtime.migration")
    logger.setLevel(logging.INFO)
    handler = logging.Handler()
    handler.emit = lambda record: told.put(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    together.wait(60)
    migrate(url, schema=schema)


def test_four_processes_migrate_at_once(empty: tuple[str, str | None]) -> None:
    """Otherwise workers that start together would break each other's start, or make the tables twice."""
    url, schema = empty
    together, told = SPAWN.Barrier(4), SPAWN.SimpleQueue()
    processes = [SPAWN.Process(target=_migrate_with_others, args=(url, schema, together, told)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [0] * 4 == [process.exitcode for process in processes]
    heard = []
    while not told.empty():
        heard.append(told.get())
    ran = [text.partition(",")[0] for text in heard if text.startswith("Running")]
    assert [f"Running upgrade {since} -> {to}" for since, to in pairwise(("", *REVISIONS))] == ran
    SqlStorage(url, schema=schema).close()
    assert [] == drift(url, schema or "public")


def test_who_waits_for_anothers_migration_waits_longer_than_for_a_lock(
    empty_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise three of four workers would fail whenever a migration takes longer than a step may wait."""
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "10ms")
    with psycopg.connect(empty_postgresql_url) as other:
        other.execute(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})".encode())
        done = Timer(0.3, other.commit)
        done.start()
        migrate(empty_postgresql_url)
        done.join()
    SqlStorage(empty_postgresql_url).close()


def test_a_migration_waits_no_longer_than_others_for_a_table(
    postgresql_url: str, a_later_version: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a forgotten session would hold the migration, and the migration everybody who works."""
    monkeypatch.setattr(postgresql, "LOCK_TIMEOUT", "10ms")
    with psycopg.connect(postgresql_url) as other:
        other.execute("LOCK TABLE enrolments")
        forgotten_for = Timer(20, other.rollback)
        forgotten_for.start()
        with pytest.raises(StorageError, match="55P03"):
            migrate(postgresql_url)
        forgotten_for.cancel()
        forgotten_for.join()
        other.rollback()
        migrate(postgresql_url)


# --- the SQL for an administrator ---


def test_the_sql_makes_what_migrating_makes(empty: tuple[str, str | None]) -> None:
    """Otherwise an administrator who runs it by hand would get a database that no school opens, or a slow one."""
    url, schema = empty
    run_script(url, migration_sql(url, schema=schema))
    with closing(SqlStorage(url, schema=schema)) as storage:
        expected = saved(storage, begin())
    assert [] == drift(url, schema or "public")
    migrate(url, schema=schema)
    with closing(SqlStorage(url, schema=schema)) as storage:
        assert expected == load_enrolment(storage, EnrolmentId("enrolment-1"))


def test_the_sql_of_an_update_changes_only_what_is_older(url: str, a_later_version: None) -> None:
    """Otherwise an administrator could not update a database that has records in it."""
    first, _, later = migration_sql(url).partition(f"-- Running upgrade {REVISIONS[-1]} -> 9999\n")
    assert "CREATE TABLE enrolments" in first
    assert "CREATE TABLE letters" in later
    update = migration_sql(url, since=REVISIONS[-1])
    assert update.count("CREATE TABLE") == 1
    with pytest.raises(StorageError, match="older version's"):
        SqlStorage(url)
    run_script(url, update)
    SqlStorage(url).close()
    assert [("9999",)] == execute(url, f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant


def test_the_sql_is_one_transaction_that_nobody_else_is_in(empty: tuple[str, str | None]) -> None:
    """Otherwise what fails half way would leave half a schema, and a worker could migrate in between."""
    url, schema = empty
    broken = migration_sql(url, schema=schema).replace("COMMIT;", "SELECT * FROM nowhere;\nCOMMIT;")
    with pytest.raises((psycopg.Error, sqlite3.Error), match="nowhere"):
        run_script(url, broken)
    with pytest.raises(StorageError, match="no schema yet"):
        SqlStorage(url, schema=schema)
    begins = {"sqlite": "BEGIN IMMEDIATE;", "postgresql": f"BEGIN;\nSELECT pg_advisory_xact_lock({MIGRATION_LOCK});"}
    assert begins[url.partition(":")[0]] in broken
    assert 1 == broken.count("COMMIT;")


def test_the_sql_is_refused_by_a_database_that_has_it_already(url: str) -> None:
    """Otherwise running it twice by mistake would leave a database of two versions."""
    with closing(SqlStorage(url)) as storage:
        expected = saved(storage, begin())
    with pytest.raises((psycopg.Error, sqlite3.Error), match="already exists"):
        run_script(url, migration_sql(url))
    with closing(SqlStorage(url)) as storage:
        assert expected == load_enrolment(storage, EnrolmentId("enrolment-1"))


@pytest.mark.parametrize(
    ("database", "expected"),
    [("sqlite", "sqlite"), ("postgres://h/d", "postgresql"), ("postgresql+psycopg://h/d", "postgresql")],
)
def test_the_sql_is_for_the_kind_of_a_url(database: str, expected: str) -> None:
    """Otherwise an administrator would have to know a second name for each database."""
    assert migration_sql(expected) == migration_sql(database)


def test_no_sql_is_made_up(tmp_path: Path) -> None:
    """Otherwise an administrator would run what was never tried, or what begins at a version that never was."""
    with pytest.raises(StorageError, match="SQL is written for postgresql and sqlite"):
        migration_sql("memory")
    with pytest.raises(StorageError, match="no revision of that name; there are 0001"):
        migration_sql("sqlite", since="0")
    with pytest.raises(StorageError, match="SQLite has no schemas"):
        migration_sql(f"sqlite:///{tmp_path}/new.db", schema="smartskola")
    assert [] == list(tmp_path.iterdir())
