"""The command line: help, what each command does, and how each says no."""

import io
import json
import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
from attrs import evolve
from click.testing import CliRunner, Result

from digital_painschool import Actor, Conflict, Notify, NotPermitted, PainSchool, Role, StorageError, open_school
from digital_painschool.adapters.sql import migration_sql
from digital_painschool.cli import main, retention, service
from digital_painschool.cli.app import app
from digital_painschool.cli.log_format import JsonLines, Messages
from digital_painschool.cli.output import name_unreadable
from digital_painschool.cli.redaction import masked
from digital_painschool.delivery.worker import Delivery
from digital_painschool.domain.identity_shape import contains_identity_number
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PurgeDecision, PurgeReceipt
from digital_painschool.rules.retention import _IDS_LIMIT
from digital_painschool.serialization.values import to_data
from digital_painschool.testing.contracts.changes import begun

UNIT = "SE2321000131-E000000000001"
NURSE = Actor(hsa_id="SE2321000131-P000000000001", unit=UNIT, roles={Role.THERAPIST})
WHO = ("--hsa-id", "SE2321000131-P000000000004", "--unit", UNIT)
NUMBER = "850709-9805"
COMMANDS: dict[tuple[str, ...], click.Command] = {}


def _collect(path: tuple[str, ...], command: click.Command) -> None:
    COMMANDS[path] = command
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            _collect((*path, name), inner)


_collect((), app)


class Environment:
    """A storage file, and a clock that is moved."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.now = datetime(2015, 3, 2, 8, tzinfo=UTC)

    def in_treatment(self) -> None:
        """Have a patient in treatment at the present of the machine, with a direct notification that waits."""
        self.now = datetime.now(UTC) - timedelta(days=1)
        with self.open() as school:
            desk = school.therapist(NURSE)
            enrolment = desk.start(NUMBER, program="digitala-smartskolan")
            desk.start_conversation(enrolment.id, "Hej", notify=Notify.DIRECT)

    def open(self) -> PainSchool:
        return open_school(self.url, clock=lambda: self.now)

    def ended(self) -> str:
        """Have an enrolment that ended long ago; gives its id."""
        with self.open() as school:
            desk = school.therapist(NURSE)
            enrolment_id = desk.start(NUMBER, program="digitala-smartskolan").id
            school.patient(NUMBER).save_form(enrolment_id, "halsoskattning", {"smarta": 6})
            self.now += timedelta(days=1)
            desk.end(enrolment_id, reason="genomford")
        return enrolment_id

    def run(self, *args: str, who: bool = False, input_: str | None = None) -> Result:
        return run(*args, "--settings", self.settings(), *(WHO if who else ()), input_=input_)

    def settings(self) -> str:
        """Write a settings file that names the storage alone; gives its path."""
        return str(_settings(Path(self.url.removeprefix("sqlite:///")).parent, f'storage = "{self.url}"\n'))

    def retention(self, *args: str, input_: str | None = None) -> Result:
        return self.run("retention", *args, who=True, input_=input_)

    def planned(self, *, decision: str | None = None) -> str:
        """Have a plan, approved on a decision if there is one; gives its id."""
        plan = self.retention("plan").stdout.splitlines()[-1].removeprefix("Plan ")
        if decision is not None:
            assert 0 == self.retention("approve", plan, "--decision", decision).exit_code
        return plan


@pytest.fixture
def environment(sqlite_url: str) -> Environment:
    """An empty SQLite storage."""
    return Environment(sqlite_url)


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAINSCHOOL_SETTINGS", "PAINSCHOOL_STORAGE", "PAINSCHOOL_SCHEMA"):
        monkeypatch.delenv(name, raising=False)


def run(*args: str, input_: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(app, args, input=input_)


def script(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "digital_painschool.cli", *args],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )


def assert_refused(result: Result, code: int, *words: str) -> None:
    """Hold a refusal to its form: its code, one line on stderr, nothing on stdout, no exception but the exit."""
    assert code == result.exit_code
    assert isinstance(result.exception, SystemExit)
    assert 1 == result.stderr.count("\n"), result.stderr
    assert result.stderr.startswith("digital-painschool: ")
    assert not result.stdout
    for word in words:
        assert word in result.stderr


# --- help and wrong use -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    """A command without help, or with a summary that is cut off in the list, would have to be guessed."""
    result = run(*path, "--help")
    assert 0 == result.exit_code
    assert result.stdout.startswith("Usage: ")
    assert "Exit codes:" in result.stdout or isinstance(COMMANDS[path], click.Group)
    assert not path or "..." not in COMMANDS[path].get_short_help_str(limit=45)


def test_the_top_documents_exit_codes_and_the_version_and_needs_a_command() -> None:
    """A script could not know what an exit code means, and a cron line that lost its command would count as done."""
    shown = run("--help").stdout
    assert all(code in shown for code in ("0  success", "1  refused", "2  wrong use"))
    assert "digital-painschool 0.1.0\n" == run("--version").stdout
    result = run()
    assert (2, True) == (result.exit_code, "Commands:" in result.stderr)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("frobnicate",), ("No such command", "digital-painschool --help")),
        (("deliver",), ("--settings", "PAINSCHOOL_SETTINGS", "deliver --help")),
        (("status",), ("--settings", "PAINSCHOOL_STORAGE", "status --help")),
        (("deliver", "--frob"), ("No such option",)),
        (("deliver", "--watch", "0"), ("--watch",)),
        (("retention", "plan"), ("--hsa-id",)),
        (("retention", "plan", "--hsa-id", "x", "--unit", UNIT), ("an HSA-id is",)),
        (("deliver", "--settings", "nowhere.toml"), ("nowhere.toml",)),
    ],
)
def test_wrong_use_is_one_line_and_code_two(args: tuple[str, ...], words: tuple[str, ...]) -> None:
    """A mistyped command would be told in a screenful, or taken for a failure that is worth trying again."""
    assert_refused(run(*args), 2, *words)


def test_what_is_typed_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A storage that is typed would be passed over for one of the environment, or one of two be chosen in silence."""
    monkeypatch.setenv("PAINSCHOOL_SETTINGS", str(_settings(tmp_path, 'storage = "nonsense"\n')))
    assert_refused(run("status"), 1, "storage URL")
    assert 0 == run("status", "--storage", "memory://").exit_code
    settings = _settings(tmp_path, 'storage = "memory://"\n')
    assert_refused(run("status", "--storage", "memory://", "--settings", str(settings)), 2, "give one of them")


@pytest.mark.rule("D-13c")
@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_identity_number_is_never_said_back(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number that was typed by mistake would land in the logs of whatever ran the command."""
    monkeypatch.chdir(tmp_path)
    options = [one.opts[0] for one in COMMANDS[path].params if isinstance(one, click.Option) and not one.is_flag]
    for number in ("850709 9805", "x19850709_9805"):
        for typed in ((number,), (f"--{number}",), *((option, number) for option in options)):
            output = run(*path, *typed, "--no-such-option").output
            assert not contains_identity_number(output.replace(str(tmp_path), "")), (typed, output)


def test_a_folder_of_an_export_is_masked_and_a_log_line_too(
    environment: Environment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A success, or the log that nobody has configured, would print the number that an error masks."""
    exported = environment.run("export", str(tmp_path / "850709 9805"), who=True)
    assert (0, True) == (exported.exit_code, f"exported to {tmp_path}/****, with" in exported.stdout)
    (record,) = [logging.makeLogRecord({"msg": "no file %s", "args": ("850709 9805",)})]
    assert "no file ****" == Messages().format(record)
    assert "no file ****" == json.loads(JsonLines().format(record))["message"]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("850709-****", "8507099805"),
        ("19850709-****", "198507099805"),
        ("090121-****", "090121+9931"),
        ("****", "850709 9805"),
        ("nr ****, hej", "nr 19850709 - 9805, hej"),
        ("****", "850709\N{EN DASH}9805"),
        ("****", "850709\N{ZERO WIDTH SPACE}-9805"),
        ("/srv/****/export", "/srv/850709_9805/export"),
        ("pnr19****", "pnr198507099805"),
        ("id=19****x", "id=198507099805x"),
        ("****", "8 5 0 7 0 9 9 8 0 5"),
        ("**** och ****", "850709 9805 och 850709.9805"),
        ("****", "".join(chr(0xFF10 + int(sign)) for sign in "8507099805")),
        ("2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"),
        ("2015-03-02 2015-03-03", "2015-03-02 2015-03-03"),
        ("19****", "1985-07-09-9805"),
        ("19810829-****", "19810829M071"),
        ("SE2321000131-P000000000001", "SE2321000131-P000000000001"),
        ("postgresql://u:****@host/x", "postgresql://u:s3c/r@t@host/x"),
        ("postgresql://host/x?password=****&user=u", "postgresql://host/x?password=s3cret&user=u"),
        ("https://www.1177.se:443/a", "https://www.1177.se:443/a"),
        ("RS 2037-0042", "RS 2037-0042"),
        ("019cad8fac00793cb0d595b51205d935", "019cad8fac00793cb0d595b51205d935"),
    ],
)
def test_what_is_masked(expected: str, text: str) -> None:
    """A spelling would be let through, or an id be made useless."""
    assert expected == masked(text)


# --- the service ------------------------------------------------------------------------------------------------------


def test_migrate_makes_a_file_and_again_changes_nothing(tmp_path: Path) -> None:
    """An operator could not run the same deployment twice, or a mistyped path would become an empty file."""
    file = tmp_path / "new.db"
    url = f"sqlite:///{file}"
    settings = str(_settings(tmp_path, f'storage = "{url}"\n'))
    assert_refused(run("deliver", "--settings", settings), 1, "there is no file", "migrate")
    assert not file.exists()
    for _ in range(2):
        result = run("migrate", "--storage", url)
        assert (0, "The storage is up to date.\n") == (result.exit_code, result.stdout)
    assert 0 == run("deliver", "--settings", settings).exit_code


@pytest.mark.rule("M-12", "D-13d")
def test_what_sends_or_decides_takes_no_storage(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice would be delivered to an inbox that nobody reads, or a purge decided by another unit's period."""
    environment.in_treatment()
    monkeypatch.setenv("PAINSCHOOL_STORAGE", environment.url)
    opened = {path for path, command in COMMANDS.items() if any(p.name == "settings" for p in command.params)}
    reading = {("migrate",), ("status",), ("dead-letters", "list"), ("plugins",), ("programs", "list")}
    assert reading == {path for path in opened if any(p.name == "storage" for p in COMMANDS[path].params)}
    assert_refused(run("deliver", "--storage", environment.url), 2, "--storage")
    assert_refused(run("deliver"), 2, "PAINSCHOOL_SETTINGS")
    assert 1 == json.loads(run("status", "--json").stdout)["waiting"]["inbox"]


def test_migrate_prints_the_sql_and_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An administrator who lets no program change a schema could not read what it would do, in which schema."""

    def printed(*args: str) -> str:
        result = run("migrate", "--sql", *args)
        assert (0, "") == (result.exit_code, result.stderr)
        return result.stdout

    url = f"sqlite:///{tmp_path / 'new.db'}"
    assert migration_sql(url) == printed("--storage", url)
    assert not (tmp_path / "new.db").exists()
    in_schema = migration_sql("postgresql", schema="smartskola")
    assert in_schema == printed("--storage", "postgresql://", "--schema", "smartskola")
    assert "CREATE TABLE enrolments" not in printed("--storage", url, "--since", "0001")
    elsewhere = '[storage]\nname = "postgresql"\nurl = "env:NOT_HERE"\nschema = "smartskola"\n'
    assert in_schema == printed("--settings", str(_settings(tmp_path, elsewhere)))
    monkeypatch.setenv("PAINSCHOOL_SCHEMA", "smartskola")
    assert in_schema == printed("--storage", "postgresql://")
    settings = str(_settings(tmp_path, 'storage = "postgresql://host/region"\n'))
    assert migration_sql("postgresql") == printed("--settings", settings)
    assert_refused(run("migrate", "--settings", settings, "--schema", "a"), 2, "--schema goes with --storage")
    monkeypatch.setitem(sys.modules, "digital_painschool.adapters.sql", None)
    assert_refused(run("migrate", "--storage", "postgresql://", "--sql"), 1, "digital_painschool[sql]")


@pytest.mark.parametrize(
    ("args", "code", "told"),
    [
        (("--storage", "memory://", "--sql"), 1, "SQL is written for postgresql and sqlite"),
        (("--storage", "sqlite:///x.db", "--sql", "--schema", "a"), 1, "SQLite has no schemas"),
        (("--storage", "sqlite:///x.db", "--schema", "a"), 1, "SQLite has no schemas"),
        (("--storage", "memory://", "--schema", "a"), 1, "option schema: unknown key"),
        (("--storage", "postgresql://", "--sql", "--schema", 'a"; DROP'), 1, "a schema is named with"),
        (("--storage", "sqlite:///x.db", "--sql", "--since", "7"), 1, "no revision of that name; there are 0001"),
        (("--storage", "sqlite:///x.db", "--since", "0001"), 2, "--since goes with --sql"),
        (("--schema", "a"), 2, "--schema goes with --storage"),
    ],
)
def test_migrate_refuses_what_it_cannot_mean(args: tuple[str, ...], code: int, told: str) -> None:
    """A database would be made that nobody meant, or SQL be printed that was never tried."""
    assert_refused(run("migrate", *args), code, told)


@pytest.mark.rule("M-12")
def test_deliver_makes_one_pass(environment: Environment) -> None:
    """What is due would wait, or the operator not be told what was done."""
    environment.in_treatment()
    first, second = environment.run("deliver"), environment.run("deliver")
    assert "1 delivered" in first.stdout
    assert (0, "nothing was due\n") == (second.exit_code, second.stdout)


@pytest.mark.rule("D-13e")
def test_deliver_plans_once(environment: Environment, tmp_path: Path) -> None:
    """An operator would read two plans of a run, and the database count all that is due twice."""
    environment.in_treatment()
    paced = '[inbox]\nname = "sql"\npace = { interval_seconds = 0.01 }\n'
    settings = _settings(tmp_path, f'storage = "{environment.url}"\n{paced}')
    done = run("deliver", "--settings", str(settings), "--log", "json")
    planned = next(line for line in done.stdout.splitlines() if "due, done by" in line)
    assert planned.split("T")[1][8:14] in {"+01:00", "+02:00"}, "the time of the line is in the zone of its end"
    assert (1, "1 delivered" in done.stdout) == (done.stdout.count("inbox: 1 notice due, done by"), True)
    assert 1 == [json.loads(line)["event"] for line in done.stderr.splitlines()].count("planned")


@pytest.mark.parametrize(
    "args", [("status",), ("dead-letters", "list"), ("migrate",), ("export", "e", *WHO), ("retention", "plan", *WHO)]
)
def test_looking_disturbs_no_counters_of_the_worker(
    environment: Environment, tmp_path: Path, args: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A health check would empty the counters of the worker beside it, or fail since the worker has the port."""
    monkeypatch.chdir(tmp_path)
    environment.in_treatment()
    counters = tmp_path / "painschool.prom"
    observer = '[[observers]]\nname = "prometheus"\nfile = "painschool.prom"\n'
    settings = str(_settings(tmp_path, f'storage = "{environment.url}"\n{observer}'))
    assert 0 == run("deliver", "--settings", settings).exit_code
    counted = counters.read_bytes()
    assert b"painschool_notifications_total{" in counted
    assert 0 == run(*args, "--settings", settings).exit_code
    assert counted == counters.read_bytes()


@pytest.mark.parametrize("args", [("status",), ("dead-letters", "list"), ("migrate",)])
def test_looking_at_the_storage_needs_no_secret_of_the_others(
    environment: Environment, tmp_path: Path, args: tuple[str, ...]
) -> None:
    """An operator's shell, without the worker's secrets, could not say how deliveries go."""
    environment.in_treatment()
    others = '[inbox]\nname = "webhook"\nurl = "https://a.se/"\nreach_url = "https://a.se/"\nsecret = "env:NOT_HERE"\n'
    settings = _settings(tmp_path, f'storage = "{environment.url}"\nreceipt_key = "env:NOT_HERE"\n{others}')
    assert 0 == run(*args, "--settings", str(settings)).exit_code
    assert_refused(run("deliver", "--settings", str(settings)), 1, "NOT_HERE")


def test_deliver_refuses_an_inbox_in_memory(environment: Environment, tmp_path: Path) -> None:
    """Notifications would be handed to a memory that ends with the command, and count as delivered."""
    settings = _settings(tmp_path, f'storage = "{environment.url}"\ninbox = {{ name = "memory" }}\n')
    assert_refused(run("deliver", "--settings", str(settings)), 1, "inbox is in memory")
    settings = _settings(
        tmp_path, f'storage = "{environment.url}"\n[[messengers]]\nname = "memory"\nchannel = "email"\n'
    )
    assert_refused(run("deliver", "--settings", str(settings)), 1, "messenger is in memory")
    messenger = '[[messengers]]\nname = "sql"\nchannel = "email"\n'
    settings = _settings(tmp_path, f'storage = "{environment.url}"\n{messenger}')
    assert_refused(run("deliver", "--settings", str(settings)), 1, "no staff directory", "[directory]")


NO_HUP = pytest.mark.skipif(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN, reason="the tests run under nohup")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, pytest.param(signal.SIGHUP, marks=NO_HUP)])
def test_watch_stops_cleanly(environment: Environment, number: signal.Signals) -> None:
    """A worker that is stopped would leave a traceback, or a code that a supervisor takes for a crash."""
    environment.in_treatment()
    worker = subprocess.Popen(
        [
            sys.executable,
            "-u",
            "-m",
            "digital_painschool.cli",
            "deliver",
            "--settings",
            environment.settings(),
            "--watch",
            "0.05",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert worker.stdout is not None
    told = worker.stdout.readline()
    worker.send_signal(number)
    rest, errors = worker.communicate(timeout=30)
    assert "1 delivered" in told
    assert (0, "", "") == (worker.returncode, rest, errors)


def test_watch_goes_on_after_a_failed_pass(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that is away for a minute would end all delivery, and nobody would be told."""
    outcomes = iter(["down", "well", "in the way", "unheard of"])
    real = Delivery.run

    def flaky(delivery: Delivery, **options: Any) -> object:
        outcome = next(outcomes)
        if outcome == "well":
            return real(delivery, **options)
        kinds = {"down": StorageError, "in the way": Conflict, "unheard of": ZeroDivisionError}
        raise kinds[outcome]("the database is away")

    waited: list[float] = []

    def wait(event: object, seconds: float | None = None) -> bool:
        waited.append(seconds or 0)
        if len(waited) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
        return False

    monkeypatch.setattr(Delivery, "run", flaky)
    monkeypatch.setattr("threading.Event.wait", wait)
    before = signal.getsignal(signal.SIGTERM)
    result = environment.run("deliver", "--watch")
    assert [60.0, 60.0, 60.0, 60.0] == waited
    assert (2, 1) == (result.stderr.count("the database is away"), result.stderr.count("(ZeroDivisionError)"))
    assert 1 == result.exit_code
    assert before is signal.getsignal(signal.SIGTERM)
    outcomes, waited[:] = iter(["down", "in the way", "unheard of", "well"]), []
    lines = [json.loads(line) for line in environment.run("deliver", "--watch", "--log", "json").stderr.splitlines()]
    failed = [line["error"] for line in lines if line["event"] == "run-failed"]
    assert ["the database is away"] * 2 + ["ZeroDivisionError"] == failed


# --- programs and plugins ---------------------------------------------------------------------------------------------


@pytest.mark.rule("M-07")
def test_programs_list_shows_what_can_be_started(tmp_path: Path) -> None:
    """The list "Moment" could not be checked before patients are started."""
    plain = run("programs", "list")
    assert "digitala-smartskolan" in plain.stdout
    own = _program(tmp_path, key="egen")
    settings = _settings(tmp_path, f'storage = "memory://"\n[units.{UNIT}]\nprograms = ["{own.name}"]\n')
    shown = run("programs", "list", "--settings", str(settings)).stdout
    assert "egen" in shown
    assert UNIT in shown


def test_programs_check_names_every_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit would find the faults of its program one run at a time, or when the service does not start."""
    monkeypatch.chdir(tmp_path)
    result = run("programs", "check", str(_program(tmp_path, key="egen")))
    assert 0 == result.exit_code
    assert "is a usable program: 'Min', key 'egen', version '1'; 1 modules" in result.stdout
    Path("bad.toml").write_text("key = 3\n", "utf-8")
    result = run("programs", "check", "bad.toml")
    assert 1 == result.exit_code
    assert "digital-painschool: bad.toml is not a usable program:" == result.stderr.splitlines()[0]
    assert "  key: expected text, got the whole number 3" in result.stderr.splitlines()
    assert "Traceback" not in result.stderr


def test_plugins_shows_what_is_chosen_and_names_what_is_missing(environment: Environment, tmp_path: Path) -> None:
    """An operator could not see which adapters the settings choose, or that one of them is not installed."""
    assert "AdapterConfig" not in run("plugins").stdout
    rows = [line.split() for line in environment.run("plugins").stdout.splitlines()]
    for row in ("storage sqlite digital_painschool yes", "inbox sql digital_painschool yes"):
        assert row.split() in rows
    assert ["storage", "memory", "digital_painschool"] in rows
    settings = _settings(tmp_path, 'storage = "memory://"\ninbox = { name = "mina-sidor" }\n')
    result = run("plugins", "--settings", str(settings))
    expected = "digital-painschool: the settings choose adapters that are not installed: inbox 'mina-sidor'\n"
    assert (1, expected) == (result.exit_code, result.stderr)
    assert "sqlite" in result.stdout
    without = run("plugins", "--settings", str(_settings(tmp_path, "")))
    assert (1, True) == (without.exit_code, "have no storage; write storage" in without.stderr)
    elsewhere = _settings(tmp_path, 'storage = "env:PAINSCHOOL_URL"\n')
    assert_refused(run("plugins", "--settings", str(elsewhere)), 1, "stands in a table")


# --- retention --------------------------------------------------------------------------------------------------------


@pytest.mark.rule("M-20", "M-21", "D-21a", "D-21c")
def test_retention_from_plan_to_replay(environment: Environment, tmp_path: Path) -> None:
    """The procedure would break off somewhere, leave records behind, or show a number on the way."""
    enrolment_id = environment.ended()
    backup = tmp_path / "backup.db"
    _copy(Path(environment.url.removeprefix("sqlite:///")), backup)

    planned = environment.retention("plan")
    assert "1 ended enrolment with the last entry before" in planned.stdout
    row = next(line.split() for line in planned.stdout.splitlines() if line.startswith(enrolment_id))
    assert [enrolment_id, "2015-03-03", "2015-03-03", "no"] == row
    plan = planned.stdout.splitlines()[-1].removeprefix("Plan ")

    refused = environment.retention("purge", plan, "--yes")
    assert_refused(refused, 1, "D-21a", "approve the plan")

    folder = tmp_path / "export"
    exported = environment.run("export", str(folder), who=True)
    assert "1 ended enrolment exported to" in exported.stdout
    assert ["answers.csv", "enrolments.csv", "enrolments.jsonl"] == sorted(file.name for file in folder.iterdir())

    replanned = environment.retention("plan").stdout
    assert f"{enrolment_id} 2015-03-03 2015-03-03 yes" in " ".join(replanned.split())

    approved = environment.retention("approve", plan, "--decision", "RS 2037-0042")
    assert "1 enrolment approved for purging, on decision 'RS 2037-0042'.\n" == approved.stdout

    assert_refused(environment.retention("purge", plan), 2, "--yes")
    purged = environment.retention("purge", plan, "--yes")
    assert "1 purged, 0 left\n" == purged.stderr
    assert [enrolment_id] == json.loads(purged.stdout)["purged"]
    again = environment.retention("purge", plan, "--yes")
    assert purged.stdout == again.stdout
    with environment.open() as school:
        assert () == school.patient(NUMBER).enrolments()

    receipts = environment.retention("receipts").stdout
    assert [json.loads(purged.stdout)] == json.loads(receipts)

    environment.url = f"sqlite:///{backup}"
    (tmp_path / "receipts.json").write_text(receipts, "utf-8")
    unproven = environment.retention("replay", str(tmp_path / "receipts.json"), "--yes")
    assert (1, "1 enrolment had come back; 0 purged again, 1 left.\n") == (unproven.exit_code, unproven.stdout)
    left = f"left: {enrolment_id} (not exported in its present state)\n"
    assert f"{left}digital-painschool: 1 left: export them and replay again\n" == unproven.stderr
    environment.run("export", str(tmp_path / "export-again"), who=True)
    replayed = environment.retention("replay", str(tmp_path / "receipts.json"), "--yes")
    assert (0, "1 enrolment had come back; 1 purged again, 0 left.\n") == (replayed.exit_code, replayed.stdout)
    from_stdin = environment.retention("replay", "-", "--yes", input_=purged.stdout)
    assert "0 enrolments had come back; 0 purged again, 0 left.\n" == from_stdin.stdout
    with environment.open() as school:
        assert () == school.patient(NUMBER).enrolments()

    said = [planned, refused, exported, approved, purged, again, replayed]
    assert [] == [(masked(result.output), result.output) for result in said if masked(result.output) != result.output]
    log = sqlite3.connect(backup)
    logged = "SELECT count(*) FROM access_log WHERE action = 'purge' AND \"by\" = ?"
    assert [(4,)] == log.execute(logged, WHO[1:2]).fetchall()  # three replays, and what one of them has deleted
    log.close()


@pytest.mark.rule("D-21a")
def test_a_plan_is_shown_in_local_days_and_with_what_its_export_is_worth(
    environment: Environment, tmp_path: Path
) -> None:
    """What ended on New Year's night would be shown on the day before, or what the purge will skip as exported."""
    environment.now = datetime(2015, 12, 31, 22, tzinfo=UTC)
    with environment.open() as school:
        desk = school.therapist(NURSE)
        enrolment_id = desk.start(NUMBER, program="digitala-smartskolan").id
        desk.start_conversation(enrolment_id, "Hej", notify=Notify.DIRECT)
        begun(school._executor.storage, environment.now)
        environment.now += timedelta(hours=1)
        desk.end(enrolment_id, reason="genomford")
    for number, worth in enumerate(("no", "yes", "before its last change")):
        planned = " ".join(environment.run("retention", "plan", who=True).stdout.split())
        assert f"{enrolment_id} 2016-01-01 2016-01-01 {worth} 1 ended" in planned
        if number == 0:
            assert "does not count" not in environment.run("export", str(tmp_path / "export"), who=True).stdout
        elif number == 1:
            environment.now += timedelta(minutes=30)
            with environment.open() as school:
                assert 1 == school.delivery().run().dropped


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig"])
def test_a_refused_receipt_stops_none_of_the_others(environment: Environment, tmp_path: Path, encoding: str) -> None:
    """What had to go would stay after a restore, since one paper in the pile is bad, or was saved by another editor."""
    enrolment_id = environment.ended()
    decision = {"reference": "RS 1", "by": WHO[1], "at": "2016-01-01T00:00:00Z"}
    paper = {
        "plan_id": "p-1",
        "unit": WHO[3],
        "decision": decision,
        "purged_by": WHO[1],
        "purged": [enrolment_id],
        "purged_at": "2016-01-02T00:00:00Z",
        "skipped": [],
    }
    number = {**paper, "decision": {**decision, "reference": f"nr:{NUMBER}"}}
    file = tmp_path / "receipts.json"
    file.write_text(json.dumps([number, {**paper, "unit": "SE2321000131-E000000000009"}, paper]), encoding)
    environment.run("export", str(tmp_path / "export"), who=True)
    replayed = environment.run("retention", "replay", str(file), "--yes", who=True)
    assert (1, 1) == (replayed.exit_code, replayed.stderr.count("\n"))
    assert "receipt 1 of the file is refused" in replayed.stderr
    assert "receipt 2 of the file is refused: M-20" in replayed.stderr
    assert NUMBER not in replayed.output
    assert "1 enrolment had come back; 1 purged again, 0 left.\n" == replayed.stdout


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe{", b"[" * 100_000, b"\x93RS\x94", b"null", b"[5]", b'"x"', b"{}", b"[]"]
)
def test_a_file_without_receipts_is_refused_in_one_line(
    environment: Environment, tmp_path: Path, content: bytes
) -> None:
    """A traceback would be all that an operator sees after a restore."""
    environment.ended()
    (tmp_path / "receipts.json").write_bytes(content)
    assert_refused(environment.run("retention", "replay", str(tmp_path / "receipts.json"), "--yes", who=True), 1)


@pytest.mark.rule("D-21a")
@pytest.mark.parametrize(
    ("code", "answer", "said"),
    [(1, "n\n", "nothing was purged"), (0, "y\n", "1 purged, 0 left"), (1, "y\n", "0 purged, 1 left; left: ")],
)
def test_purge_asks_on_a_terminal_and_names_what_it_left(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, answer: str, said: str
) -> None:
    """A purge would begin with a key that was pressed too soon, or what was not exported be missed in silence."""
    enrolment_id = environment.ended()
    plan = environment.planned(decision="RS 1")
    if not said.startswith("0 purged"):
        environment.run("export", str(tmp_path / "export"), who=True)
    else:
        said = f"{said}{enrolment_id} (not exported in its present state)\n"
    monkeypatch.setattr("digital_painschool.cli.retention.is_terminal", lambda: True)
    result = environment.retention("purge", plan, input_=answer)
    assert code == result.exit_code
    assert "Purge 1 enrolment for good, on decision 'RS 1'? [y/N]" in result.stderr
    assert said in result.stderr


def test_long_plan_is_cut_unless_asked_for(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of lines would push the plan's id off the screen."""
    monkeypatch.setattr("digital_painschool.cli.retention._ROWS", 0)
    enrolment_id = environment.ended()
    assert enrolment_id not in environment.run("retention", "plan", who=True).stdout
    assert "... and 1 more" in environment.run("retention", "plan", who=True).stdout
    assert enrolment_id in environment.run("retention", "plan", "--all", who=True).stdout


@pytest.mark.rule("M-20", "D-21a")
def test_refusals_are_one_line_without_a_number(environment: Environment) -> None:
    """A refusal would be a traceback, count as done, or keep a number for good in what holds no personal data."""
    plan = environment.planned()
    other = ("--hsa-id", WHO[1], "--unit", "SE2321000131-E000000000002")
    assert_refused(environment.run("retention", "approve", plan, "--decision", "RS 1", *other), 1, "M-20")
    result = environment.retention("approve", "any", "--decision", f"about nr:{NUMBER}")
    assert_refused(result, 2, "no identity number")
    assert NUMBER not in result.output
    for args, input_, word in (
        (("approve", "nope", "--decision", "RS 1"), "", "no such plan"),
        (("purge", "nope", "--yes"), "", "no such plan"),
        (("replay", "-", "--yes"), "{", "not JSON"),
        (("replay", "-", "--yes"), '[{"a": 1}]', "receipt 1 has no plan_id"),
        (("replay", "-", "--yes"), "[]", "has no receipt"),
        (("receipts",), "", "no receipt of this unit"),
    ):
        assert_refused(environment.retention(*args, input_=input_), 1, word)
    for typed in (" RS 1\t", "RS 1 ", "RS 1"):
        assert (
            "approved for purging, on decision 'RS 1'"
            in environment.retention("approve", plan, "--decision", typed).stdout
        )
    for typed in ("RS 2", "RS  1"):
        assert_refused(environment.retention("approve", plan, "--decision", typed), 1, "approved already", "'RS 1'")
    environment.retention("purge", plan, "--yes")
    assert "make a new plan" in environment.retention("purge", plan, "--yes").stderr


@pytest.mark.rule("D-21a")
def test_a_receipt_as_large_as_the_rules_allow_can_be_replayed(environment: Environment, tmp_path: Path) -> None:
    """The purge of a large unit could not be done again after a restore: its receipt would be too long to be read."""
    environment.ended()
    at = datetime(2014, 1, 1, tzinfo=UTC)
    decision = PurgeDecision(reference="RS 1", by=HsaId(WHO[1]), at=at)

    def written(count: int, *, withdrawn: bool, fill: str) -> str:
        ids = tuple(EnrolmentId(f"{number:{fill}>100}") for number in range(count))
        receipt = PurgeReceipt(
            plan_id=PlanId("p"), unit=HsaId(UNIT), decision=decision, purged_by=decision.by, purged_at=at, purged=ids
        )
        return json.dumps([to_data(evolve(receipt, withdrawn=ids if withdrawn else ()))], indent=2)

    sizes = [len(written(count, withdrawn=True, fill='"')) for count in (10, 9)]
    assert (sizes[0] - sizes[1]) * _IDS_LIMIT + sizes[0] < retention._LONGEST
    (tmp_path / "receipts.json").write_text(written(20_000, withdrawn=False, fill="x"))
    for file, input_ in ((str(tmp_path / "receipts.json"), None), ("-", (tmp_path / "receipts.json").read_text())):
        replayed = environment.retention("replay", file, "--yes", input_=input_)
        assert (0, "0 enrolments had come back; 0 purged again, 0 left.\n") == (replayed.exit_code, replayed.stdout)


@pytest.mark.rule("M-21")
@pytest.mark.parametrize("language", ["sv", "en"])
def test_an_export_for_a_spreadsheet_is_in_the_language_that_is_named(
    environment: Environment, tmp_path: Path, language: str
) -> None:
    """A language of the documentation would be refused, or a mistyped unit look like a finished export."""
    exported = environment.run("export", str(tmp_path / "e"), "--language", language, who=True)
    assert (0, True) == (exported.exit_code, "check --unit" in exported.stderr)
    assert (tmp_path / "e" / "enrolments.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_every_choice_of_the_command_line_is_a_word(environment: Environment) -> None:
    """An option would offer the names of an enum, and refuse the values that the documentation has."""
    offered = [
        (path, value)
        for path, command in COMMANDS.items()
        for parameter in command.params
        if isinstance(parameter.type, click.Choice)
        for value in parameter.type.choices
    ]
    assert offered
    assert [] == [one for one in offered if type(one[1]) is not str or one[1] != one[1].lower()]


def test_export_never_overwrites(environment: Environment, tmp_path: Path) -> None:
    """An earlier export would be lost."""
    figures = environment.run("export", str(tmp_path / "e"), "--format", "csv", who=True)
    assert 0 == figures.exit_code
    assert "does not count before a purge, which deletes more; that needs --format json-lines" in figures.stdout
    assert ["answers.csv", "enrolments.csv"] == sorted(file.name for file in (tmp_path / "e").iterdir())
    assert_refused(environment.run("export", str(tmp_path / "e"), who=True), 1, "choose another folder")
    assert_refused(environment.run("export", "", who=True), 2, "the path '' is empty")


@pytest.mark.rule("D-21a")
def test_progress_on_a_terminal_stays_out_of_the_receipt(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator would see nothing of a long purge, or find the bar in the receipt that was kept."""
    enrolment_id = environment.ended()
    plan = environment.planned(decision="RS 1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    exported = environment.run("export", str(tmp_path / "export"), who=True)
    purged = environment.run("retention", "purge", plan, "--yes", who=True)
    assert "exporting" in exported.stderr
    assert "purging" in purged.stderr
    assert [enrolment_id] == json.loads(purged.stdout)["purged"]


# --- how it ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (NotPermitted("export"), "not permitted: export; ask someone whose role at the unit allows it"),
        (PermissionError(13, "Permission denied", "/x"), "/x: Permission denied"),
        (OSError("odd"), "OSError"),
        (StorageError("two\n  lines"), "two lines"),
        (click.Abort(), "stopped"),
        (KeyError("850709-9805"), f"an unexpected KeyError in {__file__}, line LINE; report it"),
        (click.FileError("f", "gone"), "Could not open file 'f': gone"),
    ],
)
def test_what_is_raised_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception, line: str) -> None:
    """A failure would be told in a traceback, or in several lines that a log takes for several failures."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(service, "open_school", fail)
    line = line.replace("LINE", str(fail.__code__.co_firstlineno + 1))
    result = run("migrate", "--storage", "memory://")
    assert_refused(result, 1)
    assert f"digital-painschool: {line}\n" == result.stderr


def test_any_stream_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that catches the output in a stream of its own would get a traceback."""
    caught = io.StringIO()
    monkeypatch.setattr(sys, "stdout", caught)
    with pytest.raises(SystemExit) as stopped:
        app(["--version"])
    assert (0, "digital-painschool 0.1.0\n") == (stopped.value.code, caught.getvalue())


def test_as_a_process(tmp_path: Path) -> None:
    """What works in a test would not work as the command that is installed."""
    fine = script("deliver", PAINSCHOOL_SETTINGS=str(_settings(tmp_path, 'storage = "memory://"\n')))
    assert (0, "nothing was due\n", "") == (fine.returncode, fine.stdout, fine.stderr)
    module = [sys.executable, "-m", "digital_painschool", "--version"]
    assert subprocess.run(module, capture_output=True, text=True, check=True).stdout.startswith("digital-painschool ")
    wrong = script("deliver", NUMBER)
    assert (2, "") == (wrong.returncode, wrong.stdout)
    assert 1 == wrong.stderr.count("\n")
    assert NUMBER not in wrong.stderr


@pytest.mark.parametrize("missing", ["click", "rich.console"])
def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str) -> None:
    """Without the extra the command would end in a traceback that names a stranger."""
    monkeypatch.delitem(sys.modules, "digital_painschool.cli.app")
    for name in [name for name in sys.modules if name.startswith("digital_painschool.cli.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert 2 == stopped.value.code
    assert "digital-painschool needs the extra: pip install 'digital_painschool[cli]'\n" == capsys.readouterr().err


def test_what_else_is_missing_is_not_blamed_on_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation would be told to install what is there already."""
    monkeypatch.setitem(sys.modules, "digital_painschool.cli.app", None)
    with pytest.raises(ModuleNotFoundError, match=r"cli\.app"):
        main()


def _settings(folder: Path, text: str) -> Path:
    file = folder / "painschool.toml"
    file.write_text(text, "utf-8")
    return file


def _program(folder: Path, *, key: str) -> Path:
    file = folder / "program.toml"
    file.write_text(
        f'key = "{key}"\nversion = "1"\ntitle = "Min"\nreading_order = [1]\n'
        '[[end_reasons]]\nkey = "klar"\ntitle = "Klar"\n'
        '[[modules]]\nnumber = 1\ntitle = "Ett"\n[[modules.pages]]\ntitle = "Sida"\ntext = "Text"\n',
        "utf-8",
    )
    return file


def _copy(source: Path, target: Path) -> None:
    """Back a SQLite file up."""
    before, after = sqlite3.connect(source), sqlite3.connect(target)
    before.backup(after)
    before.close()
    after.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_told_by_the_exit_code(environment: Environment) -> None:
    """Otherwise a job would take an empty list of patients for a fine one."""
    with Path("/dev/full").open("w") as full, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", full)
        with pytest.raises(SystemExit) as stopped:
            app(["plugins", "--storage", environment.url])
    assert 1 == stopped.value.code


def test_what_cannot_be_read_is_named_by_its_id(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise a list would look as if it were whole."""
    name_unreadable(())
    assert ("", "") == capsys.readouterr()
    name_unreadable(("e-1", "e-2"))
    told = capsys.readouterr()
    assert ("", "Left out, because they cannot be read and need repair: e-1, e-2\n") == (told.out, told.err)


def test_a_clinic_s_decisions_are_written_as_a_settings_file_and_told_in_plain_words(tmp_path: Path) -> None:
    """Otherwise a clinic's head would have to read TOML, or trust whoever does."""
    example = run("policy", "--example", "--set", "weekly-feedback", "--language", "en")
    assert 0 == example.exit_code
    file = tmp_path / "clinic.toml"
    unit = "units = { SE2321000131-E000000000001 = { policy = { export_before_purge = false } } }"
    file.write_text(f"{unit}\n{example.stdout}", "utf-8")
    told = run("policy", "--check", str(file), "--language", "en").stdout
    assert (
        "Review of progress: A patient is shown as due for review when the last one is more than 7 days ago. (M-09)"
        in told
    )
    assert "Unit SE2321000131-E000000000001: what differs from every unit" in told
    assert "What was not exported can be purged." in told
    assert "Program Digitala smärtskolan, version 1-released\n  Made-up example content: not for patients." in told
    swedish = tmp_path / "ny.toml"
    swedish.write_text(run("policy", "--example").stdout, "utf-8")
    assert "Inget är bestämt på annat sätt." in run("policy", "--check", str(swedish)).stdout
    wrong = run("policy")
    assert 2 == wrong.exit_code
    assert "choose one of --example and --check FILE" in wrong.stderr
