"""The commands for operators: status, dead letters, the log as JSON, and the unit file of systemd."""

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digital_painschool import Actor, Notify, OperatorDesk, Role, open_school
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.testing.people import ANNA, BO, RESERVE_NUMBER
from tests.cli.test_commands import NURSE, UNIT, run, settings_of

WHO = ("--hsa-id", "SE2321000131-P000000000007", "--unit", UNIT)
SERVICE = Path(__file__).parents[2] / "docs" / "how-to" / "painschool-deliver.service"


@pytest.fixture
def storage(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A storage in which two notices were given up an hour ago, and one waits; it is in the environment."""
    at = datetime.now(UTC) - timedelta(hours=1)
    with open_school(sqlite_url, migrate=True, clock=lambda: at) as school:
        desk = school.therapist(NURSE)
        for program in range(2):
            number = (RESERVE_NUMBER, "19930829X802")[program]
            desk.start_conversation(desk.start(number, program="digitala-smartskolan").id, "Hej", notify=Notify.DIRECT)
        school.delivery().run()
        desk.start_conversation(desk.start(ANNA, program="digitala-smartskolan").id, "Hej", notify=Notify.DIRECT)
    monkeypatch.setenv("PAINSCHOOL_SETTINGS", settings_of(sqlite_url))
    return sqlite_url


def ids(storage: str) -> list[tuple[str, str]]:
    """Return the dead letters, each as the two ids that the commands take."""
    with open_school(storage) as school:
        return [(one.enrolment_id, one.notification_id) for one in school.delivery().dead_letters()]


def test_the_status_as_json_has_every_figure(storage: str) -> None:
    """Otherwise a monitor could not tell a figure that is nothing from one that is missing."""
    result = run("status", "--json")
    found = json.loads(result.stdout)
    assert 0 == result.exit_code
    assert {"inbox": 1, "email": 0, "sms": 0} == found["waiting"]
    assert {"inbox": 2, "email": 0, "sms": 0} == found["failed_last_day"]
    assert (2, 0, None) == (found["dead_letters"], found["workers"], found["capacity_left_today"])
    assert found["oldest_due_seconds"] >= 3600
    assert found["last_seen_at"] < found["at"]
    shown = run("status")
    assert (0, True) == (shown.exit_code, "inbox 1, email 0, sms 0" in shown.stdout)


@pytest.mark.parametrize(
    ("limits", "code", "words"),
    [
        ((), 0, ()),
        (("--max-due", "61", "--max-dead-letters", "2", "--max-silence", "61"), 0, ()),
        (("--max-due", "30"), 1, ("due for 60.",)),
        (("--max-dead-letters", "1"), 1, ("2 dead letters, more than the 1 of --max-dead-letters",)),
        (("--max-silence", "5", "--max-due", "0"), 1, ("no worker was seen for 60.", "due for 60.")),
    ],
)
def test_a_health_check_fails_when_a_limit_is_exceeded(
    storage: str, limits: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    """Otherwise a delivery that stands still would be found by the patients."""
    result = run("status", "--json", *limits)
    assert code == result.exit_code
    assert json.loads(result.stdout)
    assert code == result.stderr.count("\n")
    assert all(word in result.stderr for word in words)


def test_a_storage_that_no_worker_ever_served_is_silent(sqlite_url: str) -> None:
    """Otherwise a service that never started would pass its health check."""
    open_school(sqlite_url, migrate=True).close()
    result = run("status", "--storage", sqlite_url, "--max-silence", "60")
    assert (1, True) == (result.exit_code, "no worker was seen in the last day" in result.stderr)


def test_dead_letters_are_listed_without_persons(storage: str) -> None:
    """Otherwise an operator would see who is in treatment, or not what to send again, or when it was given up."""
    with Path(os.environ["PAINSCHOOL_SETTINGS"]).open("a", encoding="utf-8") as settings:
        settings.write(f'units."{UNIT}".policy = {{ zone = "Asia/Tokyo" }}\n')
    result = run("dead-letters", "list")
    assert 0 == result.exit_code
    lines = result.stdout.splitlines()
    assert (5, "2 dead letters.") == (len(lines), lines[-1])
    assert all("inbox  message-to-read  unreachable  1 attempt" in line for line in lines[:4:2])
    assert [tuple(line.split()) for line in lines[1:4:2]] == ids(storage)
    found = json.loads(run("dead-letters", "list", "--json").stdout)
    assert [(one["enrolment_id"], one["notification_id"]) for one in found] == ids(storage)
    assert ["unreachable"] * 2 == [one["reason"] for one in found]
    times = [datetime.fromisoformat(one["given_up_at"]).astimezone(ZoneInfo("Asia/Tokyo")) for one in found]
    assert [f"{at:%Y-%m-%d %H:%M}" for at in times] == [line[:16] for line in lines[:4:2]]
    assert not any(number[2:] in result.stdout + repr(found) for number in (RESERVE_NUMBER, ANNA))
    assert "... and more" in run("dead-letters", "list", "--limit", "1").stdout
    assert "no dead letters" in run("dead-letters", "list", "--unit", "SE2321000131-E000000000002").stdout


@pytest.mark.rule("D-13d")
def test_one_dead_letter_is_sent_again_or_dropped_by_its_ids(storage: str) -> None:
    """Otherwise an operator would need a programmer for one notice."""
    first, second = ids(storage)
    sent = run("dead-letters", "send-again", *first, "--reason", "recipient-reachable", *WHO)
    assert (0, "1 notification sent again with the next run.\n") == (sent.exit_code, sent.stdout)
    dropped = run("dead-letters", "drop", *second, "--reason", "informed-otherwise", *WHO)
    assert (0, "1 notification dropped.\n") == (dropped.exit_code, dropped.stdout)
    again = run("dead-letters", "drop", *second, "--reason", "not-needed", *WHO)
    assert (1, 1) == (again.exit_code, again.stderr.count("\n"))
    assert "2 sent" not in run("deliver").stdout
    assert [first] == ids(storage), "it cannot be reached: given up again"


@pytest.mark.rule("D-13d")
def test_all_of_a_channel_are_sent_again_after_an_outage(storage: str) -> None:
    """Otherwise an operator would type five hundred ids after an outage, and be interrupted half-way."""
    none = run("dead-letters", "send-again", "--all", "--channel", "sms", "--reason", "channel-repaired", *WHO)
    assert (0, "0 notifications sent again with the next run.\n") == (none.exit_code, none.stdout)
    every = run("dead-letters", "send-again", "--all", "--reason", "channel-repaired", *WHO)
    assert (0, "2 notifications sent again with the next run.\n") == (every.exit_code, every.stdout)
    assert [] == ids(storage)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("purged", [False, True])
def test_what_is_resolved_or_purged_meanwhile_stops_none_of_the_others(
    storage: str, purged: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the rest of an outage would wait because one of five hundred is gone."""
    first, second = ids(storage)
    listed = OperatorDesk.dead_letters

    def and_then(desk: OperatorDesk, *args: Any, **options: Any) -> Any:
        page = listed(desk, *args, **options)
        with open_school(storage) as school:
            school.therapist(NURSE).withdraw(EnrolmentId(first[0]), "wrong-person")
            office = school.administrator(Actor(hsa_id=NURSE.hsa_id, unit=UNIT, roles={Role.DATA_ADMINISTRATOR}))
            if purged:
                office.purge(office.approve(office.plan_purge(), decision="RS 1"))
        return page

    monkeypatch.setattr(OperatorDesk, "dead_letters", and_then)
    every = run("dead-letters", "send-again", "--all", "--reason", "channel-repaired", *WHO)
    assert (0, "1 notification sent again with the next run.\n") == (every.exit_code, every.stdout)
    assert every.stderr.startswith(f"left: {first[1]} (")
    assert second[1] not in every.stderr
    assert [] == ids(storage)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("--reason", "channel-repaired"), 2, "name the enrolment and the notification"),
        (("only-one", "--reason", "channel-repaired"), 2, "name the enrolment and the notification"),
        (("a", "b", "--all", "--reason", "channel-repaired"), 2, "exclude each other"),
        (("a", "b", "--channel", "sms", "--reason", "channel-repaired"), 2, "--channel goes with --all"),
        (("a", "b", "--reason", "not-needed"), 2, "channel-repaired"),
        (("a", "b"), 2, "--reason"),
        (("a", "b", "--reason", "channel-repaired"), 1, "no such enrolment"),
    ],
)
def test_wrong_use_of_send_again_is_one_line(storage: str, args: tuple[str, ...], code: int, words: str) -> None:
    """Otherwise a slip would send everything of a unit again, or end in a screenful."""
    result = run("dead-letters", "send-again", *args, *WHO)
    assert (code, 1, "") == (result.exit_code, result.stderr.count("\n"), result.stdout)
    assert words in result.stderr
    assert 2 == len(ids(storage))


def test_the_log_of_a_run_as_json_is_lines_of_json(storage: str) -> None:
    """Otherwise a collector of logs would have to guess at texts."""
    command = [sys.executable, "-m", "digital_painschool.cli", "deliver", "--log", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    [finished] = [line for line in lines if line.get("event") == "run-finished"]
    assert (1, 1, 0) == (finished["sent"], finished["delivered"], finished["undelivered"])
    assert not any(number[2:] in done.stderr for number in (ANNA, BO, RESERVE_NUMBER))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_unit_file(tmp_path: Path) -> None:
    """Otherwise an operator who copies the file would find its mistakes at the first restart."""
    program = tmp_path / "digital-painschool"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = SERVICE.read_text("utf-8").replace("/opt/painschool/bin/digital-painschool", str(program))
    unit = tmp_path / SERVICE.name
    unit.write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    about = [line for line in done.stderr.splitlines() if SERVICE.name in line]
    assert (0, []) == (done.returncode, about)


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_systemd_learns_that_the_worker_is_ready_and_stops(sqlite_url: str, tmp_path: Path, kind: str) -> None:
    """Otherwise a worker that never came up would count as started, and what needs it would start too early."""
    open_school(sqlite_url, migrate=True).close()
    name = str(tmp_path / "notify") if kind == "path" else f"@{os.getpid()}-{tmp_path.name}-{kind}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1) if kind == "abstract" else name)
        manager.settimeout(60)
        command = [
            sys.executable,
            "-m",
            "digital_painschool.cli",
            "deliver",
            "--settings",
            settings_of(sqlite_url),
            "--watch",
        ]
        with subprocess.Popen(command, env={"NOTIFY_SOCKET": name, **_paths()}) as worker:
            assert b"READY=1" == manager.recv(100)
            worker.terminate()
            assert b"STOPPING=1" == manager.recv(100)
        assert 0 == worker.returncode


def _paths() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("PAINSCHOOL")}
