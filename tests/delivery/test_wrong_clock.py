"""A worker whose clock was a year ahead for one run: what it has written silences nobody once the clock is right."""

from datetime import timedelta

import pytest

from digital_painschool.errors import DeliveryError
from digital_painschool.testing.environment import local
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import Faulty, asking, write

pytestmark = pytest.mark.rule("M-13", "D-13a", "D-13d")

CORRECTED = local("2026-03-03 08:00")


def sent_each_day(school: Scenario) -> list[int]:
    """Return how many notices go in the forenoons of the days after the correction."""
    sent = []
    for day in range(3, 7):
        for time in ("09:30", "11:00"):
            school.at(f"2026-03-0{day} {time}")
            sent.append(school.deliver().sent)
    return sent


def test_who_was_notified_under_it_is_notified_of_the_next_message() -> None:
    """Otherwise a patient would get no collected notice for a year, and nobody would see it."""
    school = Scenario()
    id_ = asking(school)
    school.now = local("2027-02-01 09:00")
    assert 1 == school.deliver().sent
    school.now = CORRECTED
    write(school, id_)
    assert [0, 0, 1, 0, 0, 0, 0, 0] == sent_each_day(school)


def test_what_it_left_for_its_next_forenoon_goes_in_the_present_one() -> None:
    """Otherwise all that waited would wait for that year, although nobody was notified."""
    school = Scenario()
    asking(school)
    school.now = local("2027-02-01 15:00")
    assert 0 == school.deliver().sent
    school.now = CORRECTED
    assert [1, 0, 0, 0, 0, 0, 0, 0] == sent_each_day(school)


def test_what_it_failed_to_send_is_tried_again() -> None:
    """Otherwise a batch in doubt, which no later message brings forward, would be in doubt for that year."""
    school = Faulty()
    id_ = asking(school)
    school.now = local("2027-02-01 09:00")
    school.fails(DeliveryError("busy"))
    assert 1 == school.deliver().retried
    school.inbox.error, school.now = None, CORRECTED
    write(school, id_)
    assert 2 == sum(sent_each_day(school))


def test_what_it_had_claimed_when_it_died_is_claimed_anew() -> None:
    """Otherwise a lease would hold a notice for that year."""
    school = Faulty()
    asking(school)
    school.now = local("2027-02-01 09:00")
    school.dies_after_sending()
    school.now = CORRECTED
    assert 0 == sum(sent_each_day(school))
    assert 1 == len(school.inbox.delivered)
    assert () == school.storage.claim(local("2026-03-09 09:30"), 9, timedelta(minutes=1))
