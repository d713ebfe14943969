"""A school that has joined a transaction, and what goes on beside it: other writers, its own desks, the log."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext, suppress
from threading import Thread
from time import monotonic
from typing import Any

import psycopg
import pytest
import sqlalchemy

from digital_painschool import PainSchool, open_school
from digital_painschool.adapters.sql import SqlStorage, sqlite
from digital_painschool.adapters.sql.joining import NEVER_JOINED
from digital_painschool.application import executor
from digital_painschool.application.enrolment_loading import load
from digital_painschool.bootstrap.joined_school import JoinedSchool
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import (
    ConfigurationError,
    Conflict,
    NotPermitted,
    OutcomeUnknown,
    StorageError,
)
from digital_painschool.ports.storage import Storage, load_enrolment
from digital_painschool.testing.contracts.changes import MORNING, begin, converse, saved
from digital_painschool.testing.people import ANNA, NURSE, STRANGER
from tests.adapters.sql.hosts import PROGRAM, host, join, never, transaction
from tests.databases import execute, path_of


@pytest.mark.parametrize("method", NEVER_JOINED)
def test_deliveries_exports_and_purges_do_not_join(method: str, url: str) -> None:
    """Otherwise a notice would be sent, or a record purged, that a rollback brings back."""
    with closing(SqlStorage(url)) as storage, host("driver", url) as portal:
        assert callable(getattr(Storage, method))
        with storage.joined(portal.connection, portal.begin()) as joined:
            with pytest.raises(StorageError, match="join no other"):
                getattr(joined, method)()
            portal.insert("after")
        assert ["after"] == portal.notes


def test_what_needs_a_transaction_of_its_own_does_not_join(url: str) -> None:
    """Otherwise a lock or a migration would last as long as the host's transaction."""
    with closing(SqlStorage(url)) as storage, host("driver", url) as portal:
        with storage.joined(portal.connection, portal.begin()) as joined:
            database = joined._database
            for call in (
                database.scrub_free_pages,
                database.pool.driver.migrate,
                lambda: database.write(lambda connection: connection.advisory_lock("plan")),
                lambda: joined.joined(portal.connection, nullcontext()).__enter__(),
                lambda: database.pool.driver.lent(portal.connection),
            ):
                with pytest.raises(StorageError, match="needs a transaction of the school's own"):
                    call()
            assert database.read(lambda connection: connection.has_table("enrolments"))
            portal.insert("after")
        assert ["after"] == portal.notes


def test_a_transaction_that_the_host_has_ended_saves_nothing(
    in_file: PainSchool, file: sqlite3.Connection, postgresql_url: str, server: psycopg.Connection
) -> None:
    """Otherwise a step would be committed by itself, or fail with an error that names no cause."""
    with suppress(sqlite3.OperationalError), in_file.joined(file, transaction(file), on_commit=never) as joined:
        file.execute("COMMIT")
        with pytest.raises(StorageError, match="has ended or failed"):
            joined.therapist(NURSE).start(ANNA, program=PROGRAM)
    with (
        open_school(postgresql_url) as school,
        school.joined(server, server.transaction(force_rollback=True), on_commit=never) as joined,
    ):
        with suppress(psycopg.errors.DivisionByZero):
            server.execute("SELECT 1 / 0")
        with pytest.raises(StorageError, match="has ended or failed"):
            joined.therapist(NURSE).start(ANNA, program=PROGRAM)
    assert () == in_file.therapist(NURSE).find(ANNA)


def test_on_a_file_the_outermost_transaction_is_named(in_file: PainSchool, file: sqlite3.Connection) -> None:
    """Otherwise the host could roll back unseen, and the log of what was read with it."""
    with transaction(file), pytest.raises(ConfigurationError, match="ATOMIC_REQUESTS"):
        join(in_file, file, nullcontext())


def test_the_school_s_own_desks_do_not_wait_for_their_own_thread(url: str, school: PainSchool) -> None:
    """Otherwise a call beside the transaction would wait half a minute on SQLite, for itself."""
    started = school.therapist(NURSE).start(ANNA, program=PROGRAM)
    one_writer = url.startswith("sqlite")
    with host("driver", url) as portal:
        with school.joined(portal.connection, portal.begin(), on_commit=never) as joined:
            portal.insert("before")
            begun = monotonic()
            expected: Any = (
                pytest.raises(StorageError, match="has lent its transaction") if one_writer else nullcontext()
            )
            with expected:
                school.therapist(NURSE).review(started.id)
            assert monotonic() < begun + 10
            others = Thread(target=lambda: school.patient(ANNA).write(started.id, "Hej"))
            others.start()
            if not one_writer:
                others.join()
            joined.therapist(NURSE).profile()
        others.join()
        assert started.version + (2 if one_writer else 3) == school.therapist(NURSE).enrolment(started.id).version


@pytest.mark.parametrize("what", ["enrolment", "digest", "profile"])
def test_the_school_s_own_desk_does_not_wait_for_what_its_thread_has_lent(
    url: str, school: PainSchool, what: str
) -> None:
    """Otherwise a desk beside the transaction would wait half a minute for itself, and say what nobody understands."""
    started = school.therapist(NURSE).start(ANNA, program=PROGRAM)
    calls: dict[str, Callable[[PainSchool | JoinedSchool], object]] = {
        "enrolment": lambda of: of.therapist(NURSE).review(started.id),
        "digest": lambda of: of.therapist(NURSE).start_conversation(started.id, "Hej", notify=Notify.COLLECTED),
        "profile": lambda of: of.therapist(NURSE).receive_notifications(email=False, summary=True),
    }
    with host("driver", url) as portal, school.joined(portal.connection, portal.begin(), on_commit=never) as joined:
        calls[what](joined)
        begun = monotonic()
        with pytest.raises(StorageError, match=r"has lent its transaction.*use a desk of the school that has joined"):
            calls[what](school)
        assert monotonic() < begun + 5
        calls[what](joined)
    calls[what](school)


def test_a_call_within_a_transaction_that_was_not_lent_is_told_so(
    in_file: PainSchool, file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """Otherwise a host would look for another process that holds its file, and there is none."""
    monkeypatch.setattr(sqlite, "WAIT_TIMEOUT", 0.1)
    with (
        open_school(sqlite_url) as school,
        transaction(file),
        pytest.raises(StorageError, match=r"or of this process but not the school's.*PainSchool\.joined"),
    ):
        school.therapist(NURSE).start(ANNA, program=PROGRAM)


def test_another_writer_of_the_file_is_a_conflict(
    in_file: PainSchool, file: sqlite3.Connection, sqlite_url: str
) -> None:
    """Otherwise a host could not tell what to try again from what is broken."""
    with (
        closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other,
        transaction(other),
        pytest.raises(Conflict, match="try the transaction again"),
    ):
        join(in_file, file, transaction(file, "BEGIN"))
    join(in_file, file, transaction(file, "BEGIN"))


def test_a_step_that_others_were_faster_with_is_not_tried_again_in_silence(
    postgresql_url: str, server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a step would rest on another state than the rows that the host has read in its transaction."""
    with open_school(postgresql_url) as school:
        started = school.therapist(NURSE).start(ANNA, program=PROGRAM)
        tries: list[Enrolment] = []

        def overtaken(storage: Any, enrolment_id: Any) -> Enrolment:
            tries.append(load(storage, enrolment_id))
            monkeypatch.setattr(executor, "load", load)
            school.patient(ANNA).write(started.id, "Hej")
            monkeypatch.setattr(executor, "load", overtaken)
            return tries[-1]

        with school.joined(server, server.transaction(), on_commit=never) as joined:
            monkeypatch.setattr(executor, "load", overtaken)
            with pytest.raises(Conflict):
                joined.therapist(NURSE).review(started.id)
            assert 1 == len(tries)


def test_a_lock_that_is_not_to_be_had_is_a_conflict(postgresql_url: str, server: psycopg.Connection) -> None:
    """Otherwise a host could not tell what to try again from what is broken, and would lose its rows."""
    server.execute("SET lock_timeout TO '50ms'")
    with closing(SqlStorage(postgresql_url)) as storage, psycopg.connect(postgresql_url) as other:
        mine = saved(storage, begin())
        other.execute("SELECT 1 FROM enrolments FOR UPDATE")
        with storage.joined(server, server.transaction()) as joined:
            with pytest.raises(Conflict, match="try the transaction again"):
                joined.save(converse(mine, at=MORNING))
            other.rollback()
            after = saved(joined, converse(mine, at=MORNING))
        assert after == load_enrolment(storage, mine.id)


def test_a_refusal_that_cannot_be_logged_is_not_disclosed(
    in_file: PainSchool, file: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise somebody would learn that a person is in treatment, and no line would say so."""
    started = in_file.therapist(NURSE).start(ANNA, program=PROGRAM)

    def full(entries: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(in_file._executor.storage._adapter, "log", full)  # type: ignore[attr-defined]
    with pytest.raises(OutcomeUnknown) as told, in_file.joined(file, transaction(file), on_commit=never) as joined:
        joined.therapist(STRANGER).to_handle(started.id)
    assert (None, None) == (told.value.__cause__, told.value.__context__)


def test_a_refusal_leaves_the_block_as_it_is(in_file: PainSchool, file: sqlite3.Connection, sqlite_url: str) -> None:
    """Otherwise a portal would not know what to show; and its rows would be committed without the step."""
    started = in_file.therapist(NURSE).start(ANNA, program=PROGRAM)
    with suppress(NotPermitted), in_file.joined(file, transaction(file), on_commit=never) as joined:
        file.execute("CREATE TABLE host_rows (id INTEGER)")
        joined.therapist(STRANGER).to_handle(started.id)
        pytest.fail("the refusal did not leave the block")
    assert [] == execute(sqlite_url, "SELECT name FROM sqlite_master WHERE name = 'host_rows'")


def test_an_engine_of_sqlalchemy_s_own_ways_is_refused(in_file: PainSchool, sqlite_url: str) -> None:
    """Otherwise SQLAlchemy, which begins on SQLite with the first row that is written, would commit each savepoint."""
    engine = sqlalchemy.create_engine(sqlite_url)
    with engine.connect() as connection, pytest.raises(ConfigurationError, match="begin a transaction first"):
        join(in_file, connection, connection.begin())
    engine.dispose()
