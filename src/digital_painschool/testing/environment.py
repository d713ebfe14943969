"""The environment of a school: the time, and what outlives the school's process."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import PersonId
from digital_painschool.ports import Directory, Identity, Inbox, Messenger, Observer, Ports, Storage
from digital_painschool.ports.directory import StaffEntry, StaffMember
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NURSE, OTHER_UNIT, STRANGER, UNIT

STOCKHOLM = ZoneInfo("Europe/Stockholm")
INSTANT = timedelta(microseconds=1)
"""The shortest time that two instants can lie apart."""


def local(text: str, zone: ZoneInfo = STOCKHOLM, *, fold: int = 0) -> datetime:
    """Return the instant of a local time such as `"2026-03-02 09:00"`, in UTC.

    Args:
        text: ISO 8601, without an offset.
        zone: Whose local time.
        fold: 1 means the second of two equal local times, when the clocks are set back.
    """
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


START = local("2026-03-02 08:00")
"""A Monday, an hour before the run of collected notifications."""


def both_ways(name: str, number: str = "+46700000000") -> StaffEntry:
    """Return a directory entry with an e-mail address and a telephone number."""
    return StaffEntry(email=Address(f"{name}@vgregion.example"), sms=Address(number))


_KNOWN: Mapping[str, StaffEntry] = {
    NURSE.hsa_id: both_ways("nurse"),
    COLLEAGUE.hsa_id: both_ways("colleague", "+46700000001"),
}
AT_WORK: Mapping[str, tuple[StaffMember, ...]] = {
    UNIT: tuple(
        StaffMember(hsa_id=actor.hsa_id, name=name)
        for actor, name in ((NURSE, "Nils Nord"), (COLLEAGUE, "Kim Kvist"), (COORDINATOR, "Per Palm"))
    ),
    OTHER_UNIT: (StaffMember(hsa_id=STRANGER.hsa_id, name="Ulla Ulv"),),
}
"""The staff of both units, as the directory of an environment knows them."""


class OutboxEntry(NamedTuple):
    """A notification that was sent: its channel, recipient (masked when shown), fixed text and key."""

    channel: Channel
    to: PersonId | Address
    template: Template
    key: str


class Environment:
    """The surroundings of a school, open or not: the time, a folder for files, and adapters in memory.

    Args:
        now: Where the clock begins, an aware time.
        staff: The entries of the staff directory, by HSA-id; left out, `NURSE` and `COLLEAGUE` with both ways.
            Who works at which unit is `AT_WORK`, whatever the entries are.
    """

    def __init__(self, now: datetime = START, staff: Mapping[str, StaffEntry] | None = None) -> None:
        self.now = utc(now)
        self.storage = MemoryStorage()
        self.identity = SwedishIdentity()
        self.inbox = MemoryInbox()
        self.email = MemoryMessenger(Channel.EMAIL)
        self.sms = MemoryMessenger(Channel.SMS)
        self.directory = MemoryDirectory(_KNOWN if staff is None else staff, AT_WORK)
        self._folder: TemporaryDirectory[str] | None = None

    @property
    def folder(self) -> Path:
        """A folder of this environment's own, empty at first and gone with it: where a storage can keep its files."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="painschool-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    @property
    def outbox(self) -> tuple[OutboxEntry, ...]:
        """The notifications in inbox, e-mail and SMS of this environment, once each: patients first, then staff."""
        notices = (OutboxEntry(Channel.INBOX, one.person, one.template, one.key) for one in self.inbox.delivered)
        messages = (
            OutboxEntry(way.channel, one.address, one.template, one.key)
            for way in (self.email, self.sms)
            for one in way.sent
        )
        return (*notices, *messages)

    def ports(
        self,
        *,
        storage: Storage | None = None,
        identity: Identity | None = None,
        inbox: Inbox | None = None,
        directory: Directory | None = None,
        messengers: tuple[Messenger, ...] | None = None,
        observers: tuple[Observer, ...] = (),
    ) -> Ports:
        """Return ports: your adapters, and this environment's own in memory for whatever is left out."""
        return Ports(
            storage=storage or self.storage,
            identity=identity or self.identity,
            inbox=inbox or self.inbox,
            directory=directory or self.directory,
            messengers=(self.email, self.sms) if messengers is None else messengers,
            observers=observers,
        )

    def close(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


PortsFactory = Callable[[Environment], Ports]
"""Opens the adapters on what is there in an environment, as a new process would; called again after each restart."""


def in_memory(environment: Environment) -> Ports:
    """Open the adapters in memory; what they keep outlives a restart, as long as the environment does."""
    return environment.ports()


def at_a_pace(pace: ChannelPace, ports_factory: PortsFactory = in_memory) -> PortsFactory:
    """Return a factory of ports whose inbox has a pace, and which are otherwise those of another factory."""
    return lambda environment: evolve(ports_factory(environment), paces={Channel.INBOX: pace})


def stored_at(url: str) -> PortsFactory:
    """Return a factory of the ports of the SQL storage at a URL, of which `{folder}` becomes the environment's folder.

    Its schema is brought up to date. Needs the extra `sql`.
    """

    def open_there(environment: Environment) -> Ports:
        from digital_painschool.adapters.sql import SqlStorage

        there = url.replace("{folder}", str(environment.folder)) if "{folder}" in url else url
        return environment.ports(storage=SqlStorage(there, migrate=True))

    return open_there


on_sqlite = stored_at("sqlite:///{folder}/painschool.db")
"""Open the storage on an SQLite file in the environment's folder."""


def with_adapters(**own: Any) -> PortsFactory:
    """Return a factory of the ports of adapters that are made already, by the names of `Environment.ports`."""
    return lambda environment: environment.ports(**own)
