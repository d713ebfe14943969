"""Claimed digests on their way through a worker."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import partial

from attrs import frozen

from digital_painschool.domain.digest import Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId


@frozen
class States:
    """The enrolments of some claims.

    Args:
        enrolments: The states, by id; none of a purged enrolment.
        unreadable: The ids of the unreadable enrolments.
    """

    enrolments: Mapping[EnrolmentId, Enrolment]
    unreadable: Collection[str]


@frozen(kw_only=True)
class Ready:
    """A claim that is to be sent.

    Args:
        claim: The claim.
        decision: The decision on its digest.
        enrolments: The states of the enrolments that were claimed together, by id.
        lease_until: The instant from which the claim may be another worker's.
    """

    claim: Claim
    decision: Decision
    enrolments: Mapping[EnrolmentId, Enrolment]
    lease_until: datetime


def result_of(claim: Claim, at: datetime) -> partial[DeliveryResult]:
    """Return a function that makes the result of a claim at an instant."""
    return partial(DeliveryResult, digest_id=claim.digest.id, token=claim.token, at=at)
