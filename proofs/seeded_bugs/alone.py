"""Runs one test in a process of its own, forked from one that has loaded the libraries, and nothing of ours."""

import os
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from attrs import frozen

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("alembic", "cattrs", "dateutil.relativedelta", "dateutil.tz", "hypothesis.stateful", "psycopg", "pytest"),
        *("secrets", "sqlalchemy", "sqlite3", "statistics", "unittest.mock"),
    ]
)
_LONGEST = 300
"""Seconds."""


@frozen
class Done:
    """How a run of a test ended.

    Args:
        code: pytest's exit code; None when it took too long.
        said: What it printed.
    """

    code: int | None
    said: str


def run_alone(arguments: list[str], folder: Path, output: Path, **variables: str) -> Done:
    """Run pytest with some arguments, in a folder, with some environment variables besides those that there are."""
    process = _CONTEXT.Process(target=_run, args=(arguments, folder, output, variables))
    process.start()
    process.join(_LONGEST)
    if process.exitcode is None:
        process.kill()
        process.join()
        return Done(None, "it took too long")
    return Done(process.exitcode, output.read_text("utf-8"))


def _run(arguments: list[str], folder: Path, output: Path, variables: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.update(variables)
    with output.open("w", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    # Hypothesis is there already: nobody needs its own asserts to be explained.
    sys.exit(pytest.main(["-W", "ignore::pytest.PytestAssertRewriteWarning", *arguments]))
