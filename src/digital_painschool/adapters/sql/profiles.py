"""The profiles of members of staff in SQL."""

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.access_log import ADD_ACCESS, access_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.desk_calls import add_desk_call
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.schema import profiles
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import AccessEntry, DeskCall
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data, to_data

_PROFILE = select(profiles.c.data).where(profiles.c.unit == bindparam("unit"), profiles.c.hsa_id == bindparam("hsa_id"))
_inserted = insert(profiles).inline()
_SAVE_PROFILE = _inserted.on_conflict_do_update(
    index_elements=[profiles.c.unit, profiles.c.hsa_id], set_={"data": _inserted.excluded.data}
)


class SqlProfiles:
    """The protocol `Staff` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        values = {"unit": str(unit), "hsa_id": str(hsa_id)}
        rows = self._database.read(lambda connection: connection.fetch_all(_PROFILE, values))
        return read_stored(f"the profile of {hsa_id}", _profile, rows[0][0]) if rows else Profile()

    def save_profile(
        self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry, *, completed: DeskCall | None = None
    ) -> None:
        values = {"unit": str(unit), "hsa_id": str(hsa_id), "data": to_json(to_data(profile))}

        def work(connection: Connection) -> None:
            connection.execute(_SAVE_PROFILE, values)
            add_desk_call(connection, completed)
            connection.execute(ADD_ACCESS, access_values(access))

        self._database.write(work)


def _profile(data: str) -> Profile:
    return from_data(from_json(data), Profile)
