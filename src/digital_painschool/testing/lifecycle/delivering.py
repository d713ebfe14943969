"""Delivery passes, and all that can go wrong with them: the rules of the machine that law 5 is tested by."""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import OutcomeUnknown, RuleViolation, StorageError
from digital_painschool.testing.faults.effects import Killed
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.laws import broken, holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.notification_oracle import NotableHistory
from digital_painschool.testing.lifecycle.recording_ports import HandOver, InjectedFault
from digital_painschool.testing.lifecycle.treatment import THERAPISTS

TROUBLES: Mapping[str, HandOver] = MappingProxyType(
    {
        "none": HandOver(),
        "busy": HandOver(taken="not"),
        "refused for good": HandOver(taken="not", for_good=True),
        "dies": HandOver(killed=True),
        "dies before": HandOver(taken="late", killed=True),
        "hangs": HandOver(waits=16),
        "hangs, then takes": HandOver(taken="late", waits=16),
        "hangs, then dies": HandOver(waits=16, killed=True),
        "hangs past the forenoon": HandOver(taken="late", waits=181),
        "another worker": HandOver(taken="late", meanwhile="worker"),
        "hangs, another worker": HandOver(taken="late", waits=16, meanwhile="worker"),
        "busy, another worker": HandOver(taken="not", waits=16, meanwhile="worker"),
        "busy, another worker dies": HandOver(taken="not", waits=16, meanwhile="dying worker"),
        "refused for good, another worker": HandOver(taken="not", waits=16, meanwhile="worker", for_good=True),
        "patient reads": HandOver(taken="late", meanwhile="reads"),
        "therapist writes": HandOver(meanwhile="writes"),
        "therapist ends": HandOver(taken="late", meanwhile="ends"),
        "busy, therapist ends": HandOver(taken="not", meanwhile="ends"),
    }
)
"""How one hand-over can go, by name."""
TROUBLE = st.lists(st.sampled_from([*TROUBLES]), max_size=2)
STRUCK = st.sampled_from(["no", "no", "fails", "dies before", "dies after"])
WRITE = st.integers(0, 2)


class Delivering(NotableHistory):
    """Workers make passes, and the environment around them fails, hangs and dies."""

    def opened(self) -> None:
        """Begin with three patients, one of whom has two programs, when it is about messages."""
        self.decisions: list[tuple[Course, bool] | None] = []
        for place, recording in enumerate(self.recordings):
            recording.meanwhile = lambda what, person, place=place: self.meanwhile(place, what, person)  # type: ignore[misc]
        super().opened()
        if self.focus == "messages":
            self.start(patient=0, therapist="nurse", program=1)
            self.start(patient=1, therapist="nurse", program=0)
            self.start(patient=2, therapist="nurse", program=0)

    @rule()
    @during("treatment", "maintenance", "records")
    def deliver(self) -> None:
        """A worker makes a pass, and all goes well."""
        self.make_pass()

    @rule(troubles=TROUBLE, struck=STRUCK, write=WRITE, batch=st.sampled_from([200, 1]))
    @during("messages", "records")
    def deliver_with_trouble(self, troubles: list[str], struck: str, write: int, batch: int) -> None:
        """A worker makes a pass; so go the first hand-overs, and so a write of its storage."""
        self.make_pass(troubles, struck, write, batch)

    @rule(who=st.sampled_from([*THERAPISTS]), email=st.booleans(), sms=st.booleans())
    @during("messages", "treatment")
    def tick(self, who: str, email: bool, sms: bool) -> None:  # noqa: FBT001
        """A therapist ticks or unticks "Ta emot notifieringar"; without an address that is refused."""
        actor = THERAPISTS[who]
        entry = self.school.ports.directory.find(actor.hsa_id)
        fine = not (email and (entry is None or entry.email is None)) and not (
            sms and (entry is None or entry.sms is None)
        )
        if self.ask(
            5,
            f"the {who} ticks",
            lambda s: s.school.therapist(actor).receive_notifications(email=email, sms=sms),
            fine=fine,
            by=actor.hsa_id,
            traced=True,
        ):
            self.ticks[actor.unit, actor.hsa_id] = {"email": email, "sms": sms}

    def make_pass(
        self, troubles: list[str] | None = None, struck: str = "no", write: int = 0, batch: int = 200
    ) -> None:
        """Let a worker make a pass in every school, and look what came of it."""
        self.armed = None
        self.decisions.clear()
        self.touched |= {*self.courses}
        ways = [TROUBLES[name] for name in troubles or []]
        clean = struck == "no" and not any(way != HandOver() for way in ways)
        died = struck != "no" or any(way.killed or "dying" in way.meanwhile for way in ways)
        self.before_a_pass()
        results = []
        for place, recording in enumerate(self.recordings):
            recording.to_come = [*ways]
            fault = InjectedFault() if struck == "no" else InjectedFault(write, struck)
            results.append(self.work(place, fault, batch))
            recording.to_come = []
        for other in results[1:]:
            same(8, other, results[0], "a pass did something else than at the reference")
        holds(8, results[0] is not None or not clean, "a pass did not come to its end, and nothing had gone wrong")
        self.after_a_pass(clean=clean, died=died)

    def work(self, place: int, fault: InjectedFault, batch: int = 200) -> DeliveryReport | None:
        """Let a worker of its own process make a pass in one school; None when it did not come to its end."""
        school = self.schools[place]
        worker = school.another(self.recordings[place].of_another_process(fault))
        try:
            return worker.delivery(batch=batch).run()
        except (StorageError, OutcomeUnknown, Killed):
            return None
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises
            raise broken(5, f"an adapter's {type(error).__name__} stopped the whole pass") from None

    def meanwhile(self, place: int, what: str, person: PersonId | None) -> None:
        """Let somebody act while a hand-over waits; the reference is told the same as the school."""
        if what.endswith("worker"):
            self.work(place, InjectedFault(1) if what == "dying worker" else InjectedFault())
            return
        if place == 0:
            decided = self._decided(what, person)
            self.decisions.append(decided)
        else:
            # Should more hand-overs begin at the reference, what the passes did is not the same.
            decided = self.decisions.pop(0) if self.decisions else None
        if decided is None:
            return
        course, fine = decided
        with suppress(RuleViolation):
            self._act(place, what, course)
        if place == 0 and fine:
            self._note(what, course)

    def _decided(self, what: str, person: PersonId | None) -> tuple[Course, bool] | None:
        for course in self.present:
            if course.is_open() and course.talks and (person is None or course.number == person.value):
                return course, what == "ends" or course.can_read(self.now)
        return None

    def _act(self, place: int, what: str, course: Course) -> None:
        school = self.schools[place].school
        if what == "reads":
            school.patient(course.number).read_conversation(course.id, 1)
        elif what == "writes":
            school.therapist(course.desk_of).write(course.id, 1, "Hej", notify=Notify.COLLECTED)
        else:
            school.therapist(course.desk_of).end(course.id, reason="klar")

    def _note(self, what: str, course: Course) -> None:
        if what == "reads":
            course.read(1, patient=True)
        elif what == "writes":
            self.wrote(course, 1, "collected")
        else:
            course.phase = "ended"
            course.ended_in_a_pass = True
