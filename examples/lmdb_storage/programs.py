"""The versions of programs that enrolments were started with."""

from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.programs.toml import program_from_data, program_to_data
from lmdb_storage.database import Part
from lmdb_storage.tables import Table


class LmdbPrograms(Part):
    """The versions of programs that enrolments were started with."""

    def save_program(self, unit: HsaId, program: Program) -> Program:
        data = program_to_data(program)
        with self._database.writing() as transaction:
            first = transaction.get(Table.PROGRAMS, unit, program.key, program.version)
            if first is None:
                transaction.put(Table.PROGRAMS, data, unit, program.key, program.version)
            return program if first is None else program_from_data(first, "a stored program")

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        with self._database.reading() as transaction:
            data = transaction.get(Table.PROGRAMS, unit, key, version)
            return None if data is None else program_from_data(data, "a stored program")
