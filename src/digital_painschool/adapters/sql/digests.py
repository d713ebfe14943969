"""Statements on digests: find or add, claim, lock, begin a batch, release."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, case, exists, func, literal_column, null, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.sql.dml import ReturningInsert, Update
from sqlalchemy.sql.elements import ColumnElement

from digital_painschool.adapters.sql.array_params import any_of
from digital_painschool.adapters.sql.column_types import StrictBoolean
from digital_painschool.adapters.sql.digest_rows import DIGEST
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.json_rows import BulkStatement
from digital_painschool.adapters.sql.schema import COLLECTED, digests, notifications, superseded_keys
from digital_painschool.domain.digest import LONGEST_LEASE, LONGEST_WAIT
from digital_painschool.domain.notification import Channel

_d = digests.c
ZERO = literal_column("0", Integer)
ONE = literal_column("1", Integer)
TRUE = literal_column("true", StrictBoolean)
FALSE = literal_column("false", StrictBoolean)
LIMIT = bindparam("limit", type_=Integer)

ANY_KIND: ColumnElement[Any] = digests.c.collected.in_([FALSE, TRUE])
"""True of every digest: it lets a database seek in an index that begins with the column."""
_FREE = and_(
    or_(_d.next_at <= bindparam("now"), _d.next_at > bindparam("longest_wait")),
    _d.oldest_due_at <= bindparam("now"),  # never after `next_at`, and what the index is searched by
    or_(_d.lease_until.is_(None), _d.lease_until <= bindparam("now"), _d.lease_until > bindparam("longest_lease")),
)
_OF_CHANNELS = or_(
    any_of(_d.channel, "channels"),
    _d.channel.not_in([literal_column(f"'{channel.value}'") for channel in Channel]),
)
"""Of one of some channels, or of an unreadable one."""


def free_at(now: datetime) -> dict[str, Any]:
    """Return the parameters of the statements that look for what can be claimed at an instant."""
    return {"now": now, "longest_wait": now + LONGEST_WAIT, "longest_lease": now + LONGEST_LEASE}


def _due(*conditions: ColumnElement[Any], some: bool) -> Select[Any]:
    due = select(*DIGEST, _d.lost, _d.begun).where(_FREE, *conditions, *((_OF_CHANNELS,) if some else ()))
    return due.limit(LIMIT).with_for_update(skip_locked=True)


_HAS_A_PLACE = or_(and_(literal_column("NOT begun"), _d.lost == ZERO), _d.oldest_due_at <= bindparam("suspected_until"))

IN_ORDER = {
    (collected, some): _due(_d.collected == kind, _HAS_A_PLACE, some=some).order_by(_d.oldest_due_at, _d.next_at, _d.id)
    for collected, kind in ((False, FALSE), (True, TRUE))
    for some in (False, True)
}
"""Digests in the order of claims: the healthy ones, and suspects that have waited long.

By whether the digests are collected, and whether only those of some channels are wanted.
"""
SUSPECT = {
    some: _due(ANY_KIND, or_(literal_column("begun"), _d.lost > ZERO), some=some).order_by(
        _d.lost, _d.collected, _d.oldest_due_at, _d.next_at, _d.id
    )
    for some in (False, True)
}
"""Digests that may have crashed the worker that sent them (poison messages), by the same."""
COUNT_DUE = (
    select(_d.channel, _d.unit, _d.collected, func.count())
    .where(_FREE, ANY_KIND)
    .group_by(_d.channel, _d.unit, _d.collected)
)
LEASE = (
    update(digests)
    .where(any_of(_d.id, "ids"))
    .values(
        token=bindparam("token", type_=_d.token.type),
        lease_until=bindparam("lease_until", type_=_d.lease_until.type),
        lost=_d.lost + case((literal_column("begun"), ONE), else_=ZERO),
        begun=FALSE,
    )
)
LOCK_DIGESTS = (
    select(_d.id, _d.token, _d.batch_key, _d.unit).where(any_of(_d.id, "ids")).order_by(_d.id).with_for_update()
)
ADD_SUPERSEDED_KEY = insert_into(superseded_keys, ignore_existing=True)

_pending = notifications.alias("pending")
_PENDING_OF_DIGEST = and_(_pending.c.digest_id == _d.id, literal_column("pending.status = 'pending'"))
_EARLIEST_DUE = func.min(_pending.c.due_at)
HAS_PENDING_BATCH = exists(select(literal_column("1")).where(_PENDING_OF_DIGEST, _pending.c.batch_key.is_not(None)))
"""The condition that a notification of the digest's batch is pending."""


def release_values(told_on: ColumnElement[Any], lost: Any, next_at: ColumnElement[Any] | None = None) -> dict[str, Any]:
    """Return the values that release a digest: no lease, and no batch of which nothing is pending.

    Args:
        told_on: The last day on which the recipient was told.
        lost: The number of lost workers that still counts.
        next_at: When the digest can be claimed; by default, or where NULL, the earliest due instant of a pending
            notification.
    """
    wanted, oldest = (_EARLIEST_DUE, _EARLIEST_DUE) if next_at is None else _due_instants(next_at, _EARLIEST_DUE)
    return {
        "told_on": told_on,
        "lost": lost,
        "next_at": _of_pending(wanted),
        "oldest_due_at": _of_pending(oldest),
        **_free_values(HAS_PENDING_BATCH),
    }


def _free_values(has_pending_batch: ColumnElement[Any]) -> dict[str, Any]:
    return {
        "batch_key": case((has_pending_batch, _d.batch_key), else_=null()),
        "attempted_on": case((has_pending_batch, _d.attempted_on), else_=null()),
        "token": null(),
        "lease_until": null(),
        "begun": FALSE,
    }


def _due_instants(
    next_at: ColumnElement[Any], earliest: ColumnElement[Any]
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return when a digest with pending notifications can be claimed, and the instant that it is claimed by."""
    return func.coalesce(next_at, earliest), case((next_at < earliest, next_at), else_=earliest)


def _of_pending(value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a value over the pending notifications of a digest; NULL when there is none."""
    return select(value).where(_PENDING_OF_DIGEST).having(_EARLIEST_DUE.is_not(None)).scalar_subquery()


def _begin(row: Mapping[str, ColumnElement[Any]]) -> Update:
    values = {"batch_key": row["key"], "attempted_on": row["day"], "begun": TRUE}
    return update(digests).where(_d.id == row["digest_id"]).values(values)


def _release(row: Mapping[str, ColumnElement[Any]]) -> Update:
    told_on = func.coalesce(row["told_on"], _d.told_on)
    return (
        update(digests)
        .where(_d.id == row["digest_id"])
        .values(release_values(told_on, lost=row["lost"], next_at=row["next_at"]))
    )


def _release_all(rows: Mapping[str, ColumnElement[Any]]) -> Update:
    """Return the statement that releases many digests as `_release` does, with one look-up for each."""
    of_row = and_(_pending.c.digest_id == rows["digest_id"], literal_column("pending.status = 'pending'"))
    found = select(_EARLIEST_DUE.label("earliest"), func.bool_or(_pending.c.batch_key.is_not(None)).label("has_batch"))
    waiting = found.where(of_row).lateral("waiting").c
    next_at, oldest = _due_instants(rows["next_at"], waiting.earliest)
    values = {
        "told_on": func.coalesce(rows["told_on"], _d.told_on),
        "lost": rows["lost"],
        "next_at": case((waiting.earliest.is_not(None), next_at), else_=null()),
        "oldest_due_at": case((waiting.earliest.is_not(None), oldest), else_=null()),
        **_free_values(waiting.has_batch),
    }
    return update(digests).where(_d.id == rows["digest_id"]).values(values)


BEGIN = BulkStatement.of({"digest_id": _d.id.type, "key": _d.batch_key.type, "day": _d.attempted_on.type}, _begin)
RELEASE = BulkStatement.of(
    {"digest_id": _d.id.type, "told_on": _d.told_on.type, "next_at": _d.next_at.type, "lost": _d.lost.type},
    _release,
    of_all=_release_all,
)

_SAME_DIGEST = tuple(_d[name] for name in ("unit", "recipient_value", "recipient_scheme", "channel", "template"))


@cache
def find_or_add_digest() -> ReturningInsert[Any]:
    """Return the statement that adds a digest, or finds the one of the same recipient, and returns its id."""
    return bring_forward(insert(digests).values({c.name: bindparam(c.name, type_=c.type) for c in digests.c}))


def bring_forward(new: Insert) -> ReturningInsert[Any]:
    """Return an insert of digests that brings an existing one forward, and returns its id.

    A digest with a batch in doubt waits for its next attempt.
    """
    return new.on_conflict_do_update(
        index_elements=_SAME_DIGEST,
        index_where=COLLECTED,
        set_=forward(new.excluded.next_at, new.excluded.oldest_due_at),
    ).returning(_d.id)


def forward(next_at: ColumnElement[Any], due_at: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """Return the values of a digest that gets one more notification, by column."""
    wanted_at = case((_d.batch_key.is_(None), _earlier(_d.next_at, next_at)), else_=_d.next_at)
    return {"next_at": wanted_at, "oldest_due_at": _earlier(_d.oldest_due_at, due_at)}


def _earlier(present: ColumnElement[Any], wanted: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((or_(present.is_(None), wanted < present), wanted), else_=present)
