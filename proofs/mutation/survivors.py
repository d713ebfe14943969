"""The checked-in list of mutants that no test can notice, each group with the reason."""

import tomllib
from pathlib import Path
from typing import NamedTuple

from proofs.mutation.mutant import Mutant

_LIST = Path(__file__).with_name("survivors.toml")


class Group(NamedTuple):
    """Mutants that mean the same as the code itself, for one reason."""

    why: str
    mutants: tuple[Mutant, ...]


def groups() -> tuple[Group, ...]:
    """Read the list."""
    read = tomllib.loads(_LIST.read_text("utf-8"))["equivalent"]
    return tuple(Group(group["why"], tuple(Mutant(*row) for row in group["mutants"])) for group in read)


def measured() -> tuple[int, int]:
    """Return how many mutants the last whole run had, and how many of them survived."""
    read = tomllib.loads(_LIST.read_text("utf-8"))["measured"]
    return read["mutants"], read["survived"]


def explained() -> list[Mutant]:
    """Return every mutant of the list."""
    return [mutant for group in groups() for mutant in group.mutants]
