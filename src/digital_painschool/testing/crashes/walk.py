"""A walk over the crash points of a history: what it does without a crash, and what it comes to with each."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from attrs import evolve, field, frozen

from digital_painschool.testing.crashes.run import CrashPoint, Ending, Run, Step, Stored
from digital_painschool.testing.faults import WRITES, When

_CHANGES = WRITES | {"deliver", "send", "forget", "notice"}
"""The methods that change something, by their contracts: a crash after another one is the same as before the next."""


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


@frozen(kw_only=True)
class Made:
    """A call as it went without a crash.

    Args:
        name: The name of the call.
        statements: The names of its statements.
        lasting: The ordinals of those after which something lasts.
        after: What was stored after the call.
    """

    name: str
    statements: tuple[str, ...]
    lasting: tuple[int, ...]
    after: Stored = field(repr=False)


@frozen(kw_only=True)
class Taken:
    """A step as it went without a crash.

    Args:
        ordinal: The ordinal of the step, from 1.
        step: The step.
        refused: Why it was refused; None when it was not.
        returned: What it returned if it has a key, as text.
        calls: Its calls of ports.
        begun_at: The clock before it.
        over_at: The clock after it.
        before: What was stored before it.
    """

    ordinal: int
    step: Step
    refused: str | None
    returned: str
    calls: tuple[Made, ...]
    begun_at: datetime
    over_at: datetime
    before: Stored = field(repr=False)

    @property
    def after(self) -> Stored:
        """The snapshot after the step."""
        return self.calls[-1].after if self.calls else self.before

    def points(self, *, statements: bool) -> Iterator[CrashPoint]:
        """Yield the points of the calls, or of their statements.

        A point is before each, and after each that may change something. After a claim there is a second one, at which
        nobody takes the step again.
        """
        claimed = False
        for ordinal, call in enumerate(self.calls, start=1):
            claimed = claimed or call.name == "storage.claim"
            changes = {None} if _changes(call.name) else set[int | None]()
            of_call = [*range(1, len(call.statements) + 1)] if statements else [None]
            for statement in of_call:
                point = CrashPoint(step=self.ordinal, call=ordinal, statement=statement)
                yield point
                if statement in (call.lasting if statements else changes):
                    yield evolve(point, when=When.AFTER)
                    if claimed:
                        yield evolve(point, when=When.AFTER, unattended=True)

    def done_before(self, point: CrashPoint) -> tuple[Made, ...]:
        """Return the calls whose effect is to be there after a crash at a point: all that a call does, or nothing."""
        call = self.calls[point.call - 1]
        is_after = point.when is When.AFTER
        if point.statement is not None:
            last = point.statement - (not is_after)
            is_after = any(lasting <= last for lasting in call.lasting)
        return self.calls[: point.call - (not is_after)]

    def around(self, point: CrashPoint) -> tuple[Stored, Stored]:
        """Return what is stored before and after the call that is under way at a point."""
        before = self.calls[point.call - 2].after if point.call > 1 else self.before
        return before, self.calls[point.call - 1].after

    def name_of(self, point: CrashPoint) -> str:
        """Return the name of the call, and of the statement, at a point."""
        call = self.calls[point.call - 1]
        return call.name if point.statement is None else f"{call.name}: {call.statements[point.statement - 1]}"

    def words(self, point: CrashPoint) -> str:
        """Return a point as a person says it: `killed at step 7 (End()), before storage.save (call 3)`."""
        call = f"{self.calls[point.call - 1].name} (call {point.call})"
        where = f"{point.when.value} {call}"
        if point.statement is not None:
            statement = self.calls[point.call - 1].statements[point.statement - 1]
            where = f"in {call}, {point.when.value} {statement} (statement {point.statement})"
        return f"killed at step {point.step} ({self.step!r}), {where}"


@frozen(kw_only=True)
class Uninterrupted:
    """A history as it went without a crash.

    Args:
        steps: Each step.
        ending: What there was in the end.
        late: The same without what differs when a worker came later.
    """

    steps: tuple[Taken, ...]
    ending: Ending
    late: Ending


def taken(run: Run, ordinal: int, step: Step) -> Taken:
    """Return how a step goes that is taken without a crash."""
    begun_at, before, calls = run.now, run.stored(), list[Made]()

    def called() -> None:
        last = calls[-1].after if calls else before
        name = run.process.plan.calls[-1]
        after = run.stored() if _changes(name) else last
        statements, lasting = tuple(run.statements), tuple(run.lasting)
        calls.append(Made(name=name, statements=statements, lasting=lasting, after=after))

    run.called = called
    refused = run.take(step)
    run.called = lambda: None
    return Taken(
        ordinal=ordinal,
        step=step,
        refused=refused,
        returned=run.returned,
        calls=tuple(calls),
        begun_at=begun_at,
        over_at=run.now,
        before=before,
    )


def _changes(name: str) -> bool:
    return name.rpartition(".")[2] in _CHANGES
