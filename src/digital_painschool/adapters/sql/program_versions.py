"""The versions of programs in SQL."""

from collections.abc import Sequence

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.schema import programs
from digital_painschool.domain.program import Program
from digital_painschool.errors import StorageError
from digital_painschool.programs.toml import program_from_data, program_to_data
from digital_painschool.serialization.stored import read_stored

_PROGRAM = select(programs.c.data).where(
    programs.c.unit == bindparam("unit"),
    programs.c.key == bindparam("key"),
    programs.c.version == bindparam("version"),
)
_ADD_PROGRAM = insert_into(programs, ignore_existing=True)


def read_program(connection: Connection, unit: str, key: str, version: str) -> Program | None:
    """Return a version of a unit's program, or None."""
    rows = connection.fetch_all(_PROGRAM, {"unit": unit, "key": key, "version": version})
    return _program(rows[0][0], key, version) if rows else None


def write_program(connection: Connection, key: Sequence[str], program: Program) -> Program:
    """Save a version of a unit's program where there is none, and return the stored one."""
    unit, program_key, version = key
    values = {"unit": unit, "key": program_key, "version": version, "data": to_json(program_to_data(program))}
    connection.execute(_ADD_PROGRAM, values)
    data: str = connection.fetch_all(_PROGRAM, values)[0][0]
    return program if data == values["data"] else _program(data, program_key, version)


def _program(data: str, key: str, version: str) -> Program:
    what = f"a stored program cannot be used any more: {key!r}, version {version!r}"
    program = read_stored(what, lambda: program_from_data(from_json(data), "a stored program"))
    if (program.key, program.version) != (key, version):
        raise StorageError(f"{what}, is another one")
    return program
