"""Paths: each is made absolute once, and no new school is made where an old one was meant."""

import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from digital_painschool import (
    Actor,
    ConfigurationError,
    InvalidValue,
    PainSchoolError,
    Role,
    Settings,
    connect,
    open_school,
)
from digital_painschool.adapters.file_messenger import FileMessenger
from digital_painschool.adapters.options import secret
from digital_painschool.adapters.paths import absolute
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.sql.inbox import SqlInbox
from digital_painschool.adapters.sql.messaging import SqlMessenger
from digital_painschool.adapters.sql.urls import driver_for
from digital_painschool.adapters.toml_directory import TomlDirectory
from digital_painschool.bootstrap.composition import catalogue
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import list_receipts
from digital_painschool.testing.people import UNIT

NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})
STAFF = f'["{NURSE.hsa_id}"]\nemail = "nurse@example.org"\n'


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, and the home folder of whoever runs this."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return folder


def elsewhere(folder: Path) -> None:
    """Go on in another working folder, as a daemon does."""
    other = folder.parent / "elsewhere"
    other.mkdir(exist_ok=True)
    os.chdir(other)


def names(folder: Path) -> list[str]:
    """Return the names of what is in a folder."""
    return sorted(file.name for file in folder.iterdir())


def start(settings: Settings | str | Path, go: Callable[[], None] = lambda: None) -> list[str]:
    """Start a patient; gives the files that are in the working folder afterwards."""
    with open_school(settings) as school:
        go()
        desk = school.therapist(NURSE)
        enrolment = desk.start("850709-9805", program="digitala-smartskolan")
        assert enrolment.id == desk.enrolment(enrolment.id).id
        assert 1 == len(desk.caseload().rows)
    return names(Path())


def test_a_school_stays_in_its_folder_whatever_the_working_folder_is(here: Path) -> None:
    """Otherwise another database's patients would be shown after a change of folder, or a new file be made there."""
    assert [] == start("sqlite:///painschool.db", lambda: elsewhere(here))
    assert (here / "painschool.db").is_file()


def test_each_connection_is_to_the_same_file(here: Path) -> None:
    """Otherwise a second thread, or the first after an idle hour, would work in another file than the others."""
    SqlStorage("sqlite:///painschool.db", migrate=True).close()
    driver = driver_for("sqlite:///painschool.db")
    elsewhere(here)
    link = driver.connect()
    assert link.has_table("enrolments")
    link.close()


@pytest.mark.parametrize("adapter", ["storage", "inbox", "messenger", "directory", "files"])
def test_each_adapter_keeps_the_path_that_it_was_made_with(adapter: str, here: Path) -> None:
    """Otherwise an adapter that is made in code would look for its file anew at each call."""
    url = "sqlite:///painschool.db"
    SqlStorage(url, migrate=True).close()
    (here / "staff.toml").write_text(STAFF, "utf-8")
    made: SqlStorage | SqlInbox | SqlMessenger | TomlDirectory | FileMessenger
    match adapter:
        case "storage":
            made = SqlStorage(url)
        case "inbox":
            made = SqlInbox(url)
        case "messenger":
            made = SqlMessenger(Channel.SMS, url)
        case "directory":
            made = TomlDirectory(Path("staff.toml"))
        case _:
            made = FileMessenger(Channel.SMS, Path("mail"))
    elsewhere(here)
    if isinstance(made, TomlDirectory):
        assert made.find(HsaId(NURSE.hsa_id)) is not None
    elif isinstance(made, SqlStorage):
        assert () == list_receipts(made, HsaId(NURSE.unit))
    elif isinstance(made, SqlInbox):
        assert 0 == made.forget(["key"])
    else:
        made.send(Address("+46701740605"), Template.PROGRAM_DONE, "https://example.org/", key="key", unit=UNIT)
        assert 1 == made.forget(["key"])
    if not isinstance(made, (TomlDirectory, FileMessenger)):
        made.close()
    assert [] == names(Path())


@pytest.mark.parametrize(
    ("written", "behind"),
    [
        ("sqlite:///data/school.db", None),
        ("sqlite+pysqlite:///data/school.db", None),
        ("env:SCHOOL", "sqlite:///data/school.db"),
        ("file:secrets/url", "sqlite:///data/school.db\r\n"),
        ("file:./secrets/url", "\ufeffsqlite:///data/school.db"),
    ],
)
def test_what_a_settings_file_names_is_meant_from_its_folder(
    written: str, behind: str | None, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a worker that cron starts elsewhere would make a new, empty school, and all would go well for ever."""
    settings = here / "etc" / "painschool.toml"
    for folder in ("data", "secrets"):
        (settings.parent / folder).mkdir(parents=True)
    if behind is not None:
        monkeypatch.setenv("SCHOOL", behind)
        (settings.parent / "secrets" / "url").write_text(behind, "utf-8")
    settings.write_text(f'[storage]\nname = "sqlite"\nurl = "{written}"\n', "utf-8")
    read = read_settings(Path("etc/painschool.toml"))
    elsewhere(here)
    assert [] == start(read)
    assert (settings.parent / "data" / "school.db").is_file()


def test_every_path_of_a_settings_file_is_absolute_when_it_is_read(here: Path) -> None:
    """Otherwise the staff, the messages or a program would be looked for where the process has gone since."""
    (here / "staff.toml").write_text(STAFF, "utf-8")
    (here / "painschool.toml").write_text(
        'storage = "memory://"\ndirectory = { name = "toml", path = "staff.toml" }\n'
        '[[messengers]]\nname = "files"\nchannel = "sms"\nfolder = "~/mail"\n'
        '[[observers]]\nname = "theirs"\ntoken = "file:token"\nplain = "a text"\n',
        "utf-8",
    )
    settings = read_settings("painschool.toml")
    assert {"path": str(here / "staff.toml")} == settings.directory.options
    assert str(here.parent / "home" / "mail") == settings.messengers[0].options["folder"]
    assert f"file:{here / 'token'}" == settings.observers[0].options["token"]
    assert "a text" == settings.observers[0].options["plain"]


def test_a_file_where_an_older_version_found_it_is_not_passed_over(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an update would show an empty school, and the old patients be in a file that nobody opens."""
    (here / "etc").mkdir()
    SqlStorage("sqlite:///school.db", migrate=True).close()
    monkeypatch.setenv("SCHOOL", "sqlite:///school.db")
    (here / "etc" / "painschool.toml").write_text('[storage]\nname = "sqlite"\nurl = "env:SCHOOL"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="counts from the settings file's folder"):
        open_school("etc/painschool.toml")
    assert ["painschool.toml"] == names(here / "etc")


@pytest.mark.parametrize(
    "name", ["my school.db", "smärtskola.db", "a#b.db", "100%.db", "{unit}.db", "~x.db", "a?b/x.db"]
)
def test_a_name_is_taken_as_it_is(name: str, here: Path) -> None:
    """Otherwise a file would be made under another name than the one that was written."""
    (here / name).parent.mkdir(exist_ok=True)
    start(f"sqlite:///{here}/{name}")
    assert (here / name).is_file()


def test_home_is_home(here: Path) -> None:
    """Otherwise a folder called ~ would be looked for."""
    start("sqlite:///~/school.db")
    assert ["school.db"] == [file.name for file in (here.parent / "home").glob("*.db")]


def dangling(folder: Path) -> str:
    """Make a link to a file on a disk that is not there."""
    (folder / "school.db").symlink_to(folder / "disk" / "school.db")
    (folder / "disk").mkdir()
    return "school.db"


def with_log(folder: Path) -> str:
    """Leave the write-ahead log of a file that is gone."""
    (folder / "school.db-wal").write_bytes(b"")
    return "school.db"


def decomposed(folder: Path) -> str:
    """Have a file whose name looks the same."""
    (folder / unicodedata.normalize("NFD", "skolåret.db")).write_bytes(b"")
    return unicodedata.normalize("NFC", "skolåret.db")


def fragment(folder: Path) -> str:
    """Have a file, and name it with a fragment."""
    (folder / "school.db").write_bytes(b"")
    return "school.db#prod"


def fifo(folder: Path) -> str:
    """Make something that no database can be in."""
    os.mkfifo(folder / "fifo")
    return "fifo"


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "folder/", ":memory:", "a.db?mode=ro", "file:a.db", "file:a.db?mode=ro", "my%20school.db"),
        *("C:\\data\\a.db", "C:/data/a.db", "\\\\server\\a.db", "data\\a.db", "a.db ", " a.db", "a\nb.db", "a\x00.db"),
        *("\udcff.db", "~nobody-of-this-name/a.db", "no/folder/a.db", "x" * 300, "/dev/null"),
        *(dangling, with_log, decomposed, fragment, fifo),
    ],
)
@pytest.mark.parametrize("way", ["code", "file"])
def test_no_file_is_made_where_another_was_meant(name: str | Callable[[Path], str], way: str, here: Path) -> None:
    """Otherwise a slip would make a new and empty school, in which nobody misses anything."""
    url = f"sqlite:///{name(here) if callable(name) else name}"
    if way == "file":
        if not url.isprintable() and "\udcff" in url:
            pytest.skip("no TOML holds half a surrogate pair")
        (here / "painschool.toml").write_text(f"storage = {json.dumps(url)}\n", "utf-8")
    before = {file: file.lstat().st_size for file in here.rglob("*")}
    for migrate in (False, True):
        with pytest.raises(PainSchoolError) as refused:
            open_school(Settings.from_url(url) if way == "code" else "painschool.toml", migrate=migrate)
        assert "\n" not in str(refused.value)
    assert before == {file: file.lstat().st_size for file in here.rglob("*")}


@pytest.mark.parametrize("path", ["", " a", "a\tb", "C:\\mail", "~nobody-of-this-name/mail", "\udcff"])
@pytest.mark.parametrize("key", ["path", "folder"])
def test_a_path_that_can_be_none_is_refused_when_the_settings_are_read(key: str, path: str, here: Path) -> None:
    """Otherwise messages would go into the settings' own folder, or into one with a strange name."""
    with pytest.raises(InvalidValue, match="the path"):
        absolute(path)
    for chosen in (AdapterConfig("toml", {"path": path}), AdapterConfig("files", {"channel": "sms", "folder": path})):
        part = {"directory": chosen} if chosen.name == "toml" else {"messengers": (chosen,)}
        with pytest.raises(ConfigurationError, match="the path"):
            connect(evolve(Settings.from_url("memory://"), **part))
    if not path.isascii():
        return
    text = path.replace("\\", "\\\\").replace("\t", "\\t")
    (here / "painschool.toml").write_text(f'storage = "memory://"\ndirectory = {{ name = "toml", {key} = "{text}" }}\n')
    with pytest.raises(ConfigurationError, match=r"painschool\.toml: the path"):
        read_settings("painschool.toml")


def test_a_working_folder_that_is_gone_is_named(here: Path) -> None:
    """Otherwise a relative path would end in an error of the operating system's."""
    here.rmdir()
    with pytest.raises(PainSchoolError, match="the working folder is gone"):
        open_school("sqlite:///school.db")


def test_a_name_and_a_url_of_two_kinds_are_refused(here: Path) -> None:
    """Otherwise a secret for another machine would make an empty file of what should be the region's server."""
    with pytest.raises(ConfigurationError, match="another kind of database"):
        connect(Settings(storage=AdapterConfig("postgresql", {"url": "sqlite:///school.db"})))
    assert [] == names(Path())
    assert "postgresql" == Settings.from_url("postgres://host/school").storage.name
    assert "sql" == Settings.from_url("postgres://host/school").inbox.name


def test_the_inbox_and_the_messengers_follow_the_storage(here: Path) -> None:
    """Otherwise notices would be kept where the old storage was, or in a memory that ends with the process."""
    sms = AdapterConfig("sql", {"channel": "sms"})
    one, two = (AdapterConfig("sqlite", {"url": f"sqlite:////{name}.db"}) for name in ("one", "two"))
    assert AdapterConfig("sql", two.options) == evolve(Settings.from_url("memory://"), storage=two).inbox
    assert AdapterConfig("sql", two.options) == evolve(Settings(storage=one, messengers=(sms,)), storage=two).inbox
    assert AdapterConfig("memory") == evolve(Settings(storage=one), storage=AdapterConfig("memory")).inbox
    moved = evolve(Settings(storage=one, inbox=AdapterConfig("sql"), messengers=(sms,)), storage=two)
    assert AdapterConfig("sql", two.options) == moved.inbox
    assert (AdapterConfig("sql", {**two.options, "channel": "sms"}),) == moved.messengers
    kept = AdapterConfig("sql", {"url": "sqlite:////inbox.db"})
    assert kept == evolve(Settings(storage=one, inbox=kept), storage=two).inbox
    (here / "painschool.toml").write_text('storage = "sqlite:////one.db"\n[[messengers]]\nname="sql"\nchannel="sms"\n')
    assert moved.messengers == evolve(read_settings("painschool.toml"), storage=two).messengers
    assert catalogue(moved).programs


@pytest.mark.parametrize(
    "text", ["env:", "env:A B", "env:postgresql://u:hemligt@h/d", "file:postgresql://u:hemligt@h/d"]
)
def test_a_secret_that_was_written_in_place_of_its_name_is_not_said_back(text: str) -> None:
    """Otherwise a slip in the settings would put a password into the log."""
    with pytest.raises(ConfigurationError) as refused:
        secret(text)
    assert "hemligt" not in f"{refused.value!r}"


def test_a_name_in_a_folder_that_cannot_be_listed_is_taken_as_it_is(tmp_path: Path) -> None:
    """Otherwise a mistyped folder would be told as something else than one that is not there."""
    missing = tmp_path / "missing" / "sk\u00e5.db"
    assert missing == absolute(missing)
