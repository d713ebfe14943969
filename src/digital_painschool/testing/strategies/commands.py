"""The commands of a history that the model accepts."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cache
from types import MappingProxyType

from attrs import evolve
from hypothesis import strategies as st

from digital_painschool.domain.form import Form
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import FlagKind, Terms
from digital_painschool.domain.validation import Answer
from digital_painschool.testing import history as h
from digital_painschool.testing import people
from digital_painschool.testing.environment import local
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.steps import refusal
from digital_painschool.testing.strategies.answers import answers
from digital_painschool.testing.strategies.boundary_instants import instants
from digital_painschool.testing.strategies.planned import PlannedSchool
from digital_painschool.testing.strategies.texts import texts, titles

Command = Callable[[st.DrawFn, PlannedSchool], h.Step | None]
"""Draws a step and executes it in the planned school; None when there is no such step now."""

PATIENTS = (people.ANNA, people.BO, people.RESERVE_NUMBER)
MARKED = (FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER)
"""The flags that marking settles."""
THERAPISTS = (people.NURSE, people.COLLEAGUE)
_PLACES = st.integers(0, 5)
"""Chooses by place: it stays the same choice when something is left out before it, so that histories shrink well."""
_WAITS = (h.Advance(hours=1), h.Advance(hours=9), h.Advance(days=1), h.Advance(weeks=1), h.Advance(weeks=3))
_TEN_YEARS = h.Advance(days=3660)


def _existing(e: ReferenceEnrolment) -> range:
    """Return the numbers of the conversations, and one more that does not exist."""
    return range(1, len(e.conversations) + 2)


def _keys(e: ReferenceEnrolment) -> list[str]:
    return [*(form.key for form in e.program.forms), "no-such-form"]


def _maintenances(e: ReferenceEnrolment) -> Iterable[h.EnrolmentStep]:
    fewest, most = e.policy.maintenance_days
    for shortens in (False, True):
        limits = (fewest, most, fewest - 1, most + 1)
        yield from (h.Maintain(days, e.modules[:1], shortens=shortens) for days in limits)
    yield from (h.Maintain(fewest, modules) for modules in ((), (99,)))


def _pages(e: ReferenceEnrolment) -> Iterable[h.EnrolmentStep]:
    for module, pages in e.pages.items():
        yield from (h.ReadPage(module, page) for page in e.unread_pages(module) or range(1, pages + 1))
        yield h.ReadPage(module, pages + 1)
    yield h.ReadPage(99)


STEPS: Mapping[type[h.EnrolmentStep], Callable[[ReferenceEnrolment], Iterable[h.EnrolmentStep]]] = MappingProxyType(
    {
        h.OpenModule: lambda e: map(h.OpenModule, (*({*e.modules} - e.opened or e.modules), 99)),
        h.ReadPage: _pages,
        h.CompleteModule: lambda e: map(h.CompleteModule, {*e.modules} - e.completed or e.modules),
        h.ReleaseModule: lambda e: (
            h.ReleaseModule(module, out_of_order=early) for module in (*e.modules, 99) for early in (None, True)
        ),
        h.SaveForm: lambda e: (h.SaveForm(form, {}) for form in _keys(e)),
        h.SaveDraft: lambda e: (h.SaveDraft(form, {}) for form in _keys(e)),
        h.ReadDraft: lambda e: map(h.ReadDraft, _keys(e)),
        h.DiscardDraft: lambda e: map(h.DiscardDraft, _keys(e)),
        h.OpenForm: lambda e: map(h.OpenForm, _keys(e)),
        h.MarkRead: lambda e: (
            h.MarkRead(form, up_to=number)
            for form in _keys(e)[:-1]
            for number in (None, *range(e.submissions(form).sent + 2))
        ),
        h.MarkHandled: lambda _: map(h.MarkHandled, (*MARKED, FlagKind.FORM_SAVED)),
        h.PatientWrites: lambda e: (h.PatientWrites(conversation=one) for one in (0, *_existing(e))),
        h.TherapistWrites: lambda e: (
            h.TherapistWrites(conversation=one, notify=notify) for one in (0, *_existing(e)) for notify in Notify
        ),
        h.PatientReads: lambda e: map(h.PatientReads, _existing(e)),
        h.TherapistReads: lambda e: map(h.TherapistReads, _existing(e)),
        h.PatientRenames: lambda e: (h.PatientRenames("Sömn", one) for one in _existing(e)),
        h.TherapistRenames: lambda e: (h.TherapistRenames("Sömn", one) for one in _existing(e)),
        h.Review: lambda _: (h.Review(),),
        h.HandOver: lambda _: map(h.HandOver, THERAPISTS),
        h.Maintain: _maintenances,
        h.Reactivate: lambda _: (h.Reactivate(), h.Reactivate(shortens=True)),
        h.End: lambda e: map(
            h.End, (*(reason.key for reason in Terms(e.program, e.policy).end_reasons), "no-such-reason")
        ),
        h.Withdraw: lambda e: map(h.Withdraw, (*(one.value for one in e.policy.withdrawal_reasons), "no-such-reason")),
    }
)
"""The steps of each kind that may be tried in an enrolment; the model says which of them are accepted."""


def chosen(draw: st.DrawFn, school: PlannedSchool) -> ReferenceEnrolment | None:
    """Return one of the enrolments, or None while there is none."""
    place, stored = draw(_PLACES), school.model.stored()
    return stored[place % len(stored)] if stored else None


def split(
    school: PlannedSchool, e: ReferenceEnrolment, steps: Iterable[h.EnrolmentStep], *, accepted: bool
) -> list[h.EnrolmentStep]:
    """Return those of the steps that are accepted, or those that are refused."""
    addressed = [school.model.addressed(e, step) for step in steps]
    return [step for step in addressed if (refusal(e, step, school.now) is None) is accepted]


def accepted(kind: type[h.EnrolmentStep]) -> Command:
    """Return the command of a kind of step; it starts a program while there is no enrolment."""

    def command(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
        e = chosen(draw, school)
        if e is None:
            return start(draw, school)
        steps = split(school, e, STEPS[kind](e), accepted=True)
        if not steps:
            return None
        step = _with_contents(draw, e, draw(st.sampled_from(steps)))
        school.execute(e, step)
        return step

    return command


def _with_contents(draw: st.DrawFn, e: ReferenceEnrolment, step: h.EnrolmentStep) -> h.EnrolmentStep:
    """Return a step with the answers, the text or the figures that the model does not look at."""
    if isinstance(step, h.SaveForm | h.SaveDraft):
        form = e.program.form(step.form)
        assert form is not None
        return evolve(step, answers=draw(_answers(form)))
    if isinstance(step, h.PatientWrites | h.TherapistWrites):
        return evolve(step, text=draw(_texts("Hej!", e.policy.message_limit)))
    if isinstance(step, h.PatientRenames | h.TherapistRenames):
        return evolve(step, heading=draw(_headings("Sömn", e.policy.heading_limit)))
    if isinstance(step, h.Maintain):
        fewest, most = e.policy.maintenance_days
        days = draw(st.just(step.days) | st.integers(fewest if step.shortens else step.days, most))
        modules = draw(st.lists(st.sampled_from(e.modules), min_size=1, unique=True))
        return evolve(step, days=days, modules=tuple(modules))
    return step


@cache
def _answers(form: Form) -> st.SearchStrategy[dict[str, Answer]]:
    return answers(form)


@cache
def _texts(simple: str, longest: int) -> st.SearchStrategy[str]:
    lines = st.just("x" * (longest - 1) + ("\r\n" if longest > 1 else "x"))  # just short enough, as it is kept
    return st.just(simple[:longest]) | texts(min(40, longest)) | lines


@cache
def _headings(simple: str, longest: int) -> st.SearchStrategy[str]:
    short = min(40, longest)
    return titles(simple[:longest], "x" * longest, longest=short)


def start(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
    """Start a program."""
    who, program = draw(st.sampled_from(PATIENTS)), draw(st.sampled_from(school.programs))
    therapist = draw(st.sampled_from(THERAPISTS))
    if school.model.open_enrolment(who, people.UNIT, program.key) is not None:
        return None
    school.start(who, program, therapist)
    return h.Start(who, program.key, by=therapist)


def receive_notifications(draw: st.DrawFn, _: PlannedSchool) -> h.Step:
    """Tick or untick "Ta emot notifieringar"."""
    by = draw(st.sampled_from(THERAPISTS))
    return h.ReceiveNotifications(email=draw(st.booleans()), sms=draw(st.booleans()), by=by)


def export(_: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Export the records."""
    school.export()
    return h.Export()


def purge(_: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Plan a purge, or continue with the plan that there is."""
    plan = school.plan
    if plan is None or plan in school.finished:
        school.plan_purge()
        return h.PlanPurge()
    if plan.is_approved:
        school.purge(plan)
        return h.Purge()
    plan.is_approved = True
    return h.ApprovePurge()


def wait_a_while(draw: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Wait for hours, days or weeks, and for ten years when something is exported."""
    step = draw(st.sampled_from(_WAITS))
    if school.plan is None and any(e.exported for e in school.model.stored()):
        step = _TEN_YEARS
    school.now += timedelta(weeks=step.weeks, days=step.days, hours=step.hours)
    return step


def wait_for_a_boundary(draw: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Wait for a boundary, or for an instant beside it."""
    zone = school.policy.zone
    # Of a local time that comes twice the first is meant: an hour's distance keeps the clock from going back.
    since = school.now + timedelta(hours=1)
    ends = tuple(e.access_until for e in school.model.stored() if e.is_open and e.access_until > since)
    moment = draw(instants(school.policy, since=since, years=1, ends=ends))
    text = moment.at.astimezone(zone).replace(tzinfo=None).isoformat(" ", "auto").removesuffix(":00")
    school.now = local(text, zone)
    return h.At(text)


def deliver(_: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Run a delivery pass."""
    school.deliver()
    return h.Deliver()


_RARE: tuple[type[h.EnrolmentStep], ...] = (
    *(h.SaveDraft, h.ReadDraft, h.DiscardDraft),
    *(h.HandOver, h.Maintain, h.Reactivate, h.End, h.Withdraw),
)
_DAILY = tuple(kind for kind in STEPS if kind not in _RARE)
_MORE: tuple[type[h.EnrolmentStep], ...] = (h.ReadPage, h.CompleteModule, h.CompleteModule, h.MarkHandled) * 2
ACCEPTED: tuple[Command, ...] = (
    start,
    *(accepted(kind) for kind in (*_DAILY, *_DAILY, *_DAILY, *_MORE, *_RARE)),
    deliver,
    wait_a_while,
    wait_for_a_boundary,
    lambda *_: h.Restart(),
    receive_notifications,
    export,
    purge,
    purge,
)
"""The commands that are accepted; the daily ones come often."""
