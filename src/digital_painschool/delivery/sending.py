"""Sending of what is due in one run: claim, decide, begin, send, complete; each channel in its turn."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event

from attrs import evolve

from digital_painschool.application.executor import Executor
from digital_painschool.application.observing import notify_of_deliveries
from digital_painschool.delivery.claims import Ready, States, result_of, states_of
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.outcomes import outcomes
from digital_painschool.delivery.patience import Patience, turn_of
from digital_painschool.delivery.results import access_of, failed
from digital_painschool.domain.digest import Action as DigestAction
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.ids import DigestId
from digital_painschool.domain.notification import Channel, FailureReason, Status
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
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
_UNTIL_REPAIRED = timedelta(hours=1)


class Sending:
    """The sends of one run. Rule: M-12, M-13, D-13a to D-13e.

    Each channel has its turn, of about a minute, so that a slow one holds up no other. One that did not answer for as
    long rests until the next run. What was claimed and not sent is given back: any worker may claim it at once.

    Args:
        executor: The storage, the ports and the clock.
        batch: The number of digests claimed at a time.
        lease: How long a claim is held. No send begins in the second half of it.
        stop: The event that ends the run after the send at hand.
        unpaced: The channels without a pace. The others have their turns from a `Pacer`, and never rest.
        report: The counts of the run.
    """

    def __init__(
        self,
        executor: Executor,
        batch: int,
        lease: timedelta,
        stop: Event,
        unpaced: Collection[Channel],
        report: Counter[str],
    ) -> None:
        self._executor = executor
        self._batch = batch
        self._lease = lease
        self._turn = turn_of(lease)
        self._stop = stop
        self._unpaced = unpaced
        self._report = report
        self._patience = Patience(executor.now, self._turn)
        self._calls = 0

    def take_turns(self, between: Callable[[], object]) -> None:
        """Send what is due on channels without a pace, until nothing is due on those that do not rest.

        Args:
            between: Called after each claim.
        """
        cut: set[Channel] = set()  # these have had their turn, and wait until the others have had theirs
        calls = self._calls
        while not self._stop.is_set():
            turns = {channel for channel in self._unpaced if channel not in cut and not self._rests(channel)}
            at = self._executor.now()
            some = turns if len(turns) < len(Channel) else None
            claims = self._executor.storage.claim(at, self._batch, self._lease, some) if turns else ()
            if claims:
                cut |= self._send_claims(claims, at)
                between()
            elif cut and self._calls > calls:
                cut.clear()
                calls = self._calls
            else:
                break

    def _send_claims(self, claims: Sequence[Claim], at: datetime) -> set[Channel]:
        """Send claims, each channel in its turn; return the channels whose turn was over before."""
        groups: dict[Channel, list[Ready]] = {}
        for one in self.prepare(claims, at):
            groups.setdefault(one.claim.digest.channel, []).append(one)
        cut: set[Channel] = set()
        for channel, group in groups.items():
            turn_ends = self._executor.now() + self._turn
            # An inbox knows a key again. A messenger may not: so each of its messages is begun and completed alone.
            for part in [group] if channel is Channel.INBOX else [[one] for one in group]:
                if not self.send_all(part, turn_ends):
                    cut.add(channel)
        return cut

    def prepare(self, claims: Sequence[Claim], at: datetime) -> list[Ready]:
        """Return the claims of an instant that are to be sent, and settle the others."""
        until = at + self._lease / 2
        states = states_of(claims, self._executor.storage)
        results: list[DeliveryResult] = []
        ready: list[Ready] = []
        for claim in claims:
            try:
                decision = self._decide(claim.digest, states.unreadable, at)
                result = self._without_sending(claim, decision, states, at)
            except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
                _let_wait(claim, error)
                continue
            if result is None:
                ready.append(Ready(claim, decision, enrolments=states.enrolments, until=until))
            else:
                results.append(result)
        self._complete(results, {claim.digest.id: claim.digest for claim in claims})
        return ready

    def send_all(self, ready: Sequence[Ready], turn_ends: datetime | None = None) -> bool:
        """Begin, send and complete claims; give back those without time; return whether the last one had time."""
        goes_on = bool(ready) and self._goes_on(ready[0], turn_ends)
        begun = self._executor.storage.begin([(one.claim, one.decision) for one in ready]) if goes_on else {}
        results: list[DeliveryResult] = []
        access: dict[DigestId, tuple[AccessEntry, ...]] = {}
        for one in ready:
            claim, batch = one.claim, begun.get(one.claim.digest.id)
            if not (goes_on := self._goes_on(one, turn_ends)):
                results.append(result_of(claim, self._executor.now())(lost=claim.lost))
            elif batch is not None:  # else the claim is another worker's, or everything was cancelled since
                try:
                    now = self._executor.now()
                    result = self._send(claim, one.decision, batch, now)
                    access[claim.digest.id] = tuple(access_of(result, claim, one.enrolments, now))
                except Exception as error:  # noqa: BLE001 - as above
                    _let_wait(claim, error)
                    continue
                results.append(result)
        self._complete(results, {one.claim.digest.id: one.claim.digest for one in ready}, access)
        return goes_on

    def _goes_on(self, one: Ready, turn_ends: datetime | None) -> bool:
        is_over = self._stop.is_set() or self._rests(one.claim.digest.channel)
        until = one.until if turn_ends is None else min(one.until, turn_ends)
        return not is_over and self._executor.now() < until

    def _rests(self, channel: Channel) -> bool:
        return channel in self._unpaced and self._patience.is_over(channel)

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
    ) -> DeliveryResult | None:
        """Return the result of a digest that is not sent now, or None for one that is to be sent."""
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        batched = None if digest.batch is None else digest.batch.attempted_on
        result = result_of(claim, at)
        if decision.action is DigestAction.WAIT:
            self._report["waiting"] += len(digest.pending)
            due = max(at, min((r.notification.due_at for r in digest.pending), default=at))
            next_at = earliest_send_at(due, policy, digest.told_on)
            return result(told_on=believable_day(digest.told_on, decision.day), next_at=next_at, lost=claim.lost)
        theirs = [r.notification for r in digest.pending if r.notification.id in decision.notifications]
        of_unreadable = [n.trigger.enrolment_id in states.unreadable for n in theirs]
        if all(of_unreadable):
            self._report["waiting"] += len(digest.pending)
            return result(next_at=at + _UNTIL_REPAIRED, lost=claim.lost)
        if attempts_exhausted(claim.lost, policy):
            self._report["undelivered"] += len(theirs)
            log_event(_log, "workers-lost", digest=digest.id, count=claim.lost)
            settled = dict.fromkeys(decision.notifications, Status.FAILED)
            told_on = latest_day(digest.told_on, batched)
            return result(settled=settled, told_on=told_on, reason=FailureReason.WORKERS_LOST)
        obsolete = {n.id for n in theirs if states.is_obsolete(n, policy, at)}
        if not any(of_unreadable) and len(obsolete) == len(theirs):
            self._report["dropped"] += len(theirs)
            settled = dict.fromkeys(decision.notifications, Status.DROPPED)
            return result(settled=settled, told_on=latest_day(digest.told_on, batched))
        if left_out := left_out_of_summary(digest, obsolete):
            # The digest is released at once: the next claim decides on what is left of it.
            self._report["dropped"] += len(left_out)
            return result(settled=dict.fromkeys(left_out, Status.DROPPED), next_at=at, lost=claim.lost)
        return None

    def _send(self, claim: Claim, decision: Decision, batch: Batch, now: datetime) -> DeliveryResult:
        digest = claim.digest
        policy = self._executor.policy(digest.unit)
        result = result_of(claim, now)
        if digest.collected and (opens := earliest_send_at(now, policy)) > now:
            self._report["waiting"] += len(batch.notifications)
            return result(next_at=opens, lost=claim.lost)
        self._calls += 1
        try:
            with self._patience.waiting_for(digest.channel):
                delivered = send(digest, batch.key, policy, self._executor.ports)
        except DeliveryError as failure:
            if self._rests(digest.channel):
                log_event(_log, "channel-rests", channel=digest.channel.value)
            if not isinstance(failure, Unreachable):  # an adapter's text, which names nobody by its contract
                about = {"digest": digest.id, "channel": digest.channel.value}
                log_event(_log, "attempt-failed", **about, permanent=failure.permanent, error=failure.why)
            return failed(claim, batch, failure, now, policy, self._report)
        is_new = delivered is Delivered.ACCEPTED
        self._report["sent"] += is_new
        self._report["delivered"] += len(batch.notifications)
        # A duplicate key was accepted on the day of the previous attempt, at the latest.
        told_on = latest_day(digest.told_on, decision.day if is_new else decision.tried_on or decision.day)
        settled = dict.fromkeys(batch.notifications, Status.DELIVERED)
        return result(settled=settled, attempted=batch.notifications, told_on=told_on)


def _let_wait(claim: Claim, error: Exception) -> None:
    """Log an error of one digest, so that it stops no other; the digest waits until its lease is over."""
    log_event(_log, "digest-waits", digest=claim.digest.id, error=describe(error))
