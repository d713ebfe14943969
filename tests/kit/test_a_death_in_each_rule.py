"""The process may die in any rule of the machine, and the machine goes on: it asks no dead process for its answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from inspect import getmembers
from typing import Any

import pytest
from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st
from hypothesis.stateful import RULE_MARKER

from digital_painschool.domain.pace import ChannelPace
from digital_painschool.testing import history as h
from digital_painschool.testing.environment import at_a_pace
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.lifecycle import LifecycleMachine

MEMBERS = (getattr(member, RULE_MARKER, None) for _, member in getmembers(LifecycleMachine))
RULES = list({rule.function: rule for rule in MEMBERS if rule is not None}.values())
SMALLEST = settings(database=None, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])


class Machine(LifecycleMachine):
    """A machine in memory, whose inbox has a pace."""

    ports_factory = staticmethod(at_a_pace(ChannelPace(interval=timedelta(seconds=1))))


@contextmanager
def at_work() -> Iterator[Any]:
    """Give a machine in which every rule has something to work on."""
    it: Any = Machine()
    try:
        it.begin(start="2026-06-01 08:00", ordering="guided", policy="usual", focus="everything")
        it.call_twice(enrolment=0, step=h.SaveForm(PAIN, {"smarta": 9}), dies=None, otherwise=False)
        it.draw_the_box(enrolment=0, form=PAIN)
        it.draw_a_page(enrolment=0)
        it.open_a_tab(enrolment=0)
        it.therapist_writes(enrolment=0, conversation=0, notify="collected")
        it.move(it.next_time())
        it.deliver()
        it.plan(where="here")
        yield it
    finally:
        it.teardown()


@pytest.mark.search
@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(rule, id=rule.function.__name__, marks=[pytest.mark.nightly] * (place % 6 > 0))
        for place, rule in enumerate(RULES)
    ],
)
def test_the_process_may_die_in_any_rule(rule: Any) -> None:
    """Otherwise a search would end in an error of the machine's own, after five minutes of shrinking."""
    with at_work() as it:
        assert all(holds(it) for holds in rule.preconditions)
        given = find(st.fixed_dictionaries(rule.arguments_strategies), lambda _: True, settings=SMALLEST)
        it.the_next_step(write=0, how="dies before")
        rule.function(it, **given)
        it.the_laws_hold()
