"""The messaging port: e-mail and SMS to staff."""

from collections.abc import Iterable
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered

_LONGEST = 320


def _is_line(masked: Masked[object]) -> bool:
    text = masked.reveal()
    return isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isprintable() and text == text.strip()


_LINE = check((satisfies(_is_line), "is one line of printable text, without blanks around it"))


@frozen(repr=False)
class Address:
    """An e-mail address or a telephone number of a member of staff; masked when shown.

    Raises:
        InvalidValue: The address is no line of text: a line break in it would be a command or a header of its own.
    """

    _value: Masked[str] = field(converter=masked_text)

    def __attrs_post_init__(self) -> None:
        _LINE.require("an address", self._value)

    @property
    def value(self) -> str:
        """The address or the number itself."""
        return self._value.reveal()

    def __repr__(self) -> str:
        return "Address(****)"


class Messenger(Protocol):
    """A channel to staff. Rule: M-22, M-23, D-13c.

    There is no free text: a message cannot carry patient data. The channel is read once, when the school is made. Any
    other error, and any answer of another type, counts as `DeliveryError`, without its text.

    Contract:
        * **as given**: each accepted message arrives once, at its address, with its template's text, its
          link and nothing else, but for what the adapter adds to each (a mail's subject). The unit may have a fixed
          text of its own in place of the template's. A refused message arrives nowhere.
        * **language**: the text is in the language that is given, where the adapter has it in that language; otherwise
          it is in the adapter's own.
        * **idempotent**: a key that was sent before is not sent again, for good. `DUPLICATE` says that nothing was
          sent. A message that failed, or in whose call the process died, arrives when it is sent again. A messenger
          whose channel cannot recognise a key has an attribute `remembers_keys = False`, and sends each time that it is
          asked to: once for each call.
        * **time-out**: a call returns or raises well within a worker's lease (15 minutes by default),
          whatever becomes of the server behind the adapter. A time-out is a failure, which is not permanent.
        * **wait**: when the server behind the adapter asks for a wait, the call raises at once, and `retry_after` of
          its `DeliveryError` is that wait.
        * **isolated**: an error concerns the one message and leaves the messenger usable for the next.
        * **threads**: safe to call from many threads; each call is about its own address, text and link.
        * **forks**: in a forked process, a call with the parent's adapter is refused or right.
        * **silent**: no error text, line of the log, warning or output contains the address, or a secret of the adapter
          such as a password.
    """

    @property
    def channel(self) -> Channel:
        """The channel that the messenger serves: `EMAIL` or `SMS`."""
        ...

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        """Send a fixed text with a link.

        Args:
            recipient: The address, from the staff directory at the time of sending.
            template: The fixed text: `template.text_in(language)`.
            link: The address to read at; the same for all staff of the unit.
            key: The idempotency key: opaque, and the same for every attempt.
            unit: The unit that sends, so that an adapter may have texts of a unit's own.
            language: The language of the text, by the unit's choice.

        Raises:
            DeliveryError: The message was not sent; `permanent` when trying again cannot help.
        """
        ...

    def forget(self, keys: Iterable[str]) -> int:
        """Delete the stored messages of some keys, for a purge; return how many messages were deleted.

        Unknown keys are ignored. A messenger that stores nothing of a sent message returns 0; its author states so in
        the contract (`deletes = False`). Rule: D-21a.

        Raises:
            DeliveryError: The messages cannot be deleted at the moment; the purge stops, and can be resumed.
        """
        ...


def remembers_keys(messenger: object) -> bool:
    """Return whether a messenger recognises a key that was sent before: unless it says `remembers_keys = False`.

    Of a channel that recognises none, a recipient gets one message more for each answer that was lost, and for each
    worker that died between the send and its result. Rule: D-13a.
    """
    return bool(getattr(messenger, "remembers_keys", True))
