"""Law 5 over real SMTP: the machine's deliveries with a mail server that refuses, is slow, or loses its answers."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import pytest
from attrs import evolve

from digital_painschool.adapters.smtp import SmtpMessenger
from digital_painschool.domain.notification import Channel
from digital_painschool.testing.reference.laws import LawViolation
from tests.adapters.keyless import SENDS_TWICE, Gateway, Taken, Trouble, run_machine
from tests.adapters.smtp.servers import SENDER, Mailbox, described, running, server_side

pytestmark = [pytest.mark.search, pytest.mark.rule("M-22", "D-13a", "D-13d")]


_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE)


class MailServer:
    """A mail server, what goes wrong with it, and the messengers that were opened."""

    def __init__(self, folder: Path, mailbox: Mailbox, port: int) -> None:
        self._settings = described(port, folder)
        self._mailbox = mailbox
        self._opened: list[SmtpMessenger] = []
        self.gateway = Gateway(
            Channel.EMAIL,
            taken=self._taken,
            clear=mailbox.raw.clear,
            seen=lambda key: f"<{sha256(key.encode()).hexdigest()[:32]}@{SENDER.partition('@')[2]}>",
            troubles={
                "loses its answer": Trouble(self._answering(DATA="keep and drop"), loses_answers=True),
                "450": Trouble(self._answering(RCPT="450 4.2.0 <{who}>: Greylisted")),
                "550": Trouble(self._answering(RCPT="550 5.1.1 <{who}>: User unknown"), permanent=True),
                "drops": Trouble(self._answering(MAIL="drop")),
                "drops a message": Trouble(self._answering(DATA="drop")),
                "is slow": Trouble(self._slow, loses_answers=True),
            },
        )

    def open(self, kind: type[SmtpMessenger]) -> SmtpMessenger:
        """Open a messenger, as a new process does."""
        self._opened.append(kind(self._settings))
        return self._opened[-1]

    def close(self) -> None:
        """Close the messengers."""
        for one in self._opened:
            one.close()

    def _taken(self) -> list[Taken]:
        return [Taken(_MESSAGE_ID.findall(content)[0].decode(), to) for to, content in self._mailbox.raw]

    def _answering(self, **answers: str) -> Callable[[], AbstractContextManager[object]]:
        @contextmanager
        def during() -> Iterator[None]:
            self._mailbox.answers = {command: [answer] * 2 for command, answer in answers.items()}
            try:
                yield
            finally:
                self._mailbox.answers = {}

        return during

    @contextmanager
    def _slow(self) -> Iterator[None]:
        """Take a message, and answer later than the messengers wait."""
        before = len(self._mailbox.raw)
        self._mailbox.release.clear()
        for one in self._opened:
            one._server = evolve(self._settings, seconds=0.5)
        try:
            with self._answering(DATA="keep and hang")():
                yield
        finally:
            for one in self._opened:
                one._server = self._settings
            latest = monotonic() + 5
            while len(self._mailbox.raw) == before and monotonic() < latest:
                sleep(0.01)
            self._mailbox.release.set()


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """A mail server that has taken nothing yet."""
    mailbox = Mailbox()
    with running(mailbox, tls=server_side()) as port:
        server = MailServer(tmp_path, mailbox, port)
        yield server
        server.close()


def test_whatever_a_mail_server_does_nobody_is_told_twice_without_reason_or_never(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a therapist would get a message again and again, another's, one that was not chosen, or none."""
    run_machine(mail_server.gateway, lambda: mail_server.open(SmtpMessenger), monkeypatch)
    assert mail_server.gateway.troubles.keys() == mail_server.gateway.done.keys()


def test_a_messenger_that_sends_twice_is_caught(mail_server: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the laws over SMTP would excuse what no fault is the reason of."""
    with pytest.raises(LawViolation, match="the server has not taken what was sent"):
        run_machine(mail_server.gateway, lambda: mail_server.open(SENDS_TWICE.within(SmtpMessenger)), monkeypatch)
