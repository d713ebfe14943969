"""E-mail or SMS to staff, in memory."""

from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address


class SentMessage(NamedTuple):
    """What was sent: to which address (masked when shown), which fixed text, with which link, under which key."""

    address: Address
    template: Template
    link: str
    key: str


class MemoryMessenger:
    """A messenger that keeps what it is given to send, to be looked at. Rule: M-22, M-23, D-13c.

    Args:
        channel: Which channel it serves, `EMAIL` or `SMS`.

    Raises:
        InvalidValue: It is neither.
    """

    def __init__(self, channel: Channel) -> None:
        if channel not in (Channel.EMAIL, Channel.SMS):
            raise InvalidValue("a messenger serves Channel.EMAIL or Channel.SMS; the inbox has a port of its own")
        self._channel = channel
        self._sent: dict[str, SentMessage] = {}
        self._lock = Lock()

    @property
    def channel(self) -> Channel:
        """The channel that it serves."""
        return self._channel

    @property
    def sent(self) -> tuple[SentMessage, ...]:
        """Every message that was sent, once each, in the order in which they were."""
        with self._lock:
            return tuple(self._sent.values())

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        with self._lock:
            if key in self._sent:
                return Delivered.DUPLICATE
            self._sent[key] = SentMessage(recipient, template, link, key)
            return Delivered.ACCEPTED

    def forget(self, keys: Iterable[str]) -> int:
        with self._lock:
            return sum(self._sent.pop(key, None) is not None for key in keys)
