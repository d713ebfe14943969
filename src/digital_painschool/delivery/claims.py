"""Claimed digests on their way through a worker."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial

from attrs import field, frozen

from digital_painschool.domain.digest import Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notification
from digital_painschool.domain.policy import Policy
from digital_painschool.rules.notifications import is_obsolete


@frozen
class States:
    """The enrolments of some claims.

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


@frozen
class Ready:
    """A claim that is to be sent.

    Args:
        claim: The claim.
        decision: The decision on its digest.
        enrolments: The states of the enrolments that were claimed together, by id.
        until: The instant from which it is not sent any more, well before the claim may be another worker's.
    """

    claim: Claim
    decision: Decision
    enrolments: Mapping[EnrolmentId, Enrolment] = field(kw_only=True)
    until: datetime = field(kw_only=True)


def result_of(claim: Claim, at: datetime) -> partial[DeliveryResult]:
    """Return a function that makes the result of a claim at an instant."""
    return partial(DeliveryResult, digest_id=claim.digest.id, token=claim.token, at=at)
