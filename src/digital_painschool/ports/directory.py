"""The directory port: the addresses of a member of staff, from the staff directory."""

from typing import Protocol

from attrs import frozen

from digital_painschool.domain.people import HsaId
from digital_painschool.ports.messaging import Address


@frozen(kw_only=True)
class StaffEntry:
    """The addresses of a member of staff, each None when the directory has none; read only (M-22)."""

    email: Address | None = None
    sms: Address | None = None


class Directory(Protocol):
    """The staff directory, read only. Rule: M-22, D-23a.

    Any other error, and any answer of another type, reaches a host as `DeliveryError`, without its text.

    Contract:
        * **fresh**: the directory is asked anew each time; no answer is cached.
        * **time-out**: a call returns or raises well within a worker's lease (15 minutes by default),
          whatever becomes of the server behind the adapter.
        * **isolated**: an error leaves the directory usable for the next question.
        * **threads**: safe to call from many threads.
        * **silent**: no error text contains the id or an address.
    """

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Return the entry of a member of staff, or None when the directory does not know them.

        Args:
            hsa_id: The HSA-id in capitals, the canonical form. Where the directory itself has small letters, compare
                without regard to case. Rule: D-06b.

        Raises:
            DeliveryError: The directory cannot answer at the moment.
        """
        ...
