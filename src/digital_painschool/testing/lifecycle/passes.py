"""Delivery passes in every school, and all that can go wrong with them."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from types import MappingProxyType

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import OutcomeUnknown, RuleViolation, StorageError
from digital_painschool.testing import history as h
from digital_painschool.testing.faults.effects import Killed
from digital_painschool.testing.lifecycle.model import RunModel
from digital_painschool.testing.lifecycle.recording_ports import HandOver, InjectedFault
from digital_painschool.testing.lifecycle.schools import Schools
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, unless, violation
from digital_painschool.testing.reference.steps import refusal

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
"""How the sending of one notice can go, by name."""
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
        for place, recording in enumerate(schools.recordings):
            recording.meanwhile = partial(self._meanwhile, place)

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
        clean = struck == "no" and not any(way != HandOver() for way in ways)
        died = struck != "no" or any(way.killed or "dying" in way.meanwhile for way in ways)
        self._model.before_pass()
        reports = []
        for place, recording in enumerate(self._schools.recordings):
            recording.to_come = [*ways]
            fault = InjectedFault() if struck == "no" else InjectedFault(write, struck)
            reports.append(self._work(place, fault, batch))
            recording.to_come = []
        for other in reports[1:]:
            what = "a pass did something else than at the reference"
            require(unequal(Law.STORAGES_AGREE, other, reports[0], what))
        has_finished = reports[0] is not None or not clean
        what = "a pass without a fault did not come to its end"
        require(unless(has_finished, Law.STORAGES_AGREE, what))
        self._model.after_pass(clean=clean, died=died)

    def _work(self, place: int, fault: InjectedFault, batch: int = 200) -> DeliveryReport | None:
        """Run a pass of another process in one school; return None when it did not come to its end."""
        ports = self._schools.recordings[place].of_another_process(fault)
        try:
            return self._schools.all[place].another(ports).delivery(batch=batch).run()
        except (StorageError, OutcomeUnknown, Killed):
            return None
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises
            what = f"an adapter's {type(error).__name__} stopped the whole pass"
            raise violation(Law.NOTIFIED_ONCE_IN_TIME, what) from None

    def _meanwhile(self, place: int, what: str, person: PersonId | None) -> None:
        """Execute a step while a notice is being sent; at the reference in the same enrolment."""
        if what.endswith("worker"):
            self._work(place, InjectedFault(1) if what == "dying worker" else InjectedFault())
            return
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
