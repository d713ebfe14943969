"""What is dropped before it goes, because it was read or the enrolment has ended."""

from functools import partial

import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationDropped
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.errors import DeliveryError
from digital_painschool.testing.environment import INSTANT, in_memory
from digital_painschool.testing.faults import Fault, Meanwhile, with_faults
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NINE, NONE, ONE, Faulty, asking, notes, statuses, write


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
    ending = Fault("begin", does=Meanwhile(lambda _: school.desk.end(pain, reason="klar")))
    school = Scenario(with_faults(in_memory, storage=[ending]))
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
