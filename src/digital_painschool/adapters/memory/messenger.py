"""E-mail or SMS to staff, in memory."""

from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address


class SentNotification(NamedTuple):
    """A notification that was sent to a member of staff.

    Args:
        address: The recipient's address; masked when shown.
        template: The fixed text.
        link: The link in the text.
        key: The idempotency key.
        unit: The unit that sent it.
        language: The language of the text.
    """

    address: Address
    template: Template
    link: str
    key: str
    unit: HsaId
    language: Language = Language.SWEDISH


class MemoryMessenger:
    """A messenger that keeps every message, for tests to look at. Rule: M-22, M-23, D-13c.

    Args:
        channel: The channel that the messenger serves, `EMAIL` or `SMS`.

    Raises:
        InvalidValue: The channel is neither.
    """

    def __init__(self, channel: Channel) -> None:
        if channel not in (Channel.EMAIL, Channel.SMS):
            raise InvalidValue("a messenger serves Channel.EMAIL or Channel.SMS; the inbox has a port of its own")
        self._channel = channel
        self._sent: dict[str, SentNotification] = {}
        self._lock = Lock()

    @property
    def channel(self) -> Channel:
        """The channel that the messenger serves."""
        return self._channel

    @property
    def sent(self) -> tuple[SentNotification, ...]:
        """The sent messages, each once, in the order of sending."""
        with self._lock:
            return tuple(self._sent.values())

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
        with self._lock:
            if key in self._sent:
                return Delivered.DUPLICATE
            self._sent[key] = SentNotification(recipient, template, link, key, unit, language)
            return Delivered.ACCEPTED

    def forget(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._sent.pop(key, None) is not None for key in keys)
