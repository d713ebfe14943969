"""The rules of drafts: a patient begins to fill in a form, and then something else happens."""

from collections.abc import Mapping
from types import MappingProxyType

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.errors import PainSchoolError
from digital_painschool.testing import history as h
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment

FORM = st.sampled_from([PAIN, DAILY])
DRAFTS: Mapping[str, tuple[Mapping[str, object], ...]] = MappingProxyType(
    {
        PAIN: ({}, {"smarta": 9}, {"smarta": 11}),
        DAILY: ({}, {"var": ("rygg", "axel"), "timmar": 25.5}, {"hemma": "ring", "fritext": "Å", "dag": "2026-1"}),
    }
)
"""Drafts: empty, with an answer that would raise an alert, and with one that no submission may hold."""
UNFIT: tuple[Mapping[str, object], ...] = ({"okand": 1}, {"smarta": "9"}, {"hemma": "okand"}, {"fritext": "x" * 41})
THEN: Mapping[str, h.EnrolmentStep] = MappingProxyType(
    {
        "saved": h.SaveForm(PAIN, {"smarta": 3}),
        "discarded": h.DiscardDraft(PAIN),
        "in maintenance": h.Maintain(30, (1, 2), shortens=True),
        "ended": h.End(),
        "read": h.ReadDraft(DAILY),
    }
)
"""The fates of two drafts."""


ELSEWHERE: tuple[h.EnrolmentStep, ...] = (
    h.SaveDraft(PAIN, {"smarta": 4}),
    h.SaveDraft(PAIN, {"smarta": 5}),
    h.SaveDraft(PAIN, {}),
    h.DiscardDraft(PAIN),
    h.SaveForm(PAIN, {"smarta": 3}),
    h.SaveDraft(DAILY, {}),
    h.Maintain(30, (1, 2), shortens=True),
)
"""What happens elsewhere while a tab is open."""
TAB: tuple[h.SaveDraft | h.DiscardDraft, ...] = (
    h.SaveDraft(PAIN, {"smarta": 9}),
    h.SaveDraft(PAIN, {"smarta": 4}),
    h.DiscardDraft(PAIN),
)
"""What a tab does at last."""


class Drafts(MachineBase):
    """The drafts of a patient."""

    def __init__(self) -> None:
        super().__init__()
        self.tabs: list[tuple[ReferenceEnrolment, h.Shown]] = []

    @rule(enrolment=ENROLMENT)
    @during("treatment", "maintenance")
    def open_a_tab(self, enrolment: int) -> None:
        """Open a form in a tab, which is used later."""
        self._open_tab(self.nth(enrolment))

    @rule(tab=st.integers(0, 9), step=st.sampled_from(TAB))
    @precondition(lambda self: self.tabs)
    def use_a_tab(self, tab: int, step: h.SaveDraft | h.DiscardDraft) -> None:
        """Save or discard the draft from a tab, which may be old."""
        of, shown = self.tabs[tab % len(self.tabs)]
        self.take(of, evolve(step, replaces=shown))

    @rule(
        enrolment=ENROLMENT,
        before=st.sampled_from(ELSEWHERE),
        elsewhere=st.lists(st.sampled_from(ELSEWHERE), max_size=2),
        step=st.sampled_from(TAB),
    )
    @during("treatment")
    def use_a_tab_that_was_open(
        self,
        enrolment: int,
        before: h.EnrolmentStep,
        elsewhere: list[h.EnrolmentStep],
        step: h.SaveDraft | h.DiscardDraft,
    ) -> None:
        """Open a tab, let something happen elsewhere, and use the tab."""
        of = self.nth(enrolment)
        self.take(of, before)
        self._open_tab(of)
        for one in elsewhere:
            self.take(of, one)
        self.use_a_tab(-1, step)

    @rule(enrolment=ENROLMENT, place=st.integers(0, 2), then=st.sampled_from([*THEN]))
    @during("treatment", "maintenance")
    def keep_drafts(self, enrolment: int, place: int, then: str) -> None:
        """Save a draft of each form, read one, and let something happen to them."""
        of = self.nth(enrolment)
        for form, drafts in DRAFTS.items():
            self.take(of, h.SaveDraft(form, drafts[place]))
        self.take(of, h.ReadDraft(PAIN))
        self.the_laws_hold()
        self.take(of, THEN[then])

    @rule(enrolment=ENROLMENT, form=FORM)
    @during("treatment")
    def keep_rubbish(self, enrolment: int, form: str) -> None:
        """Save every kind of draft that does not fit: it is refused."""
        for answers in UNFIT:
            self.take(enrolment, h.SaveDraft(form, answers), wrong=PainSchoolError)

    def _open_tab(self, of: ReferenceEnrolment) -> None:
        _, answers = of.drafts.get(PAIN, (None, None))
        self.tabs.append((of, h.Shown(answers)))
