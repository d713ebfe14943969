"""Runs the lifecycle machine on a storage, about one thing at a time."""

from collections.abc import Mapping

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from digital_painschool.domain.policy import Policy
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.lifecycle import LifecycleMachine
from digital_painschool.testing.lifecycle.options import POLICIES

STEPS = 25
"""How many steps a history has: then a new one tells more than a longer one."""


def machine_on(
    ports_factory: PortsFactory, focus: str, policies: Mapping[str, Policy] = POLICIES
) -> type[LifecycleMachine]:
    """Return the machine for a storage; in memory there is nothing to compare it with."""
    reference = ports_factory is not in_memory
    about = {
        "ports_factory": staticmethod(ports_factory),
        "reference": reference,
        "focuses": (focus,),
        "policies": policies,
    }
    return type("Machine", (LifecycleMachine,), about)


def run(ports_factory: PortsFactory, focus: str, examples: int) -> None:
    """Let so many histories happen on a storage under each of the policies."""
    unhurried = settings(
        deadline=None,
        suppress_health_check=list(HealthCheck),
        max_examples=examples,
        stateful_step_count=STEPS,
    )
    for name, policy in POLICIES.items():
        run_state_machine_as_test(machine_on(ports_factory, focus, {name: policy}), settings=unhurried)
