"""What waits, was tried or is settled goes on after the migration to digests. Rule: M-13, D-13a, D-13d."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date

import pytest

from digital_painschool.adapters.sql import SqlStorage, migrate, migration_sql
from digital_painschool.digest import Batch, Digest
from digital_painschool.notification import Notify, Status
from digital_painschool.testing.people import ANNA, BO, CILLA
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.world import local, stored_at
from tests.databases import execute, run_script
from tests.older_schema import back_to_0003

NINE = local("2026-03-02 09:00")


@pytest.fixture(params=("sqlite_url", "postgresql_url"))
def url(request: pytest.FixtureRequest) -> str:
    """The URL of a new database with the schema, of each kind in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def school(url: str) -> Iterator[Scenario]:
    """A school on the database."""
    with Scenario(stored_at(url)) as school:
        yield school


def asking(school: Scenario, number: str, notify: Notify = Notify.COLLECTED, key: str = "smartskola") -> str:
    """Start an enrolment whose patient is to be told of a message; return the notification's id."""
    id_ = school.start(number, key)
    school.desk.start_conversation(id_, "Hej", notify=notify)
    return school.storage.notifications(id_)[0].notification.id


def migrated(url: str, *changes: str, by_hand: bool = False) -> None:
    """Make the database one of version 0003, change what a row says there, and migrate it."""
    back_to_0003(url)
    for change in changes:
        execute(url, f"UPDATE notifications SET {change}")  # noqa: S608 - our own
    if by_hand:
        run_script(url, migration_sql(url, since="0003"))
    else:
        migrate(url)


def digests(url: str) -> dict[str, Digest]:
    """Return what can be claimed when all is due, by the digest's id."""
    with closing(SqlStorage(url)) as storage:
        claims = storage.claim(local("2026-03-09 09:00"), 100, local("2026-03-02 09:15") - NINE)
    assert {0} == {claim.lost for claim in claims} or not claims
    return {claim.digest.id: claim.digest for claim in claims}


@pytest.mark.rule("M-13")
@pytest.mark.parametrize("by_hand", [False, True])
def test_what_waits_goes_as_one_a_recipient_and_what_is_direct_alone(url: str, school: Scenario, by_hand: bool) -> None:
    """Otherwise an update would lose what waits, or tell a patient as often as there are messages."""
    pain, sleep = asking(school, ANNA), asking(school, ANNA, key="somnskola")
    other, direct = asking(school, BO), asking(school, CILLA, Notify.DIRECT)
    expected = {id_: school.storage.notifications(id_) for id_ in ("e-0001", "e-0002", "e-0003", "e-0004")}
    migrated(url, by_hand=by_hand)
    found = digests(url)
    shared, anna = min(pain, sleep), {pain, sleep}
    assert {shared: anna, other: {other}, direct: {direct}} == {
        id_: {record.notification.id for record in digest.pending} for id_, digest in found.items()
    }
    assert {shared: True, other: True, direct: False} == {id_: digest.collected for id_, digest in found.items()}
    assert [(None, None)] * 3 == [(digest.batch, digest.told_on) for digest in found.values()]
    assert expected == {id_: school.storage.notifications(id_) for id_ in expected}


@pytest.mark.rule("D-13a")
def test_what_was_tried_goes_again_under_the_key_that_the_inbox_may_have(url: str, school: Scenario) -> None:
    """Otherwise a patient would be told twice of what a worker of the older version had sent when it died."""
    tried, direct, waiting = (
        asking(school, ANNA),
        asking(school, BO, Notify.DIRECT),
        asking(school, ANNA, key="somnskola"),
    )
    attempt = "attempts = 1, held_until = due_at WHERE id = '{}'".format
    migrated(url, attempt(tried), attempt(direct))
    found = digests(url)
    anna = found[min(tried, waiting)]
    assert Batch(key=tried, notifications=frozenset({tried}), attempted_on=date(2026, 3, 2)) == anna.batch
    assert [waiting] == [record.notification.id for record in anna.waiting()]
    assert Batch(key=direct, notifications=frozenset({direct}), attempted_on=date(2026, 3, 2)) == found[direct].batch
    assert {1} == {record.attempts for record in found[direct].pending}


@pytest.mark.rule("D-13a")
def test_who_was_told_on_the_day_of_the_update_is_told_again_tomorrow(url: str, school: Scenario) -> None:
    """Otherwise an update in the forenoon would bring a second notice, or settled ones back."""
    asking(school, ANNA)
    school.now = NINE
    assert 1 == school.deliver().sent
    migrated(url)
    assert {} == digests(url)
    school.now = local("2026-03-02 08:59")
    asking(school, ANNA, key="somnskola")
    assert [date(2026, 3, 2)] == [digest.told_on for digest in digests(url).values()]


@pytest.mark.rule("D-13b")
@pytest.mark.parametrize(
    ("was", "becomes"),
    [(status.value, status) for status in Status if status is not Status.PENDING] + [("merged", Status.DELIVERED)],
)
def test_what_is_settled_stays_as_it_is(url: str, school: Scenario, was: str, becomes: Status) -> None:
    """Otherwise a timeline would be told again of a notification that was dropped years ago."""
    asking(school, ANNA)
    migrated(url, f"status = '{was}', attempts = 1, settled_at = due_at")
    assert ({}, ()) == (digests(url), school.storage.unnoted())
    [record] = school.storage.notifications("e-0001")
    assert (becomes, NINE, 1) == (record.status, record.settled_at, record.attempts)


@pytest.mark.rule("M-13")
def test_a_notification_of_several_messages_becomes_one_for_each(url: str, school: Scenario) -> None:
    """Otherwise an enrolment would not know of the notification that it shared, or two have one id."""
    pain, sleep = asking(school, ANNA), asking(school, ANNA, key="somnskola")
    back_to_0003(url)
    execute(url, f"UPDATE notification_causes SET notification_id = '{pain}'")  # noqa: S608 - our own
    execute(url, f"DELETE FROM notifications WHERE id = '{sleep}'")  # noqa: S608 - our own
    migrate(url)
    [digest] = digests(url).values()
    assert {("e-0001", pain), ("e-0002", "e-0002.3.inbox.joined")} == {
        (record.notification.trigger.enrolment_id, record.notification.id) for record in digest.pending
    }
