"""Faults as values, and the plan that counts the calls of ports and applies the faults to them."""

from collections.abc import Callable, Collection, Iterable
from itertools import count
from threading import Lock

from attrs import evolve, field, frozen

from digital_painschool.ports import Ports
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults.calls import PORTS, Call, Port, Watched, each_port, watched
from digital_painschool.testing.faults.effects import Does, Fails, Killed, When
from digital_painschool.testing.history.literals import short

SENDS = frozenset({"deliver", "send"})
"""The methods by which inbox and messengers take something."""


def _each(_: Call) -> bool:
    return True


def _does(given: Does | BaseException | type[BaseException]) -> Does:
    return given if isinstance(given, Does) else Fails(given)


@frozen(repr=False)
class Fault:
    """An effect that strikes some calls.

    Args:
        method: The method, or several of them such as `WRITES`; left out, any but `close`. A clock's is `"__call__"`.
        call: The ordinal of the first call that is struck, counted from 1 for each fault.
        when: Before the effect or after it.
        does: The effect; an exception is raised, left out the port's own.
        times: The number of calls that are struck; None for all from there on.
        of: A function that returns whether a call is counted and struck.
    """

    method: str | Collection[str] | None = None
    call: int = field(default=1, kw_only=True)
    when: When = field(default=When.BEFORE, kw_only=True)
    does: Does = field(default=Fails(), converter=_does, kw_only=True)
    times: int | None = field(default=1, kw_only=True)
    of: Callable[[Call], bool] = field(default=_each, kw_only=True)

    def concerns(self, call: Call) -> bool:
        """Return whether a call is counted."""
        if self.method is None:
            return call.method != "close" and self.of(call)
        methods = (self.method,) if isinstance(self.method, str) else self.method
        return call.method in methods and self.of(call)

    def strikes(self, ordinal: int) -> bool:
        """Return whether a call of that ordinal is struck."""
        return self.call <= ordinal and (self.times is None or ordinal < self.call + self.times)

    def __repr__(self) -> str:
        return short(self)


def _through(fault: Fault, call: Call) -> Callable[..., object]:
    return lambda *args, **options: fault.does.around(evolve(call, args=args, options=options), fault.when)


class FaultPlan:
    """The faults of one port, or of several together: the plan counts their calls, and applies the faults to them.

    Args:
        faults: The faults; where several strike the same call, the first is the outermost.

    Attributes:
        calls: The names of the calls, in order.
        last: The last call; None before the first.
        struck: The calls that were struck, each with its fault, in order.
    """

    def __init__(self, *faults: Fault) -> None:
        self.calls: list[str] = []
        self.last: Call | None = None
        self.struck: list[tuple[Call, Fault]] = []
        self._counted: list[tuple[Fault, count[int]]] = []
        self._lock = Lock()
        self.inject(*faults)

    def inject(self, *faults: Fault) -> None:
        """Add faults, each of which counts the calls from now on."""
        with self._lock:
            self._counted += [(fault, count(1)) for fault in faults]

    def clear(self) -> None:
        """Remove every fault."""
        with self._lock:
            self._counted.clear()

    def __call__(self, call: Call) -> object:
        with self._lock:
            self.calls.append(call.name)
            self.last = call
            concerned = [(fault, next(ordinals)) for fault, ordinals in self._counted if fault.concerns(call)]
            struck = [fault for fault, ordinal in concerned if fault.strikes(ordinal)]
            self.struck += [(call, fault) for fault in struck]
        for fault in reversed(struck):
            call = evolve(call, ask=_through(fault, call))
        return call.go()

    def __repr__(self) -> str:
        return f"[{', '.join(repr(fault) for fault, _ in self._counted)}]"


class Process:
    """One life of a process: after the call in which it dies every other is `Killed`, but for `close`.

    The machine of a dead process closes what the process had open.

    Args:
        faults: The faults of the process.

    Attributes:
        plan: The plan that counts the calls of all its ports.
        is_dead: Whether the process has died.
    """

    def __init__(self, *faults: Fault) -> None:
        self.plan = FaultPlan(*faults)
        self.is_dead = False

    def __call__(self, call: Call) -> object:
        if call.method == "close":
            return call.go()
        if self.is_dead:
            raise Killed(call.name)
        try:
            return self.plan(call)
        except Killed:
            self.is_dead = True
            raise


def faulty(port: Port, *faults: Fault, environment: Environment | None = None) -> Port:
    """Return a port, or a clock, with faults; without any its calls are counted, and it is otherwise unchanged.

    Args:
        port: Any port, or a clock.
        faults: The faults; where several strike the same call, the first is the outermost.
        environment: The environment whose clock goes on when a call hangs.
    """
    return watched(port, FaultPlan(*faults), environment)


def calls_of(port: object) -> tuple[str, ...]:
    """Return the methods of a `faulty` port that were called so far, in order: `calls_of(storage).count("save")`."""
    plan = port._around if isinstance(port, Watched) else None
    assert isinstance(plan, FaultPlan), "only a port that `faulty` returned counts its calls"
    return tuple(plan.calls)


def with_faults(
    ports_factory: PortsFactory,
    *,
    storage: Iterable[Fault] = (),
    identity: Iterable[Fault] = (),
    inbox: Iterable[Fault] = (),
    directory: Iterable[Fault] = (),
    messengers: Iterable[Fault] = (),
    observers: Iterable[Fault] = (),
) -> PortsFactory:
    """Return a ports factory whose ports have faults; each port counts its calls, anew from each restart.

    Every port counts its calls, also one without faults: ask `calls_of`.
    """
    faults = map(tuple, (storage, identity, inbox, directory, messengers, observers))
    given = dict(zip(PORTS, faults, strict=True))

    def open_faulty(environment: Environment) -> Ports:
        def wrap(port: Port, name: str) -> Port:
            return faulty(port, *given[name], environment=environment)

        return each_port(ports_factory(environment), wrap)

    return open_faulty
