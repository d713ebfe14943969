"""The rules of drafts: a patient begins to fill in a form, and then something else happens."""

from collections.abc import Mapping
from types import MappingProxyType

from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.errors import PainSchoolError
from digital_painschool.testing import history as h
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during

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


class Drafts(MachineBase):
    """The drafts of a patient."""

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
