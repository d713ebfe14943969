"""An inbox and a messenger in memory with a server behind them, which can be down, hang, or refuse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger
from digital_painschool.domain.notification import Channel
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.messaging import Address

TOKEN = "hemlig-token-9137"
"""What the adapters know, and tell nobody."""
REFUSED = Address("ingen.alls@vgregion.example")


def take_down(place: Path) -> None:
    """Take the server of a place down."""
    (place / "down").touch()


@contextmanager
def hanging(place: Path) -> Iterator[None]:
    """Make the server of a place hang."""
    (place / "hangs").touch()
    yield
    (place / "hangs").unlink()


def ask(place: Path, *args: object) -> None:
    """Raise what a call raises that gets no answer, or is refused."""
    if (place / "hangs").exists():
        raise DeliveryError("the server has not answered in time")
    if (place / "down").exists():
        raise DeliveryError("the server cannot be reached")
    if args[:1] == (REFUSED,):
        raise DeliveryError("the server has no such address", permanent=True)


def served(adapter: type[Any], *methods: str, **attributes: object) -> type[Any]:
    """Return a class of adapters at a place some of whose methods ask the server there first."""

    def asking(name: str) -> Callable[..., object]:
        def method(self: Any, *args: object, **options: object) -> object:
            ask(self.place, *args)
            return getattr(adapter, name)(self, *args, **options)

        return method

    def init(self: Any, place: Path) -> None:
        adapter.__init__(self, *[Channel.EMAIL] * issubclass(adapter, MemoryMessenger))
        self.place = place

    return type(adapter.__name__, (adapter,), {"__init__": init, **attributes, **{one: asking(one) for one in methods}})


ServedInbox = served(MemoryInbox, "reach", "deliver", "forget")
ServedMessenger = served(MemoryMessenger, "send", "forget", remembers_keys=False)
