"""The worker at the pace of a channel: slots, what is more urgent, other workers, the end of the forenoon."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.pace import ChannelPace, ForenoonPlan
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import ConfigurationError, DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.contracts.paces import assert_keeps
from digital_painschool.testing.environment import Environment, in_memory, local
from digital_painschool.testing.faults import Call, calls_of, with_faults
from digital_painschool.testing.people import ANNA, NUMBERS
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NINE, NONE, asking, write
from tests.scenario import beside

pytestmark = pytest.mark.rule("D-13e")

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
PACE = ChannelPace(interval=SECOND, round_size=5, pause=5 * MINUTE)
NOON = local("2026-03-02 12:00")


class PacedInbox(MemoryInbox):
    """An inbox that declares a pace, notes when it is called, and takes its time."""

    pace: ChannelPace | None = PACE

    def __init__(self, school: "Callable[[], Scenario]") -> None:
        super().__init__()
        self._school = school
        self.called: list[datetime] = []
        self.meanwhile: dict[int, Callable[[], object]] = {}
        """What happens during a call, by its ordinal."""
        self.takes: timedelta = SECOND / 10
        self.error: BaseException | None = None

    def deliver(self, notice: Notice) -> Delivered:
        self.called.append(self._school().now)
        self._school().now += self.takes
        self.meanwhile.pop(len(self.called), lambda: None)()
        if self.error is not None:
            raise self.error
        return super().deliver(notice)


class Slow(Scenario):
    """A school whose inbox has a pace."""

    def __init__(self, pace: ChannelPace = PACE, policy: Policy | None = None) -> None:
        self.inbox = PacedInbox(lambda: self)
        self.inbox.pace = pace
        super().__init__(self._ports, policy=policy or Policy())

    def _ports(self, environment: Environment) -> Ports:
        return environment.ports(inbox=self.inbox)

    def wait_for_nine(self, patients: int) -> None:
        """Let so many patients get a collected message, and the forenoon begin."""
        for number in NUMBERS[:patients]:
            asking(self, number)
        self.now = NINE

    def seconds(self) -> list[float]:
        """Return how many seconds after nine the inbox was called."""
        return [(at - NINE) / SECOND for at in self.inbox.called]


def test_notices_go_at_the_pace_that_the_inbox_declares() -> None:
    """Otherwise the national inbox would get hundreds a second, and shut the region out, or wait for nobody's slots."""
    school = Slow()
    school.wait_for_nine(6)
    assert 6 == school.deliver().sent
    assert [0, 1, 2, 3, 4, 304] == school.seconds()
    assert NONE == school.deliver()
    school.desk.write(EnrolmentId("e-0001"), 1, "Nu", notify=Notify.DIRECT)
    assert (1, 305) == (school.deliver().sent, school.seconds()[-1])


def test_a_slow_inbox_gets_no_burst_afterwards() -> None:
    """Otherwise an inbox that is overloaded already would get all that it was too slow for at once."""
    school = Slow(ChannelPace(interval=SECOND))
    school.wait_for_nine(6)
    school.inbox.takes = 2 * SECOND
    school.inbox.meanwhile[2] = lambda: setattr(school.inbox, "takes", SECOND / 10)
    assert 6 == school.deliver().sent
    assert_keeps(ChannelPace(interval=SECOND), school.inbox.called)
    assert [0, 2, 4] == school.seconds()[:3]


def test_an_inbox_that_hangs_loses_its_slots_and_no_notice() -> None:
    """Otherwise claims that could not be sent in time would be lost, or sent beside another worker's."""
    school = Slow(ChannelPace(interval=SECOND))
    school.wait_for_nine(6)
    school.inbox.meanwhile[2] = lambda: school.advance(minutes=20)
    assert 6 == school.deliver().sent
    assert_keeps(ChannelPace(interval=SECOND), school.inbox.called)


def test_a_slot_that_a_dropped_notice_leaves_is_used() -> None:
    """Otherwise a run would take its own slots for another worker's, and end with notices that wait."""
    school = Slow(ChannelPace(interval=MINUTE))
    school.wait_for_nine(3)
    school.inbox.takes = 0 * SECOND
    school.room.read_conversation(EnrolmentId("e-0001"), 1)
    report = school.deliver()
    assert ([0, 60], 2, 1) == (school.seconds(), report.sent, report.dropped)


@pytest.mark.rule("M-12")
def test_what_becomes_due_meanwhile_goes_within_about_a_minute() -> None:
    """Otherwise a direct message, or an e-mail, would wait behind hours of collected notices."""
    school = Slow(ChannelPace(interval=40 * SECOND))
    school.wait_for_nine(5)
    urgent = asking(school, NUMBERS[5], notify=Notify.NONE)
    written: list[datetime] = []

    def write_directly() -> None:
        written.append(school.now)
        school.desk.write(urgent, 1, "Nu", notify=Notify.DIRECT)

    school.inbox.meanwhile[2] = write_directly
    assert 6 == school.deliver().sent
    persons = [notice.person for notice in school.inbox.delivered]
    place = persons.index(school.state(urgent).person)
    assert place < 5
    assert school.inbox.called[place] - written[0] <= 2 * MINUTE


def test_an_e_mail_does_not_wait_for_the_pause_of_the_inbox() -> None:
    """Otherwise a therapist would hear of an alert when the patients have all been told."""
    school = Slow(evolve(PACE, round_size=4), Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True)
    school.wait_for_nine(5)
    enrolment = school.start(NUMBERS[5])
    at: list[datetime] = []

    def wait(seconds: float) -> None:
        if seconds > MINUTE / SECOND / 2 and not at:
            school.complete(enrolment, 1, 2, 3)
            at.append(school.now)
        school.now += seconds * SECOND

    vars(school)["wait"] = wait
    school.restart()
    seen: list[int] = []
    school.inbox.meanwhile[5] = lambda: seen.append(len(school.environment.email.sent))
    assert 6 == school.deliver().sent
    assert [1] == seen
    assert school.inbox.called[4] - at[0] > 4 * MINUTE


@pytest.mark.rule("D-13a")
def test_what_does_not_fit_into_the_forenoon_goes_first_the_next_day(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a telephone would ring at night, or the same patients would wait every day (law 5)."""
    school = Slow(ChannelPace(interval=80 * MINUTE))
    school.wait_for_nine(4)
    with caplog.at_level(logging.WARNING):
        report = school.deliver()
    assert (3, 1, 1) == (report.sent, report.waiting, report.planned[0].too_late)
    assert "inbox: 1 do not go in this forenoon" in caplog.text
    assert all(NINE <= at < NOON for at in school.inbox.called)
    told = {notice.person for notice in school.inbox.delivered}
    school.at("2026-03-03 08:00")
    for enrolment in school.desk.caseload().rows:
        if school.state(enrolment.enrolment_id).person in told:
            write(school, enrolment.enrolment_id)
    school.at("2026-03-03 09:00")
    assert 3 == school.deliver().sent
    assert school.inbox.delivered[3].person not in told


@pytest.mark.parametrize(
    ("pace", "batch", "others"), [(PACE, 200, 1), (ChannelPace(interval=SECOND), 200, 0), (PACE, 2, 4)]
)
def test_a_second_worker_keeps_to_the_same_pace_and_ends_when_there_is_nothing_for_it(
    pace: ChannelPace, batch: int, others: int
) -> None:
    """Otherwise cron's runs would pile up all forenoon, or two workers send twice as fast."""
    school = Slow(pace)
    school.wait_for_nine(6)
    reports: list[int] = []
    another = school.another(school.ports).delivery(batch=2)
    school.inbox.meanwhile[2] = lambda: reports.append(another.run().sent)
    assert 6 - others == school.school.delivery(batch=batch).run().sent
    assert [others] == reports
    assert_keeps(pace, school.inbox.called)


def test_a_crash_wastes_slots_and_loses_no_other_notice() -> None:
    """Otherwise a worker that dies would take a minute of patients with it, as suspects of its death."""
    school = Slow(ChannelPace(interval=SECOND))
    school.wait_for_nine(5)
    school.inbox.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        school.deliver()
    school.inbox.error = None
    school.advance(minutes=15)
    claims = school.storage.claim(school.now, 100, MINUTE)
    assert [0, 0, 0, 0] == [claim.lost for claim in claims]
    school.advance(minutes=2)
    assert 5 == school.deliver().sent
    assert_keeps(ChannelPace(interval=SECOND), school.inbox.called)


def test_a_claim_holds_what_goes_in_half_a_lease() -> None:
    """Otherwise a lease would end before the last notice of its claim has gone, which two workers would send."""
    limits: list[int] = []

    def around(call: Call) -> object:
        if call.method == "claim" and call.args[3:] == ({Channel.INBOX},):
            limits.append(call.args[1])
        return call.go()

    school = Slow(ChannelPace(interval=30 * SECOND))
    worker = beside(school, around).delivery(lease=4 * MINUTE)
    school.wait_for_nine(6)
    assert 6 == worker.run().sent
    assert {3} == set(limits[:1])
    assert max(limits) * 30 * SECOND <= 2 * MINUTE


def test_without_a_pace_nothing_is_counted_or_reserved() -> None:
    """Otherwise every school would be slower for a limit that only some inboxes have."""
    school = Scenario(with_faults(in_memory, storage=[]))
    asking(school)
    school.now = NINE
    assert 1 == school.deliver().sent
    calls = calls_of(school.storage)
    assert (True, 0, 0) == ("claim" in calls, calls.count("reserve_slots"), calls.count("count_due"))


def test_a_run_that_is_stopped_finishes_the_one_at_hand_and_gives_the_others_back() -> None:
    """Otherwise a restart of the service would take half an hour, or hold up patients until a lease is over."""
    school, stop = Slow(), Event()
    school.wait_for_nine(6)
    school.inbox.meanwhile[2] = stop.set
    assert 2 == school.school.delivery(stop=stop).run().sent
    assert 4 == len(school.storage.claim(school.now, 100, MINUTE))


def test_a_clock_that_stands_still_ends_the_run() -> None:
    """Otherwise a host that forgets to move its clock would wait for ever."""
    school = Slow()
    school.wait_for_nine(3)
    vars(school)["wait"] = lambda _: None
    school.restart()
    school.inbox.takes = timedelta(0)
    assert 1 == school.deliver().sent


def test_a_run_says_what_is_due_and_when_it_is_done(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise an operator would not know at nine whether the forenoon is long enough."""
    school = Slow()
    school.wait_for_nine(6)
    with caplog.at_level(logging.INFO):
        [plan] = school.school.delivery().plan()
    assert (6, NINE + 304 * SECOND, NOON, 0) == (plan.notices, plan.done_by, plan.ends_at, plan.too_late)
    assert "inbox: 6 due, done by 2026-03-02T08:05:04+00:00" in caplog.text
    assert ANNA not in caplog.text
    told: list[tuple[tuple[ForenoonPlan, ...], int]] = []
    caplog.clear()
    with caplog.at_level(logging.INFO):
        report = school.school.delivery().run(announce=lambda plans: told.append((plans, len(school.inbox.delivered))))
    assert (plan,) == report.planned
    assert [((plan,), 0)] == told
    assert 1 == caplog.text.count("inbox: 6 due")


@pytest.mark.parametrize("wrong", [1, "1 s", timedelta(seconds=1), ChannelPace])
def test_a_pace_that_is_none_is_refused_at_the_start(wrong: Any) -> None:
    """Otherwise a school would open, and fail on its first forenoon."""
    school = Slow()
    school.inbox.pace = wrong
    with pytest.raises(ConfigurationError, match="declares a pace that is no ChannelPace"):
        school.restart()
    school.inbox.pace = None
    with pytest.raises(ConfigurationError, match="paces has a ChannelPace, or None, for each Channel"):
        school.another(evolve(school.ports, paces={Channel.INBOX: wrong}))


@pytest.mark.parametrize("failure", [AttributeError(ANNA), KeyError(ANNA), DeliveryError(ANNA)])
def test_an_inbox_that_fails_to_say_its_pace_has_not_none(failure: Exception) -> None:
    """Otherwise a mistake in an adapter would send everything at once."""

    def fail(_: MemoryInbox) -> ChannelPace:
        raise failure

    inbox = type("Failing", (MemoryInbox,), {"pace": property(fail)})()
    with pytest.raises((ConfigurationError, DeliveryError)):
        Scenario(lambda environment: environment.ports(inbox=inbox))


def test_a_pace_that_is_set_takes_the_place_of_the_declared_one() -> None:
    """Otherwise an operator could not slow down, or lift, what an adapter's author has guessed."""
    for pace, expected in ((None, [0, 0.1, 0.2]), (ChannelPace(interval=4 * SECOND), [0, 4, 8])):
        school = Slow()
        school.ports_factory = lambda environment, s=school, p=pace: evolve(
            s._ports(environment), paces={Channel.INBOX: p}
        )  # type: ignore[misc]
        school.restart()
        school.wait_for_nine(3)
        school.deliver()
        assert expected == pytest.approx(school.seconds())


@pytest.mark.parametrize(
    ("at", "left"),
    [("2026-03-02 03:00", 180), ("2026-03-02 11:50", 10), ("2026-03-02 11:59:57", 3), ("2026-03-02 12:00", 0)],
)
def test_the_status_says_what_a_channel_still_takes_today(at: str, left: int) -> None:
    """Otherwise an operator would learn at noon that the forenoon was too short."""
    school = Slow(ChannelPace(interval=SECOND, round_size=5, pause=5 * MINUTE - 4 * SECOND), Policy())
    school.now = local(at)
    assert {Channel.INBOX: left} == school.school.delivery().status().capacity_left
