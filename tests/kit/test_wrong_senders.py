"""The contracts of inbox, messenger and directory, on adapters that are right in another way, or hang."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language, label
from digital_painschool.ports import Inbox, Messenger
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts import (
    Arrival,
    DirectoryContract,
    InboxContract,
    MessengerContract,
)
from digital_painschool.testing.contracts.arrivals import Sent, assert_arrived
from digital_painschool.testing.faults import Answers, Call, Does, Fault, Sleeps, faulty, watched
from digital_painschool.testing.people import PERSON
from tests import arrivals
from tests.kit import served
from tests.kit.contract_runs import contract_of, run


def gateway(says: str = "the gateway does not take it") -> MemoryMessenger:
    """Return a gateway that refuses what is no address, and can say too much about it."""

    def around(call: Call) -> object:
        if call.method == "send" and "@" not in call.args[0].value:
            raise DeliveryError(says.format(call.args[0].value), permanent=True)
        return call.go()

    messenger = MemoryMessenger(Channel.EMAIL)
    messenger.remembers_keys = False  # type: ignore[attr-defined]
    return watched(messenger, around)


def keeps_all() -> Inbox:
    """Return an inbox that belongs to somebody else, and deletes nothing."""
    return faulty(MemoryInbox(), Fault("forget", does=Answers(0), times=None))


def failing(does: Does | Exception) -> Inbox:
    """Return an inbox that fails for all."""
    return faulty(MemoryInbox(), Fault("deliver", does=does, times=None))


class TestGateway(MessengerContract):
    """A way that refuses an address and cannot tell a repeated key, by the contract."""

    durable = False
    refused = Address("namn")

    def open(self, place: Path) -> Messenger:
        """Make a gateway."""
        return gateway()

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Look at what the gateway has kept."""
        return arrivals.of_messages(messenger.sent)  # type: ignore[attr-defined]


class OfServer:
    """The server behind an inbox or a messenger, which can be down or hang."""

    durable = False
    answers_within = 5.0

    def spoil(self, place: Path) -> None:
        """Take the server down."""
        served.take_down(place)

    def mend(self, place: Path) -> None:
        """Bring the server up."""
        served.bring_up(place)

    def busy(self, place: Path, seconds: int) -> None:
        """Make the server ask for a wait."""
        served.make_busy(place, seconds)

    def hanging(self, place: Path) -> AbstractContextManager[None]:
        """Make the server hang."""
        return served.hanging(place)


class TestServedInbox(OfServer, InboxContract):
    """An inbox with a server, by the contract."""

    secrets = (served.TOKEN,)
    unreachable = served.NOBODY

    def give_account(self, place: Path, person: PersonId) -> None:
        """Open an account."""
        (place / "account").touch()

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        inbox: Inbox = served.ServedInbox(place)
        return inbox

    def arrived(self, place: Path, inbox: Inbox) -> list[Arrival]:
        """Look at what the inbox has kept."""
        assert isinstance(inbox, served.ServedInbox)
        return arrivals.of_notices(inbox.delivered)


class TestServedMessenger(OfServer, MessengerContract):
    """A messenger with a server, by the contract, whose messages have a subject."""

    refused = served.REFUSED
    fixed_texts = ("Digitala smärtskolan",)

    def open(self, place: Path) -> Messenger:
        """Make a messenger."""
        messenger: Messenger = served.ServedMessenger(place)
        return messenger

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Look at what the messenger has kept."""
        assert isinstance(messenger, served.ServedMessenger)
        found = arrivals.of_messages(messenger.sent)
        return [evolve(one, text=f"Digitala smärtskolan\n\n{one.text}") for one in found]


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


class TestKeepsAll(InboxContract):
    """An inbox that cannot delete, by the contract."""

    durable = False
    deletes = False

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return keeps_all()


@pytest.mark.parametrize("does", [Sleeps(lambda: 5), DeliveryError("it does not answer", permanent=True)])
def test_an_inbox_that_hangs_is_caught(does: Does | Exception) -> None:
    """Otherwise a worker would hang past its lease, or give up every patient in an outage (D-13d)."""
    hooks = {"answers_within": 0.05, "hanging": lambda *_: nullcontext()}
    contract = contract_of(InboxContract, lambda _: failing(does), durable=False, **hooks)
    with pytest.raises(AssertionError):
        run(contract, "a_call_returns_or_raises_in_time", None)


def test_a_messenger_that_says_the_address_is_caught() -> None:
    """Otherwise a private telephone number would end up in a log."""
    contract = contract_of(MessengerContract, lambda _: gateway("it does not take {}"), refused=Address("namn"))
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


ENGLISH = Language.ENGLISH
NOTHING: dict[str, Any] = {"hanging": lambda *_: nullcontext(), "spoil": lambda *_: None}
A_NOTICE = Arrival(recipient=PERSON.value, text=f"{Template.MESSAGE_TO_READ.text} {InboxContract.link}")


def says(test: str, expected: str, inbox: Callable[[], Inbox] = MemoryInbox, **hooks: object) -> None:
    """Assert that a test of the inbox's contract fails, and what it says; it never names the person."""
    contract = contract_of(InboxContract, lambda _: inbox(), durable=False, **hooks)
    with pytest.raises(AssertionError, match=expected) as failed:
        run(contract, test, None, nobody=contract.unreachable)
    assert PERSON.value not in str(failed.value)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("a_call_returns_or_raises_in_time", "perhaps `hanging` hangs nothing"),
        ("an_outage_is_a_failure_and_not_for_good", "perhaps `spoil` spoils nothing"),
        ("an_outage_says_nobody", "perhaps `spoil` spoils nothing"),
        ("in_an_outage_nothing_counts_as_forgotten", "perhaps `spoil` spoils nothing"),
    ],
)
def test_a_hook_that_does_nothing_is_named(test: str, expected: str) -> None:
    """Otherwise its clause would count as proved, or its author read DID NOT RAISE."""
    says(test, expected, **NOTHING)


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        ((PERSON.value, "text"), "`arrived` returned a tuple in place of an `Arrival`"),
        (evolve(A_NOTICE, recipient="19850709-****"), "read back the full number or address"),
        (evolve(A_NOTICE, text=Template.MESSAGE_TO_READ.text), "its link is not 'https://.*' but missing"),
        (evolve(A_NOTICE, text=f"Hej {InboxContract.link}"), "its text is not 'Du har något nytt .*' but another"),
        (evolve(A_NOTICE, text=f"{Template.ENDING.text} {InboxContract.link}"), "but that of ENDING"),
        (evolve(A_NOTICE, text=f"{A_NOTICE.text} {PERSON.value}"), "its text names the recipient of number 1"),
        (evolve(A_NOTICE, text=f"Hej Anna! {A_NOTICE.text}"), "9 characters stand beside its text and its link"),
        (evolve(A_NOTICE, unit="another"), "its unit is another"),
    ],
)
def test_what_arrives_otherwise_is_described_and_nobody_named(arrival: object, expected: str) -> None:
    """Otherwise an author would have to guess which of text, link and recipient is wrong."""
    says("a_key_arrives_as_often_as_it_is_accepted", expected, arrived=lambda *_: [arrival])


def test_a_text_in_another_language_is_another_text() -> None:
    """Otherwise an adapter could be set to English and send Swedish, or mix the two."""
    english = Sent(recipient=PERSON.value, template=Template.MESSAGE_TO_READ, link=InboxContract.link, language=ENGLISH)
    with pytest.raises(AssertionError, match=r"its text is not 'You have something new .*' but another"):
        assert_arrived([A_NOTICE], english)
    assert_arrived([evolve(A_NOTICE, text=f"{label(Template.MESSAGE_TO_READ, 'en')} {InboxContract.link}")], english)
    says(
        "a_key_arrives_as_often_as_it_is_accepted",
        "its text is not 'You",
        arrived=lambda *_: [A_NOTICE],
        language=ENGLISH,
    )


def test_of_many_arrivals_the_closest_is_described() -> None:
    """Otherwise an added greeting would be reported as a wrong link, when several notices went to one person."""
    sent = [Sent(recipient=PERSON.value, template=Template.ENDING, link=f"{InboxContract.link}{n}") for n in (1, 2)]
    found = [Arrival(recipient=PERSON.value, text=f"Hej! {one.template.text} {one.link}") for one in reversed(sent)]
    with pytest.raises(AssertionError, match="number 1 arrived otherwise than it was given: 4 characters stand beside"):
        assert_arrived(found, *sent)


def test_an_inbox_that_cannot_delete_is_told_what_to_state() -> None:
    """Otherwise its author would read an arithmetic expression."""
    says("keys_are_opaque_to_the_letter", "returned 0 of 9; if it cannot delete, state `deletes = False`", keeps_all)


def test_a_failure_for_good_is_told_by_its_word() -> None:
    """Otherwise its author would read `False is True`."""
    expected = "has `permanent=False`, and trying again cannot help"
    says("what_cannot_be_delivered_fails_for_good", expected, lambda: failing(DeliveryError("it does not work")))


def test_an_error_of_another_type_is_shown_under_the_time_out() -> None:
    """Otherwise its author would read `list index out of range`."""
    contract = contract_of(InboxContract, lambda _: failing(ZeroDivisionError("mine")), durable=False, **NOTHING)
    with pytest.raises(ZeroDivisionError, match="mine"):
        run(contract, "a_call_returns_or_raises_in_time", None)
