"""Kill a history at every call of every port, start again, and compare with the run that was not killed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import field, frozen

from digital_painschool.domain.policy import Policy
from digital_painschool.testing.crashes.account import Account, difference
from digital_painschool.testing.crashes.process import CrashPoint
from digital_painschool.testing.crashes.stage import Ending, Moment, Play, Stage, Step
from digital_painschool.testing.environment import PortsFactory, local
from digital_painschool.testing.faults.effects import Killed, When
from digital_painschool.testing.history.steps import Deliver

_LEASE = timedelta(minutes=15)
_QUIET_DAYS = 3
_PASS = Deliver()
_READINGS = frozenset(
    {
        "directory.find",
        "identity.parse",
        "inbox.reach",
        "storage.access_ended",
        "storage.access_entries",
        "storage.list_caseload",
        "storage.ended",
        "storage.load_many",
        "storage.load_purge",
        "storage.load_timelines",
        "storage.notification_keys",
        "storage.notifications",
        "storage.find_by_person",
        "storage.profile",
        "storage.program",
        "storage.receipts",
        "storage.unnoted",
    }
)
"""Calls that change nothing by their contract: dying after one is the same as dying before the next call."""


@frozen(kw_only=True)
class Known:
    """A step as it went in the run that was not killed.

    Args:
        step: The step.
        refused: Why it was refused; None when it was not.
        calls: Which calls of ports it made.
        accounts: What was kept before the first call, and after each.
        begun_at: What the clock showed before it.
        over_at: What the clock showed after it.
        moment: The moment before it, where it was kept.
    """

    step: Step
    refused: str | None
    calls: tuple[str, ...]
    accounts: tuple[Account, ...] = field(repr=False)
    begun_at: datetime
    over_at: datetime
    moment: Moment | None = field(repr=False)


@frozen(kw_only=True)
class Uninterrupted:
    """A history as it went when nobody was killed.

    Args:
        steps: Each step.
        ending: The end of it.
        late: The end of it, as it is told when a worker may have come later.
    """

    steps: tuple[Known, ...]
    ending: Ending
    late: Ending

    def points(self) -> Iterator[CrashPoint]:
        """Yield every place at which the process can be killed: before each call, and after each that is no reading."""
        for number, known in enumerate(self.steps, start=1):
            for call, made in enumerate(known.calls, start=1):
                yield CrashPoint(step=number, call=call)
                if made not in _READINGS:
                    yield CrashPoint(step=number, call=call, when=When.AFTER)
                    if "storage.claim" in known.calls[:call]:
                        yield CrashPoint(step=number, call=call, when=When.AFTER, unattended=True)


@frozen(kw_only=True)
class Survived:
    """What was killed and came through: nothing was lost and nothing doubled.

    Args:
        points: How many times the process was killed, each time at another place.
        steps: In how many steps.
        at: How many times at which call.
        resumed: How many times the step was taken again, because it had not happened, or not all of it.
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
    """Something was lost, doubled or half done after a kill; the text says where, what, and how to see it again."""


def kill_everywhere(
    ports_factory: PortsFactory, history: Play, *, policy: Policy | None = None, on_disk: bool = False
) -> Survived:
    """Kill a history's process before and after each call of each port, every time in a new environment; exhaustively.

    After a call that only reads it is not killed: that is the same as before the next call.

    After each kill the school is opened again on what is kept. Then must hold:

    * what is kept is exactly what the calls that were made had left in the run that was not killed, and the laws hold;
    * the step is taken again when it has not happened, or not all of it, as somebody would who got no answer and looks
      first; a worker comes again at once and when the lease has run out; then the history goes on;
    * in the end, after some quiet days with a pass each, everything is as in the run that was not killed: states,
      timelines, documents, notifications and what became of them, lists, plans and receipts, and who was told what;
      nobody was told twice; nothing is missing in the access log, which may say more than once what was tried twice.

    After a claim this is done twice: the second time nobody comes until the history goes on, perhaps days later. Then
    the end is another, and the laws alone must hold.

    Two things may differ. Ids, as they mean nothing: they are compared by the order in which they appear. And, when the
    worker died with notifications in hand, the times of the system's own entries, and when and how many times it was
    tried to hand something over: a lease must run out first, and a claim counts as an attempt.

    Args:
        ports_factory: Opens the adapters; everything that they store must be in the given environment, so that a
            new environment is an empty one.
        history: What happens; each step is to be one thing that somebody does.
        policy: Of every unit.
        on_disk: True when all that the adapters store is in the environment's folder, or in its own inbox and
            messengers: then it is copied, and not played again up to the step that is killed.

    Raises:
        NotSurvived: Something is lost, doubled or half done.
    """
    with TemporaryDirectory(prefix="painschool-", ignore_cleanup_errors=True) as folder:
        known = uninterrupted(ports_factory, history, policy=policy, moments=Path(folder) if on_disk else None)
        points = tuple(known.points())
        resumed = sum(_killed(ports_factory, history, known, point, policy) for point in points)
    return Survived(
        points=len(points),
        steps=len({point.step for point in points}),
        at=Counter(known.steps[point.step - 1].calls[point.call - 1] for point in points),
        resumed=resumed,
    )


def kill_at(ports_factory: PortsFactory, history: Play, point: CrashPoint, *, policy: Policy | None = None) -> None:
    """Kill a history's process at one place, as `kill_everywhere` does at every one."""
    _killed(ports_factory, history, uninterrupted(ports_factory, history, policy=policy), point, policy)


def uninterrupted(
    ports_factory: PortsFactory, history: Play, *, policy: Policy | None = None, moments: Path | None = None
) -> Uninterrupted:
    """Play a history without a kill.

    Args:
        ports_factory: Opens the adapters.
        history: What happens.
        policy: Of every unit.
        moments: A folder where the moment before each step is kept.

    Raises:
        AssertionError: A law does not hold, whoever dies or not.
    """
    stage = Stage(ports_factory, history, policy)
    with stage:
        folders = [None if moments is None else moments / str(point) for point in range(len(history.steps))]
        steps = tuple(map(partial(_known, stage), history.steps, folders))
        _quiet_days(stage)
        problems = stage.broken_laws(at_last=True)
        assert not problems, f"without any kill: {'; '.join(problems)}"
        return Uninterrupted(steps=steps, ending=stage.ending(), late=stage.ending(late=True))


def _known(stage: Stage, step: Step, folder: Path | None) -> Known:
    moment = None
    if folder is not None:
        # A new process, as one that goes on from this moment is: what it has not seen yet it asks for.
        stage.scenario.restart()
        moment = stage.moment(folder)
    accounts = [stage.account()]
    begun_at = stage.now
    stage.hears = lambda: accounts.append(stage.account())
    process = stage.process  # a step may be a restart: what the new process does is no part of it
    refused = stage.take(step)
    stage.hears = lambda: None
    return Known(
        step=step,
        refused=refused,
        calls=tuple(process.calls),
        accounts=tuple(accounts),
        begun_at=begun_at,
        over_at=stage.now,
        moment=moment,
    )


def _quiet_days(stage: Stage) -> None:
    scenario = stage.scenario
    run = scenario.catalogue.policy.collected_at
    for _ in range(_QUIET_DAYS):
        tomorrow = (scenario.now.astimezone(scenario.zone) + timedelta(days=1)).date()
        scenario.now = local(f"{tomorrow} {run}", scenario.zone)
        stage.take(_PASS)


def _killed(
    ports_factory: PortsFactory, history: Play, known: Uninterrupted, point: CrashPoint, policy: Policy | None
) -> bool:
    """Kill at one place, and give whether the step was taken again."""
    stage = Stage(ports_factory, history, policy, moment=known.steps[point.step - 1].moment)
    with stage:
        try:
            return _Killing(stage, known, point).run()
        except NotSurvived:
            raise
        except Exception as error:
            raise NotSurvived(f"{_words(known, point)}: {type(error).__name__}: {error}") from error


class _Killing:
    """One kill, and what comes after it."""

    def __init__(self, stage: Stage, known: Uninterrupted, point: CrashPoint) -> None:
        self._stage = stage
        self._known = known
        self._place = point
        self._step = known.steps[point.step - 1]
        made = self._step.calls[: point.call - (point.when is When.BEFORE)]
        self._in_hand = "storage.claim" in made
        self._keeps_nothing_else = "storage.save_export" not in made
        self._expected = self._step.accounts[len(made)]

    def run(self) -> bool:
        stage, known, number = self._stage, self._known, self._place.step
        if self._step.moment is None:
            for earlier in known.steps[: number - 1]:
                self._take(earlier)
        self._die()
        resumed = not self._place.unattended and self._recover()
        for later in known.steps[number:]:
            self._take(later)
        _quiet_days(stage)
        self._obey_the_laws("at the end", at_last=True)
        if not self._place.unattended:
            self._end_alike(stage.ending(late=self._in_hand), known.late if self._in_hand else known.ending)
        return resumed

    def _die(self) -> None:
        stage = self._stage
        self._ids = stage.scenario._ids
        try:
            stage.take(self._step.step, self._place)
        except Killed:
            stage.scenario.restart()
        else:
            self._fail("the step went another way this time and did not come here, or it went on after its death")

    def _recover(self) -> bool:
        """Look what is there, and take the step again when it has not happened, or not all of it."""
        stage, step = self._stage, self._step
        found = stage.account()
        self._compare("what is kept is not what the calls before had done", self._expected, found)
        self._obey_the_laws("after the restart")
        again = found != step.accounts[-1] or found == step.accounts[0] or self._in_hand
        if found == step.accounts[0] and self._keeps_nothing_else:
            # Nothing is kept under the ids that were given, so they can be given again.
            stage.scenario._ids = self._ids
        if again:
            stage.scenario.now = step.begun_at
            self._take(step)
        if self._in_hand:
            stage.scenario.now += _LEASE
            stage.take(_PASS)
        stage.scenario.now = step.over_at
        if not self._in_hand:
            self._compare("the step was taken again and left something else", step.accounts[-1], stage.account())
        return again

    def _take(self, step: Known) -> None:
        refused = self._stage.take(step.step)
        if refused != step.refused and not self._place.unattended:
            self._fail(f"{step.step!r} said {refused!r} and not {step.refused!r}")

    def _end_alike(self, ending: Ending, expected: Ending) -> None:
        self._compare("the end is another", expected.account, ending.account)
        self._compare("others were told, or of something else", expected.hand_overs, ending.hand_overs)
        missing = Counter(expected.log) - Counter(ending.log)
        if missing:
            self._fail(f"the access log has lost {sorted(missing)}")
        strange = set(ending.log) - set(expected.log)
        if strange:
            self._fail(f"the access log has what nobody did: {sorted(strange)}")

    def _obey_the_laws(self, when: str, *, at_last: bool = False) -> None:
        for problem in self._stage.broken_laws(at_last=at_last):
            self._fail(f"{when} {problem}")

    def _compare(self, words: str, expected: Account, found: Account) -> None:
        if expected != found:
            self._fail(f"{words}:\n{difference(expected, found)}")

    def _fail(self, problem: str) -> None:
        raise NotSurvived(
            f"{_words(self._known, self._place)}: {problem}\nAgain: kill_at(ports_factory, history, {self._place!r})"
        )


def _words(known: Uninterrupted, point: CrashPoint) -> str:
    """Name a place as a person would: `killed at step 7 (End()), before storage.save (call 3)`."""
    step = known.steps[point.step - 1]
    call = step.calls[point.call - 1]
    return f"killed at step {point.step} ({step.step!r}), {point.when.value} {call} (call {point.call})"
