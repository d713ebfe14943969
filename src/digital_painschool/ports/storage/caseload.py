"""The caseload: the list of a therapist's or a unit's patients, page by page. Rule: M-08, M-09."""

from datetime import datetime
from typing import Protocol

from attrs import field, frozen
from attrs.converters import optional

from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId


@frozen(kw_only=True)
class CaseQuery:
    """The query for one page of the caseload.

    Args:
        unit: The unit.
        therapist: The therapist whose own patients are wanted; None for all patients of the unit.
        now: The instant at which flags are judged, UTC; the same for every page of one walk.
        after: The `key` of the last row of the page before; None for the first page.
        limit: The most rows of a page.
    """

    unit: HsaId = field(converter=HsaId)
    therapist: HsaId | None = field(converter=optional(HsaId))
    now: datetime
    after: tuple[int, str] | None = None
    limit: int = 50


@frozen(kw_only=True, slots=False)
class CaseRow:
    """One open enrolment in the caseload, without names. Rule: M-08, M-09, D-15a, D-17a.

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
    counts: CaseloadCounts
    key: tuple[int, str]


def case_row(enrolment: Enrolment, counts: CaseloadCounts, now: datetime) -> CaseRow:
    """Return an enrolment's row of the caseload, for a storage that ranks rows in Python.

    Args:
        enrolment: The present state.
        counts: The counts of the last saved change.
        now: The instant at which flags are judged, UTC: `CaseQuery.now`.
    """
    is_flagged = counts.unread_forms or counts.unread_messages or counts.done or counts.undelivered
    rank = 0 if counts.priority else 1 if is_flagged or enrolment.access_until <= now else 2
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
        counts=counts,
        key=(rank, enrolment.id),
    )


@frozen(kw_only=True)
class UnreadableCase:
    """A placeholder in the caseload for an open enrolment whose row cannot be read.

    Args:
        enrolment_id: The enrolment's id.
        key: The row's position in the order.
    """

    enrolment_id: EnrolmentId
    key: tuple[int, str]


class Caseload(Protocol):
    """The list of patients."""

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow | UnreadableCase, ...]:
        """Return a page of the enrolments that have not ended.

        Contract:
            * **order**: rows with a priority flag come first (rank 0), then rows with any flag (1), then the rest (2).
              Within a rank, rows come by enrolment id (code points). A flag is: unread forms or messages, done,
              undelivered, or `access_until` at or before `query.now`. `key` is the rank and the id.
            * **keyset**: the page holds the first `limit` rows whose key is above `after`.
            * **unreadable**: a placeholder stands for an unreadable row, as far as the row's unit and therapist can be
              told. The row hides none of the others.
        """
        ...
