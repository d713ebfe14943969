"""The webhook inbox and SMS by 46elks as a settings file chooses them."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from digital_painschool import Actor, ConfigurationError, Notify, Role, open_school
from digital_painschool.adapters.elks.factory import make_elks_messenger
from digital_painschool.adapters.elks.reports import DeliveryReports
from digital_painschool.adapters.webhook_inbox.factory import make_webhook_inbox
from digital_painschool.domain.events import NotificationUndelivered
from digital_painschool.domain.notification import Channel
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import ANNA, NURSE
from tests.adapters.http.elks_server import PASSWORD, REPORTS_SECRET, USERNAME, ElksServer
from tests.adapters.http.integration_platform import SECRET, IntegrationPlatform

SETTINGS = """
storage = "sqlite:///painschool.db"

[directory]
name = "toml"
path = "staff.toml"

[inbox]
name = "webhook"
url = "{platform}/notices"
reach_url = "{platform}/reach"
forget_url = "{platform}/forget"
secret = "env:INBOX_SECRET"
ca_file = "ca.pem"

[[messengers]]
name = "46elks"
username = "file:username"
password = "env:ELKS_PASSWORD"
sender = "Smartskolan"
url = "{elks}"
reports_url = "https://portal.example/reports"
reports_secret = "env:ELKS_REPORTS"

[policy]
staff_flags = ["message-received"]
"""
STAFF = f'["{NURSE.hsa_id}"]\nunits = ["{NURSE.unit}"]\nsms = "070-174 06 05"\n'


@pytest.fixture
def settings(tmp_path: Path, platform: IntegrationPlatform, elks: ElksServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file without a secret in it, whose paths count from its own folder."""
    (tmp_path / "ca.pem").write_bytes(platform.ca.read_bytes())
    for name, value in {"INBOX_SECRET": SECRET, "ELKS_PASSWORD": PASSWORD, "ELKS_REPORTS": REPORTS_SECRET}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "username").write_text(USERNAME)
    (tmp_path / "staff.toml").write_text(STAFF)
    path = tmp_path / "painschool.toml"
    path.write_text(SETTINGS.format(platform=platform.url, elks=elks.url))
    return path


def test_a_settings_file_is_enough_from_a_message_to_a_failed_sms(
    settings: Path, platform: IntegrationPlatform, elks: ElksServer
) -> None:
    """Otherwise a region would have to write code, or a secret into a file."""
    nurse = Actor(hsa_id=NURSE.hsa_id, unit=NURSE.unit, roles={Role.THERAPIST})
    with open_school(settings, clock=lambda: datetime(2026, 3, 2, 8, 0, tzinfo=UTC)) as school:
        desk, room = school.therapist(nurse), school.patient(ANNA)
        id_ = desk.start(ANNA, program="digitala-smartskolan").id
        desk.receive_notifications(email=False, sms=True)
        desk.start_conversation(id_, "Hej!", notify=Notify.DIRECT)
        room.write(id_, "Hej igen!", conversation=1)
        assert 2 == school.delivery().run().delivered
        [notice], [sms] = platform.arrivals(), elks.sent
        assert (ANNA, NURSE.unit) == (notice.recipient, notice.unit)
        assert "+46701740605" == sms["to"]
        assert not any(word in str([notice.text, sms]) for word in ("Hej", ANNA))
        reports = DeliveryReports(school.delivery().reject, [REPORTS_SECRET])
        assert 204 == reports.handle("POST", urlsplit(sms["whendelivered"]).query, b"status=failed").status
        school.delivery().run()
        [failed] = desk.timeline(id_, [NotificationUndelivered])
        assert isinstance(failed.event, NotificationUndelivered)
        assert Channel.SMS is failed.event.channel


@pytest.mark.parametrize("line", ['secret = "env:INBOX_SECRET"', 'password = "env:ELKS_PASSWORD"'])
def test_a_secret_that_is_not_there_is_named_and_none_is_shown(
    settings: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a forgotten variable would be a password in the log of the start."""
    variable = line.partition("env:")[2].rstrip('"')
    monkeypatch.delenv(variable)
    with pytest.raises(ConfigurationError, match=variable) as refused:
        open_school(settings)
    assert_silent(refused.value, SECRET, PASSWORD, REPORTS_SECRET, USERNAME)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an operator would read of a module that is missing, and not what to install."""
    for module in ("elks.messenger", "webhook_inbox.inbox"):
        monkeypatch.setitem(sys.modules, f"digital_painschool.adapters.{module}", None)
    elks = {"username": "u", "password": "p", "sender": "VGR"}
    webhook = {"url": "https://a.example", "reach_url": "https://a.example", "secret": SECRET}
    for make in (lambda: make_elks_messenger(elks), lambda: make_webhook_inbox(webhook)):
        with pytest.raises(ConfigurationError, match=r"pip install 'digital_painschool\[http\]'"):
            make()
