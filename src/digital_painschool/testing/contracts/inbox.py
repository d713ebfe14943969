"""The contract of the inbox port. Rule: M-12, D-13c, D-13d."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from random import Random
from time import sleep
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Inbox, Notice
from digital_painschool.testing.contracts.arrivals import Arrival, Sent, assert_arrived
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.changes import PERSONS
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import PROCESSES, THREADS, Child, Tell, in_processes, in_threads
from digital_painschool.testing.contracts.keys import KEYS, ODD_KEYS, assert_once_each
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import PERSON, UNIT


class InboxContract(Contract[Inbox]):
    """Every clause of the inbox port: say how yours is opened, and run pytest.

        class TestOurInbox(InboxContract):
            def open(self, place: Path) -> Inbox:
                return OurInbox(place / "delivered")

    What `Contract` says of `open`, `place`, `durable` and `shared` holds here.

    Attributes:
        reachable: Somebody whom the inbox can reach.
        another: Somebody else whom it can reach.
        unreachable: Somebody whom it cannot reach; None when it reaches everybody.
        deletes: False for an inbox that cannot delete what it has delivered: `forget` then returns 0.
    """

    about: ClassVar[tuple[type, ...]] = (Inbox,)
    reachable: ClassVar[PersonId] = PERSON
    another: ClassVar[PersonId] = PERSONS[1]
    unreachable: ClassVar[PersonId | None] = PersonId("nationellt-reservnummer", "22790814AA01")
    deletes: ClassVar[bool] = True

    def spoil(self, place: Any) -> None:  # noqa: ARG002 - whoever overrides it is given the place
        """Make the inbox unable to take or forget anything; override it, or those clauses are skipped."""
        self.not_proved("what an inbox out of order says", "spoil")

    def arrived(self, place: Any, inbox: Inbox) -> Iterable[Arrival]:  # noqa: ARG002 - whoever overrides it is given both
        """Return what has arrived at patients, read back behind the adapter; override it, or it is not proved."""
        self.not_proved("what really arrives at a patient", "arrived")

    @pytest.fixture
    def inbox(self, place: Any) -> Iterator[Inbox]:
        """An inbox that has delivered nothing yet."""
        with self.opened(place) as inbox:
            yield inbox

    @pytest.fixture
    def unreachable_person(self) -> PersonId:
        """Somebody who cannot be reached."""
        if self.unreachable is None:
            pytest.skip("this inbox reaches everybody")
        return self.unreachable

    def notice(self, key: str, person: PersonId | None = None, link: str = "https://www.1177.se/") -> Notice:
        """Return a notice."""
        return Notice(
            key=key,
            unit=UNIT,
            person=person or self.reachable,
            template=Template.MESSAGE_TO_READ,
            link=link,
        )

    @proves("Inbox: idempotent")
    def test_a_notice_is_delivered_once_whatever_the_number_of_attempts(self, inbox: Inbox) -> None:
        """Otherwise a worker that died after handing over would make the patient get the same notice again."""
        assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-1"))
        assert Delivered.DUPLICATE is inbox.deliver(self.notice("key-1"))
        assert Delivered.DUPLICATE is inbox.deliver(self.notice("key-1", self.another))

    @proves("Inbox.deliver")
    def test_another_key_is_another_notice(self, inbox: Inbox) -> None:
        """Otherwise the second day's notice to the same patient would be lost."""
        assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-1"))
        assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-2"))

    @proves("Inbox: idempotent")
    def test_keys_are_opaque_to_the_letter(self, inbox: Inbox) -> None:
        """Otherwise a key with a sign that a file name or a database folds would be taken for another's, and lost."""
        assert [Delivered.ACCEPTED] * len(ODD_KEYS) == [inbox.deliver(self.notice(key)) for key in ODD_KEYS]
        assert [Delivered.DUPLICATE] * len(ODD_KEYS) == [inbox.deliver(self.notice(key)) for key in ODD_KEYS]
        assert (len(ODD_KEYS) - 1) * self.deletes == inbox.forget(ODD_KEYS[1:])
        assert Delivered.DUPLICATE is inbox.deliver(self.notice(ODD_KEYS[0]))

    @proves("Inbox: idempotent", "Inbox: threads")
    def test_many_threads_deliver_a_key_once(self, inbox: Inbox) -> None:
        """Otherwise two workers with the same notice at the same time would both send it."""

        def work() -> list[Delivered]:
            return [inbox.deliver(self.notice(key)) for key in KEYS]

        assert_once_each(in_threads([work] * THREADS))

    @proves("Inbox: threads")
    def test_many_threads_deliver_different_keys(self, inbox: Inbox) -> None:
        """Otherwise, on a busy morning, one patient's notice would be taken for another's."""
        results = in_threads([partial(inbox.deliver, self.notice(f"key-{number}")) for number in range(THREADS)])
        assert [Delivered.ACCEPTED] * THREADS == results

    @proves("Inbox: idempotent")
    def test_many_processes_deliver_a_key_once(self, forked_place: object) -> None:
        """Otherwise two workers on two machines would both send the same notice."""

        def work(wait: Callable[[], object]) -> list[Delivered]:
            with self.opened(forked_place) as inbox:
                wait()
                return [inbox.deliver(self.notice(key)) for key in KEYS]

        assert_once_each(in_processes([work] * PROCESSES))

    @proves("Inbox: idempotent")
    def test_a_key_is_known_after_a_restart(self, lasting_place: object) -> None:
        """Otherwise a patient would be told again after each update."""
        with self.opened(lasting_place) as inbox:
            assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-1"))
        with self.opened(lasting_place) as inbox:
            assert Delivered.DUPLICATE is inbox.deliver(self.notice("key-1"))
            assert int(self.deletes) == inbox.forget(["key-1"])

    @proves("Inbox: idempotent")
    def test_a_process_that_is_killed_has_delivered_what_it_told_of(self, forked_place: object) -> None:
        """Otherwise a worker that died right after handing over would make the patient get the same notice again."""
        random, delivered = Random(7), list[Any]()  # noqa: S311 - when to kill is no secret

        def work(round_: int, count: int, tell: Tell) -> None:
            with self.opened(forked_place) as inbox:
                for number in range(count):
                    inbox.deliver(self.notice(f"key-{round_}-{number}"))
                    tell(f"key-{round_}-{number}")

        work(0, 3, delivered.append)
        for round_ in range(1, 4):
            with Child(partial(work, round_, 1_000_000)) as child:
                told = child.told()
                delivered.extend(islice(told, random.randint(1, 20)))
                sleep(random.uniform(0, 0.005))
                child.kill()
                delivered.extend(told)
        with self.opened(forked_place) as inbox:
            assert {Delivered.DUPLICATE} == {inbox.deliver(self.notice(key)) for key in delivered}
            assert Delivered.ACCEPTED is inbox.deliver(self.notice("another"))

    @proves("Inbox.forget")
    def test_what_is_forgotten_is_gone_and_nothing_else(self, inbox: Inbox) -> None:
        """Otherwise a purged patient's number would stay in the inbox, or another's notice would vanish (D-21a)."""
        for key in ("key-1", "key-2", "key-3"):
            inbox.deliver(self.notice(key))
        assert 2 * self.deletes == inbox.forget(iter(["key-1", "never-delivered", "key-3"]))
        assert 0 == inbox.forget(["key-1"])
        assert 0 == inbox.forget([])
        assert Delivered.DUPLICATE is inbox.deliver(self.notice("key-2"))
        if not self.deletes:
            assert Delivered.DUPLICATE is inbox.deliver(self.notice("key-1"))

    @proves("Inbox: as given")
    def test_a_notice_arrives_as_it_was_given(self, place: Any) -> None:
        """Otherwise an inbox would accept everything, and tell nobody, somebody else, or something else."""
        links = "https://www.1177.se/", f"https://painschool.example/{'read/' * 40}"
        with self.opened(place) as inbox:
            for number, (person, link) in enumerate(zip((self.reachable, self.another), links, strict=True)):
                assert Delivered.ACCEPTED is inbox.deliver(self.notice(f"key-{number}", person, link))
            assert_arrived(
                self.arrived(place, inbox),
                Sent(recipient=self.reachable.value, template=Template.MESSAGE_TO_READ, link=links[0]),
                Sent(recipient=self.another.value, template=Template.MESSAGE_TO_READ, link=links[1]),
            )

    @proves("Inbox: as given")
    def test_a_key_arrives_once(self, place: Any) -> None:
        """Otherwise an inbox would answer that it knows the key, and tell the patient again all the same."""
        with self.opened(place) as inbox:
            for _ in range(3):
                inbox.deliver(self.notice("key-1"))
            sent = Sent(recipient=self.reachable.value, template=Template.MESSAGE_TO_READ, link="https://www.1177.se/")
            assert_arrived(self.arrived(place, inbox), sent)

    @proves("Inbox: as given")
    def test_a_refused_notice_arrives_nowhere(self, place: Any, unreachable_person: PersonId) -> None:
        """Otherwise the therapist would be told that a patient was not reached who was."""
        with self.opened(place) as inbox:
            with pytest.raises(DeliveryError):
                inbox.deliver(self.notice("key-1", unreachable_person))
            assert_arrived(self.arrived(place, inbox))

    @proves("Inbox.forget")
    def test_a_forgotten_notice_is_there_no_more(self, place: Any) -> None:
        """Otherwise a purge would count a notice as deleted that is still kept with the number (D-21a)."""
        if not self.deletes:
            pytest.skip("this inbox cannot delete what it has delivered")
        with self.opened(place) as inbox:
            for key, person in (("key-1", self.reachable), ("key-2", self.another)):
                inbox.deliver(self.notice(key, person))
            assert 1 == inbox.forget(["key-1"])
            sent = Sent(recipient=self.another.value, template=Template.MESSAGE_TO_READ, link="https://www.1177.se/")
            assert_arrived(self.arrived(place, inbox), sent)

    @proves("Inbox: time-out")
    def test_a_call_returns_or_raises_in_time(self, place: Any) -> None:
        """Otherwise a worker would hang past its lease, and another one tell the patient too (D-13a)."""
        self.assert_in_time(
            place,
            lambda inbox: inbox.reach(self.reachable),
            lambda inbox: inbox.deliver(self.notice("key-1")),
            lambda inbox: inbox.forget(["key-1"]),
        )

    @proves("Inbox.reach")
    def test_reach_tells_who_can_be_reached(self, inbox: Inbox) -> None:
        """Otherwise a therapist would learn too late, or wrongly, that the patient gets no notices."""
        assert True is inbox.reach(self.reachable).reachable

    @proves("Inbox.reach")
    def test_reach_tells_who_cannot_be_reached(self, inbox: Inbox, unreachable_person: PersonId) -> None:
        """Otherwise a message would wait for a patient who is never told of it."""
        assert False is inbox.reach(unreachable_person).reachable
        assert frozenset() == inbox.reach(unreachable_person).ways

    @proves("Inbox.reach")
    def test_asking_for_reach_delivers_nothing(self, inbox: Inbox) -> None:
        """Otherwise looking at a patient would send something."""
        inbox.reach(self.reachable)
        assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-1"))

    @proves("Inbox.deliver")
    def test_what_cannot_be_delivered_fails_for_good(self, inbox: Inbox, unreachable_person: PersonId) -> None:
        """Otherwise the worker would try for a day before the therapist gets the flag."""
        with pytest.raises(DeliveryError) as failed:
            inbox.deliver(self.notice("key-1", unreachable_person))
        assert True is failed.value.permanent

    @proves("Inbox: isolated")
    def test_a_failure_leaves_the_inbox_usable(self, inbox: Inbox, unreachable_person: PersonId) -> None:
        """Otherwise one patient without an account would stop the notices of all others."""
        with pytest.raises(DeliveryError):
            inbox.deliver(self.notice("key-1", unreachable_person))
        assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-2"))

    @proves("Inbox: isolated")
    def test_a_failure_is_not_remembered_as_delivered(self, inbox: Inbox, unreachable_person: PersonId) -> None:
        """Otherwise a retry would count as delivered although nothing ever was."""
        for _ in range(2):
            with pytest.raises(DeliveryError):
                inbox.deliver(self.notice("key-1", unreachable_person))

    @proves("Inbox: silent")
    def test_no_error_says_who_it_was(self, inbox: Inbox, unreachable_person: PersonId) -> None:
        """Otherwise an identity number would end up in a log."""
        with pytest.raises(DeliveryError) as failed:
            inbox.deliver(self.notice("key-1", unreachable_person))
        assert_silent(failed.value, unreachable_person.value, unreachable_person.value[:8])

    @proves("Inbox: silent", "Inbox.deliver", "Inbox.forget")
    def test_an_inbox_out_of_order_says_so_and_not_for_whom(self, place: Any) -> None:
        """Otherwise a notice would count as delivered, or a purge as done, while nothing is (D-21a)."""
        with self.opened(place) as inbox:
            assert Delivered.ACCEPTED is inbox.deliver(self.notice("key-1"))
            self.spoil(place)
            with pytest.raises(DeliveryError) as failed:
                inbox.deliver(self.notice("key-2"))
            assert_silent(failed.value, self.reachable.value, self.reachable.value[:8])
            assert False is failed.value.permanent
            with pytest.raises(DeliveryError):
                inbox.forget(["key-1"])
