"""Connections to PostgreSQL: what the URL says of them, and how they are prepared."""

import socket
from contextlib import closing
from time import monotonic

import psycopg
import pytest

from digital_painschool.adapters.sql import SqlStorage, migrate
from digital_painschool.adapters.sql.postgresql import PostgresqlDriver
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_enrolment
from tests.databases import execute


def with_option(url: str, option: str) -> str:
    """Return a URL with one option more."""
    return f"{url}{'&' if '?' in url else '?'}{option}"


def names_at(url: str) -> list[str]:
    """Return the names under which others are connected to a database."""
    asked = (
        "SELECT application_name FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return [name for (name,) in execute(url, asked)]


def test_the_server_shows_whose_connections_they_are(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an administrator could not tell a school's connections from all the others'."""
    monkeypatch.delenv("PGAPPNAME", raising=False)
    with closing(SqlStorage(postgresql_url)):
        assert ["digital_painschool"] == names_at(postgresql_url)
    with closing(SqlStorage(with_option(postgresql_url, "application_name=portal-1"))):
        assert ["portal-1"] == names_at(postgresql_url)
    monkeypatch.setenv("PGAPPNAME", "portal-2")
    with closing(SqlStorage(postgresql_url)):
        assert ["portal-2"] == names_at(postgresql_url)


def test_a_url_can_ask_for_the_kind_of_server_that_it_wants(postgresql_url: str) -> None:
    """Otherwise a region with standbys could not name them all and let the driver find the one that can be written."""
    SqlStorage(with_option(postgresql_url, "target_session_attrs=read-write")).close()
    for there in (SqlStorage, migrate):
        with pytest.raises(StorageError, match="cannot be reached, or let nobody in"):
            there(with_option(postgresql_url, "target_session_attrs=standby"))


def test_a_url_says_how_long_a_server_may_let_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a school that can reach two servers could not be told to go on to the second one soon."""
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    given = PostgresqlDriver("postgresql://h/d?connect_timeout=3&keepalives_idle=5")._options.reveal()
    assert ("3", "5", "10") == (given["connect_timeout"], given["keepalives_idle"], given["keepalives_interval"])
    assert "10" == PostgresqlDriver("postgresql://h/d")._options.reveal()["connect_timeout"]
    monkeypatch.setenv("PGCONNECT_TIMEOUT", "4")
    assert "connect_timeout" not in PostgresqlDriver("postgresql://h/d")._options.reveal()
    assert "3" == PostgresqlDriver("postgresql://h/d?connect_timeout=3")._options.reveal()["connect_timeout"]


def test_a_server_that_does_not_answer_is_given_up() -> None:
    """Otherwise a portal would hang behind a firewall that lets nothing through and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = monotonic()
        with pytest.raises(StorageError, match="cannot be reached"):
            SqlStorage(f"postgresql://127.0.0.1:{silent.getsockname()[1]}/school?connect_timeout=2&sslmode=disable")
    assert monotonic() - begun < 9


@pytest.mark.parametrize("url", ["postgresql://a:hemligt@h/x?nonsense=1", "postgresql://a:hemligt@[h/x"])
def test_a_url_that_cannot_be_read_is_named_without_its_password(url: str) -> None:
    """Otherwise a mistyped option would be passed over, or put the password into the log."""
    with pytest.raises(StorageError, match="URL cannot be read") as caught:
        SqlStorage(url)
    assert "hemligt" not in str(caught.value)
    assert None is caught.value.__context__


def test_nothing_is_prepared_behind_a_pool(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a pool that lends connections in turn would run for one school what another has prepared."""
    for behind_a_pool in (False, True):
        if behind_a_pool:  # it answers with a number of its own
            monkeypatch.setattr(psycopg.ConnectionInfo, "backend_pid", property(lambda _: 1))
        with closing(SqlStorage(postgresql_url, connections=1)) as storage:
            for _ in range(10):
                load_enrolment(storage, EnrolmentId("nobody"))
            [link] = storage._database.pool.idle
            asked = link._connection.execute("SELECT count(*) > 0 FROM pg_prepared_statements")  # type: ignore[attr-defined]
            assert [(not behind_a_pool,)] == asked.fetchall()


def test_a_connection_that_cannot_be_prepared_is_closed(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each interrupted attempt would leave a connection at the server, until it takes no more."""
    opened: list[psycopg.Connection] = []

    def interrupted(connection: psycopg.Connection, *_: object) -> None:
        opened.append(connection)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", interrupted)
        with pytest.raises(KeyboardInterrupt):
            SqlStorage(postgresql_url)
    assert [True] == [connection.closed for connection in opened]


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    """Otherwise an outage would put the password into the log."""
    with pytest.raises(StorageError) as caught:
        SqlStorage("postgresql://school:hemligt@127.0.0.1:1/school")
    assert "hemligt" not in str(caught.value)
