"""The model of a run: the reference school, the oracle of its notifications, and the faults that excuse it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, NotificationRecord, Status
from digital_painschool.domain.people import Actor, HsaId, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import load_notifications, load_timeline
from digital_painschool.testing.faults import RecordingPorts
from digital_painschool.testing.faults.unstored import LEASE
from digital_painschool.testing.history import EnrolmentStep, TherapistWrites
from digital_painschool.testing.reference.attention import unnoted_violations
from digital_painschool.testing.reference.calendar import instant, is_forenoon, local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import ExpectedNotification, Key
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unless
from digital_painschool.testing.reference.notes import note_violations
from digital_painschool.testing.reference.notifications import NotificationOracle
from digital_painschool.testing.reference.pace import Slots, Used, leaves_no_slot
from digital_painschool.testing.reference.school import ReferenceSchool
from digital_painschool.testing.reference.steps import execute
from digital_painschool.testing.scenario import Scenario

_LOST_WORKERS = 5
"""So many more workers may die while they send a notification than attempts may fail, before it is given up."""


class RunModel:
    """The model of one school, and as `Excuses` of its oracle the faults of its delivery passes.

    Args:
        school: The school.
        recording: Its ports.
        policy: The units' policy.
    """

    def __init__(self, school: Scenario, recording: RecordingPorts, policy: Policy) -> None:
        self.school = ReferenceSchool(policy)
        self.oracle = NotificationOracle(policy, self.address)
        self._scenario = school
        self._recording = recording
        self._policy = policy
        self._entries_read: Counter[str] = Counter()
        self._arrivals_read = 0
        self._tries: Counter[PersonId | Address | None] = Counter()
        self._without_reason: set[Key] = set()
        self._is_clean = True
        self._disturbed_at: datetime | None = None
        self._leases_end: datetime | None = None
        self.ended_in_a_pass: set[str] = set()
        self._began = school.now
        self._slots = {channel: Slots(pace) for channel, pace in recording.paces.items()}
        self._grants_read = 0
        self._held: frozenset[Channel] = frozenset()
        self._room: dict[Channel, int] = {}
        self._used: dict[Channel, list[Used]] = {}

    @property
    def now(self) -> datetime:
        """The school's clock."""
        return self._scenario.now

    def address(self, hsa_id: HsaId, channel: Channel) -> Address | None:
        """Return the address of a therapist in the staff directory, or None."""
        entry = self._scenario.ports.directory.find(hsa_id)
        return cast("Address | None", getattr(entry, channel.value, None))

    def start(self, id_: EnrolmentId, person: PersonId, program: Program, by: Actor) -> None:
        """Start a program."""
        self.read_timeline(self.school.start(id_, person, program, by, self.now))

    def execute(self, enrolment: ReferenceEnrolment, step: EnrolmentStep) -> None:
        """Execute a step that the school has executed; expect the notification that a message asks for."""
        ordinal = execute(enrolment, step, self.now)
        self.read_timeline(enrolment)
        if isinstance(step, TherapistWrites):
            conversation = step.conversation or len(enrolment.conversations)
            number = cast("int", ordinal)
            self.oracle.expect_message(enrolment, enrolment.version, conversation, number, step.notify, self.now)

    def read_timeline(self, enrolment: ReferenceEnrolment) -> None:
        """Note the new entries of a timeline."""
        entries = load_timeline(self._scenario.storage, enrolment.id)
        for entry in entries[self._entries_read[enrolment.id] :]:
            require(self.oracle.note(enrolment, entry.seq, entry.event))
        self._entries_read[enrolment.id] = len(entries)

    def read_pass(self) -> None:
        """Note what a pass has done so far: the slots it was granted, the entries of timelines, and the arrivals."""
        grants = self._recording.grants[self._grants_read :]
        self._grants_read += len(grants)
        for grant in grants:
            require(self._slots[grant.channel].note(grant))
        for enrolment in self.school.stored():
            self.read_timeline(enrolment)
        arrivals = self._recording.arrivals[self._arrivals_read :]
        self._arrivals_read += len(arrivals)
        for arrival in arrivals:
            require(self.oracle.arrive(arrival, lambda expected: expected.key not in self._without_reason))

    def before_pass(self) -> None:
        """Note what there is to tell before a pass."""
        self.read_pass()
        self._began = self.now
        ends = instant(local_day(self.now, self._policy.zone), self._policy.forenoon_ends, self._policy.zone)
        self._held = frozenset(channel for channel, slots in self._slots.items() if slots.are_held(self.now))
        self._room = {channel: slots.room(self.now, ends) for channel, slots in self._slots.items()}
        self._tries = self._recording.tries
        waiting = self.oracle.waiting.values()
        self._without_reason = {one.key for one in waiting if not one.has_reason(self.now)}

    def after_pass(self, *, clean: bool, died: bool) -> None:
        """Check what became of every notification, and what arrived.

        Args:
            clean: Whether no fault was injected into the pass.
            died: Whether a worker may have died during a claim.
        """
        self._is_clean = clean
        if not clean:
            self._disturbed_at, self._leases_end = self.now, self.now + LEASE
            self.disturb()
        self.read_pass()
        tries = self._recording.tries
        for one in self.oracle.waiting.values():  # those too that the pass itself has asked for
            to = self.oracle.recipient(one)
            one.attempts += tries[to] - self._tries[to] + died
        storage, stored = self._scenario.storage, self.school.stored()
        records = {one.id: load_notifications(storage, one.id) for one in stored}
        owed = {record.notification.id for record in storage.unnoted(limit=1_000_000)}
        for one_id, found in records.items():
            require(self.oracle.unexpected(one_id, found))
            require(note_violations(one_id, load_timeline(storage, one_id), found, owed))
        self._used = self._used_slots(records)
        require(self._told_of_what_is_settled(records))
        require(self.oracle.judge(records, owed, self.now, self))
        for enrolment in stored if clean else []:
            is_over = enrolment.is_open and self._began >= enrolment.access_until
            is_noted = not is_over or self.oracle.has_noted_access_end(enrolment)
            what = "access is over, and a pass did not note it"
            require(unless(is_noted, Law.NOTIFIED_ONCE_IN_TIME, what, enrolment.id))
            require(unnoted_violations(enrolment, self._began))

    def _told_of_what_is_settled(
        self, records: Mapping[EnrolmentId, Sequence[NotificationRecord]]
    ) -> Iterator[LawViolation]:
        """Yield each notification to staff that was delivered in a summary although its flag was settled before."""
        for one in self.oracle.waiting.values():
            if one.flag is None or not one.collected or one.is_disturbed or one.key not in self._without_reason:
                continue
            delivered = [r.notification for r in records.get(one.enrolment.id, ()) if r.status is Status.DELIVERED]
            is_told = any((n.trigger.seq, n.channel) == (one.seq, one.channel) for n in delivered)
            what = f"{one}: in a summary, and its flag was settled before"
            yield from unless(not is_told, Law.NOTIFIED_ONCE_IN_TIME, what, one.enrolment.id)

    def _used_slots(self, records: Mapping[EnrolmentId, Sequence[NotificationRecord]]) -> dict[Channel, list[Used]]:
        """Return the slots that the last pass has used on each channel with a pace, for what it has settled."""
        found: dict[Channel, dict[object, Used]] = {channel: {} for channel in self._slots}
        for record in (record for theirs in records.values() for record in theirs):
            notification, at = record.notification, record.settled_at
            one = self.oracle.expectation(f"{notification.id}.")
            of_channel = found.get(notification.channel)
            if of_channel is not None and one is not None and at is not None and at >= self._began:
                before = of_channel.get((one.digest, at))
                due_at = one.due_at if before is None else min(one.due_at, before.due_at)
                of_channel[one.digest, at] = Used(one.collected, due_at)
        return {channel: [*used.values()] for channel, used in found.items()}

    def disturb(self, *, disturbed: bool = True) -> None:
        """Note that a fault may have hit every notification that waits, or that none has any more."""
        for one in self.oracle.waiting.values():
            one.is_disturbed = disturbed

    # The excuses.

    def latest(self, expected: ExpectedNotification) -> datetime | None:
        """Return the present instant when the pass should have sent a notification, else None."""
        is_free = self._leases_end is None or self.now >= self._leases_end
        if not self._is_clean or not is_free or self._began < expected.due_at or expected.channel in self._held:
            return None
        if any(other.is_disturbed for other in self.oracle.waiting.values() if other.digest == expected.digest):
            return None
        if expected.collected and (not is_forenoon(self._began, self._policy) or self._may_be_notified(expected)):
            return None
        return None if expected.collected and self._had_no_slot(expected) else self.now

    def _had_no_slot(self, expected: ExpectedNotification) -> bool:
        """Return whether the pace of the channel left no slot of the forenoon for a notification."""
        channel, is_over = expected.channel, not is_forenoon(self.now, self._policy)
        if channel not in self._slots or not is_over:
            return False
        return leaves_no_slot(expected.due_at, self._used[channel], self._room[channel])

    def _may_be_notified(self, expected: ExpectedNotification) -> bool:
        """Return whether the recipient was notified today, or may have been in a pass with a fault."""
        zone, at = self._policy.zone, self._disturbed_at
        may_be = at is not None and local_day(at, zone) == local_day(self.now, zone)
        gave_up = (expected.digest, local_day(self.now, zone)) in self.oracle.given_up_on
        return may_be or gave_up or self.oracle.arrivals.was_notified(expected.digest, self.now)

    def may_be_dropped(self, expected: ExpectedNotification) -> bool:
        """Return whether the reason of a notification was gone before the pass or is gone after it.

        A flag that was settled before may be raised again by the same pass, which then asks for a notification anew.
        """
        return expected.key in self._without_reason or not expected.has_reason(self.now)

    def may_fail(self, expected: ExpectedNotification, status: Status) -> bool:
        """Return whether the recipient is unreachable, or whether attempts failed or workers died often enough."""
        to, recording = self.oracle.recipient(expected), self._recording
        if status is Status.UNREACHABLE:
            return not isinstance(to, PersonId) or not recording.adapters.inbox.reach(to).reachable
        retries = len(self._policy.retry_minutes)
        has_failed = recording.has_refused(to, permanent=False) and expected.attempts > retries
        is_refused = recording.has_refused(to, permanent=True)
        return has_failed or expected.attempts > retries + _LOST_WORKERS or is_refused

    def may_be_unnoted(self, _expected: ExpectedNotification, _record: NotificationRecord) -> bool:
        """Return whether a fault was injected into the pass that should have noted it."""
        return not self._is_clean
