"""The starts that a member of staff may withdraw, found by the person's number. Rule: D-07b.

Whoever started a program for a colleague has the patient in no list of their own, and may not see the treatment.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import frozen

from digital_painschool.application.executor import Executor
from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.rules.permissions import Action
from digital_painschool.rules.withdrawal import can_be_withdrawn


@frozen(kw_only=True)
class WithdrawableStart:
    """A start that can be withdrawn: what whoever made it knows anyway, and nothing of the treatment. Rule: D-07b.

    Args:
        enrolment_id: The enrolment.
        person: The person; the `repr` is masked.
        title: The program's title.
        started_at: When it was started, UTC.
        therapist: The therapist who has it.
        reasons: The reasons to choose from.
        zone: The unit's zone, in which a screen shows times.
    """

    enrolment_id: EnrolmentId
    person: PersonId
    title: str
    started_at: datetime
    therapist: HsaId
    reasons: tuple[WithdrawalReason, ...]
    zone: ZoneInfo


def withdrawable_starts(executor: Executor, actor: Actor, number: str | PersonId) -> tuple[WithdrawableStart, ...]:
    """Return a person's starts that a member of staff may withdraw, oldest first; log the look.

    Args:
        executor: The storage and the policies.
        actor: The member of staff.
        number: The person's number.

    Raises:
        InvalidIdentity: The number is of no accepted scheme.
        NotPermitted: No role of the actor may withdraw any start.
    """
    policy = executor.policy(actor.unit)
    return tuple(
        WithdrawableStart(
            enrolment_id=found.id,
            person=found.person,
            title=executor.terms.of(found).program.title,
            started_at=found.started_at,
            therapist=found.therapist,
            reasons=policy.withdrawal_reasons,
            zone=policy.zone,
        )
        for found in executor.persons.find(actor, number, Action.FIND_WITHDRAWABLE)
        if can_be_withdrawn(found)
    )
