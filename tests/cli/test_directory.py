"""The command `directory`: whether the staff directory's settings are right, without anybody's address."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from digital_painschool.cli.app import app
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.people import COORDINATOR, NURSE, STRANGER, UNIT
from tests.staff_file import staff_file


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """A settings file with a staff directory."""
    (tmp_path / "staff.toml").write_text(staff_file(DirectoryContract.known, DirectoryContract.staff), "utf-8")
    path = tmp_path / "painschool.toml"
    path.write_text('storage = "sqlite:///none.db"\n[directory]\nname = "toml"\npath = "staff.toml"\n')
    return str(path)


ANSWERS = [
    (NURSE.hsa_id, "yes", ["yes", "yes"], "yes"),
    (COORDINATOR.hsa_id, "yes", ["no", "no"], "yes"),
    (STRANGER.hsa_id, "no", [], "no"),
]


@pytest.mark.parametrize(("hsa_id", "entry", "ways", "there"), ANSWERS)
def test_the_answers_are_yes_and_no(settings: str, hsa_id: str, entry: str, ways: list[str], there: str) -> None:
    """Otherwise whoever sets up the directory would have to start a treatment to see whether it works."""
    result = CliRunner().invoke(app, ["directory", hsa_id, "--unit", UNIT, "--settings", settings])
    said = [line.split(":")[1].strip() for line in result.stdout.splitlines()]
    assert [entry, *ways, there, "3 persons, 2 of them with a name"] == said
    assert (0, "") == (result.exit_code, result.stderr)
    assert not [word for word in ("vgregion.example", "1740605", "Nord") if word in result.stdout]
    assert not Path(settings).with_name("none.db").exists()
    assert said[:-2] == [
        line.split(":")[1].strip()
        for line in CliRunner().invoke(app, ["directory", hsa_id, "--settings", settings]).stdout.splitlines()
    ]


def test_a_directory_that_cannot_answer_is_one_line(settings: str) -> None:
    """Otherwise an outage would look like a person who is not there."""
    Path(settings).with_name("staff.toml").write_text("[")
    result = CliRunner().invoke(app, ["directory", NURSE.hsa_id, "--settings", settings])
    assert (1, "") == (result.exit_code, result.stdout)
    assert 1 == result.stderr.count("\n")
