"""The processes of a unit on the kit's fault proxy: outages, gaps, crashes, workers that overlap or wait."""

from collections.abc import Callable
from functools import cache

from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.errors import DeliveryError
from digital_painschool.ports import Ports
from digital_painschool.ports.directory import StaffMember
from digital_painschool.testing.environment import Environment, PortsFactory, both_ways
from digital_painschool.testing.faults import (
    SENDS,
    Answers,
    Call,
    Dies,
    Fails,
    Fault,
    Meanwhile,
    Process,
    RecordingPorts,
    When,
    faulty,
)
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.calendar import local_day
from digital_painschool.testing.simulation.region import Region, Unit

_SENDS_AND_NOTES = SENDS | {"notice"}
Note = Callable[[Enrolment, tuple[Event, ...]], object]
"""A function that is told of each step that is saved."""


class Noting:
    """An observer that passes on what it is told."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Report a step."""
        self._note(enrolment, events)


class Processes:
    """The processes of a unit: their ports, with the region's faults, and an observer of all of them.

    Args:
        region: The region that is simulated.
        unit: The unit.
        ports_factory: Opens the adapters.
        saved: Called with each step that a process has saved.
    """

    def __init__(self, region: Region, unit: Unit, ports_factory: PortsFactory, saved: Note) -> None:
        self._region = region
        self._zone = unit.policy.zone
        self._ports_factory = ports_factory
        self._observer = Noting(saved)
        self._recording = RecordingPorts(self._open)
        chance, unknown = region.chance("directory", unit.number), region.habits.staff.unknown_in_directory
        known = [actor.hsa_id for actor in unit.therapists if not chance.happens(unknown)]
        staff = [StaffMember(hsa_id=actor.hsa_id) for actor in unit.therapists]
        self._directory = MemoryDirectory(dict.fromkeys(known, both_ways("staff")), {unit.id: staff})
        share = region.habits.mishaps.directory_gaps
        self.has_gap = cache(lambda hsa_id, day: region.chance("gap", hsa_id, day).happens(share))
        """Whether the staff directory does not know a member of staff on a day."""

    def _open(self, environment: Environment) -> Ports:
        ports = self._ports_factory(environment)
        gap = Fault("find", does=Answers(None), times=None, of=self._is_gap)
        return evolve(ports, directory=faulty(self._directory, gap), observers=(*ports.observers, self._observer))

    def ports_factory(self, environment: Environment) -> Ports:
        """Open the ports of a new process of the school, in the place of the former one."""
        ports = self._recording.ports_factory(environment)
        self.clear()
        return self._as_is(ports)

    def another(self) -> Ports:
        """Return the ports of another process on the same adapters, which meets no crash."""
        return self._as_is(self._recording.ports_of(Process()))

    def _as_is(self, ports: Ports) -> Ports:
        """Return the ports without the proxies of storage and identity, which no fault strikes and which cost time."""
        adapters = self._recording.adapters
        return evolve(ports, storage=adapters.storage, identity=adapters.identity)

    # The faults

    def _is_gap(self, call: Call) -> bool:
        return self.has_gap(call.args[0], local_day(self._recording.environment.now, self._zone))

    def _is_outage(self, _: Call) -> bool:
        now = self._recording.environment.now
        return any(began <= now < until for began, until in self._region.outages)

    def crash(self, after: int, when: When) -> None:
        """Plan a crash of the school's own process, at a send of its worker or after one of its notes.

        Args:
            after: The number of sends and notes that go well.
            when: Before the send, or after the send or note.
        """
        methods = SENDS if when is When.BEFORE else _SENDS_AND_NOTES
        fault = Fault(methods, call=after + 1, when=when, does=Dies(), of=_is_of_worker)
        self._recording.process.plan.inject(fault)

    def meanwhile(self, event: Callable[[], object]) -> None:
        """Plan an event for the time in which the next notice is sent."""
        self._recording.sending.inject(Fault("deliver", does=Meanwhile(lambda _: event())))

    def clear(self) -> None:
        """Remove every fault but the outages."""
        self._recording.process.plan.clear()
        self._recording.sending.clear()
        down = Fails(DeliveryError("the inbox is down"))
        self._recording.sending.inject(Fault("deliver", does=down, times=None, of=self._is_outage))

    @property
    def inbox_pace(self) -> ChannelPace | None:
        """The pace of the inbox, where the ports set one: a run then lasts as long as the pace needs."""
        return self._recording.adapters.paces.get(Channel.INBOX)

    def sent(self) -> tuple[list[Arrival], int]:
        """Return what was accepted since the last time, and the number of sends that failed."""
        recording = self._recording
        arrivals, recording.arrivals = recording.arrivals, []
        struck, recording.sending.struck = recording.sending.struck, []
        return arrivals, sum(isinstance(fault.does, Fails) for _, fault in struck)


def _is_of_worker(call: Call) -> bool:
    return call.method in SENDS or call.args[1][0].by == "system"
