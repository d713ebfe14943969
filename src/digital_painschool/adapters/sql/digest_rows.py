"""Rows of digests and notifications, read and written."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any

from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import digests, notifications
from digital_painschool.domain.digest import Batch, Claim, DeliveryResult, Digest
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import (
    GIVEN_UP,
    Channel,
    FailureReason,
    Notification,
    NotificationRecord,
    Status,
    Template,
    TriggeringEntry,
    UnreadableNotification,
)
from digital_painschool.domain.pace import DueCount
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import StorageError
from digital_painschool.serialization.scalars import hsa_id_from_text
from digital_painschool.serialization.stored import read_stored

_log = logging.getLogger(__name__)
_CHANNELS = {channel.value: channel for channel in Channel}
_TEMPLATES = {template.value: template for template in Template}
_FLAGS = {flag.value: flag for flag in FlagKind}
_STATUSES = {status.value: status for status in Status}
_REASONS = {reason.value: reason for reason in FailureReason}
"""Looked up in a dict, because `Enum(value)` takes six times as long, and thousands of rows are read at a time."""
_STAFF = "hsa-id"

DIGEST = tuple(
    digests.c[name]
    for name in (
        *("id", "unit", "channel", "recipient_scheme", "recipient_value", "template", "collected"),
        *("told_on", "batch_key", "attempted_on"),
    )
)
"""The columns that a digest is read from."""
NOTIFICATION = tuple(
    notifications.c[name]
    for name in (
        *("digest_id", "id", "enrolment_id", "seq", "conversation", "number", "form", "flag"),
        *("due_at", "status", "attempts", "settled_at", "reason", "batch_key"),
    )
)
"""The columns that a notification is read from; in a joined row they follow those of its digest."""
_DIGEST_WIDTH = len(DIGEST)


def is_suspect(row: Row) -> bool:
    """Return whether a row, as a claim reads it, is of a digest that may have crashed a worker."""
    *_, lost, begun = row
    return bool(lost) or bool(begun)


def records(rows: Iterable[Row]) -> Iterator[NotificationRecord | UnreadableNotification]:
    """Yield notifications, read from rows of `DIGEST` and `NOTIFICATION`; a log line names an unreadable one."""
    for row in rows:
        id_ = _id(row, _DIGEST_WIDTH + 1)
        try:
            yield read_stored(f"notification {id_}", _joined, row)
        except StorageError as failure:
            _log.error("%s", failure)
            yield UnreadableNotification(notification_id=NotificationId(id_))


def readable_records(rows: Iterable[Row]) -> Iterator[NotificationRecord]:
    """Yield notifications as `records` does, without the unreadable ones."""
    return (record for record in records(rows) if isinstance(record, NotificationRecord))


def claims(claimed: Iterable[Row], pending: Iterable[Row], token: str) -> Iterator[Claim]:
    """Yield claims; an unreadable digest is logged by its id, and left until its lease expires.

    Args:
        claimed: Rows of `DIGEST`, each with the number of workers lost with it, and whether the last one had begun.
        pending: Rows of `NOTIFICATION`, sorted by digest.
        token: The fencing token of the claim.
    """
    of_digest = {digest_id: list(rows) for digest_id, rows in groupby(pending, key=itemgetter(0))}
    for row in claimed:
        try:
            yield read_stored(f"digest {_id(row, 0)}", _claim, row, of_digest.get(row[0], []), token)
        except StorageError as failure:
            _log.error("%s", failure)


def due_counts(rows: Iterable[Row]) -> Iterator[DueCount]:
    """Yield the numbers of due digests; those whose channel or unit cannot be read are left out, and logged."""
    for row in rows:
        try:
            yield read_stored("a number of digests", _due_count, row)
        except StorageError as failure:
            _log.error("%s", failure)


def _due_count(row: Row) -> DueCount:
    require_readable(row)
    channel, unit, collected, number = row
    return DueCount(channel=_CHANNELS[channel], unit=hsa_id_from_text(unit), collected=collected, number=number)


def _id(row: Row, index: int) -> str:
    return row[index] if isinstance(row[index], str) else "without an id"


def _joined(row: Row) -> NotificationRecord:
    require_readable(row)
    return _read(row[:_DIGEST_WIDTH], [row[_DIGEST_WIDTH:]]).pending[0]


def _claim(row: Row, pending: list[Row], token: str) -> Claim:
    for one in (row, *pending):
        require_readable(one)
    *digest, lost, begun = row
    return Claim(digest=_read(tuple(digest), pending), token=token, lost=lost + begun)


def _read(digest: Row, rows: list[Row]) -> Digest:
    id_, unit, channel, scheme, value, template, collected, told_on, batch_key, attempted_on = digest
    shared: dict[str, Any] = {
        "unit": hsa_id_from_text(unit),
        "channel": _CHANNELS[channel],
        "recipient": hsa_id_from_text(value) if scheme == _STAFF else PersonId(scheme, value),
        "template": _TEMPLATES[template],
        "collected": collected,
    }
    batch = None
    if batch_key is not None:
        batched = frozenset(row[1] for row in rows if row[-1] is not None)
        batch = Batch(key=batch_key, notifications=batched, attempted_on=date.fromisoformat(attempted_on))
    return Digest(
        id=id_,
        **shared,
        pending=tuple(_record(shared, row) for row in rows),
        batch=batch,
        told_on=None if told_on is None else date.fromisoformat(told_on),
    )


def _record(shared: Mapping[str, Any], row: Row) -> NotificationRecord:
    _, id_, enrolment_id, seq, conversation, number, form, flag, due_at, status, attempts, settled_at, *end = row
    reason, batch_key = end
    trigger = TriggeringEntry(
        enrolment_id=enrolment_id,
        seq=seq,
        conversation=conversation,
        number=number,
        form=form,
        flag=None if flag is None else _FLAGS[flag],
    )
    return NotificationRecord(
        notification=Notification(id=id_, **shared, due_at=due_at, trigger=trigger),
        status=_STATUSES[status],
        attempts=attempts,
        settled_at=settled_at,
        begun=batch_key is not None,
        reason=None if reason is None else _REASONS[reason],
    )


def digest_values(notification: Notification) -> dict[str, Any]:
    """Return the row of a new digest whose first notification is the given one."""
    recipient: PersonId | HsaId = notification.recipient
    return {
        "id": notification.id,
        "unit": str(notification.unit),
        "channel": notification.channel.value,
        "recipient_scheme": recipient.scheme if isinstance(recipient, PersonId) else _STAFF,
        "recipient_value": recipient.value if isinstance(recipient, PersonId) else str(recipient),
        "template": notification.template.value,
        "collected": notification.collected,
        "told_on": None,
        "batch_key": None,
        "attempted_on": None,
        "next_at": notification.due_at,
        "token": None,
        "lease_until": None,
        "begun": False,
        "lost": 0,
        "oldest_due_at": notification.due_at,
    }


def notification_values(notification: Notification) -> dict[str, Any]:
    """Return the row of a pending notification, without the id of its digest."""
    trigger = notification.trigger
    return {
        "id": notification.id,
        "unit": str(notification.unit),
        "enrolment_id": trigger.enrolment_id,
        "seq": trigger.seq,
        "conversation": trigger.conversation,
        "number": trigger.number,
        "form": trigger.form,
        "flag": trigger.flag and trigger.flag.value,
        "due_at": notification.due_at,
        "status": Status.PENDING.value,
        "attempts": 0,
        "batch_key": None,
        "settled_at": None,
        "noted": True,
        "reason": None,
        "reports": 0,
    }


def result_values(result: DeliveryResult) -> Iterator[dict[str, Any]]:
    """Yield one row for each new status of notifications, of those that were attempted and of those that were not."""
    settled: defaultdict[tuple[Status, bool], list[str]] = defaultdict(list)
    for id_, status in result.settled.items():
        settled[status, id_ in result.attempted].append(id_)
    for (status, attempted), ids in settled.items():
        yield {
            "ids": ids,
            "becomes": status.value,
            "at": result.at,
            "is_noted": status is Status.DELIVERED,
            "why": result.reason.value if result.reason and status in GIVEN_UP else None,
            "more_attempts": int(attempted),
        }
