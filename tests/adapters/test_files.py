"""The adapters on files: a staff directory in TOML, and messages as files."""

import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree

import pytest

from digital_painschool import Channel, ConfigurationError, DeliveryError, HsaId, InvalidValue
from digital_painschool.adapters.file_messenger import FileMessenger
from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.adapters.toml_directory import TomlDirectory
from digital_painschool.domain.notification import Template
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.people import UNIT
from tests import arrivals
from tests.staff_file import staff_file

NURSE = HsaId("SE2321000131-P000000123456")


@pytest.mark.rule("D-06b")
def test_the_letters_of_an_id_in_the_file_do_not_matter(tmp_path: Path) -> None:
    """Otherwise a member of staff whose id was typed in small letters would get no message."""
    path = tmp_path / "staff.toml"
    path.write_text('["se2321000131-p00ab"]\nemail = "nurse@example.org"\n')
    assert StaffEntry(email=Address("nurse@example.org")) == TomlDirectory(path).find(HsaId("SE2321000131-P00AB"))
    path.write_text('["se2321000131-p1"]\nsms = "+461"\n["SE2321000131-P1"]\nsms = "+462"\n')
    with pytest.raises(ConfigurationError, match="SE2321000131-P1 comes twice"):
        TomlDirectory(path)
    path.write_text('["SE2321000131-\u0131"]\nsms = "+461"\n', "utf-8")
    with pytest.raises(ConfigurationError, match="the name of each table is an HSA-id"):
        TomlDirectory(path)
    with pytest.raises(InvalidValue, match="comes twice"):
        MemoryDirectory({"se2321000131-p1": StaffEntry(), "SE2321000131-P1": StaffEntry()})


BROKEN = ["email = ", f'"{NURSE}" = 3', f'["{NURSE}"]\nmail = "x"', f'["{NURSE}"]\nsms = 46', f'["{NURSE}"]\nsms = ""']
BROKEN += [f'["{NURSE}"]\nemail = "a@b.se{more}"' for more in (", c@d.se", "\\nBcc: c@d.se", ">")]
BROKEN += [f'["{NURSE}"]\nname = "a\\nb"', f'["{NURSE}"]\nunits = "SE"', f'["{NURSE}"]\nunits = ["avdelning"]']


@pytest.mark.parametrize("text", [*BROKEN, "\udcff"])
def test_directory_that_breaks_later_is_asked_again_later(tmp_path: Path, text: str) -> None:
    """A slip while the file is edited must be a failed delivery, not the end of the worker, or a missing address."""
    path = tmp_path / "staff.toml"
    good = f'["{NURSE}"]\nemail = "nurse@example.org"\n'
    path.write_text(good)
    directory = TomlDirectory(path)
    path.write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(DeliveryError, match="the staff directory's file cannot be read at the moment") as caught:
        directory.find(NURSE)
    assert not caught.value.permanent
    assert str(NURSE) not in str(caught.value)
    path.write_text(good)
    assert StaffEntry(email=Address("nurse@example.org")) == directory.find(NURSE)


@pytest.mark.parametrize("text", BROKEN)
def test_directory_that_cannot_be_read_is_a_wiring_error(tmp_path: Path, text: str) -> None:
    """A broken directory must be found at start, not at the first notification."""
    path = tmp_path / "staff.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"staff\.toml"):
        TomlDirectory(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        TomlDirectory(tmp_path / "nothing.toml")


@pytest.mark.rule("D-13d")
def test_a_directory_that_names_nobody_is_a_mistake_of_an_operator(tmp_path: Path) -> None:
    """An emptied file would give up every notification to staff for good within one run."""
    path = tmp_path / "staff.toml"
    path.write_text("", "utf-8")
    with pytest.raises(DeliveryError, match="names nobody") as refused:
        TomlDirectory(path).find(HsaId("SE2321000131-P00AB"))
    assert not refused.value.permanent
    path.write_text('["SE2321000131-P00CD"]\n', "utf-8")
    assert TomlDirectory(path).find(HsaId("SE2321000131-P00AB")) is None


def test_message_says_where_and_nothing_else(tmp_path: Path) -> None:
    """What is written must hold the fixed text and the link, and nothing of a patient (D-13c)."""
    messenger = FileMessenger(Channel.SMS, tmp_path / "sms")
    messenger.send(Address("+46701740605"), Template.PROGRAM_DONE, "https://example.org/", key="k/../1", unit=UNIT)
    (file,) = (tmp_path / "sms").iterdir()
    assert {
        "key": "k/../1",
        "channel": "sms",
        "unit": UNIT,
        "to": "+46701740605",
        "template": "program-done",
        "text": "En patient är klar med sitt moment. Logga in för att se vem.",
        "link": "https://example.org/",
    } == json.loads(file.read_text("utf-8"))


@pytest.mark.rule("D-24d")
def test_a_language_that_there_is_not_is_refused_at_once(tmp_path: Path) -> None:
    """Otherwise each message would fail, or staff be written to in another language than the unit chose."""
    with pytest.raises(InvalidValue, match="choose one of sv, en"):
        FileMessenger(Channel.SMS, tmp_path, "fi")
    assert Language.ENGLISH is FileMessenger(Channel.SMS, tmp_path, "en").language


class TestFileMessenger(MessengerContract):
    """The messages as files, by the contract."""

    def open(self, place: Path) -> FileMessenger:
        """Open the folder."""
        return FileMessenger(self.channel, place / "messages")

    def spoil(self, place: Path) -> None:
        """Put something in the folder's way."""
        rmtree(place / "messages", ignore_errors=True)
        (place / "messages").write_text("no folder")

    def mend(self, place: Path) -> None:
        """Take it away."""
        (place / "messages").unlink()

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Read the files."""
        return arrivals.of_files(place / "messages")


class TestFileSmsMessenger(TestFileMessenger):
    """The same for the other channel, with every text in the other language, whatever the units chose."""

    channel = Channel.SMS
    language = Language.ENGLISH
    languages = (Language.ENGLISH,)

    def open(self, place: Path) -> FileMessenger:
        """Open the folder, in one language."""
        return FileMessenger(self.channel, place / "messages", self.language)


class TestTomlDirectory(DirectoryContract):
    """The directory in a file, by the contract."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """A file with those that the contract knows."""
        path = tmp_path / "staff.toml"
        self._write(path, self.known)
        return path

    def open(self, place: Path) -> TomlDirectory:
        """Open the file."""
        return TomlDirectory(place)

    def change(self, place: Path, hsa_id: HsaId, entry: StaffEntry) -> None:
        """Write another file."""
        self._write(place, {**self.known, hsa_id: entry})

    def leave(self, place: Path, hsa_id: HsaId) -> None:
        """Write another file."""
        left = {unit: [one for one in members if one.hsa_id != hsa_id] for unit, members in self.staff.items()}
        place.write_text(staff_file(self.known, left), "utf-8")

    def double(self, place: Path, hsa_id: HsaId) -> None:
        """Write a second table, in small letters."""
        place.write_text(f'["{hsa_id.lower()}"]\nemail = "annan@b.example"\n{place.read_text("utf-8")}', "utf-8")

    def spoil(self, place: Path) -> None:
        """Leave half a file, as an editor would for a moment."""
        place.write_text(place.read_text("utf-8")[:-5], "utf-8")

    def mend(self, place: Path) -> None:
        """Write the whole file."""
        self._write(place, self.known)

    def _write(self, path: Path, entries: Mapping[HsaId, StaffEntry]) -> None:
        path.write_text(staff_file(entries, self.staff), "utf-8")


def test_message_that_is_forgotten_leaves_no_file(tmp_path: Path) -> None:
    """A purge that leaves the file leaves an address, and that somebody was done at that time (D-21a)."""
    email, sms = FileMessenger(Channel.EMAIL, tmp_path), FileMessenger(Channel.SMS, tmp_path)
    for messenger in (email, sms):
        for key in ("k", "l"):
            messenger.send(Address("a@b.example"), Template.PROGRAM_DONE, "https://example.org/", key=key, unit=UNIT)
    assert 1 == email.forget(["k", "m"])
    left = sorted((data["channel"], data["key"]) for data in (json.loads(f.read_text()) for f in tmp_path.iterdir()))
    assert [("email", "l"), ("sms", "k"), ("sms", "l")] == left


def test_message_that_cannot_be_deleted_stops_the_purge(tmp_path: Path) -> None:
    """A purge that goes on would say of something that is there that it is gone (D-21a)."""
    messenger = FileMessenger(Channel.SMS, tmp_path)
    messenger.send(Address("+46701740605"), Template.PROGRAM_DONE, "https://example.org/", key="k", unit=UNIT)
    (file,) = tmp_path.iterdir()
    file.unlink()
    (file / "in-the-way").mkdir(parents=True)
    with pytest.raises(DeliveryError, match="the file cannot be deleted"):
        messenger.forget(["k"])


@pytest.mark.parametrize("plant", [lambda file: file.symlink_to("nowhere"), Path.mkdir, os.mkfifo])
def test_something_else_in_a_message_s_place_is_no_message(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    """Otherwise a message would count as sent that nobody gets."""
    messenger = FileMessenger(Channel.SMS, tmp_path / "sms")
    address = Address("+46701740605")
    messenger.send(address, Template.PROGRAM_DONE, "https://example.org/", key="k", unit=UNIT)
    (file,) = (tmp_path / "sms").iterdir()
    assert (0o600, 0o700) == (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode))
    file.unlink()
    plant(file)
    with pytest.raises(DeliveryError, match="its name is taken by something that is not a file; remove it"):
        messenger.send(address, Template.PROGRAM_DONE, "https://example.org/", key="k", unit=UNIT)
    assert [file] == [*file.parent.iterdir()]
    assert not file.is_file()
