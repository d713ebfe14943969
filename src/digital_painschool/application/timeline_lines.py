"""The lines of a timeline, ready for `label`: each entry with the facts of its sentence. Rule: M-16, D-24d."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from attrs import frozen

from digital_painschool.application.pages import ListPage
from digital_painschool.application.patient_head import patient_head
from digital_painschool.application.patient_page import FormProgress, form_progress
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.local_time import last_day
from digital_painschool.domain.policy import Terms
from digital_painschool.ports.storage import Entry


@frozen(kw_only=True)
class TimelineLine:
    """An entry of a timeline with the facts of its sentence: `label(line, language)` returns the sentence.

    Args:
        seq: The entry's number.
        event: The event.
        facts: Titles in place of keys, and local days: what the event does not hold itself.
    """

    seq: int
    event: Event
    facts: Mapping[str, object]


@frozen(kw_only=True)
class TimelinePage(ListPage[Entry]):
    """A page of a timeline. Rule: M-16.

    Args:
        rows: The entries of the page, in order.
        lines: The same entries, each ready for `label`.
        forms: The program's forms, to choose one to show alone.
    """

    rows: tuple[Entry, ...]
    lines: tuple[TimelineLine, ...]
    forms: tuple[FormProgress, ...]


def _module_title(event: Any, terms: Terms) -> str | None:
    return next((module.title for module in terms.program.modules if module.number == event.module), None)


def _module_titles(event: Any, terms: Terms) -> tuple[str, ...]:
    modules = terms.program.modules
    return tuple(f"{module.number}. {module.title}" for module in modules if module.number in event.modules)


def _page_title(event: Any, terms: Terms) -> str | None:
    pages = (module.pages for module in terms.program.modules if module.number == event.module)
    return next((page.title for number, page in enumerate(next(pages, ()), 1) if number == event.page), None)


def _form_title(event: Any, terms: Terms) -> str | None:
    return next((form.title for form in terms.program.forms if form.key == event.form), None)


def _end_reason(event: Any, terms: Terms) -> str | None:
    reasons = (*terms.end_reasons, *terms.program.end_reasons)
    return next((reason.title for reason in reasons if reason.key == event.reason), None)


FACTS: Mapping[str, tuple[str, Callable[[Any, Terms], object]]] = MappingProxyType(
    {
        "program": ("title", lambda _, terms: terms.program.title),
        "module": ("title", _module_title),
        "modules": ("modules", _module_titles),
        "page": ("page_title", _page_title),
        "form": ("form", _form_title),
        "reason": ("reason", _end_reason),
        "access_until": ("last_day", lambda event, terms: last_day(event.access_until, terms.policy.zone)),
    }
)
"""By the name of an event's field: the fact that a person reads for it. A fact that is not known stays the event's."""


def timeline_page(page: ListPage[Entry], enrolment: Enrolment, terms: Terms, now: datetime) -> TimelinePage:
    """Return a page of entries as a page of the tab "Tidslinje". Rule: M-16, D-08a.

    Args:
        page: The entries.
        enrolment: The state.
        terms: The program and the unit's policy.
        now: The instant at which flags are judged, an aware time.
    """
    return TimelinePage(
        rows=page.rows,
        next=page.next,
        zone=page.zone,
        head=patient_head(enrolment, terms, now),
        lines=tuple(timeline_line(entry, terms) for entry in page.rows),
        forms=form_progress(enrolment, terms),
    )


def timeline_line(entry: Entry, terms: Terms) -> TimelineLine:
    """Return an entry with the facts of its sentence.

    Args:
        entry: The entry.
        terms: The program and the unit's policy of the enrolment.
    """
    event = entry.event
    told = {name: find(event, terms) for of, (name, find) in FACTS.items() if getattr(event, of, None) is not None}
    facts = {name: fact for name, fact in told.items() if fact is not None}
    return TimelineLine(seq=entry.seq, event=event, facts=MappingProxyType(facts))
