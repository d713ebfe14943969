"""Law 5: everything that somebody is to be told of is told once, in its time, or is dropped on record."""

from collections import Counter
from datetime import datetime, timedelta

from digital_painschool.domain.events import (
    AccessEnded,
    Event,
    NotificationDropped,
    NotificationUndelivered,
    ProgramDone,
)
from digital_painschool.domain.notification import Channel, NotificationRecord, Status
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.clock import Clock
from digital_painschool.testing.lifecycle.expectations import ExpectedNotification, staff_flag, staff_wish
from digital_painschool.testing.lifecycle.laws import holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.reference.arrivals import Arrival

LEASE = timedelta(minutes=15)
"""For how long a worker that died still holds what it had in hand."""
_LOST_WORKERS = 5
"""So many workers more may die with a notification in hand than attempts may fail, before it is given up."""
_GIVEN_UP = frozenset({Status.FAILED, Status.UNREACHABLE})


class NotableHistory(Clock):
    """Keeps account of everything that somebody is to be told of."""

    def __init__(self) -> None:
        super().__init__()
        self.expectations: dict[tuple[str, int, Channel], ExpectedNotification] = {}
        self.ticks: dict[tuple[str, str], dict[str, bool]] = {}
        self.entries_seen: Counter[str] = Counter()
        self.noted: set[tuple[str, str, str]] = set()
        self.arrivals_seen = 0
        self.tries_before: Counter[PersonId | Address | None] = Counter()
        self.told_on: set[tuple[str, object, object]] = set()
        self.troubled_at: datetime | None = None
        self.held_until: datetime | None = None
        self.without_reason: set[tuple[str, int, Channel]] = set()

    def wrote(self, of: Course, conversation: int, notify: str) -> None:
        """Note a message of the therapist's, and that the patient is to be told of it."""
        number = of.write(conversation, patient=False)
        if notify == "none":
            return
        seq = len(self.school.storage.timeline(of.id))
        talk = conversation or len(of.talks)
        collected = notify == "collected"
        expected = ExpectedNotification(
            of, seq, self.now, "message-to-read", Channel.INBOX, of.number, talk, number, collected=collected
        )
        expected.since = len(self.recordings[0].arrivals)
        self.expectations[expected.key] = expected

    def law_5_what_happened_is_told(self) -> None:
        """Take note of what timelines say since the last time."""
        for course in self.present:
            entries = self.school.storage.timeline(course.id)
            for entry in entries[self.entries_seen[course.id] :]:
                self._noted(course, entry.seq, entry.event)
            self.entries_seen[course.id] = len(entries)

    def _noted(self, course: Course, seq: int, event: Event) -> None:
        once = {
            AccessEnded: f"the end of access at {event.access_until}" if isinstance(event, AccessEnded) else "",
            ProgramDone: "that the patient is done",
            NotificationDropped: event.notification if isinstance(event, NotificationDropped) else "",
            NotificationUndelivered: event.notification if isinstance(event, NotificationUndelivered) else "",
        }.get(type(event))
        if once is not None:
            note = (course.id, type(event).__name__, once)
            holds(5, note not in self.noted, f"{course.id}: its timeline has twice: {type(event).__name__}, {once}")
            self.noted.add(note)
        if isinstance(event, NotificationUndelivered):
            course.lost.append(event.notification)
        flag = staff_flag(event)
        if flag in {kind.value for kind in self.policy.staff_flags}:
            assert flag is not None
            for channel in (Channel.EMAIL, Channel.SMS):
                if self.ticks.get((course.unit, course.therapist), {}).get(channel.value):
                    expected = staff_wish(course, seq, event, flag, channel)
                    self.expectations[expected.key] = expected

    def check(self) -> None:
        """Check the laws, and take note of what happened."""
        super().check()
        self.law_5_what_happened_is_told()

    def before_a_pass(self) -> None:
        """Remember what there is to tell."""
        self.law_5_what_happened_is_told()
        self.tries_before = Counter(self.recordings[0].tries)
        self.without_reason = {key for key, expected in self.expectations.items() if not expected.has_reason(self.now)}

    def after_a_pass(self, *, clean: bool, died: bool) -> None:
        """Look what became of everything that was to be told, and what arrived.

        Args:
            clean: Whether nothing went wrong in this pass.
            died: Whether a worker may have died with something in hand.
        """
        self.law_5_what_happened_is_told()
        for expected in self.expectations.values():
            if not expected.settled:
                to = self._reached_at(expected)
                expected.tries += self.recordings[0].tries[to] - self.tries_before[to] + died
        if not clean:
            self.held_until = self.now + LEASE
            self.troubled_at = self.now
            self.trouble()
        records = self.records()
        self.law_5_nothing_is_told_that_nobody_wished(records)
        for arrival in self.recordings[0].arrivals[self.arrivals_seen :]:
            self.law_5_an_arrival_is_right(arrival)
        self.arrivals_seen = len(self.recordings[0].arrivals)
        self.law_5_what_is_noted_is_so(records)
        for expected in self.expectations.values():
            if not expected.settled:
                self.law_5_a_wish_is_accounted_for(expected, records, clean=clean)
        if clean:
            for course in self.present:
                over = (course.id, "AccessEnded", f"the end of access at {course.until}")
                noted = not course.is_open() or self.now < course.until or over in self.noted
                holds(5, noted, f"{course.id}: access is over, and a pass did not note it")

    def trouble(self) -> None:
        """Note that something has gone wrong with what waits, or with what it goes together with."""
        for expected in self.expectations.values():
            expected.troubled = expected.troubled or not expected.settled

    def records(self) -> dict[str, NotificationRecord]:
        """Return all notifications that are kept, by id."""
        storage = self.school.storage
        return {record.notification.id: record for c in self.present for record in storage.notifications(c.id)}

    def law_5_nothing_is_told_that_nobody_wished(self, records: dict[str, NotificationRecord]) -> None:
        """Look for a wish behind each notification, and for one notification at most behind each wish."""
        there = Counter(
            (record.notification.trigger.enrolment_id, record.notification.trigger.seq, record.notification.channel)
            for record in records.values()
        )
        for key, times in there.items():
            holds(
                5,
                key in self.expectations,
                f"somebody is to be told of entry {key[1]} of {key[0]}, and nobody wished it",
            )
            holds(5, times == 1, f"entry {key[1]} of {key[0]} has {times} notifications")

    def law_5_what_is_noted_is_so(self, records: dict[str, NotificationRecord]) -> None:
        """Look whether what a timeline says became of a notification is what the storage says."""
        right = {"NotificationDropped": {Status.DROPPED}, "NotificationUndelivered": _GIVEN_UP}
        for course_id, what, which in self.noted:
            record = records.get(which) if what in right else None
            if record is not None:
                is_so = record.status in right[what]
                holds(5, is_so, f"{course_id}: its timeline has {what} for {which}, which is {record.status.value}")

    def law_5_an_arrival_is_right(self, arrival: Arrival) -> None:
        """Look at one thing that somebody was told: once, in its time, to the right one, with a reason."""
        keys = [one.key for one in self.recordings[0].arrivals]
        holds(5, keys.count(arrival.key) == 1, f"{arrival.key} was handed over twice")
        first = self._first_of(arrival.key)
        holds(5, first is not None, f"{arrival.key} tells of nothing")
        assert first is not None
        same(5, first.template, arrival.template.value, f"{arrival.key}: another text")
        to = self.person(first.to) if isinstance(arrival.to, PersonId) else self._reached_at(first)
        same(5, to, arrival.to, f"{arrival.key} went to somebody else")
        expectations = [
            expected
            for expected in self.expectations.values()
            if expected is first or self._go_together(expected, first)
        ]
        due = [
            expected for expected in expectations if expected.due(self.policy) <= arrival.at and not expected.settled
        ]
        holds(5, due, f"{arrival.key} arrived before its time, at {arrival.at}, or for nothing that waited")
        reasons = [expected for expected in due if expected.key not in self.without_reason]
        holds(5, reasons, f"{arrival.key} was handed over although there was nothing left to tell")
        if first.collected:
            here = arrival.at.astimezone(self.policy.zone)
            in_time = self.policy.collected_at <= here.time() < self.policy.forenoon_ends
            holds(5, in_time, f"{arrival.key} is collected and arrived at {here:%H:%M:%S.%f}, not in the forenoon")
            day = (first.course.unit, arrival.to, here.date())
            holds(5, day not in self.told_on, f"a patient was told twice on {here.date()}")
            self.told_on.add(day)

    def _first_of(self, key: str) -> ExpectedNotification | None:
        """Return the first wish of the digest that a key is of: the digest has the name of its notification."""
        id_, seq, channel, _at, _notifications = key.rsplit(".", 4)
        return self.expectations.get((id_, int(seq), Channel(channel)))

    @staticmethod
    def _go_together(expected: ExpectedNotification, other: ExpectedNotification) -> bool:
        both = expected.collected and other.collected
        return both and (expected.to, expected.course.unit) == (other.to, other.course.unit)

    def law_5_a_wish_is_accounted_for(
        self, expected: ExpectedNotification, records: dict[str, NotificationRecord], *, clean: bool
    ) -> None:
        """Look what became of one wish."""
        if expected.course.gone:
            expected.settled = True
            return
        mine = [r for r in records.values() if self._is_of(expected, r)]
        name = f"{expected.course.id}, entry {expected.seq} ({expected.template}, {expected.channel.value})"
        holds(5, mine, f"{name}: lost, nobody will be told")
        (record,) = mine
        found = record.notification
        same(5, expected.collected, found.collected, f"{name}: collected or not")
        recipient = found.recipient.value if isinstance(found.recipient, PersonId) else str(found.recipient)
        same(5, (expected.to, expected.course.unit), (recipient, found.unit), f"{name}: for somebody else")
        same(5, expected.due(self.policy), found.due_at, f"{name}: with another day's run")
        if record.status is Status.PENDING:
            self._may_wait(name, expected, clean=clean)
        elif record.status is Status.DELIVERED:
            expected.settled = True
            due, to = expected.due(self.policy), self._reached_at(expected)
            arrivals = self.recordings[0].arrivals[expected.since :]
            arrived = any(a.at >= due and (a.channel, a.to) == (expected.channel, to) for a in arrivals)
            holds(5, arrived, f"{name}: said to be delivered, and nothing arrived")
        else:
            self._ends_without(name, expected, record, clean=clean)

    def _ends_without(
        self, name: str, expected: ExpectedNotification, record: NotificationRecord, *, clean: bool
    ) -> None:
        """Look at one that nobody was told of: rightly, and its timeline says so, at the latest after a clean pass."""
        if not expected.owed and record.status is Status.DROPPED:
            holds(5, not expected.has_reason(self.now), f"{name}: dropped, and there was still something to tell")
        elif not expected.owed:
            self._is_given_up_rightly(name, expected, record)
        what = "NotificationDropped" if record.status is Status.DROPPED else "NotificationUndelivered"
        expected.settled = (expected.course.id, what, record.notification.id) in self.noted
        expected.owed = not expected.settled
        holds(5, expected.settled or not clean, f"{name}: {record.status.value}, and the timeline does not say so")

    @staticmethod
    def _is_of(expected: ExpectedNotification, record: NotificationRecord) -> bool:
        trigger = record.notification.trigger
        return (trigger.enrolment_id, trigger.seq, record.notification.channel) == expected.key

    def _may_wait(self, name: str, expected: ExpectedNotification, *, clean: bool) -> None:
        here = self.now.astimezone(self.policy.zone).time()
        open_now = not expected.collected or self.policy.collected_at <= here < self.policy.forenoon_ends
        free = self.held_until is None or self.now >= self.held_until
        in_time = expected.due(self.policy) <= self.now and not (
            expected.collected and self._may_be_told_already(expected)
        )
        waits = clean and free and open_now and in_time and not self._is_troubled(expected)
        holds(5, not waits, f"{name}: a pass in its time left it waiting")

    def _is_troubled(self, expected: ExpectedNotification) -> bool:
        """Whether an attempt of what it goes with has failed: it waits for the next."""
        others = (
            other for other in self.expectations.values() if not other.settled and self._go_together(other, expected)
        )
        return expected.troubled or any(other.troubled for other in others)

    def _may_be_told_already(self, expected: ExpectedNotification) -> bool:
        """Whether the patient was told today, or may have been in a pass that met trouble."""
        today = calendar.local_day(self.now, self.policy.zone)
        troubled = self.troubled_at is not None and calendar.local_day(self.troubled_at, self.policy.zone) == today
        return troubled or (expected.course.unit, self._reached_at(expected), today) in self.told_on

    def _is_given_up_rightly(self, name: str, expected: ExpectedNotification, record: NotificationRecord) -> None:
        to = self._reached_at(expected)
        if record.status is Status.UNREACHABLE:
            reached = isinstance(to, PersonId) and self.recordings[0].adapters.inbox.reach(to).reachable
            holds(5, not reached, f"{name}: said to be unreachable, and is not")
            return
        recording = self.recordings[0]
        failed = recording.has_refused(to, permanent=False) and expected.tries > len(self.policy.retry_minutes)
        lost = expected.tries > len(self.policy.retry_minutes) + _LOST_WORKERS
        holds(
            5,
            failed or lost or recording.has_refused(to, permanent=True),
            f"{name}: given up after {expected.tries} attempts, too early",
        )

    def _reached_at(self, expected: ExpectedNotification) -> PersonId | Address | None:
        if expected.channel is Channel.INBOX:
            return self.person(expected.to)
        entry = self.school.ports.directory.find(HsaId(expected.to))
        found: Address | None = getattr(entry, expected.channel.value, None)
        return found

    def at_last(self) -> None:
        """Let some quiet days pass: then everybody has been told of everything, or it is on record why not."""
        for last in (False, False, True):
            if not all(expected.settled for expected in self.expectations.values()):
                self.move(self.edge("run", 0))
                for expected in self.expectations.values():
                    expected.troubled = expected.troubled and not last
                self.make_pass()
        super().at_last()

    def make_pass(self) -> None:
        """Let a worker make a pass."""
