"""A walk over the crash points of a history: what it does without a crash, and what it comes to with each."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from attrs import evolve, field, frozen

from digital_painschool.testing.crashes.run import CrashPoint, Ending, Run, Step
from digital_painschool.testing.faults import WRITES, When
from digital_painschool.testing.snapshot import Lines

_CHANGES = WRITES | {"deliver", "send", "forget", "notice"}
"""The methods that change something, by their contracts: a crash after another one is the same as before the next."""


@frozen(kw_only=True)
class Survived:
    """The crashes that a history came through: nothing was lost, and nothing duplicated.

    Args:
        points: The number of crashes, each at another point.
        steps: The number of steps in which they were.
        at: The number of crashes at each call.
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
        after: What was stored after the call.
        record: The kind of the record that it saves; None for any other call.
    """

    name: str
    record: type | None = None
    after: Lines = field(repr=False)


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
    before: Lines = field(repr=False)

    @property
    def after(self) -> Lines:
        """The snapshot after the step."""
        return self.calls[-1].after if self.calls else self.before

    def points(self) -> Iterator[CrashPoint]:
        """Yield the points of the calls: before each, and after each that may change something.

        After a claim there is a second one, at which nobody takes the step again.
        """
        claimed = False
        for ordinal, call in enumerate(self.calls, start=1):
            claimed = claimed or call.name == "storage.claim"
            point = CrashPoint(step=self.ordinal, call=ordinal)
            yield point
            if _changes(call.name):
                yield evolve(point, when=When.AFTER)
                if claimed:
                    yield evolve(point, when=When.AFTER, unattended=True)

    def done_before(self, point: CrashPoint) -> tuple[Made, ...]:
        """Return the calls whose effect is to be there after a crash at a point."""
        return self.calls[: point.call - (point.when is When.BEFORE)]

    def name_of(self, point: CrashPoint) -> str:
        """Return the name of the call at a point."""
        return self.calls[point.call - 1].name

    def words(self, point: CrashPoint) -> str:
        """Return a point as a person says it: `killed at step 7 (End()), before storage.save (call 3)`."""
        call = f"{self.name_of(point)} (call {point.call})"
        return f"killed at step {point.step} ({self.step!r}), {point.when.value} {call}"


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
        call = run.process.plan.last
        assert call is not None, "this is called after a call"
        after = run.stored() if _changes(call.name) else last
        record = call.args[0].kind if call.method == "save_record" else None
        calls.append(Made(name=call.name, record=record, after=after))

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
