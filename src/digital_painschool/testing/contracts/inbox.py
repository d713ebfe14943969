"""The contract of the inbox port. Rule: M-12, D-13c, D-13d."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered, Inbox, Notice, Reachability
from digital_painschool.testing.contracts.base import OUT_OF_ORDER
from digital_painschool.testing.contracts.changes import PERSONS
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads, refusal_or
from digital_painschool.testing.contracts.refusals import RefusingContract
from digital_painschool.testing.contracts.sending import ACCEPTED
from digital_painschool.testing.people import PERSON, UNIT


class InboxContract(RefusingContract[Inbox]):
    """Every clause of the inbox port: say how yours is opened, and run pytest.

        class TestOurInbox(InboxContract):
            def open(self, place: Path) -> Inbox:
                return OurInbox(place / "delivered")

    `Contract` describes `open`, `place`, `durable` and `shared`; `SendingContract` describes `deletes` and the hooks.

    Attributes:
        reachable: Somebody whom the inbox can reach.
        another: Somebody else whom it can reach.
        unreachable: Somebody whom it cannot reach; None when it reaches everybody. Set it to somebody whom your system
            refuses: the default is refused for the kind of number alone, so the system's own answer is not proved.
    """

    about: ClassVar[tuple[type, ...]] = (Inbox,)
    templates: ClassVar[Sequence[Template]] = (Template.MESSAGE_TO_READ,)
    usual: ClassVar[Template] = Template.MESSAGE_TO_READ
    _method: ClassVar[str] = "deliver"
    reachable: ClassVar[PersonId] = PERSON
    another: ClassVar[PersonId] = PERSONS[1]
    unreachable: ClassVar[PersonId | None] = PersonId("nationellt-reservnummer", "22790814AA01")

    def recipients(self) -> tuple[PersonId, PersonId]:
        return self.reachable, self.another

    def unreachable_recipient(self) -> PersonId | None:
        return self.unreachable

    def notice(
        self,
        key: str,
        person: PersonId | None = None,
        *,
        template: Template | None = None,
        link: str | None = None,
        language: Language | None = None,
        unit: HsaId | None = None,
    ) -> Notice:
        """Return a notice."""
        return Notice(
            key=key,
            unit=unit or UNIT,
            person=person or self.reachable,
            template=template or self.usual,
            link=link or self.link,
            language=language or self.language,
        )

    def send(
        self,
        adapter: Any,
        key: str,
        to: Any = None,
        *,
        template: Template | None = None,
        link: str | None = None,
        language: Language | None = None,
        unit: HsaId | None = None,
    ) -> Delivered:
        notice = self.notice(key, to, template=template, link=link, language=language, unit=unit)
        delivered: Delivered = adapter.deliver(notice)
        return delivered

    def calls(self, key: str = "key-1", to: Any = None) -> Sequence[Callable[[Any], object]]:
        return (*super().calls(key, to), lambda inbox: inbox.reach(to or self.reachable))

    def give_account(self, place: Any, person: PersonId) -> None:  # noqa: ARG002 - whoever overrides it
        """Make somebody reachable who was not; override it, or that clause is not proved."""
        self.not_proved("that `reach` is asked anew each time", "give_account")

    @proves("Inbox.reach")
    def test_reach_tells_who_can_be_reached(self, adapter: Inbox) -> None:
        """Otherwise a therapist would learn too late, or wrongly, that the patient gets no notices."""
        for person in self.recipients():
            answer = adapter.reach(person).reachable
            assert answer is True, f"`reach` said reachable={answer!r} of `reachable` or `another`"

    @proves("Inbox.reach")
    def test_reach_tells_who_cannot_be_reached(self, adapter: Inbox, nobody: PersonId) -> None:
        """Otherwise a message would wait for a patient who is never told of it."""
        answer = adapter.reach(nobody).reachable
        assert answer is False, f"`reach` said reachable={answer!r} of `unreachable`"

    @proves("Inbox.reach: ways")
    def test_there_are_no_ways_to_who_cannot_be_reached(self, adapter: Inbox, nobody: PersonId) -> None:
        """Otherwise a therapist would read that the patient is told by SMS."""
        ways = adapter.reach(nobody).ways
        assert ways == frozenset(), f"the `ways` to somebody unreachable are {ways!r}, and should be `frozenset()`"

    @proves("Inbox.deliver", "Inbox.reach: read only")
    def test_asking_for_reach_takes_no_key(self, adapter: Inbox) -> None:
        """Otherwise looking at a patient would send something."""
        adapter.reach(self.reachable)
        assert ACCEPTED is self.send(adapter, "key-1")

    @proves("Inbox.reach: read only")
    def test_asking_for_reach_delivers_nothing(self, place: Any) -> None:
        """Otherwise each look at a patient would send a notice."""
        with self.opened(place) as inbox:
            for person in self.recipients():
                inbox.reach(person)
            self.assert_arrived(place, inbox)

    @proves("Inbox.reach: DeliveryError")
    def test_an_inbox_that_cannot_be_asked_does_not_answer(self, place: Any) -> None:
        """Otherwise in a minute's outage every patient would count as one without an account (D-13d)."""
        with self.opened(place) as inbox:
            self.spoil(place)
            for person in self.recipients():
                self._assert_no_other_answer(refusal_or(partial(inbox.reach, person)), OUT_OF_ORDER, person)

    @proves("Inbox.reach: DeliveryError")
    def test_an_inbox_that_hangs_does_not_answer(self, place: Any) -> None:
        """Otherwise a slow gateway would give the therapist of every patient a flag (D-13d)."""
        _, _, answer = self.assert_in_time(place, *self.calls())
        self._assert_no_other_answer(answer, "while what is behind it hangs", self.reachable)

    def _assert_no_other_answer(self, answer: object, when: str, person: PersonId) -> None:
        """Assert that an answer is an error; or the usual one, of an inbox that goes by the kind of number alone."""
        if isinstance(answer, DeliveryError):
            self.assert_failure(answer, when, person.value, person.value[:8], permanent=False)
            return
        usual = isinstance(answer, Reachability) and answer.reachable
        assert usual, f"`reach` {when} answered {answer!r} in place of a DeliveryError"

    @proves("Inbox.reach: fresh")
    def test_reach_is_asked_anew_each_time(self, place: Any, nobody: PersonId) -> None:
        """Otherwise a patient with a new account would be told of nothing until the next restart (D-13d)."""
        if nobody == InboxContract.unreachable:
            pytest.skip("the default of `unreachable` is refused for the kind of number alone")
        with self.opened(place) as inbox:
            assert not inbox.reach(nobody).reachable
            self.give_account(place, nobody)
            assert inbox.reach(nobody).reachable, "`reach` gave an earlier answer again"
            assert ACCEPTED is self.send(inbox, "key-1", nobody)

    @proves("Inbox: threads")
    def test_many_threads_get_each_their_own_answer(self, adapter: Inbox, nobody: PersonId) -> None:
        """Otherwise, on a busy morning, one patient would get the flag that is another's."""
        asked = [self.reachable, nobody] * THREADS
        alone = [adapter.reach(person) for person in asked]
        assert alone == in_threads([partial(adapter.reach, person) for person in asked], taking_turns=adapter)
