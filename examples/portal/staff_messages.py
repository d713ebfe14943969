"""The tab "Meddelande"."""

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import EnrolmentId, InputLimits, Notify, label

from .long_text import LongText
from .pages import PAGE, more
from .people import Colleague
from .school import school
from .sign_in import for_staff
from .steps import attempt, done, expected, once
from .tabs import show_tab


class MessageForm(forms.Form):
    """A message to the patient, and how the patient is told of it."""

    notify = forms.BooleanField(label="Avisera till inkorgen i e-tjänsterna", required=False)
    when = forms.ChoiceField(
        label="När aviseringen skickas",
        choices=[(one.value, label(one)) for one in (Notify.DIRECT, Notify.COLLECTED)],
        required=False,
        widget=forms.RadioSelect,
        help_text="Uppsamlade aviseringar skickas en gång per dag, under förmiddagen.",
    )
    silently = forms.BooleanField(label="Skicka utan avisering", required=False, widget=forms.HiddenInput)

    field_order = ("heading", "text", "notify", "when", "silently")

    def __init__(self, data: QueryDict | None, limits: InputLimits) -> None:
        super().__init__(data)
        self.fields["text"] = LongText("Meddelande", limits.message_limit)
        self.order_fields(self.field_order)
        if data and "on" in data.getlist("silently"):
            self.ask_to_confirm()

    def ask_to_confirm(self) -> None:
        """Show the box with which the therapist confirms that no notification is to go."""
        self.fields["silently"].widget = forms.CheckboxInput()

    def clean(self) -> dict[str, object]:
        """Ask when the two choices of a notification do not go together: none is lost without a word."""
        sent = super().clean() or self.cleaned_data
        if sent["notify"] and not sent.get("when"):
            self.add_error("when", "Välj Direkt eller Uppsamlat.")
        elif sent.get("when") and not sent["notify"] and not sent["silently"]:
            self.ask_to_confirm()
            self.add_error(
                "notify", "Utan bock skickas ingen avisering. Bocka för den, eller bekräfta att ingen skickas."
            )
        return sent

    @property
    def chosen(self) -> Notify:
        """How the patient is notified."""
        return Notify(self.cleaned_data["when"]) if self.cleaned_data["notify"] else Notify.NONE

    @property
    def sentence(self) -> str:
        """What is said when the message is sent."""
        return _SENT[self.chosen]


_SENT = {
    Notify.NONE: "Meddelandet är skickat. Ingen avisering skickas: patienten ser det vid nästa inloggning.",
    Notify.DIRECT: "Meddelandet är skickat. Patienten aviseras direkt.",
    Notify.COLLECTED: "Meddelandet är skickat. Patienten aviseras med nästa uppsamlade avisering.",
}


class HeadingForm(forms.Form):
    """The heading of a conversation."""

    heading = forms.CharField(label="Trådrubrik")


class ConversationForm(MessageForm):
    """A new conversation: its heading and its first message."""

    heading = forms.CharField(label="Trådrubrik")

    def __init__(self, data: QueryDict | None, limits: InputLimits) -> None:
        super().__init__(data, limits)
        self.fields["heading"].initial = limits.default_heading
        self.fields["heading"].help_text = f"Högst {limits.heading_limit} tecken."


@require_GET
@for_staff
def conversations(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """List the conversations."""
    desk = school().therapist(colleague.actor)
    found = desk.pages.conversations(enrolment_id, request.GET.get("after"), limit=PAGE)
    further = more(request, found.next)
    return show_tab(request, "conversations.html", found, "messages", conversations=found.rows, more=further)


@require_http_methods(["GET", "POST"])
@for_staff
def new_conversation(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId) -> HttpResponse:
    """Begin a conversation: "Skapa ny konversation"."""
    desk = school().therapist(colleague.actor)
    form = ConversationForm(request.POST or None, desk.limits())

    def step() -> object:
        sent = form.cleaned_data
        return desk.start_conversation(
            enrolment_id,
            sent["text"],
            heading=sent["heading"],
            notify=form.chosen,
            expected=expected(request),
            once=once(request),
        )

    if attempt(form, step):
        return done(request, form.sentence, "conversations", enrolment_id)
    page = desk.patient_page(enrolment_id)
    return show_tab(request, "new_conversation.html", page, "messages", form=form)


@require_http_methods(["GET", "POST"])
@for_staff
def conversation(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId, number: int) -> HttpResponse:
    """Show a conversation, which makes the patient's messages read, and write in it."""
    desk = school().therapist(colleague.actor)
    form = MessageForm(request.POST or None, desk.limits())

    def step() -> object:
        text = form.cleaned_data["text"]
        return desk.write(
            enrolment_id, number, text, notify=form.chosen, expected=expected(request), once=once(request)
        )

    if attempt(form, step):
        return done(request, form.sentence, "conversation", enrolment_id, number)
    shown = desk.pages.messages(enrolment_id, number, request.GET.get("after"), limit=PAGE)
    context = {"conversation": shown.conversation, "more": more(request, shown.next), "form": form}
    return show_tab(request, "conversation.html", shown, "messages", **context)


@require_http_methods(["GET", "POST"])
@for_staff
def heading(request: HttpRequest, colleague: Colleague, enrolment_id: EnrolmentId, number: int) -> HttpResponse:
    """Change a conversation's heading."""
    desk = school().therapist(colleague.actor)
    form = HeadingForm(request.POST or None)

    def step() -> object:
        return desk.rename_conversation(enrolment_id, number, form.cleaned_data["heading"], once=once(request))

    if attempt(form, step):
        return done(request, "Trådrubriken är ändrad.", "conversation", enrolment_id, number)
    page = desk.patient_page(enrolment_id)
    return show_tab(request, "heading.html", page, "messages", form=form, number=number)
