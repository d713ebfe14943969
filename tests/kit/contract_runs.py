"""Runs of single tests of a contract, without pytest around them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from inspect import signature
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.testing.contracts.clauses import proofs_of

Skipped = pytest.skip.Exception
ADAPTERS = frozenset({"storage", "adapter", "directory", "identity", "observer"})
"""The fixtures that are the adapter itself."""
DURABLE = frozenset({"lasting_place", "shared_place", "forked_place"})
"""The fixtures for which an adapter in memory is skipped."""


def contract_of(base: type[Any], make: Callable[[Any], object], **attributes: object) -> Any:
    """Return a contract of an adapter, as its author would write it."""
    return type("OurContract", (base,), {"open": lambda _, place: make(place), **attributes})()


def run(contract: Any, test: str, place: object, **fixtures: object) -> None:
    """Run one test of a contract, with what it asks for."""
    method = getattr(contract, f"test_{test}")
    with ExitStack() as stack:
        for name in signature(method).parameters:
            if name not in fixtures:
                opened = name in ADAPTERS
                fixtures[name] = stack.enter_context(contract.opened(place)) if opened else place
        method(**{name: fixtures[name] for name in signature(method).parameters})


def caught(contract: Any, test: str, folder: Path, **fixtures: object) -> bool:
    """Return whether a test fails; what depends on who meets whom is given a few chances to."""
    for attempt in range(5):
        place = folder / str(attempt)
        place.mkdir()
        try:
            run(contract, test, place, **fixtures)
        except Skipped:
            raise
        except Exception:  # noqa: BLE001 - whatever it trips over
            return True
    return False


def rows_of(test: Any) -> Iterator[Mapping[str, object]]:
    """Yield the arguments of each run of a test, as its `parametrize` marks give them."""
    columns = []
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize":
            names, rows = mark.args[:2]
            several = not isinstance(names, str)
            columns.append([dict(zip(names, row, strict=True)) if several else {names: row} for row in rows])
    for chosen in product(*columns):
        yield {name: value for row in chosen for name, value in row.items()}


def failure_of(contract: Any, clause: str, folder: Path, **fixtures: object) -> BaseException | None:
    """Return the first failure of a test that proves a clause and says so; None when each passes or is skipped."""
    for number, name in enumerate(proofs_of(type(contract))[clause]):
        test = getattr(contract, name)
        if not contract.durable and DURABLE & signature(test).parameters.keys():
            continue
        for attempt, row in enumerate(rows_of(test)):
            place = folder / f"{number}-{attempt}"
            place.mkdir()
            try:
                run(contract, name.removeprefix("test_"), place, **fixtures, **row)
            except Skipped:
                continue
            except (Exception, pytest.fail.Exception) as failure:  # noqa: BLE001 - whatever it trips over
                if _says(failure, clause):
                    return failure
    return None


def _says(failure: BaseException | None, clause: str) -> bool:
    """Return whether a failure, or one that came before it, names a clause as broken."""
    if failure is None:
        return False
    notes = getattr(failure, "__notes__", ())
    return any(note.startswith(f"Broken clause: {clause}:") for note in notes) or _says(failure.__context__, clause)
