"""The faults around the school: an inbox that is down or slow, workers that crash, a directory with gaps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.faults import Call, Killed, watched
from digital_painschool.testing.reference.arrivals import Arrival

if TYPE_CHECKING:
    from digital_painschool.testing.simulation.scene import Scene


class Surroundings:
    """The fault proxies around the ports of a school, and an observer.

    Args:
        scene: The unit.

    Attributes:
        fuse: The number of sends and notes after which the worker's process crashes; None for never.
        meanwhile: The events that happen while the next notice is sent, each once.
    """

    def __init__(self, scene: "Scene") -> None:
        self._scene = scene
        self.fuse: int | None = None
        self.meanwhile: list[Callable[[], object]] = []

    def around(self, ports: Ports) -> Ports:
        """Return the ports, each behind its proxy."""
        return evolve(
            ports,
            inbox=watched(ports.inbox, self._inbox),
            directory=watched(ports.directory, self._directory),
            messengers=tuple(watched(one, self._messenger(one.channel)) for one in ports.messengers),
            observers=(*ports.observers, self),
        )

    def _burn(self) -> None:
        """Come one step nearer to the crash.

        Raises:
            Killed: This was the last step.
        """
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Killed

    def restart_after_crash(self) -> None:
        """Start a new process after a crash."""
        self.fuse = None
        self.meanwhile.clear()
        self._scene.figures.events["processes that crashed"] += 1
        self._scene.notifications.disturb()
        self._scene.restart()

    @contextmanager
    def without_fuse(self) -> Iterator[None]:
        """Let no process crash for a while."""
        fuse, self.fuse = self.fuse, None
        yield
        self.fuse = fuse

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Pass a step on to the oracle, as an observer; a worker may crash just after it."""
        # The library lets nothing pass that an observer raises; here it is to be seen.
        self._scene.guard(lambda: self._scene.notifications.saved(enrolment, events))
        if events and events[0].by == "system":
            self._burn()

    def _directory(self, call: Call) -> object:
        """Find nobody on some days."""
        scene = self._scene
        gap = scene.region.chance("gap", call.args[0], scene.today) if call.method == "find" else None
        return None if gap and gap.happens(scene.region.habits.mishaps.directory_gaps) else call.go()

    def _inbox(self, call: Call) -> object:
        if call.method != "deliver":
            return call.go()
        scene, notice = self._scene, cast("Notice", call.args[0])
        arrival = Arrival(scene.now, Channel.INBOX, notice.person, notice.template, notice.key)
        self._burn()
        while self.meanwhile:
            self.meanwhile.pop()()
        if any(began <= scene.now < until for began, until in scene.region.outages):
            scene.figures.events["notices that the inbox did not take"] += 1
            scene.notifications.disturb()
            raise DeliveryError("the inbox is down")
        return self._taken(call, arrival)

    def _messenger(self, channel: Channel) -> Callable[[Call], object]:
        def around(call: Call) -> object:
            if call.method != "send":
                return call.go()
            to, template = cast("tuple[Address, Template]", call.args[:2])
            self._burn()
            return self._taken(call, Arrival(self._scene.now, channel, to, template, cast("str", call.options["key"])))

        return around

    def _taken(self, call: Call, arrival: Arrival) -> object:
        done = call.go()
        if done is Delivered.ACCEPTED:
            self._scene.guard(lambda: self._scene.notifications.arrived(arrival))
        else:
            self._scene.figures.events["notices that the inbox knew already"] += 1
        self._burn()
        return done
