"""A crash between any two statements of the databases, and a look at every row of every table."""

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from digital_painschool.domain.policy import Policy
from digital_painschool.testing.crashes.points import CrashPoint, NotSurvived, Survived
from digital_painschool.testing.crashes.run import Run, Step, Steps
from digital_painschool.testing.crashes.statements import Rows, rows_of, watch_statements
from digital_painschool.testing.crashes.walk import Made, Taken, survive, uninterrupted
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.faults import Killed, KillsTheProcess, When

_CAME_THROUGH = 3
"""The exit code of a child process that was to be killed and was not."""

Kill = Callable[[Run, Step, CrashPoint], bool]
"""A function that kills the process of a run at a point of a step, and returns whether it died there."""


def kill_at_every_statement(ports_factory: PortsFactory, history: Steps, *, policy: Policy | None = None) -> Survived:
    """Play a history with a crash before each statement of its databases, and after each that makes something lasting.

    This is exhaustive, for adapters on this package's own SQL: `BEGIN`, each row, and `COMMIT` both before and after it
    lasts. After each crash every row of every table is as before the call that was under way, or, from its `COMMIT` on,
    as after it. From both `kill_at_every_call` has gone on to the end. So the two together have gone on from every
    statement.

    Args:
        ports_factory: The function that opens the adapters. All that they store must be in the given environment.
        history: The history.
        policy: The policy of every unit.

    Raises:
        NotSurvived: A call was half done.
    """
    return _kill_each(ports_factory, history, policy, 1, _killed)


def kill_for_real(
    ports_factory: PortsFactory, history: Steps, *, policy: Policy | None = None, every: int = 10
) -> Survived:
    """Play a history with a process of its own that the system kills (`SIGKILL`), at every tenth statement or so.

    Args:
        ports_factory: The function that opens the adapters. All that they store must be on disk, in the environment's
            folder.
        history: The history.
        policy: The policy of every unit.
        every: The number of points of which one is tried.

    Raises:
        NotSurvived: A call was half done.
    """
    return _kill_each(ports_factory, history, policy, every, _killed_for_real)


def _kill_each(ports_factory: PortsFactory, history: Steps, policy: Policy | None, every: int, kill: Kill) -> Survived:
    def open_run() -> Run:
        return Run(ports_factory, history, policy, watch=watch_statements)

    with open_run() as run:
        steps = tuple(uninterrupted(run, history.steps, lambda: rows_of(run.raw), cold=True))
    points = [point for step in steps for point in step.statement_points()][::every]
    crashes = _Crashes(open_run, steps, kill)
    try:
        return survive(steps, points, crashes.crash)
    finally:
        crashes.close()


class _Crashes:
    """The crashes of a history, one after another: those that have changed nothing are in one run."""

    def __init__(self, open_run: Callable[[], Run], steps: tuple[Taken[Rows], ...], kill: Kill) -> None:
        self._open_run = open_run
        self._steps = steps
        self._kill = kill
        self._run: Run | None = None
        self._at = 0

    def crash(self, point: CrashPoint) -> bool:
        """Crash at one point, and look at every row; nothing is resumed."""
        step = self._steps[point.step - 1]
        run = self._run_at(point.step)
        made = step.calls[point.call - 1]
        now, ids, sent, outbox = run.now, run.scenario._ids, run.sent.copy(), run.scenario.outbox
        if not self._kill(run, step.step, point):
            raise NotSurvived(f"{step.words(point)}: the step went another way this time and did not come here")
        run.scenario.restart()
        found = rows_of(run.raw)
        if found != _expected(made, point):
            raise NotSurvived(f"{step.words(point)}: {_half(made, found)}")
        # Nothing is stored under the ids that were given, so they can be given again.
        run.scenario.now, run.scenario._ids = now, ids
        if (found, sent, outbox) != (step.before, run.sent, run.scenario.outbox):
            self.close()
        return False

    def _run_at(self, ordinal: int) -> Run:
        """Return a run that has come to a step."""
        if self._at != ordinal:
            self.close()
        if self._run is None:
            self._run, self._at = self._open_run(), ordinal
            for earlier in self._steps[: ordinal - 1]:
                self._run.take(earlier.step)
            self._run.scenario.restart()
        return self._run

    def close(self) -> None:
        """Close the present run."""
        if self._run is not None:
            self._run.__exit__()
        self._run = None


def _expected(made: Made[Rows], point: CrashPoint) -> Rows:
    """Return the rows that are to be there after a crash: all that the call does, or nothing of it."""
    assert point.statement is not None
    last = point.statement - (point.when is When.BEFORE)
    return made.after if any(lasting <= last for lasting in made.lasting) else made.before


def _half(made: Made[Rows], found: Rows) -> str:
    """Return what is done and what is not."""
    changed = [name for name, rows in made.after.items() if rows != made.before[name]]
    done = ", ".join(name for name in changed if found[name] == made.after[name])
    left = ", ".join(name for name, rows in made.after.items() if rows != found[name])
    return f"it is half done: {done or 'nothing'} is done; {left or 'nothing'} is not"


def _killed(run: Run, step: Step, point: CrashPoint) -> bool:
    try:
        run.take(step, point)
    except Killed:
        return True
    return False


def _be_killed(run: Run, step: Step, point: CrashPoint) -> NoReturn:
    try:
        run.take(step, point, KillsTheProcess())
    finally:
        os._exit(_CAME_THROUGH)


def _killed_for_real(run: Run, step: Step, point: CrashPoint) -> bool:
    child = os.fork() or _be_killed(run, step, point)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
