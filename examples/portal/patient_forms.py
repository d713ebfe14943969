"""The patient's forms: to fill in, and to look back at."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import EnrolmentId, PatientDesk

from .answers_form import answers_form, answers_of
from .plots import plots
from .sign_in import for_patients
from .steps import attempt, done, once, show


@require_http_methods(["GET", "POST"])
@for_patients
def fill_in(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Fill in a form from a module, or keep it as a draft."""
    found = room.form_page(enrolment_id, form)
    asked, draft = found.form, found.draft
    sent = answers_form(asked, request.POST or None, {} if draft is None else draft.answers)
    keeps_draft = request.POST.get("do") == "draft"

    def step() -> None:
        answers = answers_of(asked, sent)
        if keeps_draft:
            room.save_draft(enrolment_id, form, answers)
        else:
            room.save_form(enrolment_id, form, answers, module=number, once=once(request))

    if attempt(sent, step):
        said = "Utkastet är sparat. Bara du ser det." if keeps_draft else f"Formuläret {asked.title} är sparat."
        return done(request, said, "my-form" if keeps_draft else "my-answers", enrolment_id, number, form)
    context = {"form": sent, "asked": asked, "draft": draft, "overview": room.overview(enrolment_id), "module": number}
    return show(request, "my_form.html", context)


@require_http_methods(["GET", "POST"])
@for_patients
def discard(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Throw a draft away."""
    if request.method == "POST":
        room.discard_draft(enrolment_id, form)
    return redirect("my-form", enrolment_id, number, form)


@require_GET
@for_patients
def answers(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, form: str) -> HttpResponse:
    """Show the patient's own earlier answers."""
    found = room.form_answers(enrolment_id, form)
    overview = room.overview(enrolment_id)
    context = {"answers": found, "plots": plots(found), "overview": overview, "module": number}
    return render(request, "my_answers.html", context)
