"""The list of surviving mutants is held to the code, and what is not counted as a mutant is none."""

import ast
from collections import Counter
from pathlib import Path

import pytest

from proofs.mutation.mutant import Mutant, is_sensible
from proofs.mutation.survivors import Group, explained, groups, measured

_PACKAGE = Path(__file__).parents[2] / "src" / "digital_painschool"

EXAMPLE = """\
@frozen
class Pair:
    first: int | None = 1 - 2

    def both(self, *, other: int | None = None, **more: int) -> int | None:
        return {**more, "sum": (self.first
            + other)}["sum"]
"""


@pytest.mark.parametrize("mutant", explained(), ids=" ".join)
def test_a_listed_line_stands_where_the_list_says(mutant: Mutant) -> None:
    """Otherwise the list would explain a line that has changed since, and hide what its mutants do now."""
    source = (_PACKAGE / mutant.module).read_text("utf-8")
    assert mutant.stands_in(source)
    changed = source.replace(mutant.line, mutant.becomes)
    assert source != changed
    ast.parse(changed)


def test_no_mutant_is_listed_twice() -> None:
    """Otherwise one of two reasons would be wrong, or the count of the survivors."""
    assert [] == [mutant for mutant, times in Counter(explained()).items() if times > 1]


def test_the_list_holds_every_survivor_of_the_last_run_and_they_are_under_4_in_100() -> None:
    """Otherwise the list could grow until it explains away what the tests ought to notice."""
    mutants, survived = measured()
    assert survived == len(explained())
    assert survived < 0.04 * mutants


@pytest.mark.parametrize("group", groups(), ids=lambda group: group.why[:40])
def test_each_group_has_a_reason_and_mutants(group: Group) -> None:
    """Otherwise a survivor could be waved through."""
    assert len(group.why.split()) >= 8
    assert group.why.rstrip().endswith(".")
    assert group.mutants


def test_only_arithmetic_that_runs_is_changed() -> None:
    """Otherwise hundreds of errors of syntax would be counted as kills, or a rule's own sums be spared."""
    lines = enumerate(EXAMPLE.splitlines(), start=1)
    signs = [(number, column) for number, line in lines for column, sign in enumerate(line) if sign in "|*-+"]
    replacing = "core/ReplaceBinaryOperator_Add_Sub"
    assert [(3, 26), (7, 12)] == [place for place in signs if is_sensible(replacing, place, EXAMPLE)]
    assert signs == [place for place in signs if is_sensible("core/AddNot", place, EXAMPLE)]


def test_a_mutant_is_known_by_its_line_and_by_what_became_of_it() -> None:
    """Otherwise a survivor would not be found in the list, or the wrong one would."""
    path = "src/digital_painschool/rules/pair.py"
    head = f"--- mutation diff ---\n--- a/{path}\n+++ b/{path}\n"
    removed = Mutant.read(path, None, head + "@@ -1,2 +1,1 @@\n-@frozen\n class Pair:")
    assert Mutant("rules/pair.py", "Pair", "@frozen", "") == removed
    changed = Mutant.read(path, "both", head + "@@ -7 +7 @@\n     f()\n-            + other\n+            - other\n")
    assert Mutant("rules/pair.py", "both", "+ other", "- other") == changed
    assert removed.stands_in(EXAMPLE)
    assert [True, False, False] == [
        Mutant("m", within, "first: int | None = 1 - 2", "").stands_in(EXAMPLE) for within in ("Pair", "both", "other")
    ]
