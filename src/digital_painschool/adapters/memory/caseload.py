"""The caseload of the memory storage; the storage holds the lock."""

from collections.abc import Iterator
from datetime import datetime

from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import CaseQuery, CaseRow, CaseTotals, case_row, is_wanted, page_of, totals_of


class MemoryCaseload:
    """The list of patients, ranked anew for each page.

    Args:
        enrolments: The enrolments of the same storage.
    """

    def __init__(self, enrolments: MemoryEnrolments) -> None:
        self._enrolments = enrolments

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        """Return a page of the enrolments that a query wants."""
        return page_of(query, (case_row(*one, query.now, query.sort, query.limits) for one in self._wanted(query)))

    def open_units(self) -> tuple[HsaId, ...]:
        """Return the units that have an open enrolment, in the order of code points."""
        return tuple(sorted({enrolment.unit for enrolment in self._enrolments.still_open()}))

    def unnoted_attention(self, unit: HsaId, now: datetime, limits: AttentionLimits) -> tuple[EnrolmentId, ...]:
        """Return the unit's open enrolments that lack a note of a silence, or of a coming end, by rising id."""
        theirs = (enrolment for enrolment in self._enrolments.still_open() if enrolment.unit == unit)
        return tuple(sorted(enrolment.id for enrolment in theirs if limits.is_unnoted(enrolment, now)))

    def count_caseload(
        self, unit: HsaId, therapist: HsaId | None, now: datetime, limits: AttentionLimits = NO_LIMITS
    ) -> CaseTotals:
        """Return the totals of the open enrolments."""
        wanted = self._wanted(CaseQuery(unit=unit, therapist=therapist, now=now))
        return totals_of((case_row(*one, now) for one in wanted), now, limits)

    def _wanted(self, query: CaseQuery) -> Iterator[tuple[Enrolment, CaseloadCounts]]:
        enrolments = self._enrolments.ended() if query.ended else self._enrolments.still_open()
        cases = ((enrolment, self._enrolments.counts_of(enrolment.id)) for enrolment in enrolments)
        return (case for case in cases if is_wanted(query, *case))
