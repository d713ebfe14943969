"""A school whose process is killed and opened again, and what patients, staff and observers were told meanwhile."""

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, Self

from attrs import field, frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.storage import load_enrolment, load_notifications
from digital_painschool.testing.crashes.account import Account, account_of, log_of, renamed, whose
from digital_painschool.testing.crashes.laws import Accepted, broken_laws, not_told, wrongly_told
from digital_painschool.testing.crashes.process import CrashPoint, Process
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults.calls import Call, watched
from digital_painschool.testing.scenario import Scenario


class Step(Protocol):
    """Something that is done in a scenario; the steps of `digital_painschool.testing.history` are such."""

    def take(self, scenario: Scenario) -> object:
        """Do it."""
        ...


class Play(Protocol):
    """Steps in a row, and the school that they are taken in; a `History` is one."""

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, in order."""
        ...

    def scenario(self, ports_factory: PortsFactory, *, policy: Policy | None = None) -> Scenario:
        """Open the school."""
        ...


@frozen(kw_only=True)
class Moment:
    """A moment of a history that is played on disk, from which it can be gone on as often as one likes.

    Args:
        folder: A copy of the environment's folder.
        now: What the clock showed.
        ids: How many ids were given.
        heard: What patients, staff and observers had been told.
        boxes: What the environment's own inbox, e-mail and SMS had.
    """

    folder: Path
    now: datetime
    ids: int
    heard: "Heard"
    boxes: tuple[dict[str, Any], ...] = field(repr=False)


@frozen
class Heard:
    """What patients and staff were told, what of it was taken as new, and which steps observers know of."""

    told: Counter[str] = field(factory=Counter)
    accepted: list[Accepted] = field(factory=list)
    noticed: Counter[tuple[str, int]] = field(factory=Counter)

    def copy(self) -> "Heard":
        """Return another one that says the same."""
        return Heard(self.told.copy(), self.accepted.copy(), self.noticed.copy())


@frozen(kw_only=True)
class Ending:
    """What there is when a history is over and some quiet days have passed.

    Args:
        account: What is kept.
        log: The access log.
        hand_overs: Who was told what, once each, and what the environment's own inbox and messengers have now.
    """

    account: Account
    log: Account
    hand_overs: Account


Watching = Callable[[Ports, Process], None]
"""Lets a process look closer at ports than call by call."""


class Stage:
    """A school on which a history is played, each time in a process that can be killed.

    Args:
        ports_factory: Opens the adapters.
        play: The history.
        policy: Of every unit.
        watching: Looks at the ports of each process.
        moment: Where to go on; left out, at the beginning.
    """

    def __init__(
        self,
        ports_factory: PortsFactory,
        play: Play,
        policy: Policy | None,
        watching: Watching = lambda *_: None,
        moment: Moment | None = None,
    ) -> None:
        self._opening = ports_factory
        self._watching = watching
        self._moment = moment
        self.hears: Callable[[], None] = lambda: None
        self.heard = Heard() if moment is None else moment.heard.copy()
        self.early = 0
        self._opened: list[Ports] = []
        self.scenario = play.scenario(self._open, policy=policy)
        if moment is not None:
            self.scenario._ids = moment.ids

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def clear(self) -> None:
        """Close the school, and what the dead ones had open."""
        for ports in self._opened:
            for adapter in (ports.storage, ports.inbox, *ports.messengers):
                getattr(adapter, "close", _nothing)()
        self.scenario.close()

    def moment(self, folder: Path) -> Moment:
        """Keep what there is now in a new folder."""
        point = self.scenario.environment.folder
        # What is shared between connections is made anew by the first one.
        shutil.copytree(point, folder, ignore=shutil.ignore_patterns("*-shm"))
        return Moment(
            folder=folder,
            now=self.now,
            ids=self.scenario._ids,
            heard=self.heard.copy(),
            boxes=tuple(box.copy() for box in _boxes(self.scenario.environment)),
        )

    def _open(self, environment: Environment) -> Ports:
        if self._moment is not None:
            shutil.copytree(self._moment.folder, environment.folder, dirs_exist_ok=True)
            environment.now = self._moment.now
            for box, kept in zip(_boxes(environment), self._moment.boxes, strict=True):
                box.update(kept)
            self._moment = None
        self.raw = raw = self._opening(environment)
        self._opened.append(raw)
        self.process = process = Process(self._answered)
        self._watching(raw, process)
        around = process.around
        return Ports(
            storage=watched(raw.storage, around("storage")),
            identity=watched(raw.identity, around("identity")),
            inbox=watched(raw.inbox, around("inbox")),
            directory=watched(raw.directory, around("directory")),
            messengers=tuple(watched(way, around("messenger")) for way in raw.messengers),
            observers=tuple(watched(observer, around("observer")) for observer in (*raw.observers, self)),
        )

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Be an observer: note which step it was, and whether it is saved."""
        kept = load_enrolment(self.raw.storage, enrolment.id)
        self.early += kept is None or kept.version < enrolment.version or not events
        self.heard.noticed[enrolment.id, enrolment.version] += 1

    def take(self, step: Step, dies_at: CrashPoint | None = None) -> str | None:
        """Take a step; gives why it was refused, None when it was not."""
        self.process.begin(dies_at)
        try:
            step.take(self.scenario)
        except PainSchoolError as error:
            return f"{type(error).__name__}: {error}"
        return None

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that was given so far, and perhaps never kept."""
        return tuple(f"e-{number:04}" for number in range(1, self.scenario._ids + 1))

    @property
    def now(self) -> datetime:
        """The clock."""
        return self.scenario.now

    def account(self) -> Account:
        """Return all that is kept now."""
        return renamed(account_of(self.raw.storage, self.ids, self.now))

    def ending(self, *, late: bool = False) -> Ending:
        """Return all that there is now; with `late` without what differs when a worker came later."""
        numbers: dict[str, str] = {}
        environment = self.scenario.outbox
        there = (f"{one.channel.value} has {one.template.value} for {whose(one.to)}, {one.key}" for one in environment)
        return Ending(
            account=renamed(account_of(self.raw.storage, self.ids, self.now, late=late), numbers),
            log=renamed(log_of(self.raw.storage, late=late), numbers),
            hand_overs=renamed(sorted((*self.heard.told, *there)), numbers),
        )

    def broken_laws(self, *, at_last: bool = False) -> tuple[str, ...]:
        """Return which laws do not hold now; at last nothing waits any more."""
        storage, accepted = self.raw.storage, self.heard.accepted
        problems = list(broken_laws(storage, self.ids, self.now))
        problems += wrongly_told(accepted, self.scenario.catalogue.policy)
        problems += not_told(storage, self.ids, accepted, at_last=at_last)
        if self.early or any(times > 1 for times in self.heard.noticed.values()):
            problems.append("an observer was told twice, or of what is not saved")
        return tuple(problems)

    def _answered(self, call: Call, answer: object) -> None:
        if isinstance(answer, Delivered):
            self._hand_over(call, answer)
        self.hears()

    def _hand_over(self, call: Call, answer: Delivered) -> None:
        args: tuple[Any, ...] = call.args
        if call.method == "deliver":
            notice: Notice = args[0]
            key, to, template, link = notice.key, notice.person, notice.template, notice.link
        else:
            key, (to, template, link) = str(call.options["key"]), args
        self.heard.told[f"{key}: {template.value} to {whose(to)}, {link}"] += 1
        if answer is Delivered.ACCEPTED:
            first, _ = key.rsplit(".", 1)  # a digest has the id of its first notification
            records = load_notifications(self.raw.storage, first.split(".")[0])
            collected = any(r.notification.collected for r in records if r.notification.id == first)
            self.heard.accepted.append(Accepted(key, to, self.now, collected))


def _nothing() -> None:
    pass


def _boxes(environment: Environment) -> tuple[dict[str, Any], ...]:
    return environment.inbox._delivered, environment.email._sent, environment.sms._sent
