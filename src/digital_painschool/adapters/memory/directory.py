"""A staff directory in memory."""

from collections.abc import Mapping

from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.ports.directory import StaffEntry


class MemoryDirectory:
    """A staff directory with fixed entries. Rule: M-22, D-23a.

    Args:
        entries: The entries by HSA-id; copied.

    Raises:
        InvalidValue: A key is not an HSA-id, or two keys are the same one.
    """

    def __init__(self, entries: Mapping[str, StaffEntry] | None = None) -> None:
        self._entries = by_hsa_id(entries or {})

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        return self._entries.get(HsaId(hsa_id))
