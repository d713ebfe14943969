"""The completed calls of the memory storage that concern no single enrolment; the storage holds the lock."""

from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CallKey, DeskCall


class MemoryDeskCalls:
    """The completed calls that concern no single enrolment."""

    def __init__(self) -> None:
        self._calls: dict[CallKey, DeskCall] = {}

    def find(self, key: CallKey) -> DeskCall | None:
        """Return the call that was completed under a key, or None."""
        return self._calls.get(key)

    def add(self, completed: DeskCall | None) -> None:
        """Save a call, if there is one; call it before the step's first change.

        Raises:
            Conflict: A call was completed under the key before.
        """
        if completed is None:
            return
        if completed.key in self._calls:
            raise Conflict("a call was completed under the key already; return its result")
        self._calls[completed.key] = completed
