"""The contract of the inbox port. Rule: M-12, D-13c, D-13d."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered, Inbox, Notice
from digital_painschool.testing.contracts.changes import PERSONS
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.sending import ACCEPTED, SendingContract
from digital_painschool.testing.people import PERSON, UNIT


class InboxContract(SendingContract[Inbox]):
    """Every clause of the inbox port: say how yours is opened, and run pytest.

        class TestOurInbox(InboxContract):
            def open(self, place: Path) -> Inbox:
                return OurInbox(place / "delivered")

    `Contract` describes `open`, `place`, `durable` and `shared`; `SendingContract` describes `deletes` and the hooks.

    Attributes:
        reachable: Somebody whom the inbox can reach.
        another: Somebody else whom it can reach.
        unreachable: Somebody whom it cannot reach; None when it reaches everybody.
    """

    about: ClassVar[tuple[type, ...]] = (Inbox,)
    templates: ClassVar[Sequence[Template]] = (Template.MESSAGE_TO_READ,)
    usual: ClassVar[Template] = Template.MESSAGE_TO_READ
    reachable: ClassVar[PersonId] = PERSON
    another: ClassVar[PersonId] = PERSONS[1]
    unreachable: ClassVar[PersonId | None] = PersonId("nationellt-reservnummer", "22790814AA01")

    def recipients(self) -> tuple[PersonId, PersonId]:
        return self.reachable, self.another

    def unreachable_recipient(self) -> PersonId | None:
        return self.unreachable

    def notice(
        self, key: str, person: PersonId | None = None, *, template: Template | None = None, link: str | None = None
    ) -> Notice:
        """Return a notice."""
        return Notice(
            key=key,
            unit=UNIT,
            person=person or self.reachable,
            template=template or self.usual,
            link=link or self.link,
        )

    def send(
        self, adapter: Any, key: str, to: Any = None, *, template: Template | None = None, link: str | None = None
    ) -> Delivered:
        delivered: Delivered = adapter.deliver(self.notice(key, to, template=template, link=link))
        return delivered

    def calls(self) -> Sequence[Callable[[Any], object]]:
        return (*super().calls(), lambda inbox: inbox.reach(self.reachable))

    @proves("Inbox.reach")
    def test_reach_tells_who_can_be_reached(self, adapter: Inbox) -> None:
        """Otherwise a therapist would learn too late, or wrongly, that the patient gets no notices."""
        assert True is adapter.reach(self.reachable).reachable

    @proves("Inbox.reach")
    def test_reach_tells_who_cannot_be_reached(self, adapter: Inbox, nobody: PersonId) -> None:
        """Otherwise a message would wait for a patient who is never told of it."""
        reachability = adapter.reach(nobody)
        assert (False, frozenset()) == (reachability.reachable, reachability.ways)

    @proves("Inbox.reach", "Inbox.deliver")
    def test_asking_for_reach_delivers_nothing(self, adapter: Inbox) -> None:
        """Otherwise looking at a patient would send something."""
        adapter.reach(self.reachable)
        assert ACCEPTED is self.send(adapter, "key-1")

    @proves("Inbox.deliver")
    def test_what_cannot_be_delivered_fails_for_good(self, adapter: Inbox, nobody: PersonId) -> None:
        """Otherwise the worker would try for a day before the therapist gets the flag."""
        with pytest.raises(DeliveryError) as failed:
            self.send(adapter, "key-1", nobody)
        assert True is failed.value.permanent
