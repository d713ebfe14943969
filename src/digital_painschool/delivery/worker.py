"""The delivery worker: claim, decide, begin, send, complete; then the notes on timelines that are due."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event

from attrs import evolve

from digital_painschool.application.executor import Executor
from digital_painschool.application.observing import notify_of_deliveries
from digital_painschool.application.operator import DeadLetter, dead_letters_after
from digital_painschool.delivery.attention import AttentionNotes
from digital_painschool.delivery.checks import checked_batch, checked_interval, checked_key, checked_lease, checked_stop
from digital_painschool.delivery.claims import Ready, States, result_of, states_of
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.heartbeat import Heartbeat
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.notes import TimelineNotes
from digital_painschool.delivery.outcomes import outcomes
from digital_painschool.delivery.pacing import Announce, Pacer, Wait, announce_nothing
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.delivery.results import access_of, failed
from digital_painschool.delivery.status import DeliveryStatus, delivery_status
from digital_painschool.delivery.withdrawn import WithdrawnNotices
from digital_painschool.domain.digest import Action as DigestAction
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.ids import DigestId
from digital_painschool.domain.notification import Channel, FailureReason, Status
from digital_painschool.domain.pace import ForenoonPlan
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.paced import kept_paces
from digital_painschool.ports.storage import NOTHING, AccessEntry
from digital_painschool.rules.digests import (
    attempts_exhausted,
    believable_day,
    decide,
    earliest_send_at,
    latest_day,
    left_out_of_summary,
)

_log = logging.getLogger(__name__)
_MARGIN = timedelta(minutes=1)
_UNTIL_REPAIRED = timedelta(hours=1)


class Delivery:
    """A worker that sends due notifications. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13e. The intent is stored before the send (*begin*), the result after it (*complete*).
    A failure concerns one digest and stops no other.

    Args:
        executor: The storage, the ports and the clock.
        batch: The number of digests claimed at a time.
        lease: How long a claim is held; longer than a batch can take. After it another worker may claim the digests.
        every: The time between the runs of a loop; the worker counts as alive meanwhile. None for a single run.
        stop: An event that ends a run after the notice at hand; None for a run that is never stopped. Claimed digests
            that were not sent are given back: another worker may claim them at once.
        wait: A function that waits for so many seconds, in place of the event, and moves the executor's clock on;
            None in production.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        batch: int = 200,
        lease: timedelta = timedelta(minutes=15),
        every: timedelta | None = None,
        stop: Event | None = None,
        wait: Wait | None = None,
    ) -> None:
        self._executor = executor
        self._batch = checked_batch(batch)
        self._lease = checked_lease(lease)
        self._stop = checked_stop(stop)
        self._idle = timedelta(0) if every is None else 2 * checked_interval(every) + _MARGIN
        self._heartbeat = Heartbeat(executor)
        self._notes = TimelineNotes(executor, batch, self._stop)
        self._attention = AttentionNotes(executor, self._stop)
        self._withdrawn = WithdrawnNotices(executor, self._lease)
        self._new_pacer = partial(Pacer, executor, batch, lease, self._stop, wait)

    def plan(self) -> tuple[ForenoonPlan, ...]:
        """Return the plan of each channel that has a pace and something due. Rule: D-13e."""
        return self._new_pacer().plan()

    def run(self, *, announce: Announce = announce_nothing) -> DeliveryReport:
        """Send all notifications that are due, write the notes that are due, and return a report.

        Channels with a pace are waited for, an hour or longer (D-13e). What becomes due meanwhile is sent too.
        Notices of withdrawn starts are forgotten (D-07b).

        Args:
            announce: Called once with the plans of the run, before anything is sent.

        Raises:
            StorageError: The storage failed; claimed digests are tried again after their lease.
            Conflict: The database could not serialize simultaneous claims; the same.
        """
        self._heartbeat.beat(self._lease)
        report = Counter(pointed_out=self._attention.note())
        pacer = self._new_pacer()
        announce(planned := pacer.plan())
        more = True
        while more:
            self._heartbeat.renew(self._lease)
            report["accesses_ended"] += self._notes.note_ended_accesses()
            for _ in range(2):  # a note may raise a flag that the therapist is notified of, which raises none
                self._deliver_due(pacer.unpaced, report)
                more = pacer.deliver(partial(self._prepared, report), partial(self._send_all, report))
                if not self._notes.note_ended_notifications():
                    break
        self._withdrawn.forget()
        self._heartbeat.beat(timedelta(0) if self._stop.is_set() else self._idle)
        done = DeliveryReport(**report, planned=planned)
        log_event(_log, "run-finished", worker=self._heartbeat.worker, **done.counts)
        return done

    def status(self) -> DeliveryStatus:
        """Return the state of all deliveries now, of all units and without persons; for a health check. Rule: D-13d."""
        executor = self._executor
        paces = kept_paces(executor.ports.paces)
        return delivery_status(executor.storage, paces, executor.catalogue.policy, executor.now())

    def dead_letters(
        self, unit: HsaId | str | None = None, *, after: DeadLetter | None = None, limit: int = 100
    ) -> tuple[DeadLetter, ...]:
        """Return dead letters of a unit, or of all units, the newest first, without persons. Rule: D-13d.

        Args:
            unit: The HSA-id of the unit; None for all units.
            after: The last dead letter of the page before; None for the first page.
            limit: The most dead letters, up to 500.

        Raises:
            InvalidValue: An argument is none of these.
        """
        of_unit = None if unit is None else HsaId(unit)
        return dead_letters_after(self._executor.storage, of_unit, after, limit)

    def reject(self, key: str) -> int:
        """Note that messages which were accepted under a key did not reach their recipient. Rule: D-13d, M-23.

        A gateway reports it after the send. The next run writes it on the timeline.

        Args:
            key: The idempotency key, as the messenger got it.

        Returns:
            How many notifications became `FAILED`; 0 for an unknown key, and for a report that came before.

        Raises:
            Conflict: The result of the send is not stored yet; nothing was changed. Report it again in a while.
            StorageError: The storage failed.
        """
        return self._executor.storage.reject(checked_key(key), self._executor.now())

    def _deliver_due(self, channels: Collection[Channel] | None, report: Counter[str]) -> None:
        """Send what is due on channels without a pace."""
        while not self._stop.is_set():
            claims = self._executor.storage.claim(at := self._executor.now(), self._batch, self._lease, channels)
            if not claims:
                break
            self._send_all(report, self._prepared(report, claims, at))
            self._heartbeat.renew(self._lease)

    def _prepared(self, report: Counter[str], claims: Sequence[Claim], at: datetime) -> list[Ready]:
        """Return the claims that are to be sent, and settle the others."""
        states = states_of(claims, self._executor.storage)
        results: list[DeliveryResult] = []
        ready: list[Ready] = []
        for claim in claims:
            with self._isolated(claim):
                decision = self._decide(claim.digest, states.unreadable, at)
                result = self._without_sending(claim, decision, states, at, report)
                if result is None:
                    ready.append(Ready(claim, decision, enrolments=states.enrolments, lease_until=at + self._lease))
                else:
                    results.append(result)
        self._complete(results, {claim.digest.id: claim.digest for claim in claims})
        return ready

    def _send_all(self, report: Counter[str], ready: Sequence[Ready]) -> None:
        """Begin, send and complete."""
        begun = self._executor.storage.begin([(one.claim, one.decision) for one in ready]) if ready else {}
        results: list[DeliveryResult] = []
        access: dict[DigestId, tuple[AccessEntry, ...]] = {}
        for one in ready:
            claim = one.claim
            batch = begun.get(claim.digest.id)
            if batch is None or (now := self._executor.now()) >= one.lease_until:
                continue  # the claim is another worker's, or will be; or everything was cancelled since
            if self._stop.is_set():
                results.append(result_of(claim, now)(lost=claim.lost))
                continue
            with self._isolated(claim):
                result = self._send(claim, one.decision, batch, now, report)
                access[claim.digest.id] = tuple(access_of(result, claim, one.enrolments, now))
                results.append(result)
        self._complete(results, {one.claim.digest.id: one.claim.digest for one in ready}, access)

    def _complete(
        self,
        results: Sequence[DeliveryResult],
        digests: Mapping[DigestId, Digest],
        access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING,
    ) -> None:
        if not results:
            return
        self._executor.storage.complete(results, access)
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
        result, batched = result_of(claim, at), None if digest.batch is None else digest.batch.attempted_on
        if decision.action is DigestAction.WAIT:
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

    def _send(
        self, claim: Claim, decision: Decision, batch: Batch, now: datetime, report: Counter[str]
    ) -> DeliveryResult:
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        result = result_of(claim, now)
        if digest.collected and (opens := earliest_send_at(now, policy)) > now:
            report["waiting"] += len(batch.notifications)
            return result(next_at=opens, lost=claim.lost)
        try:
            delivered = send(digest, batch.key, policy, self._executor.ports)
        except DeliveryError as failure:
            if not isinstance(failure, Unreachable):  # an adapter's text, which names nobody by its contract
                about = {"digest": digest.id, "channel": digest.channel.value}
                log_event(_log, "attempt-failed", **about, permanent=failure.permanent, error=failure.why)
            return failed(claim, batch, failure, now, policy, report)
        is_new = delivered is Delivered.ACCEPTED
        report["sent"] += is_new
        report["delivered"] += len(batch.notifications)
        # A duplicate key was accepted on the day of the previous attempt, at the latest.
        told_on = latest_day(digest.told_on, decision.day if is_new else decision.tried_on or decision.day)
        settled = dict.fromkeys(batch.notifications, Status.DELIVERED)
        return result(settled=settled, attempted=batch.notifications, told_on=told_on)
