"""Mail servers that answer in the tests: aiosmtpd, with TLS, a login, and whatever can go wrong with a message."""

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8
from functools import cache
from pathlib import Path
from threading import Event
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from digital_painschool.adapters.smtp import Server, SmtpMessenger
from digital_painschool.testing.contracts.arrivals import Arrival

PASSWORD = "hemligt-losenord-9137"
USER = "smartskolan"
SENDER = "noreply@vgregion.example"


@cache
def authority() -> trustme.CA:
    """Return the authority that the tests' servers are certified by."""
    return trustme.CA()


def server_side(*names: str, by: trustme.CA | None = None, **terms: Any) -> ssl.SSLContext:
    """Return what a server answers with: a certificate for some names."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    (by or authority()).issue_cert(*(names or ("localhost",)), **terms).configure_cert(context)
    return context


class Mailbox:
    """What a server does with messages: it keeps them, and goes wrong where it is told to.

    Args:
        answers: The answers by command, in order; after the last, and where there are none, the server accepts.
            `"drop"` closes the connection, `"hang"` does not answer until `release`; `"keep and ..."` takes the
            message first.
    """

    def __init__(self, answers: Mapping[str, list[str]] | None = None) -> None:
        self.answers = {command: list(given) for command, given in (answers or {}).items()}
        self.raw: list[tuple[str, bytes]] = []
        self.commands: Counter[str] = Counter()
        self.options: list[str] = []
        self.greeted_by = ""
        self.refuses: set[str] = set()
        self.release = Event()

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages."""
        return [self._message(content) for _, content in self.raw]

    def arrivals(self) -> list[Arrival]:
        """Return what the recipients read: the subject, and the plain text."""
        return [Arrival(recipient=to, text=_read(self._message(content))) for to, content in self.raw]

    @staticmethod
    def _message(content: bytes) -> EmailMessage:
        message = message_from_bytes(content, policy=SMTPUTF8)
        assert isinstance(message, EmailMessage)
        return message

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's own name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted_by = hostname
        await self._answer("EHLO", server)
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.options += options
        answer = await self._answer("MAIL", server)
        envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        answer = await self._answer("RCPT", server, address)
        envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        (to,) = envelope.rcpt_tos
        content = envelope.content
        assert isinstance(content, bytes)
        answer = await self._answer("DATA", server, keep=(to, content))
        if answer == "250 OK":
            self.raw.append((to, content))
        return answer

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands["QUIT"] += 1
        return "221 Bye"

    async def _answer(self, command: str, server: SMTP, who: str = "", keep: tuple[str, bytes] | None = None) -> str:
        self.commands[command] += 1
        waiting = self.answers.get(command, [])
        answer = waiting.pop(0) if waiting else "250 OK"
        if is_kept := answer.startswith("keep"):
            assert keep is not None
            self.raw.append(keep)
        if answer.endswith("drop"):
            transport: Any = server.transport
            transport.abort()
            return "250 is never read"
        while answer.endswith("hang") and not self.release.is_set():  # noqa: ASYNC110 - the event is set by another thread
            await asyncio.sleep(0.01)
        if is_kept:
            return "250 is never read"
        return answer.replace("{who}", who) if answer[:1].isdigit() else "250 OK"


def _read(message: EmailMessage) -> str:
    plain = message.get_body(("plain",))
    assert isinstance(plain, EmailMessage)
    return f"{message['Subject']}\n{plain.get_content()}"


def _authenticator(_: SMTP, __: Session, ___: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    right = data == LoginPassword(USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


class _OnFreePort(Controller):
    """A controller whose port is the one that the system has chosen."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


@contextmanager
def running(
    mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any
) -> Iterator[int]:
    """Run a server on a free port of this machine; yield the port."""
    protection: dict[str, Any] = {} if tls is None else {"ssl_context" if implicit else "tls_context": tls}
    if options.pop("login", False):
        options |= {"authenticator": _authenticator, "auth_required": True, "auth_require_tls": not implicit}
    controller = _OnFreePort(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        ready_timeout=20,
        enable_SMTPUTF8=options.pop("utf8", True),
        **protection,
        **options,
    )
    controller.start()
    try:
        yield controller.port
    finally:
        mailbox.release.set()
        controller.stop()


def described(port: int, folder: Path, **changes: Any) -> Server:
    """Return the settings of a server that `running` runs: STARTTLS, with the tests' authority."""
    file = folder / "ca.pem"
    authority().cert_pem.write_to_path(str(file))
    return Server(**{"host": "localhost", "sender": SENDER, "port": port, "ca_file": file, "seconds": 30, **changes})


@contextmanager
def messenger_to(
    mailbox: Mailbox, folder: Path, *, changes: Mapping[str, Any] | None = None, **options: Any
) -> Iterator[SmtpMessenger]:
    """Yield a messenger to a server with STARTTLS that does what a mailbox says."""
    with running(mailbox, tls=server_side(), **options) as port:
        messenger = SmtpMessenger(described(port, folder, **(changes or {})))
        try:
            yield messenger
        finally:
            mailbox.release.set()
            messenger.close()
