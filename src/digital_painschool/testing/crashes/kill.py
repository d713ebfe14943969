"""A crash at every point of a history, a new start, and a comparison with the run that had no crash."""

from collections import Counter
from datetime import timedelta

from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import ExportReceipt
from digital_painschool.testing.crashes.run import CrashPoint, Ending, Run, Steps, is_keyed
from digital_painschool.testing.crashes.walk import NotSurvived, Survived, Taken, Uninterrupted, taken
from digital_painschool.testing.environment import PortsFactory, local
from digital_painschool.testing.faults import Killed
from digital_painschool.testing.faults.unstored import LEASE
from digital_painschool.testing.history import Deliver
from digital_painschool.testing.snapshot import Lines, difference

_QUIET_DAYS = 3
_ANOTHER_WAY = "the step went another way this time and did not come here, or it went on after its death"


def kill_at_every_call(ports_factory: PortsFactory, history: Steps, *, policy: Policy | None = None) -> Survived:
    """Play a history with a crash before and after each call of each port, each time in a new environment.

    This is exhaustive. There is no crash after a call that only reads: that is the same as before the next call. A
    crash within a call is the same as before it or after it: `StorageContract` proves that of each call that writes.

    After each crash the school is opened again on what is stored. Then must hold:

    * What is stored is exactly what the calls before had left in the run without a crash, and the laws hold.
    * The step is taken again when it did not happen, or not all of it, as by somebody who got no answer and looks
      first; one with a key in any case, and it returns what it would have. A worker comes again at once, and when the
      lease has run out. Then the history goes on.
    * In the end, after some quiet days with a delivery run each, everything is as without a crash: states, timelines,
      documents, notifications and what became of them, lists, plans and receipts, and what was sent to whom. Nothing
      was sent twice. The access log has every line, and may have a line twice where a step was taken twice.

    After a claim there is a second crash at the same point. This time nobody comes until the history goes on, perhaps
    days later. The end is then another one, and the laws alone must hold.

    Two things may differ. Ids mean nothing, and are compared by the order in which they appear. And when a worker died
    with a claim, the times of the system's own entries and the attempts may differ: a lease has to run out first, and
    a claim counts as an attempt.

    Args:
        ports_factory: The function that opens the adapters. All that they store must be in the given environment, so
            that a new environment is an empty one.
        history: The history; each step is to be one thing that somebody does.
        policy: The policy of every unit.

    Raises:
        NotSurvived: Something is lost, duplicated or half done.
    """
    known = play(ports_factory, history, policy=policy)
    points = [point for step in known.steps for point in step.points()]
    resumed = sum(_crash(ports_factory, history, policy, known, point) for point in points)
    return Survived(
        points=len(points),
        steps=len({point.step for point in points}),
        at=Counter(known.steps[point.step - 1].name_of(point) for point in points),
        resumed=resumed,
    )


def kill_at(ports_factory: PortsFactory, history: Steps, point: CrashPoint, *, policy: Policy | None = None) -> None:
    """Play a history with a crash at one point, as `kill_at_every_call` does at every one."""
    known = play(ports_factory, history, policy=policy)
    _crash(ports_factory, history, policy, known, point)


def play(ports_factory: PortsFactory, history: Steps, *, policy: Policy | None = None) -> Uninterrupted:
    """Play a history without a crash.

    Args:
        ports_factory: The function that opens the adapters.
        history: The history.
        policy: The policy of every unit.

    Raises:
        NotSurvived: A law does not hold even without a crash.
    """
    with Run(ports_factory, history, policy) as run:
        steps = tuple(taken(run, ordinal, step) for ordinal, step in enumerate(history.steps, start=1))
        _quiet_days(run)
        _obey_the_laws(run, "without any crash", at_last=True)
        return Uninterrupted(steps=steps, ending=run.ending(), late=run.ending(late=True))


def _quiet_days(run: Run) -> None:
    scenario = run.scenario
    for _ in range(_QUIET_DAYS):
        tomorrow = (scenario.now.astimezone(scenario.zone) + timedelta(days=1)).date()
        scenario.now = local(f"{tomorrow} {scenario.catalogue.policy.collected_at}", scenario.zone)
        run.take(Deliver())


def _crash(
    ports_factory: PortsFactory, history: Steps, policy: Policy | None, known: Uninterrupted, point: CrashPoint
) -> bool:
    """Play a history with a crash at one point, and return whether the step was taken again."""
    step = known.steps[point.step - 1]
    found = f"{step.words(point)}: {{}}\nAgain: kill_at(ports_factory, history, {point!r})"
    with Run(ports_factory, history, policy) as run:
        try:
            return _Crash(run, known, point).survive()
        except NotSurvived as problem:
            raise NotSurvived(found.format(problem)) from None
        except Exception as error:
            raise NotSurvived(found.format(f"{type(error).__name__}: {error}")) from error


class _Crash:
    """One crash, and what comes after it."""

    def __init__(self, run: Run, known: Uninterrupted, point: CrashPoint) -> None:
        self._run = run
        self._known = known
        self._point = point
        self._step = step = known.steps[point.step - 1]
        made = step.done_before(point)
        self._claimed = any(call.name == "storage.claim" for call in made)
        self._exported = any(call.record is ExportReceipt for call in made)
        self._expected = made[-1].after if made else step.before

    def survive(self) -> bool:
        run, known, number = self._run, self._known, self._point.step
        self._come_to_the_step()
        self._die()
        resumed = not self._point.unattended and self._recover()
        for later in known.steps[number:]:
            self._take(later)
        _quiet_days(run)
        _obey_the_laws(run, "at the end", at_last=True)
        if not self._point.unattended:
            _end_alike(run.ending(late=self._claimed), known.late if self._claimed else known.ending)
        return resumed

    def _come_to_the_step(self) -> None:
        for earlier in self._known.steps[: self._point.step - 1]:
            self._take(earlier)

    def _die(self) -> None:
        self._ids = self._run.scenario._ids
        try:
            self._run.take(self._step.step, self._point)
        except Killed:
            self._run.scenario.restart()
        else:
            raise NotSurvived(_ANOTHER_WAY)

    def _recover(self) -> bool:
        """Read what is stored, and take the step again when it did not happen, or not all of it."""
        run, step = self._run, self._step
        found = run.stored()
        _compare("what is stored is not what the calls before had done", self._expected, found)
        _obey_the_laws(run, "after the restart")
        nothing_happened = found == step.before
        again = nothing_happened or found != step.after or self._claimed or is_keyed(step.step)
        if nothing_happened and not self._exported:
            # Nothing is stored under the ids that were given, so they can be given again.
            run.scenario._ids = self._ids
        if again:
            run.scenario.now = step.begun_at
            self._take(step)
            _compare("called again it returned something else", (step.returned,), (run.returned,))
        if self._claimed:
            run.scenario.now += LEASE
            run.take(Deliver())
        run.scenario.now = step.over_at
        if not self._claimed:
            _compare("the step was taken again and left something else", step.after, run.stored())
        return again

    def _take(self, step: Taken) -> None:
        refused = self._run.take(step.step)
        if refused != step.refused and not self._point.unattended:
            raise NotSurvived(f"{step.step!r} said {refused!r} and not {step.refused!r}")


def _obey_the_laws(run: Run, when: str, *, at_last: bool = False) -> None:
    for violation in run.violations(at_last=at_last):
        raise NotSurvived(f"{when}: {violation}")


def _end_alike(ending: Ending, expected: Ending) -> None:
    _compare("the end is another", expected.stored, ending.stored)
    _compare("others were notified, or of something else", expected.sent, ending.sent)
    missing = Counter(expected.log) - Counter(ending.log)
    if missing:
        raise NotSurvived(f"the access log has lost {sorted(missing)}")
    added = set(ending.log) - set(expected.log)
    if added:
        raise NotSurvived(f"the access log has what nobody did: {sorted(added)}")


def _compare(words: str, expected: Lines, found: Lines) -> None:
    if expected != found:
        raise NotSurvived(f"{words}:\n{difference(expected, found)}")
