"""What may be purged, and the order of doing it: plan, export, approve, recheck, receipt.

Rule: M-20, M-21, D-21a, D-21b.
"""

from collections.abc import Iterable
from datetime import datetime

from attrs import evolve

from digital_painschool.border import plain_text
from digital_painschool.errors import Reason, RuleBroken
from digital_painschool.instants import utc, years_earlier
from digital_painschool.people import Actor, HsaId
from digital_painschool.policy import Policy
from digital_painschool.purging import Decision, EndedEnrolment, PurgePlan, PurgeReceipt, Skip, Skipped

_REFERENCE_LIMIT = 200


def period_start(now: datetime, policy: Policy) -> datetime:
    """Give the instant before which the last entry of an enrolment must lie for it to be purged, UTC. Rule: D-21b."""
    return years_earlier(now, policy.retention_years, policy.zone)


def plan(
    ended: Iterable[EndedEnrolment], policy: Policy, *, plan_id: str, unit: HsaId, by: Actor, at: datetime
) -> PurgePlan:
    """Preview a purge: the ended enrolments whose last entry is older than the unit's period. Rule: D-21a, D-21b."""
    before = period_start(at, policy)
    return PurgePlan(
        id=plan_id,
        unit=unit,
        made_by=by.hsa_id,
        made_at=utc(at),
        ended_before=before,
        enrolments=tuple(enrolment for enrolment in ended if enrolment.last_entry_at < before),
    )


def approve(plan: PurgePlan, reference: str, *, by: Actor, at: datetime) -> PurgePlan:
    """Approve a plan on a decision (gallringsbeslut).

    Rule: D-21a. The first approval stands: approving again changes nothing.

    Raises:
        RuleBroken: No decision is named, its reference is too long, or the plan is another unit's.
        InvalidValue: The reference is not text.
    """
    require_own(plan.unit, by)
    if plan.decision is not None:
        return plan
    if not plain_text(reference, "the decision").strip():
        raise RuleBroken("D-21a", Reason.DECISION_MISSING)
    if len(reference) > _REFERENCE_LIMIT:
        raise RuleBroken("D-21a", Reason.TEXT_TOO_LONG, limit=_REFERENCE_LIMIT)
    return evolve(plan, decision=Decision(reference=reference.strip(), by=by.hsa_id, at=utc(at)))


def require_own(unit: HsaId, by: Actor) -> None:
    """Refuse a plan or a receipt of another unit. Rule: M-20.

    Raises:
        RuleBroken: It is another unit's.
    """
    if unit != by.unit:
        raise RuleBroken("M-20", Reason.ANOTHER_UNITS_PLAN)


def approved(plan: PurgePlan, by: Actor) -> Decision:
    """Give the decision that a purge of the plan rests on. Rule: D-21a.

    Raises:
        RuleBroken: The plan is not approved, or is another unit's.
    """
    require_own(plan.unit, by)
    if plan.decision is None:
        raise RuleBroken("D-21a", Reason.NOT_APPROVED)
    return plan.decision


def recheck(planned: EndedEnrolment, present: EndedEnrolment | None, policy: Policy, now: datetime) -> Skip | None:
    """Say why a planned enrolment is not to be purged now, or None when it is.

    Rule: D-21a, D-21b.

    Args:
        planned: As it was when the plan was made.
        present: As it is now; None when it is not an ended enrolment.
        policy: The unit's policy now.
        now: The present instant.
    """
    if present is None:
        return Skip.NOT_ENDED
    if present.version != planned.version:
        return Skip.CHANGED
    if present.last_entry_at >= period_start(now, policy):
        return Skip.TOO_YOUNG
    if policy.export_before_purge and present.exported != present.version:
        return Skip.NOT_EXPORTED
    return None


def receipt(
    plan: PurgePlan, decision: Decision, skipped: Iterable[Skipped], *, by: Actor, at: datetime
) -> PurgeReceipt:
    """Write down what a purge did, without personal data. Rule: D-21a."""
    left = tuple(skipped)
    ids = {skip.enrolment_id for skip in left}
    return PurgeReceipt(
        plan_id=plan.id,
        unit=plan.unit,
        decision=decision,
        purged_by=by.hsa_id,
        purged_at=utc(at),
        purged=tuple(e.enrolment_id for e in plan.enrolments if e.enrolment_id not in ids),
        skipped=left,
    )
