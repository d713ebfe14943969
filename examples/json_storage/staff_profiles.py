"""The profiles of members of staff."""

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.serialization.values import from_data, to_data
from json_storage.folder import Folder, Table
from json_storage.stored import add_access


class JsonStaff:
    """The profiles of members of staff."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        with self._folder.transaction() as transaction:
            data = transaction.get(Table.STAFF, unit, hsa_id)
            return Profile() if data is None else from_data(data, Profile)

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        with self._folder.transaction() as transaction:
            transaction.put(Table.STAFF, to_data(profile), unit, hsa_id)
            add_access(transaction, (access,))
