"""A write-ahead journal: a change is committed by a line of the journal, before any file is touched."""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from errno import ENOSPC
from io import FileIO
from pathlib import Path

from attrs import asdict, frozen

from digital_painschool.errors import StorageError

_DONE = b"done\n"
_LONGEST = 256 * 1024


@frozen(kw_only=True)
class Commit:
    """The changes of one transaction, in a form that can be applied again without harm (idempotent).

    Args:
        puts: By name, the whole text of a file; None removes it.
        appends: By name, the byte at which the text begins in the file, and the text; the file is cut off there.
        forgets: True when removed data must not stay in the journal either.
    """

    puts: Mapping[str, str | None]
    appends: Mapping[str, tuple[int, str]]
    forgets: bool = False


class Journal:
    """The commits that may not have reached their files yet. The caller holds the folder's lock.

    A commit is made when its line is on the disk, ended by a newline; half a line is no commit. Then the files are
    written, without waiting for the disk, and `done` is appended to the journal. A process that dies in between leaves
    no `done`, and the next one redoes the whole journal. After a loss of power, files may be older than `done` says. So
    the journal is redone whenever the storage is opened.

    Args:
        root: The folder that the files are in.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / "journal"

    def set_up(self) -> None:
        """Make the journal, unless there is one."""
        self._path.touch(0o600)

    @property
    def is_done(self) -> bool:
        """True when the files are as the journal says."""
        with self._path.open("rb") as file:
            file.seek(max(0, size(self._path) - len(_DONE)))
            return file.read() in {b"", _DONE}

    def commit(self, commit: Commit) -> None:
        """Make a change durably. When an error is raised, the change is not made."""
        line = json.dumps(asdict(commit), ensure_ascii=False).encode() + b"\n"
        with self._path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                _write(file, line)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
            # The change is made from here on. After an error, the next process redoes the journal.
            with suppress(OSError):
                self._apply(commit)
                file.write(_DONE)
                if commit.forgets or file.tell() > _LONGEST:
                    self._truncate((commit,) if before == 0 else self._commits())

    def redo(self) -> None:
        """Bring the files up to the journal, wherever a process died or the power was lost."""
        commits = self._commits()
        self._check(commits)
        for commit in commits:
            self._apply(commit)
        if commits:
            with self._path.open("ab", buffering=0) as file:
                file.write(_DONE)
        if any(commit.forgets for commit in commits):
            self._truncate(commits)

    def _check(self, commits: Iterable[Commit]) -> None:
        # A file is ahead of the journal only when a part of the journal was lost that was on the disk.
        ends: dict[str, int] = {}
        for commit in commits:
            for name, (begin, text) in commit.appends.items():
                ends[name] = max(ends.get(name, 0), begin + len(text.encode()))
        for name, end in ends.items():
            if size(self._root / name) > end:
                raise StorageError("the journal is damaged: it is behind the files")

    def _commits(self) -> list[Commit]:
        """Read the journal, and cut off a `done` or half a line behind the last commit."""
        lines = self._path.read_bytes().splitlines(keepends=True)
        while lines and (lines[-1] == _DONE or not lines[-1].endswith(b"\n")):
            lines.pop()
        os.truncate(self._path, sum(map(len, lines)))
        return [Commit(**json.loads(line)) for line in lines if line != _DONE]

    def _apply(self, commit: Commit) -> None:
        for name, text in commit.puts.items():
            if text is None:
                (self._root / name).unlink(missing_ok=True)
            else:
                _write_at(self._root / name, 0, text)
        for name, (begin, text) in commit.appends.items():
            _write_at(self._root / name, begin, text)

    def _truncate(self, commits: Iterable[Commit]) -> None:
        """Empty the journal once the files are on the disk."""
        files = {self._root / name for commit in commits for name in (*commit.puts, *commit.appends)}
        for path in (*filter(Path.exists, files), *{path.parent for path in files}):
            sync(path)
        os.truncate(self._path, 0)
        sync(self._path)


def _write_at(path: Path, begin: int, text: str) -> None:
    """Write a text at a byte of a file, and cut the file off behind it; the file is made when it is missing."""
    # Mode "w" empties the file first, and makes some file systems write it to the disk at once.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.seek(begin)
        file.write(text.encode())
        file.truncate()


def _write(file: FileIO, line: bytes) -> None:
    if file.write(line) < len(line):
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def size(path: Path) -> int:
    """Return the size of a file in bytes; 0 for a missing one."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sync(path: Path) -> None:
    """Wait until a file, or the list of a folder's files, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
