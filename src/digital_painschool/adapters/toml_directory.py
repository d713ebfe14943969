"""A staff directory in a TOML file, read anew each time that it is asked."""

import tomllib
from pathlib import Path

from attrs import frozen

from digital_painschool.errors import DeliveryFailed, WiringError
from digital_painschool.people import HsaId
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
        problem = _problem(self.path)
        if problem:
            raise WiringError(f"staff directory {self.path}: {problem}")

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Give the entry of a member of staff, or None.

        Raises:
            DeliveryFailed: The file cannot be read at the moment.
        """
        problem = _problem(self.path)
        if problem:
            raise DeliveryFailed("the staff directory's file cannot be read at the moment")
        entry = tomllib.loads(self.path.read_text("utf-8")).get(hsa_id)
        if entry is None:
            return None
        return StaffEntry(**{key: Address(value) for key, value in entry.items()})


def _problem(path: Path) -> str | None:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    except ValueError as error:
        return f"it is not TOML in UTF-8: {error}"
    for hsa_id, entry in data.items():
        if not isinstance(entry, dict) or not _KEYS.issuperset(entry):
            return f"{hsa_id!r} is not a table with email and sms, or one of them"
        if not all(isinstance(value, str) and value for value in entry.values()):
            return f"an address of {hsa_id!r} is not text"
    return None
