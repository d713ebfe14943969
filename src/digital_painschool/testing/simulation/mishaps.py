"""What surrounds the school and goes wrong: an inbox that is down or slow, processes that die, workers that overlap."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Directory, Inbox, Messenger, Ports
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.faults import Killed
from digital_painschool.testing.simulation.notification_oracle import digest_of

if TYPE_CHECKING:
    from digital_painschool.testing.simulation.scene import Scene


class Surroundings:
    """The inbox, the messengers and an observer, wrapped so that they go wrong when they are told to, and are watched.

    Args:
        scene: Whose.
    """

    def __init__(self, scene: "Scene") -> None:
        self.scene = scene
        self.fuse: int | None = None
        """After so many hand-overs and notes of a worker's process it dies; None for never."""
        self.meanwhile: list[Callable[[], object]] = []
        """What happens while the next notice is handed over, each once."""
        self.sent: dict[str, datetime] = {}

    def around(self, ports: Ports) -> Ports:
        """Return the ports with the watched ones in their places."""
        return evolve(
            ports,
            inbox=WatchedInbox(self, ports.inbox),
            directory=ForgetfulDirectory(self, ports.directory),
            messengers=tuple(WatchedMessenger(self, messenger) for messenger in ports.messengers),
            observers=(*ports.observers, self),
        )

    def burn(self) -> None:
        """Come one step nearer to the end of the process.

        Raises:
            Killed: This was the last step.
        """
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Killed

    def died(self) -> None:
        """Start a new process after one that died."""
        self.fuse = None
        self.meanwhile.clear()
        self.scene.figures.events["processes that died"] += 1
        self.scene.tellings.went_wrong(self.scene.now)
        self.scene.restart()

    def knows(self, hsa_id: HsaId) -> bool:
        """Return whether the staff directory knows somebody now."""
        return self.scene.ports.directory.find(hsa_id) is not None

    def is_down(self) -> bool:
        """Return whether the inbox is down now."""
        now = self.scene.now
        return any(began <= now < until for began, until in self.scene.region.outages)

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Be told of a step, as an observer; a worker may die just after it."""
        # The library lets nothing pass that an observer raises; here it is to be seen.
        self.scene.guard(lambda: self.scene.notice(enrolment, events))
        if events and events[0].by == "system":
            self.burn()


class WatchedInbox:
    """An inbox around another that fails while it is down, is slow when told to, and keeps the books of what came."""

    def __init__(self, surroundings: Surroundings, inner: Inbox) -> None:
        self._around = surroundings
        self._inner = inner

    def reach(self, person: PersonId) -> Reachability:
        return self._inner.reach(person)

    def deliver(self, notice: Notice) -> Delivered:
        around, scene = self._around, self._around.scene
        around.burn()
        begun = scene.now
        while around.meanwhile:
            around.meanwhile.pop()()
        if around.is_down():
            scene.figures.events["notices that the inbox did not take"] += 1
            scene.tellings.went_wrong(scene.now)
            raise DeliveryError("the inbox is down")
        done = self._inner.deliver(notice)
        if done is Delivered.ACCEPTED:
            scene.guard(lambda: scene.tellings.arrive(notice.key, notice.person, begun))
        else:
            scene.figures.events["notices that the inbox knew already"] += 1
        around.burn()
        return done

    def forget(self, keys: Iterable[str]) -> int:
        return self._inner.forget(keys)


class ForgetfulDirectory:
    """A staff directory around another that knows nothing of some people on some days."""

    def __init__(self, surroundings: Surroundings, inner: Directory) -> None:
        self._around = surroundings
        self._inner = inner

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        scene = self._around.scene
        day = scene.tellings.day(scene.now)
        is_gap = scene.region.chance("gap", hsa_id, day).happens(scene.region.habits.mishaps.directory_gaps)
        return None if is_gap else self._inner.find(hsa_id)


class WatchedMessenger:
    """A messenger around another that keeps the books of what was sent."""

    def __init__(self, surroundings: Surroundings, inner: Messenger) -> None:
        self._around = surroundings
        self._inner = inner

    @property
    def channel(self) -> Channel:
        """The channel of the one within."""
        return self._inner.channel

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        self._around.burn()
        done = self._inner.send(recipient, template, link, key=key)
        if done is Delivered.ACCEPTED:
            self._around.sent[digest_of(key)] = self._around.scene.now
            self._around.scene.figures.told(self._around.scene.now, "to staff")
        self._around.burn()
        return done

    def forget(self, keys: Iterable[str]) -> int:
        return self._inner.forget(keys)
