"""`settings check`: what keeps a school from being opened is said before there is a database."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from digital_painschool import ConfigurationError, open_school
from digital_painschool.bootstrap.composition import check_adapters
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.cli.app import app

WRONG = """
storage = "sqlite:///school.db"
receipt_key = "env:NO_RECEIPT_KEY"
observers = [{ name = "prometheus", port = 9 }]

[inbox]
name = "webhook"
url = "https://platform.example.se/notices"
secret = "env:NO_HOOK"

[[messengers]]
name = "smtp"
host = "mail.example.se"
security = "none"
sender = "smartskolan@example.se"

[[messengers]]
name = "pigeon"
"""


@pytest.fixture
def wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file with four mistakes."""
    for name in ("NO_RECEIPT_KEY", "NO_HOOK"):
        monkeypatch.delenv(name, raising=False)
    file = tmp_path / "painschool.toml"
    file.write_text(WRONG, "utf-8")
    return file


def test_every_mistake_of_a_settings_file_is_named_at_once(wrong: Path) -> None:
    """Otherwise an operator would find them one by one, the last of them on the morning of the first delivery."""
    result = CliRunner().invoke(app, ["settings", "check", str(wrong)])
    said = dict(line.split(": ", 1) for line in result.stdout.splitlines())
    assert (1, f"digital-painschool: {wrong}: 4 problems, named above\n") == (result.exit_code, result.stderr)
    usable = ["program digitala-smartskolan", "identity swedish", "directory memory"]
    assert usable == [what for what, how in said.items() if how == "usable"]
    assert ["storage sqlite", "observer prometheus"] == [what for what, how in said.items() if how == "not opened"]
    for what, why in (
        ("inbox webhook", "NO_HOOK is not set"),
        ("messenger smtp", "needs STARTTLS or TLS"),
        ("messenger pigeon", "no messenger is called 'pigeon'"),
        ("receipt_key", "NO_RECEIPT_KEY is not set"),
    ):
        assert why in said[what]


def test_a_check_opens_nothing(wrong: Path) -> None:
    """Otherwise the check of a new file would leave a database behind, or take the port of the worker's counters."""
    assert 5 + 2 == len([*check_adapters(read_settings(wrong))])
    assert [wrong] == [*wrong.parent.iterdir()]


def test_a_mistake_of_another_adapter_leaves_no_database_behind(wrong: Path) -> None:
    """Otherwise the next run would find an empty school, and nobody would miss what the right file holds."""
    wrong.write_text(WRONG.replace("env:NO_RECEIPT_KEY", "x" * 40).replace("observers", "# observers"), "utf-8")
    with pytest.raises(ConfigurationError):
        open_school(wrong)
    assert [wrong] == [*wrong.parent.iterdir()]


def test_a_usable_file_is_said_to_be_so(tmp_path: Path) -> None:
    """Otherwise a check that always fails would pass the tests above."""
    (file := tmp_path / "painschool.toml").write_text('storage = "sqlite:///school.db"\n', "utf-8")
    result = CliRunner().invoke(app, ["settings", "check", str(file)])
    assert (0, "") == (result.exit_code, result.stderr)
    assert "storage sqlite: not opened\n" in result.stdout
