"""The list of a unit's purge plans in SQL."""

from collections.abc import Mapping
from datetime import datetime

from attrs import evolve
from sqlalchemy import and_, bindparam, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.placed_lists import in_order, placed_list
from digital_painschool.adapters.sql.purge_plans import log_unreadable_plan
from digital_painschool.adapters.sql.purge_receipts import receipt_of_row
from digital_painschool.adapters.sql.retention_tables import plan_items, plans, receipts
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PlanState, PlanSummary, PurgePlan
from digital_painschool.ports.storage import plan_summary
from digital_painschool.serialization.values import from_data

_ITEMS = select(func.count()).select_from(plan_items).where(plan_items.c.plan_id == plans.c.id).scalar_subquery()
_RECEIPT = select(receipts.c.data).where(receipts.c.plan_id == plans.c.id).scalar_subquery()
_IN_STATE: Mapping[PlanState | None, ColumnElement[bool]] = {
    None: true(),
    PlanState.OPEN: and_(_RECEIPT.is_(None), ~plans.c.approved),
    PlanState.APPROVED: and_(_RECEIPT.is_(None), plans.c.approved),
    PlanState.EXECUTED: _RECEIPT.is_not(None),
}
_PLANS = (
    select(plans.c.id, plans.c.made_at, plans.c.data, _ITEMS, _RECEIPT)
    .where(plans.c.unit == bindparam("unit"))
    .limit(PAGE_LIMIT)
)
_LISTS = {
    (state, newest_first): in_order(_PLANS.where(wanted), plans.c.made_at, plans.c.id, newest_first=newest_first)
    for state, wanted in _IN_STATE.items()
    for newest_first in (False, True)
}
"""By the wanted state, and whether the newest come first."""


class SqlPlanList:
    """The list of purge plans of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None,
        *,
        newest_first: bool,
        after: tuple[datetime, str] | None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        return placed_list(
            self._database,
            _LISTS[state, newest_first],
            unit,
            after,
            limit,
            newest_first=newest_first,
            read=_summary,
            log_unreadable=log_unreadable_plan,
        )


def _summary(_: Connection, row: Row) -> PlanSummary:
    require_readable(row)
    plan_id, made_at, data, enrolments, receipt = row
    plan = from_data(from_json(data), PurgePlan)
    if (plan.id, plan.made_at) != (plan_id, made_at):
        raise ValueError("the plan is another one")
    summary = plan_summary(plan, None if receipt is None else receipt_of_row(plan_id, receipt))
    return evolve(summary, enrolments=enrolments)
