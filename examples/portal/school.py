"""One school a process, opened at its first use and closed at the end of the process."""

import atexit
import os
from pathlib import Path
from threading import Lock

from django.conf import settings

from digital_painschool import AdapterConfig, FlagKind, PainSchool, Policy, Settings, open_school

from .people import DIRECTORY

_lock = Lock()
_schools: dict[int, PainSchool] = {}
"""The school of each process, by its id. A forked process never uses its parent's: it shares no connection with it."""


def school() -> PainSchool:
    """Return the process's school. Its threads share it."""
    with _lock:
        if os.getpid() not in _schools:
            use(open_school(school_settings(settings.PORTAL_FOLDER)))
        return _schools[os.getpid()]


def use(opened: PainSchool) -> None:
    """Make a school the process's own, such as one in memory with a clock for a test."""
    _schools[os.getpid()] = opened


def close() -> None:
    """Close the process's school; the next use opens another."""
    opened = _schools.pop(os.getpid(), None)
    if opened is not None:
        opened.close()


def school_settings(folder: Path) -> Settings:
    """Return the settings of a school whose files lie in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "staff.toml").write_text(DIRECTORY, "utf-8")
    sent = {"email": str(folder / "e-mail"), "sms": str(folder / "sms")}
    offered = frozenset({FlagKind.PROGRAM_DONE, FlagKind.FORM_SAVED, FlagKind.MESSAGE_RECEIVED})
    return Settings(
        storage=AdapterConfig("sqlite", {"url": f"sqlite:///{folder / 'painschool.db'}"}),
        directory=AdapterConfig("toml", {"path": str(folder / "staff.toml")}),
        messengers=tuple(AdapterConfig("files", {"channel": channel, "folder": to}) for channel, to in sent.items()),
        policy=Policy(staff_flags=offered),
    )


atexit.register(close)
