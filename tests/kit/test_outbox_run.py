"""The outbox of a region, run in small: with the real worker and SQLite, at a pace that is too slow for some days."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryInbox
from digital_painschool.adapters.memory import storage as memory
from digital_painschool.delivery.pacing import Pacer
from digital_painschool.domain import pace as pace_module
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.testing.environment import PortsFactory, in_memory, with_adapters
from digital_painschool.testing.reference.laws import LawViolation
from digital_painschool.testing.simulation.outbox import run_outbox
from digital_painschool.testing.simulation.outbox_figures import Demand, OutboxRun, Phase
from digital_painschool.testing.simulation.plots import outbox

PACE = ChannelPace(interval=timedelta(minutes=6), round_size=5, pause=timedelta(minutes=21))
"""Then a forenoon carries twenty notices."""
PHASES = (Phase("usual", [(8, 3)] * 2), Phase("too much", [(34, 3)] * 3), Phase("as before", [(8, 3)] * 5))
DEMAND = Demand(patients=60, days=[day for phase in PHASES for day in phase.days], lateness={4: 1, 70: 5, 90: 2})


@pytest.mark.rule("M-13", "D-13a", "D-13e")
def test_what_a_forenoon_does_not_carry_waits_and_nobody_is_lost() -> None:
    """Otherwise a region would learn from its patients how long they wait when the pace is too slow."""
    run = OutboxRun(60, PHASES, run_outbox(DEMAND, pace=PACE))
    usual, too_much, as_before = (found for _, found in run.of_phases())
    assert [(8, 8, 0)] * 2 == [(one.due, one.sent, one.left) for one in usual]
    assert all(one.due == one.sent + one.left for one in run.forenoons)
    assert [True] * 2 == [before.left < after.left for before, after in pairwise(too_much)]
    assert (0, timedelta(days=1)) == (as_before[-1].left, max(one.oldest for one in run.forenoons))
    told = sum((one.told.late for one in run.forenoons), Counter[int]())
    assert sum(collected for collected, _ in DEMAND.days) == told.total()
    assert {0, 1} <= told.keys()
    tables = run.tables
    assert "100.0 %" == tables["usual, 2 days"]["told on their own forenoon"]
    assert "nobody" == tables["usual, 2 days"]["wait at the end of a forenoon"]
    assert f"{too_much[0].left}, " in tables["too much, 3 days"]["wait at the end of a forenoon"]
    assert "too much" in outbox(run)


def _hurry(monkeypatch: pytest.MonkeyPatch) -> PortsFactory:
    def hurried(latest: Any, pace: ChannelPace, *about: Any) -> Any:
        return pace_module.grant(latest, evolve(pace, interval=pace.interval / 2), *about)

    monkeypatch.setattr(memory, "grant", hurried)
    return in_memory


def _lose(_: pytest.MonkeyPatch) -> PortsFactory:
    class Losing(MemoryInbox):
        def deliver(self, notice: Notice) -> Delivered:
            return Delivered.DUPLICATE

    return with_adapters(inbox=Losing())


def _stop_early(monkeypatch: pytest.MonkeyPatch) -> PortsFactory:
    monkeypatch.setattr(Pacer, "plan", lambda _: ())
    monkeypatch.setattr(Pacer, "near_turns", lambda _: None)
    return in_memory


@pytest.mark.parametrize(
    ("how", "day", "says"),
    [
        (_hurry, (8, 0), "the pace has it at"),
        (_lose, (0, 8), "should wait"),
        (_lose, (8, 0), "there were slots for them"),
        (_stop_early, (8, 0), "there were slots for them"),
    ],
    ids=["hurries", "loses", "loses collected ones", "leaves slots"],
)
def test_a_worker_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, how: Callable[[pytest.MonkeyPatch], PortsFactory], day: tuple[int, int], says: str
) -> None:
    """Otherwise the figures could come from one that hurries, loses notices, or lets patients wait for nothing."""
    demand = Demand(patients=20, days=[day], lateness={4: 1})
    with pytest.raises(LawViolation, match=says):
        run_outbox(demand, pace=PACE, ports_factory=how(monkeypatch))
