"""The delivery worker: one pass takes what is due in hand, hands it over, and writes down what became of it."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from attrs import frozen

from digital_painschool.border import whole_number
from digital_painschool.enrolment import Enrolment
from digital_painschool.errors import (
    Conflict,
    DeliveryFailed,
    InvalidValue,
    NotFound,
    PainschoolError,
    RuleBroken,
    StorageFailed,
)
from digital_painschool.events import Event, NotificationDropped, NotificationUndelivered
from digital_painschool.handing_over import Unreachable, hand_over
from digital_painschool.instants import utc
from digital_painschool.notification import Claimed, Notification, Outcome, Status
from digital_painschool.people import System
from digital_painschool.policy import Policy, Terms
from digital_painschool.ports import Clock
from digital_painschool.ports.inbox import Delivered
from digital_painschool.rules.lifecycle import note_access_end
from digital_painschool.rules.notifications import (
    drop,
    give_up,
    is_moot,
    lanes,
    may_go_at,
    may_have_been_told,
    try_again_at,
    was_put_back,
)
from digital_painschool.rules.permissions import Action
from digital_painschool.steps import Step, Steps

_log = logging.getLogger(__name__)
_WORKER = System()
_LONGEST_LEASE = timedelta(hours=12)
"""Or a lease of one forenoon could run out in the next, where nobody could tell which of them its worker was of."""
_UNTIL_REPAIRED = timedelta(hours=1)
_NOTES = (NotificationDropped, NotificationUndelivered)


@frozen(kw_only=True)
class Pass:
    """What one pass did.

    Args:
        delivered: Handed over.
        merged: Gone together with another of the same patient (D-13a).
        dropped: Their reason was gone (D-13b).
        waiting: Left for a later pass: it is not forenoon (D-13a), or somebody else changes the enrolment.
        retried: Put back after a failed attempt.
        undelivered: Given up; the therapist has a flag (D-13d).
        accesses_ended: Enrolments whose end of access was noted (D-05a).
    """

    delivered: int = 0
    merged: int = 0
    dropped: int = 0
    waiting: int = 0
    retried: int = 0
    undelivered: int = 0
    accesses_ended: int = 0


class Delivery:
    """Hands due notifications over. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13d. A notification is decided on exactly once, and handed over at least once, every
    time with the same key. One that fails concerns no other.

    Args:
        steps: The school's one path.
        batch: How many are taken in hand at a time.
        lease: How long they are held; longer than a batch can take. After it another worker may take them.
    """

    def __init__(self, steps: Steps, *, batch: int = 200, lease: timedelta = timedelta(minutes=15)) -> None:
        if whole_number(batch, "batch") < 1:
            raise InvalidValue("batch is 1 or more")
        self._steps = steps
        self._batch = batch
        self._lease = _checked_lease(lease)

    def run(self, now: datetime | None = None) -> Pass:
        """Make one pass over all that is due.

        Args:
            now: The instant that is due or not; left out, the clock's present, anew for each batch.

        Raises:
            StorageFailed: The storage failed; what was in hand is tried again when its lease has run out.
            Conflict: The database could not bring simultaneous claims or outcomes into an order; the same.
            InvalidValue: `now` has no zone.
        """
        fixed = None if now is None else utc(now)
        present = self._steps.now if fixed is None else lambda: fixed
        done: Counter[str] = Counter(accesses_ended=self._note_ended_accesses(present()))
        while claimed := self._steps.storage.claim(at := present(), self._batch, self._lease):
            self._hand_over(claimed, at, present, done)
        return Pass(**done)

    def _note_ended_accesses(self, now: datetime) -> int:
        noted = 0
        tried: set[str] = set()
        # What could not be noted comes again: asking for so many more lets nobody starve behind it.
        while ids := set(self._steps.storage.access_ended(now, self._batch + len(tried))) - tried:
            for enrolment_id in sorted(ids):
                noted += self._record(enrolment_id, partial(note_access_end, by=_WORKER, at=now), now)
            tried |= ids
        return noted

    def _hand_over(self, claimed: Sequence[Claimed], claimed_at: datetime, present: Clock, done: Counter[str]) -> None:
        ids = {c.enrolment_id for claim in claimed for c in claim.notification.causes}
        enrolments, unreadable = self._steps.load_each(ids)
        batch = _Batch(enrolments, unreadable, claimed_at, present)
        settled: list[Outcome] = []
        for lane in _in_turn(lanes(claimed)):
            if settled and _was_left(lane):
                # It may end this worker too: what has been done is written down first.
                self._steps.storage.settle(settled)
                settled = []
            try:
                for what, outcome in self._now_or_later(lane, batch):
                    done[what] += 1
                    if outcome is not None:
                        settled.append(outcome)
            except Exception as error:  # noqa: BLE001 - what is wrong with one patient's records stops no other's
                # If it is the storage, settling says so. What was not settled is tried again after its lease.
                ids = {cause.enrolment_id for claim in lane for cause in claim.notification.causes}
                _log.error("the notifications of %s wait: %s", ", ".join(sorted(ids)), _told(error))
        self._steps.storage.settle(settled)

    def _now_or_later(self, lane: tuple[Claimed, ...], batch: "_Batch") -> Iterator[tuple[str, Outcome | None]]:
        now = batch.present()
        later = self._later(lane, batch, now)
        if later is None:
            yield from self._lane(lane, batch, now)
        else:
            for claim in lane:
                yield "waiting", _back(claim, now, max(later, claim.notification.due_at), tried=False)

    def _later(self, lane: tuple[Claimed, ...], batch: "_Batch", now: datetime) -> datetime | None:
        """Say when a lane is to be tried again instead of now, or None when it can go.

        A collected one must be in the forenoon when it was claimed, or what was not due then would go later the same
        day; and when it is handed over. And none of its lane may have gone on the same day.
        """
        if not batch.unreadable.isdisjoint(cause.enrolment_id for claim in lane for cause in claim.notification.causes):
            return now + _UNTIL_REPAIRED
        if now >= batch.claimed_at + self._lease:
            # Each as it was due before: what is due after the day's run has been tried today.
            return min(claim.notification.due_at for claim in lane)
        if not lane[0].notification.collected:
            return None
        policy = self._steps.policy(lane[0].notification.unit)
        opened, opens = (may_go_at(at, policy, lane[0].told_at) for at in (batch.claimed_at, now))
        return max(opened, opens) if opened > batch.claimed_at or opens > now else None

    def _lane(self, lane: tuple[Claimed, ...], batch: "_Batch", now: datetime) -> Iterator[tuple[str, Outcome | None]]:
        enrolments = batch.enrolments
        lane, begun = self._half_given_up(lane, enrolments)
        for claim, status in begun.items():
            yield self._settle("undelivered", claim, status, enrolments, now)
        moot = {claim.notification.id for claim in lane if is_moot(claim.notification, enrolments, now)}
        # One that was attempted may have been handed over, so it still stands for others, even when its own reason is
        # gone.
        together: list[Claimed] = []
        for claim in lane:
            if claim.notification.id not in moot or (claim.attempts and len(moot) < len(lane)):
                together.append(claim)
            else:
                yield self._settle("dropped", claim, Status.DROPPED, enrolments, now)
        if together:
            yield from self._together(together, batch, now)

    def _together(self, lane: list[Claimed], batch: "_Batch", now: datetime) -> Iterator[tuple[str, Outcome | None]]:
        """Hand one over, for all: the newest day's, of those first that a worker of today may have handed over.

        It may be known: that worker could not say so, and had chosen in the same way, but for what had failed before: a
        claim does not change when that is due. What was attempted as often was there then. What came later was perhaps
        not: it goes now, or tomorrow when the known one may have gone today.
        """
        policy = self._steps.policy(lane[0].notification.unit)
        tried = [claim for claim in lane if may_have_been_told(claim, now, policy)]
        first = max(tried or lane, key=lambda claim: (was_put_back(claim, now, policy), *_age(claim)))
        try:
            known = hand_over(first, policy, self._steps.ports) is Delivered.KNOWN
        except DeliveryFailed as failure:
            yield from self._failed(lane, failure, policy, batch.enrolments, now)
            return
        late = [claim for claim in lane if known and claim.attempts < first.attempts]
        yield "delivered", _outcome(first, Status.DELIVERED, now)
        for claim in lane:
            if claim is not first and claim not in late:
                yield "merged", _outcome(claim, Status.MERGED, now)
        if first in tried:
            tomorrow = may_go_at(now, policy, told_at=now)
            yield from (("waiting", _back(claim, now, tomorrow, tried=False)) for claim in late)
        elif late:
            yield from self._now_or_later(tuple(late), batch)

    def _half_given_up(
        self, lane: tuple[Claimed, ...], enrolments: Mapping[str, Enrolment]
    ) -> tuple[tuple[Claimed, ...], Mapping[Claimed, Status]]:
        """Take out of a lane what a worker before this one gave up on some of its timelines, with what they say.

        It died before the others were noted on, or the storage failed then. What a therapist has been told stands.
        """
        begun: dict[Claimed, Status] = {}
        for claim in lane:
            ids = _of_these(claim, enrolments) if claim.attempts else ()
            if len(ids) > 1:
                notes = (note for enrolment_id in ids for note in self._notes(enrolment_id, claim.notification))
                for note in notes:
                    if isinstance(note, NotificationUndelivered):
                        begun[claim] = note.status
        return (tuple(claim for claim in lane if claim not in begun) if begun else lane), begun

    def _failed(
        self,
        lane: list[Claimed],
        failure: DeliveryFailed,
        policy: Policy,
        enrolments: Mapping[str, Enrolment],
        now: datetime,
    ) -> Iterator[tuple[str, Outcome | None]]:
        given_up = Status.UNREACHABLE if isinstance(failure, Unreachable) else Status.FAILED
        again: dict[Claimed, datetime] = {}
        for claim in lane:
            due_at = try_again_at(claim.attempts + 1, now, policy, collected=claim.notification.collected)
            if failure.permanent or due_at is None:
                yield self._settle("undelivered", claim, given_up, enrolments, now)
            else:
                again[claim] = due_at
        # All at one instant, so that they go as one.
        yield from (("retried", _back(claim, now, max(again.values()), tried=True)) for claim in again)

    def _settle(
        self, what: str, claim: Claimed, status: Status, enrolments: Mapping[str, Enrolment], now: datetime
    ) -> tuple[str, Outcome | None]:
        """Note on the timelines what became of a notification; the last note settles it in the same transaction.

        Each is written only while the notification is still in hand, or else the next worker's decision would stand
        beside a note of another.
        """
        notification = claim.notification
        outcome = _outcome(claim, status, now)
        ids = _of_these(claim, enrolments)
        if not ids:
            return what, outcome
        step: Step
        if status is Status.DROPPED:
            step = partial(drop, notification=notification, by=_WORKER, at=now)
        else:
            step = partial(give_up, notification=notification, status=status, by=_WORKER, at=now)
        if claim.attempts:
            step = self._unless_noted(step, notification)
        noted = all(self._record(enrolment_id, step, now, held=(claim,)) for enrolment_id in ids[:-1])
        settled = noted and self._record(ids[-1], step, now, outcomes=(outcome,))
        return what if settled else "waiting", None

    def _unless_noted(self, step: Step, notification: Notification) -> Step:
        # A worker that died in between, or whose storage failed then, has left its note on some of the timelines.
        def taken(enrolment: Enrolment, terms: Terms) -> tuple[Event, ...]:
            return () if self._notes(enrolment.id, notification) else step(enrolment, terms)

        return taken

    def _notes(
        self, enrolment_id: str, notification: Notification
    ) -> tuple[NotificationDropped | NotificationUndelivered, ...]:
        events = (entry.event for entry in self._steps.storage.timeline(enrolment_id, _NOTES))
        return tuple(e for e in events if isinstance(e, _NOTES) and e.notification == notification.id)

    def _record(
        self,
        enrolment_id: str,
        step: Step,
        now: datetime,
        outcomes: tuple[Outcome, ...] = (),
        held: tuple[Claimed, ...] = (),
    ) -> bool:
        try:
            self._steps.take(Action.DELIVER, _WORKER, enrolment_id, step, at=now, outcomes=outcomes, held=held)
        except (Conflict, NotFound, RuleBroken):
            # It is busy, or has ended or gone meanwhile: a later pass decides anew, when the lease has run out.
            return False
        except StorageFailed as failure:
            # Perhaps this one enrolment alone; if it is the storage, the next claim says so.
            _log.error("enrolment %s could not be changed: %s", enrolment_id, failure)
            return False
        except Exception as error:  # noqa: BLE001 - a state that no rule ever made may bring a rule to anything
            _log.error("enrolment %s could not be changed: %s", enrolment_id, _told(error))
            return False
        return True


@frozen
class _Batch:
    """What was claimed at one time.

    Args:
        enrolments: The states that it needs, by id.
        unreadable: The enrolments that the storage could not read.
        claimed_at: When.
        present: Gives the present instant.
    """

    enrolments: Mapping[str, Enrolment]
    unreadable: frozenset[str]
    claimed_at: datetime
    present: Clock


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, PainschoolError) else type(error).__name__


def _checked_lease(lease: object) -> timedelta:
    if not isinstance(lease, timedelta) or not timedelta(0) < lease <= _LONGEST_LEASE:
        raise InvalidValue("lease is a timedelta, longer than nothing and twelve hours at most")
    return lease


def _of_these(claim: Claimed, enrolments: Mapping[str, Enrolment]) -> list[str]:
    return sorted({cause.enrolment_id for cause in claim.notification.causes} & enrolments.keys())


def _was_left(lane: tuple[Claimed, ...]) -> bool:
    return any(claim.held_until is not None for claim in lane)


def _in_turn(found: Iterable[tuple[Claimed, ...]]) -> Iterator[tuple[Claimed, ...]]:
    """Give those lanes last that a worker left in hand: one of them may be what has ended it, and end this one too.

    What lies behind that one goes every other time, from the other end.
    """
    left = []
    for lane in found:
        if _was_left(lane):
            left.append(lane)
        else:
            yield lane
    attempts = max((claim.attempts for lane in left for claim in lane), default=0)
    yield from left if attempts % 2 else reversed(left)


def _age(claim: Claimed) -> tuple[str, int, str]:
    return claim.notification.window, claim.attempts, claim.notification.id


def _outcome(claim: Claimed, status: Status, at: datetime) -> Outcome:
    return Outcome(notification_id=claim.notification.id, token=claim.token, status=status, at=at)


def _back(claim: Claimed, at: datetime, due_at: datetime, *, tried: bool) -> Outcome:
    return Outcome(
        notification_id=claim.notification.id,
        token=claim.token,
        status=Status.PENDING,
        at=at,
        due_at=due_at,
        tried=tried,
    )
