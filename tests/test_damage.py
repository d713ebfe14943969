"""One damaged row stops nobody else: hostile values in each column of each table, and every call of every desk.

`python -m tests.test_damage URL` tries all of them; the tests here try a sample, the same one every time.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import Column, Integer, Table

from benchmarks.servers import database
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage
from digital_painschool.adapters.sql.schema import METADATA, Instant, Truth
from digital_painschool.errors import PainschoolError, StorageFailed
from digital_painschool.notification import Channel, Notify
from digital_painschool.people import PersonId
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NUMBERS
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import World
from tests.databases import execute

SECRET = "HEMLIGT19850709"
VICTIM, OLD_VICTIM = "e-0004", "e-0002"
HEALTHY = {ANNA: "e-0003", CILLA: "e-0005"}
OLD_HEALTHY = "e-0001"
PLAN = "e-0007"
START, LATER = "2026-03-02 08:00", "2037-03-02 08:00"

Call = Callable[[Scenario], object]


def opened(url: str) -> Callable[[World], Any]:
    """Give an opening of everything on one database."""

    def open_there(world: World) -> Any:
        clock = lambda: world.now  # noqa: E731
        inbox = SqlInbox(url, clock=clock)
        return world.ports(
            storage=SqlStorage(url), inbox=inbox, messengers=(SqlMessenger(Channel.EMAIL, url, clock=clock),)
        )

    return open_there


def close(school: Scenario) -> None:
    """Let go of all connections."""
    for adapter in (school.storage, school.ports.inbox, *school.ports.messengers):
        adapter.close()  # type: ignore[attr-defined]


def fill(url: str, folder: Path) -> None:
    """Make two enrolments that ended long ago, three open ones with all that can wait, a plan and a receipt."""
    school = Scenario(opened(url))
    for number in NUMBERS[3:5]:
        id_ = school.start(number)
        room = school.school.patient(number)
        room.save_form(id_, PAIN, {"smarta": 3})
        room.write(id_, "Hej")
        school.desk.end(id_, reason="klar")
    school.at(LATER)
    school.colleague.receive_notifications(email=True)
    school.desk.receive_notifications(email=True)
    for number in (ANNA, BO, CILLA):
        id_ = school.start(number, "somnskola" if number == BO else "smartskola")
        room = school.school.patient(number)
        room.save_form(id_, PAIN, {"smarta": 9})
        room.write(id_, "Hej")
        school.desk.start_conversation(id_, "Hej!", notify=Notify.DIRECT)
        school.deliver()
        school.desk.start_conversation(id_, "Hej igen!", notify=Notify.COLLECTED)
        room.open_module(id_, 1)
    school.office.export(folder / "first")
    school.office.approve(school.office.plan_purge(), decision="beslut 1")
    school.office.export(folder / "second")
    close(school)
    # Of a table that has no row of the victim's yet, any row is the victim's.


def calls_of(id_: str, number: str) -> dict[str, Call]:
    """Name every call that concerns one open enrolment, those that change it last."""
    calls: dict[str, Call] = {
        "find": lambda s: s.desk.find(number),
        "enrolment": lambda s: s.desk.enrolment(id_),
        "program": lambda s: s.desk.program(id_),
        "end_reasons": lambda s: s.desk.end_reasons(id_),
        "next_module": lambda s: s.desk.next_module(id_),
        "to_handle": lambda s: s.desk.to_handle(id_),
        "answers": lambda s: s.desk.answers(id_, PAIN),
        "conversations": lambda s: s.desk.conversations(id_),
        "read_conversation": lambda s: s.desk.read_conversation(id_, 1),
        "timeline": lambda s: s.desk.timeline(id_),
        "notifications": lambda s: s.desk.notifications(id_),
        "room.enrolments": lambda s: s.school.patient(number).enrolments(),
        "room.overview": lambda s: s.school.patient(number).overview(id_),
        "room.form": lambda s: s.school.patient(number).form(id_, PAIN),
        "room.conversations": lambda s: s.school.patient(number).conversations(id_),
        "room.read_conversation": lambda s: s.school.patient(number).read_conversation(id_, 1),
        "messages": lambda s: s.ports.inbox.messages(PersonId("personnummer", number)),  # type: ignore[attr-defined]
        "open_form": lambda s: s.desk.open_form(id_, PAIN),
        "review": lambda s: s.desk.review(id_),
        "start_conversation": lambda s: s.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT),
        "rename_conversation": lambda s: s.desk.rename_conversation(id_, 1, "Nytt"),
        "room.open_module": lambda s: s.school.patient(number).open_module(id_, 2),
        "room.complete_module": lambda s: s.school.patient(number).complete_module(id_, 1),
        "room.save_form": lambda s: s.school.patient(number).save_form(id_, PAIN, {"smarta": 9}),
        "room.write": lambda s: s.school.patient(number).write(id_, "Hej", conversation=1),
        "hand_over": lambda s: s.coordinator.hand_over(id_, COLLEAGUE.hsa_id),
        "maintain": lambda s: s.colleague.maintain(id_, days=30, modules=[1]),
    }
    return calls


SHARED: dict[str, Call] = {
    "caseload": lambda s: s.desk.caseload(),
    "unit_caseload": lambda s: s.coordinator.unit_caseload(limit=1),
    "profile": lambda s: s.desk.profile(),
    "colleague's profile": lambda s: s.colleague.profile(),
    "receipts": lambda s: s.office.receipts(),
    "access_log": lambda s: s.office.access_log(),
    "access_log of one": lambda s: s.office.access_log(person=BO),
    "waiting": lambda s: s.ports.messengers[0].waiting(),  # type: ignore[attr-defined]
    "plan": lambda s: s.office.plan(PLAN),
    "start": lambda s: s.desk.start(NUMBERS[5], program="smartskola"),
}


@frozen
class Damage:
    """One hostile value in one column of one row."""

    table: str
    column: str
    value: object
    text: bool = False

    def __str__(self) -> str:
        return f"{self.table}.{self.column}={str(self.value)[:40]!r}"

    def do(self, url: str) -> bool:
        """Put it there; False when the database itself refuses, or no row is the victim's."""
        table = METADATA.tables[self.table]
        where = row_of(table)
        mark = "?" if url.startswith("sqlite") else "%s"
        if self.text:
            mark = f"CAST({mark} AS TEXT)"
        value = self.value
        if isinstance(value, Leaf):
            [[before], *_] = execute(url, f'SELECT "{self.column}" FROM {self.table} WHERE {where}') or [[None]]  # noqa: S608
            if before is None:
                return False
            value = value.of(before)
        try:
            execute(url, f'UPDATE {self.table} SET "{self.column}" = {mark} WHERE {where}', (value,))  # noqa: S608
        except Exception:  # noqa: BLE001 - whichever driver it is: the database refuses the value
            return False
        return True


_ROWS = {
    "enrolments": f"id IN ('{VICTIM}', '{OLD_VICTIM}')",
    "timeline": f"enrolment_id IN ('{VICTIM}', '{OLD_VICTIM}') AND seq = 2",
    "documents": f"enrolment_id IN ('{VICTIM}', '{OLD_VICTIM}') AND seq = 2",
    "notifications": f"id LIKE '{VICTIM}.%' AND status = 'pending'",
    "notification_causes": f"notification_id LIKE '{VICTIM}.%'",
    "profiles": f"hsa_id = '{COLLEAGUE.hsa_id}'",
    "access_log": "number = 30",
    "programs": "key = 'somnskola'",
    "exports": "id = (SELECT min(id) FROM exports)",
    "purge_plan_items": f"enrolment_id = '{OLD_VICTIM}'",
    "notices": f"person_value = '{BO}'",
    "staff_messages": "number = 1",
}


def row_of(table: Table) -> str:
    """Say which row is the victim's."""
    return _ROWS.get(table.name, "1 = 1")


@frozen
class Leaf:
    """JSON with another value in the place of one of its leaves; None for the place: with its last byte cut off."""

    place: int | None
    value: object = None

    def of(self, text: object) -> str:
        """Give the text with the change."""
        if self.place is None:
            return str(text)[:-1]
        data = json.loads(str(text))
        if isinstance(data, dict) and data:
            data[sorted(data)[self.place % len(data)]] = self.value
        else:
            data = self.value
        return json.dumps(data)


_JSON: tuple[object, ...] = (
    Leaf(None),
    "",
    "null",
    "[]",
    "{}",
    "7",
    f'"{SECRET}"',
    f'{{"id": "{SECRET}"}}',
    "[" * 5000,
    '{"a":' * 900 + "1" + "}" * 900,
    "1e999",
    *(Leaf(place, value) for place in range(16) for value in (SECRET, None, 10**30, -1, [SECRET], {SECRET: 1}, True)),
)
_TEXTS: tuple[object, ...] = (SECRET, "", "å\n" + SECRET, SECRET * 100)
_BLOBS: tuple[object, ...] = (b"\xff\xfe" + SECRET.encode(), b"")
_SQLITE_TIMES: tuple[object, ...] = (
    SECRET, "", "2026-13-45T00:00:00Z", "0001-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "2037-03-02", 7
)  # fmt: skip
_POSTGRESQL_TIMES: tuple[object, ...] = (
    "infinity", "-infinity", "0044-03-15 00:00:00+00 BC", "0001-01-01 00:00:00+00", "9999-12-31 23:59:59+00",
    "200000-01-01 00:00:00+00",
)  # fmt: skip
_SQLITE_NUMBERS: tuple[object, ...] = (SECRET, 1.5, -1, 2**62, b"\xff")
_POSTGRESQL_NUMBERS: tuple[object, ...] = (-1, 2**31 - 1, 0)


def values_for(column: Column[Any], *, sqlite: bool) -> Iterator[object]:
    """Give the hostile values for a column."""
    if column.nullable:
        yield None
    if isinstance(column.type, Instant):
        yield from (*_SQLITE_TIMES, *_BLOBS) if sqlite else _POSTGRESQL_TIMES
    elif isinstance(column.type, Truth):
        yield from (SECRET, 2, b"\xff") if sqlite else (True, False)
    elif isinstance(column.type.dialect_impl, Integer) or column.type.python_type is int:
        yield from _SQLITE_NUMBERS if sqlite else _POSTGRESQL_NUMBERS
    else:
        yield from _JSON if column.name in ("state", "data", "content") else _TEXTS
        yield from _BLOBS if sqlite else ()


def all_damages(*, sqlite: bool) -> list[Damage]:
    """Give every hostile value for every column of every table."""
    found = []
    for table in METADATA.sorted_tables:
        for column in table.c:
            for value in values_for(column, sqlite=sqlite):
                found.append(Damage(table.name, column.name, value))
                if isinstance(value, bytes):
                    found.append(Damage(table.name, column.name, value, text=True))
    return found


def sample(*, sqlite: bool, size: int) -> list[Damage]:
    """Give one value for each column, and some more."""
    drawn = random.Random(9)  # noqa: S311 - the same sample every time
    damages = all_damages(sqlite=sqlite)
    drawn.shuffle(damages)
    first = {(damage.table, damage.column): damage for damage in damages}
    return [*first.values(), *damages][:size]


def tried(name: str, call: Callable[[], object], *, may_fail: bool) -> object:
    """Make a call; whatever it raises is typed and silent, and nothing is raised that concerns the healthy."""
    try:
        return call()
    except PainschoolError as error:
        failure = error
    assert_silent(failure, SECRET)
    if isinstance(failure, StorageFailed):
        assert (None, None) == (failure.__cause__, failure.__context__), name
    assert may_fail, (name, failure)
    return None


def judge(url: str, folder: Path, damage: Damage) -> None:
    """Make every call on a database with a damage."""
    school = Scenario(opened(url))
    school._ids = 1000
    school.at("2037-03-02 08:30")
    try:
        for number, id_ in HEALTHY.items():
            for name, call in calls_of(id_, number).items():
                if name in ("hand_over", "maintain") or damage.table == "profiles":
                    continue
                # A line of the log, or the colleague's profile, is nobody's record.
                tried(name, lambda call=call: call(school), may_fail=False)  # type: ignore[misc]
        for name, call in SHARED.items():
            found = tried(name, lambda call=call: call(school), may_fail=name not in ("caseload", "access_log"))  # type: ignore[misc]
            if name == "caseload":
                rows = [row.enrolment_id for row in found.rows]  # type: ignore[attr-defined]
                assert set(HEALTHY.values()) <= set(rows)
        for name, call in calls_of(VICTIM, BO).items():
            tried(name, lambda call=call: call(school), may_fail=True)  # type: ignore[misc]
        before = {notice.key for number in HEALTHY for notice in messages(school, number)}
        school.at("2037-03-02 09:00")
        school.school.delivery(batch=1).run()
        for number in HEALTHY:
            assert {notice.key for notice in messages(school, number)} - before, number
        receipt = tried("export", lambda: school.office.export(folder / "third"), may_fail=False)
        assert receipt is not None
        written = (folder / "third" / "enrolments.jsonl").read_text("utf-8")
        lines = [json.loads(line)["enrolment"] for line in written.splitlines()]
        assert OLD_HEALTHY in lines
        assert receipt.enrolments == len(lines)  # type: ignore[attr-defined]
        assert not {*lines} & {*receipt.unreadable}  # type: ignore[attr-defined]
        tried("plan_purge", school.office.plan_purge, may_fail=False)
        purged = tried("purge", lambda: school.office.purge(PLAN), may_fail=damage.table.startswith("purge_"))
        if purged is not None:
            assert OLD_HEALTHY in purged.purged  # type: ignore[attr-defined]
            for id_ in purged.purged:  # type: ignore[attr-defined]
                assert not execute(url, f"SELECT id FROM enrolments WHERE id = '{id_}'")  # noqa: S608
        tried("receipts", school.office.receipts, may_fail=False)
    finally:
        close(school)


def messages(school: Scenario, number: str) -> Any:
    """Give what a patient finds in the inbox."""
    return school.ports.inbox.messages(PersonId("personnummer", number))  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def filled_file(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the patients, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    path = folder / "filled.db"
    shutil.copyfile(sqlite_template, path)
    fill(f"sqlite:///{path}", folder)
    execute(f"sqlite:///{path}", "PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="module")
def filled_database(
    postgresql_server: str, postgresql_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A PostgreSQL database with the patients, to be cloned."""
    with database(postgresql_server, postgresql_template) as url:
        fill(url, tmp_path_factory.mktemp("filled"))
        yield url


@pytest.mark.parametrize("damage", sample(sqlite=True, size=400), ids=str)
def test_a_damaged_row_of_sqlite_stops_nobody_else(damage: Damage, filled_file: Path, tmp_path: Path) -> None:
    """Otherwise one bad row would silence every patient, or put a number into a log."""
    path = tmp_path / "painschool.db"
    shutil.copyfile(filled_file, path)
    if damage.do(f"sqlite:///{path}"):
        judge(f"sqlite:///{path}", tmp_path, damage)


@pytest.mark.parametrize("damage", sample(sqlite=False, size=200), ids=str)
def test_a_damaged_row_of_postgresql_stops_nobody_else(
    damage: Damage, postgresql_server: str, filled_database: str, tmp_path: Path
) -> None:
    """Otherwise one bad row would silence every patient, or put a number into a log."""
    with database(postgresql_server, filled_database) as url:
        if damage.do(url):
            judge(url, tmp_path, damage)
