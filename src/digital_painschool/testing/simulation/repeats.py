"""Answers that are lost on their way: the host makes the call again under its key. Rule: D-24a."""

from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from attrs import evolve

from digital_painschool.testing.history import (
    CompleteModule,
    DiscardDraft,
    End,
    EnrolmentStep,
    HandOver,
    Maintain,
    MarkHandled,
    MarkRead,
    PatientWrites,
    Reactivate,
    Review,
    SaveDraft,
    SaveForm,
    TherapistWrites,
    Withdraw,
)
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law
from digital_painschool.testing.reference.steps import denial

if TYPE_CHECKING:
    from digital_painschool.testing.simulation.scene import Scene

_KEYED = frozenset(
    {
        CompleteModule,
        DiscardDraft,
        End,
        HandOver,
        Maintain,
        MarkHandled,
        MarkRead,
        PatientWrites,
        Reactivate,
        Review,
        SaveDraft,
        SaveForm,
        TherapistWrites,
        Withdraw,
    }
)
"""The kinds of steps that are taken under a key."""
_LAW = Law.ONE_KEY_HAS_ONE_EFFECT


class Repeats:
    """The calls of a unit whose answer is lost.

    Args:
        scene: The unit.
    """

    def __init__(self, scene: "Scene") -> None:
        self._scene = scene
        self._chance = scene.region.chance("repeats", scene.unit.number)
        self._numbers = count(1)

    def keyed(self, step: EnrolmentStep) -> EnrolmentStep:
        """Return the step under a new key if its answer is going to be lost."""
        if type(step) in _KEYED and self._chance.happens(self._scene.region.habits.mishaps.answers_lost):
            return evolve(step, once=f"key {next(self._numbers)}")
        return step

    def again(self, model: ReferenceEnrolment, step: EnrolmentStep, by: str, answer: object) -> None:
        """Execute a step again that was done under a key: it has the same answer, and no second effect.

        Args:
            model: The enrolment, after the step.
            step: The step.
            by: The HSA-id of the caller, or `"patient"`.
            answer: The first answer.
        """
        if step.once is None:
            return
        scene = self._scene
        before, refusal = scene.stored(model), denial(model, step)
        call = partial(step.take, scene.scenario)
        second = scene.ask(by, call, model, refusal, name="a call again under its key", law=_LAW)
        what = f"{type(step).__name__} again under its key"
        scene.equal(_LAW, before, scene.stored(model), f"{what}: what is stored", model)
        if refusal is None:
            scene.equal(_LAW, answer, second, f"{what}: the answer", model)
