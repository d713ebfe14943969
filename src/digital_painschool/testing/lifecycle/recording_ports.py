"""Between a school and its adapters: who notes what is handed over, and lets things go wrong when told to."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import cast

from attrs import evolve, frozen

from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError, StorageError
from digital_painschool.ports import Ports
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults.calls import Call, watched
from digital_painschool.testing.faults.effects import Killed
from digital_painschool.testing.reference.arrivals import Arrival

WRITES = frozenset(
    {
        "begin",
        "claim",
        "complete",
        "save_export",
        "save_plan",
        "save_profile",
        "save_program",
        "save_receipt",
        "log",
        "purge",
        "save",
    }
)
"""The methods of a storage that change what is kept."""


class InjectedFault:
    """What happens at one of the writes that a process makes.

    Args:
        at: At which write, from 0; None for never.
        how: `"dies before"` or `"dies after"` that write, or the storage `"fails"` once, and nothing is written.
    """

    def __init__(self, at: int | None = None, how: str = "dies before") -> None:
        self._left = -1 if at is None else at
        self._how = how

    def through(self, call: Call) -> object:
        """Make a call of the storage."""
        if call.method not in WRITES:
            return call.go()
        self._left -= 1
        if self._left != -1:
            return call.go()
        if self._how == "fails":
            raise StorageError("the disk is full; make room")
        if self._how == "dies after":
            call.go()
        raise Killed


@frozen
class HandOver:
    """How handing over one notice or message goes.

    Args:
        taken: Whether it is taken: `"at once"`, `"late"` (after the wait), or `"not"`.
        waits: For how many minutes there is no answer; a lease is 15.
        meanwhile: What somebody else does then: nothing, or a `"worker"` makes a pass, a `"dying worker"` begins one,
            the patient `"reads"`, the therapist `"writes"` or `"ends"`.
        killed: Whether the worker dies before it can note what became of it.
        for_good: Whether a refusal says that trying again cannot help.
    """

    taken: str = "at once"
    waits: int = 0
    meanwhile: str = ""
    killed: bool = False
    for_good: bool = False


class RecordingPorts:
    """Stands between one school and its adapters.

    Args:
        ports_factory: Opens the adapters.

    Attributes:
        arrivals: What was taken as new, in order.
        forgotten: What inbox and messengers were told to forget: by which way it goes, and the key.
        tries: How many hand-overs to each were begun.
        refused: Who could not be reached at some time.
        refused_for_good: Of whom it was said that trying again cannot help.
        to_come: How the next hand-overs go; all after them go well.
        forgetting_fails: Whether nothing can be forgotten.
        strike: What happens to the writes of the school's own process.
        meanwhile: Told what somebody else does while a hand-over waits, and whose notice waits.
    """

    def __init__(self, ports_factory: PortsFactory) -> None:
        self._opening = ports_factory
        self._opened: tuple[Environment, Ports] | None = None
        self.arrivals: list[Arrival] = []
        self.forgotten: set[tuple[Channel, str]] = set()
        self.tries: Counter[PersonId | Address | None] = Counter()
        self.refused: set[PersonId | Address] = set()
        self.refused_for_good: set[PersonId | Address] = set()
        self.to_come: list[HandOver] = []
        self.forgetting_fails = False
        self.fault = InjectedFault()
        self.meanwhile: Callable[[str, PersonId | None], None] = lambda _what, _person: None

    def ports_factory(self, environment: Environment) -> Ports:
        """Open the adapters, with this witness before each."""
        before = self._opened
        self._opened = environment, self._opening(environment)
        if before is not None and before[1].storage is not self.adapters.storage:
            # What a dead process had open its system closes for it.
            before[1].storage.close()
        self.fault = InjectedFault()
        return self._watched(self._of_this_process)

    def _of_this_process(self, call: Call) -> object:
        return self.fault.through(call)

    def of_another_process(self, fault: InjectedFault) -> Ports:
        """Return the same adapters to a process of its own, which is struck by itself."""
        return self._watched(fault.through)

    @property
    def adapters(self) -> Ports:
        """The adapters themselves."""
        assert self._opened is not None
        return self._opened[1]

    @property
    def environment(self) -> Environment:
        """The environment that they are in."""
        assert self._opened is not None
        return self._opened[0]

    def _watched(self, storage: Callable[[Call], object]) -> Ports:
        ports = self.adapters
        return evolve(
            ports,
            storage=watched(ports.storage, storage),
            inbox=watched(ports.inbox, self._inbox),
            messengers=tuple(watched(m, self._messenger(m.channel)) for m in ports.messengers),
        )

    def _inbox(self, call: Call) -> object:
        if call.method == "deliver":
            notice = cast("Notice", call.args[0])
            arrival = Arrival(self.environment.now, Channel.INBOX, notice.person, notice.template, notice.key)
            return self._hand_over(call, arrival)
        return self._forget(call, Channel.INBOX) if call.method == "forget" else call.go()

    def _messenger(self, channel: Channel) -> Callable[[Call], object]:
        def around(call: Call) -> object:
            if call.method == "send":
                to, template = cast("tuple[Address, Template]", call.args[:2])
                arrival = Arrival(self.environment.now, channel, to, template, cast("str", call.options["key"]))
                return self._hand_over(call, arrival)
            return self._forget(call, channel) if call.method == "forget" else call.go()

        return around

    def _hand_over(self, call: Call, arrival: Arrival) -> object:
        self.tries[arrival.to] += 1
        how = self.to_come.pop(0) if self.to_come else HandOver()
        taken = self._take(call, arrival) if how.taken == "at once" else None
        self.environment.now += timedelta(minutes=how.waits)
        if how.meanwhile:
            self.meanwhile(how.meanwhile, arrival.to if isinstance(arrival.to, PersonId) else None)
        if how.killed:
            raise Killed
        if how.taken == "not":
            (self.refused_for_good if how.for_good else self.refused).add(arrival.to)
            if how.for_good:
                raise DeliveryError("never", permanent=True)
            # An adapter may raise what its contract does not know: that must stop no other notification.
            raise (DeliveryError if len(self.arrivals) % 2 else ConnectionError)("busy")
        return self._take(call, arrival) if taken is None else taken

    def _take(self, call: Call, arrival: Arrival) -> object:
        taken = call.go()
        if taken is Delivered.ACCEPTED:
            self.arrivals.append(arrival)
        return taken

    def _forget(self, call: Call, channel: Channel) -> object:
        if self.forgetting_fails:
            raise DeliveryError("busy")
        keys = [*cast("Iterable[str]", call.args[0])]
        self.forgotten |= {(channel, key) for key in keys}
        return call.ask(keys)
