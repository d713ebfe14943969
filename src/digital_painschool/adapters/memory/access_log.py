"""The access log of the memory storage; the storage holds the lock."""

from collections.abc import Iterable
from itertools import islice

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry, Excerpt


class MemoryAccessLog:
    """The access log: who did what with whose data. An entry's number is its position in the log, from 1."""

    def __init__(self) -> None:
        self._entries: list[AccessEntry] = []

    def log(self, entries: Iterable[AccessEntry]) -> None:
        """Add entries."""
        self._entries.extend(entries)

    def access_entries(
        self,
        unit: HsaId,
        person: PersonId | None,
        enrolment_id: EnrolmentId | None,
        action: str | None,
        after: int,
        limit: int,
        excerpt: Excerpt,
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return a unit's entries above `after` that are wanted, each with its number."""
        # The range spares a reader that pages through the log the entries of the pages before.
        last = len(self._entries) if excerpt.up_to is None else min(excerpt.up_to, len(self._entries))
        numbers = range(max(after, 0) + 1, last + 1)
        entries = (
            (number, entry)
            for number in (reversed(numbers) if excerpt.newest_first else numbers)
            if (entry := self._entries[number - 1]).unit == unit
            and person in (None, entry.person)
            and enrolment_id in (None, entry.enrolment_id)
            and action in (None, entry.action)
            and excerpt.holds(number, entry.at, entry.by)
        )
        return tuple(islice(entries, limit))
