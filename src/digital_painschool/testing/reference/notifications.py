"""The oracle of law 5: every notification that somebody expects, every notice that arrives, and what became of each.

A harness says what it did (`expect_message`), passes on what timelines say (`note`) and what was accepted (`arrive`),
and lets the oracle `judge` what the storage says. What faults excuse, the harness knows alone: it is the `Excuses`.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime
from typing import Protocol

from digital_painschool.domain.events import (
    AccessEnded,
    Event,
    HandedOver,
    NotificationDropped,
    NotificationResolved,
    NotificationUndelivered,
    ProgramDone,
)
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notification, NotificationRecord, Notify, Status
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.reference.arrivals import Arrival, Arrivals
from digital_painschool.testing.reference.attention import POINTED_OUT, note_pointed_out
from digital_painschool.testing.reference.calendar import local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import ExpectedNotification, Key, Ticked, channels_for
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless, violation
from digital_painschool.testing.reference.notes import access_end_violations
from digital_painschool.testing.reference.transfers import Transfers, key_of, passed_on_by_worker

_LAW = Law.NOTIFIED_ONCE_IN_TIME
_DROPPED_OR_UNDELIVERED = (NotificationDropped, NotificationUndelivered)
NOTES = (AccessEnded, *POINTED_OUT, *_DROPPED_OR_UNDELIVERED)
"""The events that the delivery worker notes on a timeline; the end of an enrolment drops notifications too."""


class Excuses(Protocol):
    """The faults that a harness injected, as excuses for what became of notifications."""

    def latest(self, expected: ExpectedNotification) -> datetime | None:
        """Return the instant by which a notification must have arrived; None when that cannot be told."""
        ...

    def may_be_dropped(self, expected: ExpectedNotification) -> bool:
        """Return whether a notification may have been dropped: whether its reason is gone."""
        ...

    def may_fail(self, expected: ExpectedNotification, status: Status) -> bool:
        """Return whether a notification may be given up as `UNREACHABLE` or `FAILED`."""
        ...

    def may_be_unnoted(self, expected: ExpectedNotification, record: NotificationRecord) -> bool:
        """Return whether the timeline may not say yet what became of a settled notification."""
        ...


class NotificationOracle:
    """Law 5, for the enrolments of one school.

    Args:
        policy: The units' policy.
        address: Returns a therapist's address of a channel, or None.

    Attributes:
        ticked: The choices of each therapist of a unit.
        expected: Every notification that was ever expected.
        waiting: Those of them of which nobody knows yet what became.
        given_up_on: The days on which notifications were settled without an answer: the inbox may have taken them.
    """

    def __init__(self, policy: Policy, address: Callable[[HsaId, Channel], Address | None]) -> None:
        self._policy = policy
        self._address = address
        self._arrived: dict[object, list[Arrival]] = {}
        self._notes: set[tuple[str, str, str]] = set()
        self._transfers = Transfers()
        self._of_enrolment: defaultdict[str, list[ExpectedNotification]] = defaultdict(list)
        self.ticked: dict[tuple[HsaId, HsaId], Ticked] = {}
        self.arrivals = Arrivals(policy)
        self.expected: dict[Key, ExpectedNotification] = {}
        self.waiting: dict[Key, ExpectedNotification] = {}
        self.given_up_on: set[tuple[object, date]] = set()

    def tick(self, unit: HsaId, therapist: HsaId, chosen: Ticked) -> None:
        """Note a therapist's choices: what waits over a channel that is unticked is not to be sent any more."""
        self.ticked[unit, therapist] = chosen
        for one in self.waiting.values():
            if (one.enrolment.unit, one.to) == (unit, therapist):
                one.is_ticked = one.channel in chosen.channels

    def expect_message(
        self, enrolment: ReferenceEnrolment, seq: int, conversation: int, number: int, notify: Notify, now: datetime
    ) -> ExpectedNotification | None:
        """Note a message to the patient, and return the notification that it asks for, or None.

        Args:
            enrolment: The enrolment.
            seq: The message's timeline entry.
            conversation: The conversation's number.
            number: The message's ordinal.
            notify: How the patient is to be notified.
            now: When it was sent.
        """
        if notify is Notify.NONE:
            return None
        one = ExpectedNotification.of_message(enrolment, seq, conversation, number, notify, now)
        return self._expect(one)

    def _expect(self, one: ExpectedNotification) -> ExpectedNotification:
        one.arrived_before = len(self._arrived.get(one.digest, ()))
        self._of_enrolment[one.enrolment.id].append(one)
        self.expected[one.key] = self.waiting[one.key] = one
        return one

    def note(self, enrolment: ReferenceEnrolment, seq: int, event: Event) -> Iterator[LawViolation]:
        """Note an entry of a timeline: what became of notifications, and which staff notifications it asks for."""
        if not isinstance(event, POINTED_OUT):
            enrolment.last_entry_at = max(enrolment.last_entry_at, event.at)
        yield from note_pointed_out(enrolment, seq, event)
        enrolment.notes += isinstance(event, NOTES)
        once = _noted_once(event)
        if once is not None:
            note = (enrolment.id, type(event).__name__, once)
            is_new = note not in self._notes
            yield from unless(is_new, _LAW, f"its timeline has {note[1]} twice ({once})", enrolment.id)
            self._notes.add(note)
        if isinstance(event, NotificationUndelivered):
            enrolment.lose(event.notification, seq, event.at)
        if isinstance(event, NotificationResolved):  # its end may be noted anew
            self._notes.discard((enrolment.id, NotificationUndelivered.__name__, event.notification))
        if isinstance(event, AccessEnded):
            enrolment.raised.add(seq, "ending")
            yield from access_end_violations(enrolment, event)
        therapist = event.therapist if isinstance(event, HandedOver) else enrolment.therapist
        ticked = self.ticked.get((enrolment.unit, therapist), Ticked())
        for channel in channels_for(event, ticked.channels, self._policy):
            if channel is not Channel.INBOX:
                one = ExpectedNotification.of_flag(enrolment, seq, event, channel, therapist, summary=ticked.summary)
                self._expect(one)
        yield from self._note_drop(enrolment, seq, event, ticked)

    def _note_drop(
        self, enrolment: ReferenceEnrolment, seq: int, event: Event, ticked: Ticked
    ) -> Iterator[LawViolation]:
        """Note what is passed on to another therapist, by a hand-over or by a worker."""
        transfer = self._transfers.dropping(enrolment.id, seq, event)
        if transfer is not None and isinstance(event, NotificationDropped):
            old = self.waiting.pop(key_of(event.notification), None)
            if old is not None:
                old.status = Status.DROPPED
                ticked = self.ticked.get((enrolment.unit, transfer.to), Ticked())
                for one in transfer.passed_on(old, event, ticked, self._policy):
                    self._expect(one)
                is_replaced = bool(ticked.channels) or old.flag is FlagKind.HANDED_OVER
                yield from unless(is_replaced, _LAW, f"{old}: dropped, and nobody is notified instead", enrolment.id)
        elif isinstance(event, NotificationDropped):
            for one in passed_on_by_worker(self._of_enrolment[enrolment.id], seq, event, ticked, self._policy):
                self._expect(one)

    def has_noted_access_end(self, enrolment: ReferenceEnrolment) -> bool:
        """Return whether a timeline says that the present access is over."""
        return (enrolment.id, AccessEnded.__name__, str(enrolment.access_until)) in self._notes

    def expectation(self, key: str) -> ExpectedNotification | None:
        """Return the first notification of the digest that an idempotency key is of: it gives the digest its id."""
        enrolment_id, seq, channel, _at, _notifications = key.rsplit(".", 4)
        return self.expected.get((enrolment_id, int(seq), Channel(channel)))

    def is_tried(self, notification: Notification) -> bool:
        """Return whether an attempt to send a notification may have begun."""
        expected = self.expected.get(_key(notification))
        return expected is not None and expected.attempts > 0

    def arrive(self, arrival: Arrival, has_reason: Callable[[ExpectedNotification], bool]) -> Iterator[LawViolation]:
        """Note a notice that was accepted as new: it must be right in time, text and recipient, and have a reason.

        Args:
            arrival: The notice.
            has_reason: Returns whether a notification had a reason when its worker decided.
        """
        first = self.expectation(arrival.key)
        if first is None:
            yield violation(_LAW, f"{arrival.key} arrived, and nobody expects such a notification")
            return
        yield from self.arrivals.add(arrival, digest_of=first.digest if first.collected else None)
        yield from unequal(_LAW, first.template, arrival.template, f"{arrival.key}: another text")
        yield from unless(arrival.to == self.recipient(first), _LAW, f"{arrival.key} went to somebody else")
        self._arrived.setdefault(first.digest, []).append(arrival)
        due = [one for one in self.waiting.values() if one.digest == first.digest and one.may_arrive(arrival.at)]
        if not due:
            yield violation(_LAW, f"{arrival.key} arrived before its time, at {arrival.at}, or for nothing that waited")
        elif not any(map(has_reason, due)):
            yield violation(_LAW, f"{arrival.key} was sent although there was nothing left to tell")

    def send_again(self, one: ExpectedNotification, now: datetime) -> None:
        """Note that a dead letter is sent again, as new; a notice that did not arrive does not stand for it."""
        if one.is_reported:
            one.arrived_before, one.is_reported = len(self._arrived.get(one.digest, ())), False
        one.status, one.notice, one.due_at, one.attempts, one.is_sent_again = None, None, now, 0, True
        self.waiting[one.key] = one

    def report(self, one: ExpectedNotification) -> None:
        """Note that a delivered notification did not arrive, as a gateway reports: its timeline is to say so."""
        one.status, one.is_owed, one.is_reported = None, True, True
        self.waiting[one.key] = one

    def recipient(self, expected: ExpectedNotification) -> PersonId | Address | None:
        """Return the person, or the address at present, that a notification is for."""
        return expected.to if isinstance(expected.to, PersonId) else self._address(expected.to, expected.channel)

    def judge(
        self,
        records: Mapping[EnrolmentId, Sequence[NotificationRecord]],
        owed: AbstractSet[str],
        now: datetime,
        excuses: Excuses,
    ) -> Iterator[LawViolation]:
        """Check what became of every notification that waits.

        Args:
            records: The stored notifications, by enrolment; without those of enrolments that were purged.
            owed: The ids of notifications whose end is still to be noted on a timeline.
            now: The present instant.
            excuses: What the harness knows of its faults.
        """
        for one in list(self.waiting.values()):
            if one.enrolment.purged:
                del self.waiting[one.key]
                continue
            mine = [record for record in records[one.enrolment.id] if _key(record.notification) == one.key]
            if not mine:
                yield violation(_LAW, f"{one}: lost; nobody will be notified", one.enrolment.id)
                del self.waiting[one.key]
                continue
            yield from self._judge(one, mine[0], owed, now, excuses)
            if one.status is not None:
                del self.waiting[one.key]

    def _judge(
        self,
        one: ExpectedNotification,
        record: NotificationRecord,
        owed: AbstractSet[str],
        now: datetime,
        excuses: Excuses,
    ) -> Iterator[LawViolation]:
        about, status, stored = one.enrolment.id, record.status, record.notification
        yield from unequal(_LAW, one.stored_as, (stored.unit, stored.collected, stored.due_at), f"{one}", about)
        yield from unless(stored.recipient == one.to, _LAW, f"{one}: for somebody else", about)
        latest = excuses.latest(one)
        if status is Status.PENDING:
            in_time = latest is None or now < latest
            yield from unless(in_time, _LAW, f"{one}: still waits after the run that should have sent it", about)
            return
        if status is Status.DELIVERED:
            one.status = status
            settled = record.settled_at or now
            arrived = self._arrived.get(one.digest, [])[one.arrived_before :]
            theirs = [notice for notice in arrived if one.first_due_at <= notice.at <= settled]
            one.notice = max(theirs, key=lambda notice: notice.at, default=None)
            if one.arrived_at is None:
                yield violation(_LAW, f"{one}: stored as delivered, and nothing arrived", about)
            elif latest is not None and one.arrived_at > latest:
                yield violation(_LAW, f"{one}: arrived {one.arrived_at - one.at} after it was asked for", about)
            return
        if not one.is_owed and status is Status.DROPPED:
            yield from unless(excuses.may_be_dropped(one), _LAW, f"{one}: dropped, with something left to tell", about)
        elif not one.is_owed:
            yield from unless(excuses.may_fail(one, status), _LAW, f"{one}: given up ({status.value}) wrongly", about)
        self.given_up_on.add((one.digest, local_day(record.settled_at or now, self._policy.zone)))
        one.is_owed = stored.id in owed
        one.status = None if one.is_owed else status
        noted = not one.is_owed or excuses.may_be_unnoted(one, record)
        yield from unless(noted, _LAW, f"{one}: {status.value}, and the timeline does not say so", about)

    def unexpected(self, enrolment_id: EnrolmentId, records: Iterable[NotificationRecord]) -> Iterator[LawViolation]:
        """Yield the stored notifications of an enrolment that nobody expects, or that are there twice."""
        for key, times in Counter(_key(record.notification) for record in records).items():
            what = f"entry {key[1]} has {times} notifications by {key[2].value}"
            yield from unless(key in self.expected, _LAW, f"{what}, and nobody expects one", enrolment_id)
            yield from unless(times == 1, _LAW, what, enrolment_id)


def _key(notification: Notification) -> Key:
    trigger = notification.trigger
    return trigger.enrolment_id, trigger.seq, notification.channel


def _noted_once(event: Event) -> str | None:
    """Return what an event may say once on a timeline; None for an event that may come again."""
    if isinstance(event, _DROPPED_OR_UNDELIVERED):
        return event.notification
    if isinstance(event, AccessEnded):
        return str(event.access_until)
    return "program done" if isinstance(event, ProgramDone) else None
