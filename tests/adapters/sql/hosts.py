"""Hosts with rows of their own in the school's database: what each of them lends, and how its transaction is run."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import django
import psycopg
import sqlalchemy
from attrs import field, frozen
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import event, text

from digital_painschool import PainSchool
from tests.databases import execute, path_of

os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
django.setup()

_DJANGO = "host"
_TABLE = "CREATE TABLE host_bookings (id INTEGER PRIMARY KEY, note TEXT NOT NULL UNIQUE)"
_INSERT = "INSERT INTO host_bookings (id, note) SELECT coalesce(max(id), 0) + 1, %s FROM host_bookings"
PROGRAM = "digitala-smartskolan"
PRAGMAS = ("foreign_keys=ON", "secure_delete=ON", "synchronous=FULL")


@frozen(kw_only=True)
class Host:
    """A host.

    Args:
        url: The database.
        connection: What the host lends.
        begin: A function that returns the host's transaction.
        insert: A function that saves a row of the host's with a note.
        on_commit: A function that takes what to call after the commit.
        committed: What `on_commit` has taken and nobody has called, for a host without such a function of its own.
    """

    url: str
    connection: Any
    begin: Callable[[], AbstractContextManager[object]]
    insert: Callable[[str], object]
    on_commit: Callable[[Callable[[], None]], object]
    committed: list[Callable[[], None]] = field(factory=list)

    @property
    def notes(self) -> list[str]:
        """The notes that are committed."""
        return [row[0] for row in execute(self.url, "SELECT note FROM host_bookings ORDER BY id")]

    def after_the_commit(self) -> None:
        """Call what was to be called after the commit, where the host has to do so."""
        for call in self.committed:
            call()


def _with_list(url: str, **parts: Any) -> Host:
    committed: list[Callable[[], None]] = []
    return Host(url=url, on_commit=committed.append, committed=committed, **parts)


@contextmanager
def django_host(url: str) -> Iterator[Host]:
    """Run a host in Django: its wrapper, `atomic` and `on_commit`."""
    from django.db import connections
    from django.db.transaction import atomic, on_commit

    sqlite = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path_of(url))}
    sqlite_options = {"init_command": "PRAGMA secure_delete=ON", "transaction_mode": "IMMEDIATE"}
    if url.startswith("sqlite"):
        database: dict[str, Any] = sqlite | {"OPTIONS": sqlite_options}
    else:
        options = conninfo_to_dict(url)
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": options.pop("dbname"), "OPTIONS": options}
    configured = connections.configure_settings({"default": {}, _DJANGO: database})
    connections.databases[_DJANGO] = configured[_DJANGO]
    try:
        connection = connections[_DJANGO]

        def insert(note: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(_INSERT, [note])

        yield Host(
            url=url,
            connection=connection,
            begin=lambda: atomic(using=_DJANGO),
            insert=insert,
            on_commit=lambda call: on_commit(call, using=_DJANGO),
        )
    finally:
        connections[_DJANGO].close()
        del connections[_DJANGO]
        del connections.databases[_DJANGO]


@contextmanager
def driver_host(url: str) -> Iterator[Host]:
    """Run a host on the driver's own connection, with a row factory and a time-out of its own."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url, autocommit=True, row_factory=psycopg.rows.dict_row) as server:
            server.execute("SET TimeZone TO 'UTC'")
            yield _with_list(
                url,
                connection=server,
                begin=server.transaction,
                insert=lambda note: server.execute(_INSERT, [note]),
            )
        return
    with closing(sqlite3.connect(path_of(url), isolation_level=None)) as file:
        file.row_factory = sqlite3.Row
        for pragma in PRAGMAS:
            file.execute(f"PRAGMA {pragma}")
        yield _with_list(
            url,
            connection=file,
            begin=lambda: transaction(file),
            insert=lambda note: file.execute(_INSERT.replace("%s", "?"), [note]),
        )


@contextmanager
def transaction(file: sqlite3.Connection, begin: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Run a transaction on a connection of sqlite3's."""
    file.execute(begin)
    try:
        yield
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


@contextmanager
def sqlalchemy_host(url: str) -> Iterator[Host]:
    """Run a host on a connection of SQLAlchemy's."""
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            for pragma in PRAGMAS:
                connection.execute(f"PRAGMA {pragma}")

        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    else:

        @event.listens_for(engine, "connect")
        def _utc(connection: Any, record: Any) -> None:
            connection.execute("SET TimeZone TO 'UTC'")
            connection.commit()

    with engine.connect() as connection:
        yield _with_list(
            url,
            connection=connection,
            begin=connection.begin,
            insert=lambda note: connection.execute(text(_INSERT.replace("%s", ":note")), {"note": note}),
        )
    engine.dispose()


HOSTS = {"django": django_host, "driver": driver_host, "sqlalchemy": sqlalchemy_host}


@contextmanager
def host(name: str, url: str) -> Iterator[Host]:
    """Run a host, whose table is made."""
    execute(url, _TABLE)
    with HOSTS[name](url) as made:
        yield made


def never(call: object) -> None:
    """Take what is to be called after a commit."""


def join(school: PainSchool, connection: object, run: AbstractContextManager[object]) -> None:
    """Join a transaction, and do nothing in it."""
    with school.joined(connection, run, on_commit=never):
        pass
