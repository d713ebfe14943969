"""The doors: the first page, the two sign-in pages, and the style sheet."""

from pathlib import Path

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from .people import PATIENTS, STAFF
from .school import school
from .sign_in import PATIENT_SIDE, STAFF_SIDE, forget, remember
from .steps import attempt, show

_STYLES = Path(__file__).parent / "templates" / "portal.css"


class StaffSignIn(forms.Form):
    """Who of the staff somebody is."""

    who = forms.ChoiceField(label="Vem är du?", widget=forms.RadioSelect)

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["who"] = forms.ChoiceField(
            label="Vem är du?",
            widget=forms.RadioSelect,
            choices=[(hsa_id, colleague.name) for hsa_id, colleague in STAFF.items()],
        )


class PatientSignIn(forms.Form):
    """Which patient somebody is."""

    number = forms.CharField(label="Personnummer", max_length=20, widget=forms.TextInput(attrs={"class": "short"}))


@require_GET
def first_page(request: HttpRequest) -> HttpResponse:
    """Show the two doors."""
    return render(request, "first_page.html")


@require_http_methods(["GET", "POST"])
def staff_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign a member of staff in."""
    form = StaffSignIn(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return remember(request, redirect("mine"), STAFF_SIDE, form.cleaned_data["who"])
    return show(request, "sign_in.html", {"form": form, "title": "Logga in – personal"})


@require_http_methods(["GET", "POST"])
def patient_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign a patient in."""
    form = PatientSignIn(request.POST or None)
    if attempt(form, lambda: school().patient(form.cleaned_data["number"])):
        return remember(request, redirect("my-programs"), PATIENT_SIDE, form.cleaned_data["number"])
    context = {"form": form, "title": "Logga in – patient", "patients": PATIENTS}
    return show(request, "sign_in.html", context)


@require_POST
def staff_sign_out(request: HttpRequest) -> HttpResponse:
    """Sign a member of staff out."""
    return forget(request, STAFF_SIDE)


@require_POST
def patient_sign_out(request: HttpRequest) -> HttpResponse:
    """Sign a patient out."""
    return forget(request, PATIENT_SIDE)


@require_GET
def styles(_request: HttpRequest) -> FileResponse:
    """Return the style sheet."""
    headers = {"Cache-Control": "max-age=3600"}
    return FileResponse(_STYLES.open("rb"), content_type="text/css; charset=utf-8", headers=headers)
