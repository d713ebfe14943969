"""Files of SQLite that are moved, deleted or replaced while they are in use: nothing is acknowledged any more."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile, move
from threading import Thread

import pytest

from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.sqlite import SqliteDriver
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Storage, load_enrolment
from digital_painschool.testing.contracts.changes import MORNING, begin, fill_in, saved
from digital_painschool.testing.people import UNIT
from tests.adapters.sql.writers import start_of
from tests.databases import execute, path_of

Harm = Callable[[Path], object]


def _replaced(file: Path) -> None:
    copy = copyfile(file, file.with_name("copy.db"))
    copy.replace(file)


def _linked(file: Path) -> None:
    copy = copyfile(file, file.with_name("copy.db"))
    file.unlink()
    file.symlink_to(copy)


def _restored(file: Path) -> None:
    copy = file.with_name("copy.db")
    execute(f"sqlite:///{file}", f"VACUUM INTO '{copy}'")
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink()
    copyfile(copy, file)


def _cut(file: Path) -> None:
    os.truncate(file, 4096)


HARMS: dict[str, Harm] = {
    "deleted": Path.unlink,
    "replaced": _replaced,
    "a link to a copy": _linked,
    "its folder is moved": lambda file: file.parent.rename(file.parent.with_name("elsewhere")),
    "moved": lambda file: file.rename(file.with_name("moved.db")),
    "without its log": lambda file: file.with_name(file.name + "-wal").unlink(),
    "without the log's index": lambda file: file.with_name(file.name + "-shm").unlink(),
    "restored over": _restored,
    "emptied": lambda file: os.truncate(file, 0),
    "cut short": _cut,
}


@pytest.fixture
def file(sqlite_url: str, tmp_path: Path) -> Path:
    """A database file in a folder of its own."""
    (tmp_path / "school").mkdir()
    return Path(move(path_of(sqlite_url), tmp_path / "school" / "painschool.db"))


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("harm", HARMS)
def test_nothing_is_acknowledged_once_the_file_is_not_in_its_place(file: Path, harm: str, connections: int) -> None:
    """Otherwise a patient would be told that a message is saved, and it would be in no file."""
    with closing(SqlStorage(f"sqlite:///{file}", connections=connections)) as storage:
        e = saved(storage, begin())
        HARMS[harm](file)
        for _ in range(3):
            with pytest.raises(StorageError, match=r"moved, deleted, cut short or replaced|is damaged") as refused:
                storage.save(fill_in(e, at=MORNING))
            assert refused.value.__context__ is None
        together = [Thread(target=_is_refused, args=(storage, 10 + number)) for number in range(connections)]
        for thread in together:
            thread.start()
        for thread in together:
            thread.join()


def _is_refused(storage: Storage, number: int) -> None:
    with pytest.raises(StorageError):
        storage.save(start_of(number))


def test_a_file_that_is_put_back_is_used_again(file: Path) -> None:
    """Otherwise a folder that was moved by mistake would stop the clinic until somebody restarts everything."""
    with closing(SqlStorage(f"sqlite:///{file}")) as storage:
        e = saved(storage, begin())
        elsewhere = file.parent.rename(file.parent.with_name("elsewhere"))
        with pytest.raises(StorageError):
            storage.save(fill_in(e, at=MORNING))
        elsewhere.rename(file.parent)
        assert e == load_enrolment(storage, e.id)
        saved(storage, fill_in(e, at=MORNING))
    with closing(SqlStorage(f"sqlite:///{file}")) as storage:
        assert 2 == len(storage.access_entries(UNIT))


def test_a_file_may_grow_and_be_vacuumed_while_it_is_used(file: Path) -> None:
    """Otherwise an administrator's VACUUM, or another process that writes, would stop the school."""
    url = f"sqlite:///{file}"
    with closing(SqlStorage(url)) as storage, closing(SqlStorage(url)) as other:
        for number in range(300):
            other.save(start_of(number))
        storage.save(start_of(1000))
        execute(url, "DELETE FROM access_log WHERE number < 290")
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            execute(url, statement)
        before = file.stat().st_size
        for number in range(5):
            storage.save(start_of(2000 + number))
        assert before <= file.stat().st_size


def _goes(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))


def _is_garbage(file: Path) -> None:
    file.write_bytes(b"no database at all, " * 500)


@pytest.mark.parametrize("harm", [_goes, _replaced, _is_garbage])
def test_a_file_that_goes_while_it_is_opened_is_not_used(
    file: Path, harm: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise what is saved would be in a file that nobody finds."""
    driver = SqliteDriver(str(file))
    real = driver._connection

    def opened() -> object:
        connection = real()
        if file.exists():
            harm(file)
        return connection

    monkeypatch.setattr(SqliteDriver, "_connection", lambda _: opened())
    with pytest.raises((StorageError, *driver.failures)):
        driver.connect()


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Otherwise SQLite would make an empty one, and the school would begin anew."""
    with pytest.raises(StorageError, match=r"there is no file .*missing\.db"):
        SqliteDriver(str(tmp_path / "missing.db")).connect()
