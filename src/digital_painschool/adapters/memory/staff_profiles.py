"""The staff profiles of the memory storage; the storage holds the lock."""

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId


class MemoryStaff:
    """The profiles of members of staff."""

    def __init__(self) -> None:
        self._profiles: dict[tuple[HsaId, HsaId], Profile] = {}

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        """Return the profile that was saved last; an empty profile when none was."""
        return self._profiles.get((unit, hsa_id), Profile())

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile) -> None:
        """Save a profile."""
        self._profiles[unit, hsa_id] = profile
