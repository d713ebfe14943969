"""The adapters in memory keep the contracts of their ports; what they have beyond them is tested here."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import InvalidValue, StorageError
from digital_painschool.ports.directory import Directory, StaffEntry, StaffMember
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.ports.storage import Storage
from digital_painschool.testing.contracts.arrivals import Arrival
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.contracts.inbox import InboxContract
from digital_painschool.testing.contracts.messenger import MessengerContract
from digital_painschool.testing.contracts.storage import StorageContract
from tests import arrivals
from tests.stopping import stop_transactions

NURSE = HsaId("SE2321000131-P000000123456")
UNIT = "SE2321000131-E000000000001"
ADDRESS = Address("namn.efternamn@vgregion.example")


class TestMemoryStorage(StorageContract):
    """The storage in memory, by the contract."""

    durable = False
    full = StorageError("there is no memory left")

    def open(self, place: Path) -> Storage:
        """Make a storage."""
        return MemoryStorage()

    def before_each_write(self, storage: Storage, stop: Callable[[], None]) -> None:
        """Stop before each transaction: the lock is held throughout, so that nobody sees a part of it."""
        stop_transactions(storage, stop)


class TestMemoryInbox(InboxContract):
    """The inbox in memory, by the contract and beyond."""

    durable = False

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return MemoryInbox()

    def arrived(self, place: Path, inbox: Inbox) -> list[Arrival]:
        """Look at what the inbox has kept."""
        assert isinstance(inbox, MemoryInbox)
        return arrivals.of_notices(inbox.delivered)

    def test_what_was_delivered_can_be_looked_at(self) -> None:
        """Otherwise a host's test could not tell what its patients get."""
        inbox = MemoryInbox()
        first, second = self.notice("key-1"), self.notice("key-2")
        for notice in (first, second, first):
            inbox.deliver(notice)
        assert (first, second) == inbox.delivered

    @pytest.mark.parametrize(
        ("reachable", "scheme", "value"),
        [
            (True, "personnummer", "198507099805"),
            (True, "samordningsnummer", "191401682396"),
            (False, "nationellt-reservnummer", "22790814AA01"),
            (False, "vgr-reservnummer", "19810829M071"),
        ],
    )
    def test_reserve_numbers_are_out_of_reach(self, reachable: bool, scheme: str, value: str) -> None:
        """Otherwise demos would deliver where the national inbox does not (D-13d)."""
        assert reachable is MemoryInbox().reach(PersonId(scheme, value)).reachable

    def test_who_is_out_of_reach_can_be_chosen(self) -> None:
        """Otherwise a host could not play through its own inbox's limits."""
        inbox = MemoryInbox(unreachable_schemes=("personnummer",), ways=("sms",))
        assert False is inbox.reach(self.reachable).reachable
        assert frozenset({"sms"}) == inbox.reach(PersonId("vgr-reservnummer", "19810829M071")).ways


class TestMemoryMessenger(MessengerContract):
    """The messenger in memory, by the contract and beyond."""

    durable = False

    def open(self, place: Path) -> MemoryMessenger:
        """Make a messenger."""
        return MemoryMessenger(self.channel)

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Look at what the messenger has kept."""
        assert isinstance(messenger, MemoryMessenger)
        return arrivals.of_messages(messenger.sent)

    def test_what_was_sent_can_be_looked_at(self) -> None:
        """Otherwise a host's test could not tell what its staff get."""
        messenger = MemoryMessenger(self.channel)
        for key in ("key-1", "key-2", "key-1"):
            self.send(messenger, key)
        link = "https://www.vgregion.se/sob"
        expected = tuple(
            (self.address, Template.PROGRAM_DONE, link, key, UNIT, self.language) for key in ("key-1", "key-2")
        )
        assert expected == messenger.sent


class TestMemorySmsMessenger(TestMemoryMessenger):
    """The same for the other channel."""

    channel = Channel.SMS


class TestMemoryDirectory(DirectoryContract):
    """The directory in memory, by the contract."""

    unique_ids = True

    def open(self, place: Path) -> Directory:
        """Make a directory."""
        return MemoryDirectory(
            {str(hsa_id): entry for hsa_id, entry in self.known.items()},
            {str(unit): members for unit, members in self.staff.items()},
        )


def test_no_messenger_serves_the_patients_inbox() -> None:
    """Otherwise notices to patients could go by the port for staff."""
    with pytest.raises(InvalidValue, match=r"Channel\.EMAIL or Channel\.SMS"):
        MemoryMessenger(Channel.INBOX)


def test_the_directory_keeps_a_copy() -> None:
    """Otherwise a host that goes on using its dict would change the directory."""
    entries = {str(NURSE): StaffEntry(email=ADDRESS)}
    staff = {UNIT: [StaffMember(hsa_id=NURSE)]}
    directory = MemoryDirectory(entries, staff)
    entries.clear()
    staff.clear()
    assert StaffEntry(email=ADDRESS) == directory.find(NURSE)
    assert (StaffMember(hsa_id=NURSE),) == directory.staff_of(HsaId(UNIT), 1)


def test_the_directory_takes_hsa_ids_only() -> None:
    """Otherwise a mistyped id would never be found, in silence."""
    with pytest.raises(InvalidValue):
        MemoryDirectory({"namn": StaffEntry()})
    with pytest.raises(InvalidValue):
        MemoryDirectory(staff={"avdelning": ()})


@pytest.mark.rule("D-06b")
def test_the_directory_reads_ids_in_small_letters() -> None:
    """Otherwise a colleague whose id was typed in small letters would be refused (D-09b)."""
    directory = MemoryDirectory(staff={UNIT.lower(): [StaffMember(hsa_id=NURSE.lower())]})
    assert directory.works_at(HsaId(UNIT), HsaId(NURSE))
