"""The delivery worker, through the desks: one bad address, a crash or a missed day harms nobody else.

`tests/rules/test_digests.py` has the rules, `proofs/digests` walks every interleaving of them: here are examples.
"""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import attrs
import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.digest import DeliveryResult
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEnded, Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import Conflict, DeliveryError, InvalidValue, StorageError
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change
from digital_painschool.rules.digests import decide
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.environment import INSTANT, local, on_sqlite, with_adapters
from digital_painschool.testing.people import ANNA, BO, CILLA, COLLEAGUE, NURSE, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario

NINE = local("2026-03-02 09:00")
DAY = timedelta(days=1)
ONE = DeliveryReport(sent=1, delivered=1)
NONE = DeliveryReport()


class FaultyInbox(MemoryInbox):
    """An inbox that raises what it is told to, before or after it takes a notice, or lets something happen first."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.only: str | None = None
        self.loses_answers = False
        self.meanwhile: list[Callable[[], object]] = []
        self.asked: list[str] = []

    def deliver(self, notice: Notice) -> Delivered:
        self.asked.append(notice.key)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if self.error is None or self.only not in {None, notice.person.value}:
            return super().deliver(notice)
        if self.loses_answers:
            super().deliver(notice)
        raise self.error


class FaultyStorage(MemoryStorage):
    """A storage that fails when the worker stores what it did, as if it had died there, or that others keep busy."""

    dead = False
    busy: frozenset[str] = frozenset()
    damaged: str | None = None

    def load(self, enrolment_id: str) -> Enrolment | None:
        if enrolment_id == self.damaged:
            raise StorageError("an enrolment cannot be read")
        return super().load(enrolment_id)

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        ids = tuple(enrolment_ids)
        if self.damaged in ids:
            raise StorageError("an enrolment cannot be read")
        return super().load_many(ids)

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        if self.dead:
            raise StorageError("the process died here")
        super().complete(results, access)

    def save(self, change: Change) -> None:
        if change.enrolment.id in self.busy:
            raise Conflict("busy")
        super().save(change)


class Faulty(Scenario):
    """A school whose inbox and storage have faults."""

    def __init__(self, **policy: Any) -> None:
        self.inbox, self.faulty_storage = FaultyInbox(), FaultyStorage()
        ports_factory = with_adapters(inbox=self.inbox, storage=self.faulty_storage)
        super().__init__(ports_factory, policy=Policy(**policy))

    def dies_after_sending(self) -> None:
        """A worker sends what is due, and dies before it has stored that."""
        self.faulty_storage.dead = True
        with pytest.raises(StorageError):
            self.deliver()
        self.faulty_storage.dead = False

    def fails(self, error: BaseException | None = None, *, only: str | None = None) -> None:
        """Let the inbox fail from now on."""
        self.inbox.error, self.inbox.only = error or DeliveryError("busy"), only


def asking(school: Scenario, number: str = ANNA, notify: Notify = Notify.COLLECTED, key: str = "smartskola") -> str:
    """Start an enrolment whose patient is to be told of a message; return its id."""
    id_ = school.start(number, key)
    school.desk.start_conversation(id_, "Hej", notify=notify)
    return id_


def write(school: Scenario, id_: str, at: datetime | None = None) -> None:
    """Write one more message of which the patient is to be told, stamped by another machine's clock."""
    here, school.now = school.now, at or school.now
    school.desk.write(id_, 1, "Hej igen", notify=Notify.COLLECTED)
    school.now = here


def done(school: Scenario, number: str = ANNA) -> str:
    """Let a patient complete the program; return the enrolment's id."""
    id_ = school.start(number)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
    return id_


def statuses(school: Scenario, *enrolment_ids: str) -> list[Status]:
    """Return what has become of each notification of some enrolments."""
    return [record.status for id_ in enrolment_ids for record in school.storage.notifications(id_)]


def notes(school: Scenario, kind: type[Event], *enrolment_ids: str) -> list[int]:
    """Return how many entries of a kind each timeline has."""
    return [sum(isinstance(event, kind) for event in school.events(id_)) for id_ in enrolment_ids]


def flags(school: Scenario, enrolment_id: str) -> set[FlagKind]:
    """Return which flags the therapist sees."""
    return {flag.kind for flag in school.desk.to_handle(enrolment_id)}


@pytest.mark.rule("M-13")
@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("written", "zone", "run"),
    [
        ("2026-03-02 08:00", "Europe/Stockholm", NINE),
        ("2026-03-03 08:00", "Europe/Helsinki", datetime(2026, 3, 3, 7, 0, tzinfo=UTC)),
        ("2026-03-28 09:00", "Europe/Stockholm", datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
        ("2026-10-24 09:00", "Europe/Stockholm", datetime(2026, 10, 25, 8, 0, tzinfo=UTC)),
        ("2027-03-27 09:00", "Europe/Stockholm", datetime(2027, 3, 28, 7, 0, tzinfo=UTC)),
        ("2027-10-30 09:00", "Europe/Stockholm", datetime(2027, 10, 31, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_collected_notification_goes_at_nine_local_time_and_once(written: str, zone: str, run: datetime) -> None:
    """Otherwise it would come at eight or ten after a clock change, or with every run of a cron."""
    school = Scenario(policy=Policy(zone=zone))
    school.at(written)
    asking(school)
    school.now = run - INSTANT
    assert NONE == school.deliver()
    school.now = run
    assert [ONE, NONE, NONE] == [school.deliver() for _ in range(3)]
    assert [Template.MESSAGE_TO_READ] == [notice.template for notice in school.environment.inbox.delivered]


@pytest.mark.rule("M-12")
def test_a_direct_notification_goes_at_any_hour_and_none_where_none_was_chosen() -> None:
    """Otherwise "Direkt" would wait for the forenoon, or a therapist could not leave a patient in peace."""
    school = Scenario()
    school.at("2026-03-02 23:59")
    asking(school, notify=Notify.NONE)
    assert NONE == school.deliver()
    asking(school, BO, Notify.DIRECT)
    assert ONE == school.deliver()
    assert 1 == school.room.overview("e-0001").unread_messages


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize("batch", [1, 200])
def test_all_that_waits_for_a_patient_goes_as_one_notification(batch: int) -> None:
    """Otherwise a patient with two programs, many messages or three missed days would get as many notices."""
    school = Scenario()
    pain, sleep = asking(school), asking(school, key="somnskola")
    for day in (2, 3, 4):
        school.at(f"2026-03-0{day} 08:30")
        write(school, pain)
    school.at("2026-03-05 11:00")
    assert DeliveryReport(sent=1, delivered=5) == school.school.delivery(batch=batch).run()
    assert [Status.DELIVERED] * 5 == statuses(school, pain, sleep)


@pytest.mark.rule("D-13a")
def test_a_message_at_the_run_waits_for_the_next_day_s_and_one_before_it_does_not() -> None:
    """Otherwise a message in the same second as the run would go twice, or never."""
    school = Scenario()
    id_ = asking(school)
    school.now = NINE
    write(school, id_)
    assert ONE == school.deliver()
    assert [Status.DELIVERED, Status.PENDING] == statuses(school, id_)
    school.now = NINE + DAY
    assert ONE == school.deliver()


@pytest.mark.rule("D-13a")
def test_a_missed_run_is_caught_up_until_noon_and_waiting_costs_no_attempt() -> None:
    """Otherwise a notice would come in the afternoon, or a worker that only looked use up the attempts."""
    for clock, expected in (("11:59:59.999999", ONE), ("12:00", DeliveryReport(waiting=1))):
        school = Scenario()
        id_ = asking(school)
        school.at(f"2026-03-02 {clock}")
        assert expected == school.deliver()
    assert NONE == school.deliver()
    assert [0] == [record.attempts for record in school.desk.notifications(id_)]
    school.now = NINE + DAY
    assert ONE == school.deliver()


@pytest.mark.rule("D-13a")
def test_where_the_zone_moves_west_the_day_that_comes_twice_has_one_notice() -> None:
    """Otherwise a unit that moves, or corrects its zone, would tell its patients twice on a day."""
    school = Scenario(policy=Policy(zone="Pacific/Kiritimati"))
    school.at("2026-03-03 08:00")
    id_ = asking(school)
    school.at("2026-03-03 09:00")
    assert ONE == school.deliver()
    school.restart(evolve(school.catalogue, policy=Policy(zone="Europe/Stockholm")))
    school.now = local("2026-03-02 20:30")
    write(school, id_)
    for day, expected in ((3, DeliveryReport(waiting=1)), (4, ONE)):
        school.now = local(f"2026-03-0{day} 09:00")
        assert expected == school.deliver()


@pytest.mark.rule("D-13a")
def test_where_the_zone_moves_west_by_a_day_what_is_tried_again_keeps_its_later_day() -> None:
    """Otherwise what was tried on the third, and again on the second, would count as not yet tried on the third."""
    school = Faulty(zone="Pacific/Kiritimati")
    school.now = datetime(2026, 3, 2, 18, tzinfo=UTC)
    id_ = asking(school)
    school.inbox.loses_answers = True
    school.fails()
    school.now += timedelta(hours=1)
    assert DeliveryReport(retried=1) == school.deliver()
    school.restart(evolve(school.catalogue, policy=Policy(zone="Pacific/Pago_Pago")))
    school.now = datetime(2026, 3, 2, 20, tzinfo=UTC)
    assert DeliveryReport(retried=1) == school.deliver()
    school.advance(minutes=30)
    write(school, id_)
    school.inbox.error = None
    school.now = datetime(2026, 3, 3, 20, tzinfo=UTC)
    assert DeliveryReport(delivered=1, waiting=1) == school.deliver()
    assert 1 == len(school.inbox.delivered)


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(("collected_at", "goes"), [(time(8), "09:00"), (time(10), "10:00")])
def test_what_waits_goes_in_the_forenoon_of_today_s_policy(collected_at: time, goes: str) -> None:
    """Otherwise a unit that moves its run would tell its patients before it, or never of what waited."""
    school = Scenario()
    asking(school)
    school.restart(evolve(school.catalogue, policy=Policy(collected_at=collected_at)))
    for minute in range(60, 181, 30):
        school.now = local("2026-03-02 07:00") + timedelta(minutes=minute)
        is_time = school.now == local(f"2026-03-02 {goes}")
        assert int(is_time) == school.deliver().sent


@pytest.mark.rule("D-13b")
def test_what_has_been_read_is_dropped_and_each_timeline_says_so() -> None:
    """Otherwise the patient would be told of something that is no news."""
    school = Scenario()
    both = asking(school), asking(school, key="somnskola")
    for id_ in both:
        school.room.read_conversation(id_, 1)
    school.now = NINE
    assert DeliveryReport(dropped=2) == school.deliver()
    assert ((), [Status.DROPPED] * 2) == (school.environment.inbox.delivered, statuses(school, *both))
    assert [1, 1] == notes(school, NotificationDropped, *both)


@pytest.mark.rule("D-13b")
def test_what_is_read_in_part_still_goes() -> None:
    """Otherwise the second of two messages would never be told of."""
    school = Scenario()
    id_ = asking(school)
    school.room.read_conversation(id_, 1)
    write(school, id_)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()


@pytest.mark.rule("D-13b")
def test_ending_drops_what_waits_in_the_same_transaction_and_nothing_of_another_enrolment() -> None:
    """Otherwise a patient whose treatment is over would be called to read, or be silenced in the other one."""
    school = Scenario()
    pain, sleep = asking(school), asking(school, key="somnskola")
    school.desk.write(pain, 1, "Hej igen", notify=Notify.DIRECT)
    school.desk.end(pain, reason="klar")
    assert ([Status.DROPPED] * 2, [2]) == (statuses(school, pain), notes(school, NotificationDropped, pain))
    school.now = NINE
    assert (ONE, [Status.DELIVERED]) == (school.deliver(), statuses(school, sleep))


@pytest.mark.rule("D-13b")
def test_what_ends_between_claim_and_begin_is_not_sent() -> None:
    """Otherwise a worker that claimed a moment earlier would call a patient whose treatment is over."""

    class Racing(MemoryStorage):
        def begin(self, decided: Any) -> Any:
            school.desk.end(pain, reason="klar")
            return super().begin(decided)

    school = Scenario(with_adapters(storage=Racing()))
    pain = asking(school)
    school.now = NINE
    assert (NONE, [Status.DROPPED]) == (school.deliver(), statuses(school, pain))
    assert ((), NONE) == (school.environment.inbox.delivered, school.deliver())


@pytest.mark.rule("D-13b")
def test_an_ending_between_begin_and_send_stops_nothing_and_what_is_then_in_doubt_is_dropped() -> None:
    """Otherwise a therapist would wait for a worker to end an enrolment, or a dead one's notice go days later."""
    for error, expected, then in (
        (None, ONE, NONE),
        (DeliveryError("busy"), DeliveryReport(retried=1), DeliveryReport(dropped=1)),
    ):
        school = Faulty()
        id_ = asking(school)
        school.now = NINE
        school.inbox.error = error
        school.inbox.meanwhile = [partial(school.desk.end, id_, reason="klar")]
        assert expected == school.deliver()
        school.now = NINE + DAY
        assert (then, 1) == (school.deliver(), len(school.inbox.asked))
        assert [int(error is not None)] == notes(school, NotificationDropped, id_)


@pytest.mark.rule("D-13a")
def test_who_may_have_been_told_of_what_is_dropped_is_told_again_tomorrow() -> None:
    """Otherwise a batch that a dead worker had sent, and that was read since, would be followed by a second notice."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    school.dies_after_sending()
    school.room.read_conversation(id_, 1)
    write(school, id_, NINE - INSTANT)
    school.advance(minutes=15)
    assert DeliveryReport(dropped=1, waiting=1) == school.deliver()
    school.now = NINE + DAY
    assert (ONE, 2) == (school.deliver(), len(school.inbox.delivered))


@pytest.mark.rule("D-13d")
def test_somebody_who_cannot_be_reached_gives_the_therapist_a_flag() -> None:
    """Otherwise the therapist would think that the patient had been told."""
    school = Scenario()
    id_ = asking(school, RESERVE_NUMBER, Notify.DIRECT)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ((Flag(kind=FlagKind.UNDELIVERED),), [Status.UNREACHABLE]) == (
        school.desk.to_handle(id_),
        statuses(school, id_),
    )
    school.advance(days=3)
    assert NONE == school.deliver()


@pytest.mark.rule("D-13d")
def test_a_failing_inbox_is_tried_again_after_each_wait_and_then_given_up_with_a_flag() -> None:
    """Otherwise a notice would be lost at the first fault, or tried for ever with nobody knowing."""
    school = Faulty()
    school.fails()
    id_ = asking(school, notify=Notify.DIRECT)
    for minutes in (5, 30, 120, 720):
        assert DeliveryReport(retried=1) == school.deliver()
        school.advance(minutes=minutes, microseconds=-1)
        assert NONE == school.deliver()
        school.advance(microseconds=1)
    assert set() == flags(school, id_)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ({FlagKind.UNDELIVERED}, [Status.FAILED]) == (flags(school, id_), statuses(school, id_))
    assert (1, 5) == (len(set(school.inbox.asked)), len(school.inbox.asked))


@pytest.mark.rule("D-13d")
def test_a_permanent_failure_is_not_tried_again() -> None:
    """Otherwise the therapist would learn a day late that nothing was sent."""
    school = Faulty()
    school.fails(DeliveryError("the inbox has no such person", permanent=True))
    id_ = asking(school, notify=Notify.DIRECT)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [1] == notes(school, NotificationUndelivered, id_)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    "error",
    [RuntimeError(ANNA), KeyError(), OSError("host"), ZeroDivisionError(), StorageError("x"), InvalidValue("x")],
)
def test_an_adapter_may_raise_anything_and_the_others_still_go(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise one patient's bad record would stop the notices of all, or its number would come into the log."""
    school = Faulty()
    school.fails(error, only=ANNA)
    for number in (ANNA, BO, CILLA):
        asking(school, number)
    school.now = NINE
    assert DeliveryReport(sent=2, delivered=2, retried=1) == school.deliver()
    assert {BO, CILLA} == {notice.person.value for notice in school.inbox.delivered}
    assert type(error).__name__ in caplog.text
    assert ANNA not in caplog.text


@pytest.mark.rule("D-13d")
def test_an_inbox_that_cannot_say_who_is_reachable_is_asked_again_later() -> None:
    """Otherwise a short outage would flag every patient as unreachable."""

    class Silent(MemoryInbox):
        def reach(self, person: PersonId) -> Reachability:
            raise TimeoutError

    school = Scenario(with_adapters(inbox=Silent()))
    id_ = asking(school, notify=Notify.DIRECT)
    assert (DeliveryReport(retried=1), set()) == (school.deliver(), flags(school, id_))


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(("waits", "failed"), [((5, 30), "11:58"), ((1500,), "09:00")])
def test_a_retry_that_reaches_past_the_forenoon_goes_with_the_next_day_s_run(
    waits: tuple[int, ...], failed: str
) -> None:
    """Otherwise a fault at 11:58 would send a notice in the afternoon, or yesterday's come beside today's."""
    school = Faulty(retry_minutes=waits)
    school.fails()
    id_ = asking(school)
    school.at(f"2026-03-02 {failed}")
    assert DeliveryReport(retried=1) == school.deliver()
    school.inbox.error = None
    write(school, id_, NINE)
    school.now = NINE + DAY - INSTANT
    assert NONE == school.deliver()
    school.now = NINE + DAY
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    school.now = NINE + 2 * DAY
    assert NONE == school.deliver()


@pytest.mark.rule("D-13d")
def test_after_an_outage_yesterday_s_and_today_s_go_together_and_no_flag_says_undelivered() -> None:
    """Otherwise the therapist would look for a patient who is told five minutes later."""
    school = Faulty(retry_minutes=(5, 30))
    school.fails()
    id_ = asking(school)
    for clock, retried in (("2026-03-02 11:50", 1), ("2026-03-02 11:55", 1), ("2026-03-03 09:00", 2)):
        school.at(clock)
        assert DeliveryReport(retried=retried) == school.deliver()
        if clock.endswith("11:50"):
            write(school, id_)
    school.inbox.error = None
    school.advance(minutes=5)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert (set(), [0]) == (flags(school, id_), notes(school, NotificationUndelivered, id_))


@pytest.mark.rule("D-13d")
def test_who_is_never_reached_and_is_written_to_every_day_gives_a_flag() -> None:
    """Otherwise each new message would begin the attempts anew, and the therapist would write to nobody for ever."""
    school = Faulty(retry_minutes=(5,))
    school.fails()
    id_ = asking(school)
    undelivered: list[int] = []
    for day in range(5):
        school.now = NINE + day * DAY
        undelivered.append(school.deliver().undelivered)
        write(school, id_)
    assert ([0, 0, 0, 1, 1], {FlagKind.UNDELIVERED}) == (undelivered, flags(school, id_))
    assert [4, 4, 3, 2, 1, 0] == [record.attempts for record in school.storage.notifications(id_)]


@pytest.mark.rule("D-13d")
def test_what_a_worker_had_no_time_to_send_has_not_been_tried() -> None:
    """Otherwise a patient would be given up as undelivered whose inbox was asked once."""
    school = Faulty(retry_minutes=(5,))
    id_ = asking(school, notify=Notify.DIRECT)
    for _ in range(3):
        claims = school.storage.claim(school.now, 10, timedelta(minutes=15))
        school.storage.begin([(claim, decide(claim.digest, school.now, Policy())) for claim in claims])
        school.advance(minutes=16)
    school.fails()
    assert DeliveryReport(retried=1) == school.deliver()
    school.advance(minutes=5)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ({FlagKind.UNDELIVERED}, [2]) == (
        flags(school, id_),
        [record.attempts for record in school.storage.notifications(id_)],
    )


def late(school: Scenario, id_: str) -> None:
    """Write a message of which the patient was to be told today, after today's notice has gone."""
    write(school, id_, NINE - INSTANT)


def assert_one_a_day(school: Faulty, id_: str, *, delivered: int) -> None:
    """What was sent settles by itself today, and the late message goes tomorrow."""
    school.advance(minutes=15)
    assert DeliveryReport(delivered=delivered, waiting=1) == school.deliver()
    assert 1 == len(school.inbox.delivered)
    school.now = NINE + DAY
    assert (ONE, 2) == (school.deliver(), len(school.inbox.delivered))
    assert {Status.DELIVERED} == set(statuses(school, id_))


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_the_day_s_notice_has_gone_goes_with_the_next_day_s() -> None:
    """Otherwise its patient would get a second notice on one forenoon."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    assert ONE == school.deliver()
    late(school, id_)
    assert_one_a_day(school, id_, delivered=0)


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize("missed", [False, True], ids=["of-today", "of-an-earlier-day"])
@pytest.mark.parametrize("deaths", [1, 2])
def test_a_message_that_comes_while_workers_die_with_a_notice_is_neither_a_second_one_nor_swallowed(
    missed: bool, deaths: int
) -> None:
    """Otherwise, as it once was, it would be a second one on one forenoon."""
    school = Faulty()
    school.at("2026-03-01 08:00" if missed else "2026-03-02 08:00")
    id_ = asking(school)
    school.now = NINE
    for death in range(deaths):
        school.dies_after_sending()
        assert NONE == school.deliver()
        if death == 0:
            late(school, id_)
        school.advance(minutes=15)
    assert_one_a_day(school, id_, delivered=1)


@pytest.mark.rule("D-13a")
def test_a_message_that_comes_when_the_inbox_s_answer_was_lost_is_neither_a_second_one_nor_swallowed() -> None:
    """Otherwise, as it once was, it would be a second notice, or count as told of with one that was there before it."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    school.fails()
    school.inbox.loses_answers = True
    assert DeliveryReport(retried=1) == school.deliver()
    school.inbox.error = None
    late(school, id_)
    assert_one_a_day(school, id_, delivered=1)


@pytest.mark.rule("D-13a")
def test_the_day_after_a_crash_the_new_message_is_told_of() -> None:
    """Otherwise yesterday's notice, sent and not stored as sent, would swallow today's."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    school.dies_after_sending()
    write(school, id_)
    school.now = NINE + DAY
    assert (DeliveryReport(sent=1, delivered=2), 2) == (school.deliver(), len(school.inbox.delivered))


@pytest.mark.rule("D-13a")
def test_a_restored_backup_tells_nobody_again_of_what_was_told() -> None:
    """Otherwise a patient would be told twice on a day: the storage has forgotten it, the inbox has not."""
    with Scenario(on_sqlite) as school:
        id_ = asking(school)
        file = school.environment.folder / "painschool.db"
        school.school.close()
        shutil.copy(file, file.with_suffix(".bak"))
        school.restart()
        school.now = NINE
        assert ONE == school.deliver()
        school.school.close()
        for left in school.environment.folder.glob("painschool.db*"):
            left.unlink()
        shutil.copy(file.with_suffix(".bak"), file)
        school.restart()
        assert [Status.PENDING] == statuses(school, id_)
        late(school, id_)
        assert 1 == len(school.environment.inbox.delivered)


@pytest.mark.rule("D-13d")
def test_a_notification_that_ends_every_worker_holds_up_nobody_else_s_and_is_given_up() -> None:
    """Otherwise all who are in its batch would never be told, and nobody would learn of it."""
    school = Faulty(retry_minutes=())
    school.fails(SystemExit(), only=ANNA)
    ids = [asking(school, number) for number in (ANNA, BO, CILLA)]
    school.now = NINE
    for run in range(6):
        with pytest.raises(SystemExit):
            school.deliver()
        told = [notice.person.value for notice in school.inbox.delivered]
        assert ([] if run < 2 else [BO, CILLA]) == told
        school.advance(minutes=15)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [Status.FAILED, Status.DELIVERED, Status.DELIVERED] == statuses(school, *ids)
    assert {FlagKind.UNDELIVERED} == flags(school, ids[0])


@pytest.mark.rule("D-13d")
def test_a_collected_notification_that_ends_every_worker_is_given_up_after_days_too() -> None:
    """Otherwise one that goes in the forenoon alone would end workers every day, and no therapist would ever know."""
    school = Faulty(collected_at=time(11, 30))
    school.fails(SystemExit(), only=ANNA)
    ids = [asking(school, number) for number in (ANNA, BO)]
    lost = 0
    for day in range(5):
        for minute in (30, 45):
            school.now = local(f"2026-03-0{3 + day} 11:{minute}")
            try:
                report = school.deliver()
            except SystemExit:
                lost += 1
        school.at(f"2026-03-0{3 + day} 13:00")
        assert 0 == school.deliver().undelivered
    school.now = local("2026-03-08 11:30")
    report = school.deliver()
    assert (10, DeliveryReport(undelivered=1)) == (lost, report)
    assert [Status.FAILED, Status.DELIVERED] == statuses(school, *ids)
    assert {FlagKind.UNDELIVERED} == flags(school, ids[0])


@pytest.mark.rule("M-13")
def test_an_enrolment_that_cannot_be_read_holds_up_no_other_of_its_patient() -> None:
    """Otherwise one damaged row would keep a patient from being told of another treatment, for as long as it is so."""
    school = Faulty()
    damaged, whole = asking(school), asking(school, key="somnskola")
    school.faulty_storage.damaged = damaged
    school.now = NINE
    assert evolve(ONE, waiting=1) == school.deliver()
    assert [Status.PENDING, Status.DELIVERED] == statuses(school, damaged, whole)
    school.advance(days=1)
    assert DeliveryReport(waiting=1) == school.deliver()
    school.faulty_storage.damaged = None
    school.advance(hours=1)
    assert ONE == school.deliver()


@pytest.mark.rule("D-13a")
def test_two_workers_at_once_deliver_each_notification_once() -> None:
    """Otherwise a second worker would send what the first has claimed."""
    school = Faulty()
    other = school.another(evolve(school.ports, inbox=school.environment.inbox))
    for number in (ANNA, BO):
        asking(school, number)
    school.now = NINE
    runs: list[DeliveryReport] = []
    school.inbox.meanwhile = [lambda: runs.append(other.delivery().run())]
    assert (ONE, [ONE]) == (school.school.delivery(batch=1).run(), runs)
    assert [BO] == [notice.person.value for notice in school.environment.inbox.delivered]


@pytest.mark.rule("D-13a")
@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("error", [None, DeliveryError("for good", permanent=True)])
def test_a_worker_whose_lease_ran_out_sends_nothing_more_and_is_not_believed(error: DeliveryError | None) -> None:
    """Otherwise a worker that slept for an hour would go on with what others have done, or give up what came."""
    school = Faulty()
    other = school.another(evolve(school.ports, inbox=MemoryInbox()))
    ids = [asking(school, number, Notify.DIRECT) for number in (ANNA, BO)]
    runs: list[DeliveryReport] = []

    def sleep() -> None:
        school.advance(minutes=15)
        runs.append(other.delivery().run())

    school.inbox.error, school.inbox.meanwhile = error, [sleep]
    school.deliver()
    assert ([DeliveryReport(sent=2, delivered=2)], 1) == (runs, len(school.inbox.asked))
    assert ([Status.DELIVERED] * 2, [0, 0]) == (statuses(school, *ids), notes(school, NotificationUndelivered, *ids))


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize("late_by", [-INSTANT, timedelta(0)])
def test_a_batch_goes_on_until_its_lease_is_over_and_the_rest_is_claimed_again(late_by: timedelta) -> None:
    """Otherwise a batch would be broken off too early, or what it broke off wait for nobody."""
    school = Faulty()
    for number in (ANNA, BO):
        asking(school, number, Notify.DIRECT)
    school.inbox.meanwhile = [lambda: school.advance(seconds=(timedelta(minutes=15) + late_by).total_seconds())]
    assert (DeliveryReport(sent=2, delivered=2), 2) == (school.deliver(), len(school.inbox.asked))


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(("until", "sent"), [("11:59:59.999999", 3), ("12:00", 1), ("23:58", 1)])
def test_an_inbox_so_slow_that_noon_comes_is_given_nothing_more_that_day(until: str, sent: int) -> None:
    """Otherwise a long batch that begins in the forenoon would go on calling patients until the evening."""
    school = Faulty()
    for number in (ANNA, BO, CILLA):
        asking(school, number)
    school.at("2026-03-02 11:59")
    school.inbox.meanwhile = [lambda: school.at(f"2026-03-02 {until}")]
    expected = DeliveryReport(sent=sent, delivered=sent, waiting=3 - sent)
    assert expected == school.school.delivery(lease=timedelta(hours=12)).run()
    school.now = NINE + DAY - INSTANT
    assert NONE == school.deliver()
    school.now = NINE + DAY
    assert DeliveryReport(sent=3 - sent, delivered=3 - sent) == school.deliver()


def test_a_school_that_closes_while_a_worker_sends_sends_nothing_twice() -> None:
    """Otherwise a server that is shut down in the forenoon would call its patients again when it starts."""
    inbox = FaultyInbox()
    with Scenario(lambda environment: evolve(on_sqlite(environment), inbox=inbox)) as school:
        ids = [asking(school, number, Notify.DIRECT) for number in (ANNA, BO)]
        inbox.meanwhile = [school.school.close]
        with pytest.raises(StorageError):
            school.deliver()
        school.restart()
        school.advance(minutes=15)
        assert (DeliveryReport(delivered=2), 2) == (school.deliver(), len(inbox.delivered))
        assert [Status.DELIVERED] * 2 == statuses(school, *ids)


@pytest.mark.rule("D-13b")
@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("kind", [NotificationUndelivered, NotificationDropped])
def test_a_note_that_could_not_be_written_is_written_by_a_later_run(kind: type[Event]) -> None:
    """Otherwise a timeline would never say what became of a notification, or the patient be told after all."""
    school = Faulty()
    both = asking(school), asking(school, key="somnskola")
    if kind is NotificationDropped:
        for id_ in both:
            school.room.read_conversation(id_, 1)
    school.fails(DeliveryError("for good", permanent=True))
    school.now = NINE
    school.faulty_storage.busy = frozenset({both[0]})
    report = school.deliver()
    assert (2, [0, 1]) == (report.undelivered + report.dropped, notes(school, kind, *both))
    school.inbox.error, school.faulty_storage.busy = None, frozenset()
    school.now = NINE + DAY
    assert [NONE, NONE] == [school.deliver(), school.deliver()]
    assert ([1, 1], ()) == (notes(school, kind, *both), school.inbox.delivered)


@pytest.mark.rule("D-05a")
def test_the_end_of_access_is_noted_once() -> None:
    """Otherwise every run would add an entry, or the therapist would never be told."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-02 07:59:59.999999")
    assert NONE == school.deliver()
    school.at("2027-03-02 08:00")
    assert [DeliveryReport(accesses_ended=1), NONE] == [school.deliver(), school.deliver()]
    assert [1] == notes(school, AccessEnded, id_)


@pytest.mark.rule("D-19a")
@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("fate", ["ended", "purged"])
def test_an_enrolment_that_is_ended_or_purged_while_a_worker_looks_stops_nothing(fate: str) -> None:
    """Otherwise one therapist or one purge at the wrong moment would stop everybody's notices."""

    class Racing(MemoryStorage):
        def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
            found = super().access_ended(now, limit)
            if fate == "purged":
                return ("gone",) if found else ()
            for enrolment_id in found:
                school.desk.end(enrolment_id, reason="klar")
            return found

    school = Scenario(with_adapters(storage=Racing()))
    school.start()
    other = school.start(BO)
    school.at("2027-03-01 08:00")
    school.desk.maintain(other, days=30, modules=[1])
    school.desk.start_conversation(other, "Hej", notify=Notify.COLLECTED)
    school.at("2027-03-02 09:00")
    assert ONE == school.deliver()


@pytest.mark.rule("D-21a")
def test_a_notification_whose_enrolment_is_purged_after_the_claim_is_dropped() -> None:
    """Otherwise a purge at the wrong moment would stop the run, or a purged patient would get a notice."""

    class Purging(MemoryStorage):
        def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
            return {}

    school = Scenario(with_adapters(storage=Purging()))
    asking(school, notify=Notify.DIRECT)
    assert [DeliveryReport(dropped=1), NONE] == [school.deliver(), school.deliver()]
    assert () == school.environment.inbox.delivered


@pytest.mark.rule("D-13a")
@pytest.mark.rule("D-21a")
@pytest.mark.parametrize("shared", [True, False])
def test_the_purge_of_a_batch_in_doubt_is_no_reason_to_tell_twice_on_one_day(shared: bool) -> None:
    """Otherwise a purge would take the day along on which the person may have been told of another enrolment."""
    school = Faulty(retention_years=0, retention_decision="RS 2037-1", export_before_purge=False)
    pain, sleep = asking(school), school.start(key="somnskola")
    if shared:
        school.desk.start_conversation(sleep, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    school.dies_after_sending()
    school.desk.end(pain, reason="klar")
    school.advance(minutes=15)
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2037-1"))
    assert (None, ()) == (school.storage.load(pain), school.storage.notifications(pain))
    here, school.now = school.now, NINE - INSTANT
    school.desk.start_conversation(sleep, "Hej igen", notify=Notify.COLLECTED)
    school.now = here
    assert DeliveryReport(delivered=int(shared), waiting=1) == school.deliver()
    assert 1 == len(school.inbox.asked) - shared
    school.now = NINE + DAY
    assert ONE == school.deliver()


class FaultyMessenger(MemoryMessenger):
    """A mail server that raises what it is told to."""

    def __init__(self, error: DeliveryError | None) -> None:
        super().__init__(Channel.EMAIL)
        self.error = error

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        if self.error is not None:
            raise self.error
        return super().send(recipient, template, link, key=key)


class MovingDirectory(MemoryDirectory):
    """A directory in which somebody changes an address."""

    address: str | None = "gammal@vgregion.example"

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        return StaffEntry(email=Address(self.address)) if self.address else None


@pytest.mark.rule("M-22")
@pytest.mark.rule("M-23")
@pytest.mark.parametrize(("email", "sms"), [(True, False), (True, True), (False, False)])
def test_a_therapist_is_told_that_a_patient_is_done_by_the_ways_that_were_ticked(email: bool, sms: bool) -> None:
    """Otherwise a therapist would have to look every day, or be sent what nobody asked for."""
    school = Scenario()
    school.desk.receive_notifications(email=email, sms=sms)
    done(school)
    assert DeliveryReport(sent=email + sms, delivered=email + sms) == school.deliver()
    assert [("nurse@vgregion.example", Template.PROGRAM_DONE)] * email == [
        (message.address.value, message.template) for message in school.environment.email.sent
    ]
    assert int(sms) == len(school.environment.sms.sent)


@pytest.mark.rule("M-22")
@pytest.mark.rule("D-23a")
@pytest.mark.parametrize("address", ["ny@vgregion.example", None])
def test_the_address_is_looked_up_when_the_message_is_sent(address: str | None) -> None:
    """Otherwise a corrected address would count for later patients alone, or the therapist wait for no e-mail."""
    directory = MovingDirectory()
    school = Scenario(with_adapters(directory=directory))
    school.desk.receive_notifications(email=True)
    id_ = done(school)
    directory.address = address
    assert (ONE if address else DeliveryReport(undelivered=1)) == school.deliver()
    assert [address] * bool(address) == [message.address.value for message in school.environment.email.sent]
    assert (address is None) is (FlagKind.UNDELIVERED in flags(school, id_))


@pytest.mark.rule("D-17a")
def test_a_staff_notification_that_fails_asks_for_no_other_one() -> None:
    """Otherwise a broken mail server would be told of its own failure, again and again."""
    broken = FaultyMessenger(DeliveryError("refused", permanent=True))
    school = Scenario(with_adapters(messengers=(broken,)), policy=Policy(staff_flags=frozenset(FlagKind)))
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    assert [DeliveryReport(undelivered=1), NONE] == [school.deliver(), school.deliver()]


@pytest.mark.rule("D-13d")
def test_a_channel_that_has_lost_its_messenger_gives_a_flag() -> None:
    """Otherwise those who had chosen e-mail would wait in vain after the host has taken its mail server away."""
    school = Scenario()
    school.desk.receive_notifications(email=True)
    school.ports_factory = lambda environment: environment.ports(messengers=(environment.sms,))
    school.restart()
    id_ = done(school)
    assert (DeliveryReport(undelivered=1), [Status.FAILED]) == (school.deliver(), statuses(school, id_))
    assert FlagKind.UNDELIVERED in flags(school, id_)


@pytest.mark.rule("D-17a")
def test_a_notice_that_could_not_be_delivered_is_told_to_staff_who_want_to_know() -> None:
    """Otherwise the choice "one by one" would leave out the flag that matters most."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True, flags=[FlagKind.UNDELIVERED])
    asking(school, RESERVE_NUMBER, Notify.DIRECT)
    assert [evolve(ONE, undelivered=1), NONE] == [school.deliver(), school.deliver()]
    assert [Template.UNDELIVERED] == [message.template for message in school.environment.email.sent]


_SAVED: Mapping[FlagKind, Callable[[Scenario, str], object]] = {
    FlagKind.FORM_SAVED: lambda school, id_: school.room.save_form(id_, "halsoskattning", {"smarta": 3}),
    FlagKind.MESSAGE_RECEIVED: lambda school, id_: school.room.write(id_, "Hej"),
    FlagKind.PROGRAM_DONE: lambda school, id_: [school.room.complete_module(id_, module) for module in (1, 2, 3)],
    FlagKind.ENDING: lambda school, _: school.advance(days=400),
    FlagKind.UNDELIVERED: lambda school, id_: school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT),
}
_SETTLED: Mapping[FlagKind, Callable[[Scenario, str], object]] = {
    FlagKind.FORM_SAVED: lambda school, id_: school.desk.mark_read(id_, "halsoskattning"),
    FlagKind.MESSAGE_RECEIVED: lambda school, id_: school.desk.read_conversation(id_, 1),
    FlagKind.PROGRAM_DONE: lambda school, id_: school.desk.mark_handled(id_, FlagKind.PROGRAM_DONE),
    FlagKind.ENDING: lambda school, id_: school.desk.maintain(id_, days=30, modules=[1]),
    FlagKind.UNDELIVERED: lambda school, id_: school.desk.mark_handled(id_, FlagKind.UNDELIVERED),
}


@pytest.mark.rule("D-23b")
@pytest.mark.parametrize("kind", FlagKind, ids=lambda kind: kind.value)
@pytest.mark.parametrize("settles", [True, False])
def test_a_staff_notification_whose_flag_is_settled_before_it_goes_is_dropped(kind: FlagKind, settles: bool) -> None:
    """Otherwise a therapist would be called at night to what was dealt with in the evening."""
    email, inbox = FaultyMessenger(DeliveryError("busy")), FaultyInbox()
    school = Scenario(with_adapters(messengers=(email,), inbox=inbox), policy=Policy(staff_flags=frozenset(FlagKind)))
    inbox.error = DeliveryError("for good", permanent=True)
    id_ = school.start()
    school.desk.receive_notifications(email=True, flags=[kind])
    _SAVED[kind](school, id_)
    assert 1 == sum(school.deliver().retried for _ in range(2))
    if settles:
        _SETTLED[kind](school, id_)
    email.error = None
    school.advance(minutes=5)
    assert (DeliveryReport(dropped=1) if settles else ONE) == school.deliver()
    assert [Template(kind.value)] * (not settles) == [message.template for message in email.sent]


@pytest.mark.rule("D-09a")
@pytest.mark.rule("D-13b")
def test_after_a_hand_over_the_new_therapist_is_notified_and_the_old_one_s_message_dropped() -> None:
    """Otherwise the one who is away would be told of somebody else's patient, and nobody would look."""
    school = Scenario()
    school.desk.receive_notifications(email=True, sms=True)
    school.colleague.receive_notifications(email=True)
    first, second = done(school), school.start(ANNA, "somnskola")
    for id_ in (first, second):
        school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    for module in (1, 2, 3):
        school.room.complete_module(second, module)
    assert DeliveryReport(dropped=2, sent=1, delivered=1) == school.deliver()
    assert ["colleague@vgregion.example"] == [message.address.value for message in school.environment.email.sent]
    assert [2] == notes(school, NotificationDropped, first)
    assert [FlagKind.PROGRAM_DONE] == [flag.kind for flag in school.colleague.to_handle(first)]


@pytest.mark.rule("D-09a")
def test_what_waits_for_a_therapist_who_gets_the_patient_back_still_goes() -> None:
    """Otherwise a slip that is put right at once would cost the notification."""
    school = Scenario()
    school.desk.receive_notifications(email=True)
    id_ = done(school)
    for therapist in (COLLEAGUE, NURSE):
        school.coordinator.hand_over(id_, therapist.hsa_id)
    assert ONE == school.deliver()


@pytest.mark.rule("D-05a")
@pytest.mark.rule("D-13b")
@pytest.mark.rule("M-18")
@pytest.mark.parametrize("notify", [Notify.COLLECTED, Notify.DIRECT])
@pytest.mark.parametrize("maintained", [True, False])
def test_a_patient_whose_access_is_over_is_not_called_and_one_in_maintenance_is(
    notify: Notify, maintained: bool
) -> None:
    """Otherwise a patient would be called to read what cannot be opened, or not to what can."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-01 12:00")
    if maintained:
        school.desk.maintain(id_, days=30, modules=[1])
    school.desk.start_conversation(id_, "Hej", notify=notify)
    school.at("2027-03-02 09:00")
    assert (ONE if maintained else DeliveryReport(dropped=1, accesses_ended=1)) == school.deliver()
    assert ([int(not maintained)], int(maintained)) == (
        notes(school, NotificationDropped, id_),
        len(school.environment.inbox.delivered),
    )


@pytest.mark.rule("D-13c")
def test_what_leaves_says_nothing_of_the_message() -> None:
    """Otherwise somebody who looks over the patient's shoulder would read of the treatment."""
    school = Scenario()
    school.desk.start_conversation(school.start(), "hemlighet", heading="hemlig rubrik", notify=Notify.DIRECT)
    school.deliver()
    (notice,) = school.environment.inbox.delivered
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


@pytest.mark.rule("M-06")
def test_each_enrolment_that_is_told_of_has_a_line_in_the_access_log() -> None:
    """Otherwise a notice that left would have nobody who sent it, or a failed one look like a sent one."""
    school = Faulty()
    both = {asking(school), asking(school, key="somnskola")}
    asking(school, BO)
    school.fails(only=BO)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=2, retried=1) == school.deliver()
    lines = [entry for _, entry in school.office.access_log() if (entry.by, entry.action) == ("system", "deliver")]
    assert both == {entry.enrolment_id for entry in lines}
    assert [(ANNA, NINE)] * 2 == [(entry.person.value, entry.at) for entry in lines if entry.person is not None]
