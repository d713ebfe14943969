"""The inbox port: the patient's inbox in the e-services."""

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.notification import Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.labels.lookup import Language


@frozen(kw_only=True, slots=False)
class Notice:
    """A notice to a patient's inbox: it says that there is something to read and where, and nothing else. Rule: D-13c.

    Args:
        key: The idempotency key: opaque, and the same for every attempt at the same batch.
        unit: The unit that sends it.
        person: The recipient; its `repr` is masked.
        template: The fixed text.
        link: The address to read at; the same for every patient of the unit.
        language: The language of the text, by the unit's choice.
    """

    key: str
    unit: HsaId = field(converter=HsaId)
    person: PersonId
    template: Template
    link: str
    language: Language = Language.SWEDISH

    @property
    def text(self) -> str:
        """The text that the patient reads."""
        return self.template.text_in(self.language)


@frozen
class Reachability:
    """Whether a person can be reached in the inbox, and how the inbox notifies them (`"sms"`, `"email"`)."""

    reachable: bool
    ways: frozenset[str] = frozenset()


class Delivered(Enum):
    """The result of sending a notice or a message under a key."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """The key was accepted before; nothing was sent again."""


class Inbox(Protocol):
    """The patient's inbox. Rule: M-12, D-13c, D-13d.

    Any other error, and any answer of another type, counts as `DeliveryError`, without its text.

    Contract:
        * **as given**: each accepted notice arrives once, from its unit and at its person, with its template's text,
          its link and nothing else. It names nobody. A refused one arrives nowhere.
        * **language**: the text is in the notice's language, where the adapter has it in that language; otherwise it is
          in the adapter's own.
        * **idempotent**: a key that was delivered before is not delivered again, in this process or another, for good.
          `DUPLICATE` says that nothing was sent. A notice that failed, or in whose call the process died, arrives
          when it is sent again.
        * **time-out**: a call returns or raises well within a worker's lease (15 minutes by default),
          whatever becomes of the server behind the adapter. A time-out is a failure, which is not permanent.
        * **wait**: when the server behind the adapter asks for a wait, the call raises at once, and `retry_after` of
          its `DeliveryError` is that wait.
        * **isolated**: an error concerns the one notice and leaves the inbox usable for the next.
        * **threads**: safe to call from many threads; each call is about its own person, text and link.
        * **forks**: in a forked process, a call with the parent's adapter is refused or right.
        * **silent**: no error text, line of the log, warning or output contains anything of the person, or a secret of
          the adapter such as a token.
    """

    def reach(self, person: PersonId) -> Reachability:
        """Return whether a person can be reached: has an account, under a number that the inbox knows.

        Contract:
            * **ways**: `ways` is empty for a person who cannot be reached.
            * **read only**: asking delivers nothing.
            * **fresh**: the inbox is asked anew each time; no answer is cached.

        Raises:
            DeliveryError: An inbox that cannot be asked raises this error, which is not permanent, and gives no answer.
        """
        ...

    def deliver(self, notice: Notice) -> Delivered:
        """Deliver a notice to the inbox.

        Raises:
            DeliveryError: The notice was not delivered; `permanent` when trying again cannot help.
        """
        ...

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the notices of some keys, for a purge; return how many notices were deleted.

        Unknown keys are ignored. An inbox that cannot delete returns 0 and changes nothing; its author states so in
        the contract (`deletes = False`). Rule: D-21a.

        Raises:
            DeliveryError: The notices cannot be deleted at the moment; the purge stops, and can be resumed.
        """
        ...
