"""Dead letters: what an operator may do with a notification that was given up. Rule: D-13d."""

from collections.abc import Iterable
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, NotificationResolved
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import (
    GIVEN_UP,
    RESOLUTIONS,
    NotificationRecord,
    ResolutionReason,
    Status,
)
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import Terms
from digital_painschool.errors import InvalidValue, Reason, RuleViolation
from digital_painschool.rules.access import closed_refusal


def resolve(
    enrolment: Enrolment,
    terms: Terms,
    notification_id: NotificationId,
    records: Iterable[NotificationRecord],
    status: Status,
    reason: ResolutionReason,
    *,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Record that a dead letter is sent again, or dropped.

    Rule: D-13d. It goes under the rules of a new notification: once a day, in the forenoon where it is collected
    (D-13a), and it is dropped where its reason is gone (D-13b). The therapist's flag stays until it is handled.

    Args:
        enrolment: The state before.
        terms: The terms of the enrolment.
        notification_id: The id of the dead letter.
        records: The notifications of the enrolment.
        status: `PENDING` to send it again, `DROPPED` to drop it.
        reason: The reason, one of `RESOLUTIONS` for the status.
        by: Who resolves it.
        at: The present instant.

    Raises:
        InvalidValue: The reason is not one for the status.
        RuleViolation: The enrolment has ended, or the notification is no dead letter.
    """
    if reason not in RESOLUTIONS[status]:
        choices = ", ".join(sorted(one.value for one in RESOLUTIONS[status]))
        raise InvalidValue(f"the reason is one of {choices}")
    if not enrolment.is_open:
        raise closed_refusal(enrolment)
    for record in records:
        notification = record.notification
        if notification.id == notification_id and record.status in GIVEN_UP:
            return (
                NotificationResolved(
                    at=at,
                    by=by.signature,
                    notification=notification.id,
                    channel=notification.channel,
                    status=status,
                    reason=reason,
                ),
            )
    raise RuleViolation("D-13d", Reason.NO_DEAD_LETTER)
