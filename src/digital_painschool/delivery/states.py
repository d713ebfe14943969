"""The enrolments of a claim, as a worker has loaded them."""

from collections.abc import Collection, Mapping

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId


@frozen
class States:
    """The enrolments of a claim.

    Args:
        enrolments: The states, by id; none of a purged enrolment.
        unreadable: The ids of the unreadable enrolments.
    """

    enrolments: Mapping[EnrolmentId, Enrolment]
    unreadable: Collection[str]
