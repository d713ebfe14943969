"""What is the same for every page: its headers, and the page that says why something was refused."""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from digital_painschool import (
    Conflict,
    DeliveryError,
    InvalidIdentity,
    InvalidValue,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    PainSchoolError,
    RuleViolation,
    StorageError,
    label,
)

_log = logging.getLogger(__name__)

STATUS: dict[type[PainSchoolError], int] = {
    RuleViolation: 409,
    NotPermitted: 403,
    NotFound: 404,
    InvalidIdentity: 422,
    InvalidValue: 400,
    Conflict: 409,
    OutcomeUnknown: 503,
    StorageError: 503,
    DeliveryError: 503,
}
"""The web status of each error of the library; every other one is 500."""

GetResponse = Callable[[HttpRequest], HttpResponse]

_HEADERS = {
    "Cache-Control": "no-store",  # after the back button or a sign-out, a page is asked for anew
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
}


def private_pages(get_response: GetResponse) -> GetResponse:
    """Let no browser keep a page, and no page load or run anything but its style sheet."""

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return respond


class Refusals:
    """Show an error of the library as a page. A form's own refusals are said at the form, by its view."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Return the page for an error of the library; leave every other one to Django."""
        if not isinstance(error, PainSchoolError):
            return None
        status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)
        if status == HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("%s", error)  # the portal's or the machine's fault; no error of the library holds personal data
        return explain(request, label(error), status)


def explain(request: HttpRequest, sentence: str, status: int) -> HttpResponse:
    """Return a page that says why something cannot be shown or done."""
    return render(request, "refused.html", {"sentence": sentence}, status=status)


def no_such_page(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for an address that does not exist."""
    return explain(request, "Sidan finns inte.", 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the page for what the portal's own pages never send."""
    return explain(request, "Sidan skickade något som inte går att läsa. Gå tillbaka och ladda om den.", 400)


def stale_page(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Return the page for a form that was not drawn for this browser."""
    return explain(request, "Sidan är för gammal. Gå tillbaka, ladda om den och försök igen.", 403)
