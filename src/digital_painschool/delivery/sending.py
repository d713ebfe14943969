"""Sending of what is due in one run: claim, decide, begin, send, complete; each channel in its turn."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event

from digital_painschool.application.executor import Executor
from digital_painschool.application.observing import notify_of_deliveries
from digital_painschool.delivery.claims import Ready, result_of, states_of
from digital_painschool.delivery.deciding import decided, without_sending
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.outcomes import outcomes
from digital_painschool.delivery.pacing import Pacer, Turn
from digital_painschool.delivery.patience import Patience, turn_of
from digital_painschool.delivery.results import access_of, failed
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.ids import DigestId
from digital_painschool.domain.notification import Channel, Status
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.storage import NOTHING, AccessEntry
from digital_painschool.rules.digests import earliest_send_at, latest_day

_log = logging.getLogger(__name__)


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
        for one in self._prepare(claims, at):
            groups.setdefault(one.claim.digest.channel, []).append(one)
        cut: set[Channel] = set()
        for channel, group in groups.items():
            turn_ends = self._executor.now() + self._turn
            # An inbox knows a key again. A messenger may not: so each of its messages is begun and completed alone.
            for part in [group] if channel is Channel.INBOX else [[one] for one in group]:
                if not self._send_all(part, turn_ends):
                    cut.add(channel)
        return cut

    def take_paced_turns(self, pacer: Pacer) -> bool:
        """Send what is due on channels with a pace, for about a minute; return whether more may be due. Rule: D-13e.

        Args:
            pacer: The slots of the run.
        """
        turns = pacer.near_turns()
        queues = [(turn, deque[Ready]()) for turn in turns or ()]
        # What was dropped has left slots unused: more is claimed for them.
        while queues := [(t, queue) for t, q in queues if (queue := q or self._claimed_for(t, pacer))]:
            turn, queue = min(queues, key=lambda one: pacer.next_at(one[0]))
            if not pacer.wait_for(turn):  # the slots are over, or the run is stopped
                self._give_back([one for _, queue in queues for one in queue])
                break
            self._send_all([queue.popleft()])
        return turns is not None

    def _claimed_for(self, turn: Turn, pacer: Pacer) -> deque[Ready]:
        """Return what is claimed for the slots that are left of a turn, which is as much as they let go."""
        while left := turn.left(at := self._executor.now()):
            claims = self._executor.storage.claim(at, left, self._lease, {turn.channel})
            if ready := self._prepare(claims, at):
                return deque(ready)
            if not claims:
                if turn.previous is None:
                    pacer.finish(turn.channel)  # others have claimed what was due
                break
        return deque()

    def _give_back(self, ready: Iterable[Ready]) -> None:
        """Complete claims that were not begun, so that the next turn can send them."""
        now = self._executor.now()
        self._executor.storage.complete([result_of(one.claim, now)(lost=one.claim.lost) for one in ready])

    def _prepare(self, claims: Sequence[Claim], at: datetime) -> list[Ready]:
        """Return the claims of an instant that are to be sent, and settle the others."""
        until = at + self._lease / 2
        states = states_of(claims, self._executor.storage)
        results: list[DeliveryResult] = []
        ready: list[Ready] = []
        for claim in claims:
            try:
                policy = self._executor.policy(claim.digest.unit)
                decision = decided(claim.digest, states.unreadable, policy, at)
                result = without_sending(claim, decision, states, policy, at, self._report)
            except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
                _let_wait(claim, error)
                continue
            if result is None:
                ready.append(Ready(claim, decision, enrolments=states.enrolments, until=until))
            else:
                results.append(result)
        self._complete(results, {claim.digest.id: claim.digest for claim in claims})
        return ready

    def _send_all(self, ready: Sequence[Ready], turn_ends: datetime | None = None) -> bool:
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
