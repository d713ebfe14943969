"""A start that was entered in error is withdrawn. Rule: D-07b."""

from collections.abc import Iterable
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment, Phase, WithdrawalReason
from digital_painschool.domain.events import Event, Withdrawn
from digital_painschool.domain.notification import Notification
from digital_painschool.domain.people import AnyActor
from digital_painschool.domain.policy import Terms
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules.access import closed_refusal
from digital_painschool.rules.transitions import dropped


def can_be_withdrawn(enrolment: Enrolment) -> bool:
    """Return whether a start can be withdrawn: once, as long as the patient has written nothing. Rule: D-07b."""
    return enrolment.phase is not Phase.WITHDRAWN and not enrolment.has_patient_writing


def withdraw(
    enrolment: Enrolment,
    terms: Terms,
    reason: WithdrawalReason | str,
    pending: Iterable[Notification] = (),
    *,
    by: AnyActor,
    at: datetime,
) -> tuple[Event, ...]:
    """Withdraw a start that was entered in error.

    Rule: D-07b, D-13b. What the patient has read, and what staff have written, refuses nothing. One that has ended can
    be withdrawn too: it stands in the person's room as well.

    Args:
        enrolment: The state.
        terms: The program and the unit's policy.
        reason: A reason from the policy's `withdrawal_reasons`, or its code.
        pending: The enrolment's pending notifications; they are dropped with it.
        by: The author.
        at: The instant, an aware time.

    Raises:
        RuleViolation: The start was withdrawn already, the patient has written something, or the reason is not on the
            list.
    """
    if enrolment.phase is Phase.WITHDRAWN:
        raise closed_refusal(enrolment, command="withdraw")
    if enrolment.has_patient_writing:
        raise RuleViolation("D-07b", Reason.PATIENT_HAS_WRITTEN)
    choices = tuple(choice.value for choice in terms.policy.withdrawal_reasons)
    code = reason.value if isinstance(reason, WithdrawalReason) else reason
    if code not in choices:
        raise RuleViolation("D-07b", Reason.UNKNOWN_WITHDRAWAL_REASON, choices=choices)
    signature = by.signature
    return (
        Withdrawn(at=at, by=signature, reason=WithdrawalReason(code)),
        *dropped(pending, by=signature, at=at),
    )
