"""Staff profiles, the access log, and the versions of programs."""

from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Program
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.programs.toml import program_from_data, program_to_data
from digital_painschool.serialization.values import from_data, to_data
from json_storage.books import Part, enter
from json_storage.folder import Table
from json_storage.values import access_from_data


class JsonStaff(Part):
    """What members of staff have chosen for themselves."""

    def profile(self, unit: HsaId, hsa_id: HsaId) -> Profile:
        with self._folder.transaction() as books:
            data = books.get(Table.STAFF, unit, hsa_id)
            return Profile() if data is None else from_data(data, Profile)

    def save_profile(self, unit: HsaId, hsa_id: HsaId, profile: Profile, access: AccessEntry) -> None:
        with self._folder.transaction() as books:
            books.put(Table.STAFF, to_data(profile), unit, hsa_id)
            enter(books, (access,))


class JsonAccessLog(Part):
    """Who did what with whose data. A line's number is where it ends in the log of its unit, in bytes."""

    def log(self, entries: Iterable[AccessEntry]) -> None:
        given = tuple(entries)
        with self._folder.transaction() as books:
            enter(books, given)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        with self._folder.transaction() as books:
            entries = ((number, access_from_data(row)) for number, row in books.rows(Table.LOG, unit, after=after))
            wanted = ((number, entry) for number, entry in entries if person in {None, entry.person})
            return tuple(islice(wanted, limit))


class JsonPrograms(Part):
    """The versions of programs that enrolments were started with."""

    def save_program(self, unit: HsaId, program: Program) -> Program:
        data = program_to_data(program)
        with self._folder.transaction() as books:
            first = books.get(Table.PROGRAMS, unit, program.key, program.version)
            if first is None:
                books.put(Table.PROGRAMS, data, unit, program.key, program.version)
            return program if first is None else program_from_data(first, "a kept program")

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        with self._folder.transaction() as books:
            data = books.get(Table.PROGRAMS, unit, key, version)
            return None if data is None else program_from_data(data, "a kept program")
