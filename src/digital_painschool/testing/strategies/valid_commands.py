# ruff: noqa: ARG001 - one signature for every wish, whether it needs all of it or not
"""Wishes: each asks a plan for a step that will be accepted, and gives none where there is no such step now."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache

from attrs import evolve
from hypothesis import strategies as st

from digital_painschool.domain.form import Form
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.domain.validation import Answer
from digital_painschool.testing.environment import local
from digital_painschool.testing.history import (
    Advance,
    ApprovePurge,
    At,
    CompleteModule,
    Deliver,
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
    PatientRenames,
    PatientWrites,
    PlanPurge,
    Purge,
    ReceiveNotifications,
    ReleaseModule,
    Restart,
    Review,
    SaveForm,
    Start,
    Step,
    TherapistReads,
    TherapistRenames,
    TherapistStep,
    TherapistWrites,
)
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, RESERVE_NUMBER
from digital_painschool.testing.strategies.answers import answers
from digital_painschool.testing.strategies.boundary_instants import instants
from digital_painschool.testing.strategies.model import Plan, Planned, Talk
from digital_painschool.testing.strategies.texts import texts

ExpectedNotification = Callable[[st.DrawFn, Plan], Step | None]
"""Gives a step, and notes in the plan what it changes; or None."""
WishOf = Callable[[st.DrawFn, Plan, Planned], EnrolmentStep | None]
"""The same for an enrolment, of which the step need not say whose it is."""

PATIENTS = (ANNA, BO, RESERVE_NUMBER)
THERAPISTS = (NURSE, COLLEAGUE)
_PLACES = st.integers(0, 5)
"""Chooses by place: it stays the same choice when something is left out before it, so that histories shrink well."""
_WAITS = (
    Advance(hours=1),
    Advance(hours=9),
    Advance(days=1),
    Advance(weeks=1),
    Advance(weeks=3),
)
_TEN_YEARS = Advance(days=3660)


def start(draw: st.DrawFn, plan: Plan) -> Step | None:
    """A program is started."""
    who, program = draw(st.sampled_from(PATIENTS)), draw(st.sampled_from(plan.programs))
    therapist = draw(st.sampled_from(THERAPISTS))
    if plan.open_one(who, program) is not None:
        return None
    plan.start(who, program, therapist)
    return Start(who, program.key, by=therapist)


def chosen(draw: st.DrawFn, plan: Plan) -> Planned | None:
    """Choose an enrolment; None when there is none."""
    place = draw(_PLACES)
    return plan.enrolments[place % len(plan.enrolments)] if plan.enrolments else None


def of(expected: WishOf) -> ExpectedNotification:
    """Make a wish for an enrolment one for a plan: it chooses one, and tells the step whose it is and who takes it."""

    def wish_of_one(draw: st.DrawFn, plan: Plan) -> Step | None:
        enrolment = chosen(draw, plan)
        if enrolment is None:
            return None
        who, which, therapist = enrolment.who, plan.which(enrolment), enrolment.therapist
        step = expected(draw, plan, enrolment)
        if isinstance(step, TherapistStep) and step.by == NURSE:
            return evolve(step, who=who, which=which, by=therapist)
        return step and evolve(step, who=who, which=which)

    return wish_of_one


def open_module(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient opens a module."""
    modules = e.open_modules(plan.now)
    return OpenModule(draw(st.sampled_from(modules))) if modules else None


def complete_module(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient completes a module."""
    modules = e.open_modules(plan.now) if e.active(plan.now) else []
    if not modules:
        return None
    module = draw(st.sampled_from([m for m in modules if m not in e.completed] or modules))
    e.completed.add(module)
    return CompleteModule(module)


def release_module(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist releases a module."""
    if e.ended or e.program.ordering is not Ordering.RELEASED:
        return None
    module = draw(st.sampled_from(e.program.reading_order))
    e.released.add(module)
    return ReleaseModule(module)


def save_form(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient saves a form."""
    forms = e.fillable(plan.now)
    if not forms:
        return None
    form = draw(st.sampled_from(forms))
    e.saved[form.key] += 1
    return SaveForm(form.key, draw(_answers(form)))


@cache
def _answers(form: Form) -> st.SearchStrategy[dict[str, Answer]]:
    return answers(form)


def open_form(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist reads the answers to a form; after the end too."""
    return OpenForm(draw(st.sampled_from(e.program.forms)).key) if e.program.forms else None


def mark_read(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist marks a form as read, up to a filling-in or all."""
    if e.ended or not e.program.forms:
        return None
    form = draw(st.sampled_from(e.program.forms)).key
    return MarkRead(form, up_to=draw(st.none() | st.integers(0, e.saved[form])))


def mark_handled(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist settles a flag that nothing else settles."""
    waiting = [FlagKind.PROGRAM_DONE] if e.done and not e.handled else []
    waiting += [FlagKind.UNDELIVERED] if e.undelivered else []
    if e.ended or not waiting:
        return None
    flag = draw(st.sampled_from(waiting))
    e.handled, e.undelivered = e.handled or flag is FlagKind.PROGRAM_DONE, e.undelivered and len(waiting) > 1
    return MarkHandled(flag)


def patient_writes(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient writes, in a conversation or a new one."""
    if not e.active(plan.now):
        return None
    return PatientWrites(draw(_message(plan.policy)), _conversation(draw, e))


def therapist_writes(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist writes, in a conversation or a new one, and says how the patient is told."""
    if not e.readable(plan.now):
        return None
    place = _conversation(draw, e)
    notify = draw(st.sampled_from(Notify))
    talk = e.talks[place - 1]
    talk.written += 1
    if notify is Notify.DIRECT:
        e.waiting.append((talk, talk.written))
    return TherapistWrites(draw(_message(plan.policy)), place, notify=notify)


def _conversation(draw: st.DrawFn, e: Planned) -> int:
    """Choose a conversation; 0 begins a new one."""
    place = draw(_PLACES) % (len(e.talks) + 1)
    if not place:
        e.talks.append(Talk())
    return place


def patient_reads(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient reads a conversation."""
    if not e.readable(plan.now) or not e.talks:
        return None
    place = draw(_PLACES) % len(e.talks)
    e.talks[place].read = e.talks[place].written
    return PatientReads(place + 1)


def therapist_reads(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist reads a conversation; after the end too."""
    return TherapistReads(draw(_PLACES) % len(e.talks) + 1) if e.talks else None


def rename(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist or the patient gives a conversation another heading."""
    by_patient = draw(st.booleans())
    may = e.active(plan.now) if by_patient else e.readable(plan.now)
    if not may or not e.talks:
        return None
    heading, place = draw(_heading(plan.policy)), draw(_PLACES) % len(e.talks) + 1
    return PatientRenames(heading, place) if by_patient else TherapistRenames(heading, place)


@cache
def _message(policy: Policy) -> st.SearchStrategy[str]:
    return st.just("Hej!"[: policy.message_limit]) | texts(min(40, policy.message_limit))


@cache
def _heading(policy: Policy) -> st.SearchStrategy[str]:
    return st.just("Sömn"[: policy.heading_limit]) | texts(min(40, policy.heading_limit))


def review(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist reviews."""
    return None if e.ended else Review()


def hand_over(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The patient administrator gives the patient to another therapist."""
    if e.ended:
        return None
    e.therapist = COLLEAGUE if e.therapist == NURSE else NURSE
    return HandOver(e.therapist)


def maintain(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist maintains, or renews."""
    if e.ended:
        return None
    fewest, most = plan.policy.maintenance_days
    days = draw(st.sampled_from([fewest, most]) | st.integers(fewest, most))
    numbers = [module.number for module in e.program.modules]
    modules = draw(st.lists(st.sampled_from(numbers), min_size=1, unique=True))
    plan.maintain(e, days, frozenset(modules))
    return Maintain(days, tuple(modules))


def end(draw: st.DrawFn, plan: Plan, e: Planned) -> EnrolmentStep | None:
    """The therapist ends."""
    if e.ended:
        return None
    reason = draw(st.sampled_from(Terms(e.program, plan.policy).end_reasons)).key
    plan.end(e)
    return End(reason)


def receive_notifications(draw: st.DrawFn, plan: Plan) -> Step | None:
    """A therapist ticks or unticks."""
    by = draw(st.sampled_from(THERAPISTS))
    return ReceiveNotifications(email=draw(st.booleans()), sms=draw(st.booleans()), by=by)


def export(draw: st.DrawFn, plan: Plan) -> Step | None:
    """The data administrator exports."""
    plan.export()
    return Export()


def purge(draw: st.DrawFn, plan: Plan) -> Step | None:
    """The data administrator plans a purge, or goes on with the plan that there is."""
    paper = plan.paper
    if paper is None or paper.carried_out:
        plan.plan_purge()
        return PlanPurge()
    if paper.approved:
        plan.purge(paper)
        return Purge()
    paper.approved = True
    return ApprovePurge()


def wait_a_while(draw: st.DrawFn, plan: Plan) -> Step | None:
    """Time goes by."""
    step = draw(st.sampled_from(_WAITS))
    if plan.paper is None and any(e.exported for e in plan.enrolments):
        step = _TEN_YEARS
    plan.now += timedelta(weeks=step.weeks, days=step.days, hours=step.hours)
    return step


def wait_for_a_boundary(draw: st.DrawFn, plan: Plan) -> Step | None:
    """Time goes on to a boundary, or beside it."""
    zone = plan.policy.zone
    # Of a local time that comes twice the first is meant: an hour's distance keeps the clock from going back.
    since = plan.now + timedelta(hours=1)
    ends = tuple(e.until for e in plan.enrolments if not e.ended and e.until > since)
    moment = draw(instants(plan.policy, since=since, years=1, ends=ends))
    text = moment.at.astimezone(zone).replace(tzinfo=None).isoformat(" ", "auto").removesuffix(":00")
    plan.now = local(text, zone)
    return At(text)


def deliver(draw: st.DrawFn, plan: Plan) -> Step | None:
    """A worker makes a pass."""
    plan.deliver()
    return Deliver()


def restart(draw: st.DrawFn, plan: Plan) -> Step | None:
    """The process dies."""
    return Restart()


_DAILY: tuple[WishOf, ...] = (
    save_form,
    open_module,
    complete_module,
    release_module,
    open_form,
    mark_read,
    mark_handled,
    patient_writes,
    therapist_writes,
    patient_reads,
    therapist_reads,
    rename,
    review,
)
_RARE: tuple[WishOf, ...] = (
    hand_over,
    maintain,
    end,
)
_MORE: tuple[WishOf, ...] = (complete_module, complete_module, mark_handled, mark_handled)


def _or_start(expected: ExpectedNotification) -> ExpectedNotification:
    """Make a wish that is for a start while there is no enrolment: else much would be wished for in vain."""
    return lambda draw, plan: expected(draw, plan) if plan.enrolments else start(draw, plan)


WISHES: tuple[ExpectedNotification, ...] = (
    start,
    *(_or_start(of(expected)) for expected in (*_DAILY, *_DAILY, *_DAILY, *_MORE, *_RARE)),
    deliver,
    wait_a_while,
    wait_for_a_boundary,
    restart,
    receive_notifications,
    export,
    purge,
)
"""Everything that can be wished for; what is daily comes often."""
