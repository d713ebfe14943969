"""The contract of the inbox port. Rule: M-12, D-13c, D-13d."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from digital_painschool.errors import DeliveryFailed
from digital_painschool.notification import Template
from digital_painschool.people import HsaId, PersonId
from digital_painschool.ports.inbox import Delivered, Inbox, Notice

THREADS = 8


class InboxContract:
    """Subclass it, and give an `inbox` fixture: an inbox that has delivered nothing yet."""

    reachable = PersonId("personnummer", "198507099805")
    unreachable: PersonId | None = PersonId("nationellt-reservnummer", "22790814AA01")
    """Somebody whom the inbox cannot reach; None when it reaches everybody."""

    @pytest.fixture
    def stranger(self) -> PersonId:
        """Somebody who cannot be reached."""
        if self.unreachable is None:
            pytest.skip("this inbox reaches everybody")
        return self.unreachable

    def notice(self, key: str, person: PersonId | None = None) -> Notice:
        """Give a notice."""
        return Notice(
            key=key,
            unit=HsaId("SE2321000131-E000000000001"),
            person=person or self.reachable,
            template=Template.MESSAGE_TO_READ,
            link="https://www.1177.se/",
        )

    def test_a_notice_is_delivered_once_whatever_the_number_of_attempts(self, inbox: Inbox) -> None:
        """Otherwise a worker that died after handing over would make the patient get the same notice again."""
        assert Delivered.NEW is inbox.deliver(self.notice("key-1"))
        assert Delivered.KNOWN is inbox.deliver(self.notice("key-1"))
        assert Delivered.KNOWN is inbox.deliver(self.notice("key-1"))

    def test_another_key_is_another_notice(self, inbox: Inbox) -> None:
        """Otherwise the second day's notice to the same patient would be lost."""
        assert Delivered.NEW is inbox.deliver(self.notice("key-1"))
        assert Delivered.NEW is inbox.deliver(self.notice("key-2"))

    def test_many_threads_deliver_a_key_once(self, inbox: Inbox) -> None:
        """Otherwise two workers with the same notice at the same time would both send it."""
        ready = Barrier(THREADS)

        def deliver(_: int) -> Delivered:
            ready.wait()
            return inbox.deliver(self.notice("key-1"))

        with ThreadPoolExecutor(THREADS) as pool:
            results = list(pool.map(deliver, range(THREADS)))
        assert 1 == results.count(Delivered.NEW)
        assert THREADS - 1 == results.count(Delivered.KNOWN)

    def test_what_is_forgotten_is_gone_and_nothing_else(self, inbox: Inbox) -> None:
        """Otherwise a purged patient's number would stay in the inbox, or another's notice would vanish (D-21a)."""
        for key in ("key-1", "key-2"):
            inbox.deliver(self.notice(key))
        assert 1 == inbox.forget(["key-1", "never-delivered"])
        assert 0 == inbox.forget(["key-1"])
        assert 0 == inbox.forget([])
        assert Delivered.KNOWN is inbox.deliver(self.notice("key-2"))

    def test_reach_tells_who_can_be_reached(self, inbox: Inbox) -> None:
        """Otherwise a therapist would learn too late, or wrongly, that the patient gets no notices."""
        assert True is inbox.reach(self.reachable).reachable

    def test_reach_tells_who_cannot_be_reached(self, inbox: Inbox, stranger: PersonId) -> None:
        """Otherwise a message would wait for a patient who is never told of it."""
        assert False is inbox.reach(stranger).reachable
        assert frozenset() == inbox.reach(stranger).ways

    def test_asking_for_reach_delivers_nothing(self, inbox: Inbox) -> None:
        """Otherwise looking at a patient would send something."""
        inbox.reach(self.reachable)
        assert Delivered.NEW is inbox.deliver(self.notice("key-1"))

    def test_what_cannot_be_delivered_fails_for_good(self, inbox: Inbox, stranger: PersonId) -> None:
        """Otherwise the worker would try for a day before the therapist gets the flag."""
        with pytest.raises(DeliveryFailed) as failed:
            inbox.deliver(self.notice("key-1", stranger))
        assert True is failed.value.permanent

    def test_a_failure_leaves_the_inbox_usable(self, inbox: Inbox, stranger: PersonId) -> None:
        """Otherwise one patient without an account would stop the notices of all others."""
        with pytest.raises(DeliveryFailed):
            inbox.deliver(self.notice("key-1", stranger))
        assert Delivered.NEW is inbox.deliver(self.notice("key-2"))

    def test_a_failure_is_not_remembered_as_delivered(self, inbox: Inbox, stranger: PersonId) -> None:
        """Otherwise a retry would count as delivered although nothing ever was."""
        for _ in range(2):
            with pytest.raises(DeliveryFailed):
                inbox.deliver(self.notice("key-1", stranger))

    def test_no_error_says_who_it_was(self, inbox: Inbox, stranger: PersonId) -> None:
        """Otherwise an identity number would end up in a log."""
        with pytest.raises(DeliveryFailed) as failed:
            inbox.deliver(self.notice("key-1", stranger))
        told = f"{failed.value} {failed.value!r} {failed.value.why}"
        assert stranger.value not in told
        assert stranger.value[:8] not in told
