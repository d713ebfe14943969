"""The rules of a treatment: starts and ends, modules and forms, conversations, maintenance."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, cast

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import PainSchoolError
from digital_painschool.testing import history as h
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.lifecycle.base import (
    ENROLMENT,
    MOST_ENROLMENTS,
    THERAPISTS,
    MachineBase,
    during,
    message,
)
from digital_painschool.testing.lifecycle.options import FOCUSES
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NURSE, STRANGER
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment

MODULE = st.sampled_from([1, 2, 3, 4, 1, 2, 3, 0, 5])
CHOSEN = st.sampled_from([[1], [2], [3, 4], [1, 3], [2, 3, 4], [], [1, 5]])
"""The modules that are to stay readable; the last two are refused."""
FORM = st.sampled_from([PAIN, DAILY])
CONVERSATION = st.integers(0, 2)
"""A conversation, or a new one (0)."""
LIMIT = st.sampled_from([0, 0, 1, 2])
"""The most messages of a page; with 0 a conversation is read as a whole."""
GOOD: Mapping[str, tuple[Mapping[str, object], ...]] = MappingProxyType(
    {
        PAIN: ({"smarta": 3}, {"smarta": 9}, {"smarta": 8}, {"smarta": 10}),
        DAILY: (
            {"hemma": "bra"},
            {"hemma": "ring", "var": ["rygg"], "timmar": 6.5},
            {"hemma": "svart", "var": ["rygg", "axel"]},
            {"hemma": "svart", "var": ["axel"], "steg": 0},
        ),
    }
)
"""Right answers: an alert by the question, by the score, at the threshold, and none just below it."""
BAD: tuple[Mapping[str, object], ...] = (
    {},
    {"smarta": 11},
    {"smarta": True},
    {"smarta": 3, "hemma": "bra"},
    {"hemma": "bra", "var": ["rygg", "rygg"]},
    {"hemma": "okand"},
)


FLAG = st.sampled_from([FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER])
"""The flags that nothing else settles."""
REASON = st.sampled_from(["klar", "klar", "okand"])
"""The reasons to end; the last one is refused."""


def step_rule(
    name: str, kind: Callable[..., h.EnrolmentStep], *focuses: str, **drawn: st.SearchStrategy[Any]
) -> Callable[..., None]:
    """Return the rule that takes a step of a kind in any enrolment.

    Args:
        name: The rule's name.
        kind: The kind of step.
        focuses: The focuses that the rule belongs to.
        drawn: The strategies of the step's arguments.
    """

    def take(self: MachineBase, enrolment: int, **arguments: Any) -> None:
        self.take(enrolment, kind(**arguments))

    take.__name__ = name
    made: Callable[..., None] = cast("Any", rule)(enrolment=ENROLMENT, **drawn)(during(*focuses)(take))
    return made


class Treatment(MachineBase):
    """The steps of patients, therapists and patient administrators."""

    open_module = step_rule("open_module", h.OpenModule, "treatment", "maintenance", module=MODULE)
    read_page = step_rule(
        "read_page", h.ReadPage, "treatment", "maintenance", module=MODULE, page=st.sampled_from([1, 2, 1, 2, 0, 3])
    )
    complete_module = step_rule("complete_module", h.CompleteModule, "treatment", "maintenance", module=MODULE)
    release_module = step_rule(
        "release_module", h.ReleaseModule, "treatment", module=MODULE, out_of_order=st.sampled_from([None, True])
    )
    open_form = step_rule("open_form", h.OpenForm, "treatment", form=FORM)
    patient_reads = step_rule("patient_reads", h.PatientReads, *FOCUSES, conversation=st.integers(1, 2), limit=LIMIT)
    therapist_reads = step_rule(
        "therapist_reads", h.TherapistReads, "treatment", conversation=st.integers(1, 2), limit=LIMIT
    )
    mark_handled = step_rule("mark_handled", h.MarkHandled, "treatment", "messages", flag=FLAG)
    review = step_rule("review", h.Review, "treatment")
    hand_over = step_rule(
        "hand_over", h.HandOver, *FOCUSES, to=st.sampled_from([NURSE, COLLEAGUE, NURSE, COLLEAGUE, STRANGER])
    )
    reactivate = step_rule(
        "reactivate", h.Reactivate, "treatment", "maintenance", shortens=st.sampled_from([None, True])
    )
    end = step_rule("end", h.End, "treatment", "maintenance", "records", reason=REASON)
    withdraw = step_rule(
        "withdraw",
        h.Withdraw,
        "treatment",
        "maintenance",
        "records",
        reason=st.sampled_from(["wrong-person", "other-mistake", "okand"]),
        by=st.sampled_from([NURSE, COLLEAGUE, COORDINATOR]),
    )

    def __init__(self) -> None:
        super().__init__()
        self.views: list[tuple[ReferenceEnrolment, str, int]] = []

    @rule(patient=st.integers(0, 2), therapist=st.sampled_from([*THERAPISTS]), program=st.integers(0, 1))
    @precondition(lambda self: len(self.enrolments) < MOST_ENROLMENTS)
    def start(self, patient: int, therapist: str, program: int) -> None:
        """Start a program for a patient."""
        self.enrol(self.numbers[patient], THERAPISTS[therapist], self.programs[program])

    @rule(enrolment=ENROLMENT)
    @precondition(lambda self: len(self.enrolments) < MOST_ENROLMENTS)
    @during("treatment", "maintenance")
    def start_again(self, enrolment: int) -> None:
        """Start what a patient has had before, or has, or reads on in maintenance."""
        of = self.nth(enrolment)
        there = next(one for name, one in THERAPISTS.items() if one.unit == of.unit and name != "nurse")
        self.enrol(of.number, there, of.program)

    @rule(enrolment=ENROLMENT)
    @during("treatment")
    def anew(self, enrolment: int) -> None:
        """End the enrolment, and start the same program for the same patient anew."""
        self.start_anew(self.nth(enrolment))

    @rule(enrolment=ENROLMENT, modules=st.permutations([1, 2, 3, 4]), completes=st.booleans())
    @during("treatment")
    def go_through_the_modules(self, enrolment: int, modules: list[int], completes: bool) -> None:  # noqa: FBT001
        """Open all modules in some order, and read a page of each, or complete them."""
        for module in modules:
            if completes:
                self.read_and_complete(self.nth(enrolment), module)
            else:
                self.take(enrolment, h.OpenModule(module))
                self.take(enrolment, h.ReadPage(module))

    @rule(enrolment=ENROLMENT, released=st.booleans(), another=st.integers(1, 4))
    @during("treatment", "maintenance", "messages")
    def complete_all_modules(self, enrolment: int, released: bool, another: int) -> None:  # noqa: FBT001
        """Complete the reading order, as far as it is open, and one more module, or one again."""
        of = self.nth(enrolment)
        for module in of.order:
            if released and of.program.ordering is Ordering.RELEASED:
                self.take(of, h.ReleaseModule(module))
            self.read_and_complete(of, module)
        self.read_and_complete(of, another)

    @rule(enrolment=ENROLMENT, form=FORM, answers=st.integers(0, 3))
    @during("treatment", "maintenance", "messages")
    def save_form(self, enrolment: int, form: str, answers: int) -> None:
        """Save a form."""
        self.take(enrolment, h.SaveForm(form, GOOD[form][answers]))

    @rule(enrolment=ENROLMENT)
    @during("treatment")
    def save_all_sorts(self, enrolment: int) -> None:
        """Save every kind of right answers, each checked before the next."""
        of = self.nth(enrolment)
        for form, all_answers in GOOD.items():
            for answers in all_answers:
                self.take(of, h.SaveForm(form, answers))
                self.the_laws_hold()
                self.take(of, h.OpenForm(form))

    @rule(enrolment=ENROLMENT, form=FORM)
    @during("treatment")
    def save_rubbish(self, enrolment: int, form: str) -> None:
        """Save every kind of wrong answers: they are refused."""
        for answers in BAD:
            self.take(enrolment, h.SaveForm(form, answers), wrong=PainSchoolError)

    @rule(enrolment=ENROLMENT, form=FORM)
    @during("treatment")
    def draw_the_box(self, enrolment: int, form: str) -> None:
        """Draw the therapist's screen, which is used later."""
        of = self.nth(enrolment)
        self.views.append((of, form, of.submissions(form).sent))

    @rule(
        enrolment=ENROLMENT, form=FORM, before=st.integers(0, 2), meanwhile=st.integers(0, 2), alerts=st.integers(0, 3)
    )
    @during("treatment")
    def save_while_the_box_is_shown(self, enrolment: int, form: str, before: int, meanwhile: int, alerts: int) -> None:
        """Save some forms, draw the therapist's screen, save again, and use the screen."""
        for _ in range(before):
            self.save_form(enrolment, form, alerts)
        self.draw_the_box(enrolment, form)
        for _ in range(meanwhile):
            self.save_form(enrolment, form, 0)
        self.mark_from_the_screen(-1, 0)

    @rule(enrolment=ENROLMENT, form=FORM)
    @during("treatment")
    def mark_from_two_screens(self, enrolment: int, form: str) -> None:
        """Draw one screen before a submission and one after it, and use the older one last."""
        for _ in range(2):
            self.save_form(enrolment, form, 0)
            self.draw_the_box(enrolment, form)
        for view in (-1, -2):
            self.mark_from_the_screen(view, 0)
            self.the_laws_hold()

    @rule(view=st.integers(0, 9), further=st.sampled_from([0, 0, 0, 1, -1]))
    @during("treatment")
    @precondition(lambda self: self.views)
    def mark_from_the_screen(self, view: int, further: int) -> None:
        """Mark a form as read up to what the screen showed, or to one submission more or less."""
        of, form, shown = self.views[view % len(self.views)]
        self.take(of, h.MarkRead(form, up_to=shown + further))

    @rule(
        enrolment=ENROLMENT,
        days=st.sampled_from([1, 2, 30, 365, 0, 366]),
        modules=CHOSEN,
        shortens=st.sampled_from([True, True, False]),
    )
    @during("maintenance")
    def maintain_and_read(self, enrolment: int, days: int, modules: list[int], shortens: bool) -> None:  # noqa: FBT001
        """Maintain, or renew, and open the chosen modules, and the others."""
        of = self.nth(enrolment)
        self.take(of, h.Maintain(days, tuple(modules), shortens=shortens))
        for module in of.modules:
            self.take(of, h.OpenModule(module))

    @rule(enrolment=ENROLMENT, days=st.sampled_from([1, 30]))
    @during("maintenance")
    def maintain_and_go_back(self, enrolment: int, days: int) -> None:
        """Maintain, let the patient act, go back to active, and let the patient act again."""
        of = self.nth(enrolment)
        for step in (h.Maintain(days, (1, 3), shortens=True), h.Reactivate()):
            self.take(of, step)
            self.the_laws_hold()
            self.take(of, h.OpenModule(2))
            self.take(of, h.SaveDraft(DAILY, {"hemma": "bra"}))
            self.take(of, h.SaveForm(PAIN, GOOD[PAIN][0]))
            self.take(of, h.PatientWrites(conversation=min(1, len(of.conversations))))

    @rule(enrolment=ENROLMENT, conversation=CONVERSATION)
    @during("treatment", "maintenance", "messages")
    def patient_writes(self, enrolment: int, conversation: int) -> None:
        """Write to the therapist."""
        of = self.nth(enrolment)
        self.take(of, h.PatientWrites(conversation=min(conversation, len(of.conversations))))

    @rule(
        enrolment=ENROLMENT,
        conversation=CONVERSATION,
        notify=st.sampled_from(["none", "direct", "collected", "collected"]),
    )
    def therapist_writes(self, enrolment: int, conversation: int, notify: str) -> None:
        """Write to the patient."""
        of = self.nth(enrolment)
        self.take(of, message(of, conversation, Notify(notify)))

    @rule(enrolment=ENROLMENT, conversation=st.integers(0, 3))
    @during("treatment")
    def look_for_a_conversation(self, enrolment: int, conversation: int) -> None:
        """Read a conversation that does not exist, as the patient and as the therapist."""
        of = self.nth(enrolment)
        if conversation > len(of.conversations):
            self.take(of, h.PatientReads(conversation))
            self.take(of, h.TherapistReads(conversation))
