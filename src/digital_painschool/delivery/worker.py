"""The delivery worker: claim, decide, begin, send, complete; then the notes on timelines that are still owed."""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from attrs import evolve, frozen

from digital_painschool.application.executor import Command, Executor
from digital_painschool.delivery.dispatch import Unreachable, send
from digital_painschool.domain.digest import Action as DigestAction
from digital_painschool.domain.digest import Batch, Claim, Decision, DeliveryResult, Digest
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.notification import Status
from digital_painschool.domain.people import SystemActor
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import (
    Conflict,
    DeliveryError,
    InvalidValue,
    NotFound,
    OutcomeUnknown,
    PainSchoolError,
    RuleViolation,
    StorageError,
)
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
from digital_painschool.rules.lifecycle import note_access_end
from digital_painschool.rules.notifications import drop, is_obsolete, mark_undeliverable
from digital_painschool.rules.permissions import Action

_log = logging.getLogger(__name__)
_WORKER = SystemActor()
_LONGEST_LEASE = timedelta(hours=12)
_UNTIL_REPAIRED = timedelta(hours=1)
_PAGE = 1000


@frozen(kw_only=True)
class DeliveryReport:
    """What one run did, in notifications; `sent` alone counts what their recipients saw.

    Args:
        sent: New notices and messages that left: a digest is one, whatever the number of its notifications.
        delivered: Notifications that were sent, or that the inbox had already.
        dropped: Notifications whose reason was gone (D-13b, D-23b).
        waiting: Notifications that were left for a later run: it is not forenoon (D-13a), or a record cannot be read.
        retried: Notifications that are tried again after a failed attempt.
        undelivered: Notifications that were given up; the therapist has a flag (D-13d).
        accesses_ended: Enrolments whose end of access was noted (D-05a).
    """

    sent: int = 0
    delivered: int = 0
    dropped: int = 0
    waiting: int = 0
    retried: int = 0
    undelivered: int = 0
    accesses_ended: int = 0


class Delivery:
    """Sends what is due. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13d. The intent is stored before the send (*begin*), the result after it (*complete*).
    A failure concerns one digest and stops no other.

    Args:
        executor: The school's one path.
        batch: How many digests are claimed at a time.
        lease: How long they are held; longer than a batch can take. After it another worker may claim them.
    """

    def __init__(self, executor: Executor, *, batch: int = 200, lease: timedelta = timedelta(minutes=15)) -> None:
        if whole_number(batch, "batch") < 1:
            raise InvalidValue("batch is 1 or more")
        self._executor = executor
        self._batch = batch
        self._lease = _checked_lease(lease)

    def run(self) -> DeliveryReport:
        """Send all that is due, and write the notes that are owed.

        Raises:
            StorageError: The storage failed; what was claimed is tried again when its lease is over.
            Conflict: The database could not bring simultaneous claims into an order; the same.
        """
        report: Counter[str] = Counter(accesses_ended=self._note_ended_accesses())
        for _ in range(2):  # a note may be a flag that the therapist is notified of; that one raises no flag
            self._deliver_what_is_due(report)
            if not self._note_ends():
                break
        return DeliveryReport(**report)

    def _deliver_what_is_due(self, report: Counter[str]) -> None:
        while claims := self._executor.storage.claim(at := self._executor.now(), self._batch, self._lease):
            self._deliver(claims, at, report)

    def _deliver(self, claims: Sequence[Claim], at: datetime, report: Counter[str]) -> None:
        ids = {record.notification.trigger.enrolment_id for claim in claims for record in claim.digest.pending}
        enrolments, unreadable = self._executor.load_each(ids)
        results: list[DeliveryResult] = []
        decided: list[tuple[Claim, Decision]] = []
        for claim in claims:
            with self._isolated(claim):
                decision = self._decide(claim.digest, unreadable, at)
                result = self._without_sending(claim, decision, _States(enrolments, unreadable), at, report)
                if result is None:
                    decided.append((claim, decision))
                else:
                    results.append(result)
        if results:
            self._executor.storage.complete(results)
        begun = self._executor.storage.begin(decided) if decided else {}
        results = []
        access: dict[str, tuple[AccessEntry, ...]] = {}
        for claim, decision in decided:
            batch = begun.get(claim.digest.id)
            if batch is None or (now := self._executor.now()) >= at + self._lease:
                continue  # the claim is another worker's, or will be; or everything was cancelled since
            with self._isolated(claim):
                result = self._send(claim, decision, batch, now, report)
                access[claim.digest.id] = tuple(self._logged(result, claim, enrolments, now))
                results.append(result)
        if results:
            self._executor.storage.complete(results, access)

    @contextmanager
    def _isolated(self, claim: Claim) -> Iterator[None]:
        """Let what is wrong with one recipient's records stop no other; the digest waits until its lease is over."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
            _log.error("digest %s waits: %s", claim.digest.id, _named(error))

    def _decide(self, digest: Digest, unreadable: Collection[str], at: datetime) -> Decision:
        """Decide what to do. What waits for an enrolment that cannot be read goes on waiting, and holds up no other."""
        decision = decide(digest, at, self._executor.policy(digest.unit))
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
        if not any(of_unreadable) and all(is_obsolete(n, e, at) for n, e in zip(theirs, states_of, strict=True)):
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
            return self._failed(claim, batch, failure, now, report)
        is_new = delivered is Delivered.ACCEPTED
        report["sent"] += is_new
        report["delivered"] += len(batch.notifications)
        # A key that the inbox had already was accepted on the day of the attempt before, at the latest.
        told_on = latest_day(digest.told_on, decision.day if is_new else decision.tried_on or decision.day)
        return result(settled=dict.fromkeys(batch.notifications, Status.DELIVERED), told_on=told_on)

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
        given_up = frozenset(made) if failure.permanent else undeliverable(made, policy)
        status = Status.UNREACHABLE if isinstance(failure, Unreachable) else Status.FAILED
        report["undelivered"] += len(given_up)
        left = [attempts for id_, attempts in made.items() if id_ not in given_up]
        result = partial(_result(claim, now), settled=dict.fromkeys(given_up, status))
        if not left:
            return result(told_on=latest_day(digest.told_on, batch.attempted_on))
        report["retried"] += len(left)
        return result(next_at=next_retry_at(min(left), now, policy, collected=digest.collected))

    def _logged(
        self, result: DeliveryResult, claim: Claim, enrolments: Mapping[str, Enrolment], now: datetime
    ) -> Iterable[AccessEntry]:
        told = {
            record.notification.trigger.enrolment_id
            for record in claim.digest.pending
            if result.settled.get(record.notification.id) is Status.DELIVERED
        }
        for enrolment_id in sorted(told):
            if enrolment_id in enrolments:
                yield self._executor.access_entry(Action.DELIVER, _WORKER, now, enrolments[enrolment_id])

    def _note_ended_accesses(self) -> int:
        now = self._executor.now()
        noted = 0
        tried: set[str] = set()
        # What could not be noted comes again: asking for so many more lets nobody starve behind it.
        while ids := set(self._executor.storage.access_ended(now, self._batch + len(tried))) - tried:
            for enrolment_id in sorted(ids):
                noted += self._record(enrolment_id, partial(note_access_end, by=_WORKER, at=now), now)
            tried |= ids
        return noted

    def _note_ends(self) -> int:
        """Write on the timelines what became of notifications that nobody was told of. Any worker finishes this.

        Return how many were written.
        """
        noted, after = 0, ""
        while records := self._executor.storage.unnoted(after=after, limit=_PAGE):
            for record in records:
                notification, now = record.notification, self._executor.now()
                step: Command = partial(drop, notification=notification, by=_WORKER, at=now)
                if record.status is not Status.DROPPED:
                    status = record.status
                    step = partial(mark_undeliverable, notification=notification, status=status, by=_WORKER, at=now)
                noted += self._record(notification.trigger.enrolment_id, step, now, noted=(notification.id,))
            after = records[-1].notification.id
        return noted

    def _record(self, enrolment_id: str, step: Command, now: datetime, noted: tuple[str, ...] = ()) -> bool:
        try:
            self._executor.execute(Action.DELIVER, _WORKER, enrolment_id, step, at=now, noted=noted)
        except (Conflict, NotFound, RuleViolation):
            return False  # it is busy, was purged, or somebody else has noted it: a later run looks again
        except (StorageError, OutcomeUnknown) as failure:
            # Perhaps this one enrolment alone; if it is the storage, the next claim says so.
            _log.error("enrolment %s could not be changed: %s", enrolment_id, failure)
            return False
        except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
            _log.error("enrolment %s could not be changed: %s", enrolment_id, _named(error))
            return False
        return True


@frozen
class _States:
    """The states that a claim needs.

    Args:
        enrolments: Those that there are, by id.
        unreadable: The ids of those that the storage cannot read.
    """

    enrolments: Mapping[str, Enrolment]
    unreadable: Collection[str]


def _named(error: Exception) -> str:
    return str(error) if isinstance(error, PainSchoolError) else type(error).__name__


def _result(claim: Claim, at: datetime) -> partial[DeliveryResult]:
    return partial(DeliveryResult, digest_id=claim.digest.id, token=claim.token, at=at)


def _checked_lease(lease: object) -> timedelta:
    if not isinstance(lease, timedelta) or not timedelta(0) < lease <= _LONGEST_LEASE:
        raise InvalidValue("lease is a timedelta, longer than nothing and twelve hours at most")
    return lease
