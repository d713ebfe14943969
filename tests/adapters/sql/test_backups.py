"""What the operations guide says of a backup that is put back: purges stay, and nobody is told twice, or never."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

from benchmarks.servers import database, name_of
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import Policy
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario

Given = TypeVar("Given")
Back = Callable[[], None]
Backup = Callable[[], Back]
"""Makes a backup, and gives what puts it back; nothing is open meanwhile."""


@pytest.fixture
def on_sqlite(sqlite_url: str) -> tuple[str, Backup]:
    """Return a file, and its backup by SQLite's own way."""
    file = Path(sqlite_url.removeprefix("sqlite:///"))

    def backup() -> Back:
        copy = file.with_name("copy.db")
        with closing(sqlite3.connect(file)) as live, closing(sqlite3.connect(copy)) as to:
            live.backup(to)

        def back() -> None:
            for suffix in ("-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
            copy.replace(file)

        return back

    return sqlite_url, backup


@pytest.fixture
def on_postgresql(postgresql_server: str, postgresql_url: str) -> Iterator[tuple[str, Backup]]:
    """Yield a database, and its backup as another one."""
    with ExitStack() as stack:

        def backup() -> Back:
            copy = stack.enter_context(database(postgresql_server, postgresql_url))

            def back() -> None:
                with psycopg.connect(postgresql_server, autocommit=True) as connection:
                    connection.execute(f'DROP DATABASE "{name_of(postgresql_url)}"'.encode())
                    made = f'CREATE DATABASE "{name_of(postgresql_url)}" TEMPLATE "{name_of(copy)}"'
                    connection.execute(made.encode())

            return back

        yield postgresql_url, backup


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("where", ["on_sqlite", "on_postgresql"])
def test_a_backup_that_is_put_back_loses_no_purge_and_tells_nobody_twice(
    where: str, request: pytest.FixtureRequest
) -> None:
    """Otherwise records would be back that were destroyed on a decision, or patients told of old messages again."""
    url, backup = request.getfixturevalue(where)
    policy = Policy(export_before_purge=False)
    school = Scenario(lambda environment: environment.ports(storage=SqlStorage(url)), policy=policy)
    with closing(school):
        gone = school.start(ANNA)
        school.desk.end(gone, reason="klar")
        school.advance(days=11 * 366)
        stays = school.start(BO)
        school.desk.start_conversation(stays, "Hej", notify=Notify.DIRECT)
        back = at_rest(school, backup)
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()
        plan = school.office.approve(school.office.plan_purge(), decision="RS 2037-1")
        receipt = school.office.purge(plan)
        assert (gone,) == receipt.purged
        at_rest(school, back)
        assert load_enrolment(school.storage, gone) is not None
        assert 1 == school.office.replay(receipt)
        assert load_enrolment(school.storage, gone) is None
        assert DeliveryReport(delivered=1) == school.deliver()  # the inbox has that key already
        assert 1 == len(school.outbox)


@pytest.mark.rule("M-12")
@pytest.mark.parametrize("where", ["on_sqlite", "on_postgresql"])
def test_a_message_of_after_a_restore_is_told_of(where: str, request: pytest.FixtureRequest) -> None:
    """Otherwise the inbox, which no restore reaches, would take it for one that the restore has lost."""
    url, backup = request.getfixturevalue(where)
    with closing(Scenario(lambda environment: environment.ports(storage=SqlStorage(url)))) as school:
        enrolment = school.start(BO)
        back = at_rest(school, backup)
        school.desk.start_conversation(enrolment, "Hej", notify=Notify.DIRECT)
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()
        at_rest(school, back)
        school.advance(minutes=1)
        school.desk.start_conversation(enrolment, "Hej igen", notify=Notify.DIRECT)
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()
        assert 2 == len(school.outbox)


def at_rest(school: Scenario, job: Callable[[], Given]) -> Given:
    """Do something while nothing is open."""
    school.school.close()
    done = job()
    school.restart()
    return done
