"""An inbox and a messenger in memory with a server behind them, which can be down, hang, or refuse."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.inbox import Reachability
from digital_painschool.ports.messaging import Address

TOKEN = "hemlig-token-9137"
"""What the adapters know, and tell nobody."""
NOBODY = PersonId("personnummer", "197512319284")
"""Somebody who has no account."""
REFUSED = Address("ingen.alls@vgregion.example")


def bring_up(place: Path) -> None:
    """End the outage of a place's server."""
    (place / "down").unlink()


def make_busy(place: Path, seconds: int) -> None:
    """Make the server of a place ask for a wait."""
    (place / "busy").write_text(str(seconds))


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
    if (place / "busy").exists():
        raise DeliveryError("the server is busy", retry_after=timedelta(seconds=int((place / "busy").read_text())))
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


class Accounts(MemoryInbox):
    """An inbox in which somebody has no account, until the place says otherwise."""

    place: Path

    def reach(self, person: PersonId) -> Reachability:
        """Look for the account."""
        is_there = person != NOBODY or (self.place / "account").exists()
        return super().reach(person) if is_there else Reachability(reachable=False)


ServedInbox = served(Accounts, "reach", "deliver", "forget")
ServedMessenger = served(MemoryMessenger, "send", "forget", remembers_keys=False)
