"""The contract of the messaging port. Rule: M-22, M-23, D-13c."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address, Messenger
from digital_painschool.testing.contracts.arrivals import Arrival, Sent, assert_arrived
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import PROCESSES, THREADS, in_processes, in_threads
from digital_painschool.testing.contracts.keys import KEYS, ODD_KEYS, assert_once_each
from digital_painschool.testing.contracts.silence import assert_silent


class MessengerContract(Contract[Messenger]):
    """Every clause of the messaging port: say how yours is opened, and run pytest.

        class TestOurMessenger(MessengerContract):
            channel = Channel.SMS
            remembers_keys = False

            def open(self, place: Path) -> Messenger:
                return OurMessenger(gateway=...)

    What `Contract` says of `open`, `place`, `durable` and `shared` holds here.

    Attributes:
        channel: Which channel the messenger serves.
        address: One that it can send to.
        refused: One that it cannot send to; None when it refuses none.
        another_address: A second one that it can send to.
        deletes: False for a messenger that keeps nothing of what it has sent: `forget` then returns 0.
        remembers_keys: False for a way that cannot tell a repeated key, such as plain SMTP.
    """

    about: ClassVar[tuple[type, ...]] = (Messenger,)
    channel: ClassVar[Channel] = Channel.EMAIL
    address: ClassVar[Address] = Address("namn.efternamn@vgregion.example")
    another_address: ClassVar[Address] = Address("Annan.Person@vgregion.example")
    refused: ClassVar[Address | None] = None
    deletes: ClassVar[bool] = True
    remembers_keys: ClassVar[bool] = True

    def spoil(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make the messenger unable to send anything; override it, or that clause is skipped."""
        self.not_proved("what a messenger out of order says", "spoil")

    def arrived(self, place: Any, messenger: Messenger) -> Iterable[Arrival]:  # noqa: ARG002 - whoever overrides it
        """Return what has arrived at staff, read back behind the adapter; override it, or it is not proved."""
        self.not_proved("what really arrives at staff", "arrived")

    @pytest.fixture
    def messenger(self, place: Any) -> Iterator[Messenger]:
        """A messenger that has sent nothing yet."""
        with self.opened(place) as messenger:
            yield messenger

    @pytest.fixture
    def bad_address(self) -> Address:
        """An address that is refused."""
        if self.refused is None:
            pytest.skip("this messenger refuses no address")
        return self.refused

    @pytest.fixture
    def remembering(self) -> None:
        """Skip the test where the way cannot tell a repeated key."""
        if not self.remembers_keys:
            pytest.skip("this way cannot tell a repeated key")

    def send(self, messenger: Messenger, key: str, address: Address | None = None) -> Delivered:
        """Send a message."""
        recipient = address or self.address
        return messenger.send(recipient, Template.PROGRAM_DONE, "https://www.vgregion.se/sob", key=key)

    def sent(self, address: Address) -> Sent:
        """Return what `send` sends to an address."""
        return Sent(recipient=address.value, template=Template.PROGRAM_DONE, link="https://www.vgregion.se/sob")

    @proves("Messenger.channel")
    def test_it_serves_its_channel_to_staff(self, messenger: Messenger) -> None:
        """Otherwise it would never be chosen, or an SMS go to an e-mail address, or a patient's notice to staff."""
        assert self.channel is messenger.channel
        assert self.channel is not Channel.INBOX

    @proves("Messenger.send")
    def test_every_template_can_be_sent(self, messenger: Messenger) -> None:
        """Otherwise a flag that a unit has put on offer would fail at the first notification."""
        for template in Template:
            result = messenger.send(self.address, template, "https://www.vgregion.se/sob", key=template.value)
            assert Delivered.ACCEPTED is result

    @proves("Messenger.send")
    def test_another_key_is_another_message(self, messenger: Messenger) -> None:
        """Otherwise the second patient who is done would be passed over in silence."""
        assert Delivered.ACCEPTED is self.send(messenger, "key-1")
        assert Delivered.ACCEPTED is self.send(messenger, "key-2")

    @proves("Messenger: idempotent")
    def test_keys_are_opaque_to_the_letter(self, messenger: Messenger) -> None:
        """Otherwise a key with a sign that a file name or a database folds would be taken for another's, and lost."""
        assert [Delivered.ACCEPTED] * len(ODD_KEYS) == [self.send(messenger, key) for key in ODD_KEYS]

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger: idempotent")
    def test_a_message_is_sent_once_whatever_the_number_of_attempts(self, messenger: Messenger) -> None:
        """Otherwise a worker that died after sending would send the same message again."""
        assert Delivered.ACCEPTED is self.send(messenger, "key-1")
        for address in (self.address, self.another_address):  # the directory may have been corrected between attempts
            assert Delivered.DUPLICATE is self.send(messenger, "key-1", address)

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger: idempotent", "Messenger: threads")
    def test_many_threads_send_a_key_once(self, messenger: Messenger) -> None:
        """Otherwise two workers with the same message at the same time would both send it."""

        def work() -> list[Delivered]:
            return [self.send(messenger, key) for key in KEYS]

        assert_once_each(in_threads([work] * THREADS))

    @proves("Messenger: threads")
    def test_many_threads_send_different_keys(self, messenger: Messenger) -> None:
        """Otherwise, when many patients are done at once, one's message would be taken for another's."""
        results = in_threads([partial(self.send, messenger, f"key-{number}") for number in range(THREADS)])
        assert [Delivered.ACCEPTED] * THREADS == results

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger: idempotent")
    def test_many_processes_send_a_key_once(self, forked_place: object) -> None:
        """Otherwise two workers on two machines would both send the same message."""

        def work(wait: Callable[[], object]) -> list[Delivered]:
            with self.opened(forked_place) as messenger:
                wait()
                return [self.send(messenger, key) for key in KEYS]

        assert_once_each(in_processes([work] * PROCESSES))

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger: idempotent")
    def test_a_key_is_known_after_a_restart(self, lasting_place: object) -> None:
        """Otherwise a therapist would get every message again after an update."""
        with self.opened(lasting_place) as messenger:
            assert Delivered.ACCEPTED is self.send(messenger, "key-1")
        with self.opened(lasting_place) as messenger:
            assert Delivered.DUPLICATE is self.send(messenger, "key-1")

    @proves("Messenger.forget")
    def test_what_is_forgotten_is_deleted_and_the_rest_stays(self, messenger: Messenger) -> None:
        """Otherwise a purge would leave messages about a patient, or stop at one that is not kept (D-21a)."""
        for key in ("key-1", "key-2", "key-3"):
            self.send(messenger, key)
        assert 2 * self.deletes == messenger.forget(["never-sent", "key-1", "never-sent", "key-3"])
        assert 0 == messenger.forget(iter(["key-1", "key-3"]))
        assert 0 == messenger.forget([])
        assert Delivered.ACCEPTED is self.send(messenger, "key-4")

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger.forget")
    def test_what_is_not_forgotten_is_still_known(self, messenger: Messenger) -> None:
        """Otherwise the purge of one patient would let a message about another go twice."""
        for key in ("key-1", "key-2"):
            self.send(messenger, key)
        messenger.forget(["key-1"])
        assert Delivered.DUPLICATE is self.send(messenger, "key-2")

    @proves("Messenger: as given")
    def test_a_message_arrives_as_it_was_given(self, place: Any) -> None:
        """Otherwise a messenger would accept everything, and tell nobody, somebody else, or something else."""
        links = "https://www.vgregion.se/sob", f"https://painschool.example/{'staff/' * 40}"
        addresses = self.address, self.another_address
        sent: list[Sent] = []
        with self.opened(place) as messenger:
            for template in Template:
                for address, link in zip(addresses, links, strict=True):
                    key = f"{template.value} {len(sent)}"
                    assert Delivered.ACCEPTED is messenger.send(address, template, link, key=key)
                    sent.append(Sent(recipient=address.value, template=template, link=link))
            assert_arrived(self.arrived(place, messenger), *sent)

    @pytest.mark.usefixtures("remembering")
    @proves("Messenger: as given")
    def test_a_key_arrives_once(self, place: Any) -> None:
        """Otherwise a messenger would answer that it knows the key, and send the message again all the same."""
        with self.opened(place) as messenger:
            for _ in range(3):
                self.send(messenger, "key-1")
            assert_arrived(self.arrived(place, messenger), self.sent(self.address))

    @proves("Messenger: as given")
    def test_a_refused_message_arrives_nowhere(self, place: Any, bad_address: Address) -> None:
        """Otherwise a message would be counted as failed that somebody has got."""
        with self.opened(place) as messenger:
            with pytest.raises(DeliveryError):
                self.send(messenger, "key-1", bad_address)
            assert_arrived(self.arrived(place, messenger))

    @proves("Messenger.forget")
    def test_a_forgotten_message_is_there_no_more(self, place: Any) -> None:
        """Otherwise a purge would count a message as deleted that is still kept (D-21a)."""
        if not self.deletes:
            pytest.skip("this messenger keeps nothing of what it has sent")
        with self.opened(place) as messenger:
            self.send(messenger, "key-1")
            self.send(messenger, "key-2", self.another_address)
            assert 1 == messenger.forget(["key-1"])
            assert_arrived(self.arrived(place, messenger), self.sent(self.another_address))

    @proves("Messenger: time-out")
    def test_a_call_returns_or_raises_in_time(self, place: Any) -> None:
        """Otherwise a worker would hang past its lease, and another one send the same message."""
        self.assert_in_time(
            place, lambda messenger: self.send(messenger, "key-1"), lambda messenger: messenger.forget(["key-1"])
        )

    @proves("Messenger: isolated")
    def test_a_failure_leaves_the_messenger_usable(self, messenger: Messenger, bad_address: Address) -> None:
        """Otherwise one wrong address would stop the messages to all others."""
        with pytest.raises(DeliveryError):
            self.send(messenger, "key-1", bad_address)
        assert Delivered.ACCEPTED is self.send(messenger, "key-2")

    @proves("Messenger: silent")
    def test_no_error_says_the_address(self, messenger: Messenger, bad_address: Address) -> None:
        """Otherwise a private telephone number would end up in a log."""
        with pytest.raises(DeliveryError) as failed:
            self.send(messenger, "key-1", bad_address)
        assert_silent(failed.value, bad_address.value)

    @proves("Messenger: silent", "Messenger.send")
    def test_a_messenger_out_of_order_says_so_and_not_to_whom(self, place: Any) -> None:
        """Otherwise a message would count as sent that never was, or an address end up in a log."""
        with self.opened(place) as messenger:
            self.spoil(place)
            with pytest.raises(DeliveryError) as failed:
                self.send(messenger, "key-1")
            assert_silent(failed.value, self.address.value)
            assert False is failed.value.permanent
