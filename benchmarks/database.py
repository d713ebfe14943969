"""A school to measure: the bundled program, made-up people, and a clock that the benchmark moves."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from digital_painschool import Actor, Catalogue, Notify, PainSchool, PersonId, Ports, Role
from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox
from digital_painschool.adapters.sql import SqlStorage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import InvalidIdentity
from digital_painschool.ports.storage import Storage
from digital_painschool.programs import bundled_program

PROGRAM = bundled_program()
POLICY = Policy()
NURSE = Actor(hsa_id="SE2321000131-P000000123456", unit="SE2321000131-E000000000001", roles={Role.THERAPIST})

SHORT_FORM = "halsoskattning"
SHORT_ANSWERS: dict[str, Answer] = {
    "smarta": 6,
    "somn": 4,
    "sinnesstamning": 5,
    "ovrigt": "Ont i axeln efter städningen i går.",
}
"""Three scales and a text, not scored."""

SCORED_FORM = "vardag"
SCORED_ANSWERS: dict[str, Answer] = {"hemma": "med-moda", "med-andra": "bra", "rorelse": "svart", "stod": "ibland"}
"""Four choices, scored."""

MESSAGE = "Hej! Jag har läst det du skrev i hälsoskattningen. Dela gärna upp städningen på flera dagar, så hörs vi."

START = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
BETWEEN_CALLS = timedelta(seconds=20)


class MadeUpIdentity:
    """An identity port for people who do not exist."""

    def parse(self, text: str, *, today: date) -> PersonId:  # noqa: ARG002 - the port's own signature
        """Take any twelve digits and capital letters."""
        if len(text) != 12:
            raise InvalidIdentity("twelve digits and capital letters")
        return PersonId("made-up", text)


class Place:
    """A school on a storage, with the two desk calls that are measured, one after the other, patient by patient.

    The same calls on a copy of the same file write the same bytes: the clock and the ids are counted.

    Args:
        storage: An SQL storage with its schema.
        patients: How many there are.
        first: The number of the first; workers at one database take others.
    """

    def __init__(self, storage: Storage, patients: int, first: int = 0) -> None:
        self._made = self._first = first
        self._calls = 0
        self._now = START
        ports = Ports(storage=storage, identity=MadeUpIdentity(), inbox=MemoryInbox(), directory=MemoryDirectory({}))
        self.school = PainSchool(
            ports, catalogue=Catalogue(programs=(PROGRAM,)), clock=lambda: self._now, new_id=self._new_id
        )
        self._desk = self.school.therapist(NURSE)
        self._numbers = [f"EXAMPLE{number:05}" for number in range(first, first + patients)]
        self._rooms = [self.school.patient(number) for number in self._numbers]

    def prepare(self) -> None:
        """Start every patient, open the first modules, and begin a conversation."""
        for number, room in zip(self._numbers, self._rooms, strict=True):
            enrolment = self._desk.start(number, program=PROGRAM.key)
            room.open_module(enrolment.id, 1)
            room.save_form(enrolment.id, SHORT_FORM, SHORT_ANSWERS)
            room.complete_module(enrolment.id, 1)
            room.open_module(enrolment.id, 2)
            self._desk.start_conversation(enrolment.id, MESSAGE)

    def call(self) -> None:
        """Save a form as a patient, or write to the patient as the nurse, to be notified the next forenoon, in turn."""
        patient, message = divmod(self._calls, 2)
        patient %= len(self._rooms)
        id_ = _id(self._first + patient)
        self._calls += 1
        self._now += BETWEEN_CALLS
        if message:
            self._desk.write(id_, 1, MESSAGE, notify=Notify.COLLECTED)
        else:
            self._rooms[patient].save_form(id_, SHORT_FORM, SHORT_ANSWERS)

    def _new_id(self, _: datetime) -> str:
        self._made += 1
        return _id(self._made - 1)


def on_sqlite(file: Path, patients: int, *, synchronous: str, migrate: bool = False) -> Place:
    """Open a place on an SQLite file."""
    return Place(SqlStorage(f"sqlite:///{file}", migrate=migrate, synchronous=synchronous), patients)


def on_postgresql(url: str, patients: int, first: int = 0) -> Place:
    """Open a place on a PostgreSQL database that has the schema."""
    return Place(SqlStorage(url), patients, first)


def _id(patient: int) -> EnrolmentId:
    return EnrolmentId(f"{patient:032x}")
