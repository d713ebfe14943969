"""The profiles of members of staff in SQL."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.schema import profiles
from digital_painschool.domain.notification import Profile
from digital_painschool.serialization.stored import read_stored
from digital_painschool.serialization.values import from_data, to_data

_PROFILE = select(profiles.c.data).where(profiles.c.unit == bindparam("unit"), profiles.c.hsa_id == bindparam("hsa_id"))
_inserted = insert(profiles).inline()
_SAVE_PROFILE = _inserted.on_conflict_do_update(
    index_elements=[profiles.c.unit, profiles.c.hsa_id], set_={"data": _inserted.excluded.data}
)


def read_profile(connection: Connection, unit: str, hsa_id: str) -> Profile | None:
    """Return the profile that was saved last, or None."""
    rows = connection.fetch_all(_PROFILE, {"unit": unit, "hsa_id": hsa_id})
    return read_stored(f"the profile of {hsa_id}", _profile, rows[0][0]) if rows else None


def write_profile(connection: Connection, key: Sequence[str], profile: Profile) -> Profile:
    """Save a profile in place of the earlier one."""
    unit, hsa_id = key
    connection.execute(_SAVE_PROFILE, {"unit": unit, "hsa_id": hsa_id, "data": to_json(to_data(profile))})
    return profile


def _profile(data: str) -> Profile:
    return from_data(from_json(data), Profile)
