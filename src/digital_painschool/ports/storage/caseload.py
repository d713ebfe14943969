"""The caseload: the list of a therapist's or a unit's patients, its totals. Rule: M-08, M-09, D-09a, D-15b, D-17b."""

from datetime import datetime
from typing import Protocol

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage.case_rows import case_rows, page_of, totals_of
from digital_painschool.ports.storage.cases import CaseQuery, CaseRow, CaseTotals, UnreadableCase
from digital_painschool.ports.storage.enrolments import Enrolments, each_enrolment
from digital_painschool.ports.storage.placeholders import readable


class Caseload(Enrolments, Protocol):
    """The list of patients. Every method follows from `list_enrolments`, and may be written for speed."""

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        """Return a page of the enrolments that a query wants.

        Contract:
            * **order**: rows come by `key`: by rank, then by instant, then by enrolment id (code points). With
              `CaseSort.PRIORITY`, rows with a priority flag come first (rank 0), then rows with any flag (1), both by
              the instant since which the oldest flag waits, then the rest (2). A flag is: unread forms or messages,
              done, undelivered, handed over (these wait since `CaseloadCounts.waiting_since`), or `access_until` at or
              before `query.now` (since then). An ended enrolment has no flag. The other orders are those of `CaseSort`;
              a row without the instant of its order has `NO_INSTANT` in its key.
            * **filter**: the page holds the rows alone that the query's conditions fit.
            * **attention**: a row is silent, and ends soon, as `AttentionLimits` says at `query.now`; they
              decide the conditions `silent` and `ends_soon`, and the rank of `CaseSort.SILENCE` and `CaseSort.END`: 0,
              the rest 1. An ended enrolment is neither.
            * **withdrawn**: a withdrawn enrolment is in no page, neither among the open ones nor among the ended ones.
            * **keyset**: the page holds the first `limit` rows whose key is above `after`.
            * **unreadable**: a placeholder stands for an unreadable row, as far as the row's unit and therapist can be
              told. The row hides none of the others.
        """
        found = each_enrolment(self, query.unit, ended=query.ended)
        return page_of(query, case_rows(query, found))

    def open_units(self) -> tuple[HsaId, ...]:
        """Return the units that have an open enrolment, each once, in the order of code points.

        Contract:
            * **units**: a unit is among them from the save of its first start until the save that closes its last open
              enrolment, one that cannot be read too. A unit whose HSA-id is unreadable hides none of the others.
        """
        units = {one.unit for one in each_enrolment(self, None, ended=False)}
        return tuple(sorted(unit for unit in units if unit is not None))

    def unnoted_attention(self, unit: HsaId, now: datetime, limits: AttentionLimits) -> tuple[EnrolmentId, ...]:
        """Return the unit's open enrolments that lack a note of a silence, or of a coming end, by rising id.

        Contract:
            * **unnoted**: an enrolment is among them when `AttentionLimits.is_unnoted` holds for it at `now`, by
              `Enrolment.noted_silence` and `noted_ending`.
            * **unreadable**: an unreadable enrolment may be among them, and hides none of the others.

        Args:
            unit: The unit.
            now: The instant of the worker's run, UTC.
            limits: The limits by which a patient is silent, and an access ends soon, at that instant.
        """
        found = readable(each_enrolment(self, unit, ended=False))
        return tuple(sorted(one.enrolment_id for one in found if limits.is_unnoted(one.enrolment, now)))

    def count_caseload(
        self, unit: HsaId, therapist: HsaId | None, now: datetime, limits: AttentionLimits = NO_LIMITS
    ) -> CaseTotals:
        """Return the totals of the open enrolments of a unit, or of one of its therapists.

        Contract:
            * **totals**: the totals are those of the rows that `list_caseload` returns for the same unit, therapist,
              instant and limits.

        Args:
            unit: The unit.
            therapist: The therapist whose own patients are counted; None for all patients of the unit.
            now: The instant at which flags are judged, UTC.
            limits: The limits by which a patient is silent, and an access ends soon, at that instant.
        """
        query = CaseQuery(unit=unit, therapist=therapist, now=now)
        found = each_enrolment(self, unit, ended=False)
        return totals_of(readable(case_rows(query, found)), now, limits)
