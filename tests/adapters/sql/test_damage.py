"""One damaged row stops nobody else: hostile values in each column of each table, and every call of every desk.

A sample of the values, the same one every time; `SIZES` says how many, and the search tries more.
"""

import json
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import Column, Integer, Table

from benchmarks.servers import database
from digital_painschool.adapters.sql.column_types import Instant, StrictBoolean
from digital_painschool.adapters.sql.schema import METADATA
from digital_painschool.application.export import Format
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Channel, Notify, Template
from digital_painschool.domain.pace import NATIONAL_INBOX
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import ExportReceipt, PurgeReceipt, Skip, Skipped
from digital_painschool.errors import InvalidValue, PainSchoolError, StorageError
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import Listed, position_of, record_key
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, COORDINATOR, NUMBERS, NURSE, STRANGER, UNIT
from digital_painschool.testing.reference.permissions import DESK, ROOM
from digital_painschool.testing.scenario import Scenario
from tests.databases import all_in, execute

pytestmark = pytest.mark.usefixtures("without_waiting")  # nobody else is there to collide with

SECRET = "HEMLIGT19850709"
VICTIM, OLD_VICTIM = EnrolmentId("e-0007"), EnrolmentId("e-0003")
HEALTHY = {ANNA: EnrolmentId("e-0006"), CILLA: EnrolmentId("e-0008")}
OLD_HEALTHY = EnrolmentId("e-0002")
PLAN = PlanId("e-0010")
LATER = "2037-03-02 08:00"

Call = Callable[[Scenario], object]


def close(school: Scenario) -> None:
    """Let go of all connections."""
    for adapter in (school.storage, school.ports.inbox, *school.ports.messengers):
        adapter.close()  # type: ignore[attr-defined]


def fill(url: str, folder: Path) -> None:
    """Make a purge that is over, two enrolments that ended long ago, three open ones with all that can wait, a plan."""
    school = Scenario(all_in(url))
    school.desk.end(school.start(), reason="klar")
    school.at("2026-07-01 08:00")
    for number in NUMBERS[3:5]:
        id_ = school.start(number)
        room = school.school.patient(number)
        room.save_form(id_, PAIN, {"smarta": 3})
        room.write(id_, "Hej")
        school.desk.end(id_, reason="klar")
    school.at("2036-06-01 08:00")
    school.office.export(folder / "first")
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="beslut 1"))
    school.at(LATER)
    for key in ("one", "two"):
        school.ports.messengers[0].send(
            Address("a@b.example"), Template.PROGRAM_DONE, "https://b.example", key=key, unit=UNIT
        )
    school.colleague.receive_notifications(email=True)
    school.desk.receive_notifications(email=True, once="ticked")
    for number in (ANNA, BO, CILLA):
        id_ = school.start(number, "somnskola" if number == BO else "smartskola")
        room = school.school.patient(number)
        room.save_form(id_, PAIN, {"smarta": 9})
        room.write(id_, "Hej")
        school.desk.start_conversation(id_, "Hej!", notify=Notify.DIRECT)
        school.deliver()
        school.desk.start_conversation(id_, "Hej igen!", notify=Notify.COLLECTED)
        room.open_module(id_, 1)
        school.desk.review(id_, once=id_)
        room.save_draft(id_, PAIN, {"smarta": 3})
    school.office.export(folder / "second")
    assert PLAN == school.office.approve(school.office.plan_purge(), decision="beslut 2").id
    superseded = f"SELECT id, 'a key before a crash', unit FROM digests WHERE id LIKE '{VICTIM}.%' AND collected"  # noqa: S608 - constants
    execute(url, f"INSERT INTO digest_superseded_keys (digest_id, key, unit) {superseded}")
    assert school.storage.reserve_slots(Channel.SMS, NATIONAL_INBOX, 1, school.now, timedelta(minutes=1))
    for table in METADATA.tables:
        assert execute(url, f"SELECT count(*) FROM {table}") != [(0,)], table  # noqa: S608
    close(school)


def calls_of(id_: EnrolmentId, number: str) -> dict[str, Call]:
    """Name every call that concerns one open enrolment, those that change it last."""
    calls: dict[str, Call] = {
        "find": lambda s: s.desk.find(number),
        "room.enrolments": lambda s: s.school.patient(number).enrolments(),
        "messages": lambda s: messages(s, number),
        "review under a key, again or for the first time": lambda s: s.desk.review(id_, once=id_),
        "write and tell": lambda s: s.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT),
    }
    for name, method in DESK.items():
        calls[name] = lambda s, call=method.call: call(s.desk, id_)  # type: ignore[misc]
    for name, in_room in ROOM.items():
        calls[f"room.{name}"] = lambda s, call=in_room: call(s.school.patient(number), id_)  # type: ignore[misc]
    calls.pop("withdraw")  # the patients have written
    for name, last in LAST.items():
        calls.pop(name)
        calls[name] = partial(last, id_=id_)
    return calls


LAST: dict[str, Callable[..., object]] = {
    "release_module": lambda s, id_: s.desk.release_module(id_, 2),
    "mark_handled": lambda s, id_: s.desk.mark_handled(id_, FlagKind.PROGRAM_DONE),
    "hand_over": lambda s, id_: s.coordinator.hand_over(id_, COLLEAGUE.hsa_id),
    "maintain": lambda s, id_: s.colleague.maintain(id_, days=30, modules=[1], shortens=True),
    "reactivate": lambda s, id_: s.colleague.reactivate(id_),
    "end": lambda s, id_: s.colleague.end(id_, reason="klar"),
}
"""The calls that are not made of a healthy one: they are refused there, or change what comes after them."""

SHARED: dict[str, Call] = {
    "caseload": lambda s: s.desk.caseload(),
    "unit_caseload": lambda s: s.coordinator.unit_caseload(limit=1),
    "profile": lambda s: s.desk.profile(),
    "colleague's profile": lambda s: s.colleague.profile(),
    "ticked under a key": lambda s: s.desk.receive_notifications(email=True, once="ticked"),
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
    "drafts": f"enrolment_id = '{VICTIM}'",
    "completed_calls": f"enrolment_id = '{VICTIM}'",
    "digests": f"id LIKE '{VICTIM}.%' AND collected",
    "digest_notifications": f"id LIKE '{VICTIM}.%' AND status = 'pending'",
    "digest_superseded_keys": f"digest_id LIKE '{VICTIM}.%'",
    "profiles": f"hsa_id = '{COLLEAGUE.hsa_id}'",
    "access_log": "number = 30",
    "programs": "key = 'somnskola'",
    "exports": "id = (SELECT min(id) FROM exports)",
    "purge_plan_items": f"enrolment_id = '{OLD_VICTIM}'",
    "notices": f"person_value = '{BO}'",
    "staff_messages": "number = 1",
}


def row_of(table: Table) -> str:
    """Return which row is the victim's."""
    return _ROWS.get(table.name, "1 = 1")


@frozen
class Leaf:
    """JSON with another value in the place of one of its leaves; None for the place: with its last byte cut off."""

    place: int | None
    value: object = None

    def of(self, text: object) -> str:
        """Return the text with the change."""
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
    """Yield the hostile values for a column."""
    if column.nullable:
        yield None
    if isinstance(column.type, Instant):
        yield from (*_SQLITE_TIMES, *_BLOBS) if sqlite else _POSTGRESQL_TIMES
    elif isinstance(column.type, StrictBoolean):
        yield from (SECRET, 2, b"\xff") if sqlite else (True, False)
    elif isinstance(column.type.dialect_impl, Integer) or column.type.python_type is int:
        yield from _SQLITE_NUMBERS if sqlite else _POSTGRESQL_NUMBERS
    else:
        yield from _JSON if column.name in ("state", "data", "content", "answers") else _TEXTS
        yield from _BLOBS if sqlite else ()


def all_damages(*, sqlite: bool) -> list[Damage]:
    """Return every hostile value for every column of every table."""
    found = []
    for table in METADATA.sorted_tables:
        for column in table.c:
            for value in values_for(column, sqlite=sqlite):
                found.append(Damage(table.name, column.name, value))
                if isinstance(value, bytes):
                    found.append(Damage(table.name, column.name, value, text=True))
    return found


def sample(*, sqlite: bool, size: int) -> list[Damage]:
    """Return one value for each column, and some more."""
    drawn = random.Random(9)  # noqa: S311 - the same sample every time
    damages = all_damages(sqlite=sqlite)
    drawn.shuffle(damages)
    first = {(damage.table, damage.column): damage for damage in damages}
    return [*first.values(), *damages][:size]


def tried(name: str, call: Callable[[], object], *, may_fail: bool) -> object:
    """Make a call; whatever it raises is typed and silent, and nothing is raised that concerns the healthy."""
    try:
        return call()
    except PainSchoolError as error:
        failure = error
    assert_silent(failure, SECRET)
    if isinstance(failure, StorageError):
        assert (None, None) == (failure.__cause__, failure.__context__), name
    assert may_fail, (name, failure)
    return None


def judge(url: str, folder: Path, damage: Damage) -> None:
    """Make every call on a database with a damage."""
    school = Scenario(all_in(url))
    school._ids = 1000
    school.at("2037-03-02 08:30")
    try:
        for number, id_ in HEALTHY.items():
            for name, call in calls_of(id_, number).items():
                if name in LAST or damage.table == "profiles":
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
            # A plan whose own unit is damaged purges nothing.
            assert OLD_HEALTHY in purged.purged or damage.table == "purge_plans"  # type: ignore[attr-defined]
            for id_ in purged.purged:  # type: ignore[attr-defined]
                assert not execute(url, f"SELECT id FROM enrolments WHERE id = '{id_}'")  # noqa: S608
        tried("receipts", school.office.receipts, may_fail=False)
    finally:
        close(school)


def messages(school: Scenario, number: str) -> Any:
    """Return what a patient finds in the inbox."""
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


def cut(url: str, table: str, column: str) -> None:
    """Cut the victim's row short by a byte."""
    assert Damage(table, column, Leaf(None)).do(url)


@pytest.fixture
def damaged(filled_file: Path, tmp_path: Path) -> Iterator[tuple[str, Scenario]]:
    """A school on a copy of the file, and its URL."""
    path = tmp_path / "painschool.db"
    shutil.copyfile(filled_file, path)
    school = Scenario(all_in(f"sqlite:///{path}"))
    school.at("2037-03-02 09:00")
    yield f"sqlite:///{path}", school
    close(school)


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_row_whose_id_cannot_be_read_hides_no_other(damaged: tuple[str, Scenario], limit: int) -> None:
    """Otherwise a list would end before its end, or fail, for a row that cannot even be named."""
    url, school = damaged
    for id_ in (VICTIM, OLD_VICTIM):
        execute(url, f"UPDATE enrolments SET id = CAST(x'ff{id_[-1]}0' AS TEXT) WHERE id = '{id_}'")  # noqa: S608
    execute(url, "UPDATE purge_receipts SET plan_id = x'ff'")
    page = school.desk.caseload(limit=limit)
    walked = [*page.rows]
    while page.next is not None:
        page = school.desk.caseload(page.next, limit=limit)
        walked += page.rows
    assert set(HEALTHY.values()) == {row.enrolment_id for row in walked}
    assert [OLD_HEALTHY] == [planned.enrolment_id for planned in school.office.plan_purge().enrolments]
    assert () == school.office.receipts()


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("enrolments", "state", Leaf(None)),
        ("enrolments", "last_entry_at", "HEMLIGT"),
        ("timeline", "data", Leaf(None)),
        ("timeline", "kind", "hemlig"),
        ("documents", "content", Leaf(None)),
    ],
)
def test_what_cannot_be_read_is_neither_exported_nor_purged_and_is_named(
    damaged: tuple[str, Scenario], tmp_path: Path, table: str, column: str, value: object
) -> None:
    """Otherwise a record that is in no export would be destroyed, and the receipt would say that all is well."""
    url, school = damaged
    execute(url, "UPDATE enrolments SET exported_version = 0")
    assert Damage(table, column, value).do(url)
    receipt = school.office.export(tmp_path / "out", formats=[Format.JSON_LINES])
    assert (1, (OLD_VICTIM,)) == (receipt.enrolments, receipt.unreadable)
    purged = school.office.purge(PLAN)
    assert ((OLD_HEALTHY,), [OLD_VICTIM]) == (purged.purged, [skip.enrolment_id for skip in purged.skipped])
    assert [(OLD_VICTIM,)] == execute(url, f"SELECT id FROM enrolments WHERE id = '{OLD_VICTIM}'")  # noqa: S608


@pytest.mark.rule("D-21a")
def test_what_was_exported_and_cannot_be_read_any_more_stays_and_is_named(damaged: tuple[str, Scenario]) -> None:
    """Otherwise a damaged record would be gone for good before somebody has looked at it."""
    url, school = damaged
    cut(url, "enrolments", "state")
    purged = school.office.purge(PLAN)
    assert [Skipped(enrolment_id=OLD_VICTIM, why=Skip.UNREADABLE)] == list(purged.skipped)
    execute(url, f"UPDATE enrolments SET last_entry_at = 'x' WHERE id = '{OLD_VICTIM}'")  # noqa: S608
    plan = school.office.plan_purge()
    assert ((), (OLD_VICTIM,)) == (plan.enrolments, plan.unreadable)
    assert plan == school.office.plan(plan.id)


def test_what_a_portal_and_a_gateway_read_goes_on_and_names_the_row(
    damaged: tuple[str, Scenario], caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise one bad row would hide a patient's inbox, or keep every e-mail behind it from being sent."""
    url, school = damaged
    execute(url, "UPDATE notices SET template = 'HEMLIGT' WHERE key = (SELECT min(key) FROM notices)")
    [[key]] = execute(url, "SELECT min(key) FROM notices")
    execute(url, "UPDATE staff_messages SET template = 'HEMLIGT' WHERE number = 1")
    assert () == messages(school, ANNA)
    assert [False] * 2 == [() == messages(school, number) for number in (BO, CILLA)]
    [first] = school.ports.messengers[0].waiting(limit=1)  # type: ignore[attr-defined]
    assert first.address
    execute(url, "UPDATE access_log SET activity = 'HEMLIGT' WHERE number <= 3")
    assert [4] == [number for number, _ in school.office.access_log(limit=1)]
    for named in (f"notice {key}", "message 1 ", "entry 3 "):
        assert named in caplog.text
    assert "HEMLIGT" not in caplog.text


def test_a_patient_s_step_does_not_wait_for_the_row_of_a_member_of_staff(damaged: tuple[str, Scenario]) -> None:
    """Otherwise a therapist's damaged profile would keep all their patients from saving a form."""
    url, school = damaged
    execute(url, "UPDATE profiles SET data = '{'")
    assert 2 == school.school.patient(ANNA).save_form(HEALTHY[ANNA], PAIN, {"smarta": 9}).number
    with pytest.raises(StorageError, match="cannot be read"):
        school.desk.profile()


def test_a_start_is_refused_where_an_open_one_may_hide(damaged: tuple[str, Scenario]) -> None:
    """Otherwise a therapist would be told to try again for ever, or a second enrolment would be started."""
    url, school = damaged
    cut(url, "enrolments", "state")
    with pytest.raises(StorageError, match=VICTIM):
        school.desk.start(BO, program="smartskola")


@pytest.mark.rule("M-06", "D-07b", "D-21c")
@pytest.mark.parametrize("kind", ["sqlite_url", "postgresql_url"])
def test_a_damaged_state_is_told_to_nobody_who_may_not_see_it(request: pytest.FixtureRequest, kind: str) -> None:
    """Otherwise another unit, or a person who was started by mistake, would learn of a treatment without a trace."""
    url = request.getfixturevalue(kind)
    school = Scenario(all_in(url))
    anna, bo = school.start(ANNA), school.start(BO)
    school.coordinator.withdraw(bo, "wrong-person")
    execute(url, "UPDATE enrolments SET state = '{}'")
    school.restart()
    stranger = school.school.therapist(STRANGER)

    def logged(unit: HsaId) -> list[tuple[str, str | None, bool]]:
        entries = [entry for _, entry in school.storage.access_entries(unit, limit=1000)]
        return [(entry.by, entry.enrolment_id, entry.granted) for entry in entries]

    told: list[tuple[str, Callable[[str], object]]] = [
        (NURSE.hsa_id, school.desk.find),
        (COORDINATOR.hsa_id, school.coordinator.find),
        ("patient", lambda number: school.school.patient(number).enrolments()),
        (NURSE.hsa_id, lambda number: school.desk.start(number, program="smartskola")),
    ]
    for who, look in told:
        before = logged(UNIT)
        with pytest.raises(StorageError, match=f"enrolment {anna} cannot be read"):
            look(ANNA)
        assert [(who, anna, True)] == logged(UNIT)[len(before) :]
    for look in (stranger.find, school.colleague.find):
        assert () == look(ANNA)
    for look in (school.desk.find, school.coordinator.find, school.coordinator.find_withdrawable):
        assert () == look(BO)
    assert () == school.school.patient(BO).enrolments()
    assert [(STRANGER.hsa_id, None, False)] == logged(STRANGER.unit)
    close(school)


def test_a_time_that_only_postgresql_knows_hides_one_row(postgresql_url: str) -> None:
    """Otherwise one such time would empty a therapist's list."""
    school = Scenario(all_in(postgresql_url))
    anna, bo = school.start(ANNA), school.start(BO)
    execute(postgresql_url, f"UPDATE enrolments SET started_at = 'infinity' WHERE id = '{bo}'")  # noqa: S608
    page = school.desk.caseload()
    assert ([anna], (bo,)) == ([row.enrolment_id for row in page.rows], page.unreadable)
    close(school)


def test_a_state_that_is_another_enrolment_s_is_refused(damaged: tuple[str, Scenario]) -> None:
    """Otherwise a therapist would write to one patient and be shown the other."""
    url, school = damaged
    others = f"(SELECT state FROM enrolments WHERE id = '{HEALTHY[ANNA]}')"  # noqa: S608
    execute(url, f"UPDATE enrolments SET state = {others} WHERE id = '{VICTIM}'")  # noqa: S608
    with pytest.raises(StorageError, match=VICTIM):
        school.desk.end(VICTIM, reason="klar")


def test_a_program_that_is_another_one_is_refused(damaged: tuple[str, Scenario]) -> None:
    """Otherwise a patient would be shown another treatment's modules."""
    url, school = damaged
    execute(url, "UPDATE programs SET data = (SELECT data FROM programs WHERE key = 'somnskola')")
    school.restart()
    with pytest.raises(StorageError, match="is another one"):
        school.desk.program(HEALTHY[ANNA])


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (ExportReceipt, "exports SET exported_at = '2036-06-01T07:00:00.000000Z'"),
        (PurgeReceipt, "purge_receipts SET purged_at = '2036-06-01T07:00:00.000000Z'"),
        (PurgeReceipt, f"purge_receipts SET plan_id = '{PLAN}'"),
    ],
)
def test_a_damaged_receipt_is_refused_and_not_listed(
    damaged: tuple[str, Scenario], kind: type[Listed], change: str
) -> None:
    """Otherwise a follow-up would take one day's export or purge for another's."""
    url, school = damaged
    [*_, last] = school.storage.list_records(kind, UNIT, limit=9)
    execute(url, f"UPDATE {change}")
    with pytest.raises(StorageError, match=r"the receipt of .* cannot be read"):
        school.storage.load_record(record_key(kind, PLAN if "plan_id" in change else position_of(last)[1]))
    assert () == school.storage.list_records(kind, UNIT, limit=9)


@pytest.mark.rule("D-21a")
def test_answers_that_are_not_all_there_are_not_exported(damaged: tuple[str, Scenario], tmp_path: Path) -> None:
    """Otherwise a table of answers without one of the forms would pass for a whole one."""
    url, school = damaged
    execute(url, "UPDATE enrolments SET exported_version = 0")
    execute(url, f"DELETE FROM timeline WHERE enrolment_id = '{OLD_VICTIM}' AND kind = 'form-saved'")  # noqa: S608
    receipt = school.office.export(tmp_path / "out", formats=[Format.CSV])
    assert (1, (OLD_VICTIM,)) == (receipt.enrolments, receipt.unreadable)


@pytest.mark.rule("D-21a")
def test_what_came_back_and_cannot_be_read_stays_and_is_named(
    damaged: tuple[str, Scenario], filled_file: Path, tmp_path: Path
) -> None:
    """Otherwise a replay would destroy after a restore what nobody could look at."""
    receipt = damaged[1].office.purge(PLAN)
    restored = tmp_path / "restored.db"
    shutil.copyfile(filled_file, restored)
    url = f"sqlite:///{restored}"
    school = Scenario(all_in(url))
    school.at("2037-03-02 10:00")
    cut(url, "enrolments", "state")
    execute(url, f"UPDATE enrolments SET last_entry_at = 'x' WHERE id = '{OLD_VICTIM}'")  # noqa: S608
    with pytest.raises(InvalidValue, match="left is a function"):
        school.office.replay(receipt, left=None)  # type: ignore[arg-type]
    left: list[Skipped] = []
    school.office.replay(receipt, left=left.append)
    assert [Skipped(enrolment_id=OLD_VICTIM, why=Skip.UNREADABLE)] == left
    close(school)


SIZES = {"sqlite": 40, "postgresql": 12}
"""How many are tried with each change; the search tries twice as many more."""


def _drawn(kind: str) -> list[Any]:
    found = sample(sqlite=kind == "sqlite", size=3 * SIZES[kind])
    marks = {place: [pytest.mark.search] for place in range(SIZES[kind], len(found))}
    return [pytest.param(damage, id=str(damage), marks=marks.get(place, [])) for place, damage in enumerate(found)]


@pytest.mark.parametrize("damage", _drawn("sqlite"))
def test_a_damaged_row_of_sqlite_stops_nobody_else(damage: Damage, filled_file: Path, tmp_path: Path) -> None:
    """Otherwise one bad row would silence every patient, or put a number into a log."""
    path = tmp_path / "painschool.db"
    shutil.copyfile(filled_file, path)
    if damage.do(f"sqlite:///{path}"):
        judge(f"sqlite:///{path}", tmp_path, damage)


@pytest.mark.parametrize("damage", _drawn("postgresql"))
def test_a_damaged_row_of_postgresql_stops_nobody_else(
    damage: Damage, postgresql_server: str, filled_database: str, tmp_path: Path
) -> None:
    """Otherwise one bad row would silence every patient, or put a number into a log."""
    with database(postgresql_server, filled_database) as url:
        if damage.do(url):
            judge(url, tmp_path, damage)


@pytest.mark.rule("D-24a")
def test_a_repeat_over_a_timeline_without_its_start_is_refused_by_name(sqlite_url: str) -> None:
    """Otherwise a call that is made again would end in an error of Python's, which no host expects."""
    school = Scenario(all_in(sqlite_url))
    id_ = school.start()
    school.desk.review(id_, once="k")
    execute(sqlite_url, "DELETE FROM timeline WHERE seq = 1")
    execute(sqlite_url, "UPDATE timeline SET seq = 1")
    school.room.write(id_, "Hej")
    with pytest.raises(StorageError, match=f"the timeline of enrolment {id_} lacks entries"):
        school.desk.review(id_, once="k")
    close(school)
