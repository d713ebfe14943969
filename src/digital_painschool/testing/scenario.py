"""A scenario: a school with a clock that moves and people by role, for tests that read like a story."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Self
from weakref import finalize

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import load_enrolment, load_timeline
from digital_painschool.testing.environment import START, Environment, OutboxEntry, PortsFactory, in_memory, local
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import ANNA, ARCHIVIST, COLLEAGUE, COORDINATOR, NURSE, OPERATOR
from digital_painschool.testing.snapshot import StorageSnapshot, difference

RECEIPT_KEY = "the key of all schools in the tests"


class Scenario:
    """A school on any adapters, with a clock that the test moves.

    Args:
        ports_factory: Opens the adapters; left out, all in memory.
        programs: On the list of every unit.
        policy: Of every unit.
        start: Where the clock begins, an aware time; left out, Monday 2 March 2026, 08:00 in Stockholm.
        receipt_key: What purge receipts are signed with; left out, a key of the tests, None for a school without.
        pass_time: Moves the clock on to an instant while a worker waits; left out, nothing happens meanwhile.

    At hand are `desk` (the nurse's), `colleague`, `coordinator` (a patient administrator), `office` (the data
    administrator's), `operator` and `room` (the patient Anna's); for anybody else ask `school`.
    """

    def __init__(
        self,
        ports_factory: PortsFactory = in_memory,
        *,
        programs: tuple[Program, ...] = (PROGRAM, SLEEP),
        policy: Policy | None = None,
        start: datetime = START,
        receipt_key: str | None = RECEIPT_KEY,
        pass_time: Callable[[datetime], object] | None = None,
    ) -> None:
        chosen = Policy() if policy is None else policy
        self.environment = Environment(start)
        self.zone = chosen.zone
        self.ports_factory = ports_factory
        self.catalogue = Catalogue(programs=programs, policy=chosen)
        self.receipt_key = receipt_key
        self._pass_time = pass_time or partial(setattr, self, "now")
        self._ids = 0
        self.restart()

    @property
    def now(self) -> datetime:
        """The clock, UTC."""
        return self.environment.now

    @now.setter
    def now(self, to: datetime) -> None:
        self.environment.now = to

    def restart(self, catalogue: Catalogue | None = None) -> None:
        """Open the school anew on what is kept, as a new process would; the old one is not closed first.

        Args:
            catalogue: Other programs or policies from now on; left out, the same.
        """
        self.catalogue = catalogue or self.catalogue
        self.ports = self.ports_factory(self.environment)
        self.storage = self.ports.storage
        # A test that has no more use for its school need not close it: from Python 3.13 on SQLite would complain.
        finalize(self, self.storage.close)
        self.school = self.another(self.ports)
        self.desk = self.school.therapist(NURSE)
        self.colleague = self.school.therapist(COLLEAGUE)
        self.coordinator = self.school.therapist(COORDINATOR)
        self.office = self.school.administrator(ARCHIVIST)
        self.operator = self.school.operator(OPERATOR)
        self.room = self.school.patient(ANNA)

    def another(self, ports: Ports) -> PainSchool:
        """Return one more school with the same programs and clock, as another process would be."""
        return PainSchool(
            ports,
            catalogue=self.catalogue,
            clock=lambda: self.now,
            new_id=self._new_id,
            receipt_key=self.receipt_key,
            wait=self.wait,
        )

    def wait(self, seconds: float) -> None:
        """Move the clock on by some seconds, as a worker does that waits for the pace of a channel."""
        self._pass_time(self.now + timedelta(seconds=seconds))

    def at(self, text: str) -> None:
        """Move the clock to a local time of the unit's zone, such as `"2027-03-28 01:30"`."""
        self.now = local(text, self.zone)

    def advance(self, **by: float) -> None:
        """Move the clock on, by the arguments of a `timedelta`: `advance(weeks=2)`."""
        self.now += timedelta(**by)

    def start(self, number: str = ANNA, key: str = "smartskola") -> EnrolmentId:
        """Start a program for a patient of the nurse's; return the enrolment's id."""
        return self.desk.start(number, program=key).id

    def complete(self, enrolment_id: EnrolmentId, *modules: int) -> None:
        """Open and complete modules as the enrolment's patient does who reads no pages one by one."""
        room = self.school.patient(self.state(enrolment_id).person)
        for module in modules:
            room.open_module(enrolment_id, module)
            room.complete_module(enrolment_id, module)

    def deliver(self) -> DeliveryReport:
        """Run the delivery worker once."""
        return self.school.delivery().run()

    @property
    def outbox(self) -> tuple[OutboxEntry, ...]:
        """The notifications that patients and staff got, where the adapters for it are the environment's own."""
        return self.environment.outbox

    def state(self, enrolment_id: EnrolmentId) -> Enrolment:
        """Return the stored state of an enrolment."""
        found = load_enrolment(self.storage, enrolment_id)
        assert found is not None
        return found

    def events(self, enrolment_id: EnrolmentId) -> tuple[Event, ...]:
        """Return the events of a timeline."""
        return tuple(entry.event for entry in load_timeline(self.storage, enrolment_id))

    @property
    def ids(self) -> tuple[str, ...]:
        """Every id that was given so far, and perhaps never stored."""
        return tuple(f"e-{number:04}" for number in range(1, self._ids + 1))

    def kept(self) -> StorageSnapshot:
        """Return all that is stored, apart from the access log, to compare two moments or two storages."""
        return StorageSnapshot.of(self.storage, self.ids, self.now)

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Check that nothing is changed, apart from the access log (law 2)."""
        before = self.kept()
        yield
        after = self.kept()
        assert before == after, difference(before, after)

    def close(self) -> None:
        """Close the school, and remove what its environment had on disk."""
        self.school.close()
        self.environment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _new_id(self, _: datetime) -> str:
        self._ids += 1
        return f"e-{self._ids:04}"
