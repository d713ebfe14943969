"""Whole histories: legal ones, of which every step is accepted, and legal ones with refused steps in between."""

from hypothesis import strategies as st

from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Completion, Ordering, Program
from digital_painschool.testing.example import SLEEP, program
from digital_painschool.testing.history import History, Step
from digital_painschool.testing.strategies.commands import ACCEPTED
from digital_painschool.testing.strategies.planned import PlannedSchool
from digital_painschool.testing.strategies.refused_commands import ALWAYS, REFUSED

_ACCEPTED = st.sampled_from(ACCEPTED)
_REFUSED = st.sampled_from(REFUSED)


@st.composite
def planned_steps(
    draw: st.DrawFn, programs: tuple[Program, ...], policy: Policy, length: int, *, refused: bool
) -> list[tuple[Step, bool]]:
    """Return steps in order, each with whether it will be accepted."""
    school = PlannedSchool(programs, policy)
    steps: list[tuple[Step, bool]] = []
    # About every other command gives a step. A stop is drawn before each: shrinking can leave any part out.
    while draw(st.integers(0, 2 * length)):
        refusal = refused and draw(st.integers(0, 2)) == 2
        step = draw(_REFUSED if refusal else _ACCEPTED)(draw, school)
        if step is not None:
            steps.append((step, not refusal))
    if refused and all(accepted for _, accepted in steps):
        steps.append((draw(st.sampled_from(ALWAYS)), False))
    return steps


_OFFERED = st.sampled_from([(program(ordering, how), SLEEP) for how in Completion for ordering in Ordering])


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    programs: tuple[Program, ...] | None = None,
    policy: Policy | None = None,
    length: int = 25,
    refused: bool = False,
) -> History:
    """Return whole histories: of patients, therapists, a worker, a data administrator, time that goes by, and restarts.

    Every step is accepted on a scenario with the same programs and policy; with `refused` there are also steps that
    are refused, at least one. Left out, `programs` are those of `digital_painschool.testing.example` in any ordering
    and completion, and `policy` is the default. They are about `length` steps long, sometimes much longer or shorter.
    """
    offered = draw(_OFFERED) if programs is None else programs
    steps = draw(planned_steps(offered, Policy() if policy is None else policy, length, refused=refused))
    return History(tuple(step for step, _ in steps), programs=offered)
