"""The directory port: the addresses of a member of staff, and who works at a unit, from the staff directory."""

from typing import Protocol

from attrs import field, frozen
from attrs.validators import optional

from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.email_address import WHAT, is_email
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.messaging import Address


def _is_email(address: object) -> bool:
    return isinstance(address, Address) and is_email(address.value)


@frozen(kw_only=True)
class StaffEntry:
    """The addresses of a member of staff, each None when the directory has none; read only (M-22).

    Raises:
        InvalidValue: What is given as `email` is not one e-mail address. The error does not show it.
    """

    email: Address | None = field(default=None, validator=check((optional(satisfies(_is_email)), f"is {WHAT}")))
    sms: Address | None = None


@frozen(kw_only=True)
class StaffMember:
    """A member of staff of a unit, to be shown where a therapist is chosen. Rule: D-09b.

    Args:
        hsa_id: The person's HSA-id.
        name: The name that a screen shows; not in the `repr`. None when the directory has none.
    """

    hsa_id: HsaId = field(converter=HsaId)
    name: str | None = field(
        default=None, repr=False, validator=check((optional(TITLE), "is one line of text, or None"))
    )


class Directory(Protocol):
    """The staff directory, read only. Rule: M-22, D-09b, D-23a.

    Any other error, and any answer of another type, reaches a host as `DeliveryError`, without its text.

    Contract:
        * **fresh**: the directory is asked anew each time; no answer is cached.
        * **time-out**: a call returns or raises well within a worker's lease (15 minutes by default),
          whatever becomes of the server behind the adapter.
        * **isolated**: an error leaves the directory usable for the next question.
        * **threads**: safe to call from many threads.
        * **silent**: no error text, line of the log, warning or output contains the id, a name or an address.
    """

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Return the entry of a member of staff, or None when the directory does not know them.

        Args:
            hsa_id: The HSA-id in capitals, the canonical form. Where the directory itself has small letters, compare
                without regard to case. Rule: D-06b.

        Raises:
            DeliveryError: The directory cannot answer at the moment, or has several entries with the HSA-id: the first
                one found may be another person's.
        """
        ...

    def works_at(self, unit: HsaId, hsa_id: HsaId) -> bool:
        """Return whether a member of staff works at a unit; False for one whom the directory does not know.

        Args:
            unit: The unit's HSA-id, in capitals.
            hsa_id: The person's HSA-id, in capitals; compared as in `find`.

        Raises:
            DeliveryError: The directory cannot tell at the moment: no outage is taken for a no.
        """
        ...

    def staff_of(self, unit: HsaId, limit: int) -> tuple[StaffMember, ...]:
        """Return the staff of a unit with their names, each once, in any order; none for an unknown unit.

        Contract:
            * **bounded**: at most `limit` members are returned; any of them where there are more.
            * **agreed**: `works_at` says yes of each of them.

        Args:
            unit: The unit's HSA-id, in capitals.
            limit: The most members wanted.

        Raises:
            DeliveryError: The directory cannot tell at the moment: no outage is taken for an empty unit.
        """
        ...
