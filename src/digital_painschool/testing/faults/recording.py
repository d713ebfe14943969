"""The ports of a school's processes, with a record of what was sent and with faults where a test wants them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import cast

from attrs import evolve

from digital_painschool.domain.notification import Channel
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import PersonId
from digital_painschool.ports import Ports
from digital_painschool.ports.guarded import guarded
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Address, remembers_keys
from digital_painschool.ports.paced import kept_paces
from digital_painschool.testing.environment import Environment, PortsFactory
from digital_painschool.testing.faults.calls import Call, Port, each_port, watched
from digital_painschool.testing.faults.effects import Fails
from digital_painschool.testing.faults.plan import SENDS, FaultPlan, Process
from digital_painschool.testing.faults.unstored import LEASE, UnstoredSends
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.pace import Grant

Ask = Callable[..., object]


def recipient_of(call: Call) -> PersonId | Address:
    """Return to whom a call of `deliver` or `send` sends something."""
    to: PersonId | Address = call.args[0].person if call.method == "deliver" else call.args[0]
    return to


def _arrival(call: Call, at: datetime, channel: Channel) -> Arrival:
    if call.method == "deliver":
        notice: Notice = call.args[0]
        return Arrival(at, channel, notice.person, notice.template, notice.key, notice.language)
    to, template, _link = call.args
    return Arrival(at, channel, to, template, call.options["key"], call.options["language"])


class RecordingPorts:
    """The adapters of one school, between them and its processes: what is sent is recorded, and may go wrong.

    Args:
        ports_factory: The function that opens the adapters.

    Attributes:
        adapters: The adapters themselves.
        environment: The environment of the adapters.
        paces: The pace of each channel that has one, as its adapter declares it or the ports set it.
        process: The school's own process, a new one after each restart.
        sending: The faults of inbox and messengers, whichever process sends.
        attempts: What was to be sent, in order, whatever became of it.
        arrivals: What was accepted as new, in order.
        forgotten: What inbox and messengers were asked to forget: the channel and the key.
        grants: The slots that workers were granted on the channels with a pace, in order.
    """

    adapters: Ports
    environment: Environment
    paces: Mapping[Channel, ChannelPace]

    def __init__(self, ports_factory: PortsFactory) -> None:
        self._open = ports_factory
        self.process = Process()
        self.sending = FaultPlan()
        self.attempts: list[Arrival] = []
        self.arrivals: list[Arrival] = []
        self._unstored = UnstoredSends()
        self._unanswered: dict[str, Arrival] = {}
        self._known: set[str] = set()
        self.forgotten: set[tuple[Channel, str]] = set()
        self.grants: list[Grant] = []

    @property
    def tries(self) -> Counter[PersonId | Address | None]:
        """The number of sendings to each recipient."""
        return Counter(attempt.to for attempt in self.attempts)

    def ports_factory(self, environment: Environment) -> Ports:
        """Open the adapters for a new process of the school."""
        before = getattr(self, "adapters", None)
        self.environment, self.adapters = environment, self._open(environment)
        self.paces = kept_paces(guarded(self.adapters).paces)
        if before is not None and before.storage is not self.adapters.storage:
            # The machine of a dead process closes what the process had open.
            before.storage.close()
        self.process = Process()
        return self.ports_of(self.process)

    def ports_of(self, process: Process) -> Ports:
        """Return the ports of a process, the school's own or another one."""

        def wrap(port: Port, name: str) -> Port:
            if name == "storage":
                port = watched(port, partial(self._stored, process), self.environment, name)
            if name in {"inbox", "messenger"}:
                channel = getattr(port, "channel", Channel.INBOX)
                sender = None if name == "inbox" or remembers_keys(port) else process
                port = watched(port, partial(self._recorded, channel, sender), self.environment, name)
            return watched(port, process, self.environment, name)

        return each_port(self.adapters, wrap)

    def has_refused(self, to: PersonId | Address | None, *, permanent: bool) -> bool:
        """Return whether a fault has let sending to a recipient fail, for good or not."""
        return any(
            isinstance(fault.does, Fails)
            and getattr(fault.does.error, "permanent", False) is permanent
            and recipient_of(call) == to
            for call, fault in self.sending.struck
            if call.method in SENDS
        )

    def _stored(self, process: Process, call: Call) -> object:
        answer = call.go()
        if call.method == "complete":
            self._unstored.store(process)
        if call.method == "reserve_slots":
            channel, _pace, _wanted, now, _span = call.args
            self.grants.append(Grant(channel, now, cast("tuple[datetime, ...]", answer)))
        return answer

    def _recorded(self, channel: Channel, sender: Process | None, call: Call) -> object:
        """Make a call; the sender is given where the channel recognises no key."""
        if call.method in SENDS:
            arrival = _arrival(call, self.environment.now, channel)
            self.attempts.append(arrival)
            send = partial(self.sending, evolve(call, ask=partial(self._accept, call.ask, arrival, sender)))
            if sender is None:
                return send()
            answer = self._unstored.call(sender, send)
            if self.environment.now - arrival.at >= LEASE:
                self._unstored.lose(sender)
            return answer
        if call.method == "forget":
            return self.sending(evolve(call, ask=partial(self._forget, call.ask, channel)))
        return call.go()

    def _accept(self, ask: Ask, arrival: Arrival, sender: Process | None, *args: object, **options: object) -> object:
        try:
            answer = ask(*args, **options)
        except BaseException:
            if arrival.key not in self._known:
                self._unanswered[arrival.key] = arrival
            raise
        unanswered = self._unanswered.pop(arrival.key, None)
        # A duplicate may have been accepted in a call that did not live to say so.
        new = arrival if answer is Delivered.ACCEPTED else unanswered
        if new is not None:
            self._known.add(arrival.key)
            if sender is not None:
                took = self.environment.now - arrival.at
                new = new._replace(unstored=self._unstored.accept(sender, arrival.key, took))
            self.arrivals.append(new)
        return answer

    def _forget(self, ask: Ask, channel: Channel, keys: Iterable[str]) -> object:
        wanted = [*keys]
        self.forgotten |= {(channel, key) for key in wanted}
        return ask(wanted)
