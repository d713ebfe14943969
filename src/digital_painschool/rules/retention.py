"""Retention: the procedure of a purge, which is plan, export, approve, recheck, receipt.

Rule: M-20, M-21, D-21a, D-21b.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from attrs import evolve

from digital_painschool.codes import ValueReason
from digital_painschool.domain.identity_shape import contains_identity_number
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.local_time import utc, years_earlier
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import EndedEnrolment, PurgeDecision, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.domain.validation import is_seen, plain_text
from digital_painschool.errors import InvalidValue, Reason, RuleViolation

_REFERENCE_LIMIT = 200
_ID_LIMIT = 100
_IDS_LIMIT = 1_000_000
_PUNCTUATION = ".,;:()[]"


def _no_scheme(word: str) -> bool:
    return False


def period_start(now: datetime, policy: Policy) -> datetime:
    """Return the start of the retention period, UTC: older last entries may be purged. Rule: D-21b."""
    return years_earlier(now, policy.retention_years, policy.zone)


def plan(
    ended: Iterable[EndedEnrolment], policy: Policy, *, plan_id: PlanId, unit: HsaId, by: Actor, at: datetime
) -> PurgePlan:
    """Plan a purge: of the ended enrolments older than the retention period, and of the withdrawn ones.

    Rule: D-07b, D-21a, D-21b.
    """
    before = period_start(at, policy)
    return PurgePlan(
        id=plan_id,
        unit=unit,
        made_by=by.hsa_id,
        made_at=utc(at),
        ended_before=before,
        enrolments=tuple(enrolment for enrolment in ended if not _is_too_young(enrolment, before)),
    )


def _is_too_young(enrolment: EndedEnrolment, before: datetime) -> bool:
    return not enrolment.is_withdrawn and enrolment.last_entry_at >= before


def approve(plan: PurgePlan, reference: str, *, by: Actor, at: datetime) -> PurgePlan:
    """Approve a plan on a decision (gallringsbeslut).

    Rule: D-21a. The first approval is final: approving again changes nothing.

    Raises:
        RuleViolation: The reference is empty or too long, or the plan is another unit's.
        InvalidValue: The reference is not text, or contains an identity number.
    """
    require_own(plan.unit, by)
    checked = decision_reference(reference)
    if plan.decision is not None:
        return plan
    return evolve(plan, decision=PurgeDecision(reference=checked, by=by.hsa_id, at=utc(at)))


def decision_reference(reference: str, is_identity_number: Callable[[str], bool] = _no_scheme) -> str:
    """Return the reference of a decision without the blanks around it. Rule: D-21a.

    Plan and receipt keep the reference after the purge, so it must not identify a person.

    Args:
        reference: The reference as it was typed.
        is_identity_number: Whether a word is a number of an accepted scheme, beside the Swedish shapes.

    Raises:
        RuleViolation: The reference is empty or too long.
        InvalidValue: The reference is not text, or contains something in the form of an identity number.
    """
    reference = plain_text(reference, "the decision")
    if not is_seen(reference):
        raise RuleViolation("D-21a", Reason.DECISION_MISSING)
    if len(reference) > _REFERENCE_LIMIT:
        raise RuleViolation("D-21a", Reason.TEXT_TOO_LONG, limit=_REFERENCE_LIMIT)
    words = (word.strip(_PUNCTUATION) for word in reference.split())
    if contains_identity_number(reference) or any(map(is_identity_number, words)):
        raise InvalidValue(
            "a decision's reference contains no identity number, nor a word in the form of one: it outlives the purge;"
            " leave the number out, or write the reference in another form",
            reason=ValueReason.HOLDS_IDENTITY_NUMBER,
        )
    return reference.strip()


def require_own(unit: HsaId, by: Actor) -> None:
    """Refuse a plan or a receipt of another unit. Rule: M-20.

    Raises:
        RuleViolation: The plan or receipt is another unit's.
    """
    if unit != by.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)


def approved(plan: PurgePlan, by: Actor) -> PurgeDecision:
    """Return the decision that approves a plan. Rule: D-21a.

    Raises:
        RuleViolation: The plan is not approved, or is another unit's.
    """
    require_own(plan.unit, by)
    if plan.decision is None:
        raise RuleViolation("D-21a", Reason.NOT_APPROVED)
    return plan.decision


def recheck(planned: EndedEnrolment, present: EndedEnrolment | None, policy: Policy, now: datetime) -> Skip | None:
    """Return the reason to skip a planned enrolment in the purge, or None when it may be purged.

    Rule: D-21a, D-21b.

    Args:
        planned: The enrolment as it was planned.
        present: The enrolment now; None when it is not ended.
        policy: The unit's policy now.
        now: The present instant.
    """
    if present is None:
        return Skip.NOT_ENDED
    if present.version != planned.version:
        return Skip.CHANGED
    if _is_too_young(present, period_start(now, policy)):
        return Skip.TOO_YOUNG
    if policy.export_before_purge and not present.is_withdrawn and present.exported != present.version:
        return Skip.NOT_EXPORTED
    return None


def recheck_replayed(
    planned: EndedEnrolment | None, present: EndedEnrolment | None, policy: Policy, now: datetime, *, proven: bool
) -> Skip | None:
    """Return the reason to skip an enrolment of a replayed receipt, or None when it is to be purged again.

    Rule: D-21a, D-21b. A proven receipt shows that its enrolments passed the checks of the purge. They need only be
    ended and older than the retention period, or withdrawn. The enrolments of any other receipt pass all checks again.

    Args:
        planned: The enrolment in the stored plan; None when the storage has no plan of the receipt.
        present: The enrolment now; None when it is not ended.
        policy: The unit's policy now.
        now: The present instant.
        proven: Whether the receipt's keyed digest matches.
    """
    if present is None:
        return Skip.NOT_ENDED
    if proven:
        return Skip.TOO_YOUNG if _is_too_young(present, period_start(now, policy)) else None
    return recheck(planned or present, present, policy, now)


def require_sound(receipt: PurgeReceipt, *, by: Actor, is_identity_number: Callable[[str], bool] = _no_scheme) -> None:
    """Refuse an external receipt that is not in the form of a receipt of the unit.

    Rule: M-20, D-21a.

    Args:
        receipt: The receipt.
        by: The actor who replays it.
        is_identity_number: Whether a word is a number of an accepted scheme, beside the Swedish shapes.

    Raises:
        RuleViolation: The receipt is another unit's, or has no decision.
        InvalidValue: A part is of another type or form, an enrolment is in it twice, or its decision contains an
            identity number. The error does not show the part.
    """
    require_own(HsaId(receipt.unit), by)
    for what, is_met in _requirements(receipt):
        if not is_met:
            raise InvalidValue(f"no purge writes such a receipt: {what}; pass the receipt unchanged")
    decision_reference(receipt.decision.reference, is_identity_number)
    for hsa_id, at in ((receipt.decision.by, receipt.decision.at), (receipt.purged_by, receipt.purged_at)):
        HsaId(hsa_id)
        utc(at)


def require_plausible(
    receipt: PurgeReceipt, *, at: datetime, is_identity_number: Callable[[str], bool] = _no_scheme
) -> None:
    """Refuse an unproven receipt whose times or ids no purge can have written. Rule: D-21a.

    Raises:
        InvalidValue: A time is later than `at` or before the decision, or an id is an identity number.
    """
    if not utc(receipt.decision.at) <= utc(receipt.purged_at) <= utc(at):
        raise InvalidValue("no purge writes such a receipt: its times are out of order, or in the future")
    if any(map(is_identity_number, (receipt.plan_id, *_ids_of(receipt)))):
        raise InvalidValue("no purge writes such a receipt: one of its ids is an identity number")


def _requirements(receipt: PurgeReceipt) -> Iterator[tuple[str, bool]]:
    """Yield each requirement of a receipt, and whether it is met; a requirement relies on those before it."""
    yield (
        "its purged and skipped enrolments are tuples",
        isinstance(receipt.purged, tuple) and isinstance(receipt.skipped, tuple),
    )
    yield (
        "the skipped ones have a reason",
        all(isinstance(skip, Skipped) and isinstance(skip.why, Skip) for skip in receipt.skipped),
    )
    ids = _ids_of(receipt)
    yield f"it names {_IDS_LIMIT} enrolments at most", len(ids) <= _IDS_LIMIT
    yield f"ids are 1 to {_ID_LIMIT} printable ASCII characters", all(map(_is_id, (receipt.plan_id, *ids)))
    yield "it names each enrolment once", tuple(dict.fromkeys(ids)) == ids
    yield (
        "its withdrawn enrolments are purged ones, in their order",
        isinstance(receipt.withdrawn, tuple)
        and receipt.withdrawn == tuple(id_ for id_ in receipt.purged if id_ in receipt.withdrawn),
    )
    yield "its decision is a PurgeDecision", isinstance(receipt.decision, PurgeDecision)
    yield "its digest is text, or None", receipt.digest is None or _is_id(receipt.digest)


def _is_id(id_: object) -> bool:
    return isinstance(id_, str) and 1 <= len(id_) <= _ID_LIMIT and id_.isascii() and id_.isprintable()


def _ids_of(receipt: PurgeReceipt) -> tuple[str, ...]:
    return (*receipt.purged, *(skip.enrolment_id for skip in receipt.skipped))


def require_of_plan(receipt: PurgeReceipt, plan: PurgePlan) -> None:
    """Refuse a receipt that is not the stored plan's: another unit's, of other enrolments, on another decision.

    Rule: M-20, D-21a. A plan without approval (from a backup before the approval) does not check the decision.

    Raises:
        RuleViolation: The receipt is not the plan's.
    """
    if receipt.unit != plan.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)
    left = {skip.enrolment_id for skip in receipt.skipped}
    withdrawn = {e.enrolment_id for e in plan.enrolments if e.is_withdrawn}
    planned = [*(enrolment.enrolment_id for enrolment in plan.enrolments), *plan.unreadable]
    if (
        receipt.plan_id != plan.id
        or plan.decision not in (None, receipt.decision)
        or receipt.purged != tuple(id_ for id_ in planned if id_ not in left)
        or sorted(left) != sorted(id_ for id_ in planned if id_ in left)
        or {*receipt.withdrawn}.difference(plan.unreadable) != withdrawn.intersection(receipt.purged)
    ):
        raise RuleViolation("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN)


def require_same(receipt: PurgeReceipt, stored: PurgeReceipt, *, proven: bool) -> None:
    """Refuse a receipt that differs from the stored receipt of the same plan.

    Rule: M-20, D-21a. A proven receipt passes: after a restore, the plan may have been executed a second time.

    Raises:
        RuleViolation: The stored receipt is another unit's, or differs.
    """
    if receipt.unit != stored.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)
    if not proven and evolve(receipt, digest=None) != evolve(stored, digest=None):
        raise RuleViolation("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN)


def receipt(
    plan: PurgePlan, decision: PurgeDecision, skipped: Iterable[Skipped], *, by: Actor, at: datetime
) -> PurgeReceipt:
    """Return the receipt of a purge, without personal data. Rule: D-21a."""
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
        withdrawn=tuple(e.enrolment_id for e in plan.enrolments if e.is_withdrawn and e.enrolment_id not in ids),
    )
