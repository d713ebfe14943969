"""The access log of the memory storage; the storage holds the lock."""

from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry


class MemoryAccessLog:
    """The access log: who did what with whose data. An entry's number is its position in the log, from 1."""

    def __init__(self) -> None:
        self._entries: list[AccessEntry] = []

    def log(self, entries: Iterable[AccessEntry]) -> None:
        """Add entries."""
        self._entries.extend(entries)

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return a unit's entries above `after`, each with its number."""
        # The slice spares a reader that pages through the log the entries of the pages before.
        entries = (
            (number, entry)
            for number, entry in enumerate(self._entries[max(after, 0) :], start=max(after, 0) + 1)
            if entry.unit == unit and person in (None, entry.person)
        )
        return tuple(islice(entries, limit))
