"""Statements on notifications: read, add to a batch, settle; and what a step adds, cancels and notes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, literal_column, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.array_params import ArrayParam, any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.digest_rows import DIGEST, NOTIFICATION, digest_values, notification_values
from digital_painschool.adapters.sql.digests import LIMIT, ONE, TRUE, ZERO, find_or_add_digest, forward
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_rows import BulkStatement
from digital_painschool.adapters.sql.schema import GIVEN_UP, PENDING, UNNOTED, digests, notifications, superseded_keys
from digital_painschool.domain.notification import Status
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change

_n = notifications.c

PENDING_OF_DIGESTS = (
    select(*NOTIFICATION).where(PENDING, any_of(_n.digest_id, "ids")).order_by(_n.digest_id, _n.due_at, _n.id)
)
LOCK_PENDING = select(_n.id, _n.reports).where(PENDING, any_of(_n.id, "ids")).order_by(_n.id).with_for_update()
ADD_TO_BATCH = (
    update(notifications)
    .where(any_of(_n.id, "ids"), _n.digest_id == digests.c.id)
    .values(batch_key=digests.c.batch_key)
)
COUNT_ATTEMPT = update(notifications).where(any_of(_n.id, "ids"), PENDING).values(attempts=_n.attempts + ONE)


def _settle(row: Mapping[str, ColumnElement[Any]]) -> Update:
    values = {
        "status": row["becomes"],
        "settled_at": row["at"],
        "noted": row["is_noted"],
        "reason": row["why"],
        "attempts": _n.attempts + row["more_attempts"],
    }
    return update(notifications).where(any_of(_n.id, row["ids"]), PENDING).values(values)


SETTLE = BulkStatement.of(
    {
        "ids": ArrayParam(_n.id.type),
        "becomes": _n.status.type,
        "at": _n.settled_at.type,
        "is_noted": _n.noted.type,
        "why": _n.reason.type,
        "more_attempts": _n.attempts.type,
    },
    _settle,
)

_OF_KEY = and_(_n.digest_id == bindparam("digest_id"), _n.batch_key == bindparam("key"))
LOCK_OF_KEY = select(_n.status).where(_OF_KEY).order_by(_n.id).with_for_update()
REJECT = (
    update(notifications)
    .where(_OF_KEY, _n.status == literal_column("'delivered'"))
    .values(
        status=literal_column("'failed'"),
        settled_at=bindparam("rejected_at", type_=_n.settled_at.type),
        reason=literal_column("'reported'"),
        noted=literal_column("false", _n.noted.type),
        reports=_n.reports + ONE,
    )
)

_CANCELLABLE = and_(PENDING, _n.batch_key.is_(None))
RECORDS = select(*DIGEST, *NOTIFICATION).join_from(digests, notifications, _n.digest_id == digests.c.id)
OF_ENROLMENT = RECORDS.where(_n.enrolment_id == bindparam("enrolment_id")).order_by(_n.seq, _n.id)
_POSITION = tuple_(_n.seq, _n.id)
_AFTER = tuple_(bindparam("seq", type_=BigInteger), bindparam("id", type_=_n.id.type))
PAGE_OF_ENROLMENT = {
    False: OF_ENROLMENT.where(_POSITION > _AFTER).limit(PAGE_LIMIT),
    True: OF_ENROLMENT.where(_POSITION < _AFTER).order_by(None).order_by(_n.seq.desc(), _n.id.desc()).limit(PAGE_LIMIT),
}
"""By whether the newest come first."""
NOT_NOTED = RECORDS.where(UNNOTED, _n.id > bindparam("after")).order_by(_n.id).limit(LIMIT)
ID_INDEX = len(DIGEST) + NOTIFICATION.index(_n.id)
"""The index of a notification's id in a row of `RECORDS`."""
SETTLED_INDEX = len(DIGEST) + NOTIFICATION.index(_n.settled_at)
"""The index of the instant at which it was settled."""

DEAD_LETTER = and_(GIVEN_UP, literal_column("noted"))
"""The condition of a dead letter, apart from that of its enrolment."""

_ADD = insert_into(notifications)
_CANCEL = (
    update(notifications)
    .where(_n.id == bindparam("notification_id"), _CANCELLABLE)
    .values(status=literal_column("'dropped'"), settled_at=bindparam("cancelled_at", type_=_n.settled_at.type))
)
_NOTE = update(notifications).where(_n.id == bindparam("notification_id"), UNNOTED).values(noted=TRUE)

_DEAD_ONE = and_(_n.id == bindparam("notification_id"), DEAD_LETTER)
_RESOLVED_AT = bindparam("resolved_at", type_=_n.settled_at.type)
_DROP_DEAD_LETTER = (
    update(notifications).where(_DEAD_ONE).values(status=literal_column("'dropped'"), settled_at=_RESOLVED_AT)
)
_KEEP_KEY = (
    insert(superseded_keys)
    .from_select(
        ["digest_id", "key", "unit"],
        select(_n.digest_id, _n.batch_key, _n.unit).where(_DEAD_ONE, _n.batch_key.is_not(None)),
    )
    .on_conflict_do_nothing()
)
_SEND_AGAIN = (
    update(notifications)
    .where(_DEAD_ONE)
    .values(
        status=literal_column("'pending'"),
        due_at=_RESOLVED_AT,
        attempts=ZERO,
        settled_at=null(),
        reason=null(),
        batch_key=null(),
    )
)
_DIGEST_OF = select(_n.digest_id).where(_n.id == bindparam("notification_id")).scalar_subquery()
_BRING_FORWARD = update(digests).where(digests.c.id == _DIGEST_OF).values(forward(_RESOLVED_AT, _RESOLVED_AT))


def change_notifications(connection: Connection, change: Change) -> None:
    """Cancel, note, resolve and add the notifications of a step.

    Raises:
        Conflict: A notification cannot be cancelled any more, is noted already, or is no dead letter.
    """
    # Digests are locked first, as by every other write, and in one order: a member of staff's digest is shared by steps
    # of several enrolments.
    for notification in sorted(change.notifications, key=lambda one: (one.channel.value, one.id)):
        digest_id = connection.fetch_all(find_or_add_digest(), digest_values(notification))[0][0]
        connection.execute(_ADD, {**notification_values(notification), "digest_id": digest_id})
    at = change.enrolment.last_entry_at
    for id_ in sorted(change.cancelled):
        if connection.execute(_CANCEL, {"notification_id": id_, "cancelled_at": at}) != 1:
            raise Conflict("a notification to cancel was begun or is settled; load the enrolment and decide again")
    for id_ in sorted(change.noted):
        if connection.execute(_NOTE, {"notification_id": id_}) != 1:
            raise Conflict("the note is written already; load the enrolment and decide again")
    for id_, status in sorted(change.resolved.items()):
        values = {"notification_id": id_, "resolved_at": at}
        if status is Status.PENDING:  # the digest first, as a worker locks them
            connection.execute(_BRING_FORWARD, values)
            connection.execute(_KEEP_KEY, {"notification_id": id_})
        if connection.execute(_SEND_AGAIN if status is Status.PENDING else _DROP_DEAD_LETTER, values) != 1:
            raise Conflict("the notification is no dead letter any more; load the enrolment and decide again")
