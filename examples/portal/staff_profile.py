"""The page "Min profil"."""

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_http_methods

from digital_painschool import Channel, FlagKind, OwnProfile, label

from .people import Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, once, show


class ProfileForm(forms.Form):
    """The boxes "Ta emot notifieringar": how, and of what."""

    email = forms.BooleanField(label="Ta emot notifieringar via e-post", required=False)
    sms = forms.BooleanField(label="Ta emot notifieringar via SMS", required=False)
    summary = forms.BooleanField(label="En sammanfattning om dagen, på förmiddagen", required=False)
    flags = forms.TypedMultipleChoiceField(
        label="Notifiera om", coerce=FlagKind, widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, data: QueryDict | None, profile: OwnProfile) -> None:
        chosen = profile.chosen.email | profile.chosen.sms
        before = {
            "email": bool(profile.chosen.email),
            "sms": bool(profile.chosen.sms),
            "summary": profile.chosen.summary,
            "flags": [flag.value for flag in chosen or {FlagKind.PROGRAM_DONE}],  # what the manual speaks of
        }
        super().__init__(data, initial=before)
        on_offer = [(flag.value, label(flag)) for flag in FlagKind if flag in profile.on_offer]
        self.fields["flags"].choices = on_offer  # type: ignore[attr-defined]
        if Channel.SMS not in profile.channels:
            del self.fields["sms"]


@require_http_methods(["GET", "POST"])
@for_staff
def profile(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show "Min profil", and change it."""
    desk = school().therapist(colleague.actor)
    shown = desk.profile()
    form = ProfileForm(request.POST or None, shown)

    def step() -> object:
        chosen = form.cleaned_data
        return desk.receive_notifications(
            email=chosen["email"],
            sms=chosen.get("sms", False),
            flags=chosen["flags"],
            summary=chosen["summary"],
            once=once(request),
        )

    if attempt(form, step):
        return done(request, "Din profil är sparad.", "profile")
    return show(request, "profile.html", {"profile": shown, "form": form})
