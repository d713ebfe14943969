"""The patient's messages."""

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_http_methods

from digital_painschool import ConversationPage, EnrolmentId, InputLimits, PatientDesk

from .long_text import LongText
from .pages import PAGE, more
from .sign_in import for_patients
from .steps import attempt, done, once, show


class MessageForm(forms.Form):
    """A message to the therapist."""

    def __init__(self, data: QueryDict | None, limits: InputLimits) -> None:
        super().__init__(data)
        self.fields["text"] = LongText("Meddelande till din behandlare", limits.message_limit)


@require_GET
@for_patients
def conversations(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId) -> HttpResponse:
    """List the conversations."""
    found = room.pages.conversations(enrolment_id, request.GET.get("after"), limit=PAGE)
    context = {"overview": room.overview(enrolment_id), "conversations": found.rows, "more": more(request, found.next)}
    return render(request, "my_conversations.html", context)


@require_http_methods(["GET", "POST"])
@for_patients
def new_conversation(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId) -> HttpResponse:
    """Begin a conversation."""
    overview = room.overview(enrolment_id)
    form = MessageForm(request.POST or None, overview.limits)
    if attempt(form, lambda: room.write(enrolment_id, form.cleaned_data["text"], once=once(request))):
        return done(request, "Meddelandet är skickat.", "my-conversations", enrolment_id)
    return show(request, "my_new_conversation.html", {"overview": overview, "form": form})


@require_http_methods(["GET", "POST"])
@for_patients
def conversation(request: HttpRequest, room: PatientDesk, enrolment_id: EnrolmentId, number: int) -> HttpResponse:
    """Show a conversation, which makes the therapist's messages read, and write in it."""

    def page() -> ConversationPage:
        return room.pages.messages(enrolment_id, number, request.GET.get("after"), limit=PAGE)

    # What is sent was written before what has come since: that is not read by sending.
    shown = page() if request.method == "GET" else None
    overview = room.overview(enrolment_id)
    form = MessageForm(request.POST or None, overview.limits)

    def step() -> object:
        return room.write(enrolment_id, form.cleaned_data["text"], conversation=number, once=once(request))

    if attempt(form, step):
        return done(request, "Meddelandet är skickat.", "my-conversation", enrolment_id, number)
    shown = shown or page()
    context = {"overview": overview, "conversation": shown.conversation, "form": form}
    context["more"] = more(request, shown.next)
    return show(request, "my_conversation.html", context)
