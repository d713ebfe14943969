"""The points at which a history can crash, and what came of all of them."""

from collections import Counter

from attrs import field, frozen

from digital_painschool.testing.faults import When
from digital_painschool.testing.history.literals import short


@frozen(repr=False, kw_only=True)
class CrashPoint:
    """A point of a history at which the process dies.

    Args:
        step: The ordinal of the step, from 1.
        call: The ordinal of the call of a port within the step, from 1.
        when: Before the effect of the call, or of the statement, or after it.
        statement: The ordinal of the statement of a database within the call, from 1; None for the call itself.
        unattended: True when nobody takes the step again: what a worker held is a later run's, perhaps on another day.
    """

    step: int
    call: int
    when: When = field(default=When.BEFORE)
    statement: int | None = field(default=None)
    unattended: bool = field(default=False)

    def __repr__(self) -> str:
        return short(self)


@frozen(kw_only=True)
class Survived:
    """The crashes that a history came through: nothing was lost, and nothing duplicated.

    Args:
        points: The number of crashes, each at another point.
        steps: The number of steps in which they were.
        at: The number of crashes at each call, or statement of a call.
        resumed: The number of times that the step was taken again, because it had not happened, or not all of it.
    """

    points: int
    steps: int
    at: Counter[str]
    resumed: int

    def __add__(self, other: "Survived") -> "Survived":
        return Survived(
            points=self.points + other.points,
            steps=self.steps + other.steps,
            at=self.at + other.at,
            resumed=self.resumed + other.resumed,
        )


class NotSurvived(AssertionError):
    """Something was lost, duplicated or half done after a crash; the text says where, what, and how to see it again."""
