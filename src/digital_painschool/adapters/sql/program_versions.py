"""The versions of programs in SQL."""

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.schema import programs
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import is_storable
from digital_painschool.errors import StorageError
from digital_painschool.programs.toml import program_from_data, program_to_data
from digital_painschool.serialization.stored import read_stored

_PROGRAM = select(programs.c.data).where(
    programs.c.unit == bindparam("unit"),
    programs.c.key == bindparam("key"),
    programs.c.version == bindparam("version"),
)
_ADD_PROGRAM = insert_into(programs, ignore_existing=True)


class SqlProgramVersions:
    """The protocol `Programs` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_program(self, unit: HsaId, program: Program) -> Program:
        values = {
            "unit": str(unit),
            "key": program.key,
            "version": program.version,
            "data": to_json(program_to_data(program)),
        }

        def work(connection: Connection) -> str:
            connection.execute(_ADD_PROGRAM, values)
            data: str = connection.fetch_all(_PROGRAM, values)[0][0]
            return data

        data = self._database.write(work)
        return program if data == values["data"] else _program(data, program.key, program.version)

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        if not (is_storable(key) and is_storable(version)):
            return None
        values = {"unit": str(unit), "key": key, "version": version}
        rows = self._database.read(lambda connection: connection.fetch_all(_PROGRAM, values))
        return _program(rows[0][0], key, version) if rows else None


def _program(data: str, key: str, version: str) -> Program:
    what = f"a stored program cannot be used any more: {key!r}, version {version!r}"
    program = read_stored(what, lambda: program_from_data(from_json(data), "a stored program"))
    if (program.key, program.version) != (key, version):
        raise StorageError(f"{what}, is another one")
    return program
