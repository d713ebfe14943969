"""The purge plans and the exports of a unit in pages, as a data administrator reads them. Rule: M-21, D-21a."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.cursors import Listing, instant, read_cursor, text
from digital_painschool.application.executor import Executor
from digital_painschool.application.pages import ListPage, first_rows, require_limit, require_order
from digital_painschool.domain.people import Actor
from digital_painschool.domain.retention import ExportReceipt, OverdueRecords, PlanState, PlanSummary
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import CaseQuery, CaseSort, list_exports
from digital_painschool.rules.permissions import Action
from digital_painschool.rules.retention import period_start
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text

_T = TypeVar("_T")
_MOST_OVERDUE = 500


def plan_page(
    executor: Executor, actor: Actor, after: str | None, state: PlanState | None, *, newest_first: bool, limit: int
) -> ListPage[PlanSummary]:
    """Return a page of the unit's purge plans, and log the access. Rule: D-21a.

    Args:
        executor: The storage and the clock.
        actor: The data administrator.
        after: The `next` of the page before; None for the first page.
        state: Only the plans in this state; None for all.
        newest_first: The order.
        limit: The most plans.
    """

    def found() -> ListPage[PlanSummary]:
        size = require_limit(limit)
        if state is not None and not isinstance(state, PlanState):
            raise InvalidValue(f"state is a PlanState or None, not {type(state).__name__}")
        listing = ("plans", actor.unit, None if state is None else state.value, require_order(newest_first))
        place = _place(listing, after)
        plans = executor.storage.list_plans(actor.unit, state, newest_first=newest_first, after=place, limit=size + 1)
        zone = executor.policy(actor.unit).zone
        return first_rows(plans, size, listing, lambda plan: (instant_to_text(plan.made_at), plan.id), zone=zone)

    return _logged(executor, actor, found)


def export_page(
    executor: Executor, actor: Actor, after: str | None, *, newest_first: bool, limit: int
) -> ListPage[ExportReceipt]:
    """Return a page of the receipts of the unit's exports, and log the access. Rule: M-21, D-21a.

    Args:
        executor: The storage and the clock.
        actor: The data administrator.
        after: The `next` of the page before; None for the first page.
        newest_first: The order.
        limit: The most receipts.
    """

    def found() -> ListPage[ExportReceipt]:
        size = require_limit(limit)
        listing = ("exports", actor.unit, require_order(newest_first))
        place = _place(listing, after)
        receipts = list_exports(executor.storage, actor.unit, newest_first=newest_first, after=place, limit=size + 1)
        zone = executor.policy(actor.unit).zone
        return first_rows(receipts, size, listing, lambda one: (instant_to_text(one.exported_at), one.id), zone=zone)

    return _logged(executor, actor, found)


def overdue_records(executor: Executor, actor: Actor) -> OverdueRecords:
    """Return how many of the unit's ended enrolments are older than the retention period, and log the access.

    Rule: M-20, D-21b.
    """

    def found() -> OverdueRecords:
        now, unit = executor.now(), actor.unit
        before = period_start(now, executor.policy(unit))
        query = CaseQuery(
            unit=unit,
            therapist=None,
            now=now,
            limit=_MOST_OVERDUE + 1,
            sort=CaseSort.ID,
            ended=True,
            changed_before=before,
        )
        number = len(executor.storage.list_caseload(query))
        return OverdueRecords(before=before, number=min(number, _MOST_OVERDUE), is_whole=number <= _MOST_OVERDUE)

    return _logged(executor, actor, found)


def _logged(executor: Executor, actor: Actor, found: Callable[[], _T]) -> _T:
    """Return what somebody may see; log the access, or its refusal."""
    executor.access.permit(Action.SEE_PLANS, actor)
    seen = executor.access.judge(Action.SEE_PLANS, actor, found)
    executor.storage.log((access_entry(Action.SEE_PLANS, actor, executor.now()),))
    return seen


def _place(listing: Listing, after: str | None) -> tuple[datetime, str] | None:
    """Return the instant and the id that a cursor names."""
    if after is None:
        return None
    at, id_ = map(str, read_cursor(listing, after, instant, text))
    return instant_from_text(at), id_
