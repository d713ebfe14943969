"""The operator's page "Inte framme": what could not be delivered, without persons, to be sent again or dropped."""

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import DeadLetter, EnrolmentId, NotificationId, ResolutionReason, label

from .pages import PAGE, more
from .people import Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, once, show

SEND_AGAIN = (ResolutionReason.CHANNEL_REPAIRED, ResolutionReason.RECIPIENT_REACHABLE)
"""The reasons to send a notification again; the others are reasons to drop it."""


class ResolveForm(forms.Form):
    """What becomes of a notification that could not be delivered, and why."""

    reason = forms.ChoiceField(label="Vad som ska hända")
    notification = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None, letter: DeadLetter | None = None) -> None:
        number = None if letter is None else letter.notification_id
        super().__init__(data, auto_id=f"id_{number}_%s", initial={"notification": number})
        self.letter = letter
        self.fields["reason"].choices = [  # type: ignore[attr-defined]
            ("", "Välj"),
            *(
                (title, [(one.value, label(one)) for one in ResolutionReason if (one in SEND_AGAIN) is again])
                for title, again in (("Skicka igen", True), ("Skicka inte", False))
            ),
        ]


@require_GET
@for_staff
def dead_letters(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show the unit's notifications that could not be delivered, newest first."""
    page = school().operator(colleague.actor).dead_letters(request.GET.get("after"), limit=PAGE)
    forms_ = [ResolveForm(letter=letter) for letter in page.rows]
    return show(request, "dead_letters.html", {"found": forms_, "zone": page.zone, "more": more(request, page.next)})


@require_http_methods(["GET", "POST"])
@for_staff
def resolve(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Send one of them again, or drop it."""
    if request.method == "GET":  # somebody came back to the address by hand
        return redirect("dead-letters")
    desk = school().operator(colleague.actor)
    form = ResolveForm(request.POST)

    def step() -> None:
        reason = ResolutionReason(form.cleaned_data["reason"])
        take = desk.send_again if reason in SEND_AGAIN else desk.drop
        take(enrolment_id, NotificationId(form.cleaned_data["notification"]), reason=reason, once=once(request))

    if not attempt(form, step):
        return show(request, "dead_letters.html", {"refused": form, "found": ()})
    return done(request, f"Noterat: {label(ResolutionReason(form.cleaned_data['reason']))}.", "dead-letters")
