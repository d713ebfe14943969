"""Law 5: every collected message goes in one forenoon window or is dropped on record; one a patient and window.

The same under overlapping workers, leases that run out, workers that die, failing inboxes and storages, missed days,
and both clock changes; on every storage.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.testing.environment import PortsFactory, at_a_pace, in_memory
from digital_painschool.testing.faults import RecordingPorts
from digital_painschool.testing.lifecycle import LifecycleMachine
from digital_painschool.testing.scenario import Scenario
from tests.laws.machines import machine_on, run

pytestmark = pytest.mark.search

BEFORE_THE_CHANGES = (
    "2026-03-27 12:00",
    "2026-10-23 12:00",
    "2027-03-26 12:00",
    "2027-10-29 12:00",
    "2026-06-01 12:00",
)


@pytest.mark.rule("D-13a")
def test_whatever_happens_nobody_is_told_twice_or_never(ports_factory: PortsFactory) -> None:
    """Otherwise a patient would be told twice on a day, at night, or never."""
    run(ports_factory, "messages", 30 if ports_factory is in_memory else 10)


SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
PACES = {
    "a notice a second": ChannelPace(interval=SECOND),
    "a notice a minute": ChannelPace(interval=MINUTE),
    "forty minutes": ChannelPace(interval=40 * MINUTE),
    "two, and a pause": ChannelPace(interval=2 * SECOND, round_size=2, pause=70 * MINUTE),
}


@pytest.mark.rule("D-13a", "D-13e")
@pytest.mark.parametrize("pace", PACES)
def test_whatever_happens_a_pace_excuses_what_it_has_no_slot_for(ports_factory: PortsFactory, pace: str) -> None:
    """Otherwise a slow inbox would lose notices, let new ones go before old ones, or leave its slots unused."""
    run(at_a_pace(PACES[pace], ports_factory), "messages", 6 if ports_factory is in_memory else 2)


@contextmanager
def a_history(ports_factory: PortsFactory) -> Iterator[LifecycleMachine]:
    """Yield the machine, with three enrolments of two patients, whose books are looked at when it is over."""
    machine = machine_on(ports_factory, "messages")()
    machine.begin(start="2026-06-01 08:00", ordering="guided", policy="usual", focus="messages")
    try:
        yield machine
    finally:
        machine.teardown()


@pytest.mark.rule("D-13a")
def test_the_end_of_one_enrolment_lets_no_second_notice_go_on_a_day(ports_factory: PortsFactory) -> None:
    """Otherwise a worker that died, a fault and an ending would together tell a patient twice on a day."""
    with a_history(ports_factory) as it:
        it.therapist_writes(enrolment=1, conversation=1, notify="collected")
        it.wait(hours=2, microseconds=0)
        it.therapist_writes(enrolment=0, conversation=1, notify="collected")
        it.wait_for(edge="run", days=0, microseconds=0)
        it.deliver_with_trouble(troubles=["dies"], struck="no", write=0, batch=200)
        it.move(it.now + timedelta(minutes=16))
        it.deliver_with_trouble(troubles=["busy"], struck="no", write=0, batch=200)
        it.end(enrolment=0, reason="klar")
        it.move(it.now + timedelta(minutes=30))
        it.deliver()


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("run", "again", "act", "afterwards"),
    [
        ("dies", "none", "reads", False),
        ("dies", "busy", "ends", True),
        ("claims early and dies", "none", "reads", True),
        ("busy again", "none", "reads", True),
        ("busy, after a late pass", "busy", "ends", False),
    ],
)
def test_what_two_days_ask_for_goes_as_one(
    ports_factory: PortsFactory, run: str, again: str, act: str, afterwards: bool
) -> None:
    """Otherwise a missed day, a fault and a reader would together tell a patient twice on a day."""
    with a_history(ports_factory) as it:
        it.two_days_in_one(first=0, run=run, again=again, act=act, of_first=False, afterwards=afterwards)


@pytest.mark.rule("D-13b")
def test_a_storage_that_fails_once_leaves_no_timeline_without_the_note(ports_factory: PortsFactory) -> None:
    """Otherwise a message would be dropped, and nothing on its timeline would say so."""
    with a_history(ports_factory) as it:
        for enrolment in (0, 1):
            it.therapist_writes(enrolment=enrolment, conversation=1, notify="collected")
            it.patient_reads(enrolment=enrolment, conversation=1)
        it.wait(hours=1, microseconds=0)
        it.deliver_with_trouble(troubles=[], struck="fails", write=1, batch=200)


@pytest.mark.rule("M-13")
@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=25)
@given(
    start=st.sampled_from(BEFORE_THE_CHANGES),
    minutes=st.lists(st.integers(0, 72 * 60), min_size=1, max_size=6),
    tick=st.integers(7, 59),
)
def test_with_a_worker_that_runs_no_message_waits_longer_than_25_hours(
    start: str, minutes: list[int], tick: int
) -> None:
    """Otherwise "kan dröja en dag" would not be true."""
    recording = RecordingPorts(in_memory)
    school = Scenario(recording.ports_factory)
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
    late = timedelta(hours=25, minutes=tick)
    assert len(minutes) == len(written)
    arrived = [arrival.at for arrival in recording.arrivals]
    assert all(any(at <= arrival <= at + late for arrival in arrived) for at in written)
