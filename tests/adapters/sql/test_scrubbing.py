"""What of a purged patient can still be read in the bytes of files, and what ends it."""

import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from benchmarks.servers import database
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger, SqlStorage, migrate
from digital_painschool.adapters.sql.deletion import _DELETE_DIGESTS, _DELETE_ENROLMENTS, _DELETE_NOTIFICATIONS
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.notification import Channel, Notify, Template
from digital_painschool.domain.policy import Policy
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.example import DAILY
from digital_painschool.testing.people import ANNA, BO, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute, own_server, path_of

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "operations.md"
NUMBER = ANNA.encode()
LETTERS = [f"brev nummer {number} som inte får finnas kvar {number * 7919}" for number in range(60)]
DRAFTS = [f"utkast {number} {number * 7919}" for number in range(60)]
"""Texts of drafts, each also the key of its call."""


def commands(kind: str, about: str) -> list[str]:
    """Return the blocks of a kind in the operations guide that mention something."""
    return [text for text in re.findall(rf"```{kind}\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL) if about in text]


def left_in(*folders: Path) -> list[str]:
    """Name the letters and drafts whose bytes are in the files of folders."""
    files = [file.read_bytes() for folder in folders for file in folder.rglob("*") if file.is_file()]
    return [text for text in LETTERS + DRAFTS if any(text.encode() in content for content in files)]


def purge_among_others(school: Scenario) -> PlanId:
    """Let two patients' letters lie among each other, one of whom is purged; gives the plan's id."""
    random = Random(7)  # noqa: S311 - how long a letter is is no secret
    gone, stays = school.start(ANNA), school.start(BO)
    for letter, draft in zip(LETTERS, DRAFTS, strict=True):
        school.desk.start_conversation(gone, letter + " x" * random.randint(0, 900), notify=Notify.DIRECT)
        school.desk.start_conversation(stays, "annat " * random.randint(1, 400))
        school.room.save_draft(gone, DAILY, {"fritext": draft}, once=draft)
    school.deliver()
    school.desk.end(gone, reason="klar")
    school.advance(days=11 * 366)
    plan = school.office.approve(school.office.plan_purge(), decision="RS 2037-1")
    assert (gone,) == school.office.purge(plan).purged
    return plan.id


@pytest.fixture
def own_files(sqlite_url: str, tmp_path: Path) -> Iterator[Scenario]:
    """A school whose inbox has an SQLite file of its own."""
    inbox = f"sqlite:///{tmp_path / 'inbox.db'}"
    ports = lambda environment: environment.ports(storage=SqlStorage(sqlite_url), inbox=SqlInbox(inbox, migrate=True))  # noqa: E731
    with closing(Scenario(ports, policy=Policy(export_before_purge=False))) as school:
        yield school


@pytest.mark.rule("D-21a")
def test_no_file_of_sqlite_holds_what_was_purged(own_files: Scenario, tmp_path: Path) -> None:
    """Otherwise a patient's letters could be read in a file's free pages, or the number in the inbox's log."""
    purge_among_others(own_files)
    assert [] == left_in(tmp_path)
    assert [] == [file.name for file in tmp_path.glob("inbox.db*") if NUMBER in file.read_bytes()]


@pytest.mark.rule("D-21a")
def test_a_purge_that_met_a_reader_wipes_when_it_is_done_again(
    own_files: Scenario, sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a backup that runs meanwhile would keep the letters in the logs, and nothing could end that."""
    with closing(sqlite3.connect(path_of(sqlite_url))) as one, closing(sqlite3.connect(tmp_path / "inbox.db")) as other:
        for reader in (one, other):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
        plan_id = purge_among_others(own_files)
        assert LETTERS == [text for text in left_in(tmp_path) if text in LETTERS]
        assert "purge the same plan again" in caplog.text
    receipt = own_files.office.purge(plan_id)
    assert [] == left_in(tmp_path)
    assert [] == [file.name for file in tmp_path.glob("inbox.db*") if NUMBER in file.read_bytes()]
    assert receipt == own_files.office.purge(plan_id)


def test_a_messenger_s_file_forgets_the_address(tmp_path: Path) -> None:
    """Otherwise the address of somebody who has left would stay in the log of the messages' file."""
    with closing(SqlMessenger(Channel.EMAIL, f"sqlite:///{tmp_path / 'mail.db'}", migrate=True)) as messenger:
        messenger.send(
            Address("anna.svensson@vgregion.example"), Template.PROGRAM_DONE, "https://b.example", key="1", unit=UNIT
        )
        messenger.forget(["1"])
        assert [] == [file.name for file in tmp_path.iterdir() if b"anna.svensson" in file.read_bytes()]


@pytest.mark.rule("D-21a")
def test_the_guide_s_statements_end_what_postgresql_keeps() -> None:
    """Otherwise an administrator would believe that VACUUM is enough, and the letters would stay in the files."""
    with own_server() as server, database(server.get_uri()) as url:
        migrate(url)
        inside = Path(execute(url, "SHOW data_directory")[0][0]) / "base"
        ports = lambda environment: environment.ports(storage=SqlStorage(url), inbox=SqlInbox(url))  # noqa: E731
        with closing(Scenario(ports, policy=Policy(export_before_purge=False))) as school:
            purge_among_others(school)
            for statement in ("VACUUM", "CHECKPOINT"):
                execute(url, statement)
            assert [] != left_in(inside)
            [statements] = commands("sql", "VACUUM (FULL")
            for statement in filter(None, map(str.strip, statements.split(";"))):
                execute(url, statement)
            assert [] == left_in(inside)


def test_the_guide_s_statements_name_every_table_that_a_purge_deletes_from() -> None:
    """Otherwise what a patient never sent, or the number in a key's row, would stay in the one that was left out."""
    [statements] = commands("sql", "VACUUM (FULL")
    deleted_from = [*_DELETE_ENROLMENTS, *_DELETE_DIGESTS, _DELETE_NOTIFICATIONS]
    assert {str(statement.table) for statement in deleted_from} <= {*re.findall(r"\w+", statements)}


def test_the_guide_s_backups_are_for_their_owner_alone(sqlite_url: str, tmp_path: Path) -> None:
    """Otherwise everybody with an account on the machine could read the records in the copy."""
    if shutil.which("sqlite3") is None:
        pytest.skip("no sqlite3")
    [backup] = commands("sh", ".backup")
    folder = path_of(sqlite_url).parent
    subprocess.run(["sh", "-c", f"umask 022\n{backup}"], cwd=folder, check=True)
    assert 0o600 == (folder / "copy.db").stat().st_mode & 0o777
    SqlStorage(f"sqlite:///{folder / 'copy.db'}").close()
    assert commands("sh", "pg_dump")[0].startswith("(umask 077")
