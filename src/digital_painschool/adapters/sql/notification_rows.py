"""Notifications as rows of the database, and rows as notifications."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from digital_painschool.adapters.sql.connections import Link
from digital_painschool.adapters.sql.schema import causes, notifications
from digital_painschool.adapters.sql.statements import Row, among
from digital_painschool.errors import InvalidValue, StorageFailed
from digital_painschool.notification import Cause, Channel, Notification, NotificationRecord, Status, Template
from digital_painschool.people import HsaId, PersonId
from digital_painschool.serialization import hsa_id_from_text

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


def records(link: Link, rows: list[Row]) -> tuple[NotificationRecord, ...]:
    """Read the notifications of rows with their causes, in the same order.

    Raises:
        StorageFailed: One holds what this version does not know.
    """
    found: dict[str, list[Cause]] = {row[0]: [] for row in rows}
    if rows:
        for notification_id, enrolment_id, seq, conversation, number in link.rows(_CAUSES, {"ids": list(found)}):
            cause = Cause(enrolment_id=enrolment_id, seq=seq, conversation=conversation, number=number)
            found[notification_id].append(cause)
    try:
        recipients = {key: _recipient(*key) for key in {row[_RECIPIENT] for row in rows}}  # of a lane all have the same
        return tuple(_record(row, recipients[row[_RECIPIENT]], tuple(found[row[0]])) for row in rows)
    except (KeyError, InvalidValue):
        problem = StorageFailed("a notification cannot be read: a newer version has written it, or it is damaged")
    raise problem  # without the value, which may be a number


def _recipient(scheme: str, value: str) -> PersonId | HsaId:
    return hsa_id_from_text(value) if scheme == _STAFF else PersonId(scheme, value)


def _record(row: Row, recipient: PersonId | HsaId, found: tuple[Cause, ...]) -> NotificationRecord:
    id_, unit, channel, _, _, template, window, lane, due_at, collected, status, attempts, settled_at = row
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
