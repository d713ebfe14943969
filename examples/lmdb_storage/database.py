"""Transactions on LMDB: a write is made as a whole or not at all, and a read sees one snapshot."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import Excerpt
from digital_painschool.serialization.stored import unreadable_error
from lmdb_storage.environments import SharedEnvironment, acquire, release
from lmdb_storage.tables import END, Key, Table, packed

log = logging.getLogger("lmdb_storage")


class Transaction:
    """One transaction; a read sees the writes before it.

    Args:
        transaction: The transaction of LMDB.
        shared: The environment with its tables.
        before_write: Called before each write.
    """

    def __init__(self, transaction: Any, shared: SharedEnvironment, before_write: Callable[[], None]) -> None:
        self._transaction = transaction
        self._tables = shared.tables
        self._before_write = before_write

    def get(self, table: Table, *key: str | int) -> Any:
        """Return the data under a key, or None."""
        stored = self._transaction.get(packed(key), db=self._tables[table])
        return None if stored is None else json.loads(stored)

    def put(self, table: Table, data: object, *key: str | int) -> None:
        """Put data under a key, instead of the data that was there."""
        self._before_write()
        value = json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._transaction.put(packed(key), value, db=self._tables[table])

    def remove(self, table: Table, *key: str | int) -> None:
        """Remove the data under a key."""
        self._before_write()
        self._transaction.delete(packed(key), db=self._tables[table])

    def scan(self, table: Table, *prefix: str | int, after: Key = ()) -> Iterator[bytes]:
        """Yield the stored data of the keys that begin with a prefix, in their order, those above `after`.

        The data is not parsed yet, so that an unreadable record stops no scan.

        Args:
            table: The table.
            prefix: The first parts of the keys.
            after: The other parts of a key; the scan begins above it.
        """
        first = packed(prefix)
        start = packed((*prefix, *after))
        with self._transaction.cursor(self._tables[table]) as cursor:
            if not cursor.set_range(start):
                return
            for key, stored in cursor:
                if not key.startswith(first):
                    return
                if key > start or not after:
                    yield stored

    def first_parts(self, table: Table) -> set[str]:
        """Return the texts that the keys of a table begin with."""
        with self._transaction.cursor(self._tables[table]) as cursor:
            keys = [key for key, _ in cursor] if cursor.first() else []
        return {key.partition(END)[0].decode("utf-8", "replace") for key in keys}

    def numbered(self, table: Table, *prefix: str, after: int, excerpt: Excerpt) -> Iterator[tuple[int, bytes]]:
        """Yield the numbers above `after` and in an excerpt, in its order, each with the stored data of its key.

        The numbers are the last part of the keys that begin with a prefix. The data is not parsed yet.
        """
        first = packed(prefix)
        with self._transaction.cursor(self._tables[table]) as cursor:
            if excerpt.newest_first:
                end = first + b"\xff" * 9 if excerpt.up_to is None else packed((*prefix, excerpt.up_to + 1))
                is_found, step = (cursor.prev() if cursor.set_range(end) else cursor.last()), cursor.prev
            else:
                is_found, step = cursor.set_range(packed((*prefix, max(after, 0) + 1))), cursor.next
            while is_found and cursor.key().startswith(first):
                number = int.from_bytes(cursor.key()[-8:], "big")
                if number <= after or (excerpt.up_to is not None and number > excerpt.up_to):
                    return
                yield number, cursor.value()
                is_found = step()

    def until(self, table: Table, *prefix: str, last: str) -> Iterator[bytes]:
        """Yield the stored data of the keys that begin with a prefix and then a text up to `last`, in their order."""
        end = packed((*prefix, last)) + b"\xff"
        with self._transaction.cursor(self._tables[table]) as cursor:
            if not cursor.set_range(packed(prefix)):
                return
            for key, stored in cursor:
                if key > end:
                    return
                yield stored

    def last_number(self, table: Table, *prefix: str) -> int:
        """Return the number at the end of the last key that begins with a prefix, or 0."""
        first = packed(prefix)
        with self._transaction.cursor(self._tables[table]) as cursor:
            # The first key above all that begin so; the one before it is the last of them.
            found = cursor.set_range(first + b"\xff" * 9)
            found = cursor.prev() if found else cursor.last()
            key = cursor.key() if found else b""
        return int.from_bytes(key[-8:], "big") if key.startswith(first) else 0


class Database:
    """An LMDB environment with many readers and one writer at a time, of any thread or process.

    Args:
        path: The folder of the environment; made when it is missing.
        size: The largest size of the file, in bytes. The file grows as it is needed.

    Raises:
        StorageError: The environment cannot be opened, or another version wrote it.
    """

    def __init__(self, path: Path, size: int) -> None:
        self._shared: SharedEnvironment | None = None
        self.before_write: Callable[[], None] = lambda: None
        """A hook for tests: called before each write and each commit."""
        with _without_content():
            self._shared = acquire(path, size)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read from one snapshot; writers go on meanwhile."""
        with _without_content(), self._usable().environment.begin() as transaction:
            yield Transaction(transaction, self._usable(), self.before_write)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Read and write. When the block raises, or the process dies, nothing is changed."""
        with _without_content(), self._usable().environment.begin(write=True) as transaction:
            yield Transaction(transaction, self._usable(), self.before_write)
            self._usable()
            self.before_write()

    def close(self) -> None:
        """Refuse every transaction from now on."""
        shared, self._shared = self._shared, None
        if shared is not None:
            release(shared)

    def _usable(self) -> SharedEnvironment:
        if self._shared is None:
            raise StorageError("the storage is closed; open it again")
        self._shared.require_usable()
        return self._shared


class Part:
    """A part of the storage, with the database that all parts share.

    Args:
        database: The database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database


@contextmanager
def _without_content() -> Iterator[None]:
    """Turn an error of LMDB, or of a parser, into a `StorageError` that repeats nothing of the content."""
    failure: StorageError | None = None
    try:
        yield
    except (StorageError, Conflict):
        raise
    except lmdb.MapFullError:
        failure = StorageError("the storage is full; open it with a larger size")
    except (OSError, lmdb.Error) as error:
        failure = StorageError(f"LMDB failed ({type(error).__name__})")
    except Exception as error:  # noqa: BLE001 - the data may be anything, and a parser's error repeats it
        failure = unreadable_error("stored data", error)
    if failure is not None:
        raise failure
