"""A staff directory in a TOML file, read anew each time that it is asked."""

import tomllib
from pathlib import Path

from attrs import frozen

from digital_painschool.errors import DeliveryFailed, InvalidValue, WiringError
from digital_painschool.people import HsaId, by_hsa_id
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address

_KEYS = frozenset({"email", "sms"})


@frozen
class TomlDirectory:
    """A directory with one table a person, by HSA-id: `["SE2321000131-P000000123456"]`, `email`, `sms`.

    Args:
        path: The file; a change in it counts at once.

    Raises:
        WiringError: The file cannot be read, or holds something else; found at construction.
    """

    path: Path

    def __attrs_post_init__(self) -> None:
        _entries(self.path)

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Give the entry of a member of staff, or None.

        Raises:
            DeliveryFailed: The file cannot be read at the moment.
        """
        try:
            return _entries(self.path).get(HsaId(hsa_id))
        except WiringError:
            raise DeliveryFailed("the staff directory's file cannot be read at the moment") from None


def _entries(path: Path) -> dict[HsaId, StaffEntry]:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WiringError(f"staff directory {path}: it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise WiringError(f"staff directory {path}: it is not TOML in UTF-8: {error}") from None
    for hsa_id, entry in data.items():
        if not isinstance(entry, dict) or not _KEYS.issuperset(entry):
            raise WiringError(f"staff directory {path}: {hsa_id!r} is not a table with email and sms, or one of them")
        if not all(isinstance(value, str) and value for value in entry.values()):
            raise WiringError(f"staff directory {path}: an address of {hsa_id!r} is not text")
    try:
        entries = by_hsa_id(data)
    except InvalidValue as error:
        raise WiringError(f"staff directory {path}: the name of each table is an HSA-id: {error}") from None
    return {
        hsa_id: StaffEntry(**{key: Address(value) for key, value in entry.items()}) for hsa_id, entry in entries.items()
    }
