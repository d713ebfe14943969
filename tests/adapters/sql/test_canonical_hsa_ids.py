"""Rows with HSA-ids in small letters, as version 0001 kept them, become canonical by the migration. Rule: D-06b."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg
import pytest
from sqlalchemy import Column

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.adapters.sql import SqlStorage, migrate, migration_sql
from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import StorageError
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.environment import AT_WORK
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import all_in, execute, run_script
from tests.older_schema import NEW_TABLES, OLD_TABLES, back_to_0003, columns_of

Bring = Callable[[str], None]

_SAME_TABLES = tuple(table.name for table in METADATA.sorted_tables if table.name not in NEW_TABLES)

POLICY = Policy(retention_years=1, retention_decision="RS 2026-1")
SMALL = str(UNIT).replace("-E", "-e")


def school_at(url: str) -> Scenario:
    """Return a school whose storage, inbox and messages lie in one database."""
    known = {str(NURSE.hsa_id): StaffEntry(email=Address("nurse@vgregion.example"))}
    return Scenario(all_in(url, directory=MemoryDirectory(known, AT_WORK)), policy=POLICY)


def years_of_a_unit(url: str) -> None:
    """Put rows into every table: some enrolments are purged, some are left, some notifications wait."""
    with school_at(url) as school:
        school.desk.receive_notifications(email=True)
        old, kept, moved = school.start(ANNA), school.start(BO), school.start(CILLA)
        for id_ in (old, kept):
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.school.patient(BO).save_form(kept, PAIN, {"smarta": 9})
        school.complete(kept, 1, 2, 3)
        school.coordinator.hand_over(moved, COLLEAGUE.hsa_id)
        school.colleague.mark_handled(moved, FlagKind.HANDED_OVER)  # no state of that version had the flag
        school.advance(hours=2)
        school.deliver()
        school.desk.end(old, reason="klar")
        school.advance(days=800)
        school.office.export(school.environment.folder / "export")
        plan = school.office.plan_purge()
        school.office.approve(plan, decision="RS 2026-1")
        school.office.purge(plan)
        school.office.plan_purge()
        school.desk.end(kept, reason="klar")
        school.advance(days=800)
        school.office.approve(school.office.plan_purge(), decision="RS 2026-2")


def rows_of(url: str, *, older: bool = False) -> dict[str, list[str]]:
    """Return every row of every table, in an order that does not depend on the database."""
    return {
        table: sorted(map(repr, execute(url, f"SELECT * FROM {table}")))  # noqa: S608 - constants
        for table in (*_SAME_TABLES, *(OLD_TABLES if older else NEW_TABLES))
    }


def make_older(url: str) -> None:
    """Write the HSA-ids of every text in small letters, where version 0001 took them; say that it is its database."""
    back_to_0003(url)
    columns = [
        (table, name)
        for table in _SAME_TABLES
        for name in columns_of(table)
        if _is_text(METADATA.tables[table].c[name])
    ]
    old = [("notifications", name) for name in ("unit", "recipient_value", "lane")] + [("notification_causes", "unit")]
    for table, name in columns + old:
        small = f"replace(replace(\"{name}\", '31-E', '31-e'), '31-P', '31-p')"
        execute(url, f'UPDATE {table} SET "{name}" = {small}')  # noqa: S608 - constants
    # No state of that version said who had started it.
    starter = '"started_by":"SE2321000131-'
    execute(url, f"UPDATE enrolments SET state = replace(state, '{starter}p', '{starter}P')")  # noqa: S608 - constants
    execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608 - a constant


def _is_text(column: Column[Any]) -> bool:
    return column.type.python_type is str


def by_hand(url: str) -> None:
    """Migrate as an administrator does who lets no program do it."""
    run_script(url, migration_sql(url, since="0001"))


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("bring_up", [migrate, by_hand])
def test_every_row_becomes_canonical(url: str, bring_up: Bring) -> None:
    """Otherwise a patient, a unit's log or a half-done purge would be out of reach after the update."""
    years_of_a_unit(url)
    back_to_0003(url)
    capitals = rows_of(url, older=True)
    assert [] == [table for table, rows in capitals.items() if not rows], "every table is tried"
    migrate(url)
    expected = rows_of(url)
    make_older(url)
    small = rows_of(url, older=True)
    assert ["staff_messages"] == [table for table, rows in small.items() if rows == capitals[table]]
    bring_up(url)
    assert expected == rows_of(url)
    with school_at(url) as school:
        assert 1 == len(school.colleague.caseload().rows)


def copied(url: str, table: str, changes: dict[str, str]) -> None:
    """Copy the rows of a table at the unit with some changes, into a database that version 0001 wrote."""
    back_to_0003(url)
    columns = columns_of(table)
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
    before = rows_of(url, older=True)
    with pytest.raises(StorageError, match="become one, and so would these; decide") as refused:
        migrate(url)
    assert [] == [text for text in named if repr(text)[1:-1] not in str(refused.value)]
    assert_silent(refused.value, ANNA, ANNA[2:], NURSE.hsa_id)
    with pytest.raises(
        (psycopg.Error, sqlite3.Error), match=r"become one|UNIQUE constraint failed"
    ) as by_an_administrator:
        by_hand(url)
    assert ANNA not in str(by_an_administrator.value)
    assert before == rows_of(url, older=True)
    with pytest.raises(StorageError, match="older version's"):
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
        ids = [school.start(ANNA), school.start(ANNA, "somnskola")]
        for id_ in ids:
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        back_to_0003(url)
        for column in ("unit", "lane"):
            small = f"replace({column}, '{UNIT}', '{SMALL}')"
            execute(url, f"UPDATE notifications SET {column} = {small} WHERE id LIKE '{ids[0]}.%'")  # noqa: S608
        execute(url, f"UPDATE {VERSION_TABLE} SET version_num = '0001'")  # noqa: S608 - a constant
        bring_up(url)
        school.advance(hours=2)
        assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert 1 == len(execute(url, "SELECT * FROM notices"))
    assert [(str(UNIT),)] == execute(url, "SELECT DISTINCT unit FROM digests")


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
        found = load_enrolment(storage, EnrolmentId("e-0002"))
    assert found is not None
    assert (UNIT, NURSE.hsa_id) == (found.unit, found.therapist)
