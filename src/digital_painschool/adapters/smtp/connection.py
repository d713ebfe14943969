"""One connection to a mail server, whose every operation ends by a deadline.

`smtplib` has a time-out for each operation of the socket: a server that sends a byte a second would hold a call for
ever. Here each operation gets what is left of the whole call.
"""

import io
import os
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from digital_painschool.adapters.smtp.answers import LoginRefused, Stage, refusal
from digital_painschool.adapters.smtp.mail import Envelope
from digital_painschool.adapters.smtp.server import Security, Server
from digital_painschool.adapters.tcp import Address, addresses_of, connected_to
from digital_painschool.errors import DeliveryError

_LONGEST_REPLY = 64_000
_INSTANT = 0.001
_READY, _OK, _GO_ON, _CLOSING = 220, 2, 354, 421


class Lost(DeliveryError):
    """The connection was lost before the message was handed over: another connection may send it."""


class Connection(smtplib.SMTP):
    """A connection of `smtplib` with a deadline for all that it does.

    Args:
        server: The server.
        deadline: When the present call has to end, on the monotonic clock; set it anew before each call.
    """

    def __init__(self, server: Server, deadline: float) -> None:
        super().__init__(local_hostname=server.hello or "localhost")  # without a host: this connects to nothing
        self._host = server.host  # what `starttls` compares the certificate with
        self.deadline = deadline
        self.process = os.getpid()
        self.used_at = monotonic()
        self.is_lost = False
        self.unread = 0

    @property
    def left(self) -> float:
        """The seconds that are left.

        Raises:
            TimeoutError: None are.
        """
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("the deadline is over")
        return left

    def send(self, s: object) -> None:
        """Send bytes or text, by the deadline."""
        if self.sock is not None:
            self.sock.settimeout(self.left)
        super().send(s)  # type: ignore[arg-type]

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of the next reply, which is read by the deadline."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Reader(self, self.sock))
        self.unread = _LONGEST_REPLY
        reply = super().getreply()
        if self.sock is not None:  # for a TLS handshake, which may come next
            self.sock.settimeout(max(self.deadline - monotonic(), _INSTANT))
        return reply

    def leave(self) -> None:
        """End the connection; say so to a server that still answers, which is given a second."""
        if self.process == os.getpid() and self.sock is not None and not self.is_lost:
            self.deadline = monotonic() + 1
            with suppress(OSError, smtplib.SMTPException):
                self.quit()
        self.drop()

    def drop(self) -> None:
        """Close the socket and say nothing: of a forked child, the connection is its parent's."""
        with suppress(OSError):
            self.close()


class _Reader(io.RawIOBase):
    """The incoming side of a socket, which gives up at the connection's deadline."""

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self._connection = connection
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._sock.settimeout(self._connection.left)
        size = self._sock.recv_into(buffer)
        self._connection.unread -= size
        if self._connection.unread < 0:
            raise OSError("the reply is endless")
        return size


def connect(server: Server, tls: ssl.SSLContext | None, deadline: float) -> Connection | DeliveryError:
    """Return a connection that is protected and signed in as the server's settings say, or the last failure.

    Each address of the server is tried until one serves: an address that is silent, or that refuses because of its load
    or its maintenance, is no better than a dead one. A connection that failed is not used for the next address, because
    it remembers what the first one offered.

    A failure is returned and not raised, here and in `hand_over`, so that no error hangs on it as its context: those of
    `smtplib` repeat what the server said.
    """
    failure: DeliveryError = Lost("the mail server's name has no address")
    try:
        for address, seconds in addresses_of(*server.at, lambda: deadline - monotonic()):
            connection = Connection(server, monotonic() + seconds)
            refused = (
                _attempt(connection, Stage.CONNECT, partial(_greet, connection, address, server, tls))
                or _attempt(connection, Stage.TLS, partial(_protect, connection, server, tls))
                or _attempt(connection, Stage.LOGIN, partial(_sign_in, connection, server))
            )
            connection.deadline = deadline
            if refused is None:
                return connection
            connection.drop()
            failure = refused
            if isinstance(refused, LoginRefused):  # another attempt could lock the account
                break
    except (OSError, ValueError):  # of the resolver: every other error became a failure above
        return Lost("the mail server's name cannot be resolved")
    return failure


def hand_over(connection: Connection, envelope: Envelope, deadline: float) -> DeliveryError | None:
    """Send a message; return the failure, or None when the server has accepted the message.

    `Lost` says that nothing was handed over. Any failure other than a refusal leaves the connection unusable.

    Args:
        connection: The connection, whose own deadline holds until the message itself is sent.
        envelope: The message.
        deadline: The deadline of the last part.
    """
    commands: tuple[tuple[Stage, Callable[[], tuple[int, bytes]]], ...] = (
        (Stage.MAIL, lambda: connection.mail(envelope.sender, envelope.extensions)),
        (Stage.RCPT, lambda: connection.rcpt(envelope.recipient)),
        (Stage.DATA, lambda: connection.docmd("DATA")),
    )
    if envelope.extensions and not connection.has_extn("smtputf8"):
        return DeliveryError("the mail server takes no address with letters beyond ASCII (SMTPUTF8)", permanent=True)
    for stage, command in commands:
        failure = _attempt(connection, stage, partial(_ask, stage, command))
        if failure is not None:
            return failure
    connection.deadline = deadline
    return _attempt(connection, Stage.CONTENT, lambda: _send_content(connection, envelope.content))


def _greet(connection: Connection, address: Address, server: Server, tls: ssl.SSLContext | None) -> None:
    connection.sock = connected_to(address, connection.left)
    if server.hello is None:
        address = connection.sock.getsockname()[0]
        connection.local_hostname = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
    if server.security is Security.TLS and tls is not None:
        connection.sock.settimeout(connection.left)
        connection.sock = tls.wrap_socket(connection.sock, server_hostname=server.host)
    code, text = connection.getreply()
    if code != _READY:
        raise refusal(Stage.GREETING, code, text)
    connection.ehlo_or_helo_if_needed()


def _protect(connection: Connection, server: Server, tls: ssl.SSLContext | None) -> None:
    if server.security is not Security.STARTTLS or tls is None:
        return
    if not connection.has_extn("starttls"):
        raise DeliveryError("the mail server offers no STARTTLS, and nothing is sent in the clear")
    connection.starttls(context=tls)
    connection.ehlo_or_helo_if_needed()


def _sign_in(connection: Connection, server: Server) -> None:
    if server.user is None or server.password is None:
        return
    offered = connection.esmtp_features.get("auth", "").upper().split()
    ways: dict[str, Any] = {
        "PLAIN": connection.auth_plain,
        "LOGIN": connection.auth_login,
        "CRAM-MD5": connection.auth_cram_md5,
    }
    way = next((name for name in ways if name in offered), None)
    if way is None:
        raise DeliveryError("the mail server offers no login that can be used; check the settings of the messenger")
    # One way alone, unlike `smtplib`'s login: three refusals of one wrong password could lock the account.
    connection.user, connection.password = server.user.reveal(), server.password.reveal()
    try:
        connection.auth(way, ways[way])
    finally:
        connection.user = connection.password = ""


def _ask(stage: Stage, command: Callable[[], tuple[int, bytes]]) -> None:
    code, text = command()
    if code == _CLOSING:
        raise Lost(str(refusal(stage, code, text)))
    if not (code == _GO_ON if stage is Stage.DATA else code // 100 == _OK):
        raise refusal(stage, code, text)


def _send_content(connection: Connection, content: bytes) -> None:
    connection.send(content)
    code, text = connection.getreply()
    if code // 100 != _OK:
        raise refusal(Stage.CONTENT, code, text)


def _attempt(connection: Connection, stage: Stage, work: Callable[[], None]) -> DeliveryError | None:
    """Return the failure of a part of the work, in words of our own, or None."""
    try:
        work()
    except DeliveryError as failure:
        connection.is_lost = isinstance(failure, Lost)
        return failure
    except smtplib.SMTPResponseException as answer:
        text = answer.smtp_error if isinstance(answer.smtp_error, bytes) else b""
        return refusal(stage, answer.smtp_code, text)
    except ssl.SSLCertVerificationError as error:
        return DeliveryError(f"the mail server's certificate is not accepted: {error.verify_message}")
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return _lost(connection, stage, error)
    return None


def _lost(connection: Connection, stage: Stage, error: Exception) -> DeliveryError:
    connection.is_lost = True
    if stage is Stage.CONTENT:
        return DeliveryError(
            "the connection was lost after the message was sent: it is unknown whether the mail server accepted it"
        )
    if monotonic() >= connection.deadline or isinstance(error, TimeoutError):
        return Lost(f"the mail server did not answer in time ({stage.value})")
    if isinstance(error, ssl.SSLError):
        return Lost("the mail server cannot be talked to over TLS")
    if stage is Stage.CONNECT and isinstance(error, ConnectionRefusedError):
        return Lost("the mail server cannot be reached")
    return Lost(f"the mail server closed the connection ({stage.value})")
