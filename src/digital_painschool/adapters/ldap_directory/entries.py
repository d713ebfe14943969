"""What an entry of the directory says, checked: HSA-ids, addresses, names. Malformed values count as none.

The values of an LDAP attribute have no order. So of several usable values the first in alphabetical order counts: the
same one each time.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Self

from attrs import field, frozen

from digital_painschool.adapters.ldap_directory.options import LdapOptions
from digital_painschool.adapters.phone_numbers import e164
from digital_painschool.domain.email_address import is_email
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.directory import StaffEntry, StaffMember
from digital_painschool.ports.messaging import Address

_log = logging.getLogger(__name__)


def _masked_texts(
    texts: Mapping[str, tuple[str, ...]] | Masked[Mapping[str, tuple[str, ...]]],
) -> Masked[Mapping[str, tuple[str, ...]]]:
    return texts if isinstance(texts, Masked) else Masked(texts)


@frozen
class Entry:
    """An entry: its DN, and its attributes' texts by name in small letters; no printer shows anything of it."""

    _dn: Masked[str] = field(converter=masked_text)
    _texts: Masked[Mapping[str, tuple[str, ...]]] = field(converter=_masked_texts)

    @property
    def dn(self) -> str:
        """The name of the entry in the directory."""
        return self._dn.reveal()

    @classmethod
    def of(cls, dn: str, attributes: Mapping[str, Iterable[bytes]]) -> Self:
        """Return the entry of a search result; a value that is no UTF-8 is left out."""
        texts = {name.lower(): tuple(filter(None, map(_decoded, values))) for name, values in attributes.items()}
        return cls(dn, MappingProxyType(texts))

    def values(self, attribute: str) -> tuple[str, ...]:
        """Return the values of an attribute in alphabetical order."""
        return tuple(sorted(self._texts.reveal().get(attribute.lower(), ())))

    def hsa_ids(self, attribute: str) -> tuple[HsaId, ...]:
        """Return the HSA-ids among the values of an attribute, in capitals. Rule: D-06b."""
        return tuple(sorted({found for text in self.values(attribute) if (found := _hsa_id(text)) is not None}))


def staff_entry(entry: Entry, options: LdapOptions) -> StaffEntry:
    """Return the addresses of an entry. Rule: M-22."""
    return StaffEntry(
        email=_first(entry, options.email, email_address),
        sms=_first(entry, options.sms, partial(mobile_number, country=options.country)),
    )


def staff_member(entry: Entry, hsa_id: HsaId, options: LdapOptions) -> StaffMember:
    """Return a member of staff with the name of an entry. Rule: D-09b."""
    names = (name.strip() for attribute in options.display_name for name in entry.values(attribute))
    return StaffMember(hsa_id=hsa_id, name=next((name for name in names if TITLE.problem(name) is None), None))


def email_address(text: str) -> Address | None:
    """Return an e-mail address, or None where the text is none: a line break, a second address, a display name."""
    is_plain = is_email(text) and text.isascii() and "." in text.rpartition("@")[2]
    return _address(text) if is_plain else None


def mobile_number(text: str, country: str) -> Address | None:
    """Return a telephone number in the international form (E.164), or None where the text is none.

    Args:
        text: A number with or without separators, such as `070-174 06 05`, `+46 (0)70 174 06 05` or `0046701740605`.
        country: The country's number that stands for the leading 0 of a national number.
    """
    number = e164(text, country)
    return None if number is None else Address(number)


def _first(entry: Entry, attributes: Iterable[str], address: Callable[[str], Address | None]) -> Address | None:
    for attribute in attributes:
        texts = entry.values(attribute)
        for text in texts:
            if (found := address(text.strip(" "))) is not None:
                return found
        if texts:
            _log.warning("a member of staff has no usable value in the directory's attribute %s", attribute)
    return None


def _address(text: str) -> Address | None:
    try:
        return Address(text)
    except InvalidValue:
        return None


def _hsa_id(text: str) -> HsaId | None:
    try:
        return HsaId(text.strip(" "))
    except InvalidValue:
        return None


def _decoded(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return ""
