"""The tabs of a patient's page for staff: each has the head and the zone of the view that it shows."""

from typing import Protocol
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from digital_painschool import PatientHead

from .steps import show


class View(Protocol):
    """What a desk returns for a tab."""

    @property
    def head(self) -> PatientHead | None:
        """Who the patient is, and what waits."""
        ...

    @property
    def zone(self) -> ZoneInfo:
        """The unit's zone."""
        ...


def show_tab(request: HttpRequest, template: str, view: View, tab: str, **context: object) -> HttpResponse:
    """Return a page of a patient's; its status says when one of its forms was refused.

    Args:
        request: The request.
        template: The template.
        view: What the desk returned, for the head above the tab and the zone of its times.
        tab: Which tab is the current one.
        context: What the template shows.
    """
    return show(request, template, {"head": view.head, "zone": view.zone, "tab": tab, **context})
