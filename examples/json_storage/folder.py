"""Transactions on a folder: one lock over threads and processes, and changes that are made together or not at all."""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from fcntl import LOCK_EX, LOCK_UN, flock
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from digital_painschool.errors import Conflict, StorageError
from digital_painschool.serialization.stored import read_each, unreadable_error
from json_storage.journal import Commit, Journal, size, sync

_FORMAT = "format-2"
log = logging.getLogger("json_storage")


class Table(StrEnum):
    """What is kept, each kind in a folder of its own: one file for each key."""

    STATES = "states"
    TIMELINES = "timelines"
    PERSONS = "persons"
    NOTIFICATIONS = "notifications"
    ASKED = "asked"
    WAITING = "waiting"
    IDLE = "idle"
    COLLECTED = "collected"
    UNNOTED = "unnoted"
    STAFF = "staff"
    LOG = "log"
    PROGRAMS = "programs"
    EXPORTS = "exports"
    PLANS = "plans"
    PROGRESS = "progress"
    RECEIPTS = "receipts"


_OF_ROWS = frozenset({Table.TIMELINES, Table.ASKED, Table.LOG, Table.PROGRESS})
"""Files to which rows are only ever added; a step writes its own rows and none of those before them."""


def _named(table: Table, key: tuple[str, ...]) -> str:
    # A key can hold what a file's name cannot, and some file systems take `a` for `A`.
    name = sha256(json.dumps(key).encode()).hexdigest()[:40]
    return f"{table}/{name}.jsonl" if table in _OF_ROWS else f"{table}/{name}.json"


def _end_of_row(file: BinaryIO, number: int) -> int:
    """Go to where a row ends, or to the beginning when none ends there, and give where that is."""
    if number > 0:
        file.seek(number - 1)
        if file.read(1) == b"\n":
            return number
    return file.seek(0)


def _unreadable(name: str) -> None:
    log.error("the file %s cannot be read; was it changed by hand?", name)


class Transaction:
    """What a call reads, and what it wants to change; it sees its own changes, but not the rows that it adds.

    Args:
        root: The folder that the files are in.

    Attributes:
        forgets: Set it when what is removed must be left nowhere.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._puts: dict[str, str | None] = {}
        self._added: dict[str, str] = {}
        self.forgets = False

    def get(self, table: Table, *key: str) -> Any:
        """Return what is kept under a key, or None."""
        return self._read(_named(table, key))

    def all(self, table: Table) -> Iterator[Any]:
        """Return all that is kept in a table, in no order; a log line names the files that cannot be read."""
        kept = (f"{table}/{path.name}" for path in (self._root / table).iterdir())
        mine = (name for name in self._puts if name.startswith(f"{table}/"))
        found = read_each(sorted({*kept, *mine}), self._read, _unreadable)
        return (data for data in found if data is not None)

    def put(self, table: Table, data: object, *key: str) -> None:
        """Keep something under a key, in the place of what was there."""
        self._puts[_named(table, key)] = json.dumps(data, ensure_ascii=False)

    def remove(self, table: Table, *key: str) -> None:
        """Keep nothing under a key any more."""
        self._puts[_named(table, key)] = None

    def rows(self, table: Table, *key: str, after: int = 0) -> Iterator[tuple[int, Any]]:
        """Yield the rows under a key, each with a rising number: where it ends in its file. Those above `after`."""
        try:
            with (self._root / _named(table, key)).open("rb") as file:
                end = _end_of_row(file, after)
                for line in file:
                    end += len(line)
                    if end > after:
                        yield end, json.loads(line)
        except FileNotFoundError:
            return

    def add(self, table: Table, rows: Iterable[object], *key: str) -> None:
        """Add rows under a key."""
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        if text:
            name = _named(table, key)
            self._added[name] = self._added.get(name, "") + text

    def commit(self, journal: Journal) -> None:
        """Make the changes."""
        if self._puts or self._added:
            appends = {name: (size(self._root / name), text) for name, text in self._added.items()}
            journal.commit(Commit(puts=self._puts, appends=appends, forgets=self.forgets))

    def _read(self, name: str) -> Any:
        if name in self._puts:
            text = self._puts[name]
            return None if text is None else json.loads(text)
        try:
            return json.loads((self._root / name).read_bytes())
        except FileNotFoundError:
            return None


class Folder:
    """A folder on which one transaction at a time is made, whichever thread or process asks for it.

    The file system must know `flock`, as every local one does.

    Args:
        root: Which folder; made when it is missing.

    Raises:
        StorageError: It cannot be made, read or written, or another version wrote it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal = Journal(root)
        self._closed = False
        with _failing_alone():
            root.mkdir(0o700, parents=True, exist_ok=True)
            (root / "lock").touch()
            with self._locked():
                self._set_up()
                self._journal.redo()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Read and change what is kept; when the block raises, or the process dies, nothing is changed."""
        if self._closed:
            raise StorageError("the storage is closed; open it again")
        with _failing_alone(), self._locked():
            if not self._journal.is_done:
                self._journal.redo()
            transaction = Transaction(self._root)
            yield transaction
            transaction.commit(self._journal)

    def close(self) -> None:
        """Refuse every transaction from now on. Nothing is held open between two of them."""
        self._closed = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Opened each time: the system's lock then lies between threads just as it does between processes.
        with (self._root / "lock").open("r+b") as file:
            flock(file, LOCK_EX)
            try:
                yield
            finally:
                flock(file, LOCK_UN)

    def _set_up(self) -> None:
        formats = {path.name for path in self._root.glob("format-*")}
        if not formats:
            for table in Table:
                (self._root / table).mkdir(exist_ok=True)
            self._journal.set_up()
            sync(self._root)
            (self._root / _FORMAT).touch()
            for folder in (self._root, self._root.parent):
                sync(folder)
        elif formats != {_FORMAT}:
            raise StorageError("the folder was written by another version of this storage")


@contextmanager
def _failing_alone() -> Iterator[None]:
    """Turn what goes wrong with files into a `StorageError` that says nothing of what is in them."""
    try:
        yield
    except Conflict:
        raise
    except StorageError as error:
        failure = error
    except OSError as error:
        failure = StorageError(f"the folder cannot be used: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - what is kept may be anything, and its content must not be shown
        failure = unreadable_error("something that is kept", error)
    else:
        return
    try:
        raise failure
    finally:
        # The error behind it may hold a whole document, and would hang on it.
        failure.__context__ = None
