"""The page "Dra tillbaka en start": a start by mistake is found by its number, whoever has the patient now."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods, require_POST

from digital_painschool import EnrolmentId, WithdrawableStart, label

from .people import Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, once, show


class FindForm(forms.Form):
    """Whose start it was."""

    number = forms.CharField(label="Personnummer", max_length=20, widget=forms.TextInput(attrs={"class": "short"}))


class ReasonForm(forms.Form):
    """Why a start is withdrawn."""

    reason = forms.ChoiceField(label="Orsak")

    def __init__(self, start: WithdrawableStart) -> None:
        super().__init__(auto_id=f"id_{start.enrolment_id}_%s")
        self.start = start
        self.fields["reason"].choices = [(one.value, label(one)) for one in start.reasons]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
@for_staff
def find(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show the starts of a person that the colleague may withdraw. The number is sent in a form, and in no address."""
    form = FindForm(request.POST or None)
    found: list[WithdrawableStart] = []

    def step() -> None:
        found.extend(school().therapist(colleague.actor).find_withdrawable(form.cleaned_data["number"]))

    looked = attempt(form, step)
    context = {"form": form, "looked": looked, "found": [ReasonForm(start) for start in found]}
    return show(request, "find_withdrawable.html", context)


@require_POST
@for_staff
def withdraw(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Withdraw one of them."""
    desk = school().therapist(colleague.actor)
    desk.withdraw(enrolment_id, request.POST.get("reason", ""), once=once(request))
    return done(request, "Starten är tillbakadragen.", "find-withdrawable")
