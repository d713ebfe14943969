"""When a notification goes: the forenoon, the zone, the hour of today's policy."""

from datetime import UTC, datetime, time, timedelta

import pytest
from attrs import evolve

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status, Template
from digital_painschool.domain.policy import Policy
from digital_painschool.testing.environment import INSTANT, local
from digital_painschool.testing.people import BO
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NINE, NONE, ONE, Faulty, asking, statuses, write


@pytest.mark.rule("M-13", "D-13a")
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
    assert 1 == school.room.overview(EnrolmentId("e-0001")).unread_messages


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
