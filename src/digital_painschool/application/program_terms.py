"""The terms of an enrolment: the program version that it was started with, and its unit's policy. Rule: D-05c."""

from contextlib import suppress

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Terms
from digital_painschool.domain.program import Program
from digital_painschool.errors import InvalidProgram, NotFound
from digital_painschool.ports.storage import Records, load_program, save_program


def _require_same(saved: Program, program: Program) -> None:
    if saved is not program and saved != program:
        raise InvalidProgram(
            f"program {program.key!r}",
            [f"version: {saved.version!r} stood for other content before; give the new content a new one"],
        )


class ProgramTerms:
    """The program versions of enrolments: each looked up once, and saved with each start.

    Args:
        storage: The program versions that enrolments were started with.
        catalogue: Programs and policies.
        committed: In a host's transaction, the program versions outside of it: those within may be rolled back.
    """

    def __init__(self, storage: Records, catalogue: Catalogue, *, committed: "ProgramTerms | None" = None) -> None:
        self._committed = committed
        self._storage = storage
        self._catalogue = catalogue
        self._terms: dict[tuple[HsaId, str, str], Terms] = {}
        self._compared: set[tuple[HsaId, str, str]] = set()

    def of(self, enrolment: Enrolment) -> Terms:
        """Return the terms of an enrolment. Rule: D-05c.

        Raises:
            NotFound: The storage has no such program version.
        """
        key = (enrolment.unit, enrolment.program, enrolment.program_version)
        terms = self._terms.get(key)
        if terms is None and self._committed is not None:
            with suppress(NotFound):
                terms = self._committed.of(enrolment)
        if terms is None:
            program = load_program(self._storage, *key)
            if program is None:
                # The error names the enrolment, not the key: the key of a damaged state may hold anything.
                raise NotFound(f"program version of enrolment {enrolment.id} in the storage")
            terms = self._terms[key] = Terms(program, self._catalogue.policy_of(enrolment.unit))
        return terms

    def save(self, unit: HsaId, program: Program) -> Terms:
        """Save a program version for a unit, and return the terms of an enrolment that starts with it. Rule: D-05c.

        Raises:
            InvalidProgram: The program's content was changed without a new version.
        """
        key = (unit, program.key, program.version)
        if key not in self._compared:
            # The same content in another ordering is another version: it too may not have changed.
            for other in self._catalogue.orderings(unit, program.key):
                _require_same(load_program(self._storage, unit, other.key, other.version) or other, other)
        # At each start, for a backup may have been restored since the last one. Who started would have no program.
        _require_same(save_program(self._storage, unit, program), program)
        self._compared.add(key)
        return Terms(program, self._catalogue.policy_of(unit))
