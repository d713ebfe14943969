"""LMDB environments: each is opened once a process, however many storages use it."""

import os
from pathlib import Path
from threading import Lock

import lmdb

from digital_painschool.errors import StorageError
from lmdb_storage.tables import Table

_FORMAT = b"1"
_FORMAT_KEY = b"format"
_READERS = 512


class SharedEnvironment:
    """An open environment of LMDB, with a table for each kind of record.

    LMDB locks its file for a whole process. A second opening in the same process would take the lock away from the
    first, so the storages of a process share one environment.

    Args:
        path: The folder of the environment; made when it is missing.
        size: The largest size of the file, in bytes.
    """

    def __init__(self, path: Path, size: int) -> None:
        path.mkdir(0o700, parents=True, exist_ok=True)
        self.path = path
        self.users = 0
        self.process = os.getpid()
        self.environment = lmdb.open(
            str(path), map_size=size, max_dbs=len(Table) + 1, max_readers=_READERS, mode=0o600, metasync=True
        )
        self._file = _identity(path)
        try:
            self.tables = self._open_tables()
        except BaseException:
            self.environment.close()
            raise

    def require_usable(self) -> None:
        """Refuse a call in a forked child, or after the files were moved or replaced.

        Raises:
            StorageError: The environment cannot be used here.
        """
        if self.process != os.getpid():
            raise StorageError("the storage was opened before a fork; open it again in this process")
        if _identity(self.path) != self._file:
            raise StorageError("the files of the storage were moved or replaced; open it again")

    @property
    def is_usable(self) -> bool:
        """True when this process opened the environment, and its files are where they were."""
        return self.process == os.getpid() and _identity(self.path) == self._file

    def _open_tables(self) -> dict[Table, object]:
        with self.environment.begin(write=True) as transaction:
            stored = transaction.get(_FORMAT_KEY)
            if stored is None and transaction.stat()["entries"] == 0:
                transaction.put(_FORMAT_KEY, _FORMAT)
            elif stored != _FORMAT:
                raise StorageError("the file was written by another version of this storage")
            return {table: self.environment.open_db(table.value.encode(), transaction) for table in Table}


_open: dict[Path, SharedEnvironment] = {}
_lock = Lock()
# A thread that forks must not leave the lock taken in the child.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def acquire(path: Path, size: int) -> SharedEnvironment:
    """Return the environment at a path, for one more user.

    Raises:
        StorageError: The environment cannot be opened, or another version wrote it.
    """
    where = path.absolute()
    with _lock:
        shared = _open.get(where)
        if shared is None or not shared.is_usable:  # of before a fork, or its files were replaced
            shared = _open[where] = SharedEnvironment(where, size)
        shared.users += 1
        return shared


def release(shared: SharedEnvironment) -> None:
    """Give up an environment; the last user closes it."""
    with _lock:
        shared.users -= 1
        if shared.users or shared.process != os.getpid():
            return
        if _open.get(shared.path) is shared:
            del _open[shared.path]
        shared.environment.close()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = (path / "data.mdb").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
