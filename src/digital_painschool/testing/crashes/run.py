"""A run of a history in processes that can be killed, and the record of what it sent and stored."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol, Self

from attrs import evolve, field, frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import PainSchoolError
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import load_enrolment, load_notifications
from digital_painschool.testing.crashes.laws import arrival_violations, stored_violations
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults import (
    SENDS,
    Call,
    Dies,
    Fault,
    Process,
    RecordingPorts,
    When,
    each_port,
    watched,
)
from digital_painschool.testing.faults.calls import Port
from digital_painschool.testing.history.literals import short
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.laws import Law, LawViolation, violation
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import Lines, StorageSnapshot, canonical


@frozen(repr=False, kw_only=True)
class CrashPoint:
    """A point of a history at which the process dies.

    Args:
        step: The ordinal of the step, from 1.
        call: The ordinal of the call of a port within the step, from 1.
        when: Before the effect of the call, or after it.
        unattended: True when nobody takes the step again: what a worker held is a later run's, perhaps on another day.
    """

    step: int
    call: int
    when: When = field(default=When.BEFORE)
    unattended: bool = field(default=False)

    def __repr__(self) -> str:
        return short(self)


class Step(Protocol):
    """Something that is done in a scenario; the steps of `digital_painschool.testing.history` are such."""

    def take(self, scenario: Scenario) -> object:
        """Execute the step."""
        ...


def is_keyed(step: Step) -> bool:
    """Return whether a step is a call under a key of the host's."""
    return getattr(step, "once", None) is not None


class Steps(Protocol):
    """Steps in a row, and the school that they are taken in; a `History` is one."""

    @property
    def steps(self) -> Sequence[Step]:
        """The steps, in order."""
        ...

    def scenario(self, ports_factory: PortsFactory, *, policy: Policy | None = None) -> Scenario:
        """Open the school."""
        ...


@frozen(kw_only=True)
class Ending:
    """The storage, the access log and what was sent, when a history is over and some quiet days have passed."""

    stored: Lines
    log: Lines
    sent: Lines


class Run:
    """A history that is run in one process after another, each on what the one before has stored.

    Args:
        ports_factory: The function that opens the adapters.
        history: The history.
        policy: The policy of every unit.

    Attributes:
        raw: The adapters themselves.
        process: The process that takes the present step.
        called: A function that is called after each call of a port.
        sent: Everything that inbox and messengers have accepted, also a second time, as text.
        returned: What the last step returned if it has a key, as text.
    """

    raw: Ports

    def __init__(self, ports_factory: PortsFactory, history: Steps, policy: Policy | None = None) -> None:
        self._open_raw = ports_factory
        self._opened: list[Ports] = []
        self._early = 0
        self.process = Process()
        self.called: Callable[[], None] = lambda: None
        self.sent: set[str] = set()
        self.returned = ""
        self._digests: list[object | None] = []
        self._noticed: Counter[tuple[str, int]] = Counter()
        self._recording = RecordingPorts(self._open)
        self.scenario = history.scenario(self._recording.ports_factory, policy=policy)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for ports in self._opened:
            for adapter in (ports.storage, ports.inbox, *ports.messengers):
                getattr(adapter, "close", _nothing)()
        self.scenario.close()

    def _open(self, environment: Environment) -> Ports:
        self.raw = self._open_raw(environment)
        self._opened.append(self.raw)

        def wrap(port: Port, name: str) -> Port:
            return watched(port, self._call, environment, name)

        return each_port(evolve(self.raw, observers=(*self.raw.observers, self)), wrap)

    def take(self, step: Step, point: CrashPoint | None = None) -> str | None:
        """Execute a step, and return why it was refused, or None; the process dies at a point where one is given."""
        self.process = process = self._recording.process
        process.plan.calls.clear()
        process.plan.clear()
        if point is not None:
            process.plan.inject(Fault(call=point.call, when=point.when, does=Dies()))
        try:
            answer = step.take(self.scenario)
            if is_keyed(step):
                self.returned = canonical(answer)
        except PainSchoolError as error:
            return f"{type(error).__name__}: {error}"
        finally:
            self._digests.extend(map(self._digest_of, self._recording.arrivals[len(self._digests) :]))
        return None

    def _call(self, call: Call) -> object:
        """Make a call of an adapter; all adapters are closed when the run is over."""
        if call.method == "close":
            return None
        try:
            answer = call.go()
        finally:
            if self.process is self._recording.process:  # a step may be a restart: what comes after it is no part of it
                self.called()
        if call.method in SENDS:
            self.sent.add(f"{call.name}{canonical((*call.args, call.options))}")
        return answer

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Note the step, as an observer, and whether it is saved."""
        stored = load_enrolment(self.raw.storage, enrolment.id)
        self._early += stored is None or stored.version < enrolment.version or not events
        self._noticed[enrolment.id, enrolment.version] += 1

    def _digest_of(self, arrival: Arrival) -> object | None:
        first, _ = arrival.key.rsplit(".", 1)  # a digest has the id of its first notification
        records = load_notifications(self.raw.storage, EnrolmentId(first.split(".")[0]))
        found = (one.notification for one in records if one.notification.id == first)
        return next(((one.unit, one.recipient, one.channel) for one in found if one.collected), None)

    @property
    def now(self) -> datetime:
        """The clock."""
        return self.scenario.now

    def stored(self) -> Lines:
        """Return all that is stored now, but for the access log."""
        return StorageSnapshot.of(self.raw.storage, self.scenario.ids, self.now).numbered()

    def ending(self, *, late: bool = False) -> Ending:
        """Return all that there is now; with `late` without what differs when a worker came later."""
        numbers: dict[str, str] = {}
        stored = StorageSnapshot.of(self.raw.storage, self.scenario.ids, self.now, late=late)
        log = StorageSnapshot.of_access_log(self.raw.storage, late=late)
        arrived = tuple(sorted(map(canonical, self.scenario.outbox)))
        sent = StorageSnapshot({"sent": tuple(sorted(self.sent)), "arrived": arrived})
        return Ending(stored=stored.numbered(numbers), log=log.numbered(numbers), sent=sent.numbered(numbers))

    def violations(self, *, at_last: bool = False) -> Iterator[LawViolation]:
        """Yield which laws do not hold now; at last nothing waits any more."""
        storage, policy = self.raw.storage, self.scenario.catalogue.policy
        yield from stored_violations(storage, self.scenario.ids, self.now)
        arrivals = zip(self._recording.arrivals, self._digests, strict=True)
        yield from arrival_violations(storage, self.scenario.ids, tuple(arrivals), policy, at_last=at_last)
        if self._early or any(times > 1 for times in self._noticed.values()):
            yield violation(Law.STORAGES_AGREE, "an observer was told twice, or of what is not saved")


def _nothing() -> None:
    pass
