"""The identity port: it reads a typed identity number into its canonical form."""

from datetime import date
from typing import Protocol

from digital_painschool.domain.people import PersonId


class Identity(Protocol):
    """A reader of identity numbers. Rule: M-07, D-07a.

    Any other error, and any answer that is no `PersonId` itself, reaches a host as `AdapterError`, without its text.

    Contract:
        * **pure**: the same text and day give the same answer, in any thread; no I/O, no clock.
        * **canonical**: every accepted spelling of a number returns the same `PersonId`, whose `value` is accepted too.
        * **refusing, not repairing**: a text that is not a number of an accepted scheme is refused without delay,
          whatever its length or characters; only blanks around a number may be dropped.
        * **silent**: no error text contains the number or a part of it.
    """

    def parse(self, text: str, *, today: date) -> PersonId:
        """Return the identity of a number as it was typed.

        Args:
            text: The number as it was typed.
            today: The local date, from which ten-digit numbers take their century.

        Raises:
            InvalidIdentity: The text is not a number of an accepted scheme, or its date of birth is later than `today`.
            TypeError: The text is not a `str`.
        """
        ...
