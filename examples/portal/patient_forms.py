"""The patient's forms: to fill in, and to look back at."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import EnrolmentId, FormPage, PatientDesk, Reason, RuleViolation

from .answers_form import answers_form, answers_of
from .plots import plots
from .sign_in import for_patients
from .steps import attempt, done, once, show

_KEPT = "Det du har skrivit här är kvar på sidan, men inte sparat"
_NEWER = (
    f"Det finns ett nyare utkast än det som sidan visade. {_KEPT}: sparar du nu ersätter det här det nyare utkastet."
)
_GONE = f"Utkastet som sidan visade är skickat eller slängt. {_KEPT}: du kan spara det som ett nytt utkast."


@require_http_methods(["GET", "POST"])
@for_patients
def fill_in(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Fill in a form from a module, or keep it as a draft. A page that showed an older draft asks before it saves."""
    found = room.form_page(enrolment_id, form)
    asked, shown = found.form, _shown(request)
    sent = answers_form(asked, request.POST or None, {} if found.draft is None else found.draft.answers)
    keeps_draft = request.POST.get("do") == "draft"
    newer: FormPage | None = None

    def step() -> None:
        nonlocal newer
        answers = answers_of(asked, sent)
        if not keeps_draft:
            room.save_form(enrolment_id, form, answers, module=number, once=once(request))
        elif not _is_current(lambda: room.save_draft(enrolment_id, form, answers, replaces=shown, once=once(request))):
            newer = room.form_page(enrolment_id, form)
            sent.add_error(None, _GONE if newer.draft is None else _NEWER)

    if attempt(sent, step):
        said = "Utkastet är sparat. Bara du ser det." if keeps_draft else f"Formuläret {asked.title} är sparat."
        return done(request, said, "my-form" if keeps_draft else "my-answers", enrolment_id, number, form)
    context = {
        "form": sent,
        "asked": asked,
        "draft": (newer or found).draft,
        "is_old": newer is not None,
        # Refused for another reason, the page still shows what it showed; told of a newer draft, it may replace that.
        "tag": shown if request.method == "POST" and newer is None else (newer or found).tag,
        "overview": room.overview(enrolment_id),
        "module": number,
    }
    return show(request, "my_form.html", context)


@require_http_methods(["GET", "POST"])
@for_patients
def discard(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Throw away the draft that the page showed."""
    if request.method == "POST":
        shown, key = _shown(request), once(request)
        if not _is_current(lambda: room.discard_draft(enrolment_id, form, replaces=shown, once=key)):
            messages.warning(request, "Utkastet är ett annat än när sidan visades. Inget är slängt.")
    return redirect("my-form", enrolment_id, number, form)


def _shown(request: HttpRequest) -> str:
    """Return the tag of the draft that the page showed; the empty text is the tag of no draft at all."""
    return request.POST.get("replaces", "")


def _is_current(step: Callable[[], object]) -> bool:
    """Take a step, and return whether its page showed the draft that is stored: otherwise nothing was changed."""
    try:
        step()
    except RuleViolation as error:
        if error.reason is not Reason.VIEW_IS_OLD:
            raise
        return False
    return True


@require_GET
@for_patients
def answers(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Show the patient's own earlier answers."""
    found = room.form_answers(enrolment_id, form)
    overview = room.overview(enrolment_id)
    context = {"answers": found, "plots": plots(found), "overview": overview, "module": number}
    return render(request, "my_answers.html", context)
