"""A staff directory in a TOML file, which is read anew at each question."""

from pathlib import Path

from attrs import field, frozen
from cattrs import BaseValidationError, Converter

from digital_painschool.adapters.paths import absolute
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.errors import ConfigurationError, DeliveryError, InvalidValue
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.serialization.converter import strict_converter
from digital_painschool.serialization.problems import Problems, UnexpectedValue
from digital_painschool.serialization.text_files import read_text, toml_table


@frozen
class TomlDirectory:
    """A directory with one table a person, by HSA-id: `["SE2321000131-P000000123456"]`, `email`, `sms`.

    Args:
        path: The file, made absolute at once; a change in the file counts at once.

    Raises:
        ConfigurationError: The file cannot be read, or holds something else; refused when the directory is made.
    """

    path: Path = field(converter=absolute)

    def __attrs_post_init__(self) -> None:
        _entries(self.path)

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Return the entry of a member of staff, or None.

        Raises:
            DeliveryError: The file cannot be read at the moment.
        """
        try:
            return _entry_of(self.path, hsa_id)
        except ConfigurationError:
            pass
        raise DeliveryError("the staff directory's file cannot be read at the moment")


def _entries(path: Path) -> dict[HsaId, StaffEntry]:
    try:
        tables = by_hsa_id(_tables(path))
    except InvalidValue as error:
        problem = str(error)
    else:
        return {hsa_id: _entry(path, hsa_id, entry) for hsa_id, entry in tables.items()}
    raise ConfigurationError(f"staff directory {path}: the name of each table is an HSA-id: {problem}")


def _entry_of(path: Path, hsa_id: str) -> StaffEntry | None:
    """Read the one entry that is asked for: a slip in another's stops nobody's notifications."""
    wanted = HsaId(hsa_id)
    found = [entry for name, entry in _tables(path).items() if name.isascii() and name.upper() == wanted]
    if len(found) > 1:
        raise ConfigurationError(f"staff directory {path}: there are several tables for one HSA-id")
    return _entry(path, wanted, found[0]) if found else None


def _tables(path: Path) -> dict[str, object]:
    try:
        return toml_table(read_text(path))
    except InvalidValue as error:
        problem = str(error)
    raise ConfigurationError(f"staff directory {path}: {problem}")


def _entry(path: Path, hsa_id: str, entry: object) -> StaffEntry:
    try:
        return _CONVERTER.structure(entry, StaffEntry)
    except (BaseValidationError, UnexpectedValue) as error:
        problems = "; ".join(Problems().of(error, entry, hsa_id))
    # Raised out here, so that no address hangs on the error as its context.
    raise ConfigurationError(f"staff directory {path}: {problems}")


def _address(value: object, _: object) -> Address:
    if not isinstance(value, str) or not value:
        raise UnexpectedValue("an address, as text", value)
    return Address(value)


def _converter() -> Converter:
    converter = strict_converter()
    converter.register_structure_hook(Address, _address)
    converter.get_structure_hook(StaffEntry)
    return converter


_CONVERTER = _converter()
