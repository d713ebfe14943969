"""Rows with HSA-ids in small letters, as version 0001 kept them, become canonical by the migration. Rule: D-06b."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, migrate, migration_sql
from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.errors import StorageFailed
from digital_painschool.notification import Channel, Notify, Status
from digital_painschool.policy import Policy
from digital_painschool.ports import Ports
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import World
from tests.databases import execute, run_script

Bring = Callable[[str], None]

POLICY = Policy(retention_years=1, retention_decision="RS 2026-1")
SMALL = str(UNIT).replace("-E", "-e")


@pytest.fixture(params=("sqlite_url", "postgresql_url"))
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the schema, of each kind in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


def school_at(url: str) -> Scenario:
    """Return a school whose storage, inbox and messages lie in one database."""
    made: list[Any] = []

    def opening(world: World) -> Ports:
        made[:] = [SqlInbox(url, clock=lambda: world.now), SqlMessenger(Channel.EMAIL, url, clock=lambda: world.now)]
        known = {str(NURSE.hsa_id): StaffEntry(email=Address("nurse@vgregion.example"))}
        return world.ports(
            storage=SqlStorage(url), inbox=made[0], messengers=(made[1],), directory=MemoryDirectory(known)
        )

    return Scenario(opening, policy=POLICY)


def years_of_a_unit(url: str) -> None:
    """Put rows into every table: some enrolments are purged, some are left, some notifications wait."""
    with school_at(url) as school:
        school.desk.receive_notifications(email=True)
        old, kept, moved = school.start(ANNA), school.start(BO), school.start(CILLA)
        for id_ in (old, kept):
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.school.patient(BO).save_form(kept, PAIN, {"smarta": 9})
        for number in (1, 2, 3):
            school.school.patient(BO).complete_module(kept, number)
        school.coordinator.hand_over(moved, COLLEAGUE.hsa_id)
        school.advance(hours=2)
        school.deliver()
        school.desk.end(old, reason="klar")
        school.advance(days=800)
        school.office.export(school.world.place / "export")
        plan = school.office.plan_purge()
        school.office.approve(plan, decision="RS 2026-1")
        school.office.purge(plan)
        school.office.plan_purge()
        school.desk.end(kept, reason="klar")
        school.advance(days=800)
        school.office.approve(school.office.plan_purge(), decision="RS 2026-2")


def rows_of(url: str) -> dict[str, list[str]]:
    """Return every row of every table, in an order that does not depend on the database."""
    tables = [table.name for table in METADATA.sorted_tables]
    return {table: sorted(map(repr, execute(url, f"SELECT * FROM {table}"))) for table in tables}  # noqa: S608


def make_older(url: str, *, only: str = "1 = 1") -> None:
    """Write the HSA-ids of every text in small letters, where version 0001 took them; say that it is its database."""
    for table in METADATA.sorted_tables:
        for column in table.c:
            if column.type.python_type is str:
                small = f"replace(replace(\"{column.name}\", '31-E', '31-e'), '31-P', '31-p')"
                execute(url, f'UPDATE {table.name} SET "{column.name}" = {small} WHERE {only}')  # noqa: S608
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608


def by_hand(url: str) -> None:
    """Migrate as an administrator does who lets no program do it."""
    run_script(url, migration_sql(url, since="0001"))


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("bring_up", [migrate, by_hand])
def test_every_row_becomes_canonical(url: str, bring_up: Bring) -> None:
    """Otherwise a patient, a unit's log or a half-done purge would be out of reach after the update."""
    years_of_a_unit(url)
    expected = rows_of(url)
    assert [] == [table for table, rows in expected.items() if not rows], "every table is tried"
    make_older(url)
    assert [] == [
        table for table, rows in rows_of(url).items() if rows == expected[table] and table != "staff_messages"
    ]
    bring_up(url)
    assert expected == rows_of(url)
    with school_at(url) as school:
        assert 1 == len(school.colleague.caseload().rows)


def copied(url: str, table: str, changes: dict[str, str]) -> None:
    """Copy the rows of a table at the unit with some changes, into a database that version 0001 wrote."""
    columns = [column.name for column in METADATA.tables[table].c]
    values = ", ".join(f"'{changes[name]}'" if name in changes else f'"{name}"' for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    execute(url, f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE unit = '{UNIT}'")  # noqa: S608
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608 - a constant


REFUSED = (
    ("enrolments", {"id": "e-0009"}, ("e-0001", "e-0009")),
    ("programs", {"data": "{}"}, (f"{UNIT} smartskola 1",)),
    ("profiles", {"data": "{}"}, (str(UNIT),)),
)


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize(("table", "changes", "named"), REFUSED)
def test_two_that_become_one_are_named_for_a_decision(
    url: str, table: str, changes: dict[str, str], named: tuple[str, ...]
) -> None:
    """Otherwise one of two treatments, or what one of two was started with, would be gone in silence."""
    with school_at(url) as school:
        school.desk.receive_notifications(email=True)
        school.start(ANNA)
    copied(url, table, {"unit": SMALL, **changes})
    before = rows_of(url)
    with pytest.raises(StorageFailed, match="become one, and so would these; decide") as refused:
        migrate(url)
    assert [] == [text for text in named if repr(text)[1:-1] not in str(refused.value)]
    assert_silent(refused.value, ANNA, ANNA[2:], NURSE.hsa_id)
    with pytest.raises(
        (psycopg.Error, sqlite3.Error), match=r"become one|UNIQUE constraint failed"
    ) as by_an_administrator:
        by_hand(url)
    assert ANNA not in str(by_an_administrator.value)
    assert before == rows_of(url)
    with pytest.raises(StorageFailed, match="older version's"):
        SqlStorage(url)
    execute(url, f"DELETE FROM {table} WHERE unit = '{SMALL}'")  # noqa: S608 - the decision
    migrate(url)
    with school_at(url) as school:
        assert ["e-0001"] == [row.enrolment_id for row in school.desk.caseload().rows]


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("bring_up", [migrate, by_hand])
@pytest.mark.parametrize("table", ["programs", "profiles"])
def test_two_that_say_the_same_need_no_decision(url: str, table: str, bring_up: Bring) -> None:
    """Otherwise a unit that was signed in to in both ways could not be updated without hand-work."""
    with school_at(url) as school:
        school.desk.receive_notifications(email=True)
        school.start(ANNA)
    expected = rows_of(url)
    copied(url, table, {"unit": SMALL})
    bring_up(url)
    assert expected == rows_of(url)


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("bring_up", [migrate, by_hand])
def test_two_collected_notifications_that_become_one_days_are_told_once(url: str, bring_up: Bring) -> None:
    """Otherwise the migration would fail on what waits, lose a message, or tell the patient twice (D-13a)."""
    with school_at(url) as school:
        pain, sleep = school.start(ANNA), school.start(ANNA, "somnskola")
        school.desk.start_conversation(pain, "Hej", notify=Notify.COLLECTED)
        school.advance(hours=2)
        school.deliver()
        school.desk.start_conversation(sleep, "Hej", notify=Notify.COLLECTED)
        for table in ("enrolments", "timeline", "documents", "notifications", "notification_causes", "programs"):
            execute(url, f"UPDATE {table} SET unit = '{SMALL}'")  # noqa: S608 - constants
        execute(url, f"UPDATE notifications SET lane = replace(lane, '{UNIT}', '{SMALL}')")  # noqa: S608
        execute(url, f"UPDATE programs SET unit = '{UNIT}'")  # noqa: S608 - a constant
        school.desk.write(pain, 1, "Igen", notify=Notify.COLLECTED)
        execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608 - a constant
    assert 2 == len(execute(url, "SELECT DISTINCT lane FROM notifications"))
    bring_up(url)
    with school_at(url) as school:
        school.advance(days=1, hours=2)
        done = school.deliver()
        found = [record for id_ in (pain, sleep) for record in school.storage.notifications(id_)]
    assert (1, 1) == (done.delivered, done.merged)
    assert sorted([Status.DELIVERED, Status.DELIVERED, Status.MERGED], key=str) == sorted(
        (record.status for record in found), key=str
    )
    assert 2 == len(execute(url, "SELECT * FROM notices"))
    assert [(str(UNIT),)] == execute(url, "SELECT DISTINCT unit FROM notifications")


def test_a_damaged_row_does_not_stop_the_others(url: str) -> None:
    """Otherwise one state that was cut short would keep a whole region from updating."""
    with school_at(url) as school:
        for number in (ANNA, BO):
            school.start(number)
    make_older(url)
    execute(url, "UPDATE enrolments SET state = substr(state, 1, length(state) - 1) WHERE id = 'e-0001'")
    execute(url, "UPDATE timeline SET data = substr(data, 1, 20) WHERE enrolment_id = 'e-0001'")
    migrate(url)
    with closing(SqlStorage(url)) as storage:
        found = storage.load("e-0002")
    assert found is not None
    assert (UNIT, NURSE.hsa_id) == (found.unit, found.therapist)
