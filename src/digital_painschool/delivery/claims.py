"""Claimed digests on their way through a worker."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from attrs import field, frozen

from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.domain.digest import Claim, Decision, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notification, Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Storage, load_profile
from digital_painschool.rules.notifications import is_obsolete
from digital_painschool.rules.preferences import is_unticked


@frozen
class States:
    """The enrolments of some claims.

    Args:
        enrolments: The states, by id; none of a purged enrolment.
        unreadable: The ids of the unreadable enrolments.
        profiles: The profiles of the members of staff, by unit and HSA-id; none of one that cannot be read.
    """

    enrolments: Mapping[EnrolmentId, Enrolment]
    unreadable: Collection[str]
    profiles: Mapping[tuple[HsaId, object], Profile]

    def is_obsolete(self, notification: Notification, policy: Policy, at: datetime) -> bool:
        """Return whether a notification is obsolete, or unticked; one of an unreadable enrolment is not."""
        enrolment_id = notification.trigger.enrolment_id
        if enrolment_id in self.unreadable:
            return False
        profile = self.profiles.get((notification.unit, notification.recipient))
        if profile is not None and is_unticked(notification, profile):
            return True
        return is_obsolete(notification, self.enrolments.get(enrolment_id), policy, at)


def states_of(claims: Iterable[Claim], storage: Storage) -> States:
    """Return the states of the enrolments of some claims, with the profiles of the members of staff."""
    digests = [claim.digest for claim in claims]
    ids = {record.notification.trigger.enrolment_id for digest in digests for record in digest.pending}
    profiles: dict[tuple[HsaId, object], Profile] = {}
    for one in digests:
        if not isinstance(one.recipient, PersonId) and (one.unit, one.recipient) not in profiles:
            with suppress(StorageError):  # a damaged profile keeps no notification back
                profiles[one.unit, one.recipient] = load_profile(storage, one.unit, one.recipient)
    return States(*load_each(storage, ids), profiles)


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
