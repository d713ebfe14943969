"""An inbox and a messenger in memory with a server behind them, which can be down, hang, or refuse."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
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


class ServedInbox(MemoryInbox):
    """An inbox whose every call asks a server."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self.place = place

    def reach(self, person: PersonId) -> Reachability:
        """Ask the server."""
        ask(self.place)
        return super().reach(person)

    def deliver(self, notice: Notice) -> Delivered:
        """Ask the server."""
        ask(self.place)
        return super().deliver(notice)

    def forget(self, keys: Iterable[str]) -> int:
        """Ask the server."""
        ask(self.place)
        return super().forget(keys)


class ServedMessenger(MemoryMessenger):
    """A messenger whose every call asks a server, which refuses one address."""

    remembers_keys = False

    def __init__(self, place: Path) -> None:
        super().__init__(Channel.EMAIL)
        self.place = place

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        """Ask the server."""
        ask(self.place)
        if recipient == REFUSED:
            raise DeliveryError("the server has no such address", permanent=True)
        return super().send(recipient, template, link, key=key, unit=unit, language=language)

    def forget(self, keys: Iterable[str]) -> int:
        """Ask the server."""
        ask(self.place)
        return super().forget(keys)


def ask(place: Path) -> None:
    """Raise what a call raises that gets no answer."""
    if (place / "hangs").exists():
        raise DeliveryError("the server has not answered in time")
    if (place / "down").exists():
        raise DeliveryError("the server cannot be reached")
