"""The calls that are made of a port, as values on their way."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from attrs import field, frozen

from digital_painschool.testing.environment import Environment

Port = TypeVar("Port")
ITSELF = "__call__"
"""The name of the one method of a clock, which is a function."""


@frozen
class Call:
    """A call that is to be made.

    Args:
        method: Of which method.
        ask: The method itself.
        args: With which arguments.
        options: With which named arguments.
        environment: The environment that the port is in, where it is known.
    """

    method: str
    ask: Callable[..., object] = field(repr=False)
    args: tuple[object, ...] = field(default=(), repr=False)
    options: Mapping[str, object] = field(factory=dict, repr=False)
    environment: Environment | None = field(default=None, repr=False)

    def go(self) -> object:
        """Make it, and give the answer."""
        return self.ask(*self.args, **self.options)


Around = Callable[[Call], object]
"""What is done in place of a call; `call.go()` makes it."""


class Watched:
    """A port of which every call goes through a function."""

    def __init__(self, port: object, around: Around, environment: Environment | None) -> None:
        self._watched = port
        self._around = around
        self._world = environment

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._watched, name)
        if not callable(found):
            return found
        return lambda *args, **options: self._around(Call(name, found, args, options, self._world))

    def __call__(self, *args: object, **options: object) -> object:
        ask = cast("Callable[..., object]", self._watched)
        return self._around(Call(ITSELF, ask, args, options, self._world))

    def __repr__(self) -> str:
        return f"{self._around!r} on {self._watched!r}"


def watched(port: Port, around: Around, environment: Environment | None = None) -> Port:
    """Return a port, or a clock, of which every call goes through a function.

    Args:
        port: Whose calls.
        around: Gives each call's answer; as a rule it makes the call.
        environment: What the calls are told of the environment that they are made in.
    """
    return cast("Port", Watched(port, around, environment))
