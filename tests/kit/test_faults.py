"""Faults: each call goes wrong where it is told to, and nowhere else."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from time import monotonic
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryMessenger, MemoryStorage
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event as Fact
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import DeliveryError, InvalidIdentity, StorageError
from digital_painschool.ports import Clock, Ports, Storage
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.storage import list_receipts, load_enrolment
from digital_painschool.testing.contracts import every_call
from digital_painschool.testing.environment import START, Environment, PortsFactory, in_memory, on_sqlite
from digital_painschool.testing.faults import (
    SENDS,
    WRITES,
    Answers,
    Call,
    Dies,
    Fails,
    Fault,
    FaultPlan,
    Hangs,
    Killed,
    Meanwhile,
    Process,
    RecordingPorts,
    Sleeps,
    When,
    calls_of,
    faulty,
    watched,
    with_faults,
)
from digital_painschool.testing.people import ANNA, BO, NURSE, PERSON
from digital_painschool.testing.reference.arrivals import Arrivals
from digital_painschool.testing.scenario import Scenario

HOUR = timedelta(hours=1)


def with_storage(*faults: Fault) -> Scenario:
    """Open a school in memory whose storage has faults."""
    return Scenario(with_faults(in_memory, storage=faults))


def with_inbox(*faults: Fault) -> Scenario:
    """Open a school in memory whose inbox has faults, with a message to be notified of directly."""
    school = Scenario(with_faults(in_memory, inbox=faults))
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    return school


@pytest.mark.parametrize("ports_factory", [in_memory, on_sqlite], ids=["memory", "sqlite"])
def test_the_n_th_call_of_a_method_fails_with_the_port_s_own_error_and_nothing_is_changed(
    ports_factory: PortsFactory,
) -> None:
    """Otherwise a test could not choose the moment at which a storage fails, on whatever storage it runs."""
    with Scenario(with_faults(ports_factory, storage=[Fault("save", call=2)])) as school:
        school.start()
        with school.unchanged(), pytest.raises(StorageError):
            school.start(BO)
        assert "e-0003" == school.start(BO)


@pytest.mark.parametrize(("when", "is_there"), [(When.BEFORE, False), (When.AFTER, True)])
def test_a_call_fails_before_its_effect_or_after_it(when: When, is_there: bool) -> None:
    """Otherwise nobody could try what happens when an answer gets lost on the way back."""
    school = with_storage(Fault("save", when=when))
    with pytest.raises(StorageError):
        school.start()
    assert is_there == (load_enrolment(school.storage, EnrolmentId("e-0001")) is not None)


def test_any_exception_can_be_raised_of_any_method_for_good() -> None:
    """Otherwise an adapter of another make, with errors of its own, could not be imitated."""
    school = with_inbox(Fault(does=ValueError("no"), times=None))
    assert DeliveryReport(retried=1) == school.deliver()
    school.advance(minutes=5)
    assert DeliveryReport(retried=1) == school.deliver()


def test_some_calls_in_a_row_are_struck_and_those_after_them_go_well() -> None:
    """Otherwise an outage that ends could not be told from one that does not."""
    school = with_storage(Fault("load_many", call=2, times=2))
    school.start()
    outcomes = []
    for _ in range(4):
        try:
            school.state(EnrolmentId("e-0001"))
            outcomes.append("well")
        except StorageError:
            outcomes.append("failed")
    assert ["well", "failed", "failed", "well"] == outcomes


def test_only_calls_that_are_asked_for_are_counted() -> None:
    """Otherwise one bad address among many could not be imitated."""
    school = Scenario(with_faults(in_memory, inbox=[Fault("reach", of=lambda call: BO == call.args[0].value)]))
    for number in (ANNA, BO):
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(sent=1, delivered=1, retried=1) == school.deliver()


def test_each_port_has_its_own_error() -> None:
    """Otherwise a fault would raise what the contract does not know, and the test would test something else."""
    fails = [Fault(times=None)]
    open_failing = with_faults(in_memory, identity=fails, inbox=fails, directory=fails, messengers=fails, storage=fails)
    ports = open_failing(Environment())
    with pytest.raises(InvalidIdentity):
        ports.identity.parse(ANNA, today=START.date())
    with pytest.raises(DeliveryError):
        ports.inbox.forget([])
    with pytest.raises(DeliveryError):
        ports.directory.find(NURSE.hsa_id)
    with pytest.raises(DeliveryError):
        ports.messengers[0].forget([])
    with pytest.raises(StorageError):
        list_receipts(ports.storage, NURSE.unit)


class Noted:
    """An observer that notes how often it was told."""

    def __init__(self) -> None:
        self.times = 0

    def notice(self, enrolment: Enrolment, events: tuple[Fact, ...]) -> None:
        """Take note."""
        self.times += 1


@pytest.mark.parametrize(("when", "times"), [(When.BEFORE, 0), (When.AFTER, 1)])
def test_an_observer_that_fails_stops_nothing(when: When, times: int) -> None:
    """Otherwise a screen that refreshes could stop a step, and no fault would show it."""
    noted = Noted()
    school = Scenario(
        with_faults(lambda environment: environment.ports(observers=(noted,)), observers=[Fault(when=when)])
    )
    assert "e-0001" == school.start()
    assert times == noted.times


def test_nothing_that_catches_errors_stops_the_death_of_the_process() -> None:
    """Otherwise an `except Exception` on the way would go on where a dead process cannot."""
    school = with_inbox(Fault("deliver", does=Dies(), when=When.AFTER))
    with pytest.raises(Killed):
        school.deliver()
    school.ports_factory = in_memory
    school.restart()
    school.advance(minutes=15)
    assert DeliveryReport(delivered=1) == school.deliver()
    assert 1 == len(school.outbox)


def test_a_call_that_hangs_moves_the_clock_of_the_environment() -> None:
    """Otherwise a lease could not run out in the midst of a hand-over."""
    school = with_inbox(Fault("deliver", does=Hangs(minutes=16)))
    school.deliver()
    assert START + timedelta(minutes=16) == school.now
    late = with_inbox(Fault("deliver", does=Hangs(seconds=30), when=When.AFTER))
    assert (DeliveryReport(sent=1, delivered=1), START + timedelta(seconds=30)) == (late.deliver(), late.now)
    with pytest.raises(AssertionError, match="environment"):
        faulty(MemoryStorage(), Fault(does=Hangs(hours=1))).load_many([EnrolmentId("e-1")])


def test_a_call_can_sleep_in_real_time() -> None:
    """Otherwise nobody could try what several processes do while one waits."""
    began = monotonic()
    assert START == faulty(lambda: START, Fault(does=Sleeps(lambda: 0.05)))()
    assert monotonic() - began >= 0.05


def test_somebody_else_acts_during_a_call_and_another_answer_can_be_given() -> None:
    """Otherwise a race could be tried by luck alone, and a directory with a gap not at all."""
    school = Scenario(
        with_faults(
            in_memory,
            inbox=[Fault("deliver", does=Meanwhile(lambda _: school.room.read_conversation(EnrolmentId("e-0001"), 1)))],
            directory=[Fault("find", does=Answers(None), times=None)],
        )
    )
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 0 == school.desk.conversations(EnrolmentId("e-0001"))[0].unread
    assert school.ports.directory.find(NURSE.hsa_id) is None


def test_where_several_faults_strike_one_call_the_first_is_the_outermost() -> None:
    """Otherwise nobody could say what a list of faults does."""
    calls = count()
    clock: Clock = faulty(
        lambda: START + timedelta(next(calls)), Fault(when=When.AFTER), Fault(does=Meanwhile(Call.go))
    )
    with pytest.raises(OSError, match="asked for"):
        clock()
    assert START + timedelta(2) == clock()


def test_a_port_without_faults_counts_its_calls_anew_after_each_restart() -> None:
    """Otherwise a test could not ask how many calls a step makes, and a fault would depend on an earlier process."""
    school = with_storage(Fault("save", call=3))
    school.start()
    before = len(calls_of(school.storage))
    school.desk.review(EnrolmentId("e-0001"))
    assert ("load_many", "load_record", "save") == calls_of(school.storage)[before:]
    assert 2 == calls_of(school.storage).count("save")
    school.restart()
    assert "e-0002" == school.start(BO)
    with pytest.raises(AssertionError, match="faulty"):
        calls_of(Environment().storage)


def test_the_calls_of_several_ports_are_counted_together_from_the_injection_of_a_fault() -> None:
    """Otherwise the n-th write of a process, or the n-th hand-over by whatever way, could not be chosen."""
    plan = FaultPlan()
    now: Clock = lambda: START  # noqa: E731 - two ports, one like the other
    clock, other = (watched(now, plan, name=name) for name in ("clock", "other"))
    clock()
    fault = Fault(call=2)
    plan.inject(fault)
    clock()
    with pytest.raises(OSError, match="asked for"):
        other()
    assert ["clock.__call__", "clock.__call__", "other.__call__"] == plan.calls
    assert [("other.__call__", fault)] == [(call.name, one) for call, one in plan.struck]
    plan.inject(Fault())
    plan.clear()
    assert START == other()


def test_a_dead_process_makes_no_further_call() -> None:
    """Otherwise a `finally` on the way out could write what a dead process cannot."""
    process = Process(Fault(WRITES, call=2, does=Dies()))
    storage = watched(MemoryStorage(), process, name="storage")
    storage.log([])
    with pytest.raises(Killed, match=r"storage\.claim"):
        storage.claim(START, 1, HOUR)
    with pytest.raises(Killed, match=r"storage\.load_many"):
        storage.load_many([EnrolmentId("e-0001")])
    assert process.is_dead
    storage.close()


def test_the_writes_are_those_of_the_port() -> None:
    """Otherwise a write whose commit is lost would seem not to have happened, and a new one be struck by nobody."""
    assert every_call.WRITES.keys() == WRITES
    assert {name for name in dir(Storage) if name[0] != "_"} == {"close"} | WRITES | every_call.READS.keys()
    assert not WRITES & every_call.READS.keys()


@pytest.mark.parametrize(
    ("fault", "arrived", "failed"),
    [
        (Fault(SENDS, does=Hangs(hours=1)), [START], None),
        (Fault(SENDS, does=Dies(), when=When.AFTER), [START], None),
        (Fault(SENDS, does=DeliveryError("busy")), [], False),
        (Fault(SENDS, does=DeliveryError("never", permanent=True)), [], True),
    ],
    ids=["hangs", "dies after", "fails", "fails for good"],
)
def test_what_is_sent_is_recorded_with_when_its_sending_began(
    fault: Fault, arrived: list[datetime], failed: bool | None
) -> None:
    """Otherwise no harness could say what was sent, how often it was tried, and which faults excuse that it was not."""
    recording = RecordingPorts(in_memory)
    school = Scenario(recording.ports_factory)
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    recording.sending.inject(fault)
    worker = school.another(recording.ports_of(Process()))
    deliver: Callable[[], object] = worker.delivery().run
    if isinstance(fault.does, Dies):
        with pytest.raises(Killed):
            deliver()
    else:
        deliver()
    assert arrived == [one.at for one in recording.arrivals]
    assert 1 == recording.tries[PERSON]
    assert [failed is False, failed is True] == [
        recording.has_refused(PERSON, permanent=is_so) for is_so in (False, True)
    ]
    school.ports.inbox.forget(["a key"])
    assert {"a key"} == {key for _, key in recording.forgotten}


def test_what_was_accepted_without_an_answer_is_one_arrival() -> None:
    """Otherwise a harness would miss a notice that arrived, because the connection broke before the answer."""

    def without_an_answer(environment: Environment) -> Ports:
        lost = Fault("deliver", when=When.AFTER, does=ConnectionError())
        return evolve(in_memory(environment), inbox=faulty(environment.inbox, lost))

    recording = RecordingPorts(without_an_answer)
    school = Scenario(recording.ports_factory)
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    assert 1 == school.deliver().retried
    school.advance(minutes=5)
    assert 1 == school.deliver().delivered
    assert [PERSON] == [one.to for one in recording.arrivals]


class _Forgetful(MemoryMessenger):
    """A messenger whose channel recognises no key."""

    remembers_keys = False

    def send(self, *args: Any, **options: Any) -> Delivered:
        """Forget the key, and send."""
        self.forget([options["key"]])
        return super().send(*args, **options)


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("sending", "storage", "twice"),
    [
        ((Fault("send", when=When.AFTER, does=Dies()),), (), True),
        ((Fault("send", when=When.AFTER, does=ConnectionError()),), (), True),
        ((Fault("send", when=When.AFTER, does=Hangs(minutes=16)),), (Fault("complete", does=StorageError),), True),
        ((), (Fault("complete", does=StorageError),), True),
        ((), (Fault("complete", when=When.AFTER, does=Dies()),), False),
    ],
    ids=["dies", "answer lost", "hangs", "storage fails", "dies after it"],
)
def test_a_channel_without_keys_sends_once_more_for_each_result_that_nobody_stored(
    sending: tuple[Fault, ...], storage: tuple[Fault, ...], twice: bool
) -> None:
    """Otherwise law 5 would hold for no e-mail and no SMS, or would excuse whatever is sent twice."""
    recording = RecordingPorts(lambda environment: environment.ports(messengers=(_Forgetful(Channel.EMAIL),)))
    school = Scenario(recording.ports_factory)
    school.desk.receive_notifications(email=True, sms=False)
    id_ = school.start()
    school.complete(id_, 1, 2, 3)
    recording.sending.inject(*sending)
    with suppress(Killed, StorageError):
        school.another(recording.ports_of(Process(*storage))).delivery().run()
    for _ in range(3):
        school.advance(minutes=16)
        school.another(recording.ports_of(Process())).delivery().run()
    assert [0, 1][: 1 + twice] == [one.unstored for one in recording.arrivals]
    of_law_5 = Arrivals(Policy())
    assert [] == [found for one in recording.arrivals for found in of_law_5.add(one, digest_of=None)]
    once_more = recording.arrivals[-1]._replace(unstored=0)
    (found,) = of_law_5.add(once_more, digest_of=None)
    assert "was accepted as new twice" in str(found)


def test_a_port_with_faults_goes_on_as_it_is_otherwise() -> None:
    """Otherwise what is no call, such as a messenger's channel, would be gone."""
    environment = Environment()
    email = faulty(environment.email, Fault())
    assert environment.email.channel is email.channel


def test_a_fault_is_shown_as_the_code_that_makes_it() -> None:
    """Otherwise a failing test would not say what went wrong where."""
    fault = Fault("save", call=3, when=When.AFTER, does=Dies())
    assert "Fault('save', call=3, when=When.AFTER, does=Dies())" == repr(fault)
    storage: Storage = faulty(MemoryStorage(), fault)
    assert repr(storage).startswith(f"[{fault!r}] on <")
    assert "Hangs(minutes=16)" == repr(Hangs(minutes=16))
    assert "StorageError" in repr(Fails(StorageError))
    assert "When.BEFORE" == repr(When.BEFORE)
