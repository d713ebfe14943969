"""Paths: each is made absolute once, by one rule, so that a later change of the working folder changes nothing."""

import os
import re
import unicodedata
from pathlib import Path

from digital_painschool.domain.validation import control_characters, is_encodable
from digital_painschool.errors import InvalidValue

_OF_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


def absolute(path: str | Path, folder: Path | None = None) -> Path:
    """Return the path as an absolute one; symbolic links stay as they are, and nothing is looked up.

    Args:
        path: A relative one counts from the folder; a first part `~` or `~name` is a home folder.
        folder: Where relative paths count from; None: the working folder.

    Raises:
        InvalidValue: No file can have this path here.
    """
    text = os.fspath(path)
    problem = _problem(text)
    if problem is None:
        try:
            return Path(folder or "", Path(text).expanduser()).absolute()
        except RuntimeError:
            problem = "begins with the home folder of somebody who has none here"
        except OSError:
            problem = "is relative, and the working folder is gone"
    raise InvalidValue(f"the path {text!r} {problem}")


def is_sqlite(url: str) -> bool:
    """Return whether a storage URL is one of SQLite."""
    return url.partition("://")[0] in ("sqlite", "sqlite+pysqlite")


def sqlite_file(url: str, folder: Path | None = None) -> Path:
    """Return the file that a SQLite URL names, as an absolute path.

    What follows `sqlite:///` is the path as it is: nothing in it is percent-encoded.

    Args:
        url: `sqlite:///file.db` (relative) or `sqlite:////folder/file.db` (absolute).
        folder: Where a relative path counts from; None: the working folder.

    Raises:
        InvalidValue: The URL names no file, or one that no file can have.
    """
    path = url.partition("://")[2]
    name = path.rpartition("/")[2]
    if not path.startswith("/") or not name or name in (".", "..") or "?" in name or name.startswith(":memory:"):
        raise InvalidValue("a SQLite URL names a file: sqlite:///file.db; for memory there is MemoryStorage")
    if path.startswith("/file:"):
        raise InvalidValue("a SQLite URL names its file without file:, as in sqlite:///file.db")
    return absolute(path[1:], folder)


def absolute_url(url: str, folder: Path | None = None) -> str:
    """Return the URL, with the file of a SQLite URL as an absolute path.

    Raises:
        InvalidValue: As `sqlite_file`.
    """
    return f"{url.partition('://')[0]}:///{sqlite_file(url, folder)}" if is_sqlite(url) else url


def new_file(path: Path) -> Path:
    """Return the path of a file that is not there yet, unless another file may have been meant.

    Raises:
        InvalidValue: The path may be another spelling of a file, or the file was there before.
    """
    name = path.name
    if path.is_symlink():
        problem = "is a link that leads nowhere; is a disk missing?"
    elif _PERCENT.search(name):
        problem = "has no file; a name is written as it is, without percent-encoding"
    elif "#" in name and os.path.lexists(path.with_name(name.partition("#")[0])):
        problem = "has no file; a name is written without a fragment"
    elif os.name == "posix" and "\\" in name:
        problem = "has no file; folders are parted by / here"
    elif os.path.lexists(f"{path}-wal"):
        problem = "has no file, but its write-ahead log is there; put the file back, or remove the log"
    elif twin := _twin(path):
        problem = f"has no file, but there is {twin!a}, which looks the same; write the name as the disk has it"
    else:
        return path
    raise InvalidValue(f"the path {str(path)!r} {problem}")


def _problem(text: str) -> str | None:
    if not text:
        return "is empty"
    if text != text.strip():
        return "begins or ends with a blank"
    if not is_encodable(text):
        return "is not UTF-8"
    if control_characters(text):
        return "holds a control character"
    if os.name == "posix" and _OF_WINDOWS.match(text):
        return "is one of Windows, which this machine is not"
    return None


def _twin(path: Path) -> str | None:
    wanted = unicodedata.normalize("NFC", path.name)
    if wanted.isascii():
        return None
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return None
    return next((name for name in names if unicodedata.normalize("NFC", name) == wanted), None)
