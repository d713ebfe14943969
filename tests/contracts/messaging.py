"""The contract of the messaging port. Rule: M-22, M-23, D-13c."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from digital_painschool.errors import DeliveryFailed
from digital_painschool.notification import Channel, Template
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.messaging import Address, Messenger

THREADS = 8


class MessengerContract:
    """Subclass it, and give a `messenger` fixture: a messenger that has sent nothing yet."""

    address = Address("namn.efternamn@vgregion.example")
    refused: Address | None = None
    """An address that the messenger cannot send to; None when there is none."""
    remembers_keys = True
    """False for a way that cannot tell a repeated key, such as plain SMTP."""

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

    def test_it_serves_a_channel_to_staff(self, messenger: Messenger) -> None:
        """Otherwise it would never be chosen, or be used for the patients' inbox."""
        assert messenger.channel in (Channel.EMAIL, Channel.SMS)

    def test_every_template_can_be_sent(self, messenger: Messenger) -> None:
        """Otherwise a flag that a unit has put on offer would fail at the first notification."""
        for template in Template:
            result = messenger.send(self.address, template, "https://www.vgregion.se/sob", key=template.value)
            assert Delivered.NEW is result

    def test_another_key_is_another_message(self, messenger: Messenger) -> None:
        """Otherwise the second patient who is done would be passed over in silence."""
        assert Delivered.NEW is self.send(messenger, "key-1")
        assert Delivered.NEW is self.send(messenger, "key-2")

    @pytest.mark.usefixtures("remembering")
    def test_a_message_is_sent_once_whatever_the_number_of_attempts(self, messenger: Messenger) -> None:
        """Otherwise a worker that died after sending would send the same message again."""
        assert Delivered.NEW is self.send(messenger, "key-1")
        assert Delivered.KNOWN is self.send(messenger, "key-1")

    @pytest.mark.usefixtures("remembering")
    def test_many_threads_send_a_key_once(self, messenger: Messenger) -> None:
        """Otherwise two workers with the same message at the same time would both send it."""
        ready = Barrier(THREADS)

        def send(_: int) -> Delivered:
            ready.wait()
            return self.send(messenger, "key-1")

        with ThreadPoolExecutor(THREADS) as pool:
            results = list(pool.map(send, range(THREADS)))
        assert 1 == results.count(Delivered.NEW)
        assert THREADS - 1 == results.count(Delivered.KNOWN)

    def test_what_is_forgotten_is_deleted_and_the_rest_stays(self, messenger: Messenger) -> None:
        """Otherwise a purge would leave messages about a patient, or stop at one that is not kept (D-21a)."""
        for key in ("key-1", "key-2", "key-3"):
            self.send(messenger, key)
        assert messenger.forget(["key-1", "never-sent", "key-3"]) in {0, 2}
        assert 0 == messenger.forget(iter(["key-1", "key-3"]))
        assert 0 == messenger.forget([])
        assert Delivered.NEW is self.send(messenger, "key-4")

    @pytest.mark.usefixtures("remembering")
    def test_what_is_not_forgotten_is_still_known(self, messenger: Messenger) -> None:
        """Otherwise the purge of one patient would let a message about another go twice."""
        for key in ("key-1", "key-2"):
            self.send(messenger, key)
        messenger.forget(["key-1"])
        assert Delivered.KNOWN is self.send(messenger, "key-2")

    def test_a_failure_leaves_the_messenger_usable(self, messenger: Messenger, bad_address: Address) -> None:
        """Otherwise one wrong address would stop the messages to all others."""
        with pytest.raises(DeliveryFailed):
            self.send(messenger, "key-1", bad_address)
        assert Delivered.NEW is self.send(messenger, "key-2")

    def test_no_error_says_the_address(self, messenger: Messenger, bad_address: Address) -> None:
        """Otherwise a private telephone number would end up in a log."""
        with pytest.raises(DeliveryFailed) as failed:
            self.send(messenger, "key-1", bad_address)
        assert bad_address.value not in f"{failed.value} {failed.value!r} {failed.value.why}"
