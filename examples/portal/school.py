"""One school a process, opened at its first use and closed at the end of the process."""

import atexit
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from django.conf import settings

from digital_painschool import AdapterConfig, FlagKind, PainSchool, Policy, Settings, open_school

from .people import DIRECTORY

_lock = Lock()
_opened: list[PainSchool] = []
"""The process's school, or nothing yet."""


def school() -> PainSchool:
    """Return the process's school. Many threads share it."""
    with _lock:
        if not _opened:
            use(open_school(school_settings(settings.PORTAL_FOLDER)))
        return _opened[0]


def use(opened: PainSchool) -> None:
    """Make a school the process's own, such as one in memory with a clock for a test."""
    _opened[:] = [opened]


def close() -> None:
    """Close the process's school; the next use opens another."""
    for opened in _opened:
        opened.close()
    _opened.clear()


def school_settings(folder: Path) -> Settings:
    """Return the settings of a school whose files lie in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "staff.toml").write_text(DIRECTORY, "utf-8")
    emails = {"channel": "email", "folder": str(folder / "e-mail")}
    offered = frozenset({FlagKind.PROGRAM_DONE, FlagKind.FORM_SAVED, FlagKind.MESSAGE_RECEIVED})
    return Settings(
        storage=AdapterConfig("sqlite", {"url": f"sqlite:///{folder / 'painschool.db'}"}),
        directory=AdapterConfig("toml", {"path": str(folder / "staff.toml")}),
        messengers=(AdapterConfig("files", emails),),
        policy=Policy(staff_flags=offered),
    )


def _forget() -> None:
    _opened.clear()


# A fork (gunicorn with --preload) shares no database connection with its parent: the child opens a school of its own.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=lambda: (_forget(), _lock.release()))
atexit.register(close)
