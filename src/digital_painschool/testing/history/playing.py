"""Histories: steps in a row, played on any scenario, and shown as the code that makes them."""

from collections.abc import Iterable

from attrs import field, frozen
from hypothesis.vendor.pretty import RepresentationPrinter

from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.errors import PainSchoolError
from digital_painschool.testing.environment import PortsFactory, in_memory
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.history.literals import literal
from digital_painschool.testing.history.step import Step
from digital_painschool.testing.scenario import Scenario


@frozen
class Done:
    """A step that was taken, and what the desk gave."""

    step: Step
    gave: object


def _words(error: PainSchoolError) -> tuple[str, str]:
    return type(error).__name__, str(error)


@frozen
class Refused:
    """A step that was refused, and why; two of them are equal when the words of their errors are."""

    step: Step
    error: PainSchoolError = field(eq=_words)


Happened = Done | Refused
"""What came of a step."""


def _in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(steps)


@frozen(repr=False)
class History:
    """The steps of people, time and machines, one after another.

    Its `repr` is the code that makes it, with the names that `digital_painschool.testing.history`, `people` and
    `example` have.

    Args:
        steps: In order.
        programs: What the school offers.
    """

    steps: tuple[Step, ...] = field(converter=_in_order)
    programs: tuple[Program, ...] = field(default=(PROGRAM, SLEEP), kw_only=True)

    def __repr__(self) -> str:
        steps = "".join(f"\n    {step!r}," for step in self.steps) + "\n" * bool(self.steps)
        offered = "" if self.programs == (PROGRAM, SLEEP) else f", programs={literal(self.programs)}"
        return f"History(({steps}){offered})"

    def _repr_pretty_(self, printer: RepresentationPrinter, _: object) -> None:
        # Hypothesis shows what it has found by this, and else field by field.
        printer.text(repr(self))

    def scenario(self, ports_factory: PortsFactory = in_memory, *, policy: Policy | None = None) -> Scenario:
        """Open a school that offers the programs, for this history to be played on."""
        return Scenario(ports_factory, programs=self.programs, policy=policy)

    def play(self, scenario: Scenario) -> tuple[Happened, ...]:
        """Execute every step, and return what came of each; a step that is refused is passed over."""
        return tuple(take(step, scenario) for step in self.steps)


def take(step: Step, scenario: Scenario) -> Happened:
    """Execute a step, and return what came of it; errors that are none of the library's own are raised."""
    try:
        return Done(step, step.take(scenario))
    except PainSchoolError as error:
        return Refused(step, error)
