"""The rules of calls that come twice, and of steps that follow from a view that may be old."""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from attrs import define, evolve
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import PainSchoolError, Reason
from digital_painschool.testing import history as h
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during
from digital_painschool.testing.lifecycle.options import FOCUSES
from digital_painschool.testing.people import COLLEAGUE
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, unless
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.reference.steps import denial
from digital_painschool.testing.scenario import Scenario

_LAW = Law.ONE_KEY_HAS_ONE_EFFECT

KEYED = (
    h.PatientWrites(),
    h.SaveForm(PAIN, {"smarta": 9}),
    h.SaveDraft(PAIN, {"smarta": 9}),
    h.DiscardDraft(PAIN),
    h.CompleteModule(1),
    h.TherapistWrites(notify=Notify.COLLECTED),
    h.MarkRead(PAIN),
    h.MarkHandled(FlagKind.PROGRAM_DONE),
    h.Review(),
    h.HandOver(COLLEAGUE),
    h.Maintain(30, shortens=True),
    h.Reactivate(),
    h.End(),
    h.Withdraw(),
)
"""Steps that are taken under a key."""
OTHERWISE: Mapping[type, Mapping[str, Any]] = MappingProxyType(
    {
        h.PatientWrites: {"text": "Annat"},
        h.SaveForm: {"answers": {"smarta": 1}},
        h.SaveDraft: {"answers": {"smarta": 1}},
        h.DiscardDraft: {"replaces": h.Shown()},
        h.CompleteModule: {"module": 2},
        h.TherapistWrites: {"notify": Notify.NONE},
        h.Maintain: {"days": 31},
        h.End: {"reason": "avbruten"},
        h.Withdraw: {"reason": "other-mistake"},
    }
)
"""Another content of such steps."""
FROM_VIEW = (
    h.TherapistWrites("Ett svar"),
    h.TherapistWrites("Ett svar", 1),
    h.End(),
    h.Maintain(30, shortens=True),
    h.Reactivate(),
    h.Withdraw(),
    h.HandOver(COLLEAGUE),
    h.MarkHandled(FlagKind.PROGRAM_DONE),
    h.MarkHandled(FlagKind.UNDELIVERED),
)
"""Steps that follow from a view."""
MEANWHILE = (h.SaveForm(PAIN, {"smarta": 10}), h.PatientWrites(), h.Review(), h.TherapistWrites())
"""What comes while a page is open."""


@define
class KeyedCall:
    """A call that was completed under a key.

    Args:
        of: The enrolment.
        step: The step, as it was addressed then.
        answer: What it returned; None when the process died before it could.
    """

    of: ReferenceEnrolment
    step: Any
    answer: object


class Repeating(MachineBase):
    """Double clicks, lost answers and pages that were open for long."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[KeyedCall] = []
        self.pages: list[tuple[ReferenceEnrolment, int]] = []
        self._keys = 0

    @rule(
        enrolment=ENROLMENT,
        step=st.sampled_from(KEYED),
        dies=st.sampled_from([None, None, "dies before", "dies after"]),
        otherwise=st.booleans(),
    )
    @during(*FOCUSES)
    def call_twice(self, enrolment: int, step: h.EnrolmentStep, dies: str | None, otherwise: bool) -> None:  # noqa: FBT001
        """Execute a step under a new key, whose process may die, and execute it again."""
        of = self.nth(enrolment)
        self._keys += 1
        keyed = evolve(step, once=f"key-{self._keys}")
        addressed = self.model.school.addressed(of, keyed)
        if dies is not None and self.crashes:
            self.asked.armed = (0, dies)
        if self.take(of, keyed):
            self.calls.append(KeyedCall(of, addressed, self.answers[0] if self.answers else None))
            self.call_again(-1, otherwise=otherwise)

    @rule(call=st.integers(0, 9), otherwise=st.booleans())
    @precondition(lambda self: self.calls)
    def call_again(self, call: int, otherwise: bool) -> None:  # noqa: FBT001
        """Execute a step again under its key, with the same or another content."""
        one = self.calls[call % len(self.calls)]
        other = OTHERWISE.get(type(one.step), {}) if otherwise else {}
        addressed: Any = self.model.school.addressed(one.of, one.step)
        step: Any = evolve(addressed, by=one.step.by, **other)
        refusal: Refusal | None = denial(one.of, step) or (Reason.KEY_OF_ANOTHER_CALL if other else None)
        before = self.asked.snapshot()
        self.answers.clear()
        what = f"{step!r} again"
        if self.ask(
            _LAW,
            what,
            partial(self._answer_of, step),
            refusal=PainSchoolError if one.of.purged else refusal,
            by=step.by.hsa_id if isinstance(step, h.TherapistStep) else "patient",
            about=None if one.of.purged else one.of,
        ):
            require(unless(before == self.asked.snapshot(), _LAW, f"{what}: it had a second effect", one.of.id))
            if one.answer is not None:
                require(unequal(_LAW, one.answer, self.answers[0], f"{what}: the result", one.of.id))
            one.answer = self.answers[0]

    @rule(enrolment=ENROLMENT)
    @during(*FOCUSES)
    def draw_a_page(self, enrolment: int) -> None:
        """Draw the page "Hantera", which is used later."""
        of = self.nth(enrolment)
        self.pages.append((of, of.version))

    @rule(page=st.integers(0, 9), step=st.sampled_from(FROM_VIEW), further=st.sampled_from([0, 0, 0, 0, 1, -1]))
    @precondition(lambda self: self.pages)
    def use_a_page(self, page: int, step: Any, further: int) -> None:
        """Execute a step that follows from a page, which may be old, or from none that there was."""
        of, version = self.pages[page % len(self.pages)]
        self.take(of, evolve(step, expected=version + further))

    @rule(
        enrolment=ENROLMENT,
        meanwhile=st.lists(st.sampled_from(MEANWHILE), max_size=2),
        delivers=st.booleans(),
        step=st.sampled_from(FROM_VIEW),
    )
    @during("treatment", "messages")
    def use_a_page_that_was_open(
        self,
        enrolment: int,
        meanwhile: list[h.EnrolmentStep],
        delivers: bool,  # noqa: FBT001
        step: Any,
    ) -> None:
        """Draw a page, let something come, and use the page."""
        self.draw_a_page(enrolment)
        of, _ = self.pages[-1]
        for one in meanwhile:
            self.take(of, one)
        if delivers:
            self.make_pass()
        self.use_a_page(-1, step, 0)

    def _answer_of(self, step: h.EnrolmentStep, school: Scenario) -> object:
        return self.answered(step.take(school))
