"""Kill a history between any two statements of its databases, and look at every row of every table."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NoReturn

from attrs import field, frozen

from digital_painschool.domain.policy import Policy
from digital_painschool.testing.crashes.at_every_call import NotSurvived, Survived
from digital_painschool.testing.crashes.process import CrashPoint
from digital_painschool.testing.crashes.stage import Play, Stage, Step
from digital_painschool.testing.crashes.statements import Rows, rows_of, watch_statements
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.faults.effects import Killed, When

_CAME_THROUGH = 3
"""What a child process says that was to be killed and was not."""


@frozen(kw_only=True)
class _Made:
    """A call as it went when nobody was killed: its statements, which of them lasted, and the rows around it."""

    name: str
    statements: tuple[str, ...]
    lasting: tuple[int, ...]
    before: Rows = field(repr=False)
    after: Rows = field(repr=False)

    def points(self, step: int, call: int) -> Iterator[CrashPoint]:
        for statement in range(1, len(self.statements) + 1):
            yield CrashPoint(step=step, call=call, statement=statement)
            if statement in self.lasting:
                yield CrashPoint(step=step, call=call, statement=statement, when=When.AFTER)

    def expected(self, point: CrashPoint) -> Rows:
        """Return the rows that are to be there after a kill: all that the call does, or nothing of it."""
        assert point.statement is not None
        done = any(
            point.statement > lasted or (point.statement, When.AFTER) == (lasted, point.when) for lasted in self.lasting
        )
        return self.after if done else self.before

    def half(self, found: Rows) -> str:
        """Return what is done and what is not."""
        changed = [name for name, rows in self.after.items() if rows != self.before[name]]
        done = ", ".join(name for name in changed if found[name] == self.after[name])
        left = ", ".join(name for name, rows in self.after.items() if rows != found[name])
        return f"it is half done: {done or 'nothing'} is done; {left or 'nothing'} is not"


Killing = Callable[[Stage, Step, CrashPoint], bool]
"""Kills the process of a stage at a place in a step, and tells whether it died there."""


def kill_at_every_statement(ports_factory: PortsFactory, history: Play, *, policy: Policy | None = None) -> Survived:
    """Kill a history's process before each statement of its databases, and after each that makes something lasting.

    Exhaustive, for adapters on this package's own SQL: `BEGIN`, each row, and `COMMIT` both before and after it lasts.
    After each kill every row of every table is as before the call that was under way, or, from its `COMMIT` on, as
    after it: both are places from which `kill_everywhere` has gone on to the end. So the two together have gone on from
    every statement.

    Args:
        ports_factory: Opens the adapters; everything that they keep must be in the environment that they are given.
        history: What happens.
        policy: Of every unit.

    Raises:
        NotSurvived: A call was half done.
    """
    return _kill_each(ports_factory, history, policy, 1, _killed)


def kill_for_real(
    ports_factory: PortsFactory, history: Play, *, policy: Policy | None = None, every: int = 10
) -> Survived:
    """Do the same with a process of its own that the system kills (`SIGKILL`), at every tenth statement or so.

    Args:
        ports_factory: Opens the adapters; everything that they keep must be on disk, in the environment's folder.
        history: What happens.
        policy: Of every unit.
        every: One of how many places is tried.

    Raises:
        NotSurvived: A call was half done.
    """
    return _kill_each(ports_factory, history, policy, every, _killed_for_real)


def _kill_each(
    ports_factory: PortsFactory, history: Play, policy: Policy | None, every: int, killing: Killing
) -> Survived:
    made = _uninterrupted(ports_factory, history, policy)
    at: Counter[str] = Counter()
    points = [
        point
        for step, calls in enumerate(made, start=1)
        for call, one in enumerate(calls, start=1)
        for point in one.points(step, call)
    ][::every]
    stage: Stage | None = None
    for earlier, point in zip([None, *points], points, strict=False):
        if stage is not None and (earlier is None or earlier.step != point.step):
            stage.clear()
            stage = None
        if stage is None:
            stage = _up_to(ports_factory, history, policy, point)
        call = made[point.step - 1][point.call - 1]
        at[f"{call.name}: {call.statements[(point.statement or 1) - 1]}"] += 1
        if not _is_as_before(stage, history.steps[point.step - 1], made[point.step - 1], point, killing):
            stage.clear()
            stage = None
    if stage is not None:
        stage.clear()
    return Survived(points=len(points), steps=len({point.step for point in points}), at=at, resumed=0)


def _uninterrupted(ports_factory: PortsFactory, history: Play, policy: Policy | None) -> tuple[tuple[_Made, ...], ...]:
    stage = Stage(ports_factory, history, policy, watch_statements)
    with stage:
        return tuple(tuple(_made(stage, step)) for step in history.steps)


def _made(stage: Stage, step: Step) -> list[_Made]:
    # A new process, as one after a kill is: what it has not seen yet it asks for.
    stage.scenario.restart()
    process, made, lasting = stage.process, list[_Made](), list[int]()
    before = rows_of(stage.raw)

    def heard() -> None:
        nonlocal before
        after = rows_of(stage.raw)
        made.append(
            _Made(
                name=process.calls[-1],
                statements=tuple(process.statements),
                lasting=tuple(lasting),
                before=before,
                after=after,
            )
        )
        before = after
        lasting.clear()

    process.lasts = lambda: lasting.append(len(process.statements))
    stage.hears = heard
    stage.take(step)
    stage.hears = lambda: None
    return made


def _up_to(ports_factory: PortsFactory, history: Play, policy: Policy | None, point: CrashPoint) -> Stage:
    stage = Stage(ports_factory, history, policy, watch_statements)
    for step in history.steps[: point.step - 1]:
        stage.take(step)
    stage.scenario.restart()
    return stage


def _is_as_before(stage: Stage, step: Step, calls: tuple[_Made, ...], point: CrashPoint, killing: Killing) -> bool:
    """Kill, look at every row, and tell whether nothing has happened, so that the next kill can be tried here."""
    scenario, made = stage.scenario, calls[point.call - 1]
    now, ids, heard, outbox = scenario.now, scenario._ids, stage.heard.told.total(), scenario.outbox
    words = f"killed at step {point.step} ({step!r}), in {made.name} (call {point.call}), {point.when.value} "
    words += f"{made.statements[(point.statement or 1) - 1]} (statement {point.statement})"
    if not killing(stage, step, point):
        raise NotSurvived(f"{words}: the step went another way this time and did not come here")
    stage.process.bury()
    scenario.restart()
    found = rows_of(stage.raw)
    if found != made.expected(point):
        raise NotSurvived(f"{words}: {made.half(found)}")
    # Nothing is kept under the ids that were given, so they can be given again.
    scenario.now, scenario._ids = now, ids
    return found == calls[0].before and heard == stage.heard.told.total() and outbox == scenario.outbox


def _killed(stage: Stage, step: Step, point: CrashPoint) -> bool:
    try:
        stage.take(step, point)
    except Killed:
        return True
    return False


def _be_killed(stage: Stage, step: Step, point: CrashPoint) -> NoReturn:
    try:
        stage.process.end = lambda: os.kill(os.getpid(), signal.SIGKILL)
        stage.take(step, point)
    finally:
        os._exit(_CAME_THROUGH)


def _killed_for_real(stage: Stage, step: Step, point: CrashPoint) -> bool:
    child = os.fork() or _be_killed(stage, step, point)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
