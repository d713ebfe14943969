"""A school whose staff are told by e-mail: from the settings file to the mailbox."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from digital_painschool import Actor, Channel, InvalidValue, PainSchool, Role, open_school
from digital_painschool.adapters.memory import MemoryMessenger
from digital_painschool.cli.app import app
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Status, Template
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import NUMBERS, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.adapters.smtp.servers import (
    PASSWORD,
    USER,
    Mailbox,
    authority,
    messenger_to,
    running,
    server_side,
)
from tests.delivery.faulty import done, statuses

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


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    ("command", "answer", "report", "status"),
    [
        ("MAIL", "550 5.7.1 not you", DeliveryReport(retried=1), "PENDING"),
        ("RCPT", "554 5.7.1 Relay access denied", DeliveryReport(retried=1), "PENDING"),
        ("RCPT", "450 4.2.0 Greylisted", DeliveryReport(retried=1), "PENDING"),
        ("RCPT", "550 5.1.1 <{who}> User unknown", DeliveryReport(undelivered=1), "FAILED"),
    ],
)
def test_a_mistake_of_the_operator_marks_no_notification_undeliverable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, command: str, answer: str, report: DeliveryReport, status: str
) -> None:
    """Otherwise one wrong setting would raise a flag for every patient of a forenoon."""
    mailbox = Mailbox({command: [answer]})
    with messenger_to(mailbox, tmp_path) as to:
        school = Scenario(with_adapters(messengers=(to,)))
        school.desk.receive_notifications(email=True)
        enrolment = done(school)
        assert report == school.deliver()
        assert [status] == [one.name for one in statuses(school, enrolment)]
        school.advance(minutes=6)
        assert DeliveryReport(sent=1, delivered=1) == school.deliver() or status == "FAILED"
    assert "nurse@" not in caplog.text
    assert answer[:3] in caplog.text


FAULTS = {
    "EHLO": ["drop"],
    "MAIL": ["drop", "421 4.3.2 busy", "451 4.3.0 later", "550 5.7.1 not you", "drop"],
    "RCPT": ["450 4.2.0 Greylisted", "drop", "554 5.7.1 Relay access denied", "421 4.7.0 enough", "452 4.2.2 full"],
    "DATA": ["keep and drop", "drop", "451 4.3.0 later", "keep and drop", "554 5.7.1 Spam", "drop"],
}


@pytest.mark.rule("D-13c", "D-13d")
@pytest.mark.parametrize("seed", range(2))
def test_whatever_the_server_does_each_message_arrives_and_a_second_copy_is_one(tmp_path: Path, seed: int) -> None:
    """Otherwise a therapist would miss that a patient is done, or take a second copy for a second patient."""
    chance = Random(seed)  # noqa: S311 - nothing that is drawn is a secret
    faults = {command: [*answers, "", "", ""] for command, answers in FAULTS.items()}
    for answers in faults.values():
        chance.shuffle(answers)
    mailbox = Mailbox(faults)
    with messenger_to(mailbox, tmp_path) as to:
        policy = Policy(retry_minutes=(5,) * 30)
        school = Scenario(with_adapters(messengers=(to,)), policy=policy)
        school.desk.receive_notifications(email=True)
        enrolments = [done(school, number) for number in NUMBERS]
        reports = []
        for _ in range(40):
            reports.append(school.deliver())
            school.advance(minutes=6)
    assert {Status.DELIVERED} == set(statuses(school, *enrolments))
    assert len(enrolments) == sum(report.sent for report in reports)
    copies = Counter(message["Message-ID"] for message in mailbox.messages)
    kept_and_lost = 2 - mailbox.answers["DATA"].count("keep and drop")
    assert len(enrolments) == len(copies)
    assert kept_and_lost == sum(copies.values()) - len(copies)


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
