"""The patient's programs, modules and pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from digital_painschool import EnrolmentId, PatientDesk

from .sign_in import for_patients
from .steps import done, once


@require_GET
@for_patients
def programs(request: HttpRequest, room: PatientDesk) -> HttpResponse:
    """List the patient's programs; the only one is shown at once."""
    found = room.enrolments()
    if len(found) == 1:
        return redirect("my-program", found[0].enrolment_id)
    return render(request, "my_programs.html", {"programs": found})


@require_GET
@for_patients
def program(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId) -> HttpResponse:
    """Show a program with its modules."""
    return render(request, "my_program.html", {"overview": room.overview(enrolment_id)})


@require_GET
@for_patients
def page(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int, page: int) -> HttpResponse:
    """Show a page of a module. Its first reading is recorded; reading it again changes nothing."""
    shown = room.read_page(enrolment_id, number, page)
    overview = room.overview(enrolment_id)
    module = next(one for one in overview.modules if one.number == number)
    context = {
        "overview": overview,
        "module": module,
        "page": shown,
        "number": page,
        "forms": [one for one in overview.forms if one.form in shown.forms] if overview.access.fill_in_forms else [],
        "before": page - 1,
        "after": page + 1 if page < module.pages else None,
    }
    return render(request, "my_page.html", context)


@require_POST
@for_patients
def complete(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int) -> HttpResponse:
    """Complete a module."""
    completed = room.complete_module(enrolment_id, number, once=once(request))
    sentence = "Du är klar med momentet. Bra jobbat!" if completed.done else f"Modul {number} är klar."
    return done(request, sentence, "my-program", enrolment_id)
