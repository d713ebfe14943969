"""What may be purged, and the order of doing it: plan, export, approve, recheck, receipt.

Rule: M-20, M-21, D-21a, D-21b.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from attrs import evolve

from digital_painschool.domain.identity_shape import contains_identity_number
from digital_painschool.domain.local_time import utc, years_earlier
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import EndedEnrolment, PurgeDecision, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.domain.validation import plain_text
from digital_painschool.errors import InvalidValue, Reason, RuleViolation

_REFERENCE_LIMIT = 200
_ID_LIMIT = 100
_IDS_LIMIT = 1_000_000
_BESIDE_A_WORD = ".,;:()[]"


def _no_scheme(word: str) -> bool:
    return False


def period_start(now: datetime, policy: Policy) -> datetime:
    """Return the instant before which the last entry of an enrolment must lie for it to be purged, UTC. Rule: D-21b."""
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
        RuleViolation: No decision is named, its reference is too long, or the plan is another unit's.
        InvalidValue: The reference is not text, or holds an identity number.
    """
    require_own(plan.unit, by)
    checked = decision_reference(reference)
    if plan.decision is not None:
        return plan
    return evolve(plan, decision=PurgeDecision(reference=checked, by=by.hsa_id, at=utc(at)))


def decision_reference(reference: str, is_identity_number: Callable[[str], bool] = _no_scheme) -> str:
    """Return the reference of a decision without the blanks around it. Rule: D-21a.

    A reference outlives the purge in plan and receipt, so it must not name a person.

    Args:
        reference: As it was given.
        is_identity_number: Whether a word is a number of a scheme that is accepted here, beside the Swedish shapes.

    Raises:
        RuleViolation: It is empty or too long.
        InvalidValue: It is not text, or something in it has the form of an identity number.
    """
    if not plain_text(reference, "the decision").strip():
        raise RuleViolation("D-21a", Reason.DECISION_MISSING)
    if len(reference) > _REFERENCE_LIMIT:
        raise RuleViolation("D-21a", Reason.TEXT_TOO_LONG, limit=_REFERENCE_LIMIT)
    words = (word.strip(_BESIDE_A_WORD) for word in reference.split())
    if contains_identity_number(reference) or any(map(is_identity_number, words)):
        raise InvalidValue(
            "a decision's reference holds no identity number, nor what has the form of one: it outlives the purge;"
            " leave the number out, or write the reference in another form"
        )
    return reference.strip()


def require_own(unit: HsaId, by: Actor) -> None:
    """Refuse a plan or a receipt of another unit. Rule: M-20.

    Raises:
        RuleViolation: It is another unit's.
    """
    if unit != by.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)


def approved(plan: PurgePlan, by: Actor) -> PurgeDecision:
    """Return the decision that a purge of the plan rests on. Rule: D-21a.

    Raises:
        RuleViolation: The plan is not approved, or is another unit's.
    """
    require_own(plan.unit, by)
    if plan.decision is None:
        raise RuleViolation("D-21a", Reason.NOT_APPROVED)
    return plan.decision


def recheck(planned: EndedEnrolment, present: EndedEnrolment | None, policy: Policy, now: datetime) -> Skip | None:
    """Return why a planned enrolment must not be purged now, or None when it may be.

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


def recheck_replayed(
    planned: EndedEnrolment | None, present: EndedEnrolment | None, policy: Policy, now: datetime, *, proven: bool
) -> Skip | None:
    """Return why an enrolment that came back with a backup is not to be purged again, or None when it is.

    Rule: D-21a, D-21b. A receipt that is proven to be ours says that the checks of the purge were passed, and its
    enrolments need only be ended and older than the period. Any other receipt passes all checks of a purge again.

    Args:
        planned: As it was in the stored plan; None when no stored plan stands behind the receipt.
        present: As it is now; None when it is not an ended enrolment.
        policy: The unit's policy now.
        now: The present instant.
        proven: Whether the receipt's keyed digest fits.
    """
    if present is None:
        return Skip.NOT_ENDED
    if proven:
        return Skip.TOO_YOUNG if present.last_entry_at >= period_start(now, policy) else None
    return recheck(planned or present, present, policy, now)


def require_sound(receipt: PurgeReceipt, *, by: Actor, is_identity_number: Callable[[str], bool] = _no_scheme) -> None:
    """Refuse a receipt from outside that has not the form of what a purge of the unit writes.

    Rule: M-20, D-21a.

    Args:
        receipt: The receipt.
        by: Who replays it.
        is_identity_number: Whether a word is a number of a scheme that is accepted here, beside the Swedish shapes.

    Raises:
        RuleViolation: It is another unit's, or has no decision.
        InvalidValue: A part is of another type or form, an enrolment is in it twice, or its decision holds an identity
            number. The error does not show the part.
    """
    require_own(HsaId(receipt.unit), by)
    for what, is_right in _form_of(receipt):
        if not is_right:
            raise InvalidValue(f"no purge writes such a receipt: {what}; give it as the purge gave it")
    decision_reference(receipt.decision.reference, is_identity_number)
    for hsa_id, at in ((receipt.decision.by, receipt.decision.at), (receipt.purged_by, receipt.purged_at)):
        HsaId(hsa_id)
        utc(at)


def require_plausible(
    receipt: PurgeReceipt, *, at: datetime, is_identity_number: Callable[[str], bool] = _no_scheme
) -> None:
    """Refuse a receipt without proof whose times or ids no purge can have written. Rule: D-21a.

    Raises:
        InvalidValue: A time is ahead of `at` or before the decision, or an id is an identity number.
    """
    if not utc(receipt.decision.at) <= utc(receipt.purged_at) <= utc(at):
        raise InvalidValue("no purge writes such a receipt: its times are in another order, or ahead of the present")
    if any(map(is_identity_number, (receipt.plan_id, *_ids_of(receipt)))):
        raise InvalidValue("no purge writes such a receipt: it holds an identity number in the place of an id")


def _form_of(receipt: PurgeReceipt) -> Iterator[tuple[str, bool]]:
    """Yield what a part of a receipt is, and whether it is so; each part can rely on those before it."""
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
    yield "its decision is a PurgeDecision", isinstance(receipt.decision, PurgeDecision)
    yield "its digest is text, or None", receipt.digest is None or _is_id(receipt.digest)


def _is_id(id_: object) -> bool:
    return isinstance(id_, str) and 1 <= len(id_) <= _ID_LIMIT and id_.isascii() and id_.isprintable()


def _ids_of(receipt: PurgeReceipt) -> tuple[str, ...]:
    return (*receipt.purged, *(skip.enrolment_id for skip in receipt.skipped))


def require_of_plan(receipt: PurgeReceipt, plan: PurgePlan) -> None:
    """Refuse a receipt that is not the stored plan's: another unit's, of other enrolments, on another decision.

    Rule: M-20, D-21a. A plan that is not approved, as in a backup of before the approval, says nothing of the decision.

    Raises:
        RuleViolation: It is not the plan's.
    """
    if receipt.unit != plan.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)
    left = {skip.enrolment_id for skip in receipt.skipped}
    planned = [*(enrolment.enrolment_id for enrolment in plan.enrolments), *plan.unreadable]
    if (
        receipt.plan_id != plan.id
        or plan.decision not in (None, receipt.decision)
        or receipt.purged != tuple(id_ for id_ in planned if id_ not in left)
        or sorted(left) != sorted(id_ for id_ in planned if id_ in left)
    ):
        raise RuleViolation("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN)


def require_same(receipt: PurgeReceipt, kept: PurgeReceipt, *, proven: bool) -> None:
    """Refuse a receipt beside which another one is stored under the same plan.

    Rule: M-20, D-21a. A proven one passes: after a restore, the plan may have been carried out a second time.

    Raises:
        RuleViolation: The stored one is another unit's, or says something else.
    """
    if receipt.unit != kept.unit:
        raise RuleViolation("M-20", Reason.ANOTHER_UNITS_PLAN)
    if not proven and evolve(receipt, digest=None) != evolve(kept, digest=None):
        raise RuleViolation("D-21a", Reason.RECEIPT_OF_ANOTHER_PLAN)


def receipt(
    plan: PurgePlan, decision: PurgeDecision, skipped: Iterable[Skipped], *, by: Actor, at: datetime
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
