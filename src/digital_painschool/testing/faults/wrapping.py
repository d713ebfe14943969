"""Ports with faults: which call goes wrong is a value, and one function applies it."""

from collections.abc import Callable
from threading import Lock

from attrs import evolve, field, frozen

from digital_painschool.testing.environment import Environment
from digital_painschool.testing.faults.calls import Call, Port, Watched, watched
from digital_painschool.testing.faults.effects import Does, Fails, When
from digital_painschool.testing.history.literals import short


def _each(_: Call) -> bool:
    return True


def _does(given: Does | BaseException | type[BaseException]) -> Does:
    return given if isinstance(given, Does) else Fails(given)


@frozen(repr=False)
class Fault:
    """What goes wrong with which calls.

    Args:
        method: Of which method; left out, of any but `close`. A clock's is `"__call__"`.
        call: At the how many-eth of these calls it begins, counted from 1 for each port and fault.
        when: Before the effect or after it.
        does: What; an exception is raised, left out the port's own.
        times: How many calls are struck; None for all from there on.
        of: Counts and strikes only calls for which this is true.
    """

    method: str | None = None
    call: int = field(default=1, kw_only=True)
    when: When = field(default=When.BEFORE, kw_only=True)
    does: Does = field(default=Fails(), converter=_does, kw_only=True)
    times: int | None = field(default=1, kw_only=True)
    of: Callable[[Call], bool] = field(default=_each, kw_only=True)

    def concerns(self, call: Call) -> bool:
        """Return whether a call is one of those that are counted."""
        named = call.method == self.method if self.method else call.method != "close"
        return named and self.of(call)

    def strikes(self, number: int) -> bool:
        """Return whether the how many-eth of the calls that are counted is struck."""
        return self.call <= number and (self.times is None or number < self.call + self.times)

    def __repr__(self) -> str:
        return short(self)


def _through(fault: Fault, call: Call) -> Callable[..., object]:
    return lambda *args, **options: fault.does.around(evolve(call, args=args, options=options), fault.when)


class _Faults:
    """Counts the calls of one port, and lets the faults at them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.calls: list[str] = []
        self._faults = faults
        self._counts = [0] * len(faults)
        self._lock = Lock()

    def __call__(self, call: Call) -> object:
        with self._lock:
            self.calls.append(call.method)
            struck = [fault for place, fault in enumerate(self._faults) if self._strikes(place, fault, call)]
        for fault in reversed(struck):
            call = evolve(call, ask=_through(fault, call))
        return call.go()

    def _strikes(self, place: int, fault: Fault, call: Call) -> bool:
        if not fault.concerns(call):
            return False
        self._counts[place] += 1
        return fault.strikes(self._counts[place])

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self._faults))}]"


def faulty(port: Port, *faults: Fault, environment: Environment | None = None) -> Port:
    """Return a port, or a clock, with faults; without any, it goes on as it is and its calls are counted.

    Args:
        port: Any port, or a clock.
        faults: What goes wrong; where several strike the same call, the first is the outermost.
        environment: The environment whose clock goes on when a call hangs.
    """
    return watched(port, _Faults(faults), environment)


def calls_of(port: object) -> tuple[str, ...]:
    """Return the methods of a `faulty` port that were called so far, in order: `calls_of(storage).count("save")`."""
    faults = port._around if isinstance(port, Watched) else None
    assert isinstance(faults, _Faults), "only a port that `faulty` gave counts its calls"
    return tuple(faults.calls)
