"""The list of patients."""

from contextlib import suppress
from datetime import datetime

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import (
    NO_INSTANT,
    CaseQuery,
    CaseRow,
    CaseTotals,
    UnreadableCase,
    case_row,
    is_wanted,
    page_of,
    readable,
    totals_of,
)
from lmdb_storage.database import Database
from lmdb_storage.records import find_each_enrolment, ids
from lmdb_storage.tables import Table

_LAST = 9
"""The rank of a row whose rank cannot be told."""


class LmdbCaseload:
    """The list of patients. The enrolments of one unit are read, and ranked anew for each page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        return page_of(query, self._rows(query))

    def open_units(self) -> tuple[HsaId, ...]:
        with self._database.reading() as transaction:
            found = transaction.first_parts(Table.OPEN)
        units = set()
        for unit in found:
            with suppress(InvalidValue):  # the key may be damaged
                units.add(HsaId(unit))
        return tuple(sorted(units))

    def unnoted_attention(self, unit: HsaId, now: datetime, limits: AttentionLimits) -> tuple[EnrolmentId, ...]:
        with self._database.reading() as transaction:
            found = find_each_enrolment(transaction, ids(transaction.scan(Table.OPEN, unit)))
        theirs = (one.enrolment for one in found if not isinstance(one, UnreadableEnrolment))
        return tuple(sorted(one.id for one in theirs if limits.is_unnoted(one, now)))

    def count_caseload(
        self, unit: HsaId, therapist: HsaId | None, now: datetime, limits: AttentionLimits = NO_LIMITS
    ) -> CaseTotals:
        query = CaseQuery(unit=unit, therapist=therapist, now=now)
        return totals_of(readable(self._rows(query)), now, limits)

    def _rows(self, query: CaseQuery) -> list[CaseRow | UnreadableCase]:
        with self._database.reading() as transaction:
            table = Table.ENDED if query.ended else Table.OPEN
            found = find_each_enrolment(transaction, ids(transaction.scan(table, query.unit)))
        rows: list[CaseRow | UnreadableCase] = []
        for one in found:
            if isinstance(one, UnreadableEnrolment):
                # Whose patient it is cannot be told, so the unit's staff all see it. It counts as not changed lately.
                if query.changed_from is None:
                    rows.append(
                        UnreadableCase(enrolment_id=one.enrolment_id, key=(_LAST, NO_INSTANT, one.enrolment_id))
                    )
            elif is_wanted(query, one.enrolment, one.counts):
                rows.append(case_row(one.enrolment, one.counts, query.now, query.sort, query.limits))
        return rows
