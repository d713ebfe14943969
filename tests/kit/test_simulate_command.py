"""`digital-painschool simulate`: what it shows, what it writes, how it ends, and how it says no."""

import re
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digital_painschool.cli import simulate as command
from digital_painschool.cli.app import app
from digital_painschool.delivery import claims
from digital_painschool.delivery.pacing import Pacer
from digital_painschool.domain.people import Role
from digital_painschool.rules import permissions
from digital_painschool.testing import simulation
from digital_painschool.testing.simulation import Outcome, Region

SHORT = ("simulate", "--patients=6", "--years=0.15", "--patients-per-therapist=2", "--therapists-per-unit=2")
"""Two units for some weeks."""


def run(*args: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [*SHORT, *args])


def digest_of(result: Result) -> str:
    """Return the digest that is shown."""
    found = re.search(r"\b[0-9a-f]{64}\b", result.stdout)
    assert found is not None, result.output
    return found[0]


def test_it_shows_what_happened_and_a_command_that_repeats_it() -> None:
    """Otherwise an exit code would be taken for granted, and nobody could see a finding again on the next day."""
    first = run("--years", "0.3", "--seed", "12")
    assert 0 == first.exit_code
    for words in ("OpenModule", "What became of the notifications", "No findings: every law held."):
        assert words in first.stdout
    shown = re.search(r"^Again with: digital-painschool (simulate .*)$", first.stdout, re.MULTILINE)
    assert shown is not None
    assert digest_of(first) == digest_of(CliRunner().invoke(app, shown[1].split()))


@pytest.mark.parametrize(
    ("narrowed", "units", "last"),
    [
        (("--unit", "2", "--until", "2026-01-20"), 1, "2026-01-20"),
        (("--until", "2026-01-07"), 2, "2026-01-07"),
        (("--years", "0.0001"), 2, "2026-01-07"),
        (("--until", "9999-12-31", "--years", "0.003"), 2, "2026-01-07"),
    ],
)
def test_a_run_is_narrowed(narrowed: tuple[str, ...], units: int, last: str) -> None:
    """Otherwise a finding of a long run could not be looked at alone, and the shortest run would be a traceback."""
    result = run(*narrowed)
    assert 0 == result.exit_code
    assert re.search(rf"^ to +{last} ", result.stdout, re.MULTILINE)
    assert re.search(rf"^ units +{units} ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("option", "value", "code", "words"),
    [
        ("--patients", "0", 2, "0 is not in the range"),
        ("--patients", "many", 2, "'many' is not a valid integer"),
        ("--years", "nan", 2, "'nan' is not a valid number"),
        ("--begins", "9999-12-31", 2, "'begins' must be <= 2200-01-01: 9999-12-31"),
        ("--begins", "0001-01-01", 2, "'begins' must be >= 1970-01-01: 0001-01-01"),
        ("--until", "2025-12-31", 2, "'until' must be >= 'begins', 2026-01-07: 2025-12-31"),
        ("--unit", "3", 2, "there are 2 units"),
        ("--storage", "sqlite:///region.db", 1, "put {unit} into the URL"),
    ],
)
def test_what_cannot_be_simulated(option: str, value: str, code: int, words: str) -> None:
    """Otherwise a mistake would be a traceback, a run of nothing, or units that deliver each other's notifications."""
    result = run(option, value)
    assert code == result.exit_code
    assert words in result.stderr


def test_a_finding_ends_it_with_code_1_and_says_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a broken law would pass in CI."""
    hole = dict.fromkeys(Role, permissions.Scope.UNIT)
    monkeypatch.setattr(permissions, "STAFF", dict.fromkeys(permissions.Action, hole))
    result = run("--years", "0.3")
    assert 1 == result.exit_code
    assert re.search(
        r"^law 9, unit \d, enrolment e-\d+, 20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ: ", result.stdout, re.MULTILINE
    )
    assert re.search(r"digital-painschool simulate --patients 6 --years 0.3 --seed 7 .*--unit \d", result.stdout)
    assert "No findings" not in result.stdout


def test_no_identity_number_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a log of a run would hold numbers, test numbers though they are."""
    monkeypatch.setattr(claims, "is_obsolete", lambda notification, *_: notification.flag is None)
    result = run("--years", "0.4")
    assert 1 == result.exit_code
    assert not re.search(r"\b(19|20)[0-9]{6}-?[0-9]{4}\b", result.output)


def test_the_report_is_written(tmp_path: Path) -> None:
    """Otherwise there would be nothing to store or to send."""
    result = run("--report", str(tmp_path / "of" / "today"))
    assert 0 == result.exit_code
    assert {"report.md", "activity.svg", "forenoons.svg", "waiting.svg"} == {
        file.name for file in (tmp_path / "of" / "today").iterdir()
    }


def test_the_outbox_of_a_larger_region_is_run(tmp_path: Path) -> None:
    """Otherwise a region would know of the national pace what somebody planned, and not what the worker does."""
    result = run("--outbox", "12", "--report", str(tmp_path))
    assert 0 == result.exit_code
    assert "12 patients, run: as simulated, 7 days" in result.stdout
    report = (tmp_path / "report.md").read_text("utf-8")
    assert "--outbox 12" in report
    assert "![Outbox](outbox.svg)" in report
    assert "as simulated" in (tmp_path / "outbox.svg").read_text("utf-8")


def test_an_outbox_that_breaks_a_law_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a command that a night job watches would succeed with a worker that lets patients wait."""
    monkeypatch.setattr(Pacer, "near_turns", lambda _: None)
    result = run("--outbox", "12")
    assert 1 == result.exit_code
    assert "the outbox of 12 patients: Law 5: " in result.stdout


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """Otherwise it would be known after a long run only, or what the run has found would be lost with the report."""
    (tmp_path / "file").touch()
    for folder, code in (("file", 2), ("file/within", 1)):
        result = run("--report", str(tmp_path / folder))
        assert (code, "") == (result.exit_code, result.stdout)
        assert str(tmp_path / "file") in result.stderr
    (tmp_path / "report.md").mkdir()
    result = run("--report", str(tmp_path))
    assert 1 == result.exit_code
    assert "Again with: " in result.stdout
    assert "report.md" in result.stderr


def test_a_process_that_crashed_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an operator who runs out of memory would see a traceback and not what to do about it."""

    def crash(*_: object, **__: object) -> Outcome:
        raise BrokenProcessPool

    monkeypatch.setattr(simulation, "simulate", crash)
    result = run("--workers", "2")
    assert 1 == result.exit_code
    assert "try fewer --workers" in result.stderr


def test_each_unit_on_a_file_of_its_own(tmp_path: Path) -> None:
    """Otherwise nobody could look afterwards at what a simulation leaves in a storage."""
    url = f"sqlite:///{tmp_path.as_posix()}/region-{{unit}}.db"
    first = run("--storage", url)
    assert {"region-0001.db", "region-0002.db"} <= {file.name for file in tmp_path.iterdir()}
    assert digest_of(run()) == digest_of(first)
    again = run("--storage", url)
    assert 1 == again.exit_code
    assert "is there already" in again.stderr


def test_memory_and_sqlite_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a comparison that never finds anything would be believed, or hide what the run itself has found."""
    assert 0 == run("--compare", "--years", "0.05").exit_code
    simulate = command._run

    def otherwise(region: Region, unit: int | None, workers: int, storage: str) -> Outcome:
        if storage == "sqlite://":
            region = simulation.Region(patients=region.patients, years=region.years, seed=region.seed + 1)
        return simulate(region, unit, workers, storage)

    monkeypatch.setattr(command, "_run", otherwise)
    monkeypatch.setattr(command, "_shown", lambda _: ("law 5, unit 1: a finding of the run itself",))
    result = CliRunner().invoke(app, ["simulate", "--patients", "2", "--years", "0.1", "--compare"])
    assert 1 == result.exit_code
    assert "law 8, unit 1: memory and SQLite have stored different data" in result.stdout
    assert "law 5, unit 1: a finding of the run itself" in result.stdout


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an operator would see a traceback and not know what is missing."""
    for name in [name for name in sys.modules if name.startswith("digital_painschool.testing")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    result = run()
    assert 1 == result.exit_code
    assert "pip install 'digital_painschool[testing]'" in result.stderr
