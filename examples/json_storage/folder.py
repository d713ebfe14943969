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
    """The tables, each a folder of its own, with one file for each key."""

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
"""Tables of append-only files: a change writes its own rows, and none of those before them."""


def _named(table: Table, key: tuple[str, ...]) -> str:
    # A key may have characters that a file's name cannot have, and some file systems do not tell `a` from `A`.
    name = sha256(json.dumps(key).encode()).hexdigest()[:40]
    return f"{table}/{name}.jsonl" if table in _OF_ROWS else f"{table}/{name}.json"


def _end_of_row(file: BinaryIO, number: int) -> int:
    """Seek the end of a row, or the beginning when no row ends at that byte, and return the position."""
    if number > 0:
        file.seek(number - 1)
        if file.read(1) == b"\n":
            return number
    return file.seek(0)


def _unreadable(name: str) -> None:
    log.error("the file %s cannot be read; was it changed by hand?", name)


class Transaction:
    """The reads and the changes of one call. A read sees the changes, but not the rows that were added.

    Args:
        root: The folder that the files are in.

    Attributes:
        forgets: Set to True when removed data must not stay in the journal either.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._puts: dict[str, str | None] = {}
        self._added: dict[str, str] = {}
        self.forgets = False

    def get(self, table: Table, *key: str) -> Any:
        """Return the data under a key, or None."""
        return self._read(_named(table, key))

    def all(self, table: Table) -> Iterator[Any]:
        """Return all data of a table, in no order; a log line names the unreadable files."""
        stored = (f"{table}/{path.name}" for path in (self._root / table).iterdir())
        changed = (name for name in self._puts if name.startswith(f"{table}/"))
        found = read_each(sorted({*stored, *changed}), self._read, _unreadable)
        return (data for data in found if data is not None)

    def put(self, table: Table, data: object, *key: str) -> None:
        """Put data under a key, instead of the data that was there."""
        self._puts[_named(table, key)] = json.dumps(data, ensure_ascii=False)

    def remove(self, table: Table, *key: str) -> None:
        """Remove the data under a key."""
        self._puts[_named(table, key)] = None

    def rows(self, table: Table, *key: str, after: int = 0) -> Iterator[tuple[int, Any]]:
        """Yield the rows under a key above `after`, each with a rising number: the byte at which it ends."""
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
        """Make the changes, durably and together."""
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
    """A folder with one transaction at a time, whichever thread or process asks for it.

    The file system must know `flock`, as every local one does.

    Args:
        root: The folder; made when it is missing.

    Raises:
        StorageError: The folder cannot be made, read or written, or another version wrote it.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._journal = Journal(root)
        self._closed = False
        with _without_content():
            root.mkdir(0o700, parents=True, exist_ok=True)
            (root / "lock").touch()
            with self._locked():
                self._set_up()
                self._journal.redo()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Read and change stored data. When the block raises, or the process dies, nothing is changed."""
        if self._closed:
            raise StorageError("the storage is closed; open it again")
        with _without_content(), self._locked():
            if not self._journal.is_done:
                self._journal.redo()
            transaction = Transaction(self._root)
            yield transaction
            transaction.commit(self._journal)

    def close(self) -> None:
        """Refuse every transaction from now on. Nothing is held open between two transactions."""
        self._closed = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Opened each time, so that the system's lock excludes other threads as it excludes other processes.
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
def _without_content() -> Iterator[None]:
    """Turn an error of a file into a `StorageError` that repeats nothing of the file's content."""
    try:
        yield
    except Conflict:
        raise
    except StorageError as error:
        failure = error
    except OSError as error:
        failure = StorageError(f"the folder cannot be used: {error.strerror}")
    except Exception as error:  # noqa: BLE001 - the data may be anything, and a parser's error repeats it
        failure = unreadable_error("stored data", error)
    else:
        return
    try:
        raise failure
    finally:
        # The context may hold a whole document.
        failure.__context__ = None
