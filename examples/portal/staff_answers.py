"""The answers to a form, and "Tidslinje"."""

from collections.abc import Iterable

from django import forms
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from digital_painschool import (
    AccessEnded,
    Ended,
    EnrolmentId,
    Event,
    FormProgress,
    FormRead,
    FormSaved,
    HandedOver,
    Maintained,
    MessageSent,
    MessagesRead,
    ModuleCompleted,
    ModuleOpened,
    PageRead,
    ProgramDone,
    Reactivated,
    Started,
)

from .pages import PAGE, more
from .people import Colleague
from .plots import plots
from .school import school
from .sign_in import for_staff
from .tabs import show_tab

KINDS: dict[str, tuple[str, tuple[type[Event], ...]]] = {
    "forms": ("Formulär", (FormSaved, FormRead)),
    "messages": ("Meddelanden", (MessageSent, MessagesRead)),
    "modules": ("Moduler", (ModuleOpened, PageRead, ModuleCompleted, ProgramDone)),
    "life": ("Start, vidmakthåll och slut", (Started, HandedOver, Maintained, Reactivated, AccessEnded, Ended)),
}
"""The filters of the timeline: what each is called, and the events that it shows."""


class TimelineFilter(forms.Form):
    """What the timeline shows: everything, a kind of events, or one form."""

    show = forms.ChoiceField(label="Visa", required=False)

    def __init__(self, data: object, program: Iterable[FormProgress]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        kinds = [("", "Allt"), *((kind, title) for kind, (title, _) in KINDS.items())]
        titles = [(f"form:{form.form}", f"Formulär: {form.title}") for form in program]
        self.fields["show"].choices = kinds + titles  # type: ignore[attr-defined]


@require_GET
@for_staff
def answers(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId, form: str) -> HttpResponse:
    """Show a form's answers, which makes it read."""
    desk = school().therapist(colleague.actor)
    found = desk.form_answers(enrolment_id, form)
    desk.mark_read(enrolment_id, form, up_to=len(found.submissions), opened=True)
    return show_tab(request, "answers.html", found, "handle", answers=found, plots=plots(found))


@require_GET
@for_staff
def timeline(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Show "Tidslinje", all of it or a part, and the notifications with their status."""
    desk = school().therapist(colleague.actor)
    shown = request.GET.get("show", "")
    _, kinds = KINDS.get(shown, ("", None))
    form = shown.removeprefix("form:") if shown.startswith("form:") else None
    found = desk.pages.timeline(enrolment_id, request.GET.get("after"), kinds=kinds, form=form, limit=PAGE)
    context = {
        "filter": TimelineFilter(request.GET, found.forms),
        "lines": found.lines,
        "more": more(request, found.next),
        "notifications": desk.pages.notifications(enrolment_id, limit=PAGE).rows,
    }
    return show_tab(request, "timeline.html", found, "timeline", **context)
