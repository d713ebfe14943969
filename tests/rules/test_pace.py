"""Sending at a channel's pace: the next send, and what a forenoon carries."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import NATIONAL_INBOX, ChannelPace, DueCount, ForenoonPlan
from digital_painschool.domain.policy import Policy
from digital_painschool.rules.pace import capacity, last_send_at, next_send_at, plan_forenoons
from digital_painschool.testing.environment import local
from digital_painschool.testing.people import OTHER_UNIT, UNIT

pytestmark = pytest.mark.rule("D-13e")

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PACE = ChannelPace(interval=SECOND, round_size=3, pause=timedelta(seconds=60))
NINE, NOON = local("2026-03-02 09:00"), local("2026-03-02 12:00")


def at(*seconds: float) -> tuple[datetime, ...]:
    """Return instants, so many seconds after now."""
    return tuple(NOW + second * SECOND for second in seconds)


@pytest.mark.parametrize(
    ("slots", "previous", "now", "expected"),
    [
        ((), None, 0, None),
        ((5, 6, 7), None, 0, 5),  # waits for its first slot
        ((5, 6, 7), None, 5.5, 5.5),  # is late: the first slot is used late
        ((5, 6, 7), 5, 5.2, 6),  # a quick send waits for the next slot
        ((5, 6, 7), 5.5, 5.7, 6.5),  # after a late one the interval holds too
        ((5, 6, 7), 5, 6.9, 6.9),  # a slow send shifts the next one
        ((5, 6, 7), 6.5, 6.6, None),  # which would be the next worker's slot
        ((5, 6, 7), 5, 7.1, None),  # missed slots are lost, not saved up
        ((5,), 5, 5, None),
        ((5,), None, 5, 5),
        ((5,), None, 5.1, None),
    ],
)
def test_the_next_send_keeps_the_interval_within_the_slots(
    slots: Sequence[float], previous: float | None, now: float, expected: float | None
) -> None:
    """Otherwise an inbox that hung for ten seconds would get ten notices at once (D-13e)."""
    before = None if previous is None else NOW + previous * SECOND
    wanted = None if expected is None else NOW + expected * SECOND
    assert wanted == next_send_at(at(*slots), before, ChannelPace(interval=SECOND), NOW + now * SECOND)


@given(
    interval=st.integers(1, 90),
    rounds=st.one_of(st.none(), st.tuples(st.integers(1, 9), st.integers(1, 400))),
    notices=st.integers(1, 60),
    ninths=st.integers(1, 9),
)
def test_a_capacity_is_what_is_sent_before_the_end(
    interval: int, rounds: tuple[int, int] | None, notices: int, ninths: int
) -> None:
    """Otherwise a plan would promise what does not go, or warn of what does: also where the end lies in a pause."""
    pace = ChannelPace(interval=interval * SECOND)
    if rounds is not None:
        pace = ChannelPace(interval=interval * SECOND, round_size=rounds[0], pause=rounds[1] * SECOND)
    last, following = (last_send_at(pace, number, NOW) for number in (notices, notices + 1))
    until = last + ninths * (following - last) / 9
    assert (notices - 1, notices) == (capacity(pace, NOW, last), capacity(pace, NOW, until))


def test_a_forenoon_carries_some_eight_thousand_notices_of_the_national_inbox() -> None:
    """Otherwise an operator would learn in the clinic's busiest week what the inbox takes."""
    assert 8408 == capacity(NATIONAL_INBOX, NINE, NOON)
    assert local("2026-03-02 09:35:38") == last_send_at(NATIONAL_INBOX, 1840, NINE)
    assert 0 == capacity(NATIONAL_INBOX, NOON, NINE)


@pytest.mark.rule("D-13a")
def test_a_plan_holds_for_all_units_and_ends_with_the_first_forenoon() -> None:
    """Otherwise units that share the inbox would each be promised all of it."""
    early = Policy(collected_at=time(7), forenoon_ends=time(9, 10))
    due = [
        DueCount(channel=Channel.INBOX, unit=UNIT, collected=True, number=900),
        DueCount(channel=Channel.INBOX, unit=OTHER_UNIT, collected=True, number=940),
        DueCount(channel=Channel.SMS, unit=UNIT, collected=False, number=4),
        DueCount(channel=Channel.EMAIL, unit=UNIT, collected=False, number=4),
    ]
    paces = {Channel.INBOX: NATIONAL_INBOX, Channel.SMS: ChannelPace(interval=SECOND)}

    def planned(other: Policy) -> tuple[ForenoonPlan, ...]:
        return plan_forenoons(due, paces, {UNIT: Policy(), OTHER_UNIT: other}, NINE)

    inbox = ForenoonPlan(
        channel=Channel.INBOX, notices=1840, done_by=local("2026-03-02 09:35:38"), ends_at=NOON, too_late=0
    )
    sms = ForenoonPlan(channel=Channel.SMS, notices=4, done_by=NINE + 3 * SECOND)
    assert (inbox, sms) == planned(Policy())
    [late, _] = planned(early)
    assert (local("2026-03-02 09:10"), 1840 - 600) == (late.ends_at, late.too_late)
    # A unit whose forenoon is over already waits for its next one in any case.
    assert NOON == planned(Policy(collected_at=time(7), forenoon_ends=time(8)))[0].ends_at
    # At its very end it is over, and a channel with nothing due has no plan and hides no other.
    policies = {UNIT: Policy(), OTHER_UNIT: Policy()}
    [at_noon] = plan_forenoons(due[:2], dict(reversed(paces.items())), policies, NOON)
    assert (Channel.INBOX, None, 0) == (at_noon.channel, at_noon.ends_at, at_noon.too_late)
    assert () == plan_forenoons(due, {}, {UNIT: Policy(), OTHER_UNIT: Policy()}, NINE)
