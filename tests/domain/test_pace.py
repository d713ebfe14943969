"""The pace of a channel: its values, and the slots that it grants."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.domain.pace import NATIONAL_INBOX, ChannelPace, LatestSlot, grant
from digital_painschool.errors import InvalidValue
from digital_painschool.testing.contracts.paces import assert_keeps

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.rule("D-13e")
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"interval": timedelta(0)}, "interval is more than 0, and 12 hours at most"),
        ({"interval": -SECOND}, "interval is more than 0"),
        ({"interval": timedelta(hours=13)}, "interval is more than 0"),
        ({"interval": 1}, "interval is a timedelta"),
        ({"round_size": 0}, "round_size is a whole number, 1 or more"),
        ({"round_size": True}, "round_size is a whole number"),
        ({"round_size": 2.0}, "round_size is a whole number"),
        ({"pause": -SECOND}, "pause is 0 or more"),
        ({"pause": timedelta(days=2)}, "pause is 0 or more, and 12 hours at most"),
        ({"pause": timedelta(0)}, "round_size and pause are given together"),
        ({"round_size": None}, "round_size and pause are given together"),
    ],
)
def test_a_pace_that_none_could_keep_is_refused(wrong: dict[str, Any], says: str) -> None:
    """Otherwise a misprint would send everything at once, or nothing for a day."""
    with pytest.raises(InvalidValue, match=says):
        ChannelPace(**{"interval": SECOND, "round_size": 3, "pause": MINUTE, **wrong})


_PACES = st.builds(
    lambda interval, rounds: ChannelPace(interval=interval * SECOND, **rounds),
    st.integers(1, 90),
    st.one_of(
        st.just({}),
        st.builds(
            lambda size, pause: {"round_size": size, "pause": pause * SECOND}, st.integers(1, 9), st.integers(1, 400)
        ),
    ),
)
_CALLS = st.lists(st.tuples(st.integers(-30, 300), st.integers(0, 12)), max_size=30)


@pytest.mark.rule("D-13e")
@given(pace=_PACES, calls=_CALLS, span=st.integers(1, 60))
def test_no_history_of_workers_breaks_the_pace(pace: ChannelPace, calls: list[tuple[int, int]], span: int) -> None:
    """Otherwise some mix of workers, waits and clocks would send more than the inbox takes."""
    latest, now, found = None, NOW, list[datetime]()
    for later, wanted in calls:
        now += later * SECOND
        slots, latest = grant(latest, pace, wanted, now, span * SECOND)
        assert all(now <= slot for slot in slots)
        assert not slots or slots[-1] - slots[0] <= span * SECOND
        assert len(slots) <= wanted
        assert_keeps(pace, found := [*found, *slots])


@pytest.mark.rule("D-13e")
@given(pace=_PACES, ahead=st.integers(0, 10**6), in_round=st.integers(0, 9), span=st.integers(1, 60))
def test_no_slot_stops_a_channel_for_long(pace: ChannelPace, ahead: int, in_round: int, span: int) -> None:
    """Otherwise one wrong clock would silence a channel until its time has come."""
    latest = LatestSlot(at=NOW + ahead * SECOND, in_round=in_round)
    longest = 2 * span * SECOND + max(pace.interval, pace.pause)
    slots, _ = grant(latest, pace, 1, NOW + longest, span * SECOND)
    waited, _ = grant(latest, pace, 1, NOW, span * SECOND)
    assert slots or waited
    assert all(slot <= NOW + span * SECOND + longest for slot in waited)


def test_the_national_inbox_takes_a_notice_a_second_and_a_thousand_a_round() -> None:
    """Otherwise the region would be shut out by the national service, or be slower than it may."""
    assert (SECOND, 1000, 5 * MINUTE) == (NATIONAL_INBOX.interval, NATIONAL_INBOX.round_size, NATIONAL_INBOX.pause)
