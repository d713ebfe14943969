"""Files with personal data that appear in a folder all together and whole, or not at all.

Rule: M-21.
"""

import errno
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import IO

UNFINISHED = "unfinished-export-"
"""What the folder of a publication is called until all files have their names; random letters follow."""

FINISHED = "finished-export-"
"""What it is called while it is deleted after that."""

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
"""What a file system without hard links answers."""

_DESCRIPTORS = Path("/proc/self/fd")


class Publication:
    """The files of one publication, open for writing and without names. Made by `publication`."""

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._folder = folder
        self._descriptor = descriptor
        self._unfinished: Path | None = None
        self._files: dict[str, IO[bytes]] = {}
        self._finished = False

    def open(self, name: str) -> IO[bytes]:
        """Return a new file that only this process knows, readable by its owner alone.

        Raises:
            OSError: The file cannot be made.
        """
        self._files[name] = os.fdopen(self._create(name), "wb")
        return self._files[name]

    def publish(self) -> None:
        """Write the files to the disk, and give all of them their names.

        Raises:
            OSError: One cannot be written, or its name is taken; then no file has a name.
        """
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())
        unfinished = self._mark()
        for name, file in self._files.items():
            if not os.path.lexists(unfinished / name):
                # Named by its descriptor. Only with one of the folders as descriptors is the link followed.
                source = _DESCRIPTORS / str(file.fileno())
                os.link(source, unfinished / name, src_dir_fd=self._descriptor, follow_symlinks=True)
        for name, file in self._files.items():
            _give_name(unfinished / name, self._folder / name)
            if not _is(self._folder / name, os.fstat(file.fileno())):
                raise FileExistsError(errno.EEXIST, f"{name} was replaced by somebody else")
        os.fsync(self._descriptor)
        # In one step the files with names become a whole publication, also for the one who comes after a power cut.
        self._unfinished = unfinished.replace(self._folder / unfinished.name.replace(UNFINISHED, FINISHED))
        os.fsync(self._descriptor)
        _remove(self._unfinished, self._folder, self._files)
        self._finished = True

    def _create(self, name: str) -> int:
        unnamed = getattr(os, "O_TMPFILE", None)
        if unnamed is not None and _DESCRIPTORS.is_dir():
            # The system deletes a file without a name when its process dies, however it dies.
            with suppress(OSError):
                return os.open(self._folder, unnamed | os.O_WRONLY, 0o600)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        return os.open(self._mark() / name, flags, 0o600)

    def _mark(self) -> Path:
        if self._unfinished is None:
            self._unfinished = Path(mkdtemp(prefix=UNFINISHED, dir=self._folder))
        return self._unfinished

    def close(self) -> None:
        """Close the files, and delete what is not published.

        Raises:
            OSError: Something cannot be deleted; the next publication into the folder deletes it, or names it.
        """
        try:
            if not self._finished:
                self._discard()
        finally:
            for file in self._files.values():
                # On a full disk closing fails as writing did.
                with suppress(OSError):
                    file.close()

    def _discard(self) -> None:
        for name, file in self._files.items():
            if _is(self._folder / name, os.fstat(file.fileno())):
                (self._folder / name).unlink()
        if self._unfinished is not None and self._unfinished.exists():
            _remove(self._unfinished, self._folder, self._files)


@contextmanager
def publication(folder: Path, names: Collection[str], known: Collection[str]) -> Iterator[Publication]:
    """Open a folder for a publication; what is not published at the end is deleted.

    A folder has one publication at a time. What a killed one has left is deleted first.

    Args:
        folder: Where; it is made when it is not there, for its owner alone.
        names: What will be published.
        known: Every name that a publication into such a folder may have had.

    Raises:
        OSError: The folder cannot be used, another publication uses it, or a name is taken.
    """
    folder = _made(folder)
    with ExitStack() as stack:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
        stack.callback(os.close, descriptor)
        _clear(folder, known, alone=_lock(descriptor, stack))
        for name in names:
            if os.path.lexists(folder / name):
                raise FileExistsError(errno.EEXIST, f"{name} is there already")
        yield stack.enter_context(closing(Publication(folder, descriptor)))


def _made(folder: Path) -> Path:
    folder = folder.absolute()
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(0o700, parents=True, exist_ok=True)
    for made in reversed(missing):
        _sync(made.parent)
    return folder.resolve(strict=True)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, stack: ExitStack) -> bool:
    """Return whether this process alone uses the folder; False where the system cannot tell."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
    except ImportError:
        return False
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(errno.EBUSY, "another export is being written into this folder") from None
    except OSError:
        return False
    # Unlocked by name: closing is not enough where a fork has inherited the descriptor.
    stack.callback(flock, descriptor, LOCK_UN)
    return True


def _clear(folder: Path, known: Collection[str], *, alone: bool) -> None:
    partial = {f"{name}.partial" for name in known}  # what versions before this one wrote to
    for left in sorted(folder.iterdir()):
        if not left.name.startswith((UNFINISHED, FINISHED)) and left.name not in partial:
            continue
        if not alone:
            raise FileExistsError(
                errno.EEXIST, f"{left.name} is there: another export is running, or was killed and left it"
            )
        try:
            _remove(left, folder, known)
        except OSError as error:
            raise OSError(error.errno, f"{left.name} is in the way and cannot be deleted ({error.strerror})") from None


def _remove(left: Path, folder: Path, names: Collection[str]) -> None:
    """Delete what a publication has left; also what it gave a name to, if it was not finished."""
    found = left.lstat()
    if not stat.S_ISDIR(found.st_mode):
        left.unlink()
        return
    if left.name.startswith((UNFINISHED, FINISHED)) and _is_own(found):
        for file in (left / name for name in names):
            if not os.path.lexists(file):
                continue
            if left.name.startswith(UNFINISHED) and _is(folder / file.name, file.lstat()):
                (folder / file.name).unlink()
            file.unlink()
    left.rmdir()


def _is_own(found: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or found.st_uid == os.geteuid()


def _is(path: Path, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.lstat(), file)
    except FileNotFoundError:
        return False


def _give_name(file: Path, name: Path) -> None:
    """Rename a file to a name that no file has yet."""
    try:
        os.link(file, name)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # Without hard links: an empty file takes the name, and is replaced.
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            file.replace(name)
        except BaseException:
            name.unlink()
            raise
