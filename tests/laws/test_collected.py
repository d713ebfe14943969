"""Law 5: every collected message goes in one forenoon window or is dropped on record; one a patient and day.

The same under missed days, failing inboxes, workers that die, and both clock changes.
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from digital_painschool.adapters.memory import MemoryInbox, MemoryStorage
from digital_painschool.enrolment import Phase
from digital_painschool.errors import DeliveryFailed, StorageFailed
from digital_painschool.notification import Notify, Outcome, Status
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.storage import Change
from tests.scenario import ANNA, BO, INSTANT, STOCKHOLM, Scenario, local

BEFORE_THE_CHANGES = (
    "2026-03-27 12:00",
    "2026-10-23 12:00",
    "2027-03-26 12:00",
    "2027-10-29 12:00",
    "2026-06-01 12:00",
)


class WatchedInbox(MemoryInbox):
    """An inbox that notes when it was handed what, and fails when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.scenario: Scenario
        self.fails = False
        self.arrived: list[tuple[datetime, Notice]] = []

    def deliver(self, notice: Notice) -> Delivered:
        if self.fails:
            raise DeliveryFailed("busy")
        handed = super().deliver(notice)
        if handed is Delivered.NEW:
            self.arrived.append((self.scenario.now, notice))
        return handed


class MortalStorage(MemoryStorage):
    """A storage whose worker dies after some more writes; the desks' writes are not counted."""

    def __init__(self) -> None:
        super().__init__()
        self.writes_left: int | None = None

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        self._may_die()
        super().settle(outcomes)

    def save(self, change: Change) -> None:
        if change.access.by == "system":
            self._may_die()
        super().save(change)

    def _may_die(self) -> None:
        if self.writes_left == 0:
            raise StorageFailed("the worker died here")
        if self.writes_left is not None:
            self.writes_left -= 1


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""
HOW = st.sampled_from([None, None, -1, 0, 1])
"""How a worker's pass goes: well, with an inbox that fails, or until the worker dies after so many writes."""


@frozen
class Sent:
    """A collected message."""

    enrolment_id: str
    conversation: int
    number: int
    at: datetime


class CollectedMachine(RuleBasedStateMachine):
    """Two enrolments of one patient and one of another; anything may happen in between."""

    @initialize(start=st.sampled_from(BEFORE_THE_CHANGES))
    def begin(self, start: str) -> None:
        """Open the school on the day before one of the clock changes, or in between."""
        self.inbox, self.storage = WatchedInbox(), MortalStorage()
        self.school = Scenario(storage=self.storage, inbox=self.inbox)
        self.inbox.scenario = self.school
        self.school.at(start)
        self.ids = [self.school.start(), self.school.start(key="somnskola"), self.school.start(BO)]
        self.whose = dict(zip(self.ids, (ANNA, ANNA, BO), strict=True))
        self.sent: list[Sent] = []
        for id_ in self.ids:
            self.school.desk.start_conversation(id_, "Hej")

    def open(self, which: int) -> str | None:
        """Give an enrolment's id when it has not ended."""
        id_ = self.ids[which]
        return None if self.school.state(id_).phase is Phase.ENDED else id_

    @rule(
        which=st.integers(0, 2),
        conversation=st.integers(1, 2),
        notify=st.sampled_from([*Notify, Notify.COLLECTED, Notify.COLLECTED]),
    )
    def write(self, which: int, conversation: int, notify: Notify) -> None:
        """The therapist writes."""
        id_ = self.open(which)
        if id_ is None:
            return
        if conversation > len(self.school.state(id_).conversations):
            conversation = self.school.desk.start_conversation(id_, "Hej", notify=notify)
        else:
            self.school.desk.write(id_, conversation, "Hej", notify=notify)
        if notify is Notify.COLLECTED:
            number = self.school.state(id_).conversations[conversation - 1].from_therapist
            self.sent.append(Sent(id_, conversation, number, self.school.now))

    @rule(which=st.integers(0, 2), conversation=st.integers(1, 2))
    def read(self, which: int, conversation: int) -> None:
        """The patient reads."""
        id_ = self.open(which)
        if id_ is not None and conversation <= len(self.school.state(id_).conversations):
            self.school.school.patient(self.whose[id_]).read_conversation(id_, conversation)

    @rule(which=st.integers(0, 2))
    @precondition(lambda self: len(self.sent) > 2)
    def end(self, which: int) -> None:
        """The therapist ends an enrolment."""
        id_ = self.open(which)
        if id_ is not None:
            self.school.desk.end(id_, reason="klar")

    @rule(
        clock=st.sampled_from(["09:00", "09:00", "11:30", "12:00", "08:00"]),
        early=st.booleans(),
        days=st.integers(0, 2),
        how=HOW,
    )
    def wait_until(self, clock: str, early: bool, days: int, how: int | None) -> None:
        """Time goes on to one of the boundaries, or to an instant before it, and a worker makes a pass."""
        day = (self.school.now.astimezone(STOCKHOLM) + timedelta(days=days)).date()
        then = local(f"{day} {clock}") - (INSTANT if early else 0 * INSTANT)
        self.school.now = max(self.school.now, then)
        self.deliver(how)

    @rule(minutes=st.sampled_from([0, 1, 5, 16, 30, 125, 600]), how=HOW)
    def wait(self, minutes: int, how: int | None) -> None:
        """Some time goes by, and a worker makes a pass."""
        self.school.advance(minutes=minutes)
        self.deliver(how)

    def deliver(self, how: int | None) -> None:
        """A worker makes a pass, finds the inbox failing (-1), or dies after so many writes."""
        self.inbox.fails = how == -1
        self.storage.writes_left = how if how is not None and how >= 0 else None
        with suppress(StorageFailed):
            self.school.deliver()
        self.storage.writes_left = None
        self.at_most_one_a_day_and_in_the_forenoon()

    def collected(self) -> list[tuple[datetime, Notice]]:
        """Give what arrived of collected notifications."""
        keys = {
            record.notification.id
            for id_ in self.ids
            for record in self.storage.notifications(id_)
            if record.notification.collected
        }
        return [(at, notice) for at, notice in self.inbox.arrived if notice.key in keys]

    def at_most_one_a_day_and_in_the_forenoon(self) -> None:
        """Nobody is disturbed twice on a day, or in the night."""
        arrived = [(at.astimezone(STOCKHOLM), notice.person.value) for at, notice in self.collected()]
        assert all(9 <= at.hour < 12 for at, _ in arrived)
        a_day = Counter((at.date(), person) for at, person in arrived)
        assert {1} >= set(a_day.values())

    def teardown(self) -> None:
        """After some quiet days every message has been told of, or what became of it is on record."""
        if not hasattr(self, "school"):
            return
        for _ in range(4):
            self.school.now = local(f"{(self.school.now.astimezone(STOCKHOLM) + timedelta(days=1)).date()} 09:00")
            self.deliver(None)
        for message in self.sent:
            self.is_accounted_for(message)

    def is_accounted_for(self, message: Sent) -> None:
        """One notification has the message, and it went after the message was written, or was dropped on record."""
        records = [
            record
            for record in self.storage.notifications(message.enrolment_id)
            for cause in record.notification.causes
            if (cause.enrolment_id, cause.conversation, cause.number)
            == (message.enrolment_id, message.conversation, message.number)
        ]
        state = self.school.state(message.enrolment_id)
        if not records:
            assert Phase.ENDED is state.phase  # its part in a shared notification was taken out by the ending
            return
        (record,) = records
        assert record.status is not Status.PENDING
        told = [
            at for at, n in self.collected() if n.person.value == self.whose[message.enrolment_id] and at >= message.at
        ]
        read = state.conversations[message.conversation - 1].read_by_patient >= message.number
        if record.status in {Status.DELIVERED, Status.MERGED}:
            assert told
        elif record.status is Status.DROPPED:
            assert read or state.phase is Phase.ENDED
        else:
            assert Status.FAILED is record.status
            assert record.notification.id in state.undelivered


@pytest.mark.rule("D-13a")
def test_whatever_happens_nobody_is_told_twice_or_never() -> None:
    """Otherwise a patient would be told twice on a day, at night, or never."""
    run_state_machine_as_test(CollectedMachine, settings=settings(UNHURRIED, max_examples=250, stateful_step_count=30))


@pytest.mark.rule("M-13")
@settings(UNHURRIED, max_examples=60)
@given(
    st.sampled_from(BEFORE_THE_CHANGES),
    st.lists(st.integers(0, 72 * 60), min_size=1, max_size=6),
    st.integers(1, 59),
)
def test_with_a_worker_that_runs_no_message_waits_longer_than_25_hours(
    start: str, minutes: list[int], tick: int
) -> None:
    """Otherwise "kan dröja en dag" would not be true."""
    inbox = WatchedInbox()
    school = inbox.scenario = Scenario(inbox=inbox)
    school.at(start)
    begin = school.now
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    todo = sorted(begin + timedelta(minutes=minute) for minute in minutes)
    written: list[datetime] = []
    run = begin
    while run < begin + timedelta(hours=100):
        while todo and todo[0] <= run:
            school.now = todo.pop(0)
            school.desk.write(id_, 1, "Hej", notify=Notify.COLLECTED)
            written.append(school.now)
        school.now = run
        school.deliver()
        run += timedelta(minutes=tick)
    arrived = [at for at, _ in inbox.arrived]
    late = timedelta(hours=25, minutes=tick)
    assert len(minutes) == len(written)
    assert all(any(at < arrival <= at + late or at == arrival for arrival in arrived) for at in written)
