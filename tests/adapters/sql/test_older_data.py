"""Files of earlier versions are migrated, and each enrolment in them goes on under the rules of today.

`tests/data/older/` has them as SQL, by their last revision. They were written by the package of that time
(`tests/older_data.py`), and not made back from the present one.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg
import pytest

from digital_painschool.adapters.sql import migrate
from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.fold import replay
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PlanState
from digital_painschool.errors import NotPermitted, Reason, RuleViolation
from digital_painschool.testing.environment import stored_at
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE
from digital_painschool.testing.scenario import Scenario
from tests.databases import upgrade_to
from tests.drift import drift
from tests.older_data import IDS, NUMBERS, PEOPLE, STORED_AT

_KIND = "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
FILES = sorted((Path(__file__).parents[2] / "data" / "older").glob("*.sql"))


def poured(file: Path, url: str) -> None:
    """Pour a file's rows into an empty PostgreSQL database of the same revision, as that version would have them."""
    upgrade_to(url, file.stem)
    with closing(sqlite3.connect(":memory:")) as old, psycopg.connect(url) as new:
        old.executescript(file.read_text("utf-8"))
        new.execute("SET session_replication_role = replica")  # the tables come in any order
        for (table,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            if table.startswith(("sqlite_", "painschool_")):
                continue
            rows = old.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
            names = [name for name, *_ in rows.description]
            kinds = [new.execute(_KIND, (table, name)).fetchone() for name in names]
            places = ", ".join(["%s"] * len(names))
            insert = f"INSERT INTO {table} ({', '.join(names)}) OVERRIDING SYSTEM VALUE VALUES ({places})"  # noqa: S608
            for row in rows:
                typed = zip(kinds, row, strict=True)
                new.execute(insert.encode(), [bool(one) if kind == ("boolean",) else one for kind, one in typed])
        new.execute("SELECT setval(pg_get_serial_sequence('access_log', 'number'), max(number)) FROM access_log")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, file: Path) -> str:
    """The URL of a database with the rows of a file, of each kind in turn, brought up to date."""
    if request.param == "sqlite":
        with closing(sqlite3.connect(tmp_path / "old.db")) as connection:
            connection.executescript(file.read_text("utf-8"))
        found = f"sqlite:///{tmp_path}/old.db"
    else:
        found = request.getfixturevalue("empty_postgresql_url")
        poured(file, found)
    migrate(found)
    return found


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    """A file of an earlier version, each in turn."""
    found: Path = request.param
    return found


@pytest.fixture
def school(url: str) -> Iterator[Scenario]:
    """Open a school on the migrated database, at the instant at which the earlier version left it."""
    with Scenario(stored_at(url)) as opened:
        opened._ids = len(PEOPLE)
        opened.at(STORED_AT)
        yield opened


def test_the_files_of_earlier_versions_are_there() -> None:
    """Otherwise the tests below would run over nothing."""
    assert ["0007", "0017"] == [file.stem for file in FILES]


def test_a_migrated_database_is_as_a_new_one_and_each_state_is_that_of_its_timeline(url: str, school: Scenario) -> None:
    """Otherwise somebody would go on from a state that the timeline does not have."""
    assert [] == drift(url)
    for name, id_ in IDS.items():
        state = school.state(id_)
        assert replay(school.events(id_)) == state, name
        assert (NUMBERS[name], NURSE.hsa_id) == (state.person.value, state.started_by)
    listed = school.coordinator.unit_caseload(limit=100)
    assert () == listed.unreadable
    assert {*IDS.values()} - {IDS["long_ended"], IDS["ended"]} == {row.enrolment_id for row in listed.rows}
    for row in listed.rows:
        page = school.coordinator.patient_page(row.enrolment_id)
        assert page.silent_since == row.silent_since


def test_what_waits_for_staff_still_waits_and_is_settled_by_todays_rules(school: Scenario) -> None:
    """Otherwise an update would lose a flag, or leave one that nothing settles."""
    desk = school.desk
    flags = {name: [(flag.kind, flag.priority) for flag in desk.to_handle(IDS[name])] for name in ("busy", "done")}
    assert [
        (FlagKind.FORM_SAVED, True),
        (FlagKind.FORM_SAVED, False),
        (FlagKind.MESSAGE_RECEIVED, False),
    ] == flags["busy"]
    assert [(FlagKind.PROGRAM_DONE, False)] == flags["done"]
    answers = desk.open_form(IDS["busy"], PAIN)
    assert [3, 9] == [one.answers["smarta"] for one in answers]
    desk.mark_read(IDS["busy"], "vardag")
    assert ["Får jag fråga en sak?"] == [one.text for one in desk.read_conversation(IDS["busy"], 1).messages]
    desk.mark_handled(IDS["done"], FlagKind.PROGRAM_DONE)
    desk.mark_handled(IDS["undelivered"], FlagKind.UNDELIVERED)
    for name in ("busy", "done", "undelivered"):
        assert () == desk.to_handle(IDS[name])
    version = school.state(IDS["busy"]).version
    desk.review(IDS["busy"], once="the review's key")
    assert version == school.state(IDS["busy"]).version


def test_a_patient_goes_on_where_they_were(school: Scenario) -> None:
    """Otherwise an update would cost a patient a draft, a page or the year."""
    room, busy = school.school.patient(NUMBERS["busy"]), IDS["busy"]
    draft = room.draft(busy, PAIN)
    assert draft is not None
    assert 1 == draft.answers["smarta"]
    assert date(2027, 3, 2) == room.overview(busy).last_day
    room.complete_module(busy, 1)
    assert 3 == room.save_form(busy, PAIN, {"smarta": 1}).number
    assert None is room.draft(busy, PAIN)
    fresh = school.school.patient(NUMBERS["fresh"])
    fresh.open_module(IDS["fresh"], 1)
    assert school.now == school.state(IDS["fresh"]).last_seen_at


def test_a_maintenance_that_took_time_away_stays_and_there_is_a_way_back(school: Scenario) -> None:
    """Otherwise an update would move an end in silence, or leave a patient shut out for the rest of the year."""
    desk, kept, over = school.desk, IDS["kept"], IDS["kept_over"]
    assert (Phase.MAINTENANCE, date(2026, 7, 14)) == (school.state(kept).phase, desk.patient_page(kept).last_day)
    with pytest.raises(RuleViolation) as refused:
        desk.maintain(kept, days=5, modules=(1,))
    assert Reason.SHORTENS_ACCESS is refused.value.reason
    assert [FlagKind.ENDING] == [flag.kind for flag in desk.to_handle(over)]
    for id_ in (kept, over):
        desk.reactivate(id_)
        page = desk.patient_page(id_)
        assert (date(2027, 3, 2), None, ()) == (page.last_day, page.silent_since, page.flags)
    school.advance(days=14, minutes=1)
    assert school.now != desk.patient_page(over).silent_since is not None


def test_after_the_year_and_after_the_end_todays_rules_hold(school: Scenario) -> None:
    """Otherwise a treatment of an earlier version could neither be maintained nor begun anew."""
    desk, over, ended = school.desk, IDS["over"], IDS["ended"]
    assert [FlagKind.ENDING] == [flag.kind for flag in desk.to_handle(over)]
    with pytest.raises(RuleViolation):
        school.school.patient(NUMBERS["over"]).open_module(over, 1)
    desk.maintain(over, days=30, modules=(1,))
    school.school.patient(NUMBERS["over"]).open_module(over, 1)
    school.advance(days=31)
    school.deliver()
    assert [FlagKind.ENDING] == [flag.kind for flag in desk.to_handle(over)]
    desk.end(over, reason="klar")
    with pytest.raises(RuleViolation):
        desk.reactivate(ended)
    assert school.start(NUMBERS["ended"]) != ended


def test_what_was_to_be_sent_is_sent_once(school: Scenario, file: Path) -> None:
    """Otherwise an update would cost a patient a notice, or notify twice."""
    [key] = {*re.findall(r"e-0010\.3\.inbox\.\w+\.[0-9a-f]{32}", file.read_text("utf-8"))}
    inbox, collected = school.environment.inbox, school.state(IDS["collected"]).person
    school.advance(minutes=6)
    assert (1, [key]) == (school.deliver().sent, [one.key for one in inbox.delivered])
    school.advance(hours=1)
    assert (1, collected) == (school.deliver().sent, inbox.delivered[-1].person)
    school.advance(days=1)
    assert (0, 2, ()) == (school.deliver().sent, len(inbox.delivered), school.environment.email.sent)


def test_a_start_for_a_colleague_is_withdrawn_and_a_hand_over_shows_what_waits(school: Scenario) -> None:
    """Otherwise a rule of today would ask for what no earlier version has stored (D-07b, D-09b)."""
    [found] = school.desk.find_withdrawable(NUMBERS["for_a_colleague"])
    assert IDS["for_a_colleague"] == found.enrolment_id
    school.desk.withdraw(found.enrolment_id, "wrong-person")
    assert () == school.school.patient(NUMBERS["for_a_colleague"]).enrolments()
    kinds = {flag.kind for flag in school.colleague.to_handle(IDS["handed"])}
    assert FlagKind.MESSAGE_RECEIVED in kinds
    with pytest.raises(NotPermitted):
        school.desk.to_handle(IDS["handed"])
    school.coordinator.hand_over(IDS["handed"], NURSE.hsa_id)
    assert FlagKind.HANDED_OVER in {flag.kind for flag in school.desk.to_handle(IDS["handed"])}


def test_an_approved_purge_is_carried_out_and_a_later_start_is_found(school: Scenario) -> None:
    """Otherwise a decision of last year would have to be made again, or a purge take what it did not name."""
    [row] = school.office.pages.plans().rows
    assert (PlanState.APPROVED, 1) == (row.state, row.enrolments)
    receipt = school.office.purge(row.id)
    assert ((IDS["long_ended"],), ()) == (receipt.purged, receipt.skipped)
    assert {*IDS.values()} - {IDS["long_ended"]} == {
        row.enrolment_id
        for ended in (False, True)
        for row in school.coordinator.unit_caseload(limit=100, show=CaseSelection(ended=ended)).rows
    }
