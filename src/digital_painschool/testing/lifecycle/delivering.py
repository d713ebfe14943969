"""Delivery passes, and all that can go wrong with them: the rules of the machine that law 5 is tested by."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError, OutcomeUnknown, RuleViolation, StorageError
from digital_painschool.testing.faults import (
    SENDS,
    Call,
    Dies,
    Fault,
    Hangs,
    Killed,
    Meanwhile,
    Process,
    When,
    recipient_of,
)
from digital_painschool.testing.lifecycle.base import STRIKES, during, striking
from digital_painschool.testing.lifecycle.laws import broken, holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.notification_oracle import NotableHistory
from digital_painschool.testing.lifecycle.treatment import THERAPISTS

_AFTER = When.AFTER
_BUSY = Fault(SENDS, does=DeliveryError("busy"))
_BROKEN = Fault(SENDS, does=ConnectionError("busy"))
"""An adapter may raise what its contract does not know: that must stop no other notification."""
_NEVER = Fault(SENDS, does=DeliveryError("never", permanent=True))
_DIES = Fault(SENDS, does=Dies())
_DIES_AFTER = Fault(SENDS, does=Dies(), when=_AFTER)
_LATE = Fault(SENDS, does=Hangs(minutes=16))
_LATE_AFTER = Fault(SENDS, does=Hangs(minutes=16), when=_AFTER)


@frozen
class Acts:
    """Somebody else acts while a hand-over is under way.

    Args:
        what: A `"worker"` makes a pass, a `"dying worker"` begins one, the patient `"reads"`, the therapist `"writes"`
            or `"ends"`.
        when: Whether that is before the notice is taken.
    """

    what: str
    when: When = When.BEFORE


Trouble = tuple[Fault | Acts, ...]
"""How one hand-over goes, the outermost fault first; a lease is 15 minutes."""
TROUBLES: Mapping[str, Trouble] = MappingProxyType(
    {
        "none": (),
        "busy": (_BROKEN,),
        "refused for good": (_NEVER,),
        "dies": (_DIES_AFTER,),
        "dies before": (_DIES,),
        "hangs": (_LATE_AFTER,),
        "hangs, then takes": (_LATE,),
        "hangs, then dies": (_DIES_AFTER, _LATE_AFTER),
        "hangs past the forenoon": (Fault(SENDS, does=Hangs(minutes=181)),),
        "another worker": (Acts("worker"),),
        "hangs, another worker": (_LATE, Acts("worker")),
        "busy, another worker": (_LATE, Acts("worker"), _BUSY),
        "busy, another worker dies": (_LATE, Acts("dying worker"), _BROKEN),
        "refused for good, another worker": (_LATE, Acts("worker"), _NEVER),
        "patient reads": (Acts("reads"),),
        "therapist writes": (Acts("writes", _AFTER),),
        "therapist ends": (Acts("ends"),),
        "busy, therapist ends": (Acts("ends"), _BUSY),
    }
)
"""How one hand-over can go, by name."""
TROUBLE = st.lists(st.sampled_from([*TROUBLES]), max_size=2)
STRUCK = st.sampled_from(["no", "no", *STRIKES])
WRITE = st.integers(0, 2)


class Delivering(NotableHistory):
    """Workers make passes, and the environment around them fails, hangs and dies."""

    def opened(self) -> None:
        """Begin with three patients, one of whom has two programs, when it is about messages."""
        self.decisions: list[tuple[Course, bool] | None] = []
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
        clean = struck == "no" and not any(ways)
        died = struck != "no" or any(part in {_DIES, _DIES_AFTER, Acts("dying worker")} for way in ways for part in way)
        self.before_a_pass()
        results = []
        for place, recording in enumerate(self.recordings):
            for ordinal, way in enumerate(ways, start=1):
                recording.sending.inject(*(self._fault(place, part, ordinal) for part in way))
            results.append(self.work(place, striking(struck, write), batch))
            recording.sending.clear()
        for other in results[1:]:
            same(8, other, results[0], "a pass did something else than at the reference")
        holds(8, results[0] is not None or not clean, "a pass did not come to its end, and nothing had gone wrong")
        self.after_a_pass(clean=clean, died=died)

    def _fault(self, place: int, part: Fault | Acts, ordinal: int) -> Fault:
        if isinstance(part, Acts):
            act = partial(self._act_meanwhile, place, part.what)
            return Fault(SENDS, call=ordinal, when=part.when, does=Meanwhile(act))
        return evolve(part, call=ordinal)

    def work(self, place: int, faults: tuple[Fault, ...] = (), batch: int = 200) -> DeliveryReport | None:
        """Let a worker of its own process make a pass in one school; None when it did not come to its end."""
        school = self.schools[place]
        worker = school.another(self.recordings[place].ports_of(Process(*faults)))
        try:
            return worker.delivery(batch=batch).run()
        except (StorageError, OutcomeUnknown, Killed):
            return None
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises
            raise broken(5, f"an adapter's {type(error).__name__} stopped the whole pass") from None

    def _act_meanwhile(self, place: int, what: str, call: Call) -> None:
        """Let somebody act while a hand-over waits; the reference is told the same as the school."""
        if what.endswith("worker"):
            self.work(place, striking("dies before", 1) if what == "dying worker" else ())
            return
        to = recipient_of(call)
        person = to if isinstance(to, PersonId) else None
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
