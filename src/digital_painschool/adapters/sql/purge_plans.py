"""Purge plans in SQL."""

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from sqlalchemy import bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from digital_painschool.adapters.sql.access_log import ADD_ACCESS, access_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.database import Database
from digital_painschool.adapters.sql.desk_calls import add_desk_call
from digital_painschool.adapters.sql.ended import read_ended
from digital_painschool.adapters.sql.enrolments import unreadable_enrolment
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_text import from_json, to_json
from digital_painschool.adapters.sql.retention_tables import plan_items, plans
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.retention import EndedEnrolment, PurgePlan
from digital_painschool.ports.storage import AccessEntry, DeskCall
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


class SqlPurgePlans:
    """The purge plans of the protocol `Retention` in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save_plan(self, plan: PurgePlan, access: AccessEntry, *, completed: DeskCall | None = None) -> None:
        values = {
            "id": plan.id,
            "unit": str(plan.unit),
            "made_at": plan.made_at,
            "approved": plan.decision is not None,
            "data": to_json(to_data(evolve(plan, enrolments=()))),
        }

        def work(connection: Connection) -> None:
            connection.advisory_lock("plan")
            saved = read_plan(connection, plan.id)
            if saved is None or saved.decision is None:
                connection.execute(_SAVE_PLAN, values)
                if saved is None or saved.enrolments != plan.enrolments:
                    connection.execute(_DELETE_ITEMS, {"plan_id": plan.id})
                    connection.execute_many(_ADD_ITEM, _item_values(plan))
            add_desk_call(connection, completed)
            connection.execute(ADD_ACCESS, access_values(access))

        self._database.write(work)


def read_plan(connection: Connection, plan_id: PlanId) -> PurgePlan | None:
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
