"""Law 5 over real HTTP: the machine's deliveries with the inbox of a platform that fails, is slow, or is not heard."""

from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from werkzeug import Response

from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.faults import SENDS, Fault
from digital_painschool.testing.lifecycle import LifecycleMachine, passes
from digital_painschool.testing.lifecycle.options import POLICIES
from tests.adapters.http.integration_platform import IntegrationPlatform
from tests.adapters.keyless import QUICK, Within

pytestmark = pytest.mark.search


@contextmanager
def loses_answers(platform: IntegrationPlatform) -> Any:
    """Do what is asked, and close the connection."""
    platform.loses_answers_to = "notices"
    try:
        yield
    finally:
        platform.loses_answers_to = ""


@contextmanager
def answers(platform: IntegrationPlatform, status: int) -> Any:
    """Refuse what is asked."""
    platform.next_answer = lambda: Response("", status)
    try:
        yield
    finally:
        platform.next_answer = None


@pytest.mark.rule("D-13a", "D-13d")
@pytest.mark.parametrize("busy", ["loses answers", "is out of order", "hangs"])
def test_whatever_a_platform_does_nobody_is_told_twice_or_never(
    platform: IntegrationPlatform, monkeypatch: pytest.MonkeyPatch, busy: str
) -> None:
    """Otherwise the laws would hold for an inbox in memory, and not for one behind a network."""
    faults: dict[str, Callable[[], AbstractContextManager[object]]] = {
        "loses answers": partial(loses_answers, platform),
        "is out of order": partial(answers, platform, 503),
        "hangs": platform.hanging,
    }
    fails = Fault(SENDS, does=Within(DeliveryError(busy), fault=faults[busy]))
    refuses = Fault(SENDS, does=Within(DeliveryError("never", permanent=True), fault=partial(answers, platform, 422)))
    ways = {**passes.TROUBLES, "busy": (fails,), "refused for good": (refuses,)}
    monkeypatch.setattr(passes, "TROUBLES", ways)
    worlds = list[Environment]()

    def ports_factory(environment: Environment) -> Ports:
        if worlds != [environment]:
            worlds[:] = [environment]
            platform._notices.clear()
        return environment.ports(inbox=platform.inbox())  # a school closes its own

    about = {
        "ports_factory": staticmethod(ports_factory),
        "reference": False,
        "focuses": ("messages",),
        "policies": {"usual": POLICIES["usual"]},
    }
    quick = settings(QUICK, derandomize=False, max_examples=8, stateful_step_count=12)
    run_state_machine_as_test(type("Machine", (LifecycleMachine,), about), settings=quick)
