"""What the laws are tested on: every storage that is shipped, opened quickly, and new and empty for each world."""

import shutil
from pathlib import Path

import pytest

from digital_painschool.ports import Ports
from digital_painschool.testing.environment import Environment, PortsFactory, in_memory


@pytest.fixture(autouse=True)
def _at_once(without_waiting: None) -> None:
    """Lets nobody wait in any test of the laws."""


@pytest.fixture(scope="session")
def on_sqlite(sqlite_template: Path) -> PortsFactory:
    """Opens SQLite files, copied with their schema and written without waiting for the disk."""
    from digital_painschool.adapters.sql import SqlStorage

    def ports_factory(environment: Environment) -> Ports:
        path = environment.folder / "painschool.db"
        if not path.exists():
            shutil.copyfile(sqlite_template, path)
        return environment.ports(storage=SqlStorage(f"sqlite:///{path}", synchronous="NORMAL"))

    return ports_factory


@pytest.fixture
def on_postgresql(postgresql_url: str) -> PortsFactory:
    """Opens one PostgreSQL database, which is emptied for each new world."""
    import psycopg

    from digital_painschool.adapters.sql import SqlStorage
    from digital_painschool.adapters.sql.schema import METADATA

    tables = ", ".join(f'"{table.name}"' for table in METADATA.sorted_tables)
    worlds: list[Environment] = []

    def ports_factory(environment: Environment) -> Ports:
        if worlds != [environment]:
            worlds[:] = [environment]
            with psycopg.connect(postgresql_url, autocommit=True) as connection:
                connection.execute(f"TRUNCATE {tables}".encode())
        return environment.ports(storage=SqlStorage(postgresql_url, connections=4))

    return ports_factory


@pytest.fixture(params=["memory", "sqlite"])
def ports_factory(request: pytest.FixtureRequest) -> PortsFactory:
    """Each storage that needs no server."""
    if request.param == "memory":
        return in_memory
    pytest.importorskip("sqlalchemy", reason="SQLite is not there: install digital_painschool[sql]")
    found: PortsFactory = request.getfixturevalue("on_sqlite")
    return found
