"""Leases: workers at once, slow workers, a school that closes."""

from datetime import timedelta

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationUndelivered
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.errors import DeliveryError, StorageError
from digital_painschool.testing.environment import INSTANT, on_sqlite
from digital_painschool.testing.people import ANNA, BO, CILLA
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NINE, NONE, ONE, Faulty, FaultyInbox, asking, notes, statuses


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


@pytest.mark.rule("D-13a", "D-13d")
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
    school.at("2026-03-02 11:59:30")  # noon comes within the turn of the inbox
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
