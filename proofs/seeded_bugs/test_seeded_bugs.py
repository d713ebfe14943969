"""The kit catches every bug of the catalogue, and says which law or clause is broken."""

import re
from pathlib import Path

import pytest

from proofs.seeded_bugs.alone import run_alone
from proofs.seeded_bugs.apply import PROFILE, VARIABLE
from proofs.seeded_bugs.bug import Bug, Catcher
from proofs.seeded_bugs.bugs import BUGS

ROOT = Path(__file__).parents[2]
OPTIONS = (
    *("-q", "-x", "-p", "proofs.seeded_bugs.apply", "-p", "no:cacheprovider", "-p", "no:xdist", "-rfE", "--tb=short"),
    *("-p", "no:xdist.looponfail", "-p", "no:benchmark"),  # nobody asks them for anything
    f"--hypothesis-profile={PROFILE}",
)
LOOKS = 10
"""The machine draws its histories by chance: so many times it may look, each time at others."""


RARE = {
    "a-purge-without-its-key-in-the-lifecycle",
    "maintenance-cannot-be-renewed",
    "nobody-asks-for-the-export",
    "the-receipt-names-what-stayed",
}
"""The bugs that the machine meets seldom: it looks for them half a minute and more, each night."""
EACH_RUN = {bug.name for bug in BUGS[::8]} - RARE
"""An eighth of the bugs, from all over the catalogue, for each run of the tests; all of them are put in each night."""


@pytest.mark.search
@pytest.mark.parametrize(
    "bug",
    [pytest.param(bug, id=bug.name, marks=[pytest.mark.nightly] * (bug.name not in EACH_RUN)) for bug in BUGS],
)
def test_the_bug_is_caught(bug: Bug, tmp_path: Path) -> None:
    """Otherwise somebody could make it, and nobody would know before a patient does.

    That the machine finds nothing where there is no bug is what `tests/laws` sees.
    """
    assert_caught(bug, bug.caught_by[0], tmp_path)


@pytest.mark.search
@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.caught_by[1:]], ids=lambda bug: bug.name)
def test_the_simulation_catches_it_too(bug: Bug, tmp_path: Path) -> None:
    """Otherwise the simulation would run for hours and prove nothing of the law."""
    for catcher in bug.caught_by[1:]:
        assert_caught(bug, catcher, tmp_path)


def assert_caught(bug: Bug, by: Catcher, folder: Path) -> None:
    """Run what must catch a bug, and assert that it does."""
    for seed in range(by.seed, by.seed + LOOKS):
        arguments = [*OPTIONS, f"--hypothesis-seed={seed}", by.test]
        done = run_alone(arguments, ROOT, folder / f"{seed}.txt", **{VARIABLE: bug.name})
        if done.code != 0 and re.search(by.says, done.said):
            break
    else:
        pytest.fail(f"not caught, or by another law or clause; at last:\n{done.said[-2000:]}")
    assert 1 == done.code, done.said[-2000:]


def test_a_bug_can_be_put_in_and_is_told_from_the_others() -> None:
    """Otherwise a module that has changed would be tested without the bug."""
    for bug in BUGS:
        source = bug.file.read_text("utf-8")
        assert source != bug.put_into(source)
        compile(bug.put_into(source), bug.name, "exec")
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert len({(bug.module, bug.old, bug.new) for bug in BUGS}) == len(BUGS)
    assert all(bug.caught_by for bug in BUGS)


def test_a_bug_that_fits_nowhere_is_refused() -> None:
    """Otherwise a catalogue that is out of date would pass."""
    bug = Bug("none", "nobody", "errors", "what stands nowhere", "", (Catcher("", ""),))
    with pytest.raises(ValueError, match="comes 0 times"):
        bug.put_into(bug.file.read_text("utf-8"))
