"""Law 5 at a pace: processes killed at every call, and a simulated unit whose forenoon is too short."""

from datetime import timedelta

import pytest

from digital_painschool.domain.pace import ChannelPace
from digital_painschool.testing.crashes import NOTABLE_HISTORIES, kill_at_every_call
from digital_painschool.testing.environment import at_a_pace
from digital_painschool.testing.simulation import Region, simulate

SECOND = timedelta(seconds=1)


@pytest.mark.search
@pytest.mark.nightly
@pytest.mark.rule("D-13e")
@pytest.mark.parametrize("name", ["week", "year", "outage"])
def test_no_crash_at_a_pace_loses_or_doubles_a_notice(name: str) -> None:
    """Otherwise a worker that dies between its slots would leave patients untold, or tell them twice (law 5)."""
    pace = ChannelPace(interval=SECOND, round_size=1, pause=5 * SECOND)
    assert kill_at_every_call(at_a_pace(pace), NOTABLE_HISTORIES[name]).points > 50


@pytest.mark.rule("M-13", "D-13a", "D-13e")
def test_law_5_holds_where_the_forenoon_is_too_short() -> None:
    """Otherwise a channel that is too slow for a while would lose notices, or send them at night (law 5)."""
    pace = ChannelPace(interval=timedelta(minutes=50))
    outcome = simulate(Region(patients=80, years=0.3, seed=3), ports_factory=lambda _: at_a_pace(pace))
    assert [] == [*outcome.findings]
    assert outcome.figures.events["runs whose forenoon was too short"] > 5
    assert outcome.figures.fates["collected, delivered"] > 100
