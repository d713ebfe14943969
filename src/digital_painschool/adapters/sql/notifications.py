"""Statements on notifications: read, add to a batch, settle; and what a step adds, cancels and notes."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, literal_column, select, tuple_, update
from sqlalchemy.sql.dml import Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.array_params import ArrayParam, any_of
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.digest_rows import DIGEST, NOTIFICATION, digest_values, notification_values
from digital_painschool.adapters.sql.digests import LIMIT, ONE, TRUE, find_or_add_digest
from digital_painschool.adapters.sql.excerpts import PAGE_LIMIT
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_rows import BulkStatement
from digital_painschool.adapters.sql.schema import PENDING, UNNOTED, digests, notifications
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change

_n = notifications.c

PENDING_OF_DIGESTS = (
    select(*NOTIFICATION).where(PENDING, any_of(_n.digest_id, "ids")).order_by(_n.digest_id, _n.due_at, _n.id)
)
LOCK_PENDING = select(_n.id).where(PENDING, any_of(_n.id, "ids")).order_by(_n.id).with_for_update()
ADD_TO_BATCH = (
    update(notifications)
    .where(any_of(_n.id, "ids"))
    .values(batch_key=select(digests.c.batch_key).where(digests.c.id == _n.digest_id).scalar_subquery())
)
COUNT_ATTEMPT = update(notifications).where(any_of(_n.id, "ids"), PENDING).values(attempts=_n.attempts + ONE)


def _settle(row: Mapping[str, ColumnElement[Any]]) -> Update:
    values = {
        "status": row["becomes"],
        "settled_at": row["at"],
        "noted": row["is_noted"],
        "attempts": _n.attempts + row["more_attempts"],
    }
    return update(notifications).where(any_of(_n.id, row["ids"]), PENDING).values(values)


SETTLE = BulkStatement.of(
    {
        "ids": ArrayParam(_n.id.type),
        "becomes": _n.status.type,
        "at": _n.settled_at.type,
        "is_noted": _n.noted.type,
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
        noted=literal_column("false", _n.noted.type),
    )
)

_CANCELLABLE = and_(PENDING, _n.batch_key.is_(None))
_RECORDS = select(*DIGEST, *NOTIFICATION).join_from(digests, notifications, _n.digest_id == digests.c.id)
OF_ENROLMENT = _RECORDS.where(_n.enrolment_id == bindparam("enrolment_id")).order_by(_n.seq, _n.id)
_POSITION = tuple_(_n.seq, _n.id)
_AFTER = tuple_(bindparam("seq", type_=BigInteger), bindparam("id", type_=_n.id.type))
PAGE_OF_ENROLMENT = {
    False: OF_ENROLMENT.where(_POSITION > _AFTER).limit(PAGE_LIMIT),
    True: OF_ENROLMENT.where(_POSITION < _AFTER).order_by(None).order_by(_n.seq.desc(), _n.id.desc()).limit(PAGE_LIMIT),
}
"""By whether the newest come first."""
NOT_NOTED = _RECORDS.where(UNNOTED, _n.id > bindparam("after")).order_by(_n.id).limit(LIMIT)
ID_INDEX = len(DIGEST) + NOTIFICATION.index(_n.id)
"""The index of a notification's id in a row of `NOT_NOTED`."""

_ADD = insert_into(notifications)
_CANCEL = (
    update(notifications)
    .where(_n.id == bindparam("notification_id"), _CANCELLABLE)
    .values(status=literal_column("'dropped'"), settled_at=bindparam("cancelled_at", type_=_n.settled_at.type))
)
_NOTE = update(notifications).where(_n.id == bindparam("notification_id"), UNNOTED).values(noted=TRUE)


def change_notifications(connection: Connection, change: Change) -> None:
    """Cancel, note and add the notifications of a step.

    Raises:
        Conflict: A notification cannot be cancelled any more, or is noted already.
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
