"""At most one new notice a patient, unit and local day, whatever is lost meanwhile."""

import shutil

import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Status
from digital_painschool.testing.environment import INSTANT, on_sqlite
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import (
    DAY,
    NINE,
    NONE,
    ONE,
    Faulty,
    asking,
    statuses,
    write,
)

pytestmark = pytest.mark.rule("D-13a")


def late(school: Scenario, id_: EnrolmentId) -> None:
    """Write a message of which the patient was to be told today, after today's notice has gone."""
    write(school, id_, NINE - INSTANT)


def assert_one_a_day(school: Faulty, id_: EnrolmentId, *, delivered: int) -> None:
    """What was sent settles by itself today, and the late message goes tomorrow."""
    school.advance(minutes=15)
    assert DeliveryReport(delivered=delivered, waiting=1) == school.deliver()
    assert 1 == len(school.inbox.delivered)
    school.now = NINE + DAY
    assert (ONE, 2) == (school.deliver(), len(school.inbox.delivered))
    assert {Status.DELIVERED} == set(statuses(school, id_))


def test_a_message_that_comes_when_the_day_s_notice_has_gone_goes_with_the_next_day_s() -> None:
    """Otherwise its patient would get a second notice on one forenoon."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    assert ONE == school.deliver()
    late(school, id_)
    assert_one_a_day(school, id_, delivered=0)


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


def test_the_day_after_a_crash_the_new_message_is_told_of() -> None:
    """Otherwise yesterday's notice, sent and not stored as sent, would swallow today's."""
    school = Faulty()
    id_ = asking(school)
    school.now = NINE
    school.dies_after_sending()
    write(school, id_)
    school.now = NINE + DAY
    assert (DeliveryReport(sent=1, delivered=2), 2) == (school.deliver(), len(school.inbox.delivered))


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
