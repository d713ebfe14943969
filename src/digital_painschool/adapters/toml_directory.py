"""A staff directory in a TOML file, which is read anew at each question."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from attrs import field, frozen
from attrs.validators import optional
from cattrs import BaseValidationError, Converter

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.checks import check, satisfies
from digital_painschool.domain.email_address import WHAT, is_email
from digital_painschool.domain.limits import TITLE
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.errors import ConfigurationError, DeliveryError, InvalidValue
from digital_painschool.ports.directory import StaffEntry, StaffMember
from digital_painschool.ports.messaging import Address
from digital_painschool.serialization.converter import strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import read_text, toml_table

_T = TypeVar("_T")


@frozen(kw_only=True)
class _Person:
    """The table of a person."""

    email: Address | None = field(
        default=None, validator=check((optional(satisfies(lambda one: is_email(one.value))), f"is {WHAT}"))
    )
    sms: Address | None = None
    name: str | None = field(default=None, validator=check((optional(TITLE), "is one line of text")))
    units: tuple[HsaId, ...] = ()


@frozen
class TomlDirectory:
    """A directory with one table a person, by HSA-id: `["SE2321000131-P000000123456"]`.

    The keys of a table are `email`, `sms`, `name`, and `units`: the list of the HSA-ids of the person's units.

    Args:
        path: The file, made absolute at once; a change in the file counts at once.

    Raises:
        ConfigurationError: The file cannot be read, or holds something else; refused when the directory is made.
    """

    path: Path = field(converter=absolute)

    def __attrs_post_init__(self) -> None:
        _persons(self.path)

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Return the entry of a member of staff, or None.

        Raises:
            DeliveryError: The file cannot be read at the moment, or names nobody at all: an operator's mistake, which
                must not give up everybody's notifications.
        """
        person = _answer(lambda: _person_of(self.path, hsa_id))
        if person is None and not _answer(lambda: _tables(self.path)):
            raise DeliveryError("the staff directory's file names nobody")
        return None if person is None else StaffEntry(email=person.email, sms=person.sms)

    def works_at(self, unit: HsaId, hsa_id: HsaId) -> bool:
        """Return whether the table of a member of staff names a unit.

        Raises:
            DeliveryError: The file cannot be read at the moment.
        """
        person = _answer(lambda: _person_of(self.path, hsa_id))
        return person is not None and HsaId(unit) in person.units

    def staff_of(self, unit: HsaId, limit: int) -> tuple[StaffMember, ...]:
        """Return the persons whose tables name a unit, in the order of the file.

        Raises:
            DeliveryError: The file cannot be read at the moment.
        """
        persons = _answer(lambda: _persons(self.path))
        there = [(hsa_id, one.name) for hsa_id, one in persons.items() if HsaId(unit) in one.units]
        return tuple(StaffMember(hsa_id=hsa_id, name=name) for hsa_id, name in there[:limit])


def _answer(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except ConfigurationError:
        pass
    raise DeliveryError("the staff directory's file cannot be read at the moment")


def _persons(path: Path) -> dict[HsaId, _Person]:
    try:
        tables = by_hsa_id(_tables(path))
    except InvalidValue as error:
        problem = str(error)
    else:
        return {hsa_id: _person(path, hsa_id, person) for hsa_id, person in tables.items()}
    raise ConfigurationError(f"staff directory {path}: the name of each table is an HSA-id: {problem}")


def _person_of(path: Path, hsa_id: str) -> _Person | None:
    """Read the one table that is asked for: a slip in another's stops nobody's notifications."""
    wanted = HsaId(hsa_id)
    found = [person for name, person in _tables(path).items() if name.isascii() and name.upper() == wanted]
    if len(found) > 1:
        raise ConfigurationError(f"staff directory {path}: there are several tables for one HSA-id")
    return _person(path, wanted, found[0]) if found else None


def _tables(path: Path) -> dict[str, object]:
    try:
        return toml_table(read_text(path))
    except InvalidValue as error:
        problem = str(error)
    raise ConfigurationError(f"staff directory {path}: {problem}")


def _person(path: Path, hsa_id: str, person: object) -> _Person:
    try:
        return _CONVERTER.structure(person, _Person)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = "; ".join(Problems().of(error, person, hsa_id))
    # Raised out here, so that no address hangs on the error as its context.
    raise ConfigurationError(f"staff directory {path}: {problems}")


def _address(value: object, _: object) -> Address:
    if not isinstance(value, str) or not value:
        raise UnexpectedValue("an address, as text", value)
    return Address(value)  # refuses what is no line of text, without showing it


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook(Address, _address)
    converter.register_structure_hook(HsaId, lambda value, _: HsaId(value))
    converter.get_structure_hook(_Person)
    return converter


_CONVERTER = _converter()
