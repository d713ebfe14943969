"""Texts made elsewhere: read in UTF-8, or refused in one line that names the encoding and shows nothing."""

import os
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from attrs import field, make_class

from digital_painschool import InvalidValue, PainSchoolError, Policy
from digital_painschool.adapters.options import parse_options, secret
from digital_painschool.adapters.toml_directory import TomlDirectory
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.programs import load_program
from digital_painschool.serialization.text_files import json_value, read_text, toml_table

HIDDEN = "hemligt-å"
TOML = f'# {HIDDEN}\nstorage = "memory://"\n'


def in_a_secret(path: Path) -> object:
    """Read the file as a secret."""
    return secret(f"file:{path}")


def in_the_environment(path: Path) -> object:
    """Read the file's bytes as a secret in the environment."""
    os.environb[b"PAINSCHOOL_TEST"] = path.read_bytes().partition(b"\x00")[0]
    try:
        return secret("env:PAINSCHOOL_TEST")
    finally:
        del os.environ["PAINSCHOOL_TEST"]


READERS: list[Callable[[Path], object]] = [read_settings, load_program, TomlDirectory, in_a_secret, read_text]
ENCODINGS = {
    "UTF-16 (little endian)": ("utf-16-le", b"\xff\xfe"),
    "UTF-16 (big endian)": ("utf-16-be", b"\xfe\xff"),
    "UTF-32 (little endian)": ("utf-32-le", b"\xff\xfe\x00\x00"),
    "UTF-32 (big endian)": ("utf-32-be", b"\x00\x00\xfe\xff"),
}
CASES = [
    *((f"in {name}", encoding, mark) for name, (encoding, mark) in ENCODINGS.items()),
    *((f"in {name}", encoding, b"") for name, (encoding, _) in ENCODINGS.items()),
    *(("Windows-1252", encoding, b"") for encoding in ("cp1252", "latin-1", "iso8859-15", "cp850")),
]


def chain(error: BaseException | None) -> list[BaseException]:
    """Return an error, its cause, its context, and theirs."""
    return [] if error is None else [error, *chain(error.__cause__), *chain(error.__context__)]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("named", "encoding", "mark"), CASES)
def test_another_encoding_is_named_and_nothing_is_shown(
    read: Callable[[Path], object], named: str, encoding: str, mark: bytes, tmp_path: Path
) -> None:
    """Otherwise a file from an office program would end in a traceback, wrong advice, or a secret in the log."""
    path = tmp_path / "text"
    path.write_bytes(mark + TOML.encode(encoding))
    with pytest.raises(PainSchoolError) as refused:
        read(path)
    assert named in str(refused.value)
    assert "UTF-8" in str(refused.value)
    shown = [f"{error} {error!r} {vars(error)}" for error in chain(refused.value)]
    assert not any("hemligt" in text or "h\x00e" in text or "h\\x00e" in text for text in shown)
    assert not any(isinstance(error, UnicodeError) for error in chain(refused.value))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_utf8_is_read_with_and_without_a_byte_order_mark(mark: str, end: str, tmp_path: Path) -> None:
    """Otherwise a file that Windows has written would be refused, or the mark be a part of a password."""
    path = tmp_path / "text"
    path.write_bytes(f"{mark}{TOML}".replace("\n", end).encode())
    assert "memory" == read_settings(path).storage.name
    path.write_bytes(f"{mark} {HIDDEN} {end}second{end}".encode())
    assert HIDDEN == in_a_secret(path)
    assert HIDDEN == in_the_environment(path)
    path.write_bytes(f"{mark}{HIDDEN}".encode())
    assert HIDDEN == in_a_secret(path)


@pytest.mark.parametrize("read", [in_a_secret, in_the_environment])
@pytest.mark.parametrize(
    "content", [b"", b"\n", b" \r\n", b"\nhemligt", b"hem\x1bligt", b"hem\rligt", b"hem\xc2\x85ligt", b"hemligt\xe5"]
)
def test_what_is_no_secret_is_refused(read: Callable[[Path], object], content: bytes, tmp_path: Path) -> None:
    """Otherwise an empty file would become an empty password, and a broken one be sent to a server."""
    path = tmp_path / "text"
    path.write_bytes(content)
    with pytest.raises(PainSchoolError) as refused:
        read(path)
    assert not any("ligt" in f"{error} {error!r}" for error in chain(refused.value))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("kind", ["missing", "folder", "fifo", "loop", "zero", "NUL", "nested", "digits"])
def test_what_is_no_text_file_is_refused_at_once(read: Callable[[Path], object], kind: str, tmp_path: Path) -> None:
    """Otherwise a command would hang on a FIFO, or fill the memory from a device, or end in a traceback."""
    path = tmp_path / "text"
    contents = {"NUL": 'a = "\x00"', "nested": "a = " + "[" * 100_000, "digits": "a = 1" + "0" * 5_000}
    if kind in contents:
        path.write_text(contents[kind], "utf-8")
        if read in (read_text, in_a_secret) and kind != "NUL":
            return
    elif kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
        if read in (read_settings, TomlDirectory, read_text):
            read(path)  # as an empty file
            return
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "zero":
        path.symlink_to("/dev/zero")
    with pytest.raises(PainSchoolError) as refused:
        read(path)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "text", ["", "{", "[NaN]", "[Infinity]", '{"a": 1, "a": 2}', "[" * 100_000, "1" * 5_000, "\ufeff[]", "'a'"]
)
def test_json_is_read_strictly(text: str) -> None:
    """Otherwise a key that is there twice would hide a list of what is to be purged."""
    with pytest.raises(InvalidValue) as refused:
        json_value(text)
    assert refused.value.__context__ is None
    assert [{"a": [1.5, None]}] == json_value('[{"a": [1.5, null]}]')


TIMES = {
    "09:30:00": time(9, 30),
    '"09:30"': time(9, 30),
    '"09:30:15"': time(9, 30, 15),
    '"09.30"': time(9, 30),
    "06:00:00": time(6),
}


@pytest.mark.parametrize("text", TIMES)
def test_half_past_nine_is_half_past_nine(text: str, tmp_path: Path) -> None:
    """Otherwise the Swedish way to write it would be read as three tenths of a second past nine."""
    path = tmp_path / "painschool.toml"
    path.write_text(f'storage = "memory://"\n[policy]\ncollected_at = {text}\n', "utf-8")
    assert TIMES[text] == read_settings(path).policy.collected_at


WRONG: dict[str, str] = {
    "collected_at": (
        '"0930" "09" "9:30" "T09:30" "09:30:00.3" "09:30Z" "09:30+02:00" "09.30.15" "٠٩:٣٠" "09,30" "24:00" "09:60" ""'
        ' "06.000" 09:30:00.3 9.30 930 2026-03-02T09:30:00Z 2026-03-02'
    ),
    "zone": (
        '"" "../x" "/etc/localtime" "localtime" "Factory" "posixrules" "a\\u0000" "europe/stockholm" "Europe/stockholm"'
        ' "right/UTC" "posix/UTC" "." 5'
    ),
    "retry_minutes": '"" {} "1"',
    "staff_flags": '"" {} "program-done"',
    "maintenance_days": '"" {} "17"',
    "review_after_days": '"7" 7.0 true nan inf "1_000"',
    "export_before_purge": '0 1 "true" "false" []',
}
"""Texts that Python's own readers, or those of cattrs, take for something."""


@pytest.mark.parametrize("line", [f"{key} = {text}" for key, texts in WRONG.items() for text in texts.split()])
def test_what_a_lenient_reading_would_take_is_refused(line: str, tmp_path: Path) -> None:
    """Otherwise a setting would mean another thing than what was written, and on each machine another."""
    path = tmp_path / "painschool.toml"
    path.write_text(f'storage = "memory://"\n[policy]\n{line}\n', "utf-8")
    with pytest.raises(PainSchoolError, match=line.split(" ", maxsplit=1)[0]):
        read_settings(path)


@pytest.mark.parametrize("zone", ["localtime", "right/UTC", "../x", "", None, 5, b"UTC"])
def test_a_zone_is_the_same_on_every_machine(zone: object) -> None:
    """Otherwise the forenoon would be the one of whoever set the machine up."""
    with pytest.raises(InvalidValue, match="IANA"):
        Policy(zone=zone)
    with pytest.raises(InvalidValue, match="whole seconds"):
        Policy(collected_at=time(9, 0, 0, 300_000))


@pytest.mark.parametrize(
    ("kind", "value"), [(int, True), (float, float("nan")), (float, float("inf")), (float, True), (str, 1), (bool, 1)]
)
def test_an_option_is_of_its_kind(kind: type[object], value: object) -> None:
    """Otherwise `timeout = true` would be one second, and `nan` no time-out at all."""
    theirs = make_class("theirs", {"o": field(type=kind)})
    with pytest.raises(PainSchoolError, match=r"^theirs: option o: expected "):
        parse_options({"o": value}, "theirs", theirs)


def test_an_option_that_is_right_comes_through_and_the_rest_is_named() -> None:
    """Otherwise an option would be lost on its way, or a misspelt one be passed over, or a password be shown."""
    theirs = make_class("theirs", {"o": field(type=float), "url": field(type=Masked[str], default=Masked(""))})
    found: Any = parse_options({"o": 1.5, "url": "a"}, "theirs", theirs)
    assert (1.5, "a") == (found.o, found.url.reveal())
    with pytest.raises(PainSchoolError) as refused:
        parse_options({"url": [HIDDEN], "oo": HIDDEN}, "theirs", theirs)
    for problem in ("option o: is missing; expected a number", "option url: expected text", "option oo: unknown key"):
        assert problem in str(refused.value)
    assert HIDDEN not in str(refused.value)
    assert [refused.value] == chain(refused.value)


def test_toml_errors_hold_nothing_of_the_text() -> None:
    """Otherwise the parser's own error, which has the whole text, would hang on ours."""
    for text in (f'a = "{HIDDEN}', f'"{HIDDEN}" = = ', "a = " + "[" * 100_000):
        with pytest.raises(InvalidValue) as refused:
            toml_table(text)
        assert [refused.value] == chain(refused.value)
        assert HIDDEN not in str(refused.value)


def test_of_two_tables_for_one_person_none_is_guessed(tmp_path: Path) -> None:
    """Otherwise a file that was edited while the school runs could send a colleague's messages to the wrong address."""
    file = tmp_path / "staff.toml"
    file.write_text('[SE2321000131-P000000000001]\nemail = "a@b.example"\n')
    directory = TomlDirectory(file)
    file.write_text(
        '[SE2321000131-P000000000001]\nemail = "a@b.example"\n[se2321000131-p000000000001]\nemail = "c@d.example"\n'
    )
    with pytest.raises(DeliveryError, match="cannot be read at the moment"):
        directory.find(HsaId("SE2321000131-P000000000001"))
