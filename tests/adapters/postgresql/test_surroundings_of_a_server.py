"""What PostgreSQL's databases, roles, environment and URLs may set: nothing of it changes what is kept or read."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest

from benchmarks.servers import name_of
from digital_painschool.adapters.sql import SqlStorage, migrate
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_documents, load_enrolment, load_timeline
from digital_painschool.testing.contracts.changes import HOUR, MORNING, RUN, begin, converse, saved
from tests.adapters.postgresql.test_connections import with_option
from tests.databases import execute

HOSTILE = {
    "client_encoding": "LATIN1",
    "DateStyle": "German, DMY",
    "TimeZone": "Pacific/Kiritimati",
    "IntervalStyle": "sql_standard",
    "standard_conforming_strings": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "array_nulls": "off",
    "row_security": "off",
    "default_transaction_isolation": "serializable",
    "default_transaction_deferrable": "on",
    "synchronous_commit": "off",
    "lock_timeout": "1ms",
    "statement_timeout": "1s",
    "idle_session_timeout": "1s",
    "idle_in_transaction_session_timeout": "1s",
}
TEXT = "Hej 🙂 åäö \\' \\x41 ÿ"


def by_database(url: str, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the database say so."""
    for name, value in HOSTILE.items():
        execute(server, f"ALTER DATABASE \"{name_of(url)}\" SET {name} = '{value}'")
    return url


def by_role(url: str, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the role say so, in this database alone."""
    for name, value in HOSTILE.items():
        execute(server, f"ALTER ROLE CURRENT_USER IN DATABASE \"{name_of(url)}\" SET {name} = '{value}'")
    return url


def by_environment(url: str, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the environment of the process say so."""
    given = {name: value.replace(" ", "\\ ") for name, value in HOSTILE.items()}
    monkeypatch.setenv("PGOPTIONS", " ".join(f"-c {name}={value}" for name, value in given.items()))
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    monkeypatch.setenv("PGDATESTYLE", "German")
    monkeypatch.setenv("PGTZ", "Pacific/Kiritimati")
    return url


def by_url(url: str, server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the URL say so."""
    options = "%20".join(f"-c%20{name}%3D{value.replace(' ', '%5C%20')}" for name, value in HOSTILE.items())
    return with_option(with_option(url, f"options={options}"), "client_encoding=LATIN1")


@pytest.mark.parametrize("where", [by_database, by_role, by_environment, by_url])
def test_what_is_set_around_a_connection_changes_nothing(
    postgresql_server: str,
    empty_postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    where: Callable[[str, str, pytest.MonkeyPatch], str],
) -> None:
    """Otherwise a date style would make every patient's dates unreadable while saving goes on."""
    url = where(empty_postgresql_url, postgresql_server, monkeypatch)
    migrate(url)
    with closing(SqlStorage(url)) as storage:
        e = saved(storage, converse(saved(storage, begin()), TEXT, notify=Notify.COLLECTED, at=MORNING))
        assert e == load_enrolment(storage, e.id)
        assert TEXT in load_documents(storage, e.id, range(9)).values()
        assert [MORNING] == [entry.event.at for entry in load_timeline(storage, e.id)][-1:]
        assert 1 == len(storage.claim(RUN, 10, HOUR))
        [link] = storage._database.pool.idle
        for name, hostile in HOSTILE.items():
            [(value,)] = link._connection.execute(f"SHOW {name}").fetchall()  # type: ignore[attr-defined]
            assert hostile != value, name


@pytest.fixture(params=["LATIN1", "SQL_ASCII", "WIN1252"])
def narrow(request: pytest.FixtureRequest, postgresql_server: str) -> Iterator[tuple[str, str]]:
    """Yield a database that cannot hold UTF-8, and its encoding."""
    name = f"painschool_{uuid4().hex}"
    made = f"CREATE DATABASE {name} ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    execute(postgresql_server, made)
    try:
        head, _, query = postgresql_server.partition("?")
        yield f"{head.rpartition('/')[0]}/{name}?{query}", request.param
    finally:
        execute(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


def test_a_database_that_cannot_hold_every_letter_is_refused_by_name(narrow: tuple[str, str]) -> None:
    """Otherwise a patient's smile would be "unavailable, try later" for ever, or a migration end in a traceback."""
    url, encoding = narrow
    for way in (migrate, SqlStorage):
        with pytest.raises(StorageError, match=f"the database {name_of(url)} keeps texts in {encoding}") as refused:
            way(url)
        assert "\n" not in str(refused.value)
    assert [(0,)] == execute(url, "SELECT count(*) FROM pg_class WHERE relname = 'enrolments'")


@pytest.mark.parametrize("error", [NotImplementedError("1985-07-09"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")])
def test_what_the_driver_cannot_read_is_named_without_its_text(postgresql_url: str, error: Exception) -> None:
    """Otherwise a value of a record would stand in a traceback."""

    def work(_: object) -> None:
        raise error

    with closing(SqlStorage(postgresql_url)) as storage:
        with pytest.raises(StorageError) as failed:
            storage._database.read(work)
        assert ("1985" in str(failed.value), None) == (False, failed.value.__context__)


@pytest.mark.parametrize("url", ["postgresql://h/\ud800", "postgresql://h/a\0b"])
def test_a_url_with_characters_that_no_url_has_is_refused(url: str) -> None:
    """Otherwise a damaged settings file would end in the driver's own error."""
    with pytest.raises(StorageError):
        SqlStorage(url)


def test_a_transaction_behind_a_pool_sets_what_it_needs(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a step would wait without an end, or another program of the same pool would get our settings."""
    monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", property(lambda _: 1))
    execute(
        postgresql_url,
        "ALTER ROLE CURRENT_USER IN DATABASE "
        f"\"{name_of(postgresql_url)}\" SET default_transaction_isolation = 'serializable'",
    )
    with closing(SqlStorage(postgresql_url)) as storage:
        shown = storage._database.write(
            lambda link: [
                link._connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[attr-defined]
                for name in ("transaction_isolation", "lock_timeout", "idle_in_transaction_session_timeout")
            ]
        )
        assert ["read committed", "30s", "1min"] == shown
        [link] = storage._database.pool.idle
        shown = [link._connection.execute(f"SHOW {n}").fetchone()[0] for n in ("lock_timeout", "TimeZone")]  # type: ignore[attr-defined]
        assert ["0", "UTC"] == shown
        assert datetime(2026, 3, 2, tzinfo=UTC).tzinfo is UTC
