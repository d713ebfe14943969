"""E-mail by SMTP to Debian's Postfix: an instance of its own, with TLS, in a folder of its own."""

import os
import pwd
import socket
import subprocess
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest

from digital_painschool.adapters.smtp import Server, SmtpMessenger, Texts
from digital_painschool.domain.notification import Template
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language, label
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.people import UNIT
from tests.adapters.smtp.servers import authority

_POSTFIX = which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_WHY = None if _POSTFIX else "Postfix is not installed: apt-get install postfix"
if _WHY is None and os.geteuid() != 0:
    _WHY = "Postfix is started by root alone"
pytestmark = pytest.mark.skipif(_WHY is not None, reason=_WHY or "")

LINK = "https://www.vgregion.se/sob"
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = localhost.vgregion.example
mydestination =
alias_maps =
virtual_mailbox_domains = vgregion.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = texthash:{folder}/etc/mailboxes
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
virtual_minimum_uid = 1
smtpd_tls_chain_files = {folder}/etc/tls.pem
smtpd_tls_security_level = encrypt
smtpd_timeout = 2s
smtpd_sender_restrictions = check_sender_access texthash:{folder}/etc/senders
smtpd_recipient_restrictions = check_recipient_access texthash:{folder}/etc/access, permit_mynetworks, reject
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
proxymap unix - - n - - proxymap
"""


class Postfix:
    """A running instance.

    Args:
        folder: Its folder, which its own user may enter.
        port: The port that it listens on.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        user = pwd.getpwnam("postfix")
        for name in ("queue", "data", "mail", "etc"):
            (folder / name).mkdir()
        for name in ("data", "mail"):
            os.chown(folder / name, user.pw_uid, user.pw_gid)
        certificate = authority().issue_cert("localhost")
        chain = [certificate.private_key_pem, *certificate.cert_chain_pems]
        files = {
            "main.cf": _MAIN.format(folder=folder, user=user),
            "master.cf": _MASTER.format(port=port),
            "mailboxes": "namn@vgregion.example namn/\nsenare@vgregion.example senare/\n",
            "access": "senare@vgregion.example 450 4.2.0 Greylisted, see the page\n",
            "senders": "fel@vgregion.example 550 5.7.1 not this sender\n",
            "tls.pem": b"".join(pem.bytes() for pem in chain).decode(),
        }
        for name, content in files.items():
            (folder / "etc" / name).write_text(content)
        authority().cert_pem.write_to_path(str(folder / "ca.pem"))

    def run(self, command: str) -> None:
        """Start or stop it."""
        assert _POSTFIX is not None
        subprocess.run([_POSTFIX, "-c", self.folder / "etc", command], check=True, capture_output=True, timeout=60)

    def messenger(self, sender: str = "noreply@vgregion.example") -> SmtpMessenger:
        """Return a messenger to it."""
        return SmtpMessenger(
            Server(host="localhost", port=self.port, sender=sender, ca_file=self.folder / "ca.pem", seconds=20)
        )

    def mail(self, count: int) -> list[EmailMessage]:
        """Return the messages of the mailbox, as soon as there are so many."""
        until = monotonic() + 20
        while len(files := sorted(self.folder.glob("mail/namn/new/*"))) < count and monotonic() < until:
            sleep(0.05)
        found = [message_from_bytes(file.read_bytes(), policy=SMTP) for file in files]
        return [one for one in found if isinstance(one, EmailMessage)]


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """A running Postfix."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="painschool-postfix-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = Postfix(folder, port)
        server.run("start")
        try:
            yield server
        finally:
            server.run("stop")


def send(to: SmtpMessenger, address: str, template: Template = Template.PROGRAM_DONE) -> Delivered:
    """Send a message."""
    return to.send(Address(address), template, LINK, key=f"{template.value} {address}", unit=UNIT)


def test_every_text_arrives_in_a_mailbox(postfix: Postfix) -> None:
    """Otherwise what a server of the tests takes might not be what a mail server takes."""
    to = postfix.messenger()
    for template in Template:
        assert Delivered.ACCEPTED is send(to, "namn@vgregion.example", template)
    to.close()
    found = {str(message["Subject"]): message for message in postfix.mail(len(Template))}
    for template in Template:
        message = found[Texts().of(template, Language.SWEDISH, UNIT).subject]
        plain = message.get_body(("plain",))
        assert isinstance(plain, EmailMessage)
        assert f"{label(template)}\n\n{LINK}\n" == plain.get_content().replace("\r\n", "\n")
        assert ("auto-generated", "namn@vgregion.example") == (message["Auto-Submitted"], message["To"])
    log = (postfix.folder / "log").read_text()
    sent = len(Template)
    assert f"starttls=1 mail={sent} rcpt={sent} data={sent} quit=1" in log.replace(
        "ehlo=2 ", ""
    )  # one connection for all


@pytest.mark.parametrize(
    ("sender", "address", "permanent", "words"),
    [
        ("noreply@vgregion.example", "nej@vgregion.example", True, "550 5.1.1 to RCPT TO"),
        ("noreply@vgregion.example", "senare@vgregion.example", False, "450 4.2.0 to RCPT TO"),
        ("fel@vgregion.example", "namn@vgregion.example", False, "550 5.7.1 to RCPT TO"),
    ],
)
def test_postfix_refuses_what_it_has_to(
    postfix: Postfix, sender: str, address: str, permanent: bool, words: str
) -> None:
    """Otherwise a real server's answers would be taken for others than they are."""
    to = postfix.messenger(sender)
    with pytest.raises(DeliveryError) as failure:
        send(to, address)
    assert (permanent, True) == (failure.value.permanent, words in str(failure.value))
    to.close()


def test_a_connection_that_postfix_closed_is_made_anew(postfix: Postfix) -> None:
    """Otherwise the first message after a pause would fail, and wait for five minutes."""
    to = postfix.messenger()
    before = len(postfix.mail(0))
    assert Delivered.ACCEPTED is send(to, "namn@vgregion.example")
    until = monotonic() + 20
    while "timeout after END-OF-MESSAGE" not in (log := (postfix.folder / "log").read_text()) and monotonic() < until:
        sleep(0.1)
    assert "timeout after END-OF-MESSAGE" in log
    assert Delivered.ACCEPTED is send(to, "namn@vgregion.example", Template.ENDING)
    to.close()
    assert before + 2 == len(postfix.mail(before + 2))


def test_postfix_takes_nothing_in_the_clear(postfix: Postfix) -> None:
    """Otherwise the tests above would prove nothing about TLS."""
    server = Server(host="localhost", port=postfix.port, sender="noreply@vgregion.example", security="none")
    with pytest.raises(DeliveryError, match=r"530 5\.7\.0"):
        send(SmtpMessenger(server), "namn@vgregion.example")
