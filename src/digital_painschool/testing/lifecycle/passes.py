"""Delivery passes in every school, and all that can go wrong with them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from attrs import evolve, frozen

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import DeliveryError, OutcomeUnknown, RuleViolation, StorageError
from digital_painschool.testing import history as h
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
from digital_painschool.testing.lifecycle.model import RunModel
from digital_painschool.testing.lifecycle.schools import Schools, striking
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, unless, violation
from digital_painschool.testing.reference.steps import refusal

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
    """Somebody else, who acts while a notice is being sent.

    Args:
        what: A `"worker"` makes a pass, a `"dying worker"` begins one, the patient `"reads"`, the therapist `"writes"`
            or `"ends"`.
        when: Whether that is before the notice is accepted.
    """

    what: str
    when: When = When.BEFORE


Trouble = tuple[Fault | Acts, ...]
"""How the sending of one notice goes, the outermost fault first; a lease is 15 minutes."""
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
"""How the sending of one notice can go, by name."""
_DEADLY = frozenset({_DIES, _DIES_AFTER, Acts("dying worker")})
_MEANWHILE: Mapping[str, h.EnrolmentStep] = MappingProxyType(
    {
        "reads": h.PatientReads(),
        "writes": h.TherapistWrites(conversation=1, notify=Notify.COLLECTED),
        "ends": h.End(),
    }
)
"""The steps that somebody takes while a notice is being sent."""


class Passes:
    """The delivery workers of the schools.

    Args:
        schools: The schools.
        model: The model.
    """

    def __init__(self, schools: Schools, model: RunModel) -> None:
        self._schools = schools
        self._model = model
        self._decisions: list[ReferenceEnrolment | None] = []

    def run(self, troubles: Iterable[str] = (), struck: str = "no", write: int = 0, batch: int = 200) -> None:
        """Run a pass in every school, and check its effects.

        Args:
            troubles: How the first sendings go.
            struck: What happens to a write of the worker's storage.
            write: Which write, from 0.
            batch: How many notifications the worker claims at once.
        """
        self._schools.armed = None
        self._decisions.clear()
        ways = [TROUBLES[name] for name in troubles]
        clean = struck == "no" and not any(ways)
        died = struck != "no" or any(part in _DEADLY for way in ways for part in way)
        self._model.before_pass()
        reports = []
        for place, recording in enumerate(self._schools.recordings):
            for ordinal, way in enumerate(ways, start=1):
                recording.sending.inject(*(self._fault(place, part, ordinal) for part in way))
            reports.append(self._work(place, striking(struck, write), batch))
            recording.sending.clear()
        for other in reports[1:]:
            what = "a pass did something else than at the reference"
            require(unequal(Law.STORAGES_AGREE, other, reports[0], what))
        has_finished = reports[0] is not None or not clean
        what = "a pass without a fault did not come to its end"
        require(unless(has_finished, Law.STORAGES_AGREE, what))
        self._model.after_pass(clean=clean, died=died)

    def _fault(self, place: int, part: Fault | Acts, ordinal: int) -> Fault:
        if isinstance(part, Acts):
            act = partial(self._act, place, part.what)
            return Fault(SENDS, call=ordinal, when=part.when, does=Meanwhile(act))
        return evolve(part, call=ordinal)

    def _work(self, place: int, faults: tuple[Fault, ...], batch: int = 200) -> DeliveryReport | None:
        """Run a pass of another process in one school; return None when it did not come to its end."""
        ports = self._schools.recordings[place].ports_of(Process(*faults))
        try:
            return self._schools.all[place].another(ports).delivery(batch=batch).run()
        except (StorageError, OutcomeUnknown, Killed):
            return None
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises
            what = f"an adapter's {type(error).__name__} stopped the whole pass"
            raise violation(Law.NOTIFIED_ONCE_IN_TIME, what) from None

    def _act(self, place: int, what: str, call: Call) -> None:
        """Execute a step while a notice is being sent; at the reference in the same enrolment."""
        if what.endswith("worker"):
            self._work(place, striking("dies before", 1) if what == "dying worker" else ())
            return
        to = recipient_of(call)
        person = to if isinstance(to, PersonId) else None
        if place == 0:
            self._decisions.append(self._concerned(person))
            enrolment = self._decisions[-1]
        else:
            # Should more sendings begin at the reference, the reports of the passes differ.
            enrolment = self._decisions.pop(0) if self._decisions else None
        if enrolment is None:
            return
        step = self._model.school.addressed(enrolment, _MEANWHILE[what])
        is_refused = place == 0 and refusal(enrolment, step, self._model.now) is not None
        with suppress(RuleViolation):
            step.take(self._schools.all[place])
        if place == 0 and not is_refused:
            self._model.read_pass()
            self._model.execute(enrolment, step)
            if what == "ends":
                self._model.ended_in_a_pass.add(enrolment.id)

    def _concerned(self, person: PersonId | None) -> ReferenceEnrolment | None:
        for one in self._model.school.stored():
            if one.is_open and one.conversations and person in {None, one.person}:
                return one
        return None
