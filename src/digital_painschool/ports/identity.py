"""The identity port: from what a person types to one canonical number."""

from datetime import date
from typing import Protocol

from digital_painschool.domain.people import PersonId


class Identity(Protocol):
    """Reads identity numbers. Rule: M-07, D-07a.

    Any other error, and any answer that is no `PersonId` itself, reaches a host as `AdapterError`, without its text.

    Contract:
        * **pure**: the same text and day give the same answer, in any thread; no I/O, no clock.
        * **canonical**: every accepted spelling of one number gives one `PersonId`, and its `value` is one of them.
        * **refusing, not repairing**: anything that is not a number of an accepted scheme is refused at once,
          however long or odd it is; only blanks around it may be dropped.
        * **silent**: no error text contains the number or a part of it.
    """

    def parse(self, text: str, *, today: date) -> PersonId:
        """Read a number as it was typed.

        Args:
            text: What was typed.
            today: The local date, from which ten-digit numbers take their century.

        Raises:
            InvalidIdentity: The text is no number of an accepted scheme, or one of a person not born yet.
            TypeError: The text is not a `str`.
        """
        ...
