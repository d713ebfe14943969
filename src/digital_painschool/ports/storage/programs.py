"""The versions of programs that enrolments were started with. Rule: D-05c."""

from abc import abstractmethod
from typing import Protocol

from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program


class Programs(Protocol):
    """The versions of programs that enrolments were started with. Rule: D-05c."""

    @abstractmethod
    def save_program(self, unit: HsaId, program: Program) -> Program:
        """Save a version of a unit's program, and return the first one that was saved under its key and version."""
        ...

    @abstractmethod
    def program(self, unit: HsaId, key: str, version: str) -> Program | None:
        """Return a version that was saved for a unit, or None.

        Key and version are looked up by their exact text, whatever characters it has. A program that was saved before
        there were limits (`limits`) is returned as it was.
        """
        ...
