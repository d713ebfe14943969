"""The list of patients, page by page: "Mina", and the unit's list. Rule: M-08, M-09, D-09a."""

from datetime import datetime

from attrs import evolve, field, frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.executor import Executor
from digital_painschool.domain.local_time import utc
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.validation import plain_text, whole_number
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseQuery, CaseRow, readable, unreadable
from digital_painschool.rules.lifecycle import is_review_due
from digital_painschool.rules.permissions import Action

_PAGE_LIMIT = 500


@frozen(kw_only=True)
class Cursor:
    """Where the next page of a list begins, and the instant that the whole walk is judged at."""

    key: tuple[int, str] = field()
    now: datetime = field(converter=utc)

    @key.validator
    def _is_place(self, _: object, key: object) -> None:
        if not (isinstance(key, tuple) and [*map(type, key)] == [int, str]):
            raise InvalidValue("a cursor is the `next` of the page before")
        whole_number(key[0], "the rank in a cursor")
        plain_text(key[1], "the id in a cursor")


@frozen(kw_only=True)
class Case:
    """One patient in the list. Rule: M-08, M-09, M-17.

    Args:
        row: What the storage keeps for the list.
        ending: True when the patient's access is over and the enrolment waits to be maintained or ended.
        review_due: True when the last review is more than the policy's days ago.
    """

    row: CaseRow
    ending: bool
    review_due: bool

    @property
    def enrolment_id(self) -> str:
        """Which enrolment."""
        return self.row.enrolment_id

    @property
    def priority(self) -> bool:
        """True when an unread filling-in reached an alert threshold; such rows come first."""
        return self.row.tally.priority

    @property
    def flags(self) -> int:
        """How many things wait: unread forms and messages, what could not be delivered, done, ending."""
        tally = self.row.tally
        return tally.unread_forms + tally.unread_messages + tally.undelivered + tally.done + self.ending


@frozen(kw_only=True)
class CasePage:
    """A page of the list of patients.

    Args:
        rows: In order: priority first, then what has flags, then the rest.
        next: Where the next page begins; None when this is the last.
        unreadable: The ids of enrolments that belong on this page and cannot be read; somebody has to repair them.
    """

    rows: tuple[Case, ...]
    next: Cursor | None
    unreadable: tuple[str, ...] = ()


def case_page(
    executor: Executor, actor: Actor, action: Action, *, therapist: HsaId | None, after: Cursor | None, limit: int
) -> CasePage:
    """Return a page of the list to someone who may see it, and log for each patient that it was seen.

    Args:
        executor: The storage, the policies and the clock.
        actor: Who looks.
        action: What the permission table calls it.
        therapist: Whose own patients; None for the whole unit's.
        after: Where the page begins; None for the first.
        limit: The most rows, up to 500.

    Raises:
        NotPermitted: By the table.
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
        rows=tuple(
            Case(
                row=row,
                ending=now >= row.access_until,
                review_due=is_review_due(row.reviewed_at or row.started_at, now, policy),
            )
            for row in rows
        ),
        next=Cursor(key=page[-1].key, now=now) if len(found) > limit else None,
        unreadable=unreadable(page),
    )
