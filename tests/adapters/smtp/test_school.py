"""A school whose staff are told by e-mail: from the settings file to the mailbox."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from digital_painschool import Actor, Channel, InvalidValue, PainSchool, Role, open_school
from digital_painschool.adapters.memory import MemoryMessenger
from digital_painschool.cli.app import app
from digital_painschool.domain.notification import Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.adapters.smtp.servers import (
    PASSWORD,
    USER,
    Mailbox,
    authority,
    running,
    server_side,
)

SETTINGS = """
storage = "memory://"

[directory]
name = "toml"
path = "staff.toml"

[[messengers]]
name = "smtp"
host = "localhost"
port = {port}
sender = "noreply@vgregion.example"
user = "env:PAINSCHOOL_MAIL_USER"
password = "file:password"
ca_file = "ca.pem"
texts_file = "texts.toml"

[policy]
language = "en"
"""
STAFF = f'["{NURSE.hsa_id}"]\nunits = ["{UNIT}"]\nemail = "nurse@vgregion.example"\n'


@pytest.fixture
def mailbox() -> Mailbox:
    """An empty mailbox."""
    return Mailbox()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> Iterator[Path]:
    """A settings file for a server that runs."""
    monkeypatch.setenv("PAINSCHOOL_MAIL_USER", USER)
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with running(mailbox, tls=server_side(), login=True) as port:
        files = {
            "painschool.toml": SETTINGS.format(port=port),
            "staff.toml": STAFF,
            "password": f"{PASSWORD}\n",
            "texts.toml": f'[units.{UNIT}.en]\nprogram-done.subject = "Somebody is done"\n',
        }
        for name, content in files.items():
            (tmp_path / name).write_text(content)
        yield tmp_path / "painschool.toml"


@pytest.mark.rule("M-22")
def test_a_therapist_gets_an_e_mail_when_a_patient_is_done(settings: Path, mailbox: Mailbox) -> None:
    """Otherwise the one row of the manual that speaks of an e-mail would be nobody's."""
    actor = Actor(hsa_id=NURSE.hsa_id, unit=UNIT, roles={Role.THERAPIST})
    with open_school(settings) as school:
        desk = school.therapist(actor)
        desk.receive_notifications(email=True)
        enrolment = desk.start("850709-9805", program="digitala-smartskolan").id
        patient = school.patient("850709-9805")
        for module in range(1, 9):
            patient.open_module(enrolment, module)
            patient.complete_module(enrolment, module)
        assert 1 == school.delivery().run().sent
    (message,) = mailbox.messages
    assert ("nurse@vgregion.example", "Somebody is done") == (message["To"], message["Subject"])
    assert 1 == mailbox.commands["QUIT"]


def test_an_operator_can_try_it(settings: Path, mailbox: Mailbox) -> None:
    """Otherwise the first message would be a patient's, and a slip be found when it is missed."""
    who = ("--hsa-id", NURSE.hsa_id, "--unit", UNIT)
    command = ("messengers", "try", "--settings", str(settings), "--channel", "email")
    tried = CliRunner().invoke(app, [*command, *who, "--template", "ending"])
    assert (0, "The messenger has accepted the message.\n") == (tried.exit_code, tried.output)
    assert ["Digitala smärtskolan: the time of an enrolment is over"] == [one["Subject"] for one in mailbox.messages]
    mailbox.refuses.add("nurse@vgregion.example")
    tried = CliRunner().invoke(app, [*command, *who])
    assert 1 == tried.exit_code
    assert "digital-painschool: the mail server knows no such address (550 5.1.1 to RCPT TO)\n" == tried.output
    tried = CliRunner().invoke(app, [*command, "--hsa-id", "SE2321000131-P000000000009", "--unit", UNIT])
    assert "digital-painschool: the staff directory has no address\n" == tried.output
    tried = CliRunner().invoke(app, [*command[:-1], "sms", *who])
    assert "digital-painschool: no messenger for sms is set up\n" == tried.output
    (settings.parent / "staff.toml").write_text(STAFF.replace("nurse@", "Anna <nurse@"))
    tried = CliRunner().invoke(app, [*command, *who])
    assert "is one e-mail address" in tried.output
    assert "Anna" not in tried.output


def test_a_trial_says_what_is_wrong_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a slip in a host's page would be a trial to a patient, or to nobody."""
    scenario = Scenario()
    school: PainSchool = scenario.school
    school.try_messenger(NURSE.hsa_id, Channel.SMS, unit=UNIT)
    (message,) = scenario.environment.sms.sent
    assert (Template.PROGRAM_DONE, UNIT) == (message.template, message.unit)
    for wrong in (Channel.INBOX, "email", None):
        with pytest.raises(InvalidValue, match=r"channel is Channel\.EMAIL or Channel\.SMS"):
            school.try_messenger(NURSE.hsa_id, wrong, unit=UNIT)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="template is a Template"):
        school.try_messenger(NURSE.hsa_id, Channel.SMS, unit=UNIT, template="Hej")  # type: ignore[arg-type]
    with pytest.raises(InvalidValue):
        school.try_messenger("namn", Channel.SMS, unit=UNIT)
    alone = Scenario(with_adapters(messengers=(MemoryMessenger(Channel.SMS),))).school
    with pytest.raises(DeliveryError, match="no messenger for email is set up"):
        alone.try_messenger(NURSE.hsa_id, Channel.EMAIL, unit=UNIT)
    knowing = MemoryMessenger(Channel.SMS)
    monkeypatch.setattr(knowing, "send", lambda *_, **__: Delivered.DUPLICATE)
    with pytest.raises(DeliveryError, match="takes a new key for one that it has sent before"):
        Scenario(with_adapters(messengers=(knowing,))).school.try_messenger(NURSE.hsa_id, Channel.SMS, unit=UNIT)
