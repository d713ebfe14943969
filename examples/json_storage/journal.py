"""One point at which a change is made: a line of a journal, written before any file is touched."""

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
    """What one transaction changes, in a form in which doing it again does no harm.

    Args:
        puts: By name, the whole text of a file; None removes it.
        appends: By name, where in a file the text begins, in bytes, and the text; what stood there is cut off.
        forgets: True when what is removed must not be left in the journal either.
    """

    puts: Mapping[str, str | None]
    appends: Mapping[str, tuple[int, str]]
    forgets: bool = False


class Journal:
    """The commits that may not have reached their files yet. Only who holds the folder's lock may use it.

    A commit is made when its line is on the disk, ended by a newline; half a line is none. Then the files are written,
    without waiting for the disk, and `done` is put behind the line. A process that dies in between leaves no `done`,
    and whoever comes next does everything again that is in the journal. When power is lost, files may be older than
    `done` says; so it is done again whenever the storage is opened.

    Args:
        root: The folder that the files are in.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / "journal"

    def set_up(self) -> None:
        """Begin a journal, if there is none."""
        self._path.touch(0o600)

    @property
    def is_done(self) -> bool:
        """True when the files are as the journal says."""
        with self._path.open("rb") as file:
            file.seek(max(0, size(self._path) - len(_DONE)))
            return file.read() in {b"", _DONE}

    def commit(self, commit: Commit) -> None:
        """Make a change durably; when an error is raised, it is not made."""
        line = json.dumps(asdict(commit), ensure_ascii=False).encode() + b"\n"
        with self._path.open("ab", buffering=0) as file:
            before = file.tell()
            try:
                _write(file, line)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(before)
                raise
            # From here on it is made. Whatever goes wrong now is left to whoever comes next.
            with suppress(OSError):
                self._apply(commit)
                file.write(_DONE)
                if commit.forgets or file.tell() > _LONGEST:
                    self._begin_anew((commit,) if before == 0 else self._commits())

    def redo(self) -> None:
        """Bring the files to what the journal says, wherever a process died or the power was lost."""
        commits = self._commits()
        self._refuse_to_lose(commits)
        for commit in commits:
            self._apply(commit)
        if commits:
            with self._path.open("ab", buffering=0) as file:
                file.write(_DONE)
        if any(commit.forgets for commit in commits):
            self._begin_anew(commits)

    def _refuse_to_lose(self, commits: Iterable[Commit]) -> None:
        # No file is ever ahead of the journal, unless a part of the journal is lost that was on the disk.
        ends: dict[str, int] = {}
        for commit in commits:
            for name, (begin, text) in commit.appends.items():
                ends[name] = max(ends.get(name, 0), begin + len(text.encode()))
        for name, end in ends.items():
            if size(self._root / name) > end:
                raise StorageError("the journal is damaged: it does not know of all that was kept")

    def _commits(self) -> list[Commit]:
        """Read the journal, and cut off what stands behind the last commit: a `done`, or half a line."""
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

    def _begin_anew(self, commits: Iterable[Commit]) -> None:
        """Empty the journal, when all that it says is on the disk."""
        files = {self._root / name for commit in commits for name in (*commit.puts, *commit.appends)}
        for path in (*filter(Path.exists, files), *{path.parent for path in files}):
            sync(path)
        os.truncate(self._path, 0)
        sync(self._path)


def _write_at(path: Path, begin: int, text: str) -> None:
    """Let a file end with a text that begins at a byte; it is made when it is missing."""
    # Emptied first, as mode "w" does it, some file systems would begin to bring it to the disk at once.
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        file.seek(begin)
        file.write(text.encode())
        file.truncate()


def _write(file: FileIO, line: bytes) -> None:
    if file.write(line) < len(line):
        raise OSError(ENOSPC, os.strerror(ENOSPC))


def size(path: Path) -> int:
    """Return how many bytes a file has; one that is not there has none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def sync(path: Path) -> None:
    """Wait until a file, or the list of files in a folder, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
