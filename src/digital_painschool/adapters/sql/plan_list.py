"""The list of a unit's purge plans in SQL."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from attrs import evolve
from sqlalchemy import Select, and_, bindparam, func, select, true, tuple_
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.json_text import from_json
from digital_painschool.adapters.sql.purge_receipts import receipt_of_row
from digital_painschool.adapters.sql.rows import Row, readable_text, require_readable
from digital_painschool.adapters.sql.schema import plan_items, plans, receipts
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import PlanState, PlanSummary, PurgePlan
from digital_painschool.ports.storage import plan_summary
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import from_data

_log = logging.getLogger(__name__)

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
_PLACE = tuple_(plans.c.made_at, plans.c.id)
_SHOWN = tuple_(bindparam("made_at", type_=plans.c.made_at.type), bindparam("id", type_=plans.c.id.type))
_LISTS = {
    (state, newest_first): _PLANS.where(wanted, _PLACE < _SHOWN).order_by(plans.c.made_at.desc(), plans.c.id.desc())
    if newest_first
    else _PLANS.where(wanted, _PLACE > _SHOWN).order_by(plans.c.made_at, plans.c.id)
    for state, wanted in _IN_STATE.items()
    for newest_first in (False, True)
}
"""By the wanted state, and whether the newest come first."""
_ENDS = {False: (datetime(1900, 1, 1, tzinfo=UTC), ""), True: (datetime(9000, 12, 31, tzinfo=UTC), "")}
"""The place before the first plan, by whether the newest come first."""


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
        statement = _LISTS[state, newest_first]
        found: list[PlanSummary] = []
        place: tuple[Any, Any] = after or _ENDS[newest_first]
        # Otherwise a page of unreadable plans would look like the end.
        while len(found) < limit:
            values = {"unit": str(unit), "made_at": place[0], "id": place[1], "limit": limit - len(found)}
            rows = self._database.read(partial(_fetch, statement=statement, values=values))
            found += filter(None, read_each(rows, _summary, _log_unreadable))
            if len(rows) < values["limit"] or not isinstance(rows[-1][1], datetime):
                break
            place = rows[-1][1], rows[-1][0]
        return tuple(found)


def _fetch(connection: Connection, *, statement: Select[Any], values: Mapping[str, Any]) -> list[Row]:
    return connection.fetch_each(statement, values)


def _summary(row: Row) -> PlanSummary:
    require_readable(row)
    plan_id, made_at, data, enrolments, receipt = row
    plan = from_data(from_json(data), PurgePlan)
    if (plan.id, plan.made_at) != (plan_id, made_at):
        raise ValueError("the plan is another one")
    summary = plan_summary(plan, None if receipt is None else receipt_of_row(plan_id, receipt))
    return evolve(summary, enrolments=enrolments)


def _log_unreadable(row: Row) -> None:
    _log.error("plan %s cannot be read; was it changed by hand?", readable_text(row[0]))
