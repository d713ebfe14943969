"""The enrolments of a claim, as a worker has loaded them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notification
from digital_painschool.domain.policy import Policy
from digital_painschool.rules.notifications import is_obsolete


@frozen
class States:
    """The enrolments of a claim.

    Args:
        enrolments: The states, by id; none of a purged enrolment.
        unreadable: The ids of the unreadable enrolments.
    """

    enrolments: Mapping[EnrolmentId, Enrolment]
    unreadable: Collection[str]

    def is_obsolete(self, notification: Notification, policy: Policy, at: datetime) -> bool:
        """Return whether a notification is obsolete; one of an unreadable enrolment is not."""
        enrolment_id = notification.trigger.enrolment_id
        is_readable = enrolment_id not in self.unreadable
        return is_readable and is_obsolete(notification, self.enrolments.get(enrolment_id), policy, at)
