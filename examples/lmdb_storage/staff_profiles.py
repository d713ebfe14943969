"""The profiles of members of staff."""

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import AccessEntry, CallKey, DeskCall
from digital_painschool.serialization.values import from_data, to_data
from lmdb_storage.database import Part
from lmdb_storage.records import add_access, add_desk_call, find_desk_call
from lmdb_storage.tables import Table


class LmdbStaff(Part):
    """The profiles of members of staff."""

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        with self._database.reading() as transaction:
            data = transaction.get(Table.STAFF, unit, hsa_id)
            return Profile() if data is None else from_data(data, Profile)

    def save_profile(
        self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry, *, completed: DeskCall | None = None
    ) -> None:
        with self._database.writing() as transaction:
            add_desk_call(transaction, completed)
            transaction.put(Table.STAFF, to_data(profile), unit, hsa_id)
            add_access(transaction, (access,))

    def find_desk_call(self, key: CallKey) -> DeskCall | None:
        with self._database.reading() as transaction:
            return find_desk_call(transaction, key)
