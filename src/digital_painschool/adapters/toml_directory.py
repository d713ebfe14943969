"""A staff directory in a TOML file, read anew each time that it is asked."""

from pathlib import Path

from attrs import field, frozen

from digital_painschool.errors import DeliveryFailed, InvalidValue, WiringError
from digital_painschool.paths import absolute
from digital_painschool.people import HsaId
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.text_files import read_text, toml_table

_KEYS = frozenset({"email", "sms"})


@frozen
class TomlDirectory:
    """A directory with one table a person, by HSA-id: `["SE2321000131-P000000123456"]`, `email`, `sms`.

    Args:
        path: The file, made absolute at once; a change in the file counts at once.

    Raises:
        WiringError: The file cannot be read, or holds something else; found at construction.
    """

    path: Path = field(converter=absolute)

    def __attrs_post_init__(self) -> None:
        _entries(self.path)

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Give the entry of a member of staff, or None.

        Raises:
            DeliveryFailed: The file cannot be read at the moment.
        """
        try:
            return _entries(self.path).get(hsa_id)
        except WiringError:
            pass
        raise DeliveryFailed("the staff directory's file cannot be read at the moment")


def _entries(path: Path) -> dict[str, StaffEntry]:
    found: dict[str, StaffEntry] = {}
    for hsa_id, entry in _table(path).items():
        if not isinstance(entry, dict) or not _KEYS.issuperset(entry):
            raise WiringError(f"staff directory {path}: {hsa_id!r} is not a table with email and sms, or one of them")
        if not all(isinstance(value, str) and value for value in entry.values()):
            raise WiringError(f"staff directory {path}: an address of {hsa_id!r} is not text")
        found[hsa_id] = StaffEntry(**{key: Address(value) for key, value in entry.items()})
    return found


def _table(path: Path) -> dict[str, object]:
    try:
        return toml_table(read_text(path))
    except InvalidValue as error:
        problem = str(error)
    raise WiringError(f"staff directory {path}: {problem}")
