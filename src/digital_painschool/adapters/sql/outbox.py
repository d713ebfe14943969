"""The outbox: notifications with their causes, who has them in hand, and what became of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from sqlalchemy import Integer, and_, bindparam, delete, exists, func, literal_column, not_, null, or_, select, update

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.parts import Part, insert_into, may_exist
from digital_painschool.adapters.sql.schema import FREE, PENDING, causes, notifications
from digital_painschool.adapters.sql.statements import Row, among
from digital_painschool.adapters.sql.windows import SAME, waits_for_the_same
from digital_painschool.errors import Conflict
from digital_painschool.notification import (
    Cause,
    Channel,
    Claimed,
    Notification,
    NotificationRecord,
    Outcome,
    Status,
    Template,
)
from digital_painschool.people import PersonId
from digital_painschool.ports.storage import Change
from digital_painschool.serialization import hsa_id_from_text

_CHANNELS = {channel.value: channel for channel in Channel}
_TEMPLATES = {template.value: template for template in Template}
_STATUSES = {status.value: status for status in Status}
"""Looked up, as asking an Enum by value takes six times as long, and thousands come at a time."""
_STAFF = "hsa-id"
_TRIES = 10

_n = notifications.c
_ROW = (
    _n.id,
    _n.unit,
    _n.channel,
    _n.recipient_scheme,
    _n.recipient_value,
    _n.template,
    _n.window,
    _n.lane,
    _n.due_at,
    _n.collected,
    _n.status,
    _n.attempts,
    _n.settled_at,
)
_ADD = insert_into(notifications).on_conflict_do_nothing(index_elements=SAME, index_where=FREE)
_ADD_CAUSE = insert_into(causes)
_CAUSES = (
    select(causes.c.notification_id, causes.c.enrolment_id, causes.c.seq, causes.c.conversation, causes.c.message)
    .where(among(causes.c.notification_id, "ids"))
    .order_by(causes.c.notification_id, causes.c.place)
)
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

_HELD = notifications.alias("held")
_DUE = and_(PENDING, _n.due_at <= bindparam("now"))
_HELD_BY_NOBODY = or_(_n.held_until.is_(None), _n.held_until <= bindparam("now"))
_DUE_LANES = (
    select(_n.lane)
    .where(
        _DUE,
        _HELD_BY_NOBODY,
        not_(
            exists(
                select(literal_column("1")).where(
                    literal_column("held.status = 'pending'"),
                    _HELD.c.lane == _n.lane,
                    _HELD.c.held_until > bindparam("now"),
                )
            )
        ),
    )
    .order_by(_n.due_at, _n.id)
    .limit(bindparam("limit", type_=Integer))
)
_DUE_IN_LANES = select(_n.id, _n.lane).where(_DUE, among(_n.lane, "lanes"))
_GONE = notifications.alias("gone")
_TOLD_AT = (
    select(func.max(_GONE.c.settled_at, type_=_n.settled_at.type))
    .where(_n.collected, literal_column("gone.status = 'delivered' AND gone.collected"), _GONE.c.lane == _n.lane)
    .scalar_subquery()
)
_LOCK = (
    select(*_ROW, _n.held_until, _TOLD_AT.label("told_at"))
    .where(_DUE, _HELD_BY_NOBODY, among(_n.lane, "lanes"))
    .order_by(_n.due_at, _n.id)
    .with_for_update(skip_locked=True)
)
_HOLD = (
    update(notifications)
    .where(among(_n.id, "ids"))
    .values(
        token=bindparam("token", type_=_n.token.type),
        held_until=bindparam("held_until", type_=_n.held_until.type),
        attempts=_n.attempts + literal_column("1", Integer),
        slot=_n.id,
    )
)
_SETTLE = (
    update(notifications)
    .where(among(_n.id, "ids"), PENDING, _n.token == bindparam("claim"))
    .values(
        status=bindparam("status", type_=_n.status.type),
        settled_at=bindparam("settled_at", type_=_n.settled_at.type),
        attempts=_n.attempts - bindparam("not_tried", type_=Integer),
        due_at=func.coalesce(bindparam("again", type_=_n.due_at.type), _n.due_at),
        token=null(),
        held_until=null(),
    )
)
_STILL_HELD = select(_n.id).where(_n.id == bindparam("id"), PENDING, _n.token == bindparam("claim")).with_for_update()
_FIRST_CAUSE = (
    select(causes.c.notification_id, func.min(causes.c.seq).label("seq"))
    .where(causes.c.enrolment_id == bindparam("enrolment_id"))
    .group_by(causes.c.notification_id)
    .subquery("first_cause")
)
_OF_ENROLMENT = (
    select(*_ROW).join(_FIRST_CAUSE, _FIRST_CAUSE.c.notification_id == _n.id).order_by(_FIRST_CAUSE.c.seq, _n.id)
)
_DROPPABLE = _OF_ENROLMENT.where(_NEVER_TRIED)


class OutboxPart(Part):
    """The protocol `Outbox` on SQL.

    A notification is free while nobody has claimed it; a claim leaves its token behind until it is settled or claimed
    anew. Whether a lease ran out is for `claim` alone: nothing else is told the time.
    """

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claimed, ...]:
        token = token_hex(16)

        def work(link: Link) -> list[Row]:
            # One at a time, or each would find the same ones first, and go home when another has them.
            link.only_one("claim")
            lanes = sorted({row[0] for row in link.rows(_DUE_LANES, {"now": now, "limit": limit})})
            if not lanes:
                return []
            due = link.rows(_DUE_IN_LANES, {"now": now, "lanes": lanes})
            # What somebody else is changing is not waited for; as a lane goes whole, all of it is left for later.
            free = link.rows(_LOCK, {"now": now, "lanes": lanes})
            ids = {row[0] for row in free}
            torn = {lane for id_, lane in due if id_ not in ids}
            taken = _first_lanes([row for row in free if row[7] not in torn], limit)
            if not taken:
                return []
            values = {"ids": [row[0] for row in taken], "token": token, "held_until": now + lease}
            link.count(_HOLD, values)
            return taken

        taken = self._database.write(work)
        # What is claimed nobody else adds to: its causes can be read when others may claim again.
        records = self._database.read(lambda link: _records(link, [row[:-2] for row in taken])) if taken else ()
        return tuple(
            Claimed(
                notification=r.notification, attempts=r.attempts, token=token, told_at=told_at, held_until=held_until
            )
            for r, (*_, held_until, told_at) in zip(records, taken, strict=True)
        )

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        self._database.write(lambda link: _settle(link, outcomes))

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        return self._caused_by(enrolment_id, _OF_ENROLMENT)

    def droppable(self, enrolment_id: str) -> tuple[Notification, ...]:
        return tuple(record.notification for record in self._caused_by(enrolment_id, _DROPPABLE))

    def _caused_by(self, enrolment_id: str, statement: Any) -> tuple[NotificationRecord, ...]:
        if not may_exist(enrolment_id):
            return ()
        values = {"enrolment_id": enrolment_id}
        return self._database.read(lambda link: _records(link, link.rows(statement, values)), several=True)

    def _change_notifications(self, link: Link, change: Change) -> None:
        held = all(link.rows(_STILL_HELD, {"id": c.notification.id, "claim": c.token}) for c in change.held)
        if not held or _settle(link, change.outcomes) != len(change.outcomes):
            raise Conflict("somebody else has the notification in hand; leave it to them")
        for notification_id in sorted(change.dropped):
            _drop(link, notification_id, change)
        for notification in change.notifications:
            _add(link, notification)


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


def _settle(link: Link, outcomes: Iterable[Outcome]) -> int:
    settled = 0
    alike: dict[tuple[Any, ...], list[str]] = {}
    for outcome in outcomes:
        key = (outcome.token, outcome.status, outcome.at, outcome.due_at, outcome.tried)
        alike.setdefault(key, []).append(outcome.notification_id)
    for (token, status, at, due_at, tried), ids in alike.items():
        back = status is Status.PENDING
        values = {
            "ids": sorted(ids),
            "claim": token,
            "status": status.value,
            "settled_at": None if back else at,
            "again": due_at if back else None,
            "not_tried": 0 if tried else 1,
        }
        settled += link.count(_SETTLE, values)
    return settled


def _first_lanes(rows: list[Row], limit: int) -> list[Row]:
    sizes = Counter(row[7] for row in rows)
    lanes: set[str] = set()
    size = 0
    for row in rows:
        lane = row[7]
        if lane in lanes:
            continue
        if size >= limit:
            break
        lanes.add(lane)
        size += sizes[lane]
    return [row for row in rows if row[7] in lanes]


def _records(link: Link, rows: list[Row]) -> tuple[NotificationRecord, ...]:
    found: dict[str, list[Cause]] = {row[0]: [] for row in rows}
    if rows:
        for notification_id, enrolment_id, seq, conversation, number in link.rows(_CAUSES, {"ids": list(found)}):
            cause = Cause(enrolment_id=enrolment_id, seq=seq, conversation=conversation, number=number)
            found[notification_id].append(cause)
    return tuple(_record(row, tuple(found[row[0]])) for row in rows)


def _record(row: Row, found: tuple[Cause, ...]) -> NotificationRecord:
    id_, unit, channel, scheme, value, template, window, lane, due_at, collected, status, attempts, settled_at = row
    return NotificationRecord(
        notification=Notification(
            id=id_,
            unit=hsa_id_from_text(unit),
            channel=_CHANNELS[channel],
            recipient=hsa_id_from_text(value) if scheme == _STAFF else PersonId(scheme, value),
            template=_TEMPLATES[template],
            window=window,
            lane=lane,
            due_at=due_at,
            causes=found,
            collected=collected,
        ),
        status=_STATUSES[status],
        attempts=attempts,
        settled_at=settled_at,
    )


def notification_values(notification: Notification) -> dict[str, Any]:
    """Give a notification as a row that waits."""
    recipient = notification.recipient
    return {
        "id": notification.id,
        "unit": str(notification.unit),
        "channel": notification.channel.value,
        "recipient_scheme": recipient.scheme if isinstance(recipient, PersonId) else _STAFF,
        "recipient_value": recipient.value if isinstance(recipient, PersonId) else str(recipient),
        "template": notification.template.value,
        "window": notification.window,
        "slot": "",
        "lane": notification.lane,
        "due_at": notification.due_at,
        "collected": notification.collected,
        "status": Status.PENDING.value,
        "attempts": 0,
        "token": None,
        "held_until": None,
        "settled_at": None,
    }


def cause_values(notification_id: str, unit: str, found: Iterable[Cause], place: int) -> list[Mapping[str, Any]]:
    """Give the causes of a notification as rows, numbered from a place on."""
    return [
        {
            "notification_id": notification_id,
            "place": number,
            "unit": str(unit),
            "enrolment_id": cause.enrolment_id,
            "seq": cause.seq,
            "conversation": cause.conversation,
            "message": cause.number,
        }
        for number, cause in enumerate(found, start=place)
    ]
