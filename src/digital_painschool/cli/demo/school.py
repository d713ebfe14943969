"""The school of the demo: its clock that is moved, its staff, and its patients."""

from datetime import datetime, timedelta
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from attrs import frozen

from digital_painschool import Actor, PainSchool, PersonId, Role, open_school
from digital_painschool.application.patient import PatientDesk
from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.cli.demo.files import OTHER_UNIT, DemoFiles
from digital_painschool.domain.ids import EnrolmentId

UNIT = "SE2321000131-E000000000001"
PROGRAM = "digitala-smartskolan"

ANNA = Actor(hsa_id="SE2321000131-P000000000001", unit=UNIT, roles={Role.THERAPIST})
BJORN = Actor(hsa_id="SE2321000131-P000000000002", unit=UNIT, roles={Role.THERAPIST})
CARIN = Actor(hsa_id="SE2321000131-P000000000003", unit=UNIT, roles={Role.PATIENT_ADMINISTRATOR})
DAVID = Actor(hsa_id="SE2321000131-P000000000004", unit=UNIT, roles={Role.DATA_ADMINISTRATOR})
EVA = Actor(hsa_id="SE2321000131-P000000000005", unit=OTHER_UNIT, roles={Role.THERAPIST})

NUMBERS = {
    "A": "850709-9805",
    "B": "0002292399",
    "C": "19570428-9999",
    "D": "140168+2396",
    "E": "090121+9931",
    "F": "19810829M071",
    "G": "191212121212",
}
"""Test numbers of Skatteverket, and for F the public example of a VGR reserve number: nobody has them."""

ZONE = ZoneInfo("Europe/Stockholm")


class MovedClock:
    """A clock that stands still until it is moved."""

    def __init__(self, year: int, month: int, day: int, hour: int) -> None:
        self._now = datetime(year, month, day, hour, tzinfo=ZONE)

    def __call__(self) -> datetime:
        return self._now

    def move(self, year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
        """Move the clock to a local time; return the new time."""
        self._now = datetime(year, month, day, hour, minute, tzinfo=ZONE)
        return self._now

    def wait(self, **length: int) -> datetime:
        """Move the clock ahead, by the arguments of a `timedelta`; return the new time."""
        self._now += timedelta(**length)
        return self._now


@frozen
class Patient:
    """A patient: the desk, and the enrolment."""

    desk: PatientDesk
    enrolment_id: EnrolmentId


class DemoSchool:
    """The school of the demo, with one unit. Use it with `with`.

    Args:
        files: The demo's file and folder.
    """

    def __init__(self, files: DemoFiles) -> None:
        self.files = files
        self.clock = MovedClock(2026, 3, 2, 9)
        self.school: PainSchool = open_school(files.settings, migrate=True, clock=self.clock)
        self.anna = self.school.therapist(ANNA)
        self.bjorn = self.school.therapist(BJORN)
        self.carin = self.school.therapist(CARIN)
        self.david = self.school.administrator(DAVID)
        self.eva = self.school.therapist(EVA)
        self._patients: dict[str, Patient] = {}
        self._letters: dict[PersonId, str] = {}

    def start(self, letter: str, desk: TherapistDesk, therapist: Actor) -> None:
        """Start the program for a patient, and move the clock by a minute."""
        enrolment = desk.start(NUMBERS[letter], program=PROGRAM, therapist=therapist.hsa_id)
        self._letters[enrolment.person] = letter
        self._patients[letter] = Patient(self.school.patient(NUMBERS[letter]), enrolment.id)
        self.clock.wait(minutes=1)

    def patient(self, letter: str) -> Patient:
        """Return the patient with a letter."""
        return self._patients[letter]

    @property
    def names(self) -> dict[str, str]:
        """The patients' names by enrolment."""
        return {self._patients[letter].enrolment_id: self.name(person) for person, letter in self._letters.items()}

    def name(self, person: PersonId) -> str:
        """Return the shown name of a patient: the letter, and the masked number."""
        return f"{self._letters[person]}  {person!r}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.school.close()
