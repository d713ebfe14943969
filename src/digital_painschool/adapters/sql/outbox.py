"""The outbox on SQL: digests are claimed, begun and completed; a step adds to them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from secrets import token_hex
from typing import Any

from sqlalchemy import Integer, and_, bindparam, case, exists, func, literal_column, null, or_, select, update
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.common import ADD_ACCESS, Part, access_values, insert_into, may_exist
from digital_painschool.adapters.sql.digest_rows import (
    DIGEST,
    NOTIFICATION,
    claims,
    digest_values,
    notification_values,
    readable_records,
    records,
    result_values,
)
from digital_painschool.adapters.sql.pool import Connection
from digital_painschool.adapters.sql.schema import (
    PENDING,
    UNNOTED,
    Truth,
    access_log,
    digests,
    notifications,
    superseded_keys,
)
from digital_painschool.adapters.sql.single_statement import LOGGED, add_digest, given_rows, rows_at_once
from digital_painschool.adapters.sql.statements import ArrayParam, Row, Values, any_of
from digital_painschool.domain.digest import Action, Batch, Claim, Decision, DeliveryResult, batch_key
from digital_painschool.domain.notification import Notification, NotificationRecord, Status
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change

_d = digests.c
_n = notifications.c
_NONE = literal_column("0", Integer)
_ONE = literal_column("1", Integer)
_TRUE = literal_column("true", Truth)
_FALSE = literal_column("false", Truth)
_LIMIT = bindparam("limit", type_=Integer)

_FREE = and_(_d.next_at <= bindparam("now"), or_(_d.lease_until.is_(None), _d.lease_until <= bindparam("now")))
_DUE = select(*DIGEST, _d.lost, _d.begun).where(_FREE).limit(_LIMIT).with_for_update(skip_locked=True)
_HEALTHY = _DUE.where(literal_column("NOT begun"), _d.lost == _NONE).order_by(_d.next_at, _d.id)
_SUSPECT = _DUE.where(or_(literal_column("begun"), _d.lost > _NONE)).order_by(_d.lost, _d.next_at, _d.id)
"""A worker that sent these may have been lost with them."""
_HOLD = (
    update(digests)
    .where(any_of(_d.id, "ids"))
    .values(
        token=bindparam("token", type_=_d.token.type),
        lease_until=bindparam("lease_until", type_=_d.lease_until.type),
        lost=_d.lost + case((literal_column("begun"), _ONE), else_=_NONE),
        begun=_FALSE,
    )
)
_PENDING_OF = select(*NOTIFICATION).where(PENDING, any_of(_n.digest_id, "ids")).order_by(_n.digest_id, _n.due_at, _n.id)
_LOCK = select(_d.id, _d.token, _d.batch_key, _d.unit).where(any_of(_d.id, "ids")).order_by(_d.id).with_for_update()
_STILL_PENDING = select(_n.id).where(PENDING, any_of(_n.id, "ids")).order_by(_n.id).with_for_update()

_Given = Mapping[str, ColumnElement[Any]]


class _ForMany:
    """An update of many rows: one statement where the database is far, one for each row where it is near."""

    def __init__(self, types: Mapping[str, Any], build: Any) -> None:
        self._each: ClauseElement = build({name: bindparam(name, type_=type_) for name, type_ in types.items()})
        self._all: ClauseElement = build(given_rows("given", types).c)

    def run(self, connection: Connection, rows: Sequence[Values], *, at_once: bool) -> None:
        if rows and at_once:
            connection.execute(self._all, {"given": rows})
        elif rows:
            connection.execute_many(self._each, rows)


def _beginning(given: _Given) -> Update:
    values = {"batch_key": given["key"], "attempted_on": given["day"], "begun": _TRUE}
    return update(digests).where(_d.id == given["digest_id"]).values(values)


def _settling(given: _Given) -> Update:
    values = {"status": given["becomes"], "settled_at": given["at"], "noted": given["is_noted"]}
    return update(notifications).where(any_of(_n.id, given["ids"]), PENDING).values(values)


_left = notifications.alias("pending")
_OF_DIGEST = and_(_left.c.digest_id == _d.id, literal_column("pending.status = 'pending'"))
_BATCHED = exists(select(literal_column("1")).where(_OF_DIGEST, _left.c.batch_key.is_not(None)))
_FIRST_DUE = func.min(_left.c.due_at)


def _releasing(given: _Given) -> Update:
    next_at = select(func.coalesce(given["next_at"], _FIRST_DUE)).where(_OF_DIGEST).having(_FIRST_DUE.is_not(None))
    return (
        update(digests)
        .where(_d.id == given["digest_id"])
        .values(
            told_on=func.coalesce(given["told_on"], _d.told_on),
            batch_key=case((_BATCHED, _d.batch_key), else_=null()),
            attempted_on=case((_BATCHED, _d.attempted_on), else_=null()),
            next_at=next_at.scalar_subquery(),
            token=null(),
            lease_until=null(),
            begun=_FALSE,
            lost=given["lost"],
        )
    )


_BEGIN = _ForMany({"digest_id": _d.id.type, "key": _d.batch_key.type, "day": _d.attempted_on.type}, _beginning)
_BATCH = (
    update(notifications)
    .where(any_of(_n.id, "ids"))
    .values(batch_key=select(_d.batch_key).where(_d.id == _n.digest_id).scalar_subquery(), attempts=_n.attempts + _ONE)
)
_SETTLE = _ForMany(
    {"ids": ArrayParam(_n.id.type), "becomes": _n.status.type, "at": _n.settled_at.type, "is_noted": _n.noted.type},
    _settling,
)
_RELEASE = _ForMany(
    {"digest_id": _d.id.type, "told_on": _d.told_on.type, "next_at": _d.next_at.type, "lost": _d.lost.type}, _releasing
)
_SUPERSEDE = insert_into(superseded_keys, unless_there=True)
_LOG_MANY = rows_at_once(access_log, LOGGED)

_ADD = insert_into(notifications)
_WAITS = and_(PENDING, _n.batch_key.is_(None))
_CANCEL = (
    update(notifications)
    .where(_n.id == bindparam("notification_id"), _WAITS)
    .values(status=literal_column("'dropped'"), settled_at=bindparam("cancelled_at", type_=_n.settled_at.type))
)
_NOTE = update(notifications).where(_n.id == bindparam("notification_id"), UNNOTED).values(noted=_TRUE)
_RECORD = select(*DIGEST, *NOTIFICATION).join_from(digests, notifications, _n.digest_id == _d.id)
_OF_ENROLMENT = _RECORD.where(_n.enrolment_id == bindparam("enrolment_id")).order_by(_n.seq, _n.id)
_CANCELLABLE = _OF_ENROLMENT.where(_WAITS)
_ID = len(DIGEST) + NOTIFICATION.index(_n.id)
_UNNOTED = _RECORD.where(UNNOTED, _n.id > bindparam("after")).order_by(_n.id).limit(_LIMIT)


class OutboxPart(Part):
    """The protocol `Outbox` on SQL. Lease expiry matters to `claim` only."""

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        token = token_hex(16)

        def work(connection: Connection) -> tuple[list[Row], list[Row]]:
            taken = connection.fetch_each(_HEALTHY, {"now": now, "limit": limit})
            if not taken:  # a poison message is claimed last, and alone
                taken = connection.fetch_each(_SUSPECT, {"now": now, "limit": min(limit, 1)})
            ids = [row[0] for row in taken if isinstance(row[0], str)]
            if not ids:
                return [], []
            connection.execute(_HOLD, {"ids": ids, "token": token, "lease_until": now + lease})
            return taken, connection.fetch_each(_PENDING_OF, {"ids": ids})

        # When nothing of what was taken can be read, what comes after it must not wait for the next run.
        while True:
            taken, pending = self._database.write(work)
            claimed = tuple(claims(taken, pending, token))
            if claimed or not taken:
                return claimed

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        return self._database.write(lambda connection: self._begin(connection, decided)) if decided else {}

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        if results:
            self._database.write(lambda connection: self._complete(connection, results, access))

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        return self._records(_OF_ENROLMENT, enrolment_id)

    def cancellable(self, enrolment_id: str) -> tuple[Notification, ...]:
        if not may_exist(enrolment_id):
            return ()
        rows = self._database.read(
            lambda connection: connection.fetch_each(_CANCELLABLE, {"enrolment_id": enrolment_id})
        )
        return tuple(record.notification for record in readable_records(rows))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        # When nothing of a page can be read, what comes after it is looked at too.
        while rows := self._database.read(partial(_page, after=after, limit=limit)):
            found = tuple(readable_records(rows))
            after = rows[-1][_ID]
            if found or not isinstance(after, str):
                return found
        return ()

    def _records(self, statement: ClauseElement, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        if not may_exist(enrolment_id):
            return ()
        values = {"enrolment_id": enrolment_id}
        return tuple(records(self._database.read(lambda connection: connection.fetch_all(statement, values))))

    def _begin(self, connection: Connection, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        held = _held(connection, {claim.digest.id: claim.token for claim, _ in decided})
        wanted = [id_ for claim, d in decided if claim.digest.id in held for id_ in d.notifications]
        pending = {row[0] for row in connection.fetch_all(_STILL_PENDING, {"ids": sorted(wanted)})}
        begun: dict[str, Batch] = {}
        empty: list[str] = []
        superseded: list[Values] = []
        for claim, decision in decided:
            digest_id = claim.digest.id
            if digest_id not in held:
                continue
            ids = decision.notifications & pending
            if not ids:
                empty.append(digest_id)
                continue
            before, unit = held[digest_id]
            key = batch_key(digest_id, ids) if decision.action is Action.SEND or before is None else before
            if before not in {None, key}:
                superseded.append({"digest_id": digest_id, "key": before, "unit": unit})
            begun[digest_id] = Batch(key=key, notifications=ids, attempted_on=decision.day)
        at_once = self._database.driver.prefers_single_round_trip
        connection.execute_many(_SUPERSEDE, superseded)
        rows = [{"digest_id": id_, "key": b.key, "day": b.attempted_on.isoformat()} for id_, b in begun.items()]
        _BEGIN.run(connection, rows, at_once=at_once)
        connection.execute(_BATCH, {"ids": [id_ for batch in begun.values() for id_ in batch.notifications]})
        _RELEASE.run(
            connection,
            [{"digest_id": id_, "told_on": None, "next_at": None, "lost": 0} for id_ in empty],
            at_once=at_once,
        )
        return begun

    def _complete(
        self, connection: Connection, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]]
    ) -> None:
        held = _held(connection, {result.digest_id: result.token for result in results})
        present = [result for result in results if result.digest_id in held]
        at_once = self._database.driver.prefers_single_round_trip
        # An ending may cancel the same at this moment: each locks them by rising id. What was begun it lets alone.
        unsent = [id_ for r in present for id_, status in r.settled.items() if status is not Status.DELIVERED]
        if unsent:
            connection.fetch_all(_STILL_PENDING, {"ids": sorted(unsent)})
        _SETTLE.run(connection, [row for r in present for row in result_values(r.settled, r.at)], at_once=at_once)
        rows = [
            {
                "digest_id": result.digest_id,
                "told_on": None if result.told_on is None else result.told_on.isoformat(),
                "next_at": result.next_at,
                "lost": result.lost,
            }
            for result in present
        ]
        _RELEASE.run(connection, rows, at_once=at_once)
        lines = [access_values(entry) for result in present for entry in access.get(result.digest_id, ())]
        if lines and at_once:
            connection.execute(_LOG_MANY, {"row": lines})
        else:
            connection.execute_many(ADD_ACCESS, lines)

    def _change_notifications(self, connection: Connection, change: Change) -> None:
        at = change.enrolment.last_entry_at
        for id_ in sorted(change.cancelled):
            if connection.execute(_CANCEL, {"notification_id": id_, "cancelled_at": at}) != 1:
                raise Conflict("a notification to cancel was begun or is settled; load the enrolment and decide again")
        for id_ in sorted(change.noted):
            if connection.execute(_NOTE, {"notification_id": id_}) != 1:
                raise Conflict("the note is written already; load the enrolment and decide again")
        for notification in change.notifications:
            digest_id = connection.fetch_all(add_digest(), digest_values(notification))[0][0]
            connection.execute(_ADD, {**notification_values(notification), "digest_id": digest_id})


def _page(connection: Connection, *, after: str, limit: int) -> list[Row]:
    return connection.fetch_each(_UNNOTED, {"after": after, "limit": limit})


def _held(connection: Connection, tokens: Mapping[str, str]) -> Mapping[str, tuple[str | None, str]]:
    """Lock the digests whose present token is the given one; return their batches' keys and their units."""
    rows = connection.fetch_all(_LOCK, {"ids": sorted(tokens)})
    return {id_: (key, unit) for id_, token, key, unit in rows if token == tokens[id_]}
