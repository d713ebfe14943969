"""The list of patients, page by page, and its totals: "Mina", and the unit's. Rule: M-08, M-09, D-09a, D-15b, D-17b."""

from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import astuple, frozen

from digital_painschool.application.access_control import access_entries, access_entry
from digital_painschool.application.caseload_walk import CaseWalk, cursor_from_text, cursor_to_text
from digital_painschool.application.cursors import WRONG_CURSOR
from digital_painschool.application.executor import Executor
from digital_painschool.application.pages import require_limit
from digital_painschool.domain.enrolment import OPEN_PHASES, Phase
from digital_painschool.domain.events import HandedOver, Started
from digital_painschool.domain.from_checked import from_checked
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.local_time import days_earlier, last_day
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.validation import plain_text, truth_value
from digital_painschool.errors import InvalidValue, StorageError
from digital_painschool.ports.storage import (
    CaseKey,
    CaseQuery,
    CaseRow,
    CaseSort,
    CaseTotals,
    Entry,
    Storage,
    load_timeline,
    readable,
    unreadable,
)
from digital_painschool.rules.attention import attention_limits
from digital_painschool.rules.lifecycle import is_review_due
from digital_painschool.rules.permissions import Action

_OWN = frozenset({Action.LIST_OWN_PATIENTS, Action.COUNT_OWN_PATIENTS})
"""The actions that concern the actor's own patients; the others concern the whole unit's."""


@frozen(kw_only=True)
class CaseSelection:
    """A selection: the patients that a list shows, and their order. Rule: M-08, M-09, D-09a, D-15b, D-17b.

    Args:
        sort: The order.
        ended: True for the enrolments that have ended instead of the open ones; nothing of the conditions fits these.
        flagged: True for patients with a flag alone, False for those without; None for both.
        review_due: True for patients with a review due alone, False for the others; None for both.
        phase: The phase, of an open enrolment; None for any.
        program: The program's key; None for any.
        silent: True for silent patients alone, False for the others; None for both.
        ends_soon: True for patients whose access ends soon alone, False for the others; None for both.

    Raises:
        InvalidValue: A value is of another type, or asks the ended ones for what only open ones have.
    """

    sort: CaseSort = CaseSort.PRIORITY
    ended: bool = False
    flagged: bool | None = None
    review_due: bool | None = None
    phase: Phase | None = None
    program: str | None = None
    silent: bool | None = None
    ends_soon: bool | None = None

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.sort, CaseSort):
            raise InvalidValue(f"sort is a CaseSort, not {type(self.sort).__name__}")
        truth_value(self.ended, "ended")
        for name in ("flagged", "review_due", "silent", "ends_soon"):
            if not isinstance(getattr(self, name), bool | None):
                raise InvalidValue(f"{name} is True, False or None")
        if self.phase is not None and (not isinstance(self.phase, Phase) or self.phase not in OPEN_PHASES):
            raise InvalidValue("phase is that of an open enrolment; the others are shown with ended=True")
        if self.program is not None:
            plain_text(self.program, "a program's key")
        if self.ended and {self.flagged, self.review_due, self.phase, self.silent, self.ends_soon} != {None}:
            raise InvalidValue("an ended one has no flag, review due, open phase, silence or end; leave these out")


OPEN_CASES = CaseSelection()
"""All open enrolments, by priority."""


@frozen(kw_only=True, slots=False)
class Case:
    """One patient in the list, without a name. Rule: M-08, M-09, M-17, D-15b, D-17b.

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
        handed_over: True when the patient is new to the therapist, who has not marked that as handled (D-09b).
        priority: True when an unread submission reached an alert threshold; such rows come first.
        ending: True when the patient's access is over and the enrolment waits to be maintained or ended.
        review_due: True when the last review is more than the policy's days ago.
        waiting_since: Since when the oldest flag waits, UTC; None without a flag.
        silent_since: When a silent patient last did something, or else the start, UTC; None for one who is not silent.
        ends_on: The last local day of an access that ends soon; None for one that does not.
        repeated: True when something happened to the enrolment since the walk began: an earlier page may have shown it,
            as it was then.
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
    handed_over: bool
    priority: bool
    ending: bool
    review_due: bool
    waiting_since: datetime | None
    silent_since: datetime | None
    ends_on: date | None
    repeated: bool

    @property
    def rank(self) -> int:
        """The rank in the order by priority: 0 with a priority flag, 1 with any flag, 2 for the rest."""
        return 0 if self.priority else 1 if self.flags else 2

    @property
    def flags(self) -> int:
        """The number of things that wait: unread forms and messages, undelivered notifications, and other flags."""
        others = self.done + self.ending + self.handed_over
        return self.unread_forms + self.unread_messages + self.undelivered + others


@frozen(kw_only=True)
class CasePage:
    """A page of the list of patients.

    A walk through the pages has two parts. The first shows the rows by their order: on its first page all that belong
    there, on the later ones those that nothing happened to since the walk began. Their positions cannot change, so each
    is shown once. The second part shows, by enrolment id, the rows that something happened to: each once, as it is now,
    with `Case.repeated`. So every patient who is in the list from the first page to the last is shown, and one who is
    shown twice is marked. Steps within a minute before the first page count as made during the walk.

    Args:
        rows: The patients in order.
        next: The cursor of the next page, a text that fits a URL; None for the last page. It is good for the same list
            alone: the same unit, person, call and selection. It names no person.
        zone: The unit's zone, in which a screen shows times.
        unreadable: The ids of enrolments that belong on this page and cannot be read; somebody has to repair them.
    """

    rows: tuple[Case, ...]
    next: str | None
    zone: ZoneInfo
    unreadable: tuple[str, ...] = ()


def case_page(
    executor: Executor, actor: Actor, action: Action, show: CaseSelection, *, after: str | None, limit: int
) -> CasePage:
    """Return a page of a list to an actor who may see it, and log the access to each patient.

    Args:
        executor: The school's executor.
        actor: The actor who asks.
        action: The action, as the permission table names it.
        show: Which patients of the list, in which order.
        after: The cursor of the page; None for the first page.
        limit: The most rows, up to 500.

    Raises:
        NotPermitted: The permission table refuses the action.
        InvalidValue: `after` is no cursor of this list and selection, or another argument is of a wrong type or range.
    """
    executor.access.permit(action, actor)
    require_limit(limit)
    if not isinstance(show, CaseSelection):
        raise InvalidValue(f"show is a CaseSelection, not {type(show).__name__}")
    listing = (action.value, actor.unit, *map(str, astuple(show)))
    cursor = None if after is None else cursor_from_text(listing, after)
    therapist = _whose(action, actor)
    if cursor is not None and cursor.key is not None and therapist is not None:
        _require_listed(executor.storage, cursor.key, therapist)
    now = executor.now() if cursor is None else cursor.now
    policy = executor.policy(actor.unit)
    query = _query(show, action, actor, policy, now)
    walk = CaseWalk(executor.storage, query, limit)
    shown, position = walk.first_page() if cursor is None else walk.page_at(cursor)
    rows = readable(row for row, _ in shown)
    shown_to = ((row.enrolment_id, row.person) for row in rows)
    executor.storage.log(access_entries(action, actor, executor.now(), shown_to))
    return CasePage(
        rows=tuple(_case(row, query, policy, repeated=repeated) for row, repeated in shown if isinstance(row, CaseRow)),
        next=None if position is None else cursor_to_text(listing, position),
        zone=policy.zone,
        unreadable=unreadable(row for row, _ in shown),
    )


def case_totals(executor: Executor, actor: Actor, action: Action) -> CaseTotals:
    """Return the totals of a list of open enrolments to an actor who may see them; log the access in one line.

    Raises:
        NotPermitted: The permission table refuses the action.
    """
    executor.access.permit(action, actor)
    now = executor.now()
    limits = attention_limits(executor.policy(actor.unit), now)
    totals = executor.storage.count_caseload(actor.unit, _whose(action, actor), now, limits)
    executor.storage.log((access_entry(action, actor, now),))
    return totals


def _require_listed(storage: Storage, key: CaseKey, therapist: HsaId) -> None:
    """Refuse a cursor that was made with another person's list, which no cursor names.

    It stands at a patient who was never the therapist's. A patient who was handed over during the walk was.

    Raises:
        InvalidValue: The patient was another therapist's all the time.
    """
    entries: tuple[Entry, ...] = ()
    with suppress(StorageError):  # the walk goes on past a patient whose timeline is damaged
        entries = load_timeline(storage, EnrolmentId(key[2]), [Started, HandedOver])
    whose = {entry.event.therapist for entry in entries if isinstance(entry.event, (Started, HandedOver))}
    if whose and therapist not in whose:
        raise InvalidValue(WRONG_CURSOR)


def _whose(action: Action, actor: Actor) -> HsaId | None:
    return actor.hsa_id if action in _OWN else None


def _query(show: CaseSelection, action: Action, actor: Actor, policy: Policy, now: datetime) -> CaseQuery:
    due_before = days_earlier(now, policy.review_after_days)
    return CaseQuery(
        unit=actor.unit,
        therapist=_whose(action, actor),
        now=now,
        sort=show.sort,
        ended=show.ended,
        flagged=show.flagged,
        phase=show.phase,
        program=show.program,
        reviewed_from=due_before if show.review_due is False else None,
        reviewed_before=due_before if show.review_due else None,
        limits=attention_limits(policy, now),
        silent=show.silent,
        ends_soon=show.ends_soon,
    )


def _case(row: CaseRow, query: CaseQuery, policy: Policy, *, repeated: bool) -> Case:
    is_open = row.phase in OPEN_PHASES
    now, limits = query.now, query.limits
    # What a patient's row and its counts hold is shown under the same names.
    shown = {
        **row.__dict__,
        **row.counts.__dict__,
        "ending": is_open and now >= row.access_until,
        "review_due": is_open and is_review_due(row.reviewed_at or row.started_at, now, policy),
        "waiting_since": row.counts.oldest_flag(row.access_until, now) if is_open else None,
        "silent_since": limits.silent_since(row, now),
        "ends_on": last_day(row.access_until, policy.zone) if limits.ends_soon(row, now) else None,
        "repeated": repeated,
    }
    del shown["counts"], shown["key"]
    return from_checked(Case, shown)
