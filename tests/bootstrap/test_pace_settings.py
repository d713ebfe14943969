"""The pace of a channel in a settings file."""

from datetime import timedelta
from pathlib import Path

import pytest
from attrs import evolve

from digital_painschool import AdapterConfig, ChannelPace, ConfigurationError, Settings, connect, read_settings
from digital_painschool.domain.notification import Channel

pytestmark = pytest.mark.rule("D-13e")

PACE = ChannelPace(interval=timedelta(seconds=1), round_size=1000, pause=timedelta(minutes=5))
WRITTEN = "{ interval_seconds = 1, round_size = 1000, pause_seconds = 300 }"


def settings_file(folder: Path, pace: str, kind: str = "inbox") -> Path:
    """Return a settings file whose inbox, or messengers, have a pace."""
    messenger = "[[messengers]]\nname = 'memory'\nchannel = 'sms'\n"
    tables = {
        "inbox": "[inbox]\nname = 'memory'\n",
        "messengers": messenger,
        "directory": "[directory]\nname = 'memory'\n",
    }
    file = folder / "school.toml"
    second = messenger.replace("sms", "email") if kind == "messengers" else ""
    file.write_text(f"storage = 'memory://'\n{tables[kind]}pace = {pace}\n{second}", "utf-8")
    return file


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("inbox", WRITTEN, {Channel.INBOX: PACE}),
        ("inbox", "'none'", {Channel.INBOX: None}),
        ("messengers", "{ interval_seconds = 0.1 }", {Channel.SMS: ChannelPace(interval=timedelta(seconds=0.1))}),
    ],
)
def test_a_settings_file_sets_a_pace_or_lifts_it(
    tmp_path: Path, kind: str, written: str, expected: dict[Channel, ChannelPace | None]
) -> None:
    """Otherwise an operator could not keep to what the national service has allowed."""
    assert expected == connect(read_settings(settings_file(tmp_path, written, kind))).paces


@pytest.mark.parametrize(
    ("kind", "written", "says"),
    [
        ("inbox", "1", 'inbox.pace: expected a table, such as {interval_seconds = 1}, or "none"'),
        ("inbox", "'fast'", "inbox.pace: expected a table"),
        ("inbox", "{}", "inbox.pace.interval_seconds: is missing"),
        ("inbox", "{ interval_seconds = 0 }", "inbox.pace: interval is more than 0"),
        ("inbox", "{ interval_seconds = true }", "inbox.pace.interval_seconds: expected a number"),
        ("inbox", "{ interval_seconds = nan }", "inbox.pace.interval_seconds: expected a finite number"),
        ("inbox", "{ interval_seconds = 1e300 }", "inbox.pace.interval_seconds: is a number of seconds"),
        ("inbox", "{ interval_seconds = 1, round_size = 3 }", "inbox.pace: round_size and pause are given together"),
        ("inbox", "{ interval_seconds = 1, round = 3 }", "inbox.pace.round: unknown key"),
        ("messengers", "{ interval_seconds = -1 }", "pace.interval_seconds: is a number of seconds"),
        ("directory", WRITTEN, "directory 'memory'"),  # to it the pace is an option, which it does not have
    ],
)
def test_a_pace_that_is_none_is_refused_with_its_key(tmp_path: Path, kind: str, written: str, says: str) -> None:
    """Otherwise a misprint would send everything at once, or be found in the first forenoon."""
    with pytest.raises(ConfigurationError) as refused:
        connect(read_settings(settings_file(tmp_path, written, kind)))
    assert says in str(refused.value)


def test_a_pace_in_code_is_checked_and_outlives_another_storage() -> None:
    """Otherwise settings that are evolved for a test database would send at another pace than those before."""
    with pytest.raises(Exception, match="pace is a ChannelPace"):
        AdapterConfig("memory", pace=1)  # type: ignore[arg-type]
    settings = Settings(storage=AdapterConfig("memory"), inbox=AdapterConfig("", pace=PACE))
    assert PACE == settings.inbox.pace == evolve(settings, storage=AdapterConfig("memory")).inbox.pace
