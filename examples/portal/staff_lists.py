"""The lists of patients, "Mina" and the unit's, and "Starta nytt moment"."""

from collections.abc import Callable, Mapping, Sequence

from attrs import evolve
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import (
    CasePage,
    CaseSelection,
    CaseSort,
    CaseTotals,
    Phase,
    Program,
    Reason,
    Role,
    RuleViolation,
    TherapistDesk,
)

from .pages import PAGE, more
from .people import Colleague, choices
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

    def __init__(
        self, data: object, programs: Sequence[Program], therapists: list[tuple[str, str]], colleague: Colleague
    ) -> None:
        super().__init__(data, initial={"therapist": colleague.actor.hsa_id})  # type: ignore[arg-type]
        titles = [(program.key, program.title) for program in programs]
        self.fields["program"] = forms.ChoiceField(label="Moment", choices=titles)
        self.fields["therapist"] = forms.ChoiceField(label="Behandlare", choices=therapists)


SHOWN: dict[str, tuple[str, CaseSelection]] = {
    "": ("Alla", CaseSelection()),
    "flagged": ("Med flaggor", CaseSelection(flagged=True)),
    "review": ("Dags att granska", CaseSelection(review_due=True)),
    "silent": ("Tysta", CaseSelection(silent=True)),
    "ends-soon": ("Tillgången tar snart slut", CaseSelection(ends_soon=True)),
    "maintenance": ("I vidmakthåll", CaseSelection(phase=Phase.MAINTENANCE)),
    "ended": ("Avslutade", CaseSelection(ended=True)),
}
SORTED: dict[str, tuple[str, CaseSort]] = {
    "": ("Prioriterade först", CaseSort.PRIORITY),
    "oldest-flag": ("Äldsta flaggan först", CaseSort.OLDEST_FLAG),
    "last-seen": ("Längst sedan aktiv först", CaseSort.LAST_SEEN),
    "silence": ("Tysta längst först", CaseSort.SILENCE),
    "end": ("Tidigast slut först", CaseSort.END),
    "start": ("Tidigast start först", CaseSort.START),
}


def _titles(table: Mapping[str, tuple[str, object]]) -> list[tuple[str, str]]:
    return [(key, title) for key, (title, _) in table.items()]


class ListFilter(forms.Form):
    """Which patients a list shows, and in which order."""

    show = forms.ChoiceField(label="Visa", required=False, choices=_titles(SHOWN))
    sort = forms.ChoiceField(label="Ordna", required=False, choices=_titles(SORTED))

    @property
    def selection(self) -> CaseSelection:
        """The selection as the library takes it; everybody where an address was written by hand."""
        chosen = self.cleaned_data if self.is_valid() else {"show": "", "sort": ""}
        return evolve(SHOWN[chosen["show"]][1], sort=SORTED[chosen["sort"]][1])


@require_GET
@for_staff
def mine(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show "Mina", or the page that a colleague without own patients works with."""
    roles = colleague.actor.roles
    if Role.THERAPIST not in roles:
        pages = {Role.PATIENT_ADMINISTRATOR: "unit", Role.OPERATOR: "dead-letters"}
        return redirect(next((page for role, page in pages.items() if role in roles), "retention"))
    desk = school().therapist(colleague.actor)
    return _list(request, "Mina", desk.caseload, desk.counts())


@require_GET
@for_staff
def unit(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Show all the unit's patients."""
    desk = school().therapist(colleague.actor)
    return _list(request, "Enhetens patienter", desk.unit_caseload, desk.unit_counts())


def _list(request: HttpRequest, title: str, load: Callable[..., CasePage], totals: CaseTotals) -> HttpResponse:
    chosen = ListFilter(request.GET)
    page = load(request.GET.get("after"), show=chosen.selection, limit=PAGE)
    context = {"page": page, "title": title, "totals": totals, "filter": chosen, "more": more(request, page.next)}
    return render(request, "caseload.html", context)


def _therapists(desk: TherapistDesk, colleague: Colleague) -> list[tuple[str, str]]:
    """Return who can get the patient: while the staff directory does not answer, the therapist who starts alone."""
    try:
        return choices(desk.staff())
    except RuleViolation as refusal:
        if refusal.reason is not Reason.DIRECTORY_UNAVAILABLE or Role.THERAPIST not in colleague.actor.roles:
            raise
        return [(colleague.actor.hsa_id, colleague.name)]


@require_http_methods(["GET", "POST"])
@for_staff
def start(request: HttpRequest, colleague: Colleague) -> HttpResponse:
    """Start a program: first the number and the program, then all twelve digits to confirm."""
    desk = school().therapist(colleague.actor)
    chooses = Role.THERAPIST not in colleague.actor.roles
    form = StartForm(request.POST or None, desk.programs(), _therapists(desk, colleague), colleague)
    confirmed = request.POST.get("confirmed") == "yes"

    def step() -> object:
        data = form.cleaned_data
        if not confirmed:
            return desk.identify(data["number"])
        return desk.start(data["number"], program=data["program"], therapist=data["therapist"], once=once(request))

    if not attempt(form, step):
        return show(request, "start.html", {"form": form})
    person = desk.identify(form.cleaned_data["number"])
    if confirmed:
        return done(request, f"Momentet är startat för {name(person)}.", "unit" if chooses else "mine")
    return show(request, "start_confirm.html", {"form": form, "person": person})
