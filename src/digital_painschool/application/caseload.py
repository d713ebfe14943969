"""The list of patients, page by page: "Mina", and the unit's list. Rule: M-08, M-09, D-09a."""

from datetime import datetime

from attrs import evolve, field, frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.executor import Executor
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.validation import plain_text, whole_number
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseQuery, CaseRow, readable, unreadable
from digital_painschool.rules.lifecycle import is_review_due
from digital_painschool.rules.permissions import Action

_PAGE_LIMIT = 500


@frozen(kw_only=True)
class Cursor:
    """The position at which the next page of a list begins, and the instant at which the whole walk is judged.

    Args:
        key: The `key` of the last row of the page before.
        now: The instant at which flags are judged, UTC.
    """

    key: tuple[int, str] = field()
    now: datetime = field(converter=utc)

    @key.validator
    def _is_position(self, _: object, key: object) -> None:
        if not (isinstance(key, tuple) and [*map(type, key)] == [int, str]):
            raise InvalidValue("a cursor is the `next` of the page before")
        whole_number(key[0], "the rank in a cursor")
        plain_text(key[1], "the id in a cursor")


@frozen(kw_only=True)
class Case:
    """One patient in the list, without a name. Rule: M-08, M-09, M-17.

    Args:
        enrolment_id: The enrolment's id.
        person: The patient; the `repr` is masked.
        therapist: The present therapist.
        program: The program's key.
        program_version: The version that the enrolment was started with.
        phase: The phase of the life cycle.
        started_at: When the enrolment began, UTC.
        access_until: When the patient's access ends, UTC.
        reviewed_at: When the therapist last reviewed, UTC; None for never.
        last_seen_at: When the patient last did something, UTC; None for never.
        unread_forms: How many submissions wait for the therapist, over all forms.
        unread_messages: How many of the patient's messages wait for the therapist.
        done: True when the program is done and nobody has marked the flag as handled.
        undelivered: How many notifications could not be delivered and wait for the therapist.
        priority: True when an unread submission reached an alert threshold; such rows come first.
        ending: True when the patient's access is over and the enrolment waits to be maintained or ended.
        review_due: True when the last review is more than the policy's days ago.
        key: The row's position in the order: its rank (0 priority, 1 flags, 2 the rest) and the enrolment's id.
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
    unread_forms: int
    unread_messages: int
    done: bool
    undelivered: int
    priority: bool
    ending: bool
    review_due: bool
    key: tuple[int, str]

    @property
    def flags(self) -> int:
        """The number of things that wait: unread forms and messages, undelivered notifications, done, ending."""
        return self.unread_forms + self.unread_messages + self.undelivered + self.done + self.ending


@frozen(kw_only=True)
class CasePage:
    """A page of the list of patients.

    Args:
        rows: The patients in order: priority first, then those with flags, then the rest.
        next: The cursor of the next page; None for the last page.
        unreadable: The ids of enrolments that belong on this page and cannot be read; somebody has to repair them.
    """

    rows: tuple[Case, ...]
    next: Cursor | None
    unreadable: tuple[str, ...] = ()


def case_page(
    executor: Executor, actor: Actor, action: Action, *, therapist: HsaId | None, after: Cursor | None, limit: int
) -> CasePage:
    """Return a page of the list to an actor who may see it, and log the access to each patient.

    Args:
        executor: The school's executor.
        actor: The actor who asks.
        action: The action, as the permission table names it.
        therapist: The therapist whose own patients are wanted; None for all patients of the unit.
        after: The cursor of the page; None for the first page.
        limit: The most rows, up to 500.

    Raises:
        NotPermitted: The permission table refuses the action.
        InvalidValue: `after` is no `Cursor`, or `limit` is out of range.
    """
    executor.access.permit(action, actor)
    if type(limit) is not int or not 1 <= limit <= _PAGE_LIMIT:
        raise InvalidValue(f"limit is a whole number from 1 to {_PAGE_LIMIT}")
    if after is not None and not isinstance(after, Cursor):
        raise InvalidValue("after is the `next` of the page before")
    now = executor.now() if after is None else after.now
    key = None if after is None else after.key
    found = executor.storage.list_caseload(
        CaseQuery(unit=actor.unit, therapist=therapist, now=now, after=key, limit=limit + 1)
    )
    page = found[:limit]
    rows = readable(page)
    entry = access_entry(action, actor, executor.now())
    executor.storage.log([evolve(entry, enrolment_id=row.enrolment_id, person=row.person) for row in rows])
    policy = executor.policy(actor.unit)
    return CasePage(
        rows=tuple(_case(row, now, policy) for row in rows),
        next=Cursor(key=page[-1].key, now=now) if len(found) > limit else None,
        unreadable=unreadable(page),
    )


def _case(row: CaseRow, now: datetime, policy: Policy) -> Case:
    return Case(
        enrolment_id=row.enrolment_id,
        person=row.person,
        therapist=row.therapist,
        program=row.program,
        program_version=row.program_version,
        phase=row.phase,
        started_at=row.started_at,
        access_until=row.access_until,
        reviewed_at=row.reviewed_at,
        last_seen_at=row.last_seen_at,
        unread_forms=row.counts.unread_forms,
        unread_messages=row.counts.unread_messages,
        done=row.counts.done,
        undelivered=row.counts.undelivered,
        priority=row.counts.priority,
        ending=now >= row.access_until,
        review_due=is_review_due(row.reviewed_at or row.started_at, now, policy),
        key=row.key,
    )
