"""Notifications as rows of the database, and rows as notifications."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.schema import causes, notifications
from digital_painschool.adapters.sql.statements import Damaged, Row, among, require_readable
from digital_painschool.errors import StorageFailed
from digital_painschool.notification import Cause, Channel, Notification, NotificationRecord, Status, Template
from digital_painschool.people import HsaId, PersonId
from digital_painschool.serialization import hsa_id_from_text, read_each

_log = logging.getLogger(__name__)

_CHANNELS = {channel.value: channel for channel in Channel}
_TEMPLATES = {template.value: template for template in Template}
_STATUSES = {status.value: status for status in Status}
"""Looked up, as asking an Enum by value takes six times as long, and thousands come at a time."""
_STAFF = "hsa-id"

_n = notifications.c
ROW = (
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
"""The columns that `records` reads a notification from, in its order."""

_RECIPIENT = slice(3, 5)
_CAUSES = (
    select(causes.c.notification_id, causes.c.enrolment_id, causes.c.seq, causes.c.conversation, causes.c.message)
    .where(among(causes.c.notification_id, "ids"))
    .order_by(causes.c.notification_id, causes.c.place)
)


def records(link: Link, rows: list[Row]) -> list[NotificationRecord | None]:
    """Read the notifications of rows with their causes, in the same order; None for what cannot be read.

    A log line names each of these.
    """
    found: dict[Any, list[Cause] | None] = {row[0]: [] for row in rows if isinstance(row[0], str)}
    if found:
        for row in link.each(_CAUSES, {"ids": list(found)}):
            if type(row) is Damaged:
                # Without one of its reasons a notification could be taken for one that has none any more.
                found[row[0]] = None
            elif (causes_ := found[row[0]]) is not None:
                _, enrolment_id, seq, conversation, number = row
                causes_.append(Cause(enrolment_id=enrolment_id, seq=seq, conversation=conversation, number=number))
    recipients: dict[Row, PersonId | HsaId] = {}  # of a lane all have the same

    def record(row: Row) -> NotificationRecord:
        require_readable(row)
        whose, reasons = row[_RECIPIENT], found[row[0]]
        if whose not in recipients:
            recipients[whose] = _recipient(*whose)
        if not reasons:
            raise StorageFailed("a notification without a reason")
        return _record(row, recipients[whose], tuple(reasons))

    return read_each(rows, record, _unreadable)


def _unreadable(row: Row) -> None:
    id_ = row[0] if isinstance(row[0], str) else "without an id"
    _log.error("notification %s cannot be read: a newer version has written it, or it is damaged", id_)


def _recipient(scheme: str, value: str) -> PersonId | HsaId:
    return hsa_id_from_text(value) if scheme == _STAFF else PersonId(scheme, value)


def _record(row: Row, recipient: PersonId | HsaId, found: tuple[Cause, ...]) -> NotificationRecord:
    # What else a statement selects comes after these.
    id_, unit, channel, _, _, template, window, lane, due_at, collected, status, attempts, settled_at, *_ = row
    return NotificationRecord(
        notification=Notification(
            id=id_,
            unit=hsa_id_from_text(unit),
            channel=_CHANNELS[channel],
            recipient=recipient,
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
