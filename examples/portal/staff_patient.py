"""The patient's page "Hantera", and the steps from it: "Vidmakthåll", "Avsluta", "Dra tillbaka" and the small ones."""

from collections.abc import Callable, Mapping

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import (
    Count,
    EnrolmentId,
    FlagKind,
    NotFound,
    PatientPage,
    Reason,
    RuleViolation,
    TherapistDesk,
    UnitStaff,
    label,
)

from .people import Colleague, choices
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, expected, once, sent_number
from .tabs import show_tab


class MaintainForm(forms.Form):
    """The page "Vidmakthåll": how long, which modules and, when the patient would lose time by it, a confirmation."""

    days = forms.IntegerField(label="Antal dagar", widget=forms.NumberInput(attrs={"class": "short"}))
    modules = forms.TypedMultipleChoiceField(
        label="Moduler som ska vara tillgängliga", coerce=int, widget=forms.CheckboxSelectMultiple
    )
    shortens = forms.BooleanField(
        label="Jag bekräftar att patientens tillgång minskar", required=False, widget=forms.HiddenInput
    )

    def __init__(self, data: QueryDict | None, page: PatientPage) -> None:
        kept = [module.number for module in page.modules if module.maintained]
        super().__init__(data, initial={"modules": kept})  # a renewal begins with the modules of the present one
        if data and "on" in data.getlist("shortens"):
            self.ask_to_confirm()
        fewest, most = page.maintenance_days
        days = f"{fewest}, högst {label(Count.DAYS, number=most)}"
        self.fields["days"].help_text = f"Minst {days}. Dagarna räknas från i dag, och den sista är hel."
        titles = [(module.number, f"{module.number}. {module.title}") for module in page.modules]
        self.fields["modules"].choices = titles  # type: ignore[attr-defined]

    def ask_to_confirm(self) -> None:
        """Show the box with which the therapist confirms that the patient loses time."""
        self.fields["shortens"].widget = forms.CheckboxInput()


class EndForm(forms.Form):
    """The page "Avsluta": the reason."""

    reason = forms.ChoiceField(label="Avslutningsorsak")

    def __init__(self, data: QueryDict | None, page: PatientPage) -> None:
        super().__init__(data)
        reasons = [("", "Välj"), *((reason.key, reason.title) for reason in page.end_reasons)]
        if data and not page.end_reasons:  # it has ended meanwhile: the call says so, or gives the first result again
            reasons.append((data.get("reason", ""), ""))
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]


class WithdrawForm(forms.Form):
    """The page "Dra tillbaka": the reason."""

    reason = forms.ChoiceField(label="Orsak")

    def __init__(self, data: QueryDict | None, page: PatientPage) -> None:
        super().__init__(data)
        reasons = [("", "Välj"), *((reason.value, label(reason)) for reason in page.withdrawal_reasons)]
        self.fields["reason"].choices = reasons  # type: ignore[attr-defined]


class HandOverForm(forms.Form):
    """Another therapist for a patient."""

    therapist = forms.ChoiceField(label="Ny behandlare")

    def __init__(self, data: QueryDict | None, staff: UnitStaff) -> None:
        super().__init__(data)
        self.fields["therapist"].choices = choices(staff)  # type: ignore[attr-defined]


Small = Callable[[TherapistDesk, EnrolmentId, HttpRequest], object]


def _review(desk: TherapistDesk, enrolment_id: EnrolmentId, request: HttpRequest) -> object:
    return desk.review(enrolment_id, once=once(request))


def _mark_read(desk: TherapistDesk, enrolment_id: EnrolmentId, request: HttpRequest) -> object:
    up_to, form = sent_number(request, "up_to"), request.POST.get("form", "")
    return desk.mark_read(enrolment_id, form, up_to=up_to, once=once(request))


def _mark_handled(desk: TherapistDesk, enrolment_id: EnrolmentId, request: HttpRequest) -> object:
    flag = next((kind for kind in FlagKind if kind.value == request.POST.get("flag")), None)
    if flag is None:
        raise NotFound("flag")
    return desk.mark_handled(enrolment_id, flag, expected=expected(request), once=once(request))


def _release(desk: TherapistDesk, enrolment_id: EnrolmentId, request: HttpRequest) -> object:
    early = request.POST.get("out_of_order") == "yes"
    return desk.release_module(enrolment_id, sent_number(request, "module"), out_of_order=early, once=once(request))


def _reactivate(desk: TherapistDesk, enrolment_id: EnrolmentId, request: HttpRequest) -> object:
    shortens = request.POST.get("shortens") == "yes"
    return desk.reactivate(enrolment_id, shortens=shortens, expected=expected(request), once=once(request))


SMALL_STEPS: Mapping[str, tuple[Small, str]] = {
    "review": (_review, "Granskningen är noterad."),
    "mark-read": (_mark_read, "Formuläret är markerat som läst."),
    "mark-handled": (_mark_handled, "Händelsen är markerad som hanterad."),
    "release": (_release, "Modulen är aktiverad."),
    "reactivate": (_reactivate, "Momentet är aktivt igen."),
}
"""The steps of one click, by the name in their address: what each does, and what it says afterwards."""


@require_GET
@for_staff
def handle(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Show "Hantera"."""
    page = school().therapist(colleague.actor).patient_page(enrolment_id)
    actions = {action.value.replace("-", "_") for action in page.actions}
    return show_tab(request, "handle.html", page, "handle", page=page, may=actions)


@require_http_methods(["GET", "POST"])
@for_staff
def small_step(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId, step: str) -> HttpResponse:
    """Take a step of one click from "Hantera", and go back there."""
    if request.method == "GET":  # somebody came back to the address by hand
        return redirect("handle", enrolment_id)
    if step not in SMALL_STEPS:
        raise NotFound("step")
    take, sentence = SMALL_STEPS[step]
    take(school().therapist(colleague.actor), enrolment_id, request)
    return done(request, sentence, "handle", enrolment_id)


@require_http_methods(["GET", "POST"])
@for_staff
def maintain(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Maintain an enrolment."""
    desk = school().therapist(colleague.actor)
    page = desk.patient_page(enrolment_id)
    form = MaintainForm(request.POST or None, page)

    def step() -> object:
        try:
            return desk.maintain(enrolment_id, **form.cleaned_data, expected=expected(request), once=once(request))
        except RuleViolation as refusal:
            if refusal.reason in {Reason.SHORTENS_ACCESS, Reason.ACCESS_WOULD_END}:
                form.ask_to_confirm()
            raise

    if attempt(form, step):
        return done(request, "Momentet är i vidmakthåll.", "handle", enrolment_id)
    return show_tab(request, "maintain.html", page, "handle", page=page, form=form)


@require_http_methods(["GET", "POST"])
@for_staff
def end(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """End an enrolment."""
    desk = school().therapist(colleague.actor)
    page = desk.patient_page(enrolment_id)
    form = EndForm(request.POST or None, page)

    def step() -> object:
        reason = form.cleaned_data["reason"]
        return desk.end(enrolment_id, reason=reason, expected=expected(request), once=once(request))

    if attempt(form, step):
        return done(request, "Momentet är avslutat.", "handle", enrolment_id)
    return show_tab(request, "end.html", page, "handle", page=page, form=form)


@require_http_methods(["GET", "POST"])
@for_staff
def withdraw(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Withdraw a start that was entered in error."""
    desk = school().therapist(colleague.actor)
    page = desk.patient_page(enrolment_id)
    form = WithdrawForm(request.POST or None, page)

    def step() -> object:
        reason = form.cleaned_data["reason"]
        return desk.withdraw(enrolment_id, reason, expected=expected(request), once=once(request))

    if attempt(form, step):
        return done(request, "Starten är tillbakadragen.", "handle", enrolment_id)
    return show_tab(request, "withdraw.html", page, "handle", page=page, form=form)


@require_http_methods(["GET", "POST"])
@for_staff
def hand_over(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Hand a patient over to another therapist."""
    desk = school().therapist(colleague.actor)
    page = desk.patient_page(enrolment_id)
    form = HandOverForm(request.POST or None, desk.staff())

    def step() -> object:
        therapist = form.cleaned_data["therapist"]
        return desk.hand_over(enrolment_id, therapist, expected=expected(request), once=once(request))

    if attempt(form, step):
        return done(request, "Patienten har en ny behandlare.", "handle", enrolment_id)
    return show_tab(request, "hand_over.html", page, "handle", page=page, form=form)


@require_GET
@for_staff
def module(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId, number: int) -> HttpResponse:
    """Show a module's pages to staff, as the patient reads them."""
    desk = school().therapist(colleague.actor)
    page = desk.patient_page(enrolment_id)
    shown = desk.program(enrolment_id).module(number)
    if shown is None:
        raise NotFound("module")
    return show_tab(request, "staff_module.html", page, "handle", page=page, module=shown)
