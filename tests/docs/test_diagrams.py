"""The diagrams are in step with the code, and show all of it."""

import re
from pathlib import Path

import pytest

from digital_painschool import Phase
from digital_painschool.rules.transitions import TRANSITIONS
from docs import diagrams

LIFECYCLE = diagrams.DOCS / "reference" / "lifecycle.svg"
FOLDERS = diagrams.DOCS / "folders.svg"


def test_diagrams_are_in_step_with_the_code() -> None:
    """A page would otherwise show steps, decisions or imports that are not so."""
    assert [] == diagrams.stale(), "run: python docs/diagrams.py --write"


def test_the_lifecycle_shows_every_step_and_phase() -> None:
    """A generator that forgets an arrow would otherwise agree with itself."""
    drawn = re.findall(r"<text[^>]*>(\w+)</text>", LIFECYCLE.read_text("utf-8"))
    phases = [phase.name for phase in Phase]
    assert sorted([*(transition.command for transition in TRANSITIONS), *phases]) == sorted(drawn)
    arrows = {(transition.source, transition.target) for transition in TRANSITIONS}
    assert len(arrows) == LIFECYCLE.read_text("utf-8").count('<path class="arrow"')


def test_the_folders_are_all_there_and_none_imports_upwards() -> None:
    """A folder that is missing, or an arrow that points up, would mislead whoever looks for a place for a change."""
    source = diagrams.SOURCE
    there = {path.stem for path in source.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    drawn = re.findall(r"<text[^>]*>(\w+)</text>", FOLDERS.read_text("utf-8"))
    assert sorted(there - {"__init__", "__main__"}) == sorted(drawn)
    arrows = re.findall(r'd="M[\d.]+ ([\d.]+) L[\d.]+ ([\d.]+)"', FOLDERS.read_text("utf-8"))
    assert arrows
    assert all(float(start) < float(stop) for start, stop in arrows)


def test_imports_are_read_in_each_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import in a spelling that is not read would be missing in the diagram."""
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / "one.py").write_text(
        "import json\n"
        "import digital_painschool.errors\n"
        "from digital_painschool import Policy, domain\n"
        "from digital_painschool.ports.inbox import Inbox\n"
        "def later():\n"
        "    from digital_painschool.rules import forms\n",
        "utf-8",
    )
    (tmp_path / "__init__.py").write_text("from digital_painschool.cli import app\n", "utf-8")
    monkeypatch.setattr(diagrams, "SOURCE", tmp_path)
    assert {"above": frozenset({"errors", "domain", "ports", "rules"})} == diagrams.imports()


def test_a_diagram_that_has_changed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that never fails would be none."""
    monkeypatch.setattr(diagrams, "DIAGRAMS", {tmp_path / "lifecycle.svg": diagrams.lifecycle})
    assert [tmp_path / "lifecycle.svg"] == diagrams.stale()
    assert diagrams.main(["--check"]) is not None
    assert diagrams.main(["--write"]) is None
    assert diagrams.main(["--check"]) is None
