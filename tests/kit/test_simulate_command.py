"""`digital-painschool simulate`: what it shows, what it writes, how it ends, and how it says no."""

import re
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digital_painschool.cli import simulate as command
from digital_painschool.cli.app import app
from digital_painschool.delivery import worker
from digital_painschool.domain.people import Role
from digital_painschool.rules import permissions
from digital_painschool.testing import simulation
from digital_painschool.testing.simulation import Outcome, Region

SHORT = (
    "simulate",
    "--patients",
    "6",
    "--years",
    "0.15",
    "--patients-per-therapist",
    "2",
    "--therapists-per-unit",
    "2",
)
"""Two units for some weeks."""


def run(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [*SHORT, *args])


def digest_of(result: Result) -> str:
    """Return the digest that is shown."""
    found = re.search(r"\b[0-9a-f]{64}\b", result.stdout)
    assert found is not None, result.output
    return found[0]


def test_it_shows_what_happened_and_that_nothing_was_found() -> None:
    """Whoever runs it could not tell what was done, or would take an exit code for granted."""
    result = run("--years", "0.3")
    assert 0 == result.exit_code
    for words in ("open a module", "What became of the notifications", "No findings: every law held."):
        assert words in result.stdout


def test_the_command_that_it_shows_gives_the_same_again() -> None:
    """What was found on one day could not be seen again on the next."""
    first = run("--seed", "12")
    shown = re.search(r"^Again with: digital-painschool (simulate .*)$", first.stdout, re.MULTILINE)
    assert shown is not None
    again = CliRunner().invoke(app, shown[1].split())
    assert digest_of(first) == digest_of(again)


def test_one_unit_up_to_a_day() -> None:
    """A finding of a long run could not be looked at alone."""
    result = run("--unit", "2", "--until", "2026-01-20")
    assert 0 == result.exit_code
    assert re.search(r"^ to +2026-01-20 ", result.stdout, re.MULTILINE)
    assert re.search(r"^ units +1 ", result.stdout, re.MULTILINE)


def test_a_run_in_which_nothing_happens() -> None:
    """A run that was narrowed too far would end with an error."""
    assert 0 == run("--until", "2026-01-07").exit_code


def test_a_unit_that_there_is_not() -> None:
    """A mistyped number would look like a unit at which nothing was found."""
    result = run("--unit", "3")
    assert 2 == result.exit_code
    assert "there are 2 units" in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--patients", "0", "0 is not in the range"),
        ("--patients", "many", "'many' is not a valid integer"),
        ("--years", "nan", "'nan' is not a valid number"),
        ("--begins", "9999-12-31", "'begins' must be <= 2200-01-01: 9999-12-31"),
        ("--begins", "0001-01-01", "'begins' must be >= 1970-01-01: 0001-01-01"),
        ("--until", "2025-12-31", "'until' must be >= 'begins', 2026-01-07: 2025-12-31"),
    ],
)
def test_what_cannot_be_simulated(option: str, value: str, words: str) -> None:
    """A mistyped number would end in a traceback, or in a run of nothing that found nothing."""
    result = run(option, value)
    assert 2 == result.exit_code
    assert words in result.stderr


@pytest.mark.parametrize("narrowed", [("--years", "0.0001"), ("--until", "9999-12-31", "--years", "0.003")])
def test_a_day_at_the_least_and_the_years_at_the_most(narrowed: tuple[str, ...]) -> None:
    """The shortest time and the latest day would end in a traceback."""
    result = run(*narrowed)
    assert 0 == result.exit_code
    assert re.search(r"^ to +2026-01-07 ", result.stdout, re.MULTILINE)


def test_a_finding_ends_it_with_code_1_and_says_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken law would pass in CI."""
    hole = dict.fromkeys(Role, permissions.Scope.UNIT)
    monkeypatch.setattr(permissions, "STAFF", dict.fromkeys(permissions.Action, hole))
    result = run("--years", "0.3")
    assert 1 == result.exit_code
    assert re.search(
        r"^law 9, unit \d, enrolment 000\d-\d+, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ: ", result.stdout, re.MULTILINE
    )
    assert re.search(r"digital-painschool simulate --patients 6 --years 0.3 --seed 7 .*--unit \d", result.stdout)
    assert "No findings" not in result.stdout


def test_the_report_is_written(tmp_path: Path) -> None:
    """There would be nothing to keep or to send."""
    result = run("--report", str(tmp_path / "of" / "today"))
    assert 0 == result.exit_code
    assert {"report.md", "activity.svg", "waiting.svg"} == {file.name for file in (tmp_path / "of" / "today").iterdir()}


def test_a_report_that_cannot_be_written_is_told_before_the_run(tmp_path: Path) -> None:
    """All the work of a long run would be done before it is known that there is no place for its report."""
    (tmp_path / "file").touch()
    for folder, code in (("file", 2), ("file/within", 1)):
        result = run("--report", str(tmp_path / folder))
        assert (code, "") == (result.exit_code, result.stdout)
        assert str(tmp_path / "file") in result.stderr


def test_a_report_that_cannot_be_written_in_the_end_hides_no_finding(tmp_path: Path) -> None:
    """What a long run has found would be lost with its report."""
    (tmp_path / "report.md").mkdir()
    result = run("--report", str(tmp_path))
    assert 1 == result.exit_code
    assert "Again with: " in result.stdout
    assert "report.md" in result.stderr


def test_a_process_that_died_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where memory runs out, an operator would see a traceback and not what to do about it."""

    def die(*_: object, **__: object) -> Outcome:
        raise BrokenProcessPool

    monkeypatch.setattr(simulation, "simulate", die)
    result = run("--workers", "2")
    assert 1 == result.exit_code
    assert "try fewer --workers" in result.stderr


def test_each_unit_on_a_file_of_its_own(tmp_path: Path) -> None:
    """What a simulation leaves in a storage could not be looked at afterwards."""
    url = f"sqlite:///{tmp_path.as_posix()}/region-{{unit}}.db"
    first = run("--storage", url)
    assert {"region-0001.db", "region-0002.db"} <= {file.name for file in tmp_path.iterdir()}
    assert digest_of(run()) == digest_of(first)
    again = run("--storage", url)
    assert 1 == again.exit_code
    assert "is there already" in again.stderr


def test_several_units_in_one_storage_are_refused() -> None:
    """Units at different times in one database would deliver each other's notifications."""
    result = run("--storage", "sqlite:///region.db")
    assert 1 == result.exit_code
    assert "put {unit} into the URL" in result.stderr


def test_memory_and_sqlite_are_compared() -> None:
    """Law 8 would not be looked at by anybody."""
    assert 0 == run("--compare", "--years", "0.05").exit_code


def test_storages_that_keep_different_things_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comparison that finds nothing ever would be worth nothing."""
    simulate = command._run

    def otherwise(region: Region, unit: int | None, workers: int, storage: str) -> Outcome:
        if storage == "sqlite://":
            region = simulation.Region(patients=region.patients, years=region.years, seed=region.seed + 1)
        return simulate(region, unit, workers, storage)

    monkeypatch.setattr(command, "_run", otherwise)
    result = CliRunner().invoke(app, ["simulate", "--patients", "2", "--years", "0.1", "--compare"])
    assert 1 == result.exit_code
    assert "law 8, unit 1: memory and SQLite have stored different data" in result.stdout


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator would see a traceback and not know what is missing."""
    for name in [name for name in sys.modules if name.startswith("digital_painschool.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    result = run()
    assert 1 == result.exit_code
    assert "pip install 'digital_painschool[testing]'" in result.stderr


def test_no_identity_number_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a run would hold numbers, test numbers though they are."""
    monkeypatch.setattr(worker, "is_obsolete", lambda *_: True)
    result = run("--years", "0.4")
    assert 1 == result.exit_code
    assert not re.search(r"\b(19|20)[0-9]{6}-?[0-9]{4}\b", result.output)
