"""Purge plans in SQL."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.ended import read_ended
from digital_painschool.adapters.sql.enrolments import unreadable_enrolment
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.placed_lists import PlacedList, in_both_orders
from digital_painschool.adapters.sql.retention_tables import plan_items, plans
from digital_painschool.adapters.sql.rows import Row
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan
from digital_painschool.serialization.stored import read_each, read_stored
from digital_painschool.serialization.values import from_data, to_data

_PLAN = select(plans.c.data, plans.c.approved).where(plans.c.id == bindparam("plan_id"))
_PLAN_ITEMS = (
    select(
        plan_items.c.enrolment_id,
        plan_items.c.version,
        plan_items.c.ended_at,
        plan_items.c.last_entry_at,
        plan_items.c.exported,
        plan_items.c.reason,
        plan_items.c.unit,
    )
    .where(plan_items.c.plan_id == bindparam("plan_id"))
    .order_by(plan_items.c.place)
)
_inserted = insert(plans).inline()
_SAVE_PLAN = _inserted.on_conflict_do_update(
    index_elements=[plans.c.id],
    set_={name: _inserted.excluded[name] for name in ("unit", "made_at", "approved", "data")},
)
_DELETE_ITEMS = delete(plan_items).where(plan_items.c.plan_id == bindparam("plan_id"))
_ADD_ITEM = insert_into(plan_items)


def write_plan(connection: Connection, plan: PurgePlan) -> PurgePlan:
    """Save a plan, or its approval, and return the stored one: an approved one stays."""
    values = {
        "id": plan.id,
        "unit": str(plan.unit),
        "made_at": plan.made_at,
        "approved": plan.decision is not None,
        "data": to_json(to_data(evolve(plan, enrolments=()))),
    }
    connection.advisory_lock("plan")
    saved = read_plan(connection, plan.id)
    if saved is not None and saved.decision is not None:
        return saved
    connection.execute(_SAVE_PLAN, values)
    if saved is None or saved.enrolments != plan.enrolments:
        connection.execute(_DELETE_ITEMS, {"plan_id": plan.id})
        connection.execute_many(_ADD_ITEM, _item_values(plan))
    return plan


def read_plan(connection: Connection, plan_id: str) -> PurgePlan | None:
    """Return a plan as it was saved last, or None."""
    rows = connection.fetch_all(_PLAN, {"plan_id": plan_id})
    if not rows:
        return None
    plan = read_stored(f"plan {plan_id}", lambda: from_data(from_json(rows[0][0]), PurgePlan))
    items = read_each(connection.fetch_each(_PLAN_ITEMS, {"plan_id": plan_id}), read_ended, unreadable_enrolment)
    unreadable = [item.enrolment_id for item in items if isinstance(item, UnreadableEnrolment)]
    return evolve(
        plan,
        enrolments=tuple(item for item in items if isinstance(item, EndedEnrolment)),
        unreadable=(*plan.unreadable, *unreadable),
    )


def _item_values(plan: PurgePlan) -> list[Mapping[str, Any]]:
    return [
        {
            "plan_id": plan.id,
            "place": number,
            "unit": str(plan.unit),
            "enrolment_id": item.enrolment_id,
            "version": item.version,
            "ended_at": item.ended_at,
            "last_entry_at": item.last_entry_at,
            "exported": item.exported,
            "reason": item.reason.value,
        }
        for number, item in enumerate(plan.enrolments, start=1)
    ]


def _listed_plan(connection: Connection, row: Row) -> PurgePlan | None:
    plan_id, made_at = row
    plan = read_plan(connection, plan_id)
    if plan is not None and (plan.id, plan.made_at) != (plan_id, made_at):
        raise ValueError("the plan is another one")
    return plan


LISTED_PLANS = PlacedList(
    queries=in_both_orders(select(plans.c.id, plans.c.made_at), plans.c.made_at, plans.c.id),
    read=_listed_plan,
    what="plan",
)
