"""The delivery worker: claim, decide, begin, send, complete; then the notes on timelines that are due."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from attrs import evolve, frozen

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.notes import WORKER, TimelineNotes
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.delivery.withdrawn import WithdrawnNotices
from digital_painschool.domain.digest import Action as DigestAction
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Status
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import DeliveryError, InvalidValue
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.rules.digests import (
    attempts_exhausted,
    decide,
    earliest_send_at,
    latest_day,
    next_retry_at,
    undeliverable,
)
from digital_painschool.rules.notifications import is_obsolete
from digital_painschool.rules.permissions import Action

_log = logging.getLogger(__name__)
_LONGEST_LEASE = timedelta(hours=12)
_UNTIL_REPAIRED = timedelta(hours=1)


class Delivery:
    """A worker that sends due notifications. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13d. The intent is stored before the send (*begin*), the result after it (*complete*).
    A failure concerns one digest and stops no other.

    Args:
        executor: The storage, the ports and the clock.
        batch: The number of digests claimed at a time.
        lease: How long a claim is held; longer than a batch can take. After it another worker may claim the digests.
    """

    def __init__(self, executor: Executor, *, batch: int = 200, lease: timedelta = timedelta(minutes=15)) -> None:
        if whole_number(batch, "batch") < 1:
            raise InvalidValue("batch is 1 or more")
        self._executor = executor
        self._batch = batch
        self._lease = _checked_lease(lease)
        self._notes = TimelineNotes(executor, batch)
        self._withdrawn = WithdrawnNotices(executor, self._lease)

    def run(self) -> DeliveryReport:
        """Send all notifications that are due, write the notes that are due, and return a report.

        Notices of withdrawn starts are forgotten (D-07b).

        Raises:
            StorageError: The storage failed; claimed digests are tried again after their lease.
            Conflict: The database could not serialize simultaneous claims; the same.
        """
        report: Counter[str] = Counter(accesses_ended=self._notes.note_ended_accesses())
        for _ in range(2):  # a note may raise a flag that the therapist is notified of; that notification raises none
            self._deliver_due(report)
            if not self._notes.note_ended_notifications():
                break
        self._withdrawn.forget()
        return DeliveryReport(**report)

    def _deliver_due(self, report: Counter[str]) -> None:
        while claims := self._executor.storage.claim(at := self._executor.now(), self._batch, self._lease):
            self._deliver(claims, at, report)

    def _deliver(self, claims: Sequence[Claim], at: datetime, report: Counter[str]) -> None:
        ids = {record.notification.trigger.enrolment_id for claim in claims for record in claim.digest.pending}
        states = _States(*load_each(self._executor.storage, ids))
        results: list[DeliveryResult] = []
        decided: list[tuple[Claim, Decision]] = []
        for claim in claims:
            with self._isolated(claim):
                decision = self._decide(claim.digest, states.unreadable, at)
                result = self._without_sending(claim, decision, states, at, report)
                if result is None:
                    decided.append((claim, decision))
                else:
                    results.append(result)
        if results:
            self._executor.storage.complete(results)
        begun = self._executor.storage.begin(decided) if decided else {}
        results = []
        access: dict[DigestId, tuple[AccessEntry, ...]] = {}
        for claim, decision in decided:
            batch = begun.get(claim.digest.id)
            if batch is None or (now := self._executor.now()) >= at + self._lease:
                continue  # the claim is another worker's, or will be; or everything was cancelled since
            with self._isolated(claim):
                result = self._send(claim, decision, batch, now, report)
                access[claim.digest.id] = tuple(self._logged(result, claim, states.enrolments, now))
                results.append(result)
        if results:
            self._executor.storage.complete(results, access)

    @contextmanager
    def _isolated(self, claim: Claim) -> Iterator[None]:
        """Log any error of one digest, so that it stops no other; the digest waits until its lease is over."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
            _log.error("digest %s waits: %s", claim.digest.id, describe(error))

    def _decide(self, digest: Digest, unreadable: Collection[str], at: datetime) -> Decision:
        """Return the decision on a digest; notifications of an unreadable enrolment wait, and hold up no other."""
        decision = decide(digest, at, self._executor.policy(digest.unit))
        if not unreadable:
            return decision
        waits = {r.notification.id for r in digest.waiting() if r.notification.trigger.enrolment_id in unreadable}
        return evolve(decision, notifications=decision.notifications - waits)

    def _without_sending(
        self,
        claim: Claim,
        decision: Decision,
        states: "_States",
        at: datetime,
        report: Counter[str],
    ) -> DeliveryResult | None:
        """Return the result of a digest that is not sent now, or None for one that is to be sent."""
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        batched = None if digest.batch is None else digest.batch.attempted_on
        result = _result(claim, at)
        if decision.action is DigestAction.WAIT:
            report["waiting"] += len(digest.pending)
            due = min((r.notification.due_at for r in digest.pending), default=at)
            next_at = earliest_send_at(max(at, due), policy, digest.told_on)
            return result(next_at=next_at, lost=claim.lost)
        theirs = [r.notification for r in digest.pending if r.notification.id in decision.notifications]
        of_unreadable = [n.trigger.enrolment_id in states.unreadable for n in theirs]
        if all(of_unreadable):
            report["waiting"] += len(digest.pending)
            return result(next_at=at + _UNTIL_REPAIRED, lost=claim.lost)
        if attempts_exhausted(claim.lost, policy):
            report["undelivered"] += len(theirs)
            _log.error("digest %s is given up: %d workers were lost with it", digest.id, claim.lost)
            settled = dict.fromkeys(decision.notifications, Status.FAILED)
            return result(settled=settled, told_on=latest_day(digest.told_on, batched))
        states_of = (states.enrolments.get(n.trigger.enrolment_id) for n in theirs)
        if not any(of_unreadable) and all(
            is_obsolete(n, e, policy, at) for n, e in zip(theirs, states_of, strict=True)
        ):
            report["dropped"] += len(theirs)
            settled = dict.fromkeys(decision.notifications, Status.DROPPED)
            return result(settled=settled, told_on=latest_day(digest.told_on, batched))
        return None

    def _send(
        self, claim: Claim, decision: Decision, batch: Batch, now: datetime, report: Counter[str]
    ) -> DeliveryResult:
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        result = _result(claim, now)
        if digest.collected and (opens := earliest_send_at(now, policy)) > now:
            report["waiting"] += len(batch.notifications)
            return result(next_at=opens, lost=claim.lost)
        try:
            delivered = send(digest, batch.key, policy, self._executor.ports)
        except DeliveryError as failure:
            if not isinstance(failure, Unreachable):  # an adapter's text, which names nobody by its contract
                _log.warning("digest %s is not sent (permanent=%s): %s", digest.id, failure.permanent, failure)
            return self._failed(claim, batch, failure, now, report)
        is_new = delivered is Delivered.ACCEPTED
        report["sent"] += is_new
        report["delivered"] += len(batch.notifications)
        # A duplicate key was accepted on the day of the previous attempt, at the latest.
        told_on = latest_day(digest.told_on, decision.day if is_new else decision.tried_on or decision.day)
        settled = dict.fromkeys(batch.notifications, Status.DELIVERED)
        return result(settled=settled, attempted=batch.notifications, told_on=told_on)

    def _failed(
        self, claim: Claim, batch: Batch, failure: DeliveryError, now: datetime, report: Counter[str]
    ) -> DeliveryResult:
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        made = {
            record.notification.id: record.attempts + 1
            for record in digest.pending
            if record.notification.id in batch.notifications
        }
        final = frozenset(made) if failure.permanent else undeliverable(made, policy)
        status = Status.UNREACHABLE if isinstance(failure, Unreachable) else Status.FAILED
        report["undelivered"] += len(final)
        left = [attempts for id_, attempts in made.items() if id_ not in final]
        settled = dict.fromkeys(final, status)
        result = partial(_result(claim, now), settled=settled, attempted=frozenset(made))
        if not left:
            return result(told_on=latest_day(digest.told_on, batch.attempted_on))
        report["retried"] += len(left)
        return result(next_at=next_retry_at(min(left), now, policy, collected=digest.collected))

    def _logged(
        self, result: DeliveryResult, claim: Claim, enrolments: Mapping[EnrolmentId, Enrolment], now: datetime
    ) -> Iterable[AccessEntry]:
        notified = {
            record.notification.trigger.enrolment_id
            for record in claim.digest.pending
            if result.settled.get(record.notification.id) is Status.DELIVERED
        }
        for enrolment_id in sorted(notified):
            if enrolment_id in enrolments:
                yield access_entry(Action.DELIVER, WORKER, now, enrolments[enrolment_id])


@frozen
class _States:
    """The enrolments of a claim.

    Args:
        enrolments: The states, by id; none of a purged enrolment.
        unreadable: The ids of the unreadable enrolments.
    """

    enrolments: Mapping[EnrolmentId, Enrolment]
    unreadable: Collection[str]


def _result(claim: Claim, at: datetime) -> partial[DeliveryResult]:
    return partial(DeliveryResult, digest_id=claim.digest.id, token=claim.token, at=at)


def _checked_lease(lease: object) -> timedelta:
    if not isinstance(lease, timedelta) or not timedelta(0) < lease <= _LONGEST_LEASE:
        raise InvalidValue("lease is a timedelta, longer than nothing and twelve hours at most")
    return lease
