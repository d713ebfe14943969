"""The delivery worker: claim, decide, begin, send, complete; then the notes on timelines that are due."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from attrs import asdict, evolve

from digital_painschool.application.access_control import access_entry
from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.application.executor import Executor
from digital_painschool.application.observing import notify_of_deliveries
from digital_painschool.application.operator import DeadLetter, dead_letter
from digital_painschool.delivery.checks import checked_batch, checked_interval, checked_lease, checked_stop
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.heartbeat import Heartbeat
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.notes import WORKER, TimelineNotes
from digital_painschool.delivery.outcomes import outcomes
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.delivery.states import States
from digital_painschool.delivery.status import DeliveryStatus, delivery_status
from digital_painschool.domain.digest import Action as DigestAction
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import FailureReason, Status
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
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
_MARGIN = timedelta(minutes=1)
_UNTIL_REPAIRED = timedelta(hours=1)


class Delivery:
    """A worker that sends due notifications. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13d. The intent is stored before the send (*begin*), the result after it (*complete*).
    A failure concerns one digest and stops no other.

    Args:
        executor: The storage, the ports and the clock.
        batch: The number of digests claimed at a time.
        lease: How long a claim is held; longer than a batch can take. After it another worker may claim the digests.
        every: The time between the runs of a loop; the worker counts as alive meanwhile. None for a single run.
        stop: An event that ends a run after the notice at hand; None for a run that is never stopped. Claimed digests
            that were not sent are given back: another worker may claim them at once.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        batch: int = 200,
        lease: timedelta = timedelta(minutes=15),
        every: timedelta | None = None,
        stop: Event | None = None,
    ) -> None:
        self._executor = executor
        self._batch = checked_batch(batch)
        self._lease = checked_lease(lease)
        self._stop = checked_stop(stop)
        self._idle = timedelta(0) if every is None else 2 * checked_interval(every) + _MARGIN
        self._heartbeat = Heartbeat(executor)
        self._notes = TimelineNotes(executor, batch, self._stop)

    def run(self) -> DeliveryReport:
        """Send all notifications that are due, write the notes that are due, and return a report.

        Raises:
            StorageError: The storage failed; claimed digests are tried again after their lease.
            Conflict: The database could not serialize simultaneous claims; the same.
        """
        self._heartbeat.beat(self._lease)
        report: Counter[str] = Counter(accesses_ended=self._notes.note_ended_accesses())
        for _ in range(2):  # a note may raise a flag that the therapist is notified of; that notification raises none
            self._deliver_due(report)
            if not self._notes.note_ended_notifications():
                break
        self._heartbeat.beat(timedelta(0) if self._stop.is_set() else self._idle)
        done = DeliveryReport(**report)
        log_event(_log, "run-finished", worker=self._heartbeat.worker, **asdict(done))
        return done

    def status(self) -> DeliveryStatus:
        """Return the state of all deliveries now, of all units and without persons; for a health check. Rule: D-13d."""
        return delivery_status(self._executor.storage, self._executor.now())

    def dead_letters(
        self, unit: HsaId | str | None = None, *, after: DeadLetter | None = None, limit: int = 100
    ) -> tuple[DeadLetter, ...]:
        """Return dead letters of a unit, or of all units, the newest first, without persons. Rule: D-13d.

        Args:
            unit: The HSA-id of the unit; None for all units.
            after: The last dead letter of the page before; None for the first page.
            limit: The most dead letters.
        """
        position = None if after is None else (after.given_up_at, after.notification_id)
        of_unit = None if unit is None else HsaId(unit)
        return tuple(map(dead_letter, self._executor.storage.dead_letters(of_unit, after=position, limit=limit)))

    def _deliver_due(self, report: Counter[str]) -> None:
        while not self._stop.is_set():
            claims = self._executor.storage.claim(at := self._executor.now(), self._batch, self._lease)
            if not claims:
                break
            self._deliver(claims, at, report)
            self._heartbeat.renew(self._lease)

    def _deliver(self, claims: Sequence[Claim], at: datetime, report: Counter[str]) -> None:
        ids = {record.notification.trigger.enrolment_id for claim in claims for record in claim.digest.pending}
        states = States(*load_each(self._executor.storage, ids))
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
        digests = {claim.digest.id: claim.digest for claim in claims}
        if results:
            self._executor.storage.complete(results)
            self._notify_observers(digests, results)
        begun = self._executor.storage.begin(decided) if decided else {}
        results = []
        access: dict[DigestId, tuple[AccessEntry, ...]] = {}
        for claim, decision in decided:
            batch = begun.get(claim.digest.id)
            if batch is None or (now := self._executor.now()) >= at + self._lease:
                continue  # the claim is another worker's, or will be; or everything was cancelled since
            if self._stop.is_set():
                results.append(_result(claim, now)(lost=claim.lost))
                continue
            with self._isolated(claim):
                result = self._send(claim, decision, batch, now, report)
                access[claim.digest.id] = tuple(self._logged(result, claim, states.enrolments, now))
                results.append(result)
        if results:
            self._executor.storage.complete(results, access)
            self._notify_observers(digests, results)

    def _notify_observers(self, digests: Mapping[DigestId, Digest], results: Sequence[DeliveryResult]) -> None:
        if found := outcomes(digests, results):
            notify_of_deliveries(self._executor.ports.observers, found)

    @contextmanager
    def _isolated(self, claim: Claim) -> Iterator[None]:
        """Log any error of one digest, so that it stops no other; the digest waits until its lease is over."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
            log_event(_log, "digest-waits", digest=claim.digest.id, error=describe(error))

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
        states: States,
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
            log_event(_log, "workers-lost", digest=digest.id, count=claim.lost)
            settled = dict.fromkeys(decision.notifications, Status.FAILED)
            told_on = latest_day(digest.told_on, batched)
            return result(settled=settled, told_on=told_on, reason=FailureReason.WORKERS_LOST)
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
                about = {"digest": digest.id, "channel": digest.channel.value}
                log_event(_log, "attempt-failed", **about, permanent=failure.permanent, error=failure.why)
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
        reason = _reason(failure)
        status = Status.UNREACHABLE if reason is FailureReason.UNREACHABLE else Status.FAILED
        report["undelivered"] += len(final)
        left = [attempts for id_, attempts in made.items() if id_ not in final]
        settled = dict.fromkeys(final, status)
        result = partial(
            _result(claim, now), settled=settled, attempted=frozenset(made), reason=reason if final else None
        )
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


def _result(claim: Claim, at: datetime) -> partial[DeliveryResult]:
    return partial(DeliveryResult, digest_id=claim.digest.id, token=claim.token, at=at)


def _reason(failure: DeliveryError) -> FailureReason:
    if isinstance(failure, Unreachable):
        return FailureReason.UNREACHABLE
    return FailureReason.REFUSED if failure.permanent else FailureReason.ATTEMPTS_EXHAUSTED
