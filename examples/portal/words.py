"""Template filters and tags: labels, names, and the hidden fields of a form."""

from datetime import time
from uuid import uuid4

from django.template import Library
from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString

from digital_painschool import (
    Address,
    Count,
    Event,
    FormSaved,
    HandedOver,
    Overview,
    PatientPage,
    PersonId,
    TimelineLine,
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
def count(number: int, words: str) -> str:
    """Return a number with its words, in the form that goes with the number."""
    return label(Count[words], number=number)


@register.filter
def last_day(view: PatientPage | Overview) -> str:
    """Return until when the patient has access, alike for staff and patient: a day, with the time of one cut short."""
    if view.open_ended and view.access.read_messages:
        return "tills behandlaren vidmakthåller eller avslutar"
    return "till och med " + formats.date_format(view.last_day) + _at(view.last_time)


def _at(until: time | None) -> str:
    return "" if until is None else f" kl. {until:%H.%M}"


@register.filter
def form_title(page: PatientPage, key: str) -> str:
    """Return the title of a form."""
    return next((form.title for form in page.forms if form.form == key), key)


@register.filter
def saved_form(event: Event) -> bool:
    """Return whether an entry of a timeline is a form that the patient saved."""
    return isinstance(event, FormSaved)


@register.filter
def address(found: Address) -> str:
    """Return an address of the staff directory, for the one whose it is."""
    return found.value


@register.simple_tag
def sentence(line: TimelineLine) -> str:
    """Return what a line of a timeline says, with the name of a colleague, whom the library knows by id alone."""
    event = line.event
    return label(line, therapist=colleague_name(event.therapist)) if isinstance(event, HandedOver) else label(line)


@register.simple_tag
def sent_once() -> SafeString:
    """Return a hidden field with a new key: a form that is sent twice takes its step once."""
    return format_html('<input type="hidden" name="once" value="{}">', uuid4().hex)


@register.simple_tag
def drawn_from(version: int) -> SafeString:
    """Return a hidden field that says which state a page shows: a step from an old page is refused."""
    return format_html('<input type="hidden" name="expected" value="{}">', version)
