"""The results of deliveries: failed attempts, and the access log's entries for notified enrolments."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from digital_painschool.application.access_control import access_entry
from digital_painschool.delivery.claims import result_of
from digital_painschool.delivery.dispatch import Unreachable
from digital_painschool.delivery.notes import WORKER
from digital_painschool.domain.digest import Batch, Claim, DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import FailureReason, Status
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.rules.digests import latest_day, next_retry_at, undeliverable
from digital_painschool.rules.permissions import Action


def failed(
    claim: Claim, batch: Batch, failure: DeliveryError, now: datetime, policy: Policy, report: Counter[str]
) -> DeliveryResult:
    """Return the result of a failed attempt, and count it in a report. Rule: D-13d."""
    digest = claim.digest
    made = {
        record.notification.id: record.attempts + 1
        for record in digest.pending
        if record.notification.id in batch.notifications
    }
    final = frozenset(made) if failure.permanent else undeliverable(made, policy)
    reason = _reason(failure)
    status = Status.UNREACHABLE if reason is FailureReason.UNREACHABLE else Status.FAILED
    report["undelivered"] += len(final)
    left = [attempts for id_, attempts in made.items() if id_ not in final]
    settled = dict.fromkeys(final, status)
    why = reason if final else None
    result = partial(result_of(claim, now), settled=settled, attempted=frozenset(made), reason=why)
    if not left:
        return result(told_on=latest_day(digest.told_on, batch.attempted_on))
    report["retried"] += len(left)
    # An adapter of any make may have set anything.
    wish = failure.retry_after if isinstance(failure.retry_after, timedelta) else None
    next_at = next_retry_at(min(left), now, policy, collected=digest.collected, retry_after=wish)
    return result(next_at=next_at)


def access_of(
    result: DeliveryResult, claim: Claim, enrolments: Mapping[EnrolmentId, Enrolment], now: datetime
) -> Iterator[AccessEntry]:
    """Yield the access log's entry for each enrolment of which a recipient was notified."""
    notified = {
        record.notification.trigger.enrolment_id
        for record in claim.digest.pending
        if result.settled.get(record.notification.id) is Status.DELIVERED
    }
    for enrolment_id in sorted(notified):
        if enrolment_id in enrolments:
            yield access_entry(Action.DELIVER, WORKER, now, enrolments[enrolment_id])


def _reason(failure: DeliveryError) -> FailureReason:
    if isinstance(failure, Unreachable):
        return FailureReason.UNREACHABLE
    return FailureReason.REFUSED if failure.permanent else FailureReason.ATTEMPTS_EXHAUSTED
