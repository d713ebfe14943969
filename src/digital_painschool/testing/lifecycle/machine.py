"""The lifecycle machine: all steps in any order, and the laws checked after every step."""

from functools import cache
from typing import Any
from unittest import TestCase

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from digital_painschool.testing.lifecycle.clock import Clock
from digital_painschool.testing.lifecycle.days import Days
from digital_painschool.testing.lifecycle.delivering import Delivering
from digital_painschool.testing.lifecycle.drafts import Drafts
from digital_painschool.testing.lifecycle.lists import Lists
from digital_painschool.testing.lifecycle.operators import Operators
from digital_painschool.testing.lifecycle.pacing import Pacing
from digital_painschool.testing.lifecycle.repeating import Repeating
from digital_painschool.testing.lifecycle.retention import Retention
from digital_painschool.testing.lifecycle.treatment import Treatment
from digital_painschool.testing.lifecycle.unauthorised import Unauthorised

_WHAT = {
    "treatment": "some order of a treatment's steps would give a state, a flag or an access that no rule gives",
    "maintenance": "a patient would read after the end of access, or not what the therapist promised",
    "messages": "somebody would be notified twice, at night, of nothing, or never",
    "records": "records would be purged that must be stored, or stored that are said to be gone",
    "everything": "the laws would hold for each part of the school, and not for all of it together",
}


class _TestCases:
    """A test case of its own for every machine, with a test for each focus and policy."""

    def __get__(self, machine: object, owner: "type[LifecycleMachine]") -> type[TestCase]:
        return _test_case(owner)


class LifecycleMachine(
    Treatment, Drafts, Clock, Delivering, Days, Operators, Pacing, Retention, Lists, Repeating, Unauthorised
):
    """A state machine over the public desks, for your adapters; it checks the laws after every step.

    Point it at your adapters, and let pytest or unittest find its test case:

        class OurLifecycle(LifecycleMachine):
            ports_factory = staticmethod(open_ours)

        TestOurLifecycle = OurLifecycle.TestCase

    It has a model of its own, in sets, counters and lists, which knows no rule of the library. Patients, therapists,
    administrators and people without permission do what they may and what they may not; the clock moves, also exactly
    onto boundaries and a microsecond beside them; workers fail, hang, die and overtake each other; the process dies
    before or after a write, and `ports_factory` is called again on the same environment. A failing run raises
    `Law5Violation` or its like, with one sentence that says what is wrong, and prints the steps as code.

    A class attribute that is no option, and an option with a wrong value, are refused when the subclass is made.

    The test case has a test for each of the `focuses` under each of the `policies`: few kinds of steps at a time find
    more than all of them. Give it `settings` of Hypothesis as any other test case, for each of its tests:

        TestOurLifecycle.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)

    By default each test runs 10 histories of up to 25 steps: all of them take 40 seconds on SQLite. On one core the
    machine takes some 180 steps a second in memory, and some 70 on SQLite, the reference included. Hypothesis takes up
    to five minutes to shorten a history that fails.

    Attributes:
        ports_factory: Opens your adapters in an `Environment`, as a new process would; a new one has nothing in it.
        reference: True asks a school in memory for the same, and expects the same answers and the same records (law 8).
        crashes: False never restarts: for adapters that store nothing when they are opened again.
        orderings: The orderings that the program is tried with.
        policies: The units' policies that are tried, by name.
        numbers: Three patients; by default the third cannot be reached in the inbox.
        focuses: What the examples are about.
    """

    TestCase: Any = _TestCases()


@cache
def _test_case(machine: type[LifecycleMachine]) -> type[TestCase]:
    def test_of(focus: str, policy: str) -> Any:
        about = {"focuses": (focus,), "policies": {policy: machine.policies[policy]}, "__module__": machine.__module__}
        focused = type(machine.__name__, (machine,), about)

        def test(self: Any) -> None:
            run_state_machine_as_test(focused, settings=self.settings)

        test.__doc__ = f"Otherwise {_WHAT[focus]}."
        return test

    unhurried = settings(
        deadline=None, suppress_health_check=list(HealthCheck), max_examples=10, stateful_step_count=25
    )
    tests = {f"test_{f}_{policy}": test_of(f, policy) for f in machine.focuses for policy in machine.policies}
    names = {"__module__": machine.__module__, "__doc__": f"The laws, for {machine.__name__}.", "settings": unhurried}
    return type(f"{machine.__name__}TestCase", (TestCase,), {**names, **tests})
