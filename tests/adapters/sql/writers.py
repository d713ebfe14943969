"""The first steps of many persons, threads that wait for a connection, and functions in processes of their own."""

import os
import sys
from collections.abc import Callable
from multiprocessing import get_context
from threading import Thread
from traceback import walk_stack

import pytest

from digital_painschool.adapters.sql.pool import ConnectionPool
from digital_painschool.domain.people import PersonId
from digital_painschool.ports.storage import Change
from digital_painschool.testing.contracts.changes import begin

SPAWN = get_context("spawn")


def start_of(number: int) -> Change:
    """Return the start of the enrolment of one of many persons."""
    return begin(f"enrolment-{number}", PersonId("personnummer", f"{190001010000 + number}"))


def waits(thread: Thread) -> bool:
    """Return whether a thread waits for a connection."""
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and any(at.f_code is ConnectionPool._wait.__code__ for at, _ in walk_stack(frame))


def exit_code(work: Callable[[str], None], url: str) -> int | None:
    """Run a function in a new process; return the exit code."""
    process = SPAWN.Process(target=work, args=(url,))
    with pytest.MonkeyPatch.context() as patch:
        # What measures coverage holds a lock of its own while it notes a line: thrown out of there, it waits for ever.
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            patch.delenv(name)
        process.start()
    process.join(600)
    return process.exitcode
