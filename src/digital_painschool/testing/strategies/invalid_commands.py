# ruff: noqa: ARG001 - one signature for every wish, whether it needs all of it or not
"""Steps that a plan knows to be refused: each asks for one that is wrong in one way, or gives none."""

from hypothesis import strategies as st

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.testing.history import (
    ApprovePurge,
    CompleteModule,
    End,
    EnrolmentStep,
    Export,
    HandOver,
    Maintain,
    MarkHandled,
    MarkRead,
    OpenForm,
    OpenModule,
    PatientReads,
    PatientWrites,
    PlanPurge,
    Purge,
    ReleaseModule,
    Review,
    SaveForm,
    Start,
    Step,
    TherapistReads,
    TherapistRenames,
    TherapistWrites,
)
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, COORDINATOR, NURSE, OTHER_ARCHIVIST, STRANGER
from digital_painschool.testing.strategies.answers import wrong_answers
from digital_painschool.testing.strategies.model import Plan, Planned
from digital_painschool.testing.strategies.people import wrong_numbers
from digital_painschool.testing.strategies.valid_commands import ExpectedNotification, WishOf, chosen, of

ALWAYS: tuple[Step, ...] = (
    Start(program="no-such-program"),
    Start("19850709980"),
    Start(by=ARCHIVIST),
    Review(which=99),
    OpenModule(1, which=99),
    End(which=99),
    Export(by=NURSE),
    PlanPurge(by=COORDINATOR),
)
"""Steps that are refused whatever there is."""


def always(draw: st.DrawFn, plan: Plan) -> Step:
    """Something that nobody has, may do or can be."""
    return draw(st.sampled_from(ALWAYS))


def wrong_number(draw: st.DrawFn, plan: Plan) -> Step:
    """A start with a number that is wrong in one way."""
    return Start(draw(wrong_numbers()).text)


def second_start(draw: st.DrawFn, plan: Plan) -> Step | None:
    """A second open enrolment in the same program."""
    enrolment = chosen(draw, plan)
    if enrolment is None or plan.open_one(enrolment.who, enrolment.program) is None:
        return None
    return Start(enrolment.who, enrolment.program.key)


def out_of_turn(draw: st.DrawFn, plan: Plan) -> Step | None:
    """A purge that is not planned or not approved, or an approval that names nothing or somebody."""
    paper = plan.paper
    if paper is not None and paper.approved:
        return Purge(by=OTHER_ARCHIVIST)
    if paper is None:
        return draw(st.sampled_from([Purge(), ApprovePurge()]))
    return draw(st.sampled_from([Purge(), ApprovePurge(" "), ApprovePurge(f"Beslut {ANNA}"), ApprovePurge("x" * 201)]))


def stranger(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """Somebody whose patient it is not, or whose enrolment."""
    other = BO if e.who == ANNA else ANNA
    return draw(
        st.sampled_from(
            [
                Review(by=STRANGER),
                Maintain(30, by=COORDINATOR),
                HandOver(by=STRANGER),
                TherapistReads(by=ARCHIVIST),
                OpenModule(1, by=other),
                PatientReads(by=other),
                SaveForm("x", {}, by=other),
            ]
        )
    )


def after_the_end(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """Something that an ended enrolment does not allow."""
    if not e.ended:
        return None
    steps: list[EnrolmentStep] = [Review(), Maintain(30), End(), OpenModule(1), CompleteModule(1), PatientWrites()]
    steps += [TherapistWrites(notify=Notify.DIRECT), MarkHandled(), *(MarkRead(form.key) for form in e.program.forms)]
    return draw(st.sampled_from(steps))


def without_access(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """Something that the patient's access does not give now: it is over, or there is only reading."""
    if e.active(plan.now):
        return None
    steps: list[EnrolmentStep] = [CompleteModule(1), PatientWrites(), PatientWrites(conversation=1)]
    steps += [SaveForm(form.key, {}) for form in e.program.forms]
    if not e.readable(plan.now):
        steps += [OpenModule(1), PatientReads(), TherapistWrites(), TherapistRenames("Sömn")]
    return draw(st.sampled_from(steps))


def closed_module(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """A module that is closed to the patient, or that there is not."""
    numbers = {module.number for module in e.program.modules} | {99}
    return OpenModule(draw(st.sampled_from(sorted(numbers.difference(e.open_modules(plan.now))))))


def wrong_form(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """Answers that are wrong in one way, or a form that there is not."""
    if not e.fillable(plan.now):
        return draw(st.sampled_from([SaveForm("no-such-form", {}), OpenForm("no-such-form")]))
    form = draw(st.sampled_from(e.fillable(plan.now)))
    return SaveForm(form.key, draw(wrong_answers(form)).answers)


def too_far(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """A filling-in, a conversation, a flag or a reason that there is not."""
    beyond = len(e.talks) + 1
    steps: list[EnrolmentStep] = [PatientReads(beyond), TherapistReads(beyond), TherapistWrites(conversation=beyond)]
    steps += [PatientWrites(conversation=beyond), MarkHandled(FlagKind.FORM_SAVED), End("no-such-reason")]
    steps += [MarkRead(form.key, up_to=e.saved[form.key] + 1) for form in e.program.forms]
    return draw(st.sampled_from(steps))


def nothing_to_handle(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """A flag that does not wait."""
    return None if e.done and not e.handled else MarkHandled()


def bad_text(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """A text that is empty, too long, or that no storage keeps."""
    texts = ["", " \n", "x" * (plan.policy.message_limit + 1), "\x00"]
    text = draw(st.sampled_from(texts))
    return draw(st.sampled_from([PatientWrites(text), TherapistWrites(text)]))


def bad_maintenance(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """Days out of range, or no module, or one that there is not."""
    fewest, most = plan.policy.maintenance_days
    steps = [Maintain(fewest - 1), Maintain(most + 1), Maintain(fewest, ()), Maintain(fewest, (99,))]
    return draw(st.sampled_from(steps))


def not_to_release(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """A module that nobody releases."""
    return ReleaseModule(99 if e.program.ordering is Ordering.RELEASED else 1)


def same_therapist(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist who has the patient already, or has had when it ended."""
    return HandOver(e.therapist)


_OF_ONE: tuple[WishOf, ...] = (
    stranger,
    after_the_end,
    without_access,
    closed_module,
    wrong_form,
    too_far,
    nothing_to_handle,
    bad_text,
    bad_maintenance,
    not_to_release,
    same_therapist,
)
REFUSALS: tuple[ExpectedNotification, ...] = (always, wrong_number, second_start, out_of_turn, *map(of, _OF_ONE))
"""Everything that can be refused."""
