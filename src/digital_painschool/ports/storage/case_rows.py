"""The rows of the caseload from states, for a storage that filters, sorts and counts them in Python."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import TypeVar

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits, quiet_since
from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, Phase, UnreadableEnrolment
from digital_painschool.ports.storage.cases import (
    NO_INSTANT,
    CaseQuery,
    CaseRow,
    CaseSort,
    CaseTotals,
    UnreadableCase,
)
from digital_painschool.ports.storage.enrolments import StoredEnrolment

Row = TypeVar("Row", bound=CaseRow | UnreadableCase)

_PRIORITY, _FLAGGED, _QUIET = 0, 1, 2
_LAST = 9
"""The rank of a row whose rank cannot be told."""


def case_rows(
    query: CaseQuery, found: Iterable[StoredEnrolment | UnreadableEnrolment]
) -> Iterator[CaseRow | UnreadableCase]:
    """Yield the rows that a query wants, of the enrolments of its unit, whatever its page is."""
    for one in found:
        if isinstance(one, StoredEnrolment):
            if is_wanted(query, one.enrolment, one.counts):
                yield case_row(one.enrolment, one.counts, query.now, query.sort, query.limits)
        elif query.changed_from is None:  # whose patient it is cannot be told; it counts as not changed lately
            yield UnreadableCase(enrolment_id=one.enrolment_id, key=(_LAST, NO_INSTANT, one.enrolment_id))


def case_row(
    enrolment: Enrolment,
    counts: CaseloadCounts,
    now: datetime,
    sort: CaseSort = CaseSort.PRIORITY,
    limits: AttentionLimits = NO_LIMITS,
) -> CaseRow:
    """Return an enrolment's row of the caseload.

    Args:
        enrolment: The present state.
        counts: The counts of the last saved change.
        now: The instant at which flags are judged, UTC: `CaseQuery.now`.
        sort: The order that the row's key is for.
        limits: The limits by which the patient is silent, and the access ends soon: `CaseQuery.limits`.
    """
    rank, instant = _POSITION[sort](enrolment, counts, now, limits)
    return CaseRow(
        enrolment_id=enrolment.id,
        person=enrolment.person,
        therapist=enrolment.therapist,
        program=enrolment.program,
        program_version=enrolment.program_version,
        phase=enrolment.phase,
        started_at=enrolment.started_at,
        access_until=enrolment.access_until,
        reviewed_at=enrolment.reviewed_at,
        last_seen_at=enrolment.last_seen_at,
        reactivated_at=enrolment.reactivated_at,
        counts=counts,
        key=(rank, instant or NO_INSTANT, enrolment.id),
    )


def is_wanted(query: CaseQuery, enrolment: Enrolment, counts: CaseloadCounts) -> bool:
    """Return whether the unit, the therapist and the conditions of a query fit an enrolment, whatever its key is."""
    if query.unit != enrolment.unit or query.therapist not in (None, enrolment.therapist):
        return False
    if enrolment.phase is Phase.WITHDRAWN or query.ended is enrolment.is_open:
        return False
    if query.flagged not in (None, _flag_rank(enrolment, counts, query.now) < _QUIET):
        return False
    is_silent = query.limits.silent_since(enrolment, query.now) is not None
    if query.silent not in (None, is_silent):
        return False
    if query.ends_soon not in (None, query.limits.ends_soon(enrolment, query.now)):
        return False
    return (
        query.phase in (None, enrolment.phase)
        and query.program in (None, enrolment.program)
        and _lies_in(query.reviewed_from, enrolment.reviewed_at or enrolment.started_at, query.reviewed_before)
        and _lies_in(query.changed_from, enrolment.last_entry_at, query.changed_before)
    )


def page_of(query: CaseQuery, rows: Iterable[Row]) -> tuple[Row, ...]:
    """Return the page that a query asks for, of all rows that it wants."""
    after = (row for row in rows if query.after is None or row.key > query.after)
    return tuple(sorted(after, key=lambda row: row.key)[: query.limit])


def totals_of(rows: Iterable[CaseRow], now: datetime, limits: AttentionLimits = NO_LIMITS) -> CaseTotals:
    """Return the totals of open rows, sorted by priority, at an instant."""
    found = [*rows]
    return CaseTotals(
        patients=len(found),
        flagged=sum(row.key[0] < _QUIET for row in found),
        priority=sum(row.counts.priority for row in found),
        unread_forms=sum(row.counts.unread_forms for row in found),
        unread_messages=sum(row.counts.unread_messages for row in found),
        undelivered=sum(row.counts.undelivered for row in found),
        done=sum(row.counts.done for row in found),
        ending=sum(row.access_until <= now for row in found),
        handed_over=sum(row.counts.handed_over for row in found),
        silent=sum(limits.silent_since(row, now) is not None for row in found),
        ends_soon=sum(limits.ends_soon(row, now) for row in found),
    )


def _flag_rank(enrolment: Enrolment, counts: CaseloadCounts, now: datetime) -> int:
    """Return 0 for an enrolment with a priority flag, 1 for one with any flag, and 2 for the rest."""
    if not enrolment.is_open:
        return _QUIET
    if counts.priority:
        return _PRIORITY
    has_unread = counts.unread_forms or counts.unread_messages
    is_flagged = has_unread or counts.done or counts.undelivered or counts.handed_over
    return _FLAGGED if is_flagged or enrolment.access_until <= now else _QUIET


def _oldest_flag(enrolment: Enrolment, counts: CaseloadCounts, now: datetime) -> datetime | None:
    return counts.oldest_flag(enrolment.access_until, now) if enrolment.is_open else None


_Position = tuple[int, datetime | None]
_POSITION: Mapping[CaseSort, Callable[[Enrolment, CaseloadCounts, datetime, AttentionLimits], _Position]] = {
    CaseSort.PRIORITY: lambda e, counts, now, _: (_flag_rank(e, counts, now), _oldest_flag(e, counts, now)),
    CaseSort.OLDEST_FLAG: lambda e, counts, now, _: (
        _flag_rank(e, counts, now) // _QUIET,
        _oldest_flag(e, counts, now),
    ),
    CaseSort.LAST_SEEN: lambda e, *_: (int(e.last_seen_at is not None), e.last_seen_at),
    CaseSort.START: lambda e, *_: (0, e.started_at),
    CaseSort.SILENCE: lambda e, _, now, limits: (
        int(limits.silent_since(e, now) is None),
        quiet_since(e),
    ),
    CaseSort.END: lambda e, _, now, limits: (int(not limits.ends_soon(e, now)), e.access_until),
    CaseSort.ID: lambda *_: (0, None),
}


def _lies_in(first: datetime | None, at: datetime, end: datetime | None) -> bool:
    return (first is None or first <= at) and (end is None or at < end)
