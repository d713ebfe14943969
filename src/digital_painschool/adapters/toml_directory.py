"""A staff directory in a TOML file, read anew each time that it is asked."""

import tomllib
from pathlib import Path
from typing import Any

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
            return _entry_of(self.path, hsa_id)
        except WiringError:
            raise DeliveryFailed("the staff directory's file cannot be read at the moment") from None


def _entries(path: Path) -> dict[HsaId, StaffEntry]:
    try:
        tables = by_hsa_id(_tables(path))
    except InvalidValue as error:
        raise WiringError(f"staff directory {path}: the name of each table is an HSA-id: {error}") from None
    return {hsa_id: _entry(path, hsa_id, entry) for hsa_id, entry in tables.items()}


def _entry_of(path: Path, hsa_id: str) -> StaffEntry | None:
    """Read the one entry that is asked for: a slip in another's stops nobody's notifications."""
    wanted = HsaId(hsa_id)
    found = [entry for name, entry in _tables(path).items() if name.upper() == wanted]
    if len(found) > 1:
        raise WiringError(f"staff directory {path}: there are several tables for one HSA-id")
    return _entry(path, wanted, found[0]) if found else None


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise WiringError(f"staff directory {path}: it cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise WiringError(f"staff directory {path}: it is not TOML in UTF-8: {error}") from None
    except RecursionError:
        raise WiringError(f"staff directory {path}: it is nested too deeply") from None


def _entry(path: Path, hsa_id: str, entry: Any) -> StaffEntry:
    if not isinstance(entry, dict) or not _KEYS.issuperset(entry):
        raise WiringError(f"staff directory {path}: {hsa_id!r} is not a table with email and sms, or one of them")
    if not all(isinstance(value, str) and value for value in entry.values()):
        raise WiringError(f"staff directory {path}: an address of {hsa_id!r} is not text")
    return StaffEntry(**{key: Address(value) for key, value in entry.items()})
