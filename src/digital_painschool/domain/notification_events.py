"""The events of a timeline about notifications: dropped, not delivered, sent again. Rule: D-13b, D-13d."""

from attrs import frozen

from digital_painschool.domain.fact import Fact
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import Channel, ResolutionReason, Status
from digital_painschool.domain.policy import FlagKind


@frozen(kw_only=True, slots=False)
class NotificationDropped(Fact):
    """An obsolete notification was dropped without being sent. Rule: D-13b, D-17b.

    Args:
        notification: The notification's id.
        channel: Its channel.
        takes_back: The kind of note that the drop takes back, because it is not so by a limit that has moved since: it
            is noted again when it is so again. None for a drop that takes no note back.
    """

    notification: NotificationId
    channel: Channel
    takes_back: FlagKind | None = None


@frozen(kw_only=True, slots=False)
class NotificationUndelivered(Fact):
    """A notification could not be delivered. Rule: D-13d, D-17a.

    Args:
        notification: The notification's id.
        channel: Its channel.
        status: `UNREACHABLE` when the person cannot be reached there, `FAILED` when every attempt failed.
    """

    notification: NotificationId
    channel: Channel
    status: Status


@frozen(kw_only=True, slots=False)
class NotificationResolved(Fact):
    """An operator has sent a notification again that was given up, or has dropped it. Rule: D-13d.

    Args:
        notification: The notification's id.
        channel: Its channel.
        status: Its new status: `PENDING` when it is sent again, `DROPPED` when it is dropped.
        reason: The operator's reason.
    """

    notification: NotificationId
    channel: Channel
    status: Status
    reason: ResolutionReason
