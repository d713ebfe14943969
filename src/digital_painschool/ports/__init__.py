"""The ports: what the school needs from the world around it, as typed protocols whose docstrings are contracts."""

from collections.abc import Callable, Mapping
from datetime import datetime

from attrs import field, frozen

from digital_painschool.domain.checks import one, several
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.ports.directory import Directory
from digital_painschool.ports.identity import Identity
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Messenger
from digital_painschool.ports.observer import Observer
from digital_painschool.ports.storage import Storage

Clock = Callable[[], datetime]
"""Returns the present instant, an aware time. An error reaches a host as `AdapterError`, without its text."""


@frozen(kw_only=True)
class Ports:
    """One adapter for each port, ready to use; several messengers and observers, in the order of the settings.

    The school calls the adapters through `ports.guarded`, so that they raise nothing but errors of this library.

    Args:
        storage: Stores everything.
        identity: Reads identity numbers.
        inbox: The patients' inbox.
        directory: The staff directory.
        messengers: The ways to reach staff; the first messenger that serves a channel is used for it.
        observers: The observers of what happens.
        paces: The pace of a channel in place of the one that its adapter declares; None lifts it (D-13e).
    """

    storage: Storage
    identity: Identity
    inbox: Inbox
    directory: Directory
    messengers: tuple[Messenger, ...] = field(default=(), validator=several(object))
    observers: tuple[Observer, ...] = field(default=(), validator=several(object))
    paces: Mapping[Channel, ChannelPace | None] = field(factory=dict, validator=one(Mapping))


__all__ = ["Clock", "Directory", "Identity", "Inbox", "Messenger", "Observer", "Ports", "Storage"]
