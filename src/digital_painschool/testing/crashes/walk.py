"""A walk over the crash points of a history: what it does without a crash, and what it comes to with each."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from attrs import field, frozen

from digital_painschool.testing.crashes.points import CrashPoint, Survived
from digital_painschool.testing.crashes.run import Run, Step
from digital_painschool.testing.faults import WRITES, When

Snapshot = TypeVar("Snapshot")
_CHANGES = WRITES | {"deliver", "send", "forget", "notice"}
"""The methods that change something, by their contracts: a crash after another one is the same as before the next."""


@frozen(kw_only=True)
class Made(Generic[Snapshot]):
    """A call as it went without a crash.

    Args:
        name: The name of the call.
        statements: The names of its statements.
        lasting: The ordinals of those after which something lasts.
        before: What was stored before the call.
        after: What was stored after the call.
    """

    name: str
    statements: tuple[str, ...]
    lasting: tuple[int, ...]
    before: Snapshot = field(repr=False)
    after: Snapshot = field(repr=False)


@frozen(kw_only=True)
class Taken(Generic[Snapshot]):
    """A step as it went without a crash.

    Args:
        ordinal: The ordinal of the step, from 1.
        step: The step.
        refused: Why it was refused; None when it was not.
        calls: Its calls of ports.
        begun_at: The clock before it.
        over_at: The clock after it.
        before: What was stored before it.
    """

    ordinal: int
    step: Step
    refused: str | None
    calls: tuple[Made[Snapshot], ...]
    begun_at: datetime
    over_at: datetime
    before: Snapshot = field(repr=False)

    @property
    def after(self) -> Snapshot:
        """What was stored after the step."""
        return self.calls[-1].after if self.calls else self.before

    def call_points(self) -> Iterator[CrashPoint]:
        """Yield the points before each call, and after each that may change something."""
        claimed = False
        for ordinal, call in enumerate(self.calls, start=1):
            claimed = claimed or call.name == "storage.claim"
            yield CrashPoint(step=self.ordinal, call=ordinal)
            if _changes(call.name):
                yield CrashPoint(step=self.ordinal, call=ordinal, when=When.AFTER)
                if claimed:
                    yield CrashPoint(step=self.ordinal, call=ordinal, when=When.AFTER, unattended=True)

    def statement_points(self) -> Iterator[CrashPoint]:
        """Yield the points before each statement, and after each that makes something lasting."""
        for ordinal, call in enumerate(self.calls, start=1):
            for statement in range(1, len(call.statements) + 1):
                yield CrashPoint(step=self.ordinal, call=ordinal, statement=statement)
                if statement in call.lasting:
                    yield CrashPoint(step=self.ordinal, call=ordinal, statement=statement, when=When.AFTER)

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


def uninterrupted(
    run: Run,
    steps: Iterable[Step],
    snapshot: Callable[[], Snapshot],
    *,
    cold: bool = False,
) -> Iterator[Taken[Snapshot]]:
    """Take the steps without a crash, and yield each.

    Args:
        run: The run.
        steps: The steps.
        snapshot: A function that returns what is stored.
        cold: Whether each step is taken by a new process: it asks for what it has not seen yet.
    """
    for ordinal, step in enumerate(steps, start=1):
        if cold:
            run.scenario.restart()
        yield _taken(run, ordinal, step, snapshot)


def _taken(run: Run, ordinal: int, step: Step, snapshot: Callable[[], Snapshot]) -> Taken[Snapshot]:
    begun_at, before, calls = run.now, snapshot(), list[Made[Snapshot]]()

    def called() -> None:
        last = calls[-1].after if calls else before
        name = run.process.plan.calls[-1]
        after = snapshot() if _changes(name) else last
        statements, lasting = tuple(run.statements), tuple(run.lasting)
        calls.append(Made(name=name, statements=statements, lasting=lasting, before=last, after=after))

    run.called = called
    refused = run.take(step)
    run.called = lambda: None
    return Taken(
        ordinal=ordinal,
        step=step,
        refused=refused,
        calls=tuple(calls),
        begun_at=begun_at,
        over_at=run.now,
        before=before,
    )


def survive(
    steps: Sequence[Taken[Snapshot]], points: Sequence[CrashPoint], crash: Callable[[CrashPoint], bool]
) -> Survived:
    """Crash at each point, and return what was survived.

    Args:
        steps: The steps as they went without a crash.
        points: The points.
        crash: A function that crashes at a point, checks what is stored, and returns whether the step was taken again.
    """
    resumed = sum(map(crash, points))
    return Survived(
        points=len(points),
        steps=len({point.step for point in points}),
        at=Counter(steps[point.step - 1].name_of(point) for point in points),
        resumed=resumed,
    )


def _changes(name: str) -> bool:
    return name.rpartition(".")[2] in _CHANGES
