"""What a fault does to a call: each of them a value."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from threading import Event
from types import MappingProxyType
from typing import cast

from attrs import AttrsInstance, evolve, field, frozen

from digital_painschool.errors import DeliveryError, InvalidIdentity, StorageError
from digital_painschool.testing.faults.calls import Call
from digital_painschool.testing.history.literals import short


class Killed(BaseException):
    """The process dies here; no `except Exception` is in its way."""


class When(Enum):
    """On which side of its effect a call is struck."""

    BEFORE = "before"
    AFTER = "after"

    def __repr__(self) -> str:
        return str(self)


class Does(ABC):
    """What happens to a call that a fault strikes."""

    @abstractmethod
    def around(self, call: Call, when: When) -> object:
        """Return the call's answer, or raise."""

    def __repr__(self) -> str:
        return short(cast("AttrsInstance", self))


class _Interrupts(Does):
    """Something that comes before the effect or after it, and leaves the call as it is."""

    @abstractmethod
    def fault(self, call: Call) -> None:
        """Let it happen."""

    def around(self, call: Call, when: When) -> object:
        if when is When.BEFORE:
            self.fault(call)
            return call.go()
        answer = call.go()
        self.fault(call)
        return answer


_OWN: Mapping[str, type[Exception]] = MappingProxyType(
    {
        "parse": InvalidIdentity,
        "notice": RuntimeError,
        "__call__": OSError,
        **dict.fromkeys(("reach", "deliver", "send", "find", "forget"), DeliveryError),
    }
)
"""The error that a port's contract has for each of its methods; for everything else it is the storage's."""


@frozen(repr=False)
class Fails(_Interrupts):
    """It raises.

    Args:
        error: What; left out, the port's own error (`StorageError`, `DeliveryError`, ...), not a permanent one.
    """

    error: BaseException | type[BaseException] | None = None

    def fault(self, call: Call) -> None:
        raise self.error or _OWN.get(call.method, StorageError)("a fault that the test asked for")


@frozen(repr=False)
class Dies(_Interrupts):
    """The process dies: `Killed` is raised, which no `except Exception` stops."""

    def fault(self, call: Call) -> None:
        raise Killed(call.method)


@frozen(repr=False, kw_only=True)
class Hangs(_Interrupts):
    """No answer comes for a while: the environment's clock goes on meanwhile."""

    hours: float = 0
    minutes: float = 0
    seconds: float = 0

    def fault(self, call: Call) -> None:
        assert call.environment is not None, "give `faulty` the environment whose clock is to go on"
        call.environment.now += timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)


@frozen(repr=False)
class Blocks(_Interrupts):
    """The thread that makes the call waits for another one.

    Args:
        until: It goes on when this is set.
        reached: Set when the call is there.
        patience: After so many seconds nobody comes any more, and `TimeoutError` is raised.
    """

    until: Event
    reached: Event = field(factory=Event, kw_only=True)
    patience: float = field(default=30, kw_only=True)

    def fault(self, call: Call) -> None:
        self.reached.set()
        if not self.until.wait(self.patience):
            raise TimeoutError(f"{call.method} waited for {self.patience} seconds and nobody let it go on")


@frozen(repr=False)
class Twice(Does):
    """The effect is done twice, as when a network sends a question again; the second answer is given."""

    def around(self, call: Call, when: When) -> object:  # noqa: ARG002 - it is both
        # What can be gone through once only is given twice all the same.
        args = tuple(tuple(each) if isinstance(each, Iterator) else each for each in call.args)
        twice = evolve(call, args=args)
        twice.go()
        return twice.go()


@frozen(repr=False, kw_only=True)
class Shifts(Does):
    """Time is another there: every instant that a call is given or gives is so much later, or earlier when negative."""

    days: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0

    def around(self, call: Call, when: When) -> object:  # noqa: ARG002 - it is both
        options = {name: self._shifted(value) for name, value in call.options.items()}
        return self._shifted(evolve(call, args=tuple(map(self._shifted, call.args)), options=options).go())

    def _shifted(self, value: object) -> object:
        by = timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)
        return value + by if isinstance(value, datetime) else value


@frozen(repr=False)
class StandsStill(Does):
    """The first answer is given again and again: a clock that stands still."""

    _answers: list[object] = field(factory=list, init=False, eq=False)

    def around(self, call: Call, when: When) -> object:  # noqa: ARG002 - there is no effect
        if not self._answers:
            self._answers.append(call.go())
        return self._answers[0]

    def __repr__(self) -> str:
        return "StandsStill()"
