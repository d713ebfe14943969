"""What a fault does to a call, as values."""

import os
import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from time import sleep
from types import MappingProxyType
from typing import cast

from attrs import AttrsInstance, frozen

from digital_painschool.errors import DeliveryError, InvalidIdentity, StorageError
from digital_painschool.testing.faults.calls import ITSELF, Call
from digital_painschool.testing.history.literals import short


class Killed(BaseException):
    """The death of the process; no `except Exception` stops it."""


class When(Enum):
    """The side of a call's effect on which a fault strikes."""

    BEFORE = "before"
    AFTER = "after"

    def __repr__(self) -> str:
        return str(self)


class Does(ABC):
    """The effect of a fault on a call."""

    @abstractmethod
    def around(self, call: Call, when: When) -> object:
        """Return the call's answer, or raise."""

    def __repr__(self) -> str:
        return short(cast("AttrsInstance", self))


class _Interrupts(Does):
    """An effect before or after the call's own, which leaves the call as it is."""

    @abstractmethod
    def strike(self, call: Call) -> None:
        """Execute the effect."""

    def around(self, call: Call, when: When) -> object:
        if when is When.BEFORE:
            self.strike(call)
            return call.go()
        answer = call.go()
        self.strike(call)
        return answer


_OWN: Mapping[str, type[Exception]] = MappingProxyType(
    {
        "parse": InvalidIdentity,
        "notice": RuntimeError,
        ITSELF: OSError,
        **dict.fromkeys(("reach", "deliver", "send", "find", "forget"), DeliveryError),
    }
)
"""The error that a port's contract has for each of its methods; for every other method it is the storage's."""


@frozen(repr=False)
class Fails(_Interrupts):
    """An error.

    Args:
        error: The error; left out, the port's own (`StorageError`, `DeliveryError`, ...), not a permanent one.
    """

    error: BaseException | type[BaseException] | None = None

    def strike(self, call: Call) -> None:
        raise self.error or _OWN.get(call.method, StorageError)("a fault that the test asked for")


@frozen(repr=False)
class Dies(_Interrupts):
    """The death of the process: `Killed`, which no `except Exception` stops."""

    def strike(self, call: Call) -> None:
        raise Killed(call.name)


@frozen(repr=False)
class KillsTheProcess(_Interrupts):
    """The real death of the process that makes the call: the system kills it (`SIGKILL`)."""

    def strike(self, call: Call) -> None:  # noqa: ARG002 - nobody can be told
        os.kill(os.getpid(), signal.SIGKILL)


@frozen(repr=False, kw_only=True)
class Hangs(_Interrupts):
    """A late answer: the environment's clock goes on meanwhile."""

    hours: float = 0
    minutes: float = 0
    seconds: float = 0

    def strike(self, call: Call) -> None:
        assert call.environment is not None, "give `faulty` the environment whose clock is to go on"
        call.environment.now += timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)


@frozen(repr=False)
class Sleeps(_Interrupts):
    """A late answer in real time.

    Args:
        draw: A function that returns the number of seconds.
    """

    draw: Callable[[], float]

    def strike(self, call: Call) -> None:  # noqa: ARG002 - every call waits alike
        sleep(self.draw())


@frozen(repr=False)
class Meanwhile(_Interrupts):
    """Something that somebody else does while the call is under way.

    Args:
        do: A function of the call that does it; `Call.go` makes the call twice, as a network does that asks again.
    """

    do: Callable[[Call], object]

    def strike(self, call: Call) -> None:
        self.do(call)


@frozen(repr=False)
class Answers(Does):
    """Another answer; the call is not made.

    Args:
        answer: The answer.
    """

    answer: object

    def around(self, call: Call, when: When) -> object:  # noqa: ARG002 - there is no effect
        return self.answer
