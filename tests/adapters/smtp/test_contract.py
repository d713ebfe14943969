"""The messenger by SMTP, by the contract of the port, read back from the server."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.smtp import SmtpMessenger, Texts
from digital_painschool.domain.notification import Template
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.people import UNIT
from tests.adapters.smtp.servers import PASSWORD, USER, Mailbox, described, running, server_side

REFUSED = Address("ingen.alls@vgregion.example")


class Place:
    """A server, and where it is."""

    def __init__(self, folder: Path, mailbox: Mailbox, port: int) -> None:
        self.folder, self.mailbox, self.port = folder, mailbox, port
        self.opened: list[SmtpMessenger] = []


class TestSmtpMessenger(MessengerContract):
    """E-mail over STARTTLS with a login, by the contract."""

    deletes = False
    answers_within = 5.0
    secrets = (PASSWORD,)
    refused = REFUSED
    fixed_texts = tuple(Texts().of(text, language, UNIT).subject for text in Template for language in Language)

    @pytest.fixture
    def place(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
        """Run a server with an empty mailbox, whose own log is not the messenger's."""
        monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)
        mailbox = Mailbox()
        mailbox.refuses.add(REFUSED.value)
        with running(mailbox, tls=server_side(), login=True) as port:
            yield Place(tmp_path, mailbox, port)

    def open(self, place: Any) -> SmtpMessenger:
        """Make a messenger."""
        found = SmtpMessenger(described(place.port, place.folder, user=USER, password=PASSWORD, seconds=30))
        place.opened.append(found)
        return found

    def spoil(self, place: Any) -> None:
        """Let the server break off each message."""
        place.mailbox.answers |= {"MAIL": ["drop"] * 9}

    def mend(self, place: Any) -> None:
        """Let the server take messages again."""
        place.mailbox.answers.clear()

    @contextmanager
    def hanging(self, place: Any) -> Iterator[None]:
        """Let the server hang."""
        place.mailbox.release.clear()
        place.mailbox.answers["MAIL"] = ["hang"] * 9
        patience = [one._server for one in place.opened]
        for one in place.opened:
            one._server = evolve(one._server, seconds=0.5)
        yield
        for one, before in zip(place.opened, patience, strict=True):
            one._server = before
        place.mailbox.answers.clear()
        place.mailbox.release.set()

    def arrived(self, place: Any, messenger: Messenger) -> list[Arrival]:
        """Read the server's mailbox."""
        found: list[Arrival] = place.mailbox.arrivals()
        return found
