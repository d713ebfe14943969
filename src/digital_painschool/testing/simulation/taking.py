"""The steps of people, in enrolments and in their models. Answers are lost, and the step comes again. Rule: D-24a."""

from functools import partial
from itertools import count
from typing import Any, NamedTuple

from attrs import evolve

from digital_painschool.domain.people import Actor
from digital_painschool.testing import history as h
from digital_painschool.testing.reference import steps
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.simulation.answers import expectation
from digital_painschool.testing.simulation.asking import ask, stored
from digital_painschool.testing.simulation.scene import Scene

_KEYED = frozenset(
    {h.CompleteModule, h.PatientWrites, h.SaveForm, h.SaveDraft, h.DiscardDraft}
    | {h.End, h.HandOver, h.Maintain, h.MarkHandled, h.MarkRead, h.Reactivate, h.Review, h.TherapistWrites, h.Withdraw}
)
"""The kinds of steps that are taken under a key."""
_LAW = Law.ONE_KEY_HAS_ONE_EFFECT


class Taken(NamedTuple):
    """A step that was done: the answer of the desk, and what its model returned."""

    answer: Any
    effect: Any = None


class Steps:
    """The steps that are taken at a unit, some of them under a key.

    Args:
        scene: The unit.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._chance = scene.region.chance("repeats", scene.unit.number)
        self._numbers = count(1)

    def take(
        self,
        model: ReferenceEnrolment,
        step: h.EnrolmentStep,
        *,
        by: Actor | None = None,
        wrong: Refusal | None = None,
    ) -> Taken | None:
        """Execute a step in an enrolment, and in its model when it is done.

        Args:
            model: The enrolment.
            step: The step.
            by: The member of staff who takes it; None for the patient.
            wrong: Why it is refused whatever the enrolment is like.

        Returns:
            What the step returned; None when it was refused, or should have been.
        """
        scene, name = self._scene, type(step).__name__
        theirs = [one for one in scene.models.values() if one.person is model.person and not one.purged]
        given: dict[str, Any] = {"who": model.number, "which": theirs.index(model) + 1, "by": by}
        addressed = self._keyed(evolve(step, **given))
        caller = "patient" if by is None else by.hsa_id
        refusal = steps.refusal(model, addressed, scene.now) or wrong
        compare = expectation(model, addressed) if refusal is None else None
        law = steps.KINDS[type(step)].law
        taken = ask(scene, caller, partial(self._taken, addressed), model, refusal, name=name, law=law)
        if taken is None or compare is None:
            return None
        effect = steps.execute(model, addressed, scene.now)
        expected, found = compare(taken.answer)
        scene.equal(Law.UNREAD_IS_SAVED_LESS_READ, expected, found, f"the answer to {name}", model)
        if addressed.once is not None:
            self._take_again(model, addressed, caller, taken.answer)
        return Taken(taken.answer, effect)

    def _taken(self, step: h.EnrolmentStep) -> Taken:
        return Taken(step.take(self._scene.scenario))

    def _keyed(self, step: h.EnrolmentStep) -> h.EnrolmentStep:
        """Return the step under a new key if its answer is going to be lost."""
        if type(step) in _KEYED and self._chance.happens(self._scene.region.habits.mishaps.answers_lost):
            return evolve(step, once=f"key {next(self._numbers)}")
        return step

    def _take_again(self, model: ReferenceEnrolment, step: h.EnrolmentStep, by: str, answer: object) -> None:
        """Execute a step again that was done under a key: it has the same answer, and no second effect."""
        scene, what = self._scene, f"{type(step).__name__} again under its key"
        before, refusal = stored(scene, model), steps.denial(model, step)
        call = partial(step.take, scene.scenario)
        second = ask(scene, by, call, model, refusal, name="a call again under its key", law=_LAW)
        scene.equal(_LAW, before, stored(scene, model), f"{what}: what is stored", model)
        if refusal is None:
            scene.equal(_LAW, answer, second, f"{what}: the answer", model)
