"""When a digest goes, with what, and when it is given up."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Decision, Digest, batch_key
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, Notification, NotificationRecord, Template, TriggeringEntry
from digital_painschool.domain.policy import Policy
from digital_painschool.rules.digests import (
    DECISIONS,
    Doubt,
    attempts_exhausted,
    decide,
    earliest_send_at,
    latest_day,
    next_retry_at,
    undeliverable,
)
from digital_painschool.rules.notifications import next_digest_at
from digital_painschool.testing.environment import local
from digital_painschool.testing.people import PERSON, UNIT

POLICY = Policy()
TODAY = date(2026, 3, 3)
YESTERDAY = TODAY - timedelta(days=1)
NOW = local("2026-03-03 09:30")
TICK = timedelta(microseconds=1)


def waiting(id_: str, due_at: datetime = NOW) -> NotificationRecord:
    """Return a notification that waits."""
    return NotificationRecord(
        notification=Notification(
            id=NotificationId(id_),
            unit=UNIT,
            channel=Channel.INBOX,
            recipient=PERSON,
            template=Template.MESSAGE_TO_READ,
            due_at=due_at,
            trigger=TriggeringEntry(enrolment_id=EnrolmentId("e"), seq=1),
            collected=True,
        )
    )


DIGEST = Digest(
    id=DigestId("digest"),
    unit=UNIT,
    channel=Channel.INBOX,
    recipient=PERSON,
    template=Template.MESSAGE_TO_READ,
    collected=True,
)
DOUBTS = {
    Doubt.NONE: None,
    Doubt.EARLIER: Batch(key="key", notifications=frozenset({NotificationId("tried")}), attempted_on=YESTERDAY),
    Doubt.TODAY: Batch(key="key", notifications=frozenset({NotificationId("tried")}), attempted_on=TODAY),
}


@pytest.mark.rule("D-13a")
def test_the_table_has_every_situation() -> None:
    """Otherwise a worker would end on a digest that nobody thought of."""
    assert {*product((False, True), Doubt, (False, True))} == {*DECISIONS}


@pytest.mark.rule("D-13a", "M-13")
@pytest.mark.parametrize(("may_be_told", "doubt", "is_due"), list(DECISIONS))
def test_every_situation_is_decided_as_the_table_says(may_be_told: bool, doubt: Doubt, is_due: bool) -> None:
    """Otherwise a patient would be told twice on a day, or not at all."""
    batch = DOUBTS[doubt]
    pending = (waiting("due", NOW if is_due else NOW + TICK), *([] if batch is None else [waiting("tried")]))
    digest = evolve(DIGEST, pending=pending, batch=batch, told_on=YESTERDAY if may_be_told else TODAY)
    action = DECISIONS[may_be_told, doubt, is_due]
    tried = frozenset({NotificationId("tried")}) if batch is not None else frozenset[NotificationId]()
    expected = {
        Action.WAIT: Decision(action=Action.WAIT, day=TODAY),
        Action.REPEAT: Decision(
            action=Action.REPEAT, day=TODAY, notifications=tried, tried_on=None if batch is None else batch.attempted_on
        ),
        Action.SEND: Decision(action=Action.SEND, day=TODAY, notifications=tried | {NotificationId("due")}),
    }
    assert expected[action] == decide(digest, NOW, POLICY)


@pytest.mark.rule("D-13a", "M-13")
@pytest.mark.parametrize(
    ("now", "action"),
    [
        (local("2026-03-03 09:00") - TICK, Action.WAIT),
        (local("2026-03-03 09:00"), Action.SEND),
        (local("2026-03-03 12:00") - TICK, Action.SEND),
        (local("2026-03-03 12:00"), Action.WAIT),
        (local("2026-03-29 09:00"), Action.SEND),
        (local("2026-10-25 09:00") - TICK, Action.WAIT),
    ],
)
def test_a_collected_digest_goes_in_the_forenoon(now: datetime, action: Action) -> None:
    """Otherwise a telephone would ring at night, also on the days of clock changes."""
    assert action is decide(evolve(DIGEST, pending=(waiting("m", local("2026-03-01 09:00")),)), now, POLICY).action


@pytest.mark.rule("M-12")
@pytest.mark.parametrize("hour", range(24))
def test_a_digest_that_is_not_collected_goes_at_any_hour(hour: int) -> None:
    """Otherwise "Direkt" would wait for the morning, or a therapist be told a day late."""
    now = local(f"2026-03-03 {hour:02}:00")
    digest = evolve(DIGEST, collected=False, pending=(waiting("m", now),), told_on=TODAY)
    assert Action.SEND is decide(digest, now, POLICY).action


@pytest.mark.rule("D-13a")
def test_a_day_that_comes_twice_is_one_day() -> None:
    """Otherwise a unit whose zone moves west would tell its patients twice on a day."""
    tomorrow = TODAY + timedelta(days=1)
    batch = Batch(key="key", notifications=frozenset({NotificationId("m")}), attempted_on=tomorrow)
    assert Action.WAIT is decide(evolve(DIGEST, pending=(waiting("m"),), told_on=tomorrow), NOW, POLICY).action
    tried = evolve(DIGEST, pending=(waiting("m"), waiting("n")), batch=batch)
    assert Action.REPEAT is decide(tried, NOW, POLICY).action


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(
    ("now", "told_on", "at"),
    [
        (local("2026-03-03 07:00"), None, local("2026-03-03 09:00")),
        (local("2026-03-03 09:00"), None, local("2026-03-03 09:00")),
        (local("2026-03-03 11:59"), YESTERDAY, local("2026-03-03 11:59")),
        (local("2026-03-03 12:00"), None, local("2026-03-04 09:00")),
        (local("2026-03-03 09:30"), TODAY, local("2026-03-04 09:00")),
        (local("2026-03-28 12:00"), None, local("2026-03-29 09:00")),
    ],
)
def test_the_earliest_instant_to_send_is_in_a_forenoon(now: datetime, told_on: date | None, at: datetime) -> None:
    """Otherwise a digest that waits would come back too early, or a missed run would not be caught up."""
    assert at == earliest_send_at(now, POLICY, told_on)


@pytest.mark.rule("D-13a", "M-13")
@pytest.mark.parametrize(
    ("at", "run"),
    [
        (local("2026-03-03 09:00") - TICK, local("2026-03-03 09:00")),
        (local("2026-03-03 09:00"), local("2026-03-04 09:00")),
        (local("2026-03-03 23:59"), local("2026-03-04 09:00")),
        (local("2026-03-28 10:00"), datetime(2026, 3, 29, 7, tzinfo=UTC)),
        (local("2026-10-24 10:00"), datetime(2026, 10, 25, 8, tzinfo=UTC)),
    ],
)
def test_a_message_goes_with_the_next_run(at: datetime, run: datetime) -> None:
    """Otherwise a message of 09:00 would go with a run that has begun, or an hour early in summer."""
    assert run == next_digest_at(at, POLICY)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    ("attempts", "given_up"),
    [
        ({"a": 4}, set()),
        ({"a": 5}, {"a"}),
        ({"a": 5, "b": 1}, set()),
        ({"a": 9, "b": 4}, set()),
        ({"a": 10, "b": 4}, {"a"}),
        ({"a": 7, "b": 5}, {"a", "b"}),
    ],
)
def test_old_attempts_ride_along_with_fresh_ones_but_not_for_ever(attempts: dict[str, int], given_up: set[str]) -> None:
    """Otherwise a flag would say undelivered of a patient who is told five minutes later, or never come."""
    assert given_up == undeliverable({NotificationId(id_): count for id_, count in attempts.items()}, POLICY)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("waits", [(), (5,), (5, 30)])
def test_there_is_one_attempt_more_than_there_are_waits(waits: tuple[int, ...]) -> None:
    """Otherwise a unit that wants no second attempt would get one, or who wants one would get none."""
    policy = Policy(retry_minutes=waits)
    assert [set(), {"a"}] == [undeliverable({NotificationId("a"): len(waits) + more}, policy) for more in (0, 1)]


@pytest.mark.rule("D-13a", "D-13d")
@pytest.mark.parametrize(
    ("attempts", "now", "collected", "at"),
    [
        (1, local("2026-03-03 09:00"), True, local("2026-03-03 09:05")),
        (3, local("2026-03-03 09:30"), True, local("2026-03-03 11:30")),
        (3, local("2026-03-03 11:00"), True, local("2026-03-04 09:00")),
        (4, local("2026-03-03 11:00"), True, local("2026-03-04 09:00")),
        (4, local("2026-03-03 23:00"), True, local("2026-03-04 09:00")),
        (4, local("2026-03-03 11:00"), False, local("2026-03-03 23:00")),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Stockholm", "America/New_York", "Pacific/Auckland"])
def test_the_next_attempt_waits_as_the_policy_says(
    attempts: int, now: datetime, collected: bool, at: datetime, zone: str
) -> None:
    """Otherwise a broken inbox would be asked all the time, or a digest tried at night."""
    there = Policy(zone=ZoneInfo(zone))
    now, at = (one.astimezone(POLICY.zone).replace(tzinfo=there.zone).astimezone(UTC) for one in (now, at))
    assert at == next_retry_at(attempts, now, there, collected=collected)


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    ("asked", "collected", "at"),
    [
        (timedelta(minutes=4), False, NOW + timedelta(minutes=5)),
        (timedelta(minutes=6), False, NOW + timedelta(minutes=6)),
        (timedelta(minutes=-6), False, NOW + timedelta(minutes=5)),
        (timedelta.max, False, NOW + timedelta(days=1)),
        (timedelta(minutes=6), True, NOW + timedelta(minutes=6)),
        (timedelta(hours=5), True, local("2026-03-04 09:00")),
        (timedelta(hours=23), True, max(NOW + timedelta(hours=23), local("2026-03-04 09:00"))),
        (timedelta(hours=24), True, NOW + timedelta(hours=24)),
    ],
)
def test_a_server_that_asks_for_a_wait_gets_the_later_instant(asked: timedelta, collected: bool, at: datetime) -> None:
    """Otherwise a busy server would be asked again too early, or a patient be told at night (M-13)."""
    assert at == next_retry_at(1, NOW, POLICY, collected=collected, retry_after=asked)


@pytest.mark.rule("D-13d")
def test_a_digest_is_given_up_when_too_many_workers_were_lost_with_it() -> None:
    """Otherwise a poison message would end workers for ever, or one death give up a notification."""
    assert [False, True] == [attempts_exhausted(lost, POLICY) for lost in (9, 10)]


@pytest.mark.rule("D-13a")
def test_the_latest_day_is_of_all_that_are_known() -> None:
    """Otherwise a batch that was dropped would let its patient be told a second time on the day of its attempt."""
    assert None is latest_day(None, None)
    assert TODAY == latest_day(YESTERDAY, TODAY) == latest_day(TODAY, YESTERDAY) == latest_day(None, TODAY)


@pytest.mark.rule("D-13a")
def test_a_key_is_that_of_its_notifications() -> None:
    """Otherwise an inbox could take two batches for one, or one for two after a backup was restored."""
    d, e = DigestId("d"), DigestId("e")
    assert batch_key(d, ["a", "b"]) == batch_key(d, ["b", "a"])
    assert 4 == len({batch_key(d, ["a", "b"]), batch_key(d, ["a"]), batch_key(e, ["a"]), batch_key(d, ["ab"])})


@pytest.mark.rule("M-13")
def test_the_run_is_the_units_own() -> None:
    """Otherwise a unit that chose 06:30 would tell its patients at nine."""
    early = Policy(collected_at=time(6, 30))
    assert local("2026-03-03 06:30") == earliest_send_at(local("2026-03-03 05:00"), early)
