"""Unauthorised actors: staff of other units, colleagues, administrators, other patients. Law 9."""

from functools import partial
from pathlib import Path

from attrs import evolve

from digital_painschool.errors import NotFound, NotPermitted
from digital_painschool.testing.reference.calendar import DAY, MIDNIGHT
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.permissions import DESK, OFFICE, PLAN_METHODS, ROOM, may
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.asking import ask
from digital_painschool.testing.simulation.scene import Scene

_ON_RECORDS = tuple(call for name, call in OFFICE.items() if name not in PLAN_METHODS)
_ON_PATIENTS = tuple(DESK.values())
_AS_PATIENT = tuple(ROOM.values())
_NOBODY_S = "9999-999999"
"""An id that no enrolment has."""


class Intruders:
    """The attempts, on some days, that must be refused and logged."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.chance = scene.region.chance("intruders", scene.unit.number)
        self._habits = scene.region.habits.mishaps
        scene.at(scene.now, self.day)

    def day(self) -> None:
        """Plan the attempt of a day."""
        scene = self.scene
        scene.at(scene.instant(scene.today + DAY, MIDNIGHT), self.day)
        if self.chance.happens(self._habits.intrusions):
            scene.at(scene.now + self.chance.time(0 * DAY, DAY), self.attempt)

    def attempt(self) -> None:
        """Make one attempt."""
        scene, chance = self.scene, self.chance
        there = [model for model in scene.models.values() if not model.purged]
        if not there:
            return
        model = chance.pick(there)
        if chance.happens(self._habits.by_patients):
            self._as_patient(model, chance.pick(there))
        elif chance.happens(self._habits.on_records):
            actor = chance.pick((scene.unit.coordinator, scene.unit.therapists[0]))
            office, call = scene.school.administrator(actor), chance.pick(_ON_RECORDS)
            self._refused(actor.hsa_id, partial(call, office, "", Path()))
        else:
            self._as_staff(model)

    def _as_staff(self, model: ReferenceEnrolment) -> None:
        unit, chance = self.scene.unit, self.chance
        therapists = {actor.hsa_id: actor for actor in unit.therapists}
        elsewhere = evolve(therapists.pop(model.therapist), unit=unit.outsiders[0].unit)
        actors = (*unit.outsiders, elsewhere, unit.archivist, unit.coordinator, *therapists.values())
        actor, method = chance.pick(actors), chance.pick(_ON_PATIENTS)
        if not may(actor, method.scopes, model.unit, model.therapist, model.started_by):
            desk = self.scene.school.therapist(actor)
            self._refused(actor.hsa_id, partial(method.call, desk, model.id), model)

    def _as_patient(self, who: ReferenceEnrolment, model: ReferenceEnrolment) -> None:
        room, call = self.scene.school.patient(who.person), self.chance.pick(_AS_PATIENT)
        if who.person == model.person:
            self._refused("patient", partial(call, room, _NOBODY_S), None, NotFound)
        else:
            refusal = NotFound if model.is_withdrawn else NotPermitted
            self._refused("patient", partial(call, room, model.id), model, refusal)

    def _refused(
        self, by: str, call: "partial[object]", about: ReferenceEnrolment | None = None, refusal: Refusal = NotPermitted
    ) -> None:
        ask(self.scene, by, call, about, refusal, name="unauthorised calls", law=Law.PERMISSIONS_HOLD)
