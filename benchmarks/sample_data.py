"""Lives of enrolments, taken through the desks: what a region is stamped out of."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attrs import frozen

from benchmarks.database import (
    MESSAGE,
    NURSE,
    PROGRAM,
    SCORED_ANSWERS,
    SCORED_FORM,
    SHORT_ANSWERS,
    SHORT_FORM,
    MadeUpIdentity,
)
from digital_painschool import Catalogue, Notify, PainSchool, Ports
from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.bootstrap.school import rising_id
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.ports import Clock
from digital_painschool.ports.inbox import Inbox
from digital_painschool.ports.storage import Storage

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)
"""The forenoon of the region: what was to be collected for this day is due."""

UNIT, THERAPIST = str(NURSE.unit), str(NURSE.hsa_id)
"""What stands in the rows of a life for the enrolment's own."""


def school_on(
    storage: Storage,
    clock: Clock,
    *,
    inbox: Inbox | None = None,
    new_id: Callable[[datetime], str] = rising_id,
) -> PainSchool:
    """Open a school with the bundled program and made-up people."""
    ports = Ports(
        storage=storage, identity=MadeUpIdentity(), inbox=inbox or MemoryInbox(), directory=MemoryDirectory({})
    )
    return PainSchool(ports, catalogue=Catalogue(programs=(PROGRAM,)), clock=clock, new_id=new_id)


class Life:
    """One enrolment in a school of its own clock, from its start on."""

    def __init__(self, storage: Storage, enrolment_id: EnrolmentId, person: str, begins: datetime) -> None:
        self.now = begins
        self.id = enrolment_id
        self.school = school_on(storage, lambda: self.now, new_id=lambda _: enrolment_id)
        self.desk = self.school.therapist(NURSE)
        self.room = self.school.patient(person)
        self.desk.start(person, program=PROGRAM.key)

    def learn(self, modules: int, days: float = 14) -> None:
        """Read modules, each with a form and a message of the therapist's that is collected, delivered and read."""
        for module in PROGRAM.reading_order[:modules]:
            self.room.open_module(self.id, module)
            self.save()
            self.room.complete_module(self.id, module)
            self.write()
            self.now += timedelta(days=days)
            self.school.delivery().run()
            self.room.read_conversation(self.id, 1)

    def save(self) -> None:
        """Save a form of three scales and a text."""
        self.room.save_form(self.id, SHORT_FORM, SHORT_ANSWERS)

    def write(self) -> None:
        """Write a message that the patient is told of the next forenoon."""
        if self.desk.enrolment(self.id).conversations:
            self.desk.write(self.id, 1, MESSAGE, notify=Notify.COLLECTED)
        else:
            self.desk.start_conversation(self.id, MESSAGE, notify=Notify.COLLECTED)


def _midway(life: Life) -> None:
    life.learn(4)
    life.save()
    life.room.write(life.id, MESSAGE, conversation=1)


def _waiting(life: Life) -> None:
    life.learn(3)
    life.now = NOW - timedelta(hours=12)
    life.write()


def _seen(life: Life) -> None:
    life.learn(2)
    life.desk.open_form(life.id, SHORT_FORM)
    life.desk.review(life.id)


def _alarming(life: Life) -> None:
    life.learn(1)
    life.room.save_form(life.id, SCORED_FORM, SCORED_ANSWERS)


def _done(life: Life) -> None:
    life.learn(len(PROGRAM.reading_order), days=7)


def _ended(life: Life) -> None:
    life.learn(5)
    life.desk.end(life.id, reason=PROGRAM.end_reasons[0].key)


def _neglected(life: Life) -> None:
    life.room.open_module(life.id, 1)
    for days in (4, 3, 2, 1):
        life.now = NOW - timedelta(days=days)
        life.write()


def _days_before(days: float) -> datetime:
    return NOW - timedelta(days=days)


LIVES: Mapping[str, tuple[int, datetime, Callable[[Life], None]]] = {
    "midway": (3, _days_before(80), _midway),
    "waiting": (2, _days_before(60), _waiting),
    "seen": (1, _days_before(40), _seen),
    "alarming": (1, _days_before(30), _alarming),
    "done": (1, _days_before(200), _done),
    "ended": (1, _days_before(400), _ended),
    "long ended": (1, _days_before(366 * 11), _ended),
    "neglected": (0, _days_before(10), _neglected),
}
"""For each life how many of ten are such, when it begins, and how it goes."""

USUAL = tuple(name for name, (often, *_) in LIVES.items() if often)
"""The lives of an ordinary region."""


@frozen
class Lived:
    """A life that has happened.

    Args:
        enrolment_id: What stands in its rows for the enrolment's id,
        person: and for the patient's number.
        often: How many of ten are such.
    """

    enrolment_id: EnrolmentId
    person: str
    often: int


def live(file: Path, only: Iterable[str] = USUAL) -> list[Lived]:
    """Run lives in a new SQLite file, and return them."""
    lived: list[Lived] = []
    for number, name in enumerate(only):
        often, begins, lives = LIVES[name]
        lived.append(Lived(EnrolmentId(f"life{number:028}"), f"EXAMPLE{number:05}", often or 1))
        storage = SqlStorage(f"sqlite:///{file}", migrate=True, synchronous="NORMAL")
        life = Life(storage, lived[-1].enrolment_id, lived[-1].person, begins)
        with life.school:
            lives(life)
    return lived
