"""The decision on a claim: its digest is sent, or its result is ready without a send. Rule: M-13, D-13a to D-13d."""

import logging
from collections import Counter
from collections.abc import Collection
from datetime import datetime, timedelta

from attrs import evolve

from digital_painschool.delivery.claims import States, result_of
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.digest import Action, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.notification import FailureReason, Status
from digital_painschool.domain.policy import Policy
from digital_painschool.rules.digests import (
    attempts_exhausted,
    believable_day,
    decide,
    earliest_send_at,
    latest_day,
    left_out_of_summary,
)

_log = logging.getLogger(__name__)
_UNTIL_REPAIRED = timedelta(hours=1)


def decided(digest: Digest, unreadable: Collection[str], policy: Policy, at: datetime) -> Decision:
    """Return the decision on a digest; notifications of an unreadable enrolment wait, and hold up no other."""
    decision = decide(digest, at, policy)
    if not unreadable:
        return decision
    waits = {r.notification.id for r in digest.waiting() if r.notification.trigger.enrolment_id in unreadable}
    return evolve(decision, notifications=decision.notifications - waits)


def without_sending(
    claim: Claim, decision: Decision, states: States, policy: Policy, at: datetime, report: Counter[str]
) -> DeliveryResult | None:
    """Return the result of a digest that is not sent now, or None for one that is to be sent.

    Args:
        claim: The claim.
        decision: The decision on its digest.
        states: The states of its enrolments.
        policy: The policy of its unit.
        at: The instant of the claim, UTC.
        report: The counts of the run.
    """
    digest = claim.digest
    batched = None if digest.batch is None else digest.batch.attempted_on
    result = result_of(claim, at)
    if decision.action is Action.WAIT:
        report["waiting"] += len(digest.pending)
        due = max(at, min((r.notification.due_at for r in digest.pending), default=at))
        next_at = earliest_send_at(due, policy, digest.told_on)
        return result(told_on=believable_day(digest.told_on, decision.day), next_at=next_at, lost=claim.lost)
    theirs = [r.notification for r in digest.pending if r.notification.id in decision.notifications]
    of_unreadable = [n.trigger.enrolment_id in states.unreadable for n in theirs]
    if all(of_unreadable):
        report["waiting"] += len(digest.pending)
        return result(next_at=at + _UNTIL_REPAIRED, lost=claim.lost)
    if attempts_exhausted(claim.lost, policy):
        report["undelivered"] += len(theirs)
        log_event(_log, "workers-lost", digest=digest.id, count=claim.lost)
        settled = dict.fromkeys(decision.notifications, Status.FAILED)
        told_on = latest_day(digest.told_on, batched)
        return result(settled=settled, told_on=told_on, reason=FailureReason.WORKERS_LOST)
    obsolete = {n.id for n in theirs if states.is_obsolete(n, policy, at)}
    if not any(of_unreadable) and len(obsolete) == len(theirs):
        report["dropped"] += len(theirs)
        settled = dict.fromkeys(decision.notifications, Status.DROPPED)
        return result(settled=settled, told_on=latest_day(digest.told_on, batched))
    if left_out := left_out_of_summary(digest, obsolete):
        # The digest is released at once: the next claim decides on what is left of it.
        report["dropped"] += len(left_out)
        return result(settled=dict.fromkeys(left_out, Status.DROPPED), next_at=at, lost=claim.lost)
    return None
