"""The messaging port over SMTP: connections that are kept for a while, and one message after the other."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from os import getpid
from pathlib import Path
from time import monotonic

from attrs import field, frozen
from attrs.converters import optional

from digital_painschool.adapters.options import parse_options
from digital_painschool.adapters.paths import absolute
from digital_painschool.adapters.smtp.answers import LoginRefused
from digital_painschool.adapters.smtp.connection import Connection, Lost, connect, hand_over
from digital_painschool.adapters.smtp.mail import Envelope, compose
from digital_painschool.adapters.smtp.server import Server
from digital_painschool.adapters.smtp.texts import Texts, read_texts
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address

_IDLE = 30.0
"""For how many seconds a connection is kept without use."""
_SHARE = 1 / 3
"""The share of a call's time for a kept connection, which may be dead, until the message itself is sent."""
_AFTER_REFUSED_LOGIN = 60.0
"""For how many seconds no login is tried after a refused one: each attempt could lock the account."""


@frozen(kw_only=True)
class _Options(Server):
    """The options of the settings: the server's, and the file of the unit's own texts."""

    texts_file: Path | None = field(default=None, converter=optional(absolute))


def smtp_messenger(options: Mapping[str, object]) -> "SmtpMessenger":
    """Return a messenger with the options of the settings.

    Raises:
        ConfigurationError: An option is unknown or not usable, or a file that it names.
    """
    chosen = parse_options(options, "messenger 'smtp'", _Options)
    return SmtpMessenger(chosen, None if chosen.texts_file is None else read_texts(chosen.texts_file))


class SmtpMessenger:
    """E-mail to staff by SMTP. Rule: M-22, D-13c.

    SMTP knows no idempotency key (`remembers_keys = False`): `DUPLICATE` is never returned. The same key makes the same
    `Message-ID`, by which many mailboxes drop a second copy. A connection lost after the message was sent leaves
    unknown whether the server has accepted the message. The error says so, is not permanent, and the next attempt may
    be a second copy.

    A connection is kept for the next message, of any thread, and closed after an error, a fork or half a minute.

    Args:
        server: The mail server.
        texts: The texts; left out: those of the package.
        clock: Returns the present instant, for the header `Date`.

    Raises:
        ConfigurationError: The server's `ca_file` cannot be used.
    """

    remembers_keys = False

    def __init__(
        self, server: Server, texts: Texts | None = None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._server = server
        self._texts = texts or Texts()
        self._clock = clock
        self._tls = server.tls()
        self._kept: deque[Connection] = deque()
        self._no_login_before = 0.0
        self._closed = False

    @property
    def channel(self) -> Channel:
        """The channel that the messenger serves: `EMAIL`."""
        return Channel.EMAIL

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        text = self._texts.of(template, language, unit)
        envelope = compose(self._server, recipient, text, link, key=key, language=language, at=self._clock())
        deadline = monotonic() + self._server.seconds
        failure: DeliveryError | None = None
        kept = self._take()
        if kept is not None:
            kept.deadline = monotonic() + self._server.seconds * _SHARE
            failure = self._use(kept, envelope, deadline)
        if kept is None or isinstance(failure, Lost):  # a kept connection that the server had closed
            failure = self._use(self._connect(deadline), envelope, deadline)
        if failure is not None:
            raise failure.with_traceback(None)  # the frames hold what the server said
        return Delivered.ACCEPTED

    def forget(self, keys: Iterable[str]) -> int:  # noqa: ARG002 - what is sent is out of reach
        """Return 0: a sent message is not stored here."""
        return 0

    def close(self) -> None:
        """Close the connections; closing again does nothing."""
        self._closed = True
        while self._kept:
            self._kept.pop().leave()

    def _use(self, connection: Connection, envelope: Envelope, deadline: float) -> DeliveryError | None:
        try:
            failure = hand_over(connection, envelope, deadline)
        except BaseException:  # such as an interrupt in the middle of a message
            connection.drop()
            raise
        if failure is None and not self._closed:
            connection.used_at = monotonic()
            self._kept.append(connection)
        else:
            connection.leave()
        return failure

    def _connect(self, deadline: float) -> Connection:
        if monotonic() < self._no_login_before:
            raise DeliveryError("the mail server refused our login a moment ago; check the settings of the messenger")
        made = connect(self._server, self._tls, deadline)
        if isinstance(made, Connection):
            return made
        if isinstance(made, LoginRefused):
            self._no_login_before = monotonic() + _AFTER_REFUSED_LOGIN
        raise made.with_traceback(None)

    def _take(self) -> Connection | None:
        """Return a kept connection of this process that was used lately; close the others."""
        if self._closed:
            raise DeliveryError("the messenger is closed")
        while True:
            try:
                connection = self._kept.pop()
            except IndexError:
                return None
            if connection.process != getpid():
                connection.drop()
            elif monotonic() - connection.used_at > _IDLE:
                connection.leave()
            else:
                return connection
