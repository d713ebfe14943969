"""The profiles of members of staff: how they want to be notified."""

from abc import abstractmethod
from typing import Protocol

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import DeskCall


class Staff(Protocol):
    """The profiles of members of staff."""

    @abstractmethod
    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        """Return the profile that was saved last; an empty profile when none was."""
        ...

    @abstractmethod
    def save_profile(
        self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry, *, completed: DeskCall | None = None
    ) -> None:
        """Save a profile and log it, with the completed call if there is one, in one transaction."""
        ...
