"""The demo: it runs, runs again, tells the same at either speed, and shows nobody's number."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from digital_painschool.cli.app import app
from digital_painschool.cli.demo.files import prepare
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import ANNA, DAVID, NUMBERS, UNIT, DemoSchool
from digital_painschool.cli.demo.year import play
from digital_painschool.cli.redaction import masked

RULES_SHOWN = (
    "M-03", "M-04", "M-05", "M-06", "M-07", "M-08", "M-09", "M-10", "M-12", "M-13", "M-14", "M-15", "M-16", "M-17",
    "M-18", "M-19", "M-20", "M-21", "M-22",
    "D-04a", "D-05a", "D-05b", "D-07a", "D-07b", "D-09a", "D-13a", "D-13b", "D-13c", "D-13d", "D-15a", "D-17a", "D-17b",
    "D-18a", "D-19a", "D-21a", "D-21b", "D-21c", "D-23a",
)  # fmt: skip


def demo(file: str | Path, *args: str) -> Result:
    """Run the demo in this process."""
    return CliRunner().invoke(app, ["demo", "--file", str(file), *args])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What one demo tells."""
    result = demo(tmp_path_factory.mktemp("story") / "story.db", "--fast")
    assert 0 == result.exit_code, result.output
    return result.stdout


def test_runs_twice_in_a_row_and_tells_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second look at the demo would end at the file that the first left behind, or tell another story."""
    monkeypatch.chdir(tmp_path)
    first, second = (CliRunner().invoke(app, ["demo"]) for _ in range(2))
    assert (0, 0) == (first.exit_code, second.exit_code)
    assert first.stdout == second.stdout
    assert ["painschool-demo-files", "painschool-demo.db"] == sorted(path.name for path in tmp_path.iterdir())


def test_fast_tells_the_same_without_pauses(tmp_path: Path) -> None:
    """Whoever is in a hurry would see another story, or a reader could not follow the slow one."""
    told: list[str] = []
    pauses: list[float] = []
    for pause in (pauses.append, lambda _: None):
        screen = Console(file=io.StringIO(), width=100, force_terminal=True, highlight=False)
        with DemoSchool(prepare(tmp_path / "demo.db")) as stage:
            play(stage, Narrator(screen, pause))
        assert isinstance(screen.file, io.StringIO)
        told.append(screen.file.getvalue())
    assert told[0] == told[1]
    assert 20 < sum(pauses) < 45
    assert max(pauses) < 1


def test_pauses_on_a_terminal_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe would wait half a minute for nothing, or a reader be shown everything at once."""
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    assert 0 == demo(tmp_path / "demo.db").exit_code
    assert [] == pauses
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert 0 == demo(tmp_path / "demo.db", "--fast").exit_code
    assert [] == pauses
    assert 0 == demo(tmp_path / "demo.db").exit_code
    assert len(pauses) > 50


@pytest.mark.rule(*RULES_SHOWN)
def test_shows_every_kind_of_rule(story: str) -> None:
    """A part of the treatment would be missing from what is shown to those who decide on it."""
    assert () == tuple(rule for rule in RULES_SHOWN if rule not in story)


def test_shows_the_manuals_labels(story: str) -> None:
    """Those who know the manual would not know the screens again."""
    labels = ["Mina", "Hantera", "Meddelande", "Tidslinje", "Min profil", "Vidmakthåll", "Avsluta"]
    labels += ["Ta emot notifieringar", "Händelser att hantera", "Moment", "direkt", "uppsamlat"]
    assert [] == [label for label in labels if label not in story]


@pytest.mark.rule("D-13a", "D-13b", "D-13d", "D-17a", "M-17", "D-21a")
def test_figures_of_the_story(story: str) -> None:
    """The story would go wrong in the telling: each of these is counted by the library."""
    lines = [" ".join(line.replace("│", "").split()) for line in story.splitlines()]
    for expected in (
        "C 19570428-**** PRIO 1 formulär 2026-03-05 2027-03-02",
        "2026-03-05 16:00 Modul 5 öppnades, utanför ordningen",
        "Hälsoskattning: ifyllt 2 gånger, 2 att läsa",
        "Hälsoskattning: ifyllt 3 gånger, 1 att läsa",
        "Klar med momentet",
        "Meddelande: 1 att läsa",
        "A 19850709-**** 3 Framlämnad",
        "C 19570428-**** 1 Framlämnad",
        "E 19090121-**** 1 Inte längre aktuell",
        "F 19810829-**** 1 Mottagaren kan inte nås",
        "08:59 the delivery worker runs: 0 delivered. M-13",
        "A 19850709-**** tiden är slut 2026-04-28 2027-03-02 dags",
        "David purges: 5 are gone, 0 were left. Purging again gives the same receipt. D-21a",
        "B to F sign in, and find 0 enrolments. D-21a",
    ):
        assert expected in lines


def test_shows_no_number_and_no_line_that_wraps(story: str) -> None:
    """A number would be read over a shoulder, or a screen of 100 columns be torn."""
    assert masked(story) == story
    assert not any(number in story for number in NUMBERS.values())
    told = story[: story.index("It is all in")]
    assert 100 == max(map(len, told.splitlines()))


@pytest.mark.rule("M-21", "M-22", "D-13c", "D-21a")
def test_leaves_what_it_says(tmp_path: Path) -> None:
    """Whoever looks into the file afterwards would not find what the last lines promise."""
    shown = demo(tmp_path / "look.db", "--fast").stdout
    folder = tmp_path / "look-files"
    assert ["export", "mail", "receipt.json", "settings.toml", "staff.toml"] == sorted(p.name for p in folder.iterdir())
    (mail,) = (folder / "mail").iterdir()
    assert "En patient är klar med sitt moment. Logga in för att se vem." == json.loads(mail.read_text("utf-8"))["text"]
    assert 5 == len(json.loads((folder / "receipt.json").read_text("utf-8"))["purged"])
    with closing(sqlite3.connect(tmp_path / "look.db")) as database:
        for question in (line.split('"')[1] for line in shown.splitlines() if line.startswith("  sqlite3 ")):
            assert database.execute(question).fetchall()
    args = ["--settings", str(folder / "settings.toml"), "--hsa-id", DAVID.hsa_id, "--unit", UNIT]
    receipts = json.loads(CliRunner().invoke(app, ["retention", "receipts", *args]).stdout)
    assert [1, 5] == [len(receipt["purged"]) for receipt in receipts]
    assert [receipts[0]["purged"], []] == [receipt["withdrawn"] for receipt in receipts]
    code = shown[shown.index('python -c "') + len('python -c "') :].rstrip().removesuffix('"')
    look = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
        cwd=tmp_path,
    )
    assert "19850709-****" in look.stdout
    assert ANNA.hsa_id in look.stdout


@pytest.mark.parametrize("content", [b"", b"precious", None])
def test_never_replaces_what_is_not_its_own(tmp_path: Path, content: bytes | None) -> None:
    """A database with patients in it would be lost to a demo."""
    file = tmp_path / "mine.db"
    if content is None:
        CliRunner().invoke(app, ["migrate", "--storage", f"sqlite:///{file}"])
        content = file.read_bytes()
    else:
        file.write_bytes(content)
    result = demo(file)
    assert 2 == result.exit_code
    assert 1 == result.stderr.count("\n")
    assert "not from a demo" in result.stderr
    assert content == file.read_bytes()


def test_never_replaces_a_folder_that_is_not_its_own(tmp_path: Path) -> None:
    """A folder that happens to have the name would be emptied."""
    (tmp_path / "mine-files").mkdir()
    (tmp_path / "mine-files" / "thesis.txt").write_text("precious", "utf-8")
    result = demo(tmp_path / "mine.db")
    assert 2 == result.exit_code
    assert "mine-files is there and not from a demo" in result.stderr
    assert "precious" == (tmp_path / "mine-files" / "thesis.txt").read_text("utf-8")


def test_goes_on_after_a_demo_that_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle would block every later demo."""

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "demo.db"
    with monkeypatch.context() as patch:
        patch.setenv("FORCE_COLOR", "1")
        patch.setattr(time, "sleep", interrupt)
        stopped = demo(file)
    assert 1 == stopped.exit_code
    assert "digital-painschool: stopped" in stopped.stderr
    assert 0 == demo(file).exit_code


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """A read-only folder would end in a traceback."""
    (tmp_path / "file").write_text("", "utf-8")
    result = demo(tmp_path / "file" / "demo.db")
    assert 1 == result.exit_code
    assert 1 == result.stderr.count("\n")


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_as_a_process_on_any_screen(tmp_path: Path, encoding: str) -> None:
    """A screen without Swedish letters would stop the demo half way."""
    result = subprocess.run(
        [sys.executable, "-m", "digital_painschool.cli", "demo", "--fast", "--file", "a b.db"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert (0, b"") == (result.returncode, result.stderr)
    assert b"sqlite3 'a b.db'" in result.stdout


def test_a_folder_is_no_file() -> None:
    """Otherwise the demo would write into the root of the disk."""
    with pytest.raises(click.UsageError, match="names a file"):
        prepare(Path("/"))
