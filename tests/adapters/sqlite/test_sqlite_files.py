"""What can go wrong with a SQLite file, and who may read it."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from digital_painschool.adapters.sql import SqlStorage, migrate, sqlite
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_documents, load_enrolment
from digital_painschool.testing.contracts.changes import MORNING, RUN, begin, converse, saved, write
from tests.databases import path_of


def test_a_full_disk_is_named_and_changes_nothing(sqlite_url: str) -> None:
    """Otherwise a full disk would look like a fault of the program, or leave half a step."""
    with closing(SqlStorage(sqlite_url, connections=1)) as storage:
        before = saved(storage, converse(saved(storage, begin()), at=MORNING))
        [connection] = storage._database.pool.idle
        file: sqlite3.Connection = connection._connection  # type: ignore[attr-defined]
        file.execute("VACUUM")
        [pages] = file.execute("PRAGMA page_count").fetchone()
        file.execute(f"PRAGMA max_page_count = {pages}")
        change = write(before, "å" * 9_000, at=RUN)
        with pytest.raises(StorageError, match="disk is full"):
            storage.save(change)
        assert before == load_enrolment(storage, EnrolmentId("enrolment-1"))
        assert {} == load_documents(storage, EnrolmentId("enrolment-1"), [4])
        file.execute(f"PRAGMA max_page_count = {pages + 100}")
        storage.save(change)
        assert change.enrolment == load_enrolment(storage, EnrolmentId("enrolment-1"))


def test_a_file_that_is_held_for_too_long_is_named(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a backup that locks the file would make the portal hang for ever, or show a foreign error."""
    monkeypatch.setattr(sqlite, "WAIT_TIMEOUT", 0.05)
    with (
        closing(SqlStorage(sqlite_url)) as storage,
        closing(sqlite3.connect(path_of(sqlite_url), isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="held the file for too long"):
            storage.save(begin())
        other.execute("ROLLBACK")
        storage.save(begin())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """Otherwise a mistyped path would surface as a foreign error, or overwrite a document."""
    path = tmp_path / "letter.txt"
    path.write_text("Hej! " * 1000, encoding="utf-8")
    for open_it in (lambda: SqlStorage(f"sqlite:///{path}"), lambda: migrate(f"sqlite:///{path}")):
        with pytest.raises(StorageError, match="not a SQLite database"):
            open_it()
    assert "Hej! " * 1000 == path.read_text(encoding="utf-8")


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    """Otherwise a mistyped path would give an empty school, and the patients would seem to be gone."""
    path = tmp_path / "missing.db"
    with pytest.raises(StorageError, match="digital-painschool migrate"):
        SqlStorage(f"sqlite:///{path}")
    assert not path.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a.db?mode=ro"])
def test_a_sqlite_url_names_a_file(url: str) -> None:
    """Otherwise each connection would have a memory of its own, and patients would be lost in silence."""
    with pytest.raises(StorageError, match="names a file"):
        SqlStorage(url)


@pytest.mark.parametrize("url", ["mysql://host/school", "school.db", ""])
def test_another_kind_of_database_is_refused(url: str) -> None:
    """Otherwise a host would learn of its mistake from a foreign error."""
    with pytest.raises(StorageError, match="begins with sqlite:/// or postgresql://"):
        SqlStorage(url)


@pytest.mark.parametrize("synchronous", ["OFF", "full", "", "FULL; DROP TABLE enrolments"])
def test_a_step_is_synchronous_in_a_known_way(sqlite_url: str, synchronous: str) -> None:
    """Otherwise a mistyped setting would lose the last steps with the power, or run as SQL."""
    with pytest.raises(StorageError, match="synchronous is NORMAL, FULL or EXTRA"):
        SqlStorage(sqlite_url, synchronous=synchronous)


def test_who_opens_a_new_file_waits_for_its_readers(tmp_path: Path) -> None:
    """Otherwise two workers that start together on a new file would now and then meet "database is locked"."""
    path = tmp_path / "new.db"
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader,
        closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as ports_factory,
    ):
        reader.execute("CREATE TABLE something (id)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM something").fetchall()
        done = Timer(0.05, reader.execute, ["COMMIT"])
        done.start()
        sqlite._use_wal(ports_factory)
        done.join()
        assert ("wal",) == ports_factory.execute("PRAGMA journal_mode").fetchone()


def test_who_opens_a_file_that_is_read_for_too_long_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a start would hang for ever behind a forgotten session."""
    monkeypatch.setattr(sqlite, "WAIT_TIMEOUT", 0.05)
    path = tmp_path / "new.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("CREATE TABLE something (id)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM something").fetchall()
        with pytest.raises(StorageError, match="held the file for too long"):
            SqlStorage(f"sqlite:///{path}")


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Otherwise everybody with an account on the machine could read the records."""
    with closing(SqlStorage(f"sqlite:///{tmp_path / 'painschool.db'}", migrate=True)) as storage:
        saved(storage, begin("a"))
        assert {0o600} == {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}


@pytest.mark.parametrize(("expected", "made"), [(0o600, 0o666), (0o600, 0o644), (0o660, 0o660)])
def test_an_empty_file_that_everybody_may_read_becomes_its_owner_s_alone(
    tmp_path: Path, expected: int, made: int
) -> None:
    """Otherwise a file that somebody has put there, or made by mistake, would show all records to everybody."""
    path = tmp_path / "painschool.db"
    path.touch()
    path.chmod(made)
    with closing(SqlStorage(f"sqlite:///{path}", migrate=True)) as storage:
        saved(storage, begin("a"))
        assert {expected} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}


def test_somebody_else_s_file_that_everybody_may_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the records would be in a file whose owner reads them."""
    path = tmp_path / "painschool.db"
    path.touch()
    path.chmod(0o666)

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(StorageError, match=r"everybody may read .*painschool\.db, which is somebody else's"):
        migrate(f"sqlite:///{path}")
