"""The delivery worker, through the desks: one bad address, a crash or a missed day harms nobody else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.delivery import DeliveryReport
from digital_painschool.digest import DeliveryResult
from digital_painschool.enrolment import Enrolment
from digital_painschool.errors import Conflict, DeliveryFailed, InvalidValue, StorageFailed
from digital_painschool.events import AccessEnded, NotificationDropped, NotificationUndelivered
from digital_painschool.notification import Channel, Notify, Status, Template
from digital_painschool.people import HsaId, PersonId
from digital_painschool.policy import FlagKind, Policy
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice, Reach
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import NOTHING, AccessEntry
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import INSTANT, local, with_adapters

NINE = local("2026-03-02 09:00")


class FaultyInbox(MemoryInbox):
    """An inbox that raises what it is told to, for some patients or all."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.only: str | None = None
        self.asked: list[str] = []

    def deliver(self, notice: Notice) -> Delivered:
        self.asked.append(notice.key)
        if self.error is not None and self.only in (None, notice.person.value):
            raise self.error
        return super().deliver(notice)


class CrashingStorage(MemoryStorage):
    """A storage that fails when the worker writes down what it did, as if the process had died there."""

    def __init__(self) -> None:
        super().__init__()
        self.dead = False

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        if self.dead:
            raise StorageFailed("the process died here")
        super().complete(results, access)


def dies_after_handing_over(school: Scenario, storage: CrashingStorage) -> None:
    """A worker hands over what is due, and dies before it has written that down."""
    storage.dead = True
    with pytest.raises(StorageFailed):
        school.deliver()
    storage.dead = False


def statuses(scenario: Scenario, enrolment_id: str) -> list[Status]:
    """Give what has become of each notification of an enrolment."""
    return [record.status for record in scenario.storage.notifications(enrolment_id)]


@pytest.mark.rule("M-13")
def test_an_instant_before_the_run_a_collected_notification_waits() -> None:
    """Otherwise collected would be no other than direct."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE - INSTANT
    assert DeliveryReport() == school.deliver()
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    (notice,) = school.world.inbox.delivered
    assert Template.MESSAGE_TO_READ is notice.template


@pytest.mark.rule("M-12")
def test_a_direct_notification_goes_at_any_hour() -> None:
    """Otherwise "Direkt" would wait for the forenoon like "Uppsamlat"."""
    school = Scenario()
    id_ = school.start()
    school.at("2026-03-02 23:59")
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("M-12")
def test_without_a_notification_nothing_is_sent_and_the_patient_finds_the_message() -> None:
    """Otherwise the therapist could not choose to leave the patient in peace."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej")
    school.advance(days=2)
    assert DeliveryReport() == school.deliver()
    assert () == school.desk.notifications(id_)
    assert 1 == school.room.overview(id_).unread_messages


@pytest.mark.rule("D-13a")
def test_many_messages_of_a_day_go_as_one_notification() -> None:
    """Otherwise the patient would get as many notices as messages."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    for text in ("och", "en", "sak", "till"):
        school.desk.write(id_, 1, text, notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)


@pytest.mark.rule("D-13a")
def test_two_enrolments_of_a_patient_at_a_unit_share_the_day_s_notification() -> None:
    """Otherwise a patient with two programs would get two notices a day."""
    school = Scenario()
    pain, sleep = school.start(), school.start(key="somnskola")
    school.desk.start_conversation(pain, "Hej", notify=Notify.COLLECTED)
    school.desk.start_conversation(sleep, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert [Status.DELIVERED] == statuses(school, pain) == statuses(school, sleep)


@pytest.mark.rule("D-13a")
def test_a_message_at_the_run_waits_for_the_next_day_s_and_one_before_it_does_not() -> None:
    """Otherwise a message in the same second as the run would go twice, or never."""
    school = Scenario()
    id_ = school.start()
    school.now = NINE - INSTANT
    school.desk.start_conversation(id_, "nyss", notify=Notify.COLLECTED)
    school.now = NINE
    school.desk.write(id_, 1, "nu", notify=Notify.COLLECTED)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert [Status.DELIVERED, Status.PENDING] == statuses(school, id_)
    school.now = local("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13a")
def test_three_missed_days_are_caught_up_with_one_notification() -> None:
    """Otherwise a worker that comes back would send one notice for each day that it missed."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    for day in (3, 4):
        school.at(f"2026-03-0{day} 08:00")
        school.desk.write(id_, 1, "fler", notify=Notify.COLLECTED)
    school.at("2026-03-05 11:00")
    assert DeliveryReport(sent=1, delivered=3) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)
    assert {Status.DELIVERED, Status.MERGED} == set(statuses(school, id_))


@pytest.mark.rule("D-13a")
def test_a_missed_run_is_caught_up_until_noon_and_not_at_noon() -> None:
    """Otherwise a notice could come in the afternoon or the night."""
    for clock, expected in (("11:59:59.999999", DeliveryReport(sent=1, delivered=1)), ("12:00", DeliveryReport(waiting=1))):
        school = Scenario()
        id_ = school.start()
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.at(f"2026-03-02 {clock}")
        assert expected == school.deliver()
    assert DeliveryReport() == school.deliver()
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13a")
def test_waiting_for_the_forenoon_costs_no_attempt() -> None:
    """Otherwise a worker that only looked would use up the attempts and give up."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-02 13:00")
    school.deliver()
    assert [0] == [record.attempts for record in school.desk.notifications(id_)]


@pytest.mark.rule("D-13a")
def test_passes_again_and_again_deliver_once() -> None:
    """Otherwise a cron that runs every minute would send every minute."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert [DeliveryReport(sent=1, delivered=1), DeliveryReport(), DeliveryReport()] == [school.deliver() for _ in range(3)]


@pytest.mark.rule("D-13a")
def test_a_unit_in_another_zone_has_its_own_forenoon() -> None:
    """Otherwise the notices of a unit in Helsinki would come at ten."""
    school = Scenario(policy=Policy(zone="Europe/Helsinki"))
    id_ = school.start()
    school.at("2026-03-03 08:00")
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = datetime(2026, 3, 3, 7, 0, tzinfo=UTC) - INSTANT
    assert DeliveryReport() == school.deliver()
    school.advance(microseconds=1)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("M-13")
@pytest.mark.parametrize(
    ("written", "run", "hours"),
    [
        ("2026-03-28 09:00", datetime(2026, 3, 29, 7, 0, tzinfo=UTC), 23),
        ("2026-10-24 09:00", datetime(2026, 10, 25, 8, 0, tzinfo=UTC), 25),
        ("2027-03-27 09:00", datetime(2027, 3, 28, 7, 0, tzinfo=UTC), 23),
        ("2027-10-30 09:00", datetime(2027, 10, 31, 8, 0, tzinfo=UTC), 25),
    ],
)
def test_over_a_clock_change_the_notification_goes_at_nine_local_time(written: str, run: datetime, hours: int) -> None:
    """Otherwise the notices would come at eight or ten on the day of the change, or twice."""
    school = Scenario()
    school.at(written)
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    assert timedelta(hours=hours) == run - school.now
    school.now = run - INSTANT
    assert DeliveryReport() == school.deliver()
    school.now = run
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13b")
def test_what_has_been_read_is_dropped_and_the_timeline_says_so() -> None:
    """Otherwise the patient would be told of something that is no news."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.room.read_conversation(id_, 1)
    school.now = NINE
    assert DeliveryReport(dropped=1) == school.deliver()
    assert () == school.world.inbox.delivered
    assert [Status.DROPPED] == statuses(school, id_)
    assert isinstance(school.events(id_)[-1], NotificationDropped)


@pytest.mark.rule("D-13b")
def test_what_is_read_in_part_still_goes() -> None:
    """Otherwise the second of two messages would never be told of."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.room.read_conversation(id_, 1)
    school.desk.write(id_, 1, "En sak till", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13b")
def test_a_shared_notification_that_is_dropped_is_noted_on_both_timelines() -> None:
    """Otherwise one of two enrolments would never tell what became of its notification."""
    school = Scenario()
    pain, sleep = school.start(), school.start(key="somnskola")
    for id_ in (pain, sleep):
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        school.room.read_conversation(id_, 1)
    school.now = NINE
    assert DeliveryReport(dropped=1) == school.deliver()
    assert isinstance(school.events(pain)[-1], NotificationDropped)
    assert isinstance(school.events(sleep)[-1], NotificationDropped)


def _shared(school: Scenario) -> tuple[str, str]:
    """Start two enrolments of one patient, who is to be told of both at nine."""
    both = school.start(), school.start(key="somnskola")
    for id_ in both:
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    return both


def _given_up(school: Scenario, id_: str) -> int:
    return sum(isinstance(event, NotificationUndelivered) for event in school.events(id_))


@pytest.mark.rule("D-13d")
def test_a_worker_that_was_overtaken_gives_up_on_no_timeline() -> None:
    """Otherwise the therapist would have a flag for something that came, on the first of two enrolments."""
    school = Scenario()
    both = _shared(school)

    class Slow(MemoryInbox):
        def deliver(self, notice: Notice) -> Delivered:
            school.advance(minutes=16)
            assert DeliveryReport(sent=1, delivered=1) == school.deliver()
            raise DeliveryFailed("for good", permanent=True)

    slow = school.another(attrs.evolve(school.ports, inbox=Slow()))
    assert DeliveryReport(waiting=1) == slow.delivery().run()
    assert [0, 0] == [_given_up(school, id_) for id_ in both]
    assert [Status.DELIVERED] == statuses(school, both[0])


@pytest.mark.rule("D-13d")
def test_what_was_half_given_up_is_given_up() -> None:
    """Otherwise the first timeline would say undelivered, and the patient would be told after all."""
    storage, inbox = StopsAtTheSecondNote(), FaultyInbox()
    inbox.error = DeliveryFailed("for good", permanent=True)
    school = Scenario(with_adapters(storage=storage, inbox=inbox))
    both = _shared(school)
    assert DeliveryReport(waiting=1) == school.deliver()
    assert [1, 0] == [_given_up(school, id_) for id_ in sorted(both)]
    inbox.error = None
    school.advance(minutes=16)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [1, 1] == [_given_up(school, id_) for id_ in sorted(both)]
    assert [Status.FAILED] == statuses(school, both[0])
    assert 1 == len(inbox.asked)


@pytest.mark.rule("D-13b")
def test_ending_drops_what_waits_in_the_same_transaction() -> None:
    """Otherwise a patient whose treatment is over would be called to read."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.desk.write(id_, 1, "Hej igen", notify=Notify.DIRECT)
    school.desk.end(id_, reason="klar")
    assert [Status.DROPPED, Status.DROPPED] == statuses(school, id_)
    assert 2 == sum(isinstance(event, NotificationDropped) for event in school.events(id_))
    school.now = NINE
    assert DeliveryReport() == school.deliver()


@pytest.mark.rule("D-13b")
def test_ending_one_of_two_enrolments_leaves_the_other_s_notification() -> None:
    """Otherwise ending the pain school would silence the sleep school."""
    school = Scenario()
    pain, sleep = school.start(), school.start(key="somnskola")
    school.desk.start_conversation(pain, "Hej", notify=Notify.COLLECTED)
    school.desk.start_conversation(sleep, "Hej", notify=Notify.COLLECTED)
    school.desk.end(pain, reason="klar")
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert [Status.DELIVERED] == statuses(school, sleep)


@pytest.mark.rule("D-13b")
def test_what_was_in_hand_at_the_end_is_dropped_by_the_next_worker() -> None:
    """Otherwise a worker that died would leave a notice that goes after the end."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    school.storage.claim(NINE, 10, timedelta(minutes=1))
    school.desk.end(id_, reason="klar")
    school.advance(minutes=2)
    assert DeliveryReport(dropped=1) == school.deliver()
    assert () == school.world.inbox.delivered


@pytest.mark.rule("D-13d")
def test_somebody_who_cannot_be_reached_gives_the_therapist_a_flag() -> None:
    """Otherwise the therapist would think that the patient had been told."""
    school = Scenario()
    id_ = school.start(RESERVE_NUMBER)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert (Flag(kind=FlagKind.UNDELIVERED),) == school.desk.to_handle(id_)
    assert [Status.UNREACHABLE] == statuses(school, id_)
    school.advance(days=3)
    assert DeliveryReport() == school.deliver()


@pytest.mark.rule("D-13d")
def test_a_failing_inbox_is_tried_again_after_each_wait_and_then_given_up_with_a_flag() -> None:
    """Otherwise a notice would be lost at the first fault, or tried for ever with nobody knowing."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("busy")
    school = Scenario(with_adapters(inbox=inbox))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    for minutes in (5, 30, 120, 720):
        assert DeliveryReport(retried=1) == school.deliver()
        school.advance(minutes=minutes, microseconds=-1)
        assert DeliveryReport() == school.deliver()
        school.advance(microseconds=1)
    assert () == school.desk.to_handle(id_)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [FlagKind.UNDELIVERED] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert [Status.FAILED] == statuses(school, id_)
    assert 1 == len(set(inbox.asked))
    assert 5 == len(inbox.asked)


@pytest.mark.rule("D-13d")
def test_a_permanent_failure_is_not_tried_again() -> None:
    """Otherwise the therapist would learn a day late that nothing was sent."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("the inbox has no such person", permanent=True)
    school = Scenario(with_adapters(inbox=inbox))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert isinstance(school.events(id_)[-1], NotificationUndelivered)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("error", [RuntimeError(ANNA), KeyError(), OSError("host"), ZeroDivisionError()])
def test_an_adapter_may_raise_anything_and_the_others_still_go(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise one patient's bad record would stop the notices of all, or its number would come into the log."""
    inbox = FaultyInbox()
    inbox.error, inbox.only = error, ANNA
    school = Scenario(with_adapters(inbox=inbox))
    for number in (ANNA, BO, CILLA):
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=2, delivered=2, retried=1) == school.deliver()
    assert {BO, CILLA} == {notice.person.value for notice in inbox.delivered}
    assert type(error).__name__ in caplog.text
    assert ANNA not in caplog.text


@pytest.mark.rule("D-13d")
def test_an_inbox_that_cannot_say_who_is_reachable_is_asked_again_later() -> None:
    """Otherwise a short outage would flag every patient as unreachable."""

    class Silent(MemoryInbox):
        def reach(self, person: PersonId) -> Reach:
            raise TimeoutError

    school = Scenario(with_adapters(inbox=Silent()))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(retried=1) == school.deliver()
    assert () == school.desk.to_handle(id_)


@pytest.mark.rule("D-13a")
def test_a_retry_of_a_collected_notification_stays_within_the_forenoon() -> None:
    """Otherwise a fault at 11:58 would send the notice in the afternoon."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("busy")
    school = Scenario(with_adapters(inbox=inbox))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-02 11:58")
    assert DeliveryReport(retried=1) == school.deliver()
    inbox.error = None
    school.at("2026-03-03 08:59:59.999999")
    assert DeliveryReport() == school.deliver()
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13a")
def test_yesterday_s_failed_notification_and_today_s_go_as_one_when_the_inbox_is_back() -> None:
    """Otherwise two waits of different lengths would give the patient two notices in one forenoon."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("busy")
    school = Scenario(with_adapters(inbox=inbox))
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    for clock in ("2026-03-02 11:50", "2026-03-02 11:55"):
        school.at(clock)
        assert DeliveryReport(retried=1) == school.deliver()
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    school.deliver()
    inbox.error = None
    for _ in range(36):
        school.advance(minutes=5)
        school.deliver()
    assert 1 == len(inbox.delivered)
    assert {Status.DELIVERED, Status.MERGED} == set(statuses(school, id_))


@pytest.mark.rule("D-13a")
def test_a_wait_that_reaches_into_another_day_ends_at_that_day_s_run() -> None:
    """Otherwise a long wait would make yesterday's notice come beside today's."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("busy")
    school = Scenario(with_adapters(inbox=inbox), policy=Policy(retry_minutes=(1500,)))
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(retried=1) == school.deliver()
    inbox.error = None
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    school.at("2026-03-03 11:00")
    assert DeliveryReport() == school.deliver()


@pytest.mark.rule("D-13a")
def test_a_crash_after_handing_over_sends_nothing_again() -> None:
    """Otherwise a worker that dies before it writes down would make the next one send the same notice."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    dies_after_handing_over(school, storage)
    assert DeliveryReport() == school.deliver()
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)
    assert [Status.DELIVERED] == statuses(school, id_)


@pytest.mark.rule("D-13a")
def test_a_crash_while_catching_up_missed_days_sends_nothing_twice_on_that_day() -> None:
    """Otherwise the one that was handed over would be passed over as known, and another sent beside it."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.at("2026-03-03 08:00")
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    dies_after_handing_over(school, storage)
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)


@pytest.mark.rule("D-13a")
def test_the_day_after_a_crash_the_new_message_is_told_of() -> None:
    """Otherwise yesterday's notice, handed over and not written down, would swallow today's."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.now = NINE
    dies_after_handing_over(school, storage)
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert 2 == len(school.world.inbox.delivered)


def late(school: Scenario, id_: str) -> None:
    """Write a message that is of before the run, by the clock of another worker."""
    here = school.now
    school.now = NINE - timedelta(microseconds=1)
    school.desk.write(id_, 1, "sent", notify=Notify.COLLECTED)
    school.now = here


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_the_day_s_notice_has_gone_goes_with_the_next_day_s() -> None:
    """Otherwise its patient would get a second notice on one forenoon."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    late(school, id_)
    assert DeliveryReport(waiting=1) == school.deliver()
    school.advance(hours=1)
    assert DeliveryReport() == school.deliver()
    school.desk.write(id_, 1, "i morgon", notify=Notify.COLLECTED)
    school.now = NINE + timedelta(days=1)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert 2 == len(school.world.inbox.delivered)
    attempts = [record.attempts for record in school.storage.notifications(id_)]
    assert [1, 1, 1] == attempts


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_nobody_could_be_told_goes_the_same_day() -> None:
    """Otherwise a patient who was told nothing would wait a day longer for a notice of two messages."""
    inbox = FaultyInbox()
    inbox.error = DeliveryFailed("busy")
    school = Scenario(with_adapters(inbox=inbox))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(retried=1) == school.deliver()
    inbox.error = None
    late(school, id_)
    school.advance(minutes=30)
    # It joins the one that is to be tried again.
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_a_worker_has_died_with_the_day_s_notice_is_told_of_once() -> None:
    """Otherwise the notice that was handed over would swallow it, or it be a second one on one forenoon."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    dies_after_handing_over(school, storage)
    late(school, id_)
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=1, waiting=1) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)
    school.now = NINE + timedelta(days=1)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 2 == len(school.world.inbox.delivered)


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_a_worker_has_died_with_an_earlier_day_s_notice_waits() -> None:
    """Otherwise it would be a second notice on one forenoon: what that worker handed over was of another day."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    school.at("2026-03-01 08:00")
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE  # nobody made the run of 1 March
    dies_after_handing_over(school, storage)
    late(school, id_)
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=1, waiting=1) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)
    school.now = NINE + timedelta(days=1)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 2 == len(school.world.inbox.delivered)


class DeadlyInbox(MemoryInbox):
    """An inbox that ends the worker's process at one patient, whatever happens."""

    def deliver(self, notice: Notice) -> Delivered:
        if notice.person.value == ANNA:
            raise SystemExit
        return super().deliver(notice)


@pytest.mark.rule("D-13d")
def test_a_notification_that_ends_every_worker_holds_up_nobody_else_s_and_is_given_up() -> None:
    """Otherwise all who are in its batch would never be told, and nobody would learn of it."""
    inbox = DeadlyInbox()
    school = Scenario(with_adapters(inbox=inbox), policy=Policy(retry_minutes=()))
    ids = [school.start(number) for number in (ANNA, BO, CILLA)]
    for id_ in ids:
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    for told in ({CILLA}, {CILLA}, *[{BO, CILLA}] * 4):
        with pytest.raises(SystemExit):
            school.deliver()
        assert told == {notice.person.value for notice in inbox.delivered}
        school.advance(minutes=15)
    assert [[Status.PENDING], [Status.DELIVERED], [Status.DELIVERED]] == [statuses(school, id_) for id_ in ids]
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [Status.FAILED] == statuses(school, ids[0])
    assert [FlagKind.UNDELIVERED] == [flag.kind for flag in school.desk.to_handle(ids[0])]


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_late_is_no_second_notice_when_an_earlier_day_s_failed_and_its_next_worker_died() -> None:
    """Otherwise it would be: the newest goes first, and the worker that died had handed over the older one."""
    inbox, storage = FaultyInbox(), CrashingStorage()
    school = Scenario(with_adapters(inbox=inbox, storage=storage))
    school.at("2026-03-01 08:00")
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE  # nobody made the run of 1 March
    inbox.error = DeliveryFailed("busy")
    assert DeliveryReport(retried=1) == school.deliver()
    inbox.error = None
    late(school, id_)
    school.advance(minutes=5)
    dies_after_handing_over(school, storage)
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=1, waiting=1) == school.deliver()
    assert 1 == len(inbox.delivered)
    school.now = NINE + timedelta(days=1)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert 2 == len(inbox.delivered)


@pytest.mark.rule("D-13a")
def test_a_message_that_came_late_on_a_day_without_another_worker_goes_on_the_next_one() -> None:
    """Otherwise a worker's death would let it wait for two days."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    dies_after_handing_over(school, storage)
    late(school, id_)
    school.now = NINE + timedelta(days=1)
    assert DeliveryReport(sent=2, delivered=2) == school.deliver()
    assert 2 == len(school.world.inbox.delivered)


@pytest.mark.rule("D-13a")
def test_a_batch_that_crosses_nine_o_clock_sends_one_notification() -> None:
    """Otherwise a worker that begins an instant before the run would send yesterday's alone, and then today's."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.at("2026-03-03 08:00")
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    nine = local("2026-03-03 09:00")
    ticks = iter([nine - 3 * INSTANT, nine - 2 * INSTANT])

    def clock() -> datetime:
        return next(ticks, nine)

    school.school._steps._clock = clock
    school.school.delivery().run()
    school.school.delivery().run()
    assert 1 == len(school.world.inbox.delivered)


@pytest.mark.rule("D-13a")
def test_two_workers_at_once_deliver_each_notification_once() -> None:
    """Otherwise a second worker would send what the first has in hand."""
    rest: list[DeliveryReport] = []

    class Reentrant(MemoryInbox):
        """While one worker hands over, another makes a whole pass."""

        def deliver(self, notice: Notice) -> Delivered:
            rest.append(other.delivery().run())
            return super().deliver(notice)

    school = Scenario(with_adapters(inbox=Reentrant()))
    other = school.another(attrs.evolve(school.ports, inbox=school.world.inbox))
    for number in (ANNA, BO):
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=1) == school.school.delivery(batch=1).run()
    assert [DeliveryReport(sent=1, delivered=1)] == rest
    assert [BO] == [notice.person.value for notice in school.world.inbox.delivered]


@pytest.mark.rule("D-13a")
def test_a_small_batch_still_takes_a_patient_s_notifications_together() -> None:
    """Otherwise the size of the batch would decide how many notices a patient gets."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.at("2026-03-03 08:00")
    school.desk.write(id_, 1, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=1, delivered=2) == school.school.delivery(batch=1).run()


@pytest.mark.rule("D-05a")
def test_the_end_of_access_is_noted_once() -> None:
    """Otherwise every pass would add an entry, or the therapist would never be told."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-02 07:59:59.999999")
    assert DeliveryReport() == school.deliver()
    school.at("2027-03-02 08:00")
    assert DeliveryReport(accesses_ended=1) == school.deliver()
    assert DeliveryReport() == school.deliver()
    assert 1 == sum(isinstance(event, AccessEnded) for event in school.events(id_))


@pytest.mark.rule("D-19a")
def test_an_enrolment_that_ends_while_a_worker_looks_stops_nothing() -> None:
    """Otherwise one therapist who ends an enrolment at the wrong moment would stop everybody's notices."""

    class Racing(MemoryStorage):
        """Somebody ends every enrolment right after the worker has listed it."""

        def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
            found = super().access_ended(now, limit)
            for enrolment_id in found:
                school.desk.end(enrolment_id, reason="klar")
            return found

    school = Scenario(with_adapters(storage=Racing()))
    school.start()
    school.at("2027-03-01 08:00")
    late = school.start(BO)
    school.desk.start_conversation(late, "Hej", notify=Notify.COLLECTED)
    school.at("2027-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-21a")
def test_an_enrolment_that_is_purged_while_a_worker_looks_stops_nothing() -> None:
    """Otherwise a purge at the wrong moment would stop everybody's notices."""

    class Forgetful(MemoryStorage):
        """What the worker has listed is gone when it comes to it."""

        def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
            return ("gone",) if super().access_ended(now, limit) else ()

    school = Scenario(with_adapters(storage=Forgetful()))
    school.start()
    late = school.start(BO)
    school.at("2027-03-01 08:00")
    school.desk.maintain(late, days=30, modules=[1])
    school.desk.start_conversation(late, "Hej", notify=Notify.COLLECTED)
    school.at("2027-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-21a")
def test_a_notification_whose_enrolment_is_purged_after_the_claim_is_dropped() -> None:
    """Otherwise a purge at the wrong moment would stop the pass, or a purged patient would get a notice."""

    class Purging(MemoryStorage):
        """All that was claimed is gone before the worker looks at it."""

        def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
            return {}

    school = Scenario(with_adapters(storage=Purging()))
    school.desk.start_conversation(school.start(), "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(dropped=1) == school.deliver()
    assert () == school.world.inbox.delivered
    assert DeliveryReport() == school.deliver()


@pytest.mark.rule("M-22")
def test_the_therapist_who_ticked_the_box_gets_an_e_mail_when_a_patient_is_done() -> None:
    """Otherwise a therapist would have to look every day."""
    school = Scenario()
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert [("nurse@vgregion.example", Template.PROGRAM_DONE)] == [
        (message.address.value, message.template) for message in school.world.email.sent
    ]
    assert () == school.world.sms.sent


@pytest.mark.rule("M-22")
def test_without_the_tick_nobody_gets_an_e_mail() -> None:
    """Otherwise staff would be sent what they did not ask for."""
    school = Scenario()
    id_ = school.start()
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    assert DeliveryReport() == school.deliver()
    assert () == school.world.email.sent


@pytest.mark.rule("M-23")
def test_sms_can_be_chosen_as_well() -> None:
    """Otherwise a therapist on the ward would not hear of it."""
    school = Scenario()
    id_ = school.start()
    school.desk.receive_notifications(email=True, sms=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    assert DeliveryReport(sent=2, delivered=2) == school.deliver()
    assert [1, 1] == [len(school.world.email.sent), len(school.world.sms.sent)]


class MovingDirectory(MemoryDirectory):
    """A directory in which somebody changes an address."""

    def __init__(self) -> None:
        super().__init__()
        self.address: str | None = "gammal@vgregion.example"

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        return StaffEntry(email=Address(self.address)) if self.address else None


@pytest.mark.rule("M-22")
def test_the_address_is_looked_up_when_the_message_is_handed_over() -> None:
    """Otherwise a corrected address would take effect only for later patients."""
    directory = MovingDirectory()
    school = Scenario(with_adapters(directory=directory))
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    directory.address = "ny@vgregion.example"
    school.deliver()
    assert ["ny@vgregion.example"] == [message.address.value for message in school.world.email.sent]


@pytest.mark.rule("D-23a")
def test_an_address_that_is_gone_gives_a_flag() -> None:
    """Otherwise the therapist would wait for e-mails that never come."""
    directory = MovingDirectory()
    school = Scenario(with_adapters(directory=directory))
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    directory.address = None
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert {FlagKind.UNDELIVERED, FlagKind.PROGRAM_DONE} == {flag.kind for flag in school.desk.to_handle(id_)}


@pytest.mark.rule("D-17a")
def test_a_staff_notification_that_fails_asks_for_no_other_one() -> None:
    """Otherwise a broken mail server would be told of its own failure, again and again."""
    school = Scenario(
        with_adapters(directory=MovingDirectory(), messengers=(Broken(),)),
        policy=Policy(staff_flags=frozenset(FlagKind)),
    )
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert DeliveryReport() == school.deliver()


@pytest.mark.rule("D-13d")
def test_a_channel_that_has_lost_its_messenger_gives_a_flag() -> None:
    """Otherwise those who had chosen e-mail would wait in vain after the host has taken its mail server away."""
    school = Scenario()
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    school.opening = lambda world: world.ports(messengers=(world.sms,))
    school.restart()
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [Status.FAILED] == statuses(school, id_)
    assert FlagKind.UNDELIVERED in {flag.kind for flag in school.desk.to_handle(id_)}


class Broken(MemoryMessenger):
    """A mail server that refuses everything for good."""

    def __init__(self) -> None:
        super().__init__(Channel.EMAIL)

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        raise DeliveryFailed("refused", permanent=True)


@pytest.mark.rule("D-17a")
def test_a_notice_that_could_not_be_delivered_is_told_to_staff_who_want_to_know() -> None:
    """Otherwise the choice "one by one" would leave out the flag that matters most."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    id_ = school.start(RESERVE_NUMBER)
    school.desk.receive_notifications(email=True, flags=[FlagKind.UNDELIVERED])
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    assert DeliveryReport(undelivered=1, delivered=1) == school.deliver()
    assert [Template.UNDELIVERED] == [message.template for message in school.world.email.sent]


@pytest.mark.rule("D-09a")
def test_after_a_hand_over_the_new_therapist_is_notified() -> None:
    """Otherwise the one who is away would be told, and nobody would look."""
    school = Scenario()
    id_ = school.start()
    school.colleague.receive_notifications(email=True)
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    school.deliver()
    assert ["colleague@vgregion.example"] == [message.address.value for message in school.world.email.sent]


@pytest.mark.rule("D-09a")
@pytest.mark.rule("D-13b")
def test_what_waits_for_the_old_therapist_at_a_hand_over_is_dropped() -> None:
    """Otherwise somebody who has no longer to do with the patient would be called to the patient's record."""
    school = Scenario()
    id_ = school.start()
    school.desk.receive_notifications(email=True, sms=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    assert [Status.PENDING, Status.PENDING] == statuses(school, id_)
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert DeliveryReport(dropped=2) == school.deliver()
    assert () == school.world.email.sent == school.world.sms.sent
    assert [Status.DROPPED, Status.DROPPED] == statuses(school, id_)
    assert isinstance(school.events(id_)[-1], NotificationDropped)
    assert FlagKind.PROGRAM_DONE in {flag.kind for flag in school.colleague.to_handle(id_)}


@pytest.mark.rule("D-09a")
def test_what_waits_for_a_therapist_who_gets_the_patient_back_still_goes() -> None:
    """Otherwise a slip that is put right at once would cost the notification."""
    school = Scenario()
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    school.coordinator.hand_over(id_, NURSE.hsa_id)
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-13b")
@pytest.mark.rule("D-05a")
@pytest.mark.parametrize("notify", [Notify.COLLECTED, Notify.DIRECT])
def test_a_patient_whose_access_is_over_at_the_hand_over_is_not_called(notify: Notify) -> None:
    """Otherwise the patient would be called to read what cannot be opened any more."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-01 12:00")
    school.desk.start_conversation(id_, "Hej", notify=notify)
    school.at("2027-03-02 09:00")
    assert DeliveryReport(dropped=1, accesses_ended=1) == school.deliver()
    assert () == school.world.inbox.delivered
    assert [Status.DROPPED] == statuses(school, id_)
    assert isinstance(school.events(id_)[-1], NotificationDropped)


@pytest.mark.rule("D-13b")
@pytest.mark.rule("M-18")
def test_a_patient_in_maintenance_is_still_called() -> None:
    """Otherwise messages to a patient who may read them would never be told of."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-01 12:00")
    school.desk.maintain(id_, days=30, modules=[1])
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.at("2027-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()


class SlowInbox(MemoryInbox):
    """An inbox that takes its time: the clock goes on, or something else happens, before it has taken a notice."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def deliver(self, notice: Notice) -> Delivered:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return super().deliver(notice)


@pytest.mark.rule("D-13a")
def test_what_a_slow_worker_puts_back_untried_is_no_second_notice_when_the_next_one_dies() -> None:
    """Otherwise it would count as tried today, and the next worker would choose another than the one that died."""
    inbox, storage = SlowInbox(), CrashingStorage()
    school = Scenario(with_adapters(inbox=inbox, storage=storage))
    school.at("2026-03-01 08:00")
    anna, cilla = school.start(ANNA), school.start(CILLA)
    school.desk.start_conversation(anna, "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-01 09:00")
    storage.claim(school.now, 10, timedelta(minutes=15))  # by a worker that dies at once
    for id_ in (anna, cilla):
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    inbox.meanwhile = [lambda: school.advance(minutes=16), lambda: setattr(storage, "dead", True)]
    with pytest.raises(StorageFailed):
        school.school.delivery().run()
    storage.dead = False
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert [CILLA, ANNA] == [notice.person.value for notice in inbox.delivered]


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("until", "delivered", "waiting"), [("11:59:59.999999", 3, 0), ("12:00", 1, 2), ("23:58", 1, 2)]
)
def test_an_inbox_so_slow_that_noon_comes_is_given_nothing_more_that_day(
    until: str, delivered: int, waiting: int
) -> None:
    """Otherwise a long batch that begins in the forenoon would go on calling patients until the evening."""
    inbox = SlowInbox()
    school = Scenario(with_adapters(inbox=inbox))
    for number in (ANNA, BO, CILLA):
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-02 11:59")
    inbox.meanwhile = [lambda: school.at(f"2026-03-02 {until}")]
    assert DeliveryReport(delivered=delivered, waiting=waiting) == school.school.delivery(lease=timedelta(hours=12)).run()
    assert delivered == len(inbox.delivered)
    school.at("2026-03-03 08:59:59.999999")
    assert DeliveryReport() == school.school.delivery().run()
    school.at("2026-03-03 09:00")
    assert DeliveryReport(delivered=waiting) == school.school.delivery().run()


@pytest.mark.rule("D-13a")
def test_what_another_worker_has_after_the_lease_is_not_handed_over_by_the_slow_one() -> None:
    """Otherwise a worker that was away for an hour would go on with what others have dealt with long ago."""
    inbox = SlowInbox()
    school = Scenario(with_adapters(inbox=inbox))
    ids = [school.start(number) for number in (ANNA, BO)]
    for id_ in ids:
        school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    fast = MemoryInbox()
    other = school.another(attrs.evolve(school.ports, inbox=fast))
    passes: list[DeliveryReport] = []

    def away() -> None:
        school.advance(minutes=15)
        passes.append(other.delivery().run())

    inbox.meanwhile = [away]
    assert DeliveryReport(sent=1, delivered=1, waiting=1) == school.school.delivery(lease=timedelta(minutes=15)).run()
    assert [DeliveryReport(sent=2, delivered=2)] == passes
    assert 1 == len(inbox.delivered)
    assert 2 == len(fast.delivered)
    assert [[Status.DELIVERED], [Status.DELIVERED]] == [statuses(school, id_) for id_ in ids]


@pytest.mark.rule("D-13a")
def test_an_instant_before_the_lease_runs_out_the_rest_still_goes_and_after_it_is_claimed_again() -> None:
    """Otherwise a batch would be broken off too early, or what it broke off wait for nobody."""
    for late, expected in ((-INSTANT, DeliveryReport(sent=2, delivered=2)), (0 * INSTANT, DeliveryReport(sent=2, delivered=2, waiting=1))):
        inbox = SlowInbox()
        school = Scenario(with_adapters(inbox=inbox))
        for number in (ANNA, BO):
            school.desk.start_conversation(school.start(number), "Hej", notify=Notify.DIRECT)
        wait = timedelta(minutes=15) + late
        inbox.meanwhile = [lambda s=school, w=wait: s.advance(seconds=w.total_seconds())]  # type: ignore[misc]
        assert expected == school.school.delivery(lease=timedelta(minutes=15)).run()
        assert 2 == len(inbox.delivered)


@pytest.mark.rule("D-13c")
def test_what_leaves_says_nothing_of_the_message() -> None:
    """Otherwise somebody who looks over the patient's shoulder would read of the treatment."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "hemlighet", heading="hemlig rubrik", notify=Notify.DIRECT)
    school.deliver()
    (notice,) = school.world.inbox.delivered
    assert {"key", "unit", "person", "template", "link"} == set(attrs.fields_dict(type(notice)))
    assert "hemlig" not in f"{notice!r} {notice.key} {notice.link} {notice.template.text}"
    assert ANNA not in notice.key


def test_a_worker_that_cannot_work_is_refused_at_once() -> None:
    """Otherwise a wrong setting would show as notices that never go."""
    school = Scenario()
    for batch in (0, -1, True, 1.5, None):
        with pytest.raises(InvalidValue):
            school.school.delivery(batch=batch)  # type: ignore[arg-type]
    for lease in (timedelta(0), timedelta(seconds=-1), timedelta(hours=12, microseconds=1), 15, None):
        with pytest.raises(InvalidValue):
            school.school.delivery(lease=lease)  # type: ignore[arg-type]
    school.school.delivery(batch=1, lease=timedelta(hours=12))


def test_a_pass_needs_an_instant_with_a_zone() -> None:
    """Otherwise nine o'clock would be nine o'clock wherever the server stands."""
    school = Scenario()
    with pytest.raises(InvalidValue):
        school.school.delivery().run(datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001 - that is the point


@pytest.mark.rule("D-13b")
def test_a_busy_enrolment_keeps_its_notification_for_a_later_pass() -> None:
    """Otherwise a conflict would lose the notification or stop the pass."""

    class Busy(MemoryStorage):
        """Others are always faster with the worker's own steps."""

        busy = False

        def save(self, change: Change) -> None:
            if self.busy:
                raise Conflict("busy")
            super().save(change)

    storage = Busy()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
    school.room.read_conversation(id_, 1)
    school.now = NINE
    storage.busy = True
    school.deliver()
    assert [Status.PENDING] == statuses(school, id_)
    storage.busy = False
    school.advance(minutes=15)
    assert DeliveryReport(dropped=1) == school.deliver()
    assert [Status.DROPPED] == statuses(school, id_)


@pytest.mark.rule("M-06")
def test_the_worker_s_steps_are_in_the_access_log() -> None:
    """Otherwise a timeline entry would have nobody who made it."""
    school = Scenario()
    id_ = school.start(RESERVE_NUMBER)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    assert ("system", "deliver") in {(e.by, e.action) for _, e in school.office.access_log()}


@pytest.mark.rule("D-13a")
def test_one_that_was_handed_over_by_a_dead_worker_stands_for_the_day_even_when_it_is_read_meanwhile() -> None:
    """Otherwise the older of two notifications would go beside it, on the same day."""
    storage = CrashingStorage()
    school = Scenario(with_adapters(storage=storage))
    id_ = school.start()
    school.desk.start_conversation(id_, "ett", notify=Notify.COLLECTED)
    school.at("2026-03-03 08:00")
    school.desk.start_conversation(id_, "två", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    dies_after_handing_over(school, storage)
    school.room.read_conversation(id_, 2)
    school.advance(minutes=15)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert 1 == len(school.world.inbox.delivered)
