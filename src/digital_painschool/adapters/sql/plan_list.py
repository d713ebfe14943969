"""The list of a unit's purge plans in SQL."""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve
from sqlalchemy import and_, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.placed_lists import PlacedList, in_both_orders
from digital_painschool.adapters.sql.receipts import PURGES
from digital_painschool.adapters.sql.retention_tables import plan_items, plans, receipts
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PlanState, PlanSummary, PurgePlan
from digital_painschool.ports.storage import plan_summary
from digital_painschool.serialization.values import from_data

_ITEMS = select(func.count()).select_from(plan_items).where(plan_items.c.plan_id == plans.c.id).scalar_subquery()
_RECEIPT, _PURGED_AT = (
    select(column).where(receipts.c.plan_id == plans.c.id).scalar_subquery()
    for column in (receipts.c.data, receipts.c.purged_at)
)


def _summary(_: Connection, row: Row) -> PlanSummary:
    plan_id, made_at, data, enrolments, purged_at, receipt = row
    plan = from_data(from_json(data), PurgePlan)
    if (plan.id, plan.made_at) != (plan_id, made_at):
        raise ValueError("the plan is another one")
    summary = plan_summary(plan, None if receipt is None else PURGES.of_row((plan_id, purged_at, receipt)))
    return evolve(summary, enrolments=enrolments)


_IN_STATE: Mapping[PlanState | None, ColumnElement[bool]] = {
    None: true(),
    PlanState.OPEN: and_(_RECEIPT.is_(None), ~plans.c.approved),
    PlanState.APPROVED: and_(_RECEIPT.is_(None), plans.c.approved),
    PlanState.EXECUTED: _RECEIPT.is_not(None),
}
_LISTS = {
    state: PlacedList(
        queries=in_both_orders(
            select(plans.c.id, plans.c.made_at, plans.c.data, _ITEMS, _PURGED_AT, _RECEIPT).where(wanted),
            plans.c.made_at,
            plans.c.id,
        ),
        read=_summary,
        what="plan",
    )
    for state, wanted in _IN_STATE.items()
}
"""By the wanted state."""


class SqlPlanList:
    """The list of purge plans of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None = None,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        return _LISTS[state].fetch(self._database, unit, newest_first=newest_first, after=after, limit=limit)
