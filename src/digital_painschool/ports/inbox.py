"""The inbox port: the patient's inbox in the e-services."""

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, PersonId


@frozen(kw_only=True, slots=False)
class Notice:
    """All that leaves for a patient's inbox: that there is something to read, and where. Rule: D-13c.

    Args:
        key: The idempotency key: opaque, and the same for every attempt at the same notification.
        unit: The unit that sends it.
        person: To whom; its `repr` is masked.
        template: Which fixed text.
        link: Where to read; the same for every patient of the unit.
    """

    key: str
    unit: HsaId = field(converter=HsaId)
    person: PersonId
    template: Template
    link: str


@frozen
class Reachability:
    """Whether a person can be reached in the inbox, and by which ways they are told of it (`"sms"`, `"email"`)."""

    reachable: bool
    ways: frozenset[str] = frozenset()


class Delivered(Enum):
    """What an adapter did with what it was handed."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The key was handed over before; nothing was sent again."""


class Inbox(Protocol):
    """The patient's inbox. Rule: M-12, D-13c, D-13d.

    Any other error, and any answer of another type, counts as `DeliveryError`, without its text.

    Contract:
        * **as given**: each accepted notice arrives once, at its person, with its template's text and its link. It
          names nobody. A refused one arrives nowhere.
        * **idempotent**: a key that was delivered before is not delivered again, in this process or another.
        * **time-out**: a call returns or raises well within a worker's lease (15 minutes by default),
          whatever becomes of the server behind the adapter.
        * **isolated**: an error concerns the one notice and leaves the inbox usable for the next.
        * **threads**: safe to call from many threads.
        * **silent**: no error text contains anything of the person.
    """

    def reach(self, person: PersonId) -> Reachability:
        """Return whether a person can be reached: has an account, and a number that the inbox knows.

        Raises:
            DeliveryError: It cannot be told at the moment.
        """
        ...

    def deliver(self, notice: Notice) -> Delivered:
        """Put a notice into the inbox.

        Raises:
            DeliveryError: It was not delivered; `permanent` when trying again cannot help.
        """
        ...

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the notices that were delivered under some keys, as a purge asks for, and return how many those were.

        Unknown keys are passed over. An inbox that cannot delete returns 0 and changes nothing; its author says so
        to the contract (`deletes = False`). Rule: D-21a.

        Raises:
            DeliveryError: They could not be deleted at the moment; the purge stops, and can be taken up again.
        """
        ...
