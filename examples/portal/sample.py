"""People with a history, for a first look at the portal: the years are lived on a clock that is moved by hand."""

from datetime import datetime, timedelta

from attrs import define

from digital_painschool import EnrolmentId, Notify, PainSchool

from .people import ANNA, BJORN

PROGRAM = "digitala-smartskolan"
ELSA, FILIP, GUN, HJALMAR, IDA = ("850709-9805", "000229-2399", "570428-9999", "140168+2396", "090121+9931")


@define
class Clock:
    """A clock that stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: int) -> None:
        """Move the clock on."""
        self.now += timedelta(**time)


def live(school: PainSchool, clock: Clock) -> None:
    """Let the people live until the instant at which the clock stands when it is passed in."""
    today = clock.now
    anna, bjorn = school.therapist(ANNA.actor), school.therapist(BJORN.actor)

    clock.now = today - timedelta(days=4200)
    gun = anna.start(GUN, program=PROGRAM).id
    _work(school, clock, GUN, gun, modules=3)
    anna.start_conversation(gun, "Hej Gun! Hör av dig när du vill.")
    anna.end(gun, reason="patientens-begaran")

    clock.now = today - timedelta(days=390)
    hjalmar = anna.start(HJALMAR, program=PROGRAM).id
    _work(school, clock, HJALMAR, hjalmar, modules=8)
    anna.review(hjalmar)

    clock.now = today - timedelta(days=80)
    filip = anna.start(FILIP, program=PROGRAM).id
    _work(school, clock, FILIP, filip, modules=8)

    clock.now = today - timedelta(days=36)
    elsa = anna.start(ELSA, program=PROGRAM).id
    anna.receive_notifications(email=True)
    _work(school, clock, ELSA, elsa, modules=2)
    room = school.patient(ELSA)
    for pain, everyday in ((5, "med-moda"), (6, "svart"), (4, "med-moda"), (9, "inte-alls")):
        clock.wait(days=5, hours=1)
        room.save_form(
            elsa, "halsoskattning", {"smarta": pain, "somn": 9 - pain, "ovrigt": "Det går upp och ner."}, module=1
        )
        chosen = {"hemma": everyday, "med-andra": "svart", "rorelse": everyday, "stod": "ibland"}
        room.save_form(elsa, "vardag", chosen, module=2)
        if everyday == "svart":
            anna.mark_read(elsa, "vardag", opened=True)
            anna.start_conversation(elsa, "Hej Elsa! Hur gick det med pauserna?", notify=Notify.COLLECTED)
            room.read_conversation(elsa, 1)
    room.write(elsa, "Bättre än väntat, men nätterna är svåra.", conversation=1)

    clock.now = today - timedelta(days=2)
    bjorn.start(IDA, program=PROGRAM)
    clock.now = today


def _work(school: PainSchool, clock: Clock, number: str, enrolment_id: EnrolmentId, *, modules: int) -> None:
    """Let a patient read and complete modules, one every fifth day."""
    room = school.patient(number)
    for module in range(1, modules + 1):
        clock.wait(days=5, minutes=module)
        room.open_module(enrolment_id, module)
        room.complete_module(enrolment_id, module)
