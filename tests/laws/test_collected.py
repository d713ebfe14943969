"""Law 5: every collected message goes in one forenoon window or is dropped on record; one a patient and window.

The same under overlapping workers, leases that run out, workers that die, failing inboxes and storages, missed days,
and both clock changes; in memory and on SQLite.
"""

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from digital_painschool.access import access
from digital_painschool.adapters.memory import MemoryInbox, MemoryStorage
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.enrolment import Phase, apply
from digital_painschool.errors import DeliveryFailed, RuleBroken, StorageFailed
from digital_painschool.events import NotificationDropped
from digital_painschool.notification import NotificationRecord, Notify, Status
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.storage import Storage
from digital_painschool.school import PainSchool
from tests.scenario import ANNA, BO, INSTANT, STOCKHOLM, Scenario, folded, local

BEFORE_THE_CHANGES = (
    "2026-03-27 12:00",
    "2026-10-23 12:00",
    "2027-03-26 12:00",
    "2027-10-29 12:00",
    "2026-06-01 12:00",
)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


class Killed(BaseException):
    """The worker's process died here; no `except Exception` is in its way."""


class Takes(Enum):
    """Whether the inbox takes a notice, and when: before it sleeps, after it, or not at all."""

    AT_ONCE = "at once"
    LATE = "late"
    NOT = "not"


class Meanwhile(Enum):
    """What somebody else does while a notice is handed over."""

    NOTHING = "nothing"
    WORKER = "another worker makes a pass"
    READS = "the patient reads"
    WRITES = "the therapist writes"
    ENDS = "the therapist ends the enrolment"


@frozen
class HandOver:
    """How handing over one notice goes.

    Args:
        takes: Whether the inbox takes it.
        sleeps: For how many minutes the inbox gives no answer; a lease is 15.
        meanwhile: What happens then.
        which: With which enrolment, when it is not a worker.
        killed: Whether the worker dies before it can note that the notice was handed over.
    """

    takes: Takes = Takes.AT_ONCE
    sleeps: int = 0
    meanwhile: Meanwhile = Meanwhile.NOTHING
    which: int = 0
    killed: bool = False


@frozen
class Going:
    """How a worker's pass goes.

    Args:
        batch: How many notifications it takes in hand at a time.
        struck: At which of its writes it is struck, from 0; None for never.
        by: What strikes: a storage that fails once, or the end of the process.
        hand_overs: How the first ones go; all after them go well.
    """

    batch: int = 200
    struck: int | None = None
    by: type[BaseException] = Killed
    hand_overs: tuple[HandOver, ...] = ()


HAND_OVERS = st.builds(
    HandOver,
    st.sampled_from(Takes),
    st.sampled_from([0, 0, 16, 125]),
    st.sampled_from(Meanwhile),
    st.integers(0, 2),
    st.sampled_from([False, False, True]),
)
WRITTEN = st.lists(st.integers(0, 2), max_size=3)
"""To which enrolments the therapist writes a collected message before time goes on."""
GOINGS = st.just(Going()) | st.builds(
    Going,
    st.sampled_from([200, 1]),
    st.sampled_from([None, None, None, 0, 1, 2]),
    st.sampled_from([Killed, StorageFailed]),
    st.lists(HAND_OVERS, min_size=1, max_size=4).map(tuple),
)


class WatchedInbox(MemoryInbox):
    """An inbox that notes which notices it took, and when their hand-over began, and that goes as it is told to."""

    def __init__(self, present: Callable[[], datetime]) -> None:
        super().__init__()
        self.present = present
        self.arrived: list[tuple[datetime, Notice]] = []
        self.to_come: list[HandOver] = []
        self.pause: Callable[[HandOver], None] = lambda _: None

    def deliver(self, notice: Notice) -> Delivered:
        how, begun = self.to_come.pop(0) if self.to_come else HandOver(), self.present()
        if how.takes is Takes.AT_ONCE:
            self.take(notice, begun)
        self.pause(how)
        if how.killed:
            raise Killed
        if how.takes is Takes.NOT:
            raise DeliveryFailed("busy")
        return self.take(notice, begun)

    def take(self, notice: Notice, begun: datetime) -> Delivered:
        """Put a notice into the inbox, unless it is there."""
        handed = super().deliver(notice)
        if handed is Delivered.NEW:
            self.arrived.append((begun, notice))
        return handed


class StruckStorage:
    """One worker's way to a storage, which is struck at one of its writes: before it, so that nothing is written."""

    def __init__(self, storage: Storage, going: Going) -> None:
        self._storage, self._going, self._writes = storage, going, 0

    def __getattr__(self, name: str) -> Any:
        if name in {"claim", "settle", "save"}:
            self._writes += 1
            if self._writes - 1 == self._going.struck:
                raise self._going.by
        return getattr(self._storage, name)


Opens = Callable[[], Storage]


@pytest.fixture(scope="module", params=["memory", "sqlite"])
def opens(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Opens:
    """Opens a new and empty storage, again and again; the one before is closed by then."""
    path = tmp_path_factory.mktemp("collected") / "painschool.db"

    def sqlite() -> Storage:
        for left in path.parent.iterdir():
            left.unlink()
        shutil.copyfile(sqlite_template, path)
        return SqlStorage(f"sqlite:///{path}", migrate=True, synchronous="NORMAL")

    return MemoryStorage if request.param == "memory" else sqlite


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets those who met at one enrolment try again without a wait."""
    monkeypatch.setattr("digital_painschool.steps.sleep", lambda _: None)


@frozen
class Sent:
    """A collected message."""

    enrolment_id: str
    conversation: int
    number: int
    at: datetime


class CollectedMachine(RuleBasedStateMachine):
    """Two enrolments of one patient and one of another; anything may happen in between."""

    opens: ClassVar[Opens]

    def __init__(self) -> None:
        super().__init__()
        self.storage = type(self).opens()
        self.school = Scenario(storage=self.storage)
        self.inbox = WatchedInbox(lambda: self.school.now)
        self.inbox.pause = self.pause
        self.sent: list[Sent] = []
        self.ids: list[str] = []

    @initialize(start=st.sampled_from(BEFORE_THE_CHANGES))
    def begin(self, start: str) -> None:
        """Open the school on the day before one of the clock changes, or in between."""
        self.school.at(start)
        self.ids = [self.school.start(), self.school.start(key="somnskola"), self.school.start(BO)]
        self.whose = dict(zip(self.ids, (ANNA, ANNA, BO), strict=True))
        for id_ in self.ids:
            self.school.desk.start_conversation(id_, "Hej")

    @rule(
        which=st.sampled_from([0, 0, 1, 1, 2]),
        conversation=st.integers(1, 2),
        notify=st.sampled_from([*Notify, Notify.COLLECTED, Notify.COLLECTED]),
    )
    def write(self, which: int, conversation: int, notify: Notify) -> None:
        """The therapist writes, unless the enrolment has ended."""
        id_ = self.ids[which]
        with suppress(RuleBroken):
            if conversation > len(self.school.state(id_).conversations):
                conversation = self.school.desk.start_conversation(id_, "Hej", notify=notify)
            else:
                self.school.desk.write(id_, conversation, "Hej", notify=notify)
            if notify is Notify.COLLECTED:
                number = self.school.state(id_).conversations[conversation - 1].from_therapist
                self.sent.append(Sent(id_, conversation, number, self.school.now))

    @rule(which=st.integers(0, 2), conversation=st.integers(1, 2))
    def read(self, which: int, conversation: int) -> None:
        """The patient reads, unless access is over."""
        id_ = self.ids[which]
        if conversation <= len(self.school.state(id_).conversations):
            with suppress(RuleBroken):
                self.school.school.patient(self.whose[id_]).read_conversation(id_, conversation)

    @rule(which=st.integers(0, 2), ends=st.booleans())
    @precondition(lambda self: len(self.sent) > 2)
    def close(self, which: int, ends: bool) -> None:
        """The therapist ends an enrolment, or sets its access to be over at the end of the next day."""
        with suppress(RuleBroken):
            if ends:
                self.school.desk.end(self.ids[which], reason="klar")
            else:
                self.school.desk.maintain(self.ids[which], days=1, modules=[1])

    @rule(
        clock=st.sampled_from(["09:00", "09:00", "09:00", "11:30", "12:00", "08:00"]),
        early=st.sampled_from([False, False, True]),
        days=st.integers(0, 2),
        written=WRITTEN,
        going=GOINGS,
    )
    def wait_until(self, clock: str, early: bool, days: int, written: list[int], going: Going) -> None:
        """Time goes on to one of the boundaries, or to an instant before it, and a worker makes a pass."""
        for which in written:
            self.write(which, 1, Notify.COLLECTED)
        day = (self.school.now.astimezone(STOCKHOLM) + timedelta(days=days)).date()
        then = local(f"{day} {clock}") - (INSTANT if early else 0 * INSTANT)
        self.school.now = max(self.school.now, then)
        self.deliver(going)

    @rule(minutes=st.sampled_from([0, 1, 5, 16, 16, 30, 125, 600]), written=WRITTEN, going=GOINGS)
    def wait(self, minutes: int, written: list[int], going: Going) -> None:
        """Some time goes by, and a worker makes a pass."""
        for which in written:
            self.write(which, 1, Notify.COLLECTED)
        self.school.advance(minutes=minutes)
        self.deliver(going)

    def deliver(self, going: Going) -> None:
        """A worker makes a pass."""
        self.inbox.to_come = [*going.hand_overs]
        self.work(going)
        self.inbox.to_come = []
        self.at_most_one_a_day_and_in_the_forenoon()

    def work(self, going: Going) -> None:
        """A worker of its own process makes a pass, with the others' storage and inbox."""
        storage = cast(Storage, StruckStorage(self.storage, going))
        ports = evolve(self.school.ports, storage=storage, inbox=self.inbox)
        worker = PainSchool(ports, catalogue=self.school.catalogue, clock=lambda: self.school.now)
        with suppress(StorageFailed, Killed):
            worker.delivery(batch=going.batch).run()

    def pause(self, how: HandOver) -> None:
        """Let time go by and others act in the midst of a hand-over."""
        self.school.advance(minutes=how.sleeps)
        if how.meanwhile is Meanwhile.WORKER:
            self.work(Going())
        elif how.meanwhile is Meanwhile.READS:
            self.read(how.which, 1)
        elif how.meanwhile is Meanwhile.WRITES:
            self.write(how.which, 1, Notify.COLLECTED)
        elif how.meanwhile is Meanwhile.ENDS:
            self.close(how.which, ends=True)

    def collected(self) -> list[tuple[datetime, Notice]]:
        """Give what arrived of collected notifications, each with the instant at which its hand-over began."""
        records = (record.notification for id_ in self.ids for record in self.storage.notifications(id_))
        keys = {notification.id for notification in records if notification.collected}
        return [(at, notice) for at, notice in self.inbox.arrived if notice.key in keys]

    def at_most_one_a_day_and_in_the_forenoon(self) -> None:
        """Nobody is disturbed twice on a day, or in the night."""
        arrived = [(at.astimezone(STOCKHOLM), notice.person.value) for at, notice in self.collected()]
        assert all(9 <= at.hour < 12 for at, _ in arrived)
        a_day = Counter((at.date(), person) for at, person in arrived)
        assert {1} >= set(a_day.values())

    def teardown(self) -> None:
        """After some quiet days every message has been told of, or what became of it is on record."""
        try:
            for _ in range(4):
                self.school.now = local(f"{(self.school.now.astimezone(STOCKHOLM) + timedelta(days=1)).date()} 09:00")
                self.deliver(Going())
            for message in self.sent:
                self.is_accounted_for(message)
        finally:
            self.storage.close()

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
        person = self.whose[message.enrolment_id]
        if record.status in {Status.DELIVERED, Status.MERGED}:
            assert any(at > message.at for at, notice in self.collected() if notice.person.value == person)
        elif record.status is Status.DROPPED:
            self.is_dropped_rightly(message, record)
        else:
            assert Status.FAILED is record.status
            assert record.notification.id in state.undelivered

    def is_dropped_rightly(self, message: Sent, record: NotificationRecord) -> None:
        """When it was dropped nothing was left to tell of; and the timeline says that it was."""
        events = self.school.events(message.enrolment_id)
        noted = [
            place
            for place, event in enumerate(events)
            if isinstance(event, NotificationDropped) and event.notification == record.notification.id
        ]
        assert noted
        assert record.settled_at is not None
        then = folded(apply(None, events[0]), events[1 : noted[0]])
        conversation = then.conversations[message.conversation - 1]
        assert conversation.read_by_patient >= message.number or not access(then, record.settled_at).read_messages


def machine_on(opens: Opens) -> type[CollectedMachine]:
    """Give the machine over one kind of storage."""
    return type("Machine", (CollectedMachine,), {"opens": staticmethod(opens)})


@pytest.mark.rule("D-13a")
def test_whatever_happens_nobody_is_told_twice_or_never(opens: Opens) -> None:
    """Otherwise a patient would be told twice on a day, at night, or never."""
    examples = 120 if opens is MemoryStorage else 60
    run_state_machine_as_test(
        machine_on(opens), settings=settings(UNHURRIED, max_examples=examples, stateful_step_count=30)
    )


@pytest.mark.rule("D-13a")
def test_the_end_of_one_enrolment_lets_no_second_notice_go_on_a_day(opens: Opens) -> None:
    """Otherwise a worker that died, a fault and an ending would together tell a patient twice on a day."""
    machine = machine_on(opens)()
    try:
        machine.begin("2026-06-01 08:00")
        machine.write(which=1, conversation=1, notify=Notify.COLLECTED)
        machine.school.at("2026-06-01 10:00")
        machine.write(which=0, conversation=1, notify=Notify.COLLECTED)
        machine.school.at("2026-06-02 09:00")
        machine.deliver(Going(hand_overs=(HandOver(killed=True),)))
        machine.wait(16, [], Going(hand_overs=(HandOver(takes=Takes.NOT),)))
        machine.close(which=0, ends=True)
        machine.wait(30, [], Going())
    finally:
        machine.teardown()


@pytest.mark.rule("D-13b")
def test_a_storage_that_fails_once_leaves_no_timeline_without_the_note(opens: Opens) -> None:
    """Otherwise a message would be dropped, and nothing on its timeline would say so."""
    machine = machine_on(opens)()
    try:
        machine.begin("2026-06-01 08:00")
        for which in (0, 1):
            machine.write(which=which, conversation=1, notify=Notify.COLLECTED)
            machine.read(which=which, conversation=1)
        machine.wait(60, [], Going(struck=1, by=StorageFailed))
    finally:
        machine.teardown()


@pytest.mark.rule("M-13")
@settings(UNHURRIED, max_examples=60)
@given(
    start=st.sampled_from(BEFORE_THE_CHANGES),
    minutes=st.lists(st.integers(0, 72 * 60), min_size=1, max_size=6),
    tick=st.integers(1, 59),
)
def test_with_a_worker_that_runs_no_message_waits_longer_than_25_hours(
    start: str, minutes: list[int], tick: int
) -> None:
    """Otherwise "kan dröja en dag" would not be true."""
    inbox = WatchedInbox(lambda: school.now)
    school = Scenario(inbox=inbox)
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
