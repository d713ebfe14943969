"""The people: patients by identity number, staff by HSA-id, and the signature that each step carries."""

import re
from collections.abc import Collection, Mapping
from enum import Enum
from functools import lru_cache
from typing import Self, TypeVar

from attrs import field, frozen
from attrs.validators import deep_iterable, instance_of

from digital_painschool.codes import ValueReason
from digital_painschool.domain.checks import check
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.masking import Masked, masked_text
from digital_painschool.domain.validation import plain_str
from digital_painschool.errors import InvalidValue

_HSA_ID = re.compile(r"[Ss][Ee][0-9]{10}-[A-Za-z0-9]+")
_HSA_ID_LENGTH = 31
_SCHEME = re.compile(r"-*[A-Za-z0-9][A-Za-z0-9-]*")
_PERSON_VALUE = re.compile(r"[0-9A-Z]{12}")
_NO_NUMBER = "an identity number in canonical form is twelve digits or capital letters"

Value = TypeVar("Value")


class HsaId(str):
    """The id of a person or a unit in the national staff directory: `SE`, ten digits, a hyphen, letters and digits.

    At most 31 characters, ASCII only. An id is the same id in small letters and in capitals: the canonical form is in
    capitals, and an `HsaId` is always in that form. Rule: D-06b. A plain `str` is taken wherever an `HsaId` is asked
    for and is checked there.

    Raises:
        InvalidValue: The text is not of that form.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        if type(text) is cls:
            return text
        # By hand: an HSA-id is a `str` and has no fields.
        if not isinstance(text, str) or len(text) > _HSA_ID_LENGTH or not _HSA_ID.fullmatch(text):
            raise InvalidValue(
                "an HSA-id is SE, ten digits, a hyphen, then letters and digits, 31 characters at most",
                reason=ValueReason.NOT_AN_HSA_ID,
                limit=_HSA_ID_LENGTH,
            )
        return super().__new__(cls, text.upper())


def by_hsa_id(entries: Mapping[str, Value]) -> dict[HsaId, Value]:
    """Return the entries under canonical HSA-ids. Rule: D-06b.

    Raises:
        InvalidValue: A key is not an HSA-id, or two keys are the same HSA-id.
    """
    found: dict[HsaId, Value] = {}
    for text, entry in entries.items():
        hsa_id = HsaId(text)
        if hsa_id in found:
            raise InvalidValue(f"{hsa_id} comes twice, in small letters and in capitals; keep one")
        found[hsa_id] = entry
    return found


class Role(Enum):
    """A role of a member of staff at a unit; one person may hold several."""

    THERAPIST = "therapist"
    PATIENT_ADMINISTRATOR = "patient-administrator"
    DATA_ADMINISTRATOR = "data-administrator"
    OPERATOR = "operator"


class Author(Enum):
    """The two sides of a conversation."""

    PATIENT = "patient"
    THERAPIST = "therapist"


def _scheme(text: str) -> str:
    # By hand, as the value below: every row of a list has one, and a `Check` takes three times as long.
    if not isinstance(text, str) or not _SCHEME.fullmatch(text):
        raise InvalidValue("scheme is named with letters, digits and hyphens, such as 'personnummer'")
    return plain_str(text)


def _canonical(value: str | Masked[str]) -> Masked[str]:
    masked = masked_text(value)
    text = masked.reveal()
    if not isinstance(text, str) or not _PERSON_VALUE.fullmatch(text):
        raise InvalidValue(_NO_NUMBER)
    return masked if type(text) is str else Masked(plain_str(text))


@frozen(slots=False, repr=False)
class PersonId:
    """An identity number in its one canonical form.

    Args:
        scheme: The kind of number, such as `"personnummer"`.
        value: Twelve ASCII characters (digits and capital letters), no separator.

    The number is masked however the value is shown (`19850709-****`); ask for `value` where the number itself is meant.
    """

    scheme: str = field(converter=_scheme)
    _value: Masked[str] = field(converter=_canonical)

    @property
    def value(self) -> str:
        """The number itself."""
        return self._value.reveal()

    def __repr__(self) -> str:
        return f"{self.value[:8]}-****"


_known_scheme = lru_cache(64)(_scheme)


def stored_person(scheme: str, value: str) -> PersonId:
    """Return the person of two stored texts, as `PersonId` does, in half of the time: every row of a list has one.

    Raises:
        InvalidValue: The texts are no identity number in canonical form.
    """
    if not _PERSON_VALUE.fullmatch(value):
        raise InvalidValue(_NO_NUMBER)
    return from_checked(PersonId, {"scheme": _known_scheme(scheme), "_value": Masked(value)})


_ROLES = check((deep_iterable(instance_of(Role), instance_of((set, frozenset, tuple, list))), "is a set of Role"))


def _roles(roles: Collection[Role]) -> frozenset[Role]:
    # Before the conversion: `frozenset` makes a set of anything that it can go through.
    _ROLES.require("roles", roles)
    return frozenset(roles)


@frozen(kw_only=True, slots=False)
class Actor:
    """A member of staff, signed in by the host, acting for one unit. Rule: M-06.

    Args:
        hsa_id: The person's HSA-id.
        unit: The HSA-id of the unit that the person acts for.
        roles: The roles that the person holds at that unit.
    """

    hsa_id: HsaId = field(converter=HsaId)
    unit: HsaId = field(converter=HsaId)
    roles: frozenset[Role] = field(converter=_roles)

    @property
    def signature(self) -> str:
        """The name of this actor on a timeline: the HSA-id."""
        return self.hsa_id


@frozen(slots=False)
class Patient:
    """The person whose treatment it is, signed in by the host (M-06)."""

    person: PersonId

    signature = "patient"


@frozen(slots=False)
class SystemActor:
    """The library's own worker: it delivers, and notes what time has brought about."""

    signature = "system"


AnyActor = Actor | Patient | SystemActor
"""Whoever takes a step."""
