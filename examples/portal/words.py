"""Template filters and tags: labels, names, and the hidden fields of a form."""

from uuid import uuid4

from django.template import Library
from django.utils.html import format_html
from django.utils.safestring import SafeString

from digital_painschool import (
    Address,
    Ended,
    Event,
    FlagKind,
    FormRead,
    FormSaved,
    HandedOver,
    PatientPage,
    PersonId,
    label,
)

from .people import PATIENTS, STAFF

register = Library()
register.filter("label", label)


@register.filter
def name(person: PersonId) -> str:
    """Return the name of a patient; the masked number of one whom the register does not know."""
    return PATIENTS.get(person.value, str(person))


@register.filter
def number(person: PersonId) -> str:
    """Return a patient's identity number in full."""
    return f"{person.value[:8]}-{person.value[8:]}"


@register.filter
def colleague_name(by: str) -> str:
    """Return who signed an entry: a colleague's name, the patient, or the system."""
    others = {"patient": "Patienten", "system": "Systemet"}
    colleague = STAFF.get(by)  # type: ignore[call-overload] # an HSA-id is a text
    return others.get(by, by) if colleague is None else colleague.name


@register.filter
def form_title(page: PatientPage, key: str) -> str:
    """Return the title of a form."""
    return next((form.title for form in page.forms if form.form == key), key)


@register.filter
def marked_by_hand(flag: FlagKind) -> bool:
    """Return whether a click settles a flag that nothing else settles."""
    return flag in {FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER}


@register.filter
def saved_form(event: Event) -> bool:
    """Return whether an entry of a timeline is a form that the patient saved."""
    return isinstance(event, FormSaved)


@register.filter
def address(found: Address) -> str:
    """Return an address of the staff directory, for the one whose it is."""
    return found.value


@register.simple_tag
def event_label(event: Event, page: PatientPage) -> str:
    """Return what an entry of a timeline says, with titles and names instead of keys."""
    facts: dict[str, str] = {}
    if isinstance(event, (FormSaved, FormRead)):
        facts["form"] = form_title(page, event.form)
    elif isinstance(event, HandedOver):
        facts["therapist"] = colleague_name(event.therapist)
    elif isinstance(event, Ended) and page.end_reason is not None:
        facts["reason"] = page.end_reason.title
    return label(event, **facts)


@register.simple_tag
def sent_once() -> SafeString:
    """Return a hidden field with a new key: a form that is sent twice takes its step once."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid4().hex)


@register.simple_tag
def drawn_from(version: int) -> SafeString:
    """Return a hidden field that says which state a page shows: a step from an old page is refused."""
    return format_html('<input type="hidden" name="expected" value="{}">', version)
