"""Databases of each kind, for the tests of the storage in SQL."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from digital_painschool.adapters.sql import SqlStorage


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
