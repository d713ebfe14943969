"""Sign-in as a stub: choose who you are. A real portal has SITHS, BankID or the like in its place.

Staff and patients have cookies of their own, each sent to its own part of the portal alone: who is signed in on one
side is nobody on the other. A cookie holds an opaque key; who it stands for is kept on the server.

Nothing is left to the next person at the same browser. Each form says for whom its page was drawn, and takes no step
for anybody else; a sentence about a patient that nobody has seen yet is thrown away at a sign-in and a sign-out.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec

from attrs import frozen
from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.file import SessionStore
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare, salted_hmac

from digital_painschool import PatientDesk

from .middleware import stale_page
from .people import STAFF, Colleague
from .school import school

P = ParamSpec("P")
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


@frozen
class Side:
    """A side of the portal.

    Args:
        cookie: The name of its cookie.
        path: Where its pages lie; the cookie is sent nowhere else.
        page: The name of its sign-in page.
    """

    cookie: str
    path: str
    page: str


STAFF_SIDE = Side("personal", "/personal/", "staff-sign-in")
PATIENT_SIDE = Side("patient", "/patient/", "patient-sign-in")


def remember(request: HttpRequest, response: HttpResponse, side: Side, who: str) -> HttpResponse:
    """Sign somebody in: a member of staff by HSA-id, a patient by identity number; whoever was there is signed out."""
    _leave(request, response, side)
    session = _session(None)
    session["who"] = who
    session.create()
    key = session.session_key or ""
    response.set_cookie(side.cookie, key, path=side.path, httponly=True, samesite="Lax")
    return response


def forget(request: HttpRequest, side: Side) -> HttpResponse:
    """Sign out, and show the sign-in page."""
    response = redirect(side.page)
    _leave(request, response, side)
    response.delete_cookie(side.cookie, path=side.path, samesite="Lax")
    return response


def _leave(request: HttpRequest, response: HttpResponse, side: Side) -> None:
    """End the session of whoever is signed in, with what the browser still holds of it."""
    _session(request.COOKIES.get(side.cookie)).delete()
    response.delete_cookie(CookieStorage.cookie_name, samesite="Lax")


def _session(key: str | None) -> SessionStore:
    Path(settings.SESSION_FILE_PATH).mkdir(parents=True, exist_ok=True)
    return SessionStore(key)


def _who(request: HttpRequest, side: Side) -> str | None:
    who = _session(request.COOKIES.get(side.cookie)).get("who")
    return who if isinstance(who, str) else None


def drawn_for(who: str) -> str:
    """Return what a form says of the person whom its page was drawn for; it names nobody."""
    return salted_hmac(__name__, who).hexdigest()


def _is_for_another(request: HttpRequest, who: str) -> bool:
    drawn = request.POST.get("drawn_for", "")
    return request.method == "POST" and not constant_time_compare(drawn, drawn_for(who))


def for_staff(view: Callable[Concatenate[HttpRequest, Colleague, P], HttpResponseBase]) -> Page[P]:
    """Give a view the member of staff who is signed in; ask others to sign in."""

    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        colleague = STAFF.get(_who(request, STAFF_SIDE) or "")  # type: ignore[call-overload]
        if colleague is None:
            return redirect(STAFF_SIDE.page)
        request.META["portal.colleague"] = colleague
        if _is_for_another(request, colleague.actor.hsa_id):
            return stale_page(request)
        return view(request, colleague, *args, **kwargs)

    return page


def for_patients(view: Callable[Concatenate[HttpRequest, PatientDesk, P], HttpResponseBase]) -> Page[P]:
    """Give a view the desk of the patient who is signed in; ask others to sign in."""

    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        number = _who(request, PATIENT_SIDE)
        if number is None:
            return redirect(PATIENT_SIDE.page)
        request.META["portal.patient"] = number
        if _is_for_another(request, number):
            return stale_page(request)
        return view(request, school().patient(number), *args, **kwargs)

    return page


def signed_in(request: HttpRequest) -> dict[str, object]:
    """Return who is signed in, for the head of each page."""
    colleague, patient = request.META.get("portal.colleague"), request.META.get("portal.patient")
    who = colleague.actor.hsa_id if colleague else patient
    return {"colleague": colleague, "patient": patient, "drawn_for": drawn_for(who) if who else ""}
