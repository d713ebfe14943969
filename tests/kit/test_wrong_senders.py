"""The contracts of inbox, messenger and directory, on adapters that are right in another way, or hang."""

from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from threading import Event as Signal
from unittest.mock import patch

import pytest

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Inbox, Messenger
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts import (
    Arrival,
    DirectoryContract,
    InboxContract,
    MessengerContract,
)
from tests import arrivals
from tests.kit.contract_runs import contract_of, run


class Gateway(MemoryMessenger):
    """Refuses an address, and can say too much about it."""

    says = "the gateway does not take it"

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        """Refuse an address that is not one."""
        if "@" not in recipient.value:
            raise DeliveryError(self.says.format(recipient.value), permanent=True)
        return super().send(recipient, template, link, key=key)


class TestGateway(MessengerContract):
    """A way that refuses an address and cannot tell a repeated key, by the contract."""

    durable = False
    remembers_keys = False
    refused = Address("namn")

    def open(self, place: Path) -> Messenger:
        """Make a gateway."""
        return Gateway(self.channel)

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Look at what the gateway has kept."""
        assert isinstance(messenger, Gateway)
        return arrivals.of_messages(messenger.sent)


class TestEverybodysInbox(InboxContract):
    """An inbox that reaches everybody, by the contract."""

    durable = False
    unreachable = None

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return MemoryInbox(unreachable_schemes=())


@pytest.mark.parametrize(("deletes", "forgets"), [(True, 0), (True, 1), (False, 2)])
def test_a_messenger_that_forgets_otherwise_than_it_says_is_caught(deletes: bool, forgets: int) -> None:
    """Otherwise a purge would count as done what is not (D-21a)."""
    messenger = MemoryMessenger(Channel.EMAIL)
    contract = contract_of(MessengerContract, lambda _: messenger, durable=False, deletes=deletes)
    with patch.object(messenger, "forget", lambda _: forgets), pytest.raises(AssertionError):
        run(contract, "what_is_forgotten_is_gone_and_nothing_else", None)


class KeepsAll(MemoryInbox):
    """Belongs to somebody else, and deletes nothing."""

    def forget(self, keys: Iterable[str]) -> int:
        """Do nothing."""
        return 0


class TestKeepsAll(InboxContract):
    """An inbox that cannot delete, by the contract."""

    durable = False
    deletes = False

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return KeepsAll()


class Hanging(MemoryInbox):
    """Waits for a server for as long as it likes, or takes an outage for a refusal."""

    def __init__(self, *, permanent: bool = False) -> None:
        super().__init__()
        self._asked, self._permanent = Signal(), permanent

    def deliver(self, notice: Notice) -> Delivered:
        """Wait."""
        if self._permanent:
            raise DeliveryError("the server does not answer", permanent=True)
        self._asked.wait(5)
        return super().deliver(notice)


@pytest.mark.parametrize("permanent", [False, True])
def test_an_inbox_that_hangs_is_caught(permanent: bool) -> None:
    """Otherwise a worker would hang past its lease, or give up every patient in an outage (D-13d)."""
    hooks = {"answers_within": 0.05, "hanging": lambda *_: nullcontext()}
    contract = contract_of(InboxContract, lambda _: Hanging(permanent=permanent), durable=False, **hooks)
    with pytest.raises(AssertionError):
        run(contract, "a_call_returns_or_raises_in_time", None)


def test_a_messenger_that_says_the_address_is_caught() -> None:
    """Otherwise a private telephone number would end up in a log."""
    gateway = Gateway(Channel.EMAIL)
    gateway.says = "the gateway does not take {}"
    contract = contract_of(MessengerContract, lambda _: gateway, refused=Address("namn"))
    with pytest.raises(AssertionError):
        run(contract, "a_failure_leaves_the_adapter_usable_and_says_nobody", None, nobody=Address("namn"))


class Remembered(MemoryDirectory):
    """Remembers what it has given once."""

    def __init__(self, entries: dict[str, StaffEntry]) -> None:
        super().__init__()
        self.source = entries

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Ask once."""
        return self._entries.setdefault(hsa_id, self.source.get(hsa_id, StaffEntry()))


def test_a_directory_that_is_wrong_is_caught() -> None:
    """Otherwise a corrected address would not count, or a stranger have an entry."""
    place = {str(hsa_id): entry for hsa_id, entry in DirectoryContract.known.items()}
    contract = contract_of(DirectoryContract, Remembered, change=lambda _, place, id_, new: place.update({id_: new}))
    for test in ("it_is_asked_anew_each_time", "it_gives_nothing_for_one_that_it_does_not_know"):
        with pytest.raises(AssertionError):
            run(contract, test, place)
