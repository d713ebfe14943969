"""The data administrator's pages: export and "gallring" step by step, and the access log."""

from datetime import UTC, datetime

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from digital_painschool import AccessEntry, Language, ListPage, PlanId

from .pages import PAGE, more
from .people import Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, once, show

SPREADSHEET = Language.SWEDISH
"""The CSV files are for people with a spreadsheet in this language."""


class DecisionForm(forms.Form):
    """The decision that a purge rests on."""

    decision = forms.CharField(
        label="Gallringsbeslut", help_text="Beslutets beteckning, utan namn och personnummer.", max_length=200
    )


class ConfirmForm(forms.Form):
    """A last word before a purge."""

    sure = forms.BooleanField(label="Jag vet att det gallrade inte kan återskapas")


class LogFilter(forms.Form):
    """Whose entries of the access log are shown."""

    number = forms.CharField(label="Personnummer", required=False, max_length=20)
    after = forms.CharField(required=False, widget=forms.HiddenInput)


@require_GET
@for_staff
def retention(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show the plans, with what became of each, the latest exports, and the first two steps of a new purge.

    When a purge was last approved stands before them: the unit purges by a routine, for example yearly (M-20).
    """
    desk = school().administrator(colleague.actor)
    pages = desk.pages
    page = pages.plans(request.GET.get("after"), limit=PAGE)
    decisions = (plan.decision for plan in page.rows if plan.decision is not None)
    context = {
        "page": page,
        "older": more(request, page.next),
        "exports": pages.exports(limit=PAGE).rows,
        "overdue": desk.overdue(),
        "is_first": "after" not in request.GET,
        "last": max(decisions, key=lambda decision: decision.at, default=None),
    }
    return render(request, "retention.html", context)


@require_POST
@for_staff
def export(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Export the ended enrolments into a new folder beside the database."""
    folder = settings.PORTAL_FOLDER / "export" / f"{localtime(datetime.now(UTC)):%Y-%m-%d-%H%M%S-%f}"
    receipt = school().administrator(colleague.actor).export(folder, language=SPREADSHEET)
    return render(request, "export.html", {"receipt": receipt, "folder": folder})


@require_POST
@for_staff
def download(request: HttpRequest, colleague: Colleague) -> HttpResponseBase:
    """Send the ended enrolments as a file, while they are read."""
    export = school().administrator(colleague.actor).download(language=SPREADSHEET)
    named = {"Content-Disposition": f'attachment; filename="{export.file_name}"'}
    return StreamingHttpResponse(export, content_type=export.media_type, headers=named)


@require_POST
@for_staff
def make_plan(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Make a plan, and show it."""
    plan = school().administrator(colleague.actor).plan_purge(once=once(request))
    return redirect("plan", plan.id)


@require_http_methods(["GET", "POST"])
@for_staff
def plan(request: HttpRequest, colleague: Colleague, plan_id: PlanId) -> HttpResponse:
    """Show a plan, and approve it."""
    desk = school().administrator(colleague.actor)
    form = DecisionForm(request.POST or None)
    if attempt(form, lambda: desk.approve(plan_id, decision=form.cleaned_data["decision"], once=once(request))):
        return done(request, "Gallringen är godkänd.", "plan", plan_id)
    return show(request, "plan.html", {"plan": desk.plan(plan_id), "form": form, "confirm": ConfirmForm()})


@require_http_methods(["GET", "POST"])
@for_staff
def purge(request: HttpRequest, colleague: Colleague, plan_id: PlanId) -> HttpResponse:
    """Carry out an approved plan, and show its receipt."""
    desk = school().administrator(colleague.actor)
    form = ConfirmForm(request.POST or None)
    if attempt(form, lambda: desk.purge(plan_id, once=once(request))):
        return done(request, "Gallringen är gjord. Kvittot står nedan.", "retention")
    return show(request, "plan.html", {"plan": desk.plan(plan_id), "form": DecisionForm(), "confirm": form})


@require_http_methods(["GET", "POST"])
@for_staff
def access_log(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show the access log, newest first. A number is sent in a form: no address holds one."""
    desk = school().administrator(colleague.actor)
    form = LogFilter(request.POST or None)
    pages: list[ListPage[tuple[int, AccessEntry]]] = []

    def step() -> None:
        person, after = form.cleaned_data["number"] or None, form.cleaned_data["after"] or None
        pages.append(desk.pages.access_log(after, person=person, limit=PAGE))

    if not attempt(form, step) and not form.is_bound:
        pages.append(desk.pages.access_log(limit=PAGE))
    rows = [entry for page in pages for _, entry in page.rows]
    older = None
    if pages and pages[0].next:
        older = LogFilter(initial={"number": form.data.get("number", ""), "after": pages[0].next})
    return show(request, "access_log.html", {"rows": rows, "filter": form, "older": older})
