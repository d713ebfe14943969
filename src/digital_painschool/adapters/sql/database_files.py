"""The files of an open SQLite database: whether they are still where they were opened."""

# ruff: noqa: PTH116 - once for each step that is saved: a Path would cost more than the question

import os

from digital_painschool.errors import StorageError


class DatabaseFiles:
    """The database, its write-ahead log and the log's index, each by device and inode, as connections have them open.

    SQLite itself never looks at the names again: it goes on writing to a file that was deleted, and the file is gone
    with the last connection.

    Args:
        path: The database, as it was named; its files lie beside what a symbolic link leads to.
    """

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)
        self.path, self._log, self._index = path, f"{real}-wal", f"{real}-shm"
        file = os.stat(self.path)
        self.file = file.st_dev, file.st_ino
        self.size = file.st_size
        self._known = self._ids(file)

    @classmethod
    def file_at(cls, path: str) -> tuple[int, int]:
        """Return the device and inode of what lies at a path.

        Raises:
            OSError: Nothing does.
        """
        file = os.stat(path)
        return file.st_dev, file.st_ino

    def size_in_place(self) -> int:
        """Return how long the database is now, after finding that each of the files is the one that was opened.

        Raises:
            StorageError: A file was deleted, moved or replaced.
        """
        try:
            file = os.stat(self.path)
            if self._known == self._ids(file):
                return file.st_size
        except OSError:
            pass  # raised below, where the error does not hang on it
        raise moved(self.path)

    def _ids(self, file: os.stat_result) -> tuple[int, ...]:
        log, index = os.stat(self._log), os.stat(self._index)
        return file.st_dev, file.st_ino, log.st_dev, log.st_ino, index.st_dev, index.st_ino


def moved(path: str) -> StorageError:
    """Return the error that says what became of a file and what to do."""
    return StorageError(
        f"the file {path}, or its -wal or -shm, was moved, deleted, cut short or replaced while it was in use; nothing"
        " is saved any more: put it back, or stop everything that uses it and open it again"
    )
