"""The command line under a bounded fuzzer: any argument, any file, any stream ends in one line and an exit code."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from itertools import chain, product
from pathlib import Path

import click
import pytest
from click.testing import Result

from digital_painschool.testing.people import UNIT
from tests.cli.test_commands import COMMANDS, WHO, run

NASTY = (
    *("", " ", "-", "--", "-1", "0", "1_000", " 7 ", "٣", "+7", "nan", "inf", "1e999", "9" * 400, "null", "None", "%s"),
    *("\x1b[31mred\x1b[0m", "[bold]x[/x]", "\u202egnp.exe", "a\nb", "a\x00b", "\udcff\udc80", "\ufeff", "å" * 5_000),
    *("../../etc/passwd", "~", "~nobody-of-this-name/x", ".", "/", "/dev/null", "C:\\x", "file:x", "env:NOT_SET"),
    *("memory://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a?b", "sqlite:///%20", "sqlite:////dev/null"),
    *(
        "sqlite:///no/folder/x",
        "sqlite:///\udcff",
        "postgres://[",
        "postgresql://127.0.0.1:1/\udcff",
        "http://x",
        "://",
    ),
    *("2026-02-30", "0001-01-01", "9999-12-31", "2026-3-2", "SE2321000131-E000000000001", "850709-9805"),
)
FILES: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 8,
    "utf16": "storage = 'memory://'".encode("utf-16"),
    "latin1": 'storage = "memory://"\ntitle = "å"'.encode("latin-1"),
    "huge": b"#" * 2_000_001,
    "deep.toml": b"a = " + b"[" * 100_000,
    "half-deep.toml": b'storage = { name = "memory", url = ' + b"[" * 80 + b"]" * 80 + b" }",
    "deep.json": b"[" * 100_000,
    "nan.json": b'{"plan_id": NaN}',
    "twice.json": b'{"plan_id": "a", "plan_id": "b"}',
    "other.json": b'[{"plan_id": {"a": []}, "purged": 5}, null, 3, "x"]',
    "receipt.json": b'{"plan_id": "\\ud800", "unit": "x", "purged": ["\\u0000"], "skipped": [], "at": "2026"}',
    "program.toml": b'key = "\\u001b[31m"\nversion = "[/x]"\n',
    "own.toml": b'storage = "memory://"\n',
    "settings.toml": b'storage = "memory://"\n[units."\\u001b"]\n[policy]\nzone = "\\u202e"\n',
    "mail.toml": b'storage = "memory://"\ndirectory = { name = "toml", path = "binary" }\n',
}
LEAVES = {path: command for path, command in COMMANDS.items() if not isinstance(command, click.Group)}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with files of every kind, and no environment."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    for name in ("PAINSCHOOL_SETTINGS", "PAINSCHOOL_STORAGE", "PAINSCHOOL_SCHEMA"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def assert_in_form(result: Result, *args: object) -> None:
    """Hold an answer to its form: an exit code of three, no traceback, and nothing that a terminal obeys."""
    assert isinstance(result.exception, SystemExit | None), (args, result.exc_info)
    assert result.exit_code in (0, 1, 2), args
    assert "unexpected" not in result.stderr, (args, result.stderr)
    assert "Traceback" not in result.output, args
    assert not set("\x1b\x00\u202e\ufeff") & set(result.output), (args, result.output)
    assert "850709-9805" not in result.output, args
    if result.exit_code and "usable program" not in result.stderr and "Usage: " not in result.stderr:
        assert 1 == result.stderr.count("\n"), (args, result.stderr)


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_any_file_for_any_argument(path: tuple[str, ...], place: Path) -> None:
    """Otherwise a wrong file would end in a traceback, or hang, and the operator see a fault of ours."""
    others: dict[str, tuple[str, ...]] = {
        "settings": ("--settings", "own.toml"),
        "hsa_id": WHO,
        "decision": ("--decision", "RS 1"),
        "plan_id": ("x",),
        "yes": ("--yes",),
        "patients": ("--patients", "1"),
        "years": ("--years", "0.01"),
    }
    taken = [p for p in LEAVES[path].params if isinstance(p.type, click.Path) and path != ("demo",)]
    for parameter, name in product(taken, [*FILES, "folder", "fifo", "loop", "missing", "/dev/null", "a\nb", "\udcff"]):
        given = (name,) if isinstance(parameter, click.Argument) else (parameter.opts[0], name)
        rest = [others[p.name] for p in LEAVES[path].params if p.name in others.keys() - {parameter.name}]
        args = (*path, *given, *chain.from_iterable(rest))
        assert_in_form(run(*args), *args)


@pytest.mark.parametrize("seed", range(8))
def test_any_value_for_any_option(seed: int, place: Path) -> None:
    """Otherwise one of the values that nobody thinks of would end in a traceback."""
    chance = random.Random(seed)  # noqa: S311 - nothing that is drawn is a secret
    for _ in range(60):
        path, command = chance.choice([leaf for leaf in LEAVES.items() if leaf[0] not in (("demo",), ("simulate",))])
        args: list[str] = [*path]
        for parameter in command.params:
            if chance.random() < 0.2 or parameter.name == "watch":
                continue
            name = [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            flag = isinstance(parameter, click.Option) and parameter.is_flag
            likely = {"hsa_id": WHO[1], "unit": UNIT, "settings": "own.toml"}.get(parameter.name or "")
            value = likely if likely and chance.random() < 0.7 else chance.choice(NASTY)
            args += name if flag else [*name, value]
        assert_in_form(run(*args), *args)


@pytest.mark.parametrize("value", NASTY)
def test_numbers_and_days_are_read_strictly(value: str, place: Path) -> None:
    """Otherwise `--patients 1_0` or an Arabic digit would be taken for a number, and `nan` for a length of time."""
    for option in ("--patients", "--years", "--seed", "--begins", "--until", "--unit", "--workers"):
        result = run("simulate", option, value, "--patients-per-therapist", "0")
        assert 2 == result.exit_code
        assert_in_form(result, option, value)
    if value != "0":
        assert_in_form(run("deliver", "--settings", "nowhere.toml", "--watch", value))


@pytest.mark.parametrize("content", [*FILES.values(), b"{", b"null", b"[5]", b'"x"', b"{}", b"[]"])
def test_any_input_for_a_replay(content: bytes, place: Path) -> None:
    """Otherwise a receipt that a shell has written in UTF-16 would end in a traceback."""
    for text in (content, b"\xef\xbb\xbf" + content):
        result = run("retention", "replay", "-", "--yes", "--settings", "own.toml", *WHO, input_=text)
        assert 1 == result.exit_code
        assert_in_form(result)


@pytest.mark.rule("M-07")
@pytest.mark.parametrize(
    "title", ["[/x]", "[bold]x", "\\[x]", "a\x1b[31mb", "\u202egnp", ":smile:", "a\u200bb", "a\x9b1m"]
)
def test_a_title_is_shown_as_it_is(title: str, place: Path) -> None:
    """Otherwise a program's title could end the command, or write to the terminal what it likes."""
    (place / "own.toml").write_text(
        f'key = "own"\nversion = "1"\ntitle = {json.dumps(title)}\nreading_order = [1]\n'
        '[[end_reasons]]\nkey = "klar"\ntitle = "Klar"\n'
        '[[modules]]\nnumber = 1\ntitle = "Ett"\n[[modules.pages]]\ntitle = "Sida"\ntext = "Text"\n',
        "utf-8",
    )
    (place / "own-settings.toml").write_text('storage = "memory://"\nprograms.files = ["own.toml"]\n', "utf-8")
    result = run("programs", "list", "--settings", "own-settings.toml")
    assert_in_form(result, title)
    if result.exit_code == 0 and title.isprintable():
        assert title in result.stdout
    assert_in_form(run("programs", "check", "own.toml"), title)


def script(command: str, place: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of the shell with `$CLI` as the command, in a process of its own whose output is buffered."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        timeout=60,
        check=False,
        cwd=place,
        env={**buffered, "CLI": f"{sys.executable} -m digital_painschool.cli", **environment},
    )


@pytest.mark.parametrize(
    ("command", "code", "lines"),
    [
        ("$CLI programs list >&-", 1, 1),
        ("$CLI programs list > /dev/full", 1, 1),
        ("$CLI --help > /dev/full", 1, 1),
        ("$CLI programs list | true; exit ${PIPESTATUS[0]}", 1, 1),
        ("$CLI plugins --settings none 2>&-", 2, 0),
        ("$CLI plugins --settings none >&- 2>&-", 1, 0),
        ("$CLI plugins --settings none 2> /dev/full", 2, 0),
        ("$CLI 2> /dev/full", 2, 0),
        ("PYTHONUNBUFFERED=1 $CLI 2> /dev/full", 2, 0),
        (f"$CLI retention replay - --yes --settings own.toml {' '.join(WHO)} <&-", 1, 1),
        (f"$CLI retention purge x --settings own.toml {' '.join(WHO)} <&-", 1, 1),
        ("$CLI $'\\xff\\xfe'", 2, 1),
        ("$CLI plugins --settings $'\\xff'", 2, 1),
        ("$CLI migrate --storage $'sqlite:///\\xff.db'", 1, 1),
        ("PAINSCHOOL_SETTINGS=fifo $CLI plugins", 1, 1),
        ("PAINSCHOOL_STORAGE= $CLI status", 2, 1),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONIOENCODING=ascii TERM=dumb COLUMNS=1 $CLI programs list", 0, 0),
        ("PYTHONIOENCODING=utf-16 COLUMNS=-5 TERM=nonsense $CLI programs list", 0, 0),
    ],
)
def test_any_streams(command: str, code: int, lines: int, place: Path) -> None:
    """Otherwise a closed or full stream would end in a traceback, or a purge be made whose receipt nobody gets."""
    done = script(command, place)
    assert (code, lines) == (done.returncode, done.stderr.count(b"\n")), done.stderr
    assert b"Traceback" not in done.stderr
    assert b"unexpected" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.unmeasured  # an interrupt while coverage is stored is told as an error of coverage
@pytest.mark.parametrize("wait", [0.02, 0.1, 0.3, 0.6])
def test_ctrl_c_at_any_time_is_one_line(wait: float, place: Path) -> None:
    """Otherwise an operator who changes their mind would see a traceback."""
    job = [sys.executable, "-m", "digital_painschool.cli", "simulate", "--patients", "400", "--years", "5"]
    running = subprocess.Popen(job, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place)
    time.sleep(0.4 + wait)
    for _ in range(12):  # Python drops one that comes within a finalizer; an operator presses again
        running.send_signal(signal.SIGINT)
        try:
            _, errors = running.communicate(timeout=5)
            break
        except subprocess.TimeoutExpired:
            continue
    else:
        running.kill()
        pytest.fail("Ctrl-C did not end the command within a minute")
    if running.returncode != -signal.SIGINT:  # Python itself had not begun with the command
        # click ends the line of the ^C where it is interrupted itself
        assert (1, "digital-painschool: stopped\n") == (running.returncode, errors.removeprefix("\n"))
