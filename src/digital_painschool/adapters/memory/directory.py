"""A staff directory in memory."""

from collections.abc import Iterable, Mapping

from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.ports.directory import StaffEntry, StaffMember


class MemoryDirectory:
    """A staff directory with fixed entries. Rule: M-22, D-09b, D-23a.

    Args:
        entries: The entries by HSA-id; copied.
        staff: The staff of each unit, by the unit's HSA-id; copied.

    Raises:
        InvalidValue: A key is not an HSA-id, or two keys are the same one.
    """

    def __init__(
        self,
        entries: Mapping[str, StaffEntry] | None = None,
        staff: Mapping[str, Iterable[StaffMember]] | None = None,
    ) -> None:
        self._entries = by_hsa_id(entries or {})
        self._staff = {
            unit: {member.hsa_id: member for member in members} for unit, members in by_hsa_id(staff or {}).items()
        }

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        return self._entries.get(HsaId(hsa_id))

    def works_at(self, unit: HsaId, hsa_id: HsaId) -> bool:
        return HsaId(hsa_id) in self._staff.get(HsaId(unit), {})

    def staff_of(self, unit: HsaId, limit: int) -> tuple[StaffMember, ...]:
        return tuple(self._staff.get(HsaId(unit), {}).values())[:limit]
