"""A school for tests: in memory or on a URL, with a clock that the test moves, and people by role."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import reduce
from weakref import finalize
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.catalogue import Catalogue
from digital_painschool.delivery import Pass
from digital_painschool.enrolment import Enrolment, apply
from digital_painschool.errors import Reason, RuleBroken
from digital_painschool.events import Event
from digital_painschool.form import Choice, Date, Form, ManyChoices, Number, Option, Scale, Text
from digital_painschool.notification import Channel
from digital_painschool.people import Actor, HsaId, Patient, PersonId, Role
from digital_painschool.policy import Policy, Terms
from digital_painschool.ports import Directory, Inbox, Messenger, Observer, Ports
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import CaseQuery, Storage
from digital_painschool.program import EndReason, Module, Ordering, Page, Program
from digital_painschool.rules.lifecycle import start
from digital_painschool.school import PainSchool

STOCKHOLM = ZoneInfo("Europe/Stockholm")

UNIT = HsaId("SE2321000131-E000000000001")
OTHER_UNIT = HsaId("SE2321000131-E000000000002")

# Public test numbers of Skatteverket, given to nobody.
ANNA = "198507099805"
BO = "200002292399"
CILLA = "195704289999"
NUMBERS = (ANNA, BO, CILLA, "194608239986", "190901219931", "200004059937")
COORDINATION_NUMBER = "191401682396"
RESERVE_NUMBER = "19810829M071"
"""A reserve number of the region; the national inbox does not take it."""
PERSON = PersonId("personnummer", ANNA)
PATIENT = Patient(PERSON)


def staff(number: int, *roles: Role, unit: HsaId = UNIT) -> Actor:
    """Give a member of staff."""
    return Actor(hsa_id=HsaId(f"SE2321000131-P{number:012}"), unit=unit, roles=frozenset(roles))


NURSE = staff(123456, Role.THERAPIST)
COLLEAGUE = staff(2, Role.THERAPIST)
COORDINATOR = staff(3, Role.PATIENT_ADMINISTRATOR)
ARCHIVIST = staff(4, Role.DATA_ADMINISTRATOR)
STRANGER = staff(5, Role.THERAPIST, unit=OTHER_UNIT)
OTHER_ARCHIVIST = staff(6, Role.DATA_ADMINISTRATOR, unit=OTHER_UNIT)

PAIN = "halsoskattning"
"""A form that modules 1 and 3 carry, with one question that can raise an alert."""
DAILY = "vardag"
"""A form that module 2 carries, with every kind of question and a score."""


def program(ordering: Ordering = Ordering.GUIDED, *, key: str = "smartskola", version: str = "1") -> Program:
    """Give a small program: modules 1 to 3 in the reading order, 4 outside it."""
    carried: Mapping[int, tuple[str, ...]] = {1: (PAIN,), 2: (DAILY,), 3: (PAIN,)}
    return Program(
        key=key,
        version=version,
        title="Exempelprogram",
        example=True,
        ordering=ordering,
        reading_order=(1, 2, 3),
        modules=tuple(
            Module(number=n, title=f"Tema {n}", pages=(Page(title="Sida", text=f"Text {n}", forms=carried.get(n, ())),))
            for n in (1, 2, 3, 4)
        ),
        forms=(
            Form(key=PAIN, title="Hälsoskattning", questions=(Scale(key="smarta", text="Hur ont?", alert_from=9),)),
            Form(
                key=DAILY,
                title="Vardagen",
                alert_from=6,
                questions=(
                    Choice(
                        key="hemma",
                        text="Hur går det hemma?",
                        options=(
                            Option(key="bra", text="Bra", score=0),
                            Option(key="svart", text="Svårt", score=3),
                            Option(key="ring", text="Ring mig", alert=True),
                        ),
                    ),
                    ManyChoices(
                        key="var",
                        text="Var?",
                        required=False,
                        options=(Option(key="rygg", text="Rygg", score=1), Option(key="axel", text="Axel", score=2)),
                    ),
                    Number(key="timmar", text="Sömn?", required=False, lowest=0, highest=24),
                    Number(
                        key="steg",
                        text="Trappor?",
                        required=False,
                        lowest=0,
                        highest=50,
                        whole=True,
                        scored=True,
                        alert_from=40,
                    ),
                    Text(key="fritext", text="Något mer?", required=False, longest=40),
                    Date(key="dag", text="När?", required=False),
                ),
            ),
        ),
        end_reasons=(EndReason(key="klar", title="Klar"), EndReason(key="avbruten", title="Avbruten")),
    )


PROGRAM = program()
SLEEP = program(key="somnskola")
"""Another program, so that one patient can have two enrolments at one unit."""
POLICY = Policy()
TERMS = Terms(PROGRAM, POLICY)


def local(text: str, zone: ZoneInfo = STOCKHOLM, *, fold: int = 0) -> datetime:
    """Give the instant of a local time such as `"2026-03-02 09:00"`."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


START = local("2026-03-02 08:00")
"""A Monday, an hour before the run of collected notifications."""
INSTANT = timedelta(microseconds=1)


def started(at: datetime = START, terms: Terms = TERMS, person: PersonId = PERSON) -> Enrolment:
    """Give the state of a new enrolment, without any storage."""
    events = start(terms, person, (), enrolment_id="e-1", unit=UNIT, therapist=NURSE.hsa_id, by=NURSE, at=at)
    return apply(None, events[0])


def folded(enrolment: Enrolment, events: Iterable[Event]) -> Enrolment:
    """Give the state after some more events."""
    return reduce(apply, events, enrolment)


@contextmanager
def refused(rule: str, reason: Reason, **facts: object) -> Iterator[None]:
    """Expect a refusal by this rule, for this reason, with at least these facts."""
    with pytest.raises(RuleBroken) as broken:
        yield
    assert (rule, reason) == (broken.value.rule, broken.value.reason)
    assert facts == {name: broken.value.facts[name] for name in facts}


class Scenario:
    """A school with a clock that the test moves.

    Args:
        url: Where the storage is; left out, in memory.
        storage: A storage to be used instead.
        programs: On the list of every unit.
        policy: Of every unit.
        inbox: The patients' inbox; left out, one in memory.
        directory: The staff directory; left out, one that knows `NURSE` and `COLLEAGUE`.
        messengers: Ways to reach staff; left out, e-mail and SMS in memory.
        observers: Those who want to know.
    """

    def __init__(
        self,
        url: str = "memory://",
        *,
        storage: Storage | None = None,
        programs: tuple[Program, ...] = (PROGRAM, SLEEP),
        policy: Policy = POLICY,
        inbox: Inbox | None = None,
        directory: Directory | None = None,
        messengers: tuple[Messenger, ...] | None = None,
        observers: tuple[Observer, ...] = (),
    ) -> None:
        self.now = START
        self.zone = policy.zone
        self.storage = storage or (MemoryStorage() if url == "memory://" else SqlStorage(url, migrate=True))
        # A test that has no more use for its school need not close it: from Python 3.13 on SQLite would complain.
        finalize(self, self.storage.close)
        self.inbox = MemoryInbox()
        self.email = MemoryMessenger(Channel.EMAIL)
        self.sms = MemoryMessenger(Channel.SMS)
        self.ports = Ports(
            storage=self.storage,
            identity=SwedishIdentity(),
            inbox=inbox or self.inbox,
            directory=directory
            or MemoryDirectory({NURSE.hsa_id: both_ways("nurse"), COLLEAGUE.hsa_id: both_ways("c")}),
            messengers=(self.email, self.sms) if messengers is None else messengers,
            observers=observers,
        )
        self._ids = 0
        self.open(Catalogue(programs=programs, policy=policy))

    def open(self, catalogue: Catalogue) -> None:
        """Open the school on what is stored, with another catalogue; the clock goes on."""
        self.catalogue = catalogue
        self.school = PainSchool(self.ports, catalogue=catalogue, clock=lambda: self.now, new_id=self._new_id)
        self.desk = self.school.therapist(NURSE)
        self.colleague = self.school.therapist(COLLEAGUE)
        self.coordinator = self.school.therapist(COORDINATOR)
        self.office = self.school.administrator(ARCHIVIST)
        self.room = self.school.patient(ANNA)

    def with_inbox(self, inbox: Inbox) -> PainSchool:
        """Give a second school on the same storage, as another process would be, with another inbox."""
        ports = evolve(self.ports, inbox=inbox)
        return PainSchool(ports, catalogue=self.catalogue, clock=lambda: self.now, new_id=self._new_id)

    def at(self, text: str) -> None:
        """Set the clock to a local time of the unit's zone."""
        self.now = local(text, self.zone)

    def advance(self, **by: float) -> None:
        """Move the clock on, by the arguments of a `timedelta`."""
        self.now += timedelta(**by)

    def start(self, number: str = ANNA, key: str = "smartskola") -> str:
        """Start a program for a patient of the nurse's; gives the enrolment's id."""
        return self.desk.start(number, program=key).id

    def deliver(self) -> Pass:
        """Let a worker make one pass."""
        return self.school.delivery().run(self.now)

    def state(self, enrolment_id: str) -> Enrolment:
        """Give the stored state of an enrolment."""
        found = self.storage.load(enrolment_id)
        assert found is not None
        return found

    def events(self, enrolment_id: str) -> tuple[Event, ...]:
        """Give the events of a timeline."""
        return tuple(entry.event for entry in self.storage.timeline(enrolment_id))

    def kept(self) -> object:
        """Give all that is kept, apart from the access log, so that two moments can be compared."""
        ids = [f"e-{number:04}" for number in range(1, self._ids + 1)]
        papers = self.storage.receipts(UNIT), [plan for id_ in ids if (plan := self.storage.plan(id_)) is not None]
        profiles = [self.storage.profile(UNIT, actor.hsa_id) for actor in (NURSE, COLLEAGUE)]
        queries = [CaseQuery(unit=unit, therapist=None, now=self.now, limit=500) for unit in (UNIT, OTHER_UNIT)]
        return (
            [(s, self._kept_of(id_, s.version)) for id_ in ids if (s := self.storage.load(id_)) is not None],
            [self.storage.cases(query) for query in queries],
            [self.storage.ended(unit) for unit in (UNIT, OTHER_UNIT)],
            papers,
            profiles,
        )

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Expect that nothing is changed, apart from the access log."""
        before = self.kept()
        yield
        assert before == self.kept()

    def _kept_of(self, enrolment_id: str, version: int) -> object:
        return (
            self.storage.timeline(enrolment_id),
            self.storage.documents(enrolment_id, range(1, version + 1)),
            self.storage.notifications(enrolment_id),
        )

    def _new_id(self, _: datetime) -> str:
        self._ids += 1
        return f"e-{self._ids:04}"


def both_ways(name: str) -> StaffEntry:
    """Give a directory entry with an e-mail address and a telephone number."""
    return StaffEntry(email=Address(f"{name}@vgregion.example"), sms=Address("+46700000000"))
