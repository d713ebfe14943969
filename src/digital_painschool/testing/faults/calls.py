"""Calls of a port as values, and the proxy of a port whose calls go through a function."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar, cast

from attrs import field, frozen

from digital_painschool.ports import Ports
from digital_painschool.testing.environment import Environment

Port = TypeVar("Port")
PORTS = ("storage", "identity", "inbox", "directory", "messenger", "observer")
"""The names of the ports."""
ITSELF = "__call__"
"""The name of the one method of a clock, which is a function."""


@frozen
class Call:
    """A call of a port that is under way.

    Args:
        method: The name of the method.
        ask: The method itself.
        args: The arguments.
        options: The named arguments.
        environment: The environment of the port, where it is known.
        port: The name of the port, where it is known: `"storage"`, `"messenger"`.
    """

    method: str
    ask: Callable[..., object] = field(repr=False)
    args: tuple[Any, ...] = field(default=(), repr=False)
    options: Mapping[str, Any] = field(factory=dict, repr=False)
    environment: Environment | None = field(default=None, repr=False)
    port: str = ""

    def go(self) -> object:
        """Make the call and return the answer."""
        return self.ask(*self.args, **self.options)

    @property
    def name(self) -> str:
        """The name of the call: `"storage.save"`, or `"save"` where the port has no name."""
        return f"{self.port}.{self.method}" if self.port else self.method


Around = Callable[[Call], object]
"""A function that takes the place of a call; `call.go()` makes the call."""


class Watched:
    """The proxy of a port: every call goes through a function, every other attribute is the port's own."""

    def __init__(self, port: object, around: Around, environment: Environment | None, name: str) -> None:
        self._watched = port
        self._around = around
        self._environment = environment
        self._name = name

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._watched, name)
        if not callable(found):
            return found
        return lambda *args, **options: self._around(Call(name, found, args, options, self._environment, self._name))

    def __call__(self, *args: object, **options: object) -> object:
        ask = cast("Callable[..., object]", self._watched)
        return self._around(Call(ITSELF, ask, args, options, self._environment, self._name))

    def __repr__(self) -> str:
        return f"{self._around!r} on {self._watched!r}"


def watched(port: Port, around: Around, environment: Environment | None = None, name: str = "") -> Port:
    """Return a port, or a clock, whose calls go through a function.

    Args:
        port: The port.
        around: The function, which returns the answer of each call; as a rule it makes the call.
        environment: The environment of the calls.
        name: The port's name in the calls.
    """
    return cast("Port", Watched(port, around, environment, name))


class Wrap(Protocol):
    """A function that puts something around a port of a given name."""

    def __call__(self, port: Port, name: str, /) -> Port:
        """Return what takes the port's place."""
        ...


def each_port(ports: Ports, wrap: Wrap) -> Ports:
    """Return the ports with something around each; `wrap` is given the port and its name of `PORTS`."""
    storage, identity, inbox, directory, messenger, observer = PORTS
    return Ports(
        storage=wrap(ports.storage, storage),
        identity=wrap(ports.identity, identity),
        inbox=wrap(ports.inbox, inbox),
        directory=wrap(ports.directory, directory),
        messengers=tuple(wrap(one, messenger) for one in ports.messengers),
        observers=tuple(wrap(one, observer) for one in ports.observers),
        paces=ports.paces,
    )
