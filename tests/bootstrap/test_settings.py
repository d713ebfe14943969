"""Settings from a URL, a file and code; every wrong key is named."""

import traceback
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digital_painschool import (
    Actor,
    Catalogue,
    ConfigurationError,
    HsaId,
    InvalidProgram,
    InvalidValue,
    Role,
    RuleViolation,
    Settings,
    open_school,
)
from digital_painschool.adapters.options import secret
from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.bootstrap.composition import connect
from digital_painschool.bootstrap.settings import AdapterConfig
from digital_painschool.bootstrap.settings_toml import read_settings
from digital_painschool.domain.policy import FlagKind

UNIT = "SE2321000131-E000000000001"

FULL = f"""
storage = "memory://"

[identity]
name = "swedish"
schemes = ["personnummer", "samordningsnummer"]

[directory]
name = "toml"
path = "staff.toml"

[[messengers]]
name = "files"
channel = "email"
folder = "mail"

[policy]
collected_at = 08:30:00
staff_flags = ["program-done", "form-saved"]

[units.{UNIT}.policy]
zone = "Europe/Helsinki"
collected_at = "10:00"
maintenance_days = [7, 180]

[[units.{UNIT}.policy.end_reasons]]
key = "klar"
title = "Klar"
"""


def write(folder: Path, text: str) -> Path:
    """Write a settings file, and the staff directory beside it."""
    (folder / "staff.toml").write_text('["SE2321000131-P000000123456"]\nemail = "sjukskoterska@example.org"\n')
    path = folder / "school.toml"
    path.write_text(text, "utf-8")
    return path


def test_file_gives_every_section(tmp_path: Path) -> None:
    """A section of the file that does not reach the school would run it under other settings than it says."""
    settings = read_settings(write(tmp_path, FULL))
    assert AdapterConfig("memory", {"url": "memory://"}) == settings.storage
    assert AdapterConfig("directory", {"path": str(tmp_path / "staff.toml")}).options == settings.directory.options
    assert (AdapterConfig("files", {"channel": "email", "folder": str(tmp_path / "mail")}),) == settings.messengers
    assert time(8, 30) == settings.policy.collected_at
    assert frozenset({FlagKind.PROGRAM_DONE, FlagKind.FORM_SAVED}) == settings.policy.staff_flags
    own = settings.units[UNIT].policy
    assert own is not None
    assert ZoneInfo("Europe/Helsinki") == own.zone
    assert time(10) == own.collected_at
    assert (7, 180) == own.maintenance_days
    assert own.staff_flags == settings.policy.staff_flags, "a unit keeps what it does not set"
    assert own.end_reasons is not None
    assert ["klar"] == [reason.key for reason in own.end_reasons]


def test_file_opens_a_school(tmp_path: Path) -> None:
    """Settings that read but do not wire would fail at the host's start."""
    with open_school(write(tmp_path, FULL)) as school:
        assert () == school.patient("850709-9805").enrolments()
    with open_school(str(write(tmp_path, FULL))) as school:
        assert () == school.patient("850709-9805").enrolments()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("storage = 3", "storage: expected a table with a name"),
        ('storage = "painschool.db"', "begins with its kind"),
        ('storage = "memory://"\nstorrage = 1', "storrage: unknown key; the keys here are storage, identity"),
        ('storage = "memory://"\nidentity = "swedish"', "identity: expected a table with a name"),
        (
            'storage = "memory://"\n[messengers]\nname = "files"',
            "messengers: expected a list of tables: [[messengers]]",
        ),
        ('storage = "memory://"\n[policy]\ncollected_at = 05:59:59', "06:00 or later"),
        ('storage = "memory://"\n[policy]\ncollected_at = 12:00:00', "before 12:00"),
        ('storage = "memory://"\n[policy]\nzone = "Mars/Olympus"', "IANA"),
        ('storage = "memory://"\n[policy]\nretention_years = 3', "retention_decision"),
        ('storage = "memory://"\n[policy]\nretention_years = true', "whole number"),
        ('storage = "memory://"\n[policy]\nretension_years = 12', "retension_years"),
        ('storage = "memory://"\n[policy]\nmaintenance_days = [0, 10]', "maintenance_days"),
        ('storage = "memory://"\n[units.nowhere.policy]\nreview_after_days = 7', "HSA-id"),
        ('storage = "memory://"\nunits = 3', "units: expected a table"),
        (
            f'storage = "memory://"\n[units.{UNIT}]\npolitik = 1',
            "units.SE2321000131-E000000000001.politik: unknown key; the keys here are policy_set, policy, programs",
        ),
        (
            'storage = "memory://"\n[programs]\nfile = "x.toml"',
            "programs.file: unknown key; the keys here are files, offered",
        ),
        ('storage = "memory://"\n[programs]\nfiles = "x.toml"', "programs.files: expected a list"),
        ('storage = "memory://"\n[programs]\noffered = [3]', "programs.offered[#1]: expected text"),
        ('storage = "memory://"\npolicy = 3', "policy: expected a table"),
        (f'storage = "memory://"\n[units]\n{UNIT} = 3', f"units.{UNIT}: expected a table"),
        (f'storage = "memory://"\n[units.{UNIT}]\npolicy = 3', "policy: expected a table"),
        ('storage = "memory://"\n[policy]\nheading = 3', "text"),
        ('storage = "memory://"\n[policy]\ncollected_at = 9', "a time of day"),
        ('storage = "memory://"\n[policy]\nexport_before_purge = "no"', "true or false"),
        (
            'storage = "memory://"\n[policy]\nstaff_flags = ["done"]',
            "policy.staff_flags[#1]: expected one of form-saved",
        ),
        (
            'storage = "memory://"\nreceipt_key = 3',
            "receipt_key: expected a reference to the key, env:NAME or file:PATH",
        ),
        ('storage = "memory://"\n[[messengers]]\nchannel = "sms"', "messengers[#1]: expected a table with a name"),
        (f'storage = "memory://"\n[units.{UNIT}.policy]\nheading = 3', f"units.{UNIT}.policy.heading: expected text"),
        ("storage = ", "not valid TOML"),
        ('storage = "memory://"\n[identity]\nname = "swedish"\nschemes = [3]', "option schemes[#1]: expected text"),
        (
            'storage = "memory://"\n[[policy.end_reasons]]\nkey = "två ord"\ntitle = "x"',
            "begin with a letter or a digit",
        ),
    ],
)
def test_wrong_file_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    """A wrong setting that is passed over, or named badly, costs an evening at a clinic."""
    path = write(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        open_school(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (
            f"storage = 3\nidentity = 4\n[policy]\nheading = 5\n[units.{UNIT}]\npolicy.heading = 6\n",
            ("storage", "identity", "policy.heading"),
        ),
        (
            'storage = "memory://"\n[policy]\nreview_after_days = "x"\nheading_limit = 1.5\nzonee = "UTC"\n',
            ("policy.review_after_days", "policy.heading_limit", "policy.zonee"),
        ),
    ],
)
def test_every_wrong_key_is_named_with_its_section(tmp_path: Path, text: str, places: tuple[str, ...]) -> None:
    """A file with several slips would be mended and read again once for every one: a long evening."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings(write(tmp_path, text))
    assert "several keys are wrong" in str(caught.value)
    for place in places:
        assert f"\n  {place}: {'unknown key' if place.endswith('zonee') else 'expected '}" in str(caught.value)


@pytest.mark.parametrize("place", ["storage", "identity", "messengers", "programs", "policy", "units"])
def test_no_value_of_a_settings_file_is_repeated(tmp_path: Path, place: str) -> None:
    """A password that stands in a wrong place of the file would end in a log."""
    path = write(tmp_path, f'{place} = ["postgresql://u:hemligt@host/db"]\n{place}x = "hemligt"')
    with pytest.raises(ConfigurationError) as caught:
        read_settings(path)
    assert "hemligt" not in f"{caught.value}{caught.value!r}"
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)


def test_missing_files_are_named(tmp_path: Path) -> None:
    """A path that leads nowhere must be named, not raise an OSError from deep within."""
    with pytest.raises(ConfigurationError, match=r"nothing\.toml: the file cannot be read"):
        read_settings(tmp_path / "nothing.toml")
    with pytest.raises(InvalidProgram, match=r"own\.toml"):
        read_settings(write(tmp_path, 'storage = "memory://"\n[programs]\nfiles = ["own.toml"]\n'))


def test_inbox_is_beside_the_storage_unless_told_otherwise(tmp_path: Path) -> None:
    """Were the inbox in memory by default, notices on a real storage would vanish with the process."""
    url = f"sqlite:///{tmp_path / 'painschool.db'}"
    beside = AdapterConfig("sql", {"url": url})
    assert beside == Settings.from_url(url).inbox
    assert beside == Settings(storage=AdapterConfig("sqlite", {"url": url})).inbox
    assert beside == read_settings(write(tmp_path, f'storage = "{url}"\n')).inbox
    assert beside == read_settings(write(tmp_path, f'storage = "{url}"\n[inbox]\nname = "sql"\n')).inbox
    assert AdapterConfig("memory") == Settings.from_url("memory://").inbox
    # A worker that cron starts elsewhere would open, or make, another file: relative means from the settings' folder.
    settings = read_settings(write(tmp_path, 'storage = "sqlite:///data/painschool.db"\n'))
    absolute = f"sqlite:///{tmp_path / 'data' / 'painschool.db'}"
    assert absolute == settings.storage.options["url"] == settings.inbox.options["url"]


def test_password_in_a_url_is_never_shown() -> None:
    """Settings end in logs when a host starts; a password in a URL must not."""
    settings = Settings.from_url("postgresql://painschool:hemligt@localhost/painschool")
    assert "hemligt" not in repr(settings)
    assert "hemligt" not in str(settings.storage)
    assert "AdapterConfig(name='postgresql', _options=['url'])" == repr(settings.storage)


def test_a_secret_that_cannot_be_read_is_named_by_its_option() -> None:
    """Otherwise whoever has several secrets would not know which one is wrong."""
    config = AdapterConfig("e-services", {"url": "https://region.example/", "token": "env:not a name"})
    with pytest.raises(ConfigurationError, match=r"e-services, option 'token': .* no name of an environment variable"):
        config.resolved(("url", "token"))


def test_secret_is_named_by_the_settings_and_never_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password in a settings file ends in a repository."""
    (tmp_path / "secret").write_text("from-file\nsecond line\n")
    monkeypatch.setenv("PAINSCHOOL_TEST_SECRET", "from-environment")
    assert "from-environment" == secret("env:PAINSCHOOL_TEST_SECRET")
    assert "from-file" == secret(f"file:{tmp_path / 'secret'}")
    assert "plain" == secret("plain")
    with pytest.raises(ConfigurationError, match="PAINSCHOOL_NOT_THERE is not set"):
        secret("env:PAINSCHOOL_NOT_THERE")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        secret(f"file:{tmp_path / 'nothing'}")


_PASSWORDS = {
    "smtp": ("password", 'host = "a"\nsender = "a@b.example"\nuser = "u"'),
    "46elks": ("password", 'username = "u"\nsender = "Skolan"'),
}


@pytest.mark.parametrize("name", _PASSWORDS)
def test_a_password_in_a_settings_file_is_refused_and_not_repeated(name: str, tmp_path: Path) -> None:
    """Otherwise the password of a mail server would lie in a repository, and nobody would be warned."""
    option, others = _PASSWORDS[name]
    text = f'storage = "memory://"\n[[messengers]]\nname = "{name}"\n{others}\n{option} = "hemligt"\n'
    with pytest.raises(ConfigurationError, match=f"{option!r}: a settings file holds no secret") as caught:
        connect(read_settings(write(tmp_path, text)))
    assert "hemligt" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.rule("D-06b")
def test_a_unit_is_one_in_small_letters_and_in_capitals(tmp_path: Path) -> None:
    """Otherwise a unit's own policy would be passed over in silence, or one of two of them."""
    small = UNIT.lower()
    assert [HsaId(UNIT)] == list(read_settings(write(tmp_path, FULL)).units)
    settings = read_settings(write(tmp_path, FULL.replace(UNIT, small)))
    assert [HsaId(UNIT)] == list(settings.units)
    assert time(10) == Catalogue(units={small: settings.units[UNIT]}).policy_of(HsaId(UNIT)).collected_at
    with pytest.raises(ConfigurationError, match=f"{UNIT} comes twice"):
        read_settings(write(tmp_path, f"{FULL}\n[units.{small}]\nprograms = []\n"))
    for values in (Settings, Catalogue):
        with pytest.raises(InvalidValue, match=f"{UNIT} comes twice"):
            values(units={small: UnitTerms(), UNIT: UnitTerms()})


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("url", ["memory://", "sqlite"])
def test_a_person_at_a_unit_is_one_in_small_letters_and_in_capitals(url: str, tmp_path: Path) -> None:
    """Otherwise the therapist would see no patient, and a second enrolment would start beside the first (D-07a)."""
    ids = ("SE2321000131-P00AB", "SE2321000131-E00AB")
    with open_school(f"sqlite:///{tmp_path}/school.db" if url == "sqlite" else url) as school:

        def actor(hsa_id: str, unit: str) -> Actor:
            return Actor(hsa_id=hsa_id, unit=unit, roles=frozenset(Role))

        capitals, small = (school.therapist(actor(*map(form, ids))) for form in (str.upper, str.lower))
        started = small.start("850709-9805", program="digitala-smartskolan", therapist=ids[0].lower())
        assert ids == (started.therapist, started.unit)
        assert [started.id] == [row.enrolment_id for row in capitals.caseload().rows]
        with pytest.raises(RuleViolation, match="D-07a"):
            capitals.start("850709-9805", program="digitala-smartskolan")
        log = school.administrator(actor(*map(str.lower, ids))).access_log()
        assert {ids} == {(entry.by, entry.unit) for _, entry in log}
        assert {ids[0]} == {entry.event.by for entry in small.timeline(started.id)}
