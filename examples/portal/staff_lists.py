"""The lists of patients, "Mina" and the unit's, and "Starta nytt moment"."""

from collections.abc import Sequence

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import CasePage, Program, Role

from .people import THERAPISTS, Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, once, show
from .words import name


class StartForm(forms.Form):
    """The page "Starta nytt moment": whose, and which."""

    number = forms.CharField(
        label="Personnummer",
        max_length=20,
        help_text="Det går bra att skriva på formen ÅÅMMDDXXXX.",
        widget=forms.TextInput(attrs={"class": "short"}),
    )
    program = forms.ChoiceField(label="Moment")
    therapist = forms.ChoiceField(label="Behandlare")

    def __init__(self, data: object, programs: Sequence[Program], *, chooses_therapist: bool) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        titles = [(program.key, program.title) for program in programs]
        self.fields["program"] = forms.ChoiceField(label="Moment", choices=titles)
        names = [(therapist.actor.hsa_id, therapist.name) for therapist in THERAPISTS]
        self.fields["therapist"] = forms.ChoiceField(label="Behandlare", choices=names)
        if not chooses_therapist:
            del self.fields["therapist"]


@require_GET
@for_staff
def mine(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show "Mina", or the page that a colleague without own patients works with."""
    roles = colleague.actor.roles
    if Role.THERAPIST not in roles:
        return redirect("unit" if Role.PATIENT_ADMINISTRATOR in roles else "retention")
    desk = school().therapist(colleague.actor)
    return _list(request, "Mina", desk.caseload())


@require_GET
@for_staff
def unit(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show all the unit's patients."""
    desk = school().therapist(colleague.actor)
    return _list(request, "Enhetens patienter", desk.unit_caseload())


def _list(request: HttpRequest, title: str, page: CasePage) -> HttpResponse:
    return render(request, "caseload.html", {"page": page, "title": title})


@require_http_methods(["GET", "POST"])
@for_staff
def start(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Start a program: first the number and the program, then all twelve digits to confirm."""
    desk = school().therapist(colleague.actor)
    chooses = Role.THERAPIST not in colleague.actor.roles
    form = StartForm(request.POST or None, desk.programs(), chooses_therapist=chooses)
    confirmed = request.POST.get("confirmed") == "yes"

    def step() -> object:
        data = form.cleaned_data
        if not confirmed:
            return desk.identify(data["number"])
        return desk.start(data["number"], program=data["program"], therapist=data.get("therapist"), once=once(request))

    if not attempt(form, step):
        return show(request, "start.html", {"form": form})
    person = desk.identify(form.cleaned_data["number"])
    if confirmed:
        return done(request, f"Momentet är startat för {name(person)}.", "unit" if chooses else "mine")
    return show(request, "start_confirm.html", {"form": form, "person": person})
