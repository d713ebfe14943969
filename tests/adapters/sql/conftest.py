"""Databases of each kind, for the tests of the storage in SQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest

from digital_painschool import PainSchool, open_school
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.bootstrap.composition import connect
from digital_painschool.bootstrap.settings import Settings
from tests.databases import path_of


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the schema, of each kind in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def storage(url: str) -> Iterator[SqlStorage]:
    """A new storage, of each kind in turn."""
    with closing(SqlStorage(url)) as storage:
        yield storage


@pytest.fixture
def one(url: str) -> Iterator[SqlStorage]:
    """A new storage with one connection, of each kind in turn."""
    with closing(SqlStorage(url, connections=1)) as storage:
        yield storage


@pytest.fixture
def school(url: str) -> Iterator[PainSchool]:
    """A school on a new database, of each kind in turn."""
    with PainSchool(connect(Settings.from_url(url))) as opened:
        yield opened


@pytest.fixture
def file(sqlite_url: str) -> Iterator[sqlite3.Connection]:
    """A host's connection to a SQLite file, with the settings of the school."""
    with closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None, timeout=0)) as connection:
        for pragma in ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection


@pytest.fixture
def in_file(sqlite_url: str) -> Iterator[PainSchool]:
    """A school on the host's SQLite file."""
    with open_school(sqlite_url) as opened:
        yield opened


@pytest.fixture
def server(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """A host's connection to PostgreSQL, with the settings of the school."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("SET TimeZone TO 'UTC'")
        yield connection
