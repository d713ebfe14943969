"""What is installed, what is chosen, and what is said when the two do not fit."""

import subprocess
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool import (
    Actor,
    Channel,
    ConfigurationError,
    InvalidIdentity,
    InvalidValue,
    PainSchool,
    Role,
    Settings,
    StorageError,
    connect,
    open_school,
)
from digital_painschool.adapters.file_messenger import FileMessenger
from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.sql import SqlInbox, SqlMessenger
from digital_painschool.bootstrap.composition import catalogue
from digital_painschool.bootstrap.plugins import KINDS, installed
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Template
from digital_painschool.ports import hooks
from digital_painschool.ports.hooks import AdapterFactory, Options, hookimpl
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import Storage
from digital_painschool.programs import bundled_program
from digital_painschool.testing.people import COORDINATION_NUMBER, UNIT

NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles=frozenset({Role.THERAPIST}))


class Watcher:
    """An observer that remembers how often it was told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.told: list[str] = []

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Remember the kinds of events."""
        self.told.extend(type(event).__name__ for event in events)


class Fragile:
    """An observer that always raises."""

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Raise."""
        raise RuntimeError(f"{enrolment.person.value} must not be logged")


def plugin(hook: str, *factories: object, marked: bool = True) -> types.ModuleType:
    """Return a plugin with one hook: a module, as entry points name it."""

    def returned() -> Iterable[object]:
        for factory in factories:
            if isinstance(factory, Exception):
                raise factory
        return factories

    module = types.ModuleType("clinic_plugin")
    vars(module)[hook] = hookimpl(returned) if marked else returned
    return module


SECOND_MEMORY = plugin("painschool_storages", AdapterFactory("memory", lambda _: MemoryStorage()))
SECOND_PROGRAM = plugin(
    "painschool_programs",
    AdapterFactory("sova-battre", lambda _: evolve(bundled_program(), key="sova-battre", title="Sova bättre")),
)


def test_every_hook_is_documented_and_known() -> None:
    """A hook without documentation, or one that nobody asks, could not be used by an adapter author."""
    specs = {name for name in vars(hooks) if name.startswith("painschool_")}
    assert set(KINDS.values()) == specs
    assert all(vars(hooks)[name].__doc__ for name in specs)


def test_reference_adapters_are_ordinary_offers() -> None:
    """The reference adapters must come the way that everybody's do, or the way is never tried."""
    names = {(one.kind, one.factory.name) for one in installed()}
    assert {("storage", "memory"), ("storage", "sqlite"), ("storage", "postgresql")} <= names
    assert {("identity", "swedish"), ("inbox", "sql"), ("messenger", "files"), ("directory", "toml")} <= names
    assert {one.plugin for one in installed()} >= {"digital_painschool"}


def test_settings_without_a_storage_are_refused(tmp_path: Path) -> None:
    """A forgotten storage must be an error: a default one would lose patient data."""
    (tmp_path / "school.toml").write_text('[identity]\nname = "swedish"\n')
    for settings in (tmp_path / "school.toml", Settings()):
        with pytest.raises(ConfigurationError) as caught:
            open_school(settings)
        assert "the storage is missing in the settings, and there is no default; installed are " in str(caught.value)
        for name in ("memory", "sqlite", "postgresql"):
            assert f"{name!r} (by digital_painschool)" in str(caught.value)


@pytest.mark.parametrize("settings", [None, b"memory://", 5, ["memory://"], {"storage": "memory://"}])
def test_what_is_no_settings_is_refused(settings: Any) -> None:
    """A variable that was never set would end in an error deep within that names no cause."""
    with pytest.raises(InvalidValue, match=f"not {type(settings).__name__}"):
        open_school(settings)


def test_unknown_name_lists_what_is_installed_and_by_whom() -> None:
    """A misspelt adapter name must say what there is to choose from."""
    with pytest.raises(ConfigurationError) as caught:
        connect(Settings(storage=AdapterConfig("sqllite")))
    assert "no storage is called 'sqllite'" in str(caught.value)
    assert "'sqlite' (by digital_painschool)" in str(caught.value)


def test_two_offers_of_one_name_name_both() -> None:
    """Were the last one to win in silence, records could go to a storage that nobody chose."""
    with pytest.raises(ConfigurationError) as caught:
        connect(Settings(storage=AdapterConfig("memory")), plugins=[SECOND_MEMORY])
    assert "storage 'memory' is installed more than once" in str(caught.value)
    assert "digital_painschool" in str(caught.value)


@pytest.mark.parametrize(
    ("faulty", "message"),
    [
        (plugin("painschool_storage"), "painschool_storage"),
        (plugin("painschool_inboxs", marked=False), "'painschool_inboxs', which does not exist"),
        (
            plugin("painschool_inboxes", ZeroDivisionError("no inbox today")),
            "failed to return its inbox factories: no inbox today",
        ),
        (
            plugin("painschool_inboxes", MemoryInbox()),
            "returned a MemoryInbox as inbox instead of an AdapterFactory",
        ),
    ],
)
def test_faulty_plugin_is_named(faulty: object, message: str) -> None:
    """A plugin that is never asked, fails or offers nonsense must not pass in silence."""
    with pytest.raises(ConfigurationError) as caught:
        installed([faulty])
    assert message in str(caught.value)
    assert "painschool_" in str(caught.value) or "plugin" in str(caught.value)


def test_adapter_that_is_not_chosen_is_never_made() -> None:
    """Making every adapter at start would open connections that nobody asked for."""
    made: list[str] = []

    def make(options: Options) -> Storage:
        made.append("made")
        return MemoryStorage()

    expensive = plugin("painschool_storages", AdapterFactory("expensive", make))
    assert ("storage", "expensive", "clinic_plugin") in {
        (one.kind, one.factory.name, one.plugin) for one in installed([expensive])
    }
    connect(Settings(storage=AdapterConfig("memory")), plugins=[expensive])
    assert [] == made
    connect(Settings(storage=AdapterConfig("expensive")), plugins=[expensive])
    assert ["made"] == made


def test_what_was_made_is_closed_when_the_rest_cannot_be() -> None:
    """A storage that stays open behind a failed start would hold its file and its connections."""
    closed: list[str] = []

    class Closing(MemoryStorage):
        def close(self) -> None:
            closed.append("storage")

    def failing(_: Options) -> Inbox:
        raise ConfigurationError("no such database")

    closing = plugin("painschool_storages", AdapterFactory("closing", lambda _: Closing()))
    rows = plugin("painschool_inboxes", AdapterFactory("rows", failing, migrates=True))
    rows.__name__ = "rows_plugin"
    with pytest.raises(ConfigurationError, match="no such database"):
        connect(Settings(storage=AdapterConfig("closing"), inbox=AdapterConfig("rows")), plugins=[closing, rows])
    assert ["storage"] == closed


def test_unknown_option_is_refused() -> None:
    """A misspelt option that is passed over would run a school with another setting than its file says."""
    with pytest.raises(
        ConfigurationError, match="option fodler: unknown key; the keys here are channel, folder, language"
    ):
        connect(
            Settings(
                storage=AdapterConfig("memory"), messengers=(AdapterConfig("files", {"channel": "sms", "fodler": "x"}),)
            ),
        )


def test_installed_plugin_that_fails_at_its_import_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A half installed plugin must be told from a fault of this package, and must not be passed over."""
    (tmp_path / "broken_plugin.py").write_text("raise RuntimeError('its own dependency is missing')\n")
    metadata = tmp_path / "broken_plugin-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[digital_painschool]\nbroken = broken_plugin\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        ConfigurationError, match=r"failed at its import with RuntimeError: its own dependency is missing"
    ):
        installed()


def test_settings_reach_every_reference_adapter(sqlite_url: str, tmp_path: Path) -> None:
    """An option that is lost on its way would run a school with another setting than its file says."""
    settings = Settings(
        storage=AdapterConfig("memory"),
        identity=AdapterConfig("swedish", {"schemes": ["samordningsnummer"]}),
        inbox=AdapterConfig("sql", {"url": sqlite_url}),
        messengers=(
            AdapterConfig("files", {"channel": "sms", "folder": str(tmp_path / "sms"), "language": "en"}),
            AdapterConfig("sql", {"channel": "email", "url": sqlite_url}),
        ),
    )
    in_memory = connect(evolve(settings, messengers=(AdapterConfig("memory", {"channel": "email"}),)))
    with PainSchool(in_memory):
        assert [(MemoryMessenger, Channel.EMAIL)] == [(type(one), one.channel) for one in in_memory.messengers]
    ports = connect(settings)
    with PainSchool(ports) as school:
        assert [Channel.SMS, Channel.EMAIL] == [messenger.channel for messenger in ports.messengers]
        assert [FileMessenger, SqlMessenger] == [type(messenger) for messenger in ports.messengers]
        for messenger in ports.messengers:
            messenger.send(Address("+46700000000"), Template.PROGRAM_DONE, "https://example.org/", key="k", unit=UNIT)
        assert isinstance(ports.inbox, SqlInbox)
        (message,) = (tmp_path / "sms").iterdir()
        assert "A patient is done with a program." in message.read_text("utf-8")
        assert COORDINATION_NUMBER == school.therapist(NURSE).identify(COORDINATION_NUMBER).value
        with pytest.raises(InvalidIdentity):
            school.therapist(NURSE).identify("198507099805")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            Settings(
                storage=AdapterConfig("memory"),
                messengers=(
                    AdapterConfig("memory", {"channel": "sms"}),
                    AdapterConfig("files", {"channel": "sms", "folder": "sent"}),
                ),
            ),
            "messengers 'memory' and 'files' both send by sms; a channel has one messenger",
        ),
        (Settings(storage=AdapterConfig("sqlite")), "storage 'sqlite': option url: is missing; expected text"),
        (
            Settings(storage=AdapterConfig("memory"), messengers=(AdapterConfig("memory", {"channel": "inbox"}),)),
            "messenger 'memory': option channel: must be one of email, sms",
        ),
        (
            Settings(storage=AdapterConfig("memory"), messengers=(AdapterConfig("files", {"folder": "mail"}),)),
            "messenger 'files': option channel: is missing; expected text",
        ),
        (
            Settings(
                storage=AdapterConfig("memory"), messengers=(AdapterConfig("files", {"channel": "sms", "folder": 3}),)
            ),
            "messenger 'files': option folder: expected a path, as text",
        ),
        (
            Settings(
                storage=AdapterConfig("memory"),
                messengers=(AdapterConfig("files", {"channel": "sms", "folder": "mail", "language": "fi"}),),
            ),
            "messenger 'files': option language: must be one of sv, en",
        ),
    ],
)
def test_missing_or_wrong_option_is_named(settings: Settings, message: str) -> None:
    """An adapter that fills in what was forgotten would write, or send, where nobody looks."""
    with pytest.raises(ConfigurationError, match=message):
        connect(settings)


WITHOUT_EXTRAS = """
import sys
sys.modules[sys.argv[1]] = None  # as if it were not installed
from digital_painschool import PainSchoolError, Settings, connect
from digital_painschool.bootstrap.settings import AdapterConfig

url = sys.argv[2]
for settings in (
    Settings.from_url(url),
    Settings(storage=AdapterConfig("memory"), inbox=AdapterConfig("sql", {"url": url})),
    Settings(storage=AdapterConfig("memory"), messengers=(AdapterConfig("sql", {"channel": "sms", "url": url}),)),
):
    try:
        connect(settings)
    except PainSchoolError as error:
        print(error)
"""


@pytest.mark.parametrize("directory", [Settings().directory, AdapterConfig("toml", {"path": "staff.toml"})])
def test_messengers_without_a_directory_are_warned_of(
    directory: AdapterConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a line that is left out of the settings would show as staff who cannot be reached, one by one."""
    monkeypatch.chdir(tmp_path)
    Path("staff.toml").write_text("", "utf-8")
    sms = AdapterConfig("memory", {"channel": "sms"})
    connect(Settings(storage=AdapterConfig("memory"), messengers=(sms,), directory=directory))
    assert (directory.name == "memory") is ("no member of staff has an address" in caplog.text)


@pytest.mark.parametrize(
    ("missing", "url", "extra"),
    [
        ("sqlalchemy", "sqlite:///painschool.db", "digital_painschool[sql]"),
        ("psycopg", "postgresql://127.0.0.1:1/painschool", "digital_painschool[postgresql]"),
    ],
)
def test_missing_extra_is_asked_for_by_name(missing: str, url: str, extra: str, tmp_path: Path) -> None:
    """An ImportError from deep within would not tell an administrator what to install."""
    job = [sys.executable, "-c", WITHOUT_EXTRAS, missing, url]
    done = subprocess.run(job, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [True] * 3 == [extra in line for line in done.stdout.splitlines()], done.stdout


def test_broken_observer_stops_nothing_and_logs_no_person(caplog: pytest.LogCaptureFixture) -> None:
    """An observer that raises must neither stop the step, nor the next observer, nor put a number into the log."""
    watcher = Watcher()
    observers = plugin(
        "painschool_observers",
        AdapterFactory("fragile", lambda _: Fragile()),
        AdapterFactory("watcher", lambda _: watcher),
    )
    settings = Settings(storage=AdapterConfig("memory"), observers=(AdapterConfig("fragile"), AdapterConfig("watcher")))
    with open_school(settings, plugins=[observers]) as school:
        school.therapist(NURSE).start("850709-9805", program="digitala-smartskolan")
    assert ["Started"] == watcher.told
    assert "observer Fragile raised RuntimeError" in caplog.text
    assert "198507099805" not in caplog.text


def test_plugin_adds_a_program_to_the_list() -> None:
    """A clinic's own program must be on the list "Moment" without a change of this package (M-07)."""
    with open_school("memory://", plugins=[SECOND_PROGRAM]) as school:
        desk = school.therapist(NURSE)
        assert ["digitala-smartskolan", "sova-battre"] == [program.key for program in desk.programs()]
        assert "sova-battre" == desk.start("850709-9805", program="sova-battre").program


def test_settings_choose_among_the_programs_on_offer() -> None:
    """The bundled example content must not stand on a clinic's list when its settings leave it out."""
    settings = Settings(storage=AdapterConfig("memory"), offered=("sova-battre",))
    assert ["sova-battre"] == [program.key for program in catalogue(settings, [SECOND_PROGRAM]).programs]
    with pytest.raises(ConfigurationError, match="no program is called 'sova-bätre'"):
        catalogue(Settings(storage=AdapterConfig("memory"), offered=("sova-bätre",)))
    # Two programs of one key would make it a matter of luck which one a patient gets.
    with pytest.raises(ConfigurationError, match="two programs with the key 'digitala-smartskolan'"):
        catalogue(Settings(storage=AdapterConfig("memory"), programs=(bundled_program(),)))


def test_a_migration_reaches_every_adapter_with_a_schema_and_no_other(tmp_path: Path) -> None:
    """Otherwise an inbox in SQL beside a storage of another make would refuse to open, and say to migrate for ever."""
    given: list[Options] = []

    def make(options: Options) -> MemoryStorage:
        given.append(options)
        return MemoryStorage()

    own = plugin("painschool_storages", AdapterFactory("own", make), AdapterFactory("migrating", make, migrates=True))
    url = f"sqlite:///{tmp_path / 'inbox.db'}"
    settings = Settings(
        storage=AdapterConfig("own", {"folder": "records"}),
        inbox=AdapterConfig("sql", {"url": url}),
        messengers=(AdapterConfig("sql", {"channel": "email", "url": url}),),
    )
    with pytest.raises(StorageError, match="digital-painschool migrate"):
        open_school(settings, plugins=[own])
    open_school(settings, plugins=[own], migrate=True).close()
    open_school(settings, plugins=[own]).close()
    assert [{"folder": "records"}] * 3 == given
    open_school(evolve(settings, storage=AdapterConfig("migrating")), plugins=[own], migrate=True).close()
    assert {"migrate": True} == given[-1]
