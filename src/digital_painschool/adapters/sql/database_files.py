"""The files of an open SQLite database: whether their names still lead to the open files."""

# ruff: noqa: PTH116 - once for each saved step: a Path would cost more than the system call

import os

from digital_painschool.errors import StorageError


class DatabaseFiles:
    """The database file, its write-ahead log and the log's index, each by device and inode, as connections opened them.

    SQLite never looks at the names again. It continues to write to a deleted file, which is gone with the last
    connection.

    Args:
        path: The path of the database; its log lies beside the target of a symbolic link.
    """

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)
        self.path, self._log, self._index = path, f"{real}-wal", f"{real}-shm"
        file = os.stat(self.path)
        self.file = file.st_dev, file.st_ino
        self.size = file.st_size
        self._opened = self._ids(file)

    @classmethod
    def file_at(cls, path: str) -> tuple[int, int]:
        """Return the device and inode of the file at a path.

        Raises:
            OSError: There is no file.
        """
        file = os.stat(path)
        return file.st_dev, file.st_ino

    def checked_size(self) -> int:
        """Return the present size of the database, after checking that each name still leads to the open file.

        Raises:
            StorageError: A file was deleted, moved or replaced.
        """
        try:
            file = os.stat(self.path)
            if self._opened == self._ids(file):
                return file.st_size
        except OSError:
            pass  # raised below, so that this error is not its context
        raise moved(self.path)

    def _ids(self, file: os.stat_result) -> tuple[int, ...]:
        log, index = os.stat(self._log), os.stat(self._index)
        return file.st_dev, file.st_ino, log.st_dev, log.st_ino, index.st_dev, index.st_ino


def moved(path: str) -> StorageError:
    """Return the error that says what happened to a file, and what to do."""
    return StorageError(
        f"the file {path}, or its -wal or -shm, was moved, deleted, cut short or replaced while it was in use; nothing"
        " is saved any more: put it back, or stop everything that uses it and open it again"
    )
