"""The program versions of the memory storage; the storage holds the lock."""

from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program


class MemoryPrograms:
    """The versions of programs that enrolments were started with."""

    def __init__(self) -> None:
        self._programs: dict[tuple[HsaId, str, str], Program] = {}

    def save_program(self, unit: HsaId, program: Program) -> Program:
        """Save a version, and return the first one that was saved under its key and version."""
        return self._programs.setdefault((unit, program.key, program.version), program)

    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        """Return a version that was saved for a unit, or None."""
        return self._programs.get((unit, key, version))
