"""The caseload of the memory storage; the storage holds the lock."""

from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.ports.storage import CaseQuery, CaseRow, case_row


class MemoryCaseload:
    """The list of patients, ranked anew for each page.

    Args:
        enrolments: The enrolments of the same storage.
    """

    def __init__(self, enrolments: MemoryEnrolments) -> None:
        self._enrolments = enrolments

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        """Return a page of the enrolments that have not ended."""
        rows = (
            case_row(enrolment, self._enrolments.counts_of(enrolment.id), query.now)
            for enrolment in self._enrolments.still_open()
            if enrolment.unit == query.unit and query.therapist in (None, enrolment.therapist)
        )
        after = sorted((r for r in rows if query.after is None or r.key > query.after), key=lambda row: row.key)
        return tuple(after[: query.limit])
