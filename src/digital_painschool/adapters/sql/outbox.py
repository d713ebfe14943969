"""The outbox: what is to be told and why, and what became of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Integer, and_, bindparam, delete, func, literal_column, null, select, update
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.at_once import given_rows
from digital_painschool.adapters.sql.claims import ClaimsPart
from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.notification_rows import ROW, cause_values, notification_values, records
from digital_painschool.adapters.sql.parts import insert_into, may_exist
from digital_painschool.adapters.sql.schema import FREE, PENDING, causes, notifications
from digital_painschool.adapters.sql.windows import SAME, waits_for_the_same
from digital_painschool.errors import Conflict, StorageFailed
from digital_painschool.notification import Notification, NotificationRecord, Outcome, Status
from digital_painschool.ports.storage import Change

_TRIES = 10

_n = notifications.c
_ADD = insert_into(notifications).on_conflict_do_nothing(index_elements=SAME, index_where=FREE)
_ADD_CAUSE = insert_into(causes)
_CAUSE_PLACES = (
    select(causes.c.place, causes.c.enrolment_id, causes.c.seq)
    .where(causes.c.notification_id == bindparam("notification_id"))
    .order_by(causes.c.place)
)
_TO_JOIN = (
    select(_n.id).where(waits_for_the_same()).order_by(_n.id).limit(literal_column("1", Integer)).with_for_update()
)
_NEVER_TRIED = and_(FREE, _n.attempts == literal_column("0", Integer))
_TO_DROP = select(_n.id).where(_n.id == bindparam("notification_id"), _NEVER_TRIED).with_for_update()
_DROP_CAUSES = delete(causes).where(
    causes.c.notification_id == bindparam("notification_id"), causes.c.enrolment_id == bindparam("enrolment_id")
)
_DROP = (
    update(notifications)
    .where(_n.id == bindparam("notification_id"))
    .values(status=literal_column("'dropped'"), settled_at=bindparam("settled_at", type_=_n.settled_at.type))
)
_OUTCOME = {
    "id": _n.id.type,
    "claim": _n.token.type,
    "becomes": _n.status.type,
    "at": _n.settled_at.type,
    "again": _n.due_at.type,
    "not_tried": Integer(),
}


def _settling(outcome: Mapping[str, ColumnElement[Any]]) -> Update:
    return (
        update(notifications)
        .where(_n.id == outcome["id"], _n.token == outcome["claim"])  # what is settled has none
        .values(
            status=outcome["becomes"],
            settled_at=outcome["at"],
            attempts=_n.attempts - outcome["not_tried"],
            due_at=func.coalesce(outcome["again"], _n.due_at),
            token=null(),
            held_until=null(),
        )
    )


_SETTLE = _settling({name: bindparam(name, type_=type_) for name, type_ in _OUTCOME.items()})
_SETTLE_AT_ONCE = _settling(given_rows("outcome", _OUTCOME).c)
_STILL_HELD = select(_n.id).where(_n.id == bindparam("id"), PENDING, _n.token == bindparam("claim")).with_for_update()
_FIRST_CAUSE = (
    select(causes.c.notification_id, func.min(causes.c.seq).label("seq"))
    .where(causes.c.enrolment_id == bindparam("enrolment_id"))
    .group_by(causes.c.notification_id)
    .subquery("first_cause")
)
_OF_ENROLMENT = (
    select(*ROW).join(_FIRST_CAUSE, _FIRST_CAUSE.c.notification_id == _n.id).order_by(_FIRST_CAUSE.c.seq, _n.id)
)
_DROPPABLE = _OF_ENROLMENT.where(_NEVER_TRIED)


class OutboxPart(ClaimsPart):
    """The protocol `Outbox` on SQL.

    A notification is free while nobody has claimed it; a claim leaves its token behind until it is settled or claimed
    anew.
    """

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        self._database.write(lambda link: self._settle(link, outcomes))

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        found = self._caused_by(enrolment_id, _OF_ENROLMENT)
        read = tuple(record for record in found if record is not None)
        if len(read) < len(found):
            raise StorageFailed(f"a notification of enrolment {enrolment_id} cannot be read; was it changed by hand?")
        return read

    def droppable(self, enrolment_id: str) -> tuple[Notification, ...]:
        found = self._caused_by(enrolment_id, _DROPPABLE)
        return tuple(record.notification for record in found if record is not None)

    def _caused_by(self, enrolment_id: str, statement: Any) -> Sequence[NotificationRecord | None]:
        if not may_exist(enrolment_id):
            return ()
        values = {"enrolment_id": enrolment_id}
        return self._database.read(lambda link: records(link, link.each(statement, values)), several=True)

    def _change_notifications(self, link: Link, change: Change) -> None:
        held = all(link.rows(_STILL_HELD, {"id": c.notification.id, "claim": c.token}) for c in change.held)
        if not held or self._settle(link, change.outcomes) != len(change.outcomes):
            raise Conflict("somebody else has the notification in hand; leave it to them")
        for notification_id in sorted(change.dropped):
            _drop(link, notification_id, change)
        for notification in change.notifications:
            _add(link, notification)

    def _settle(self, link: Link, outcomes: Iterable[Outcome]) -> int:
        first: dict[tuple[str, str], Outcome] = {}
        for outcome in outcomes:
            first.setdefault((outcome.notification_id, outcome.token), outcome)
        rows = [_outcome_values(outcome) for outcome in first.values()]
        if self._database.driver.far:
            return link.count(_SETTLE_AT_ONCE, {"outcome": rows}) if rows else 0
        return sum(link.count(_SETTLE, row) for row in rows)


def _add(link: Link, notification: Notification) -> None:
    values = notification_values(notification)
    for _ in range(_TRIES):
        found = link.rows(_TO_JOIN, values)
        if found:
            _join(link, found[0][0], notification)
            return
        if link.count(_ADD, values):
            link.many(_ADD_CAUSE, cause_values(notification.id, notification.unit, notification.causes, 1))
            return
        # Somebody else has added one of the same window since; it is there to be joined now, or already claimed.
    raise Conflict("others add to the same notification all the time; load the enrolment and decide again")


def _join(link: Link, joined: str, notification: Notification) -> None:
    there = link.rows(_CAUSE_PLACES, {"notification_id": joined})
    known = {(enrolment_id, seq) for _, enrolment_id, seq in there}
    new = [cause for cause in notification.causes if (cause.enrolment_id, cause.seq) not in known]
    link.many(_ADD_CAUSE, cause_values(joined, notification.unit, new, there[-1][0] + 1 if there else 1))


def _drop(link: Link, notification_id: str, change: Change) -> None:
    values = {
        "notification_id": notification_id,
        "enrolment_id": change.enrolment.id,
        "settled_at": change.enrolment.last_entry_at,
    }
    if not link.rows(_TO_DROP, values):
        raise Conflict("a notification to drop is on its way or settled; load the enrolment and decide again")
    if any(row[1] != change.enrolment.id for row in link.rows(_CAUSE_PLACES, values)):
        link.count(_DROP_CAUSES, values)
    else:
        # One that nothing else caused keeps its causes, so that the books show it and a purge finds it.
        link.count(_DROP, values)


def _outcome_values(outcome: Outcome) -> dict[str, Any]:
    back = outcome.status is Status.PENDING
    return {
        "id": outcome.notification_id,
        "claim": outcome.token,
        "becomes": outcome.status.value,
        "at": None if back else outcome.at,
        "again": outcome.due_at if back else None,
        "not_tried": 0 if outcome.tried else 1,
    }
