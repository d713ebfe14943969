"""The lines of a timeline, ready for `label`: each entry with the facts of its sentence. Rule: M-16, D-24d."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, get_args

from attrs import fields_dict, frozen

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
    module = terms.program.module(event.module)
    return None if module is None else module.title


def _module_titles(event: Any, terms: Terms) -> tuple[str, ...]:
    modules = terms.program.modules
    return tuple(f"{module.number}. {module.title}" for module in modules if module.number in event.modules)


def _page_title(event: Any, terms: Terms) -> str | None:
    module = terms.program.module(event.module)
    pages = () if module is None else module.pages
    return pages[event.page - 1].title if 1 <= event.page <= len(pages) else None


def _form_title(event: Any, terms: Terms) -> str | None:
    form = terms.program.form(event.form)
    return None if form is None else form.title


def _end_reason(event: Any, terms: Terms) -> str | None:
    reason = terms.end_reason(event.reason)
    return None if reason is None else reason.title


FACTS: Mapping[str, tuple[str, Callable[[Any, Terms], object]]] = MappingProxyType(
    {
        "program": ("title", lambda _, terms: terms.program.title),
        "module": ("title", _module_title),
        "modules": ("modules", _module_titles),
        "page": ("page_title", _page_title),
        "form": ("form", _form_title),
        "reason": ("reason", _end_reason),
        "since": ("since_day", lambda event, terms: event.since.astimezone(terms.policy.zone).date()),
        "access_until": ("last_day", lambda event, terms: last_day(event.access_until, terms.policy.zone)),
    }
)
"""By the name of an event's field: the fact that a person reads for it. A fact that is not known stays the event's."""
_FACTS_OF: Mapping[type[Event], tuple[tuple[str, str, Callable[[Any, Terms], object]], ...]] = {
    class_: tuple((of, *fact) for of, fact in FACTS.items() if of in fields_dict(class_)) for class_ in get_args(Event)
}


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
    facts = {
        name: fact
        for of, name, find in _FACTS_OF[type(event)]
        if getattr(event, of) is not None and (fact := find(event, terms)) is not None
    }
    return TimelineLine(seq=entry.seq, event=event, facts=MappingProxyType(facts))
