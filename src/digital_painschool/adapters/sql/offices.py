"""What is not an enrolment's own: profiles of staff, the access log, and the programs."""

import logging
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.common import (
    ADD_ACCESS,
    Part,
    access_values,
    from_json,
    insert_into,
    may_exist,
    to_json,
)
from digital_painschool.adapters.sql.pool import Connection
from digital_painschool.adapters.sql.schema import access_log, profiles, programs
from digital_painschool.adapters.sql.single_statement import LOGGED, rows_at_once
from digital_painschool.adapters.sql.statements import Row, require_readable
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import AccessEntry, Activity
from digital_painschool.programs.toml import program_from_data, program_to_data
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_each, read_stored
from digital_painschool.serialization.values import from_data, to_data

_log = logging.getLogger(__name__)

_PROFILE = select(profiles.c.data).where(profiles.c.unit == bindparam("unit"), profiles.c.hsa_id == bindparam("hsa_id"))
_new_profile = insert(profiles).inline()
_KEEP_PROFILE = _new_profile.on_conflict_do_update(
    index_elements=[profiles.c.unit, profiles.c.hsa_id], set_={"data": _new_profile.excluded.data}
)

_ADD_ACCESS_AT_ONCE = rows_at_once(access_log, LOGGED)

_LOG = (
    select(
        access_log.c.number,
        access_log.c.at,
        access_log.c.by,
        access_log.c.unit,
        access_log.c.action,
        access_log.c.activity,
        access_log.c.enrolment_id,
        access_log.c.person_scheme,
        access_log.c.person_value,
        access_log.c.granted,
    )
    .where(access_log.c.unit == bindparam("unit"), access_log.c.number > bindparam("after"))
    .order_by(access_log.c.number)
    .limit(bindparam("limit", type_=Integer))
)
_LOG_OF_PERSON = _LOG.where(
    access_log.c.person_value == bindparam("person_value"), access_log.c.person_scheme == bindparam("person_scheme")
)

_PROGRAM = select(programs.c.data).where(
    programs.c.unit == bindparam("unit"),
    programs.c.key == bindparam("key"),
    programs.c.version == bindparam("version"),
)
_KEEP_PROGRAM = insert_into(programs, unless_there=True)


class OfficesPart(Part):
    """The protocols `Staff`, `AccessLog` and `Programs` on SQL."""

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        values = {"unit": str(unit), "hsa_id": str(hsa_id)}
        rows = self._database.read(lambda connection: connection.fetch_all(_PROFILE, values))
        return read_stored(f"the profile of {hsa_id}", _profile, rows[0][0]) if rows else Profile()

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        values = {"unit": str(unit), "hsa_id": str(hsa_id), "data": to_json(to_data(profile))}

        def work(connection: Connection) -> None:
            connection.execute(_KEEP_PROFILE, values)
            connection.execute(ADD_ACCESS, access_values(access))

        self._database.write(work)

    def log(self, entries: Iterable[AccessEntry]) -> None:
        values = [access_values(entry) for entry in entries]
        if self._database.driver.prefers_single_round_trip:
            self._database.write(
                lambda connection: connection.execute(_ADD_ACCESS_AT_ONCE, {"row": values}), alone=True
            )
        else:
            self._database.write(lambda connection: connection.execute_many(ADD_ACCESS, values))

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        values: dict[str, Any] = {"unit": str(unit), "after": after, "limit": limit}
        statement = _LOG
        if person is not None:
            statement = _LOG_OF_PERSON
            values |= {"person_value": person.value, "person_scheme": person.scheme}
        while rows := self._database.read(lambda connection: connection.fetch_each(statement, values)):
            entries = read_each(rows, _access, _unreadable_access)
            read = tuple(entry for entry in entries if isinstance(entry, tuple))
            if read:
                return read
            values["after"] = rows[-1][0]  # or a page of nothing but these would look like the end
        return ()

    def save_program(self, unit: HsaId, program: Program) -> Program:
        values = {
            "unit": str(unit),
            "key": program.key,
            "version": program.version,
            "data": to_json(program_to_data(program)),
        }

        def work(connection: Connection) -> str:
            connection.execute(_KEEP_PROGRAM, values)
            data: str = connection.fetch_all(_PROGRAM, values)[0][0]
            return data

        data = self._database.write(work)
        return program if data == values["data"] else _program(data, program.key, program.version)

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        if not (may_exist(key) and may_exist(version)):
            return None
        values = {"unit": str(unit), "key": key, "version": version}
        rows = self._database.read(lambda connection: connection.fetch_all(_PROGRAM, values))
        return _program(rows[0][0], key, version) if rows else None


def _profile(data: str) -> Profile:
    return from_data(from_json(data), Profile)


def _program(data: str, key: str, version: str) -> Program:
    what = f"a stored program cannot be used any more: {key!r}, version {version!r}"
    program = read_stored(what, lambda: program_from_data(from_json(data), "a stored program"))
    if (program.key, program.version) != (key, version):
        raise StorageError(f"{what}, is another one")
    return program


def _unreadable_access(row: Row) -> None:
    _log.error("entry %d of the access log cannot be read; was it changed by hand?", row[0])


def _access(row: Row) -> tuple[int, AccessEntry]:
    require_readable(row)
    number, at, by, unit, action, activity, enrolment_id, scheme, value, granted = row
    entry = AccessEntry(
        at=at,
        by=by,
        unit=hsa_id_from_text(unit),
        action=action,
        activity=Activity(activity),
        enrolment_id=enrolment_id,
        person=None if value is None else PersonId(scheme, value),
        granted=granted,
    )
    return number, entry
