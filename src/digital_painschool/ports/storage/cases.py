"""The values of the caseload: what is asked for, and the rows and totals of the answer. Rule: M-08, M-09, D-17b."""

from datetime import UTC, datetime
from enum import StrEnum

from attrs import field, frozen
from attrs.converters import optional

from digital_painschool.domain.attention import NO_LIMITS, AttentionLimits
from digital_painschool.domain.enrolment import CaseloadCounts, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId

CaseKey = tuple[int, datetime, str]
"""A row's position in a sorted list: its rank, the instant that sorts within the rank, and the enrolment's id."""

NO_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in a key for an instant that a row does not have."""


class CaseSort(StrEnum):
    """The order of the caseload. Rows that are alike in it come by enrolment id."""

    PRIORITY = "priority"
    """Priority flags first, then other flags, then the rest; within the first two the oldest flag first."""
    OLDEST_FLAG = "oldest-flag"
    """The oldest flag first, whatever its priority; rows without a flag last."""
    LAST_SEEN = "last-seen"
    """The patients who were never seen first, then those who were seen longest ago."""
    START = "start"
    """The earliest start first."""
    SILENCE = "silence"
    """The silent patients first, then the rest; both by since when they have done nothing (`quiet_since`)."""
    END = "end"
    """The patients whose access ends soon first, then the rest; both by the end of the access."""
    ID = "id"
    """By enrolment id alone: a position that no step changes."""


@frozen(kw_only=True)
class CaseQuery:
    """The query for one page of the caseload. A range of instants begins with the first and ends before the second.

    Args:
        unit: The unit.
        therapist: The therapist whose own patients are wanted; None for all patients of the unit.
        now: The instant at which flags are judged, UTC; the same for every page of one walk.
        after: The `key` of the last row of the page before; None for the first page.
        limit: The most rows of a page.
        sort: The order.
        ended: True for the enrolments that have ended, False for the open ones.
        flagged: True for rows with a flag alone, False for those without; None for both.
        phase: The phase; None for any.
        program: The program's key; None for any.
        reviewed_from: The range of the last review, or of the start where there was none; None for no bound.
        reviewed_before: The end of that range; None for no bound.
        changed_from: The range of the last timeline entry (`Enrolment.last_entry_at`); None for no bound.
        changed_before: The end of that range; None for no bound.
        limits: The limits by which a patient is silent, and an access ends soon, at `now` (D-17b).
        silent: True for silent patients alone, False for the others; None for both.
        ends_soon: True for patients whose access ends soon alone, False for the others; None for both.
    """

    unit: HsaId = field(converter=HsaId)
    therapist: HsaId | None = field(converter=optional(HsaId))
    now: datetime
    after: CaseKey | None = None
    limit: int = 50
    sort: CaseSort = CaseSort.PRIORITY
    ended: bool = False
    flagged: bool | None = None
    phase: Phase | None = None
    program: str | None = None
    reviewed_from: datetime | None = None
    reviewed_before: datetime | None = None
    changed_from: datetime | None = None
    changed_before: datetime | None = None
    limits: AttentionLimits = NO_LIMITS
    silent: bool | None = None
    ends_soon: bool | None = None


@frozen(kw_only=True, slots=False)
class CaseRow:
    """One enrolment in the caseload, without names. Rule: M-08, M-09, D-15a, D-15b, D-17a.

    Args:
        enrolment_id: The enrolment's id.
        person: The patient; the `repr` is masked.
        therapist: The present therapist.
        program: The program's key.
        program_version: The version that the enrolment was started with.
        phase: The phase of the life cycle.
        started_at: When the enrolment began, UTC.
        access_until: When the patient's access ends, UTC.
        reviewed_at: When the therapist last reviewed, UTC.
        last_seen_at: When the patient last did something, UTC.
        reactivated_at: When the maintenance last went back to active, UTC.
        counts: The counts and flags.
        key: The row's position in the order; the next page begins after the key of the last row.
    """

    enrolment_id: EnrolmentId
    person: PersonId
    therapist: HsaId
    program: str
    program_version: str
    phase: Phase
    started_at: datetime
    access_until: datetime
    reviewed_at: datetime | None
    last_seen_at: datetime | None
    reactivated_at: datetime | None
    counts: CaseloadCounts
    key: CaseKey


@frozen(kw_only=True)
class UnreadableCase:
    """A placeholder in the caseload for an enrolment whose row cannot be read.

    Args:
        enrolment_id: The enrolment's id.
        key: The row's position in the order.
    """

    enrolment_id: EnrolmentId
    key: CaseKey


@frozen(kw_only=True)
class CaseTotals:
    """The totals of an open caseload: patients, and things that wait by kind. Rule: M-08, D-09a, D-15a.

    Args:
        patients: The number of open enrolments.
        flagged: How many of them have a flag.
        priority: How many of them have a priority flag.
        unread_forms: The number of submissions that wait.
        unread_messages: The number of patients' messages that wait.
        undelivered: The number of notifications that could not be delivered and wait.
        done: How many programs are done and not marked as handled.
        ending: How many enrolments wait to be maintained or ended.
        handed_over: How many patients are new to their therapists, who have not marked that as handled.
        silent: How many patients are silent (D-17b).
        ends_soon: How many patients have an access that ends soon (D-17b).
    """

    patients: int = 0
    flagged: int = 0
    priority: int = 0
    unread_forms: int = 0
    unread_messages: int = 0
    undelivered: int = 0
    done: int = 0
    ending: int = 0
    handed_over: int = 0
    silent: int = 0
    ends_soon: int = 0
