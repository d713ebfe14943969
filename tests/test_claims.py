"""On PostgreSQL a claim waits for nobody: what somebody else is changing is left for later, with all of its lane."""

from collections.abc import Iterator

import psycopg
import pytest

from digital_painschool.notification import Notify
from digital_painschool.testing.contracts.changes import LEASE
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import local, stored_at

NINE = local("2026-03-04 09:00")


@pytest.fixture
def school(postgresql_url: str) -> Iterator[Scenario]:
    """Give a school in which two patients are to be told, Anna of two days in one lane."""
    with Scenario(stored_at(postgresql_url)) as school:
        for number, days in ((ANNA, 2), (BO, 1)):
            id_ = school.start(number)
            school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
            for _ in range(days - 1):
                school.advance(days=1)
                school.desk.write(id_, 1, "Hej", notify=Notify.COLLECTED)
        yield school


@pytest.fixture
def frozen(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """Give a connection of somebody who does not come on with a transaction."""
    with psycopg.connect(postgresql_url) as connection:
        yield connection


LOCK = b"SELECT id FROM notifications WHERE recipient_value = %s ORDER BY id LIMIT 1 FOR UPDATE"


def persons(school: Scenario) -> list[str]:
    """Claim, and say whose notifications were claimed."""
    claimed = school.storage.claim(NINE, 10, LEASE)
    return sorted(str(getattr(one.notification.recipient, "value", "")) for one in claimed)


def test_a_lane_that_somebody_changes_is_left_whole_and_the_others_go(
    school: Scenario, frozen: psycopg.Connection
) -> None:
    """Otherwise one web worker that hangs would stop everybody's notifications, or a patient would be told twice."""
    frozen.execute(LOCK, (ANNA,))
    assert [BO] == persons(school)
    frozen.rollback()
    assert [ANNA, ANNA] == persons(school)


def test_a_claim_of_nothing_but_what_is_changed_is_empty(school: Scenario, frozen: psycopg.Connection) -> None:
    """Otherwise a pass would hang until somebody else's transaction ends."""
    frozen.execute(LOCK, (ANNA,))
    frozen.execute(LOCK, (BO,))
    assert [] == persons(school)
    frozen.rollback()
    assert [ANNA, ANNA, BO] == persons(school)
