"""What every form has in common: the step that it takes, and what is said when the step is refused."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from digital_painschool import (
    AnswerProblem,
    InvalidIdentity,
    InvalidValue,
    PainSchoolError,
    RuleViolation,
    label,
)

from .words import colleague_name


def attempt(form: forms.Form, step: Callable[[], object]) -> bool:
    """Take the step of a form that was sent, and return whether it was taken.

    A refusal is said at the form: at the question that it concerns, or above all fields.
    """
    if not form.is_valid():  # nor is a form that was not sent
        return False
    try:
        step()
    except (RuleViolation, InvalidValue) as error:
        _refuse(form, error)
    return not form.errors


def done(request: HttpRequest, sentence: str, page: str, *args: object) -> HttpResponse:
    """Go to a page, and say there what was done."""
    messages.success(request, sentence)
    return redirect(page, *args)


def show(request: HttpRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """Return a page; its status says when one of its forms was refused."""
    refused = any(isinstance(part, forms.Form) and part.errors for part in context.values())
    return render(request, template, dict(context), status=422 if refused else 200)


def once(request: HttpRequest) -> str | None:
    """Return the key of the form that was sent."""
    return request.POST.get("once")


def expected(request: HttpRequest) -> int:
    """Return which state the page showed that the form was sent from."""
    return sent_number(request, "expected")


def sent_number(request: HttpRequest, name: str) -> int:
    """Return a number that the portal wrote into a hidden field."""
    text = request.POST.get(name, "")
    if re.fullmatch("[0-9]{1,9}", text) is None:
        raise BadRequest(name)
    return int(text)


def _refuse(form: forms.Form, error: PainSchoolError) -> None:
    if isinstance(error, InvalidValue) and error.reason is None:
        raise error  # the portal's fault, not a person's
    field = "number" if isinstance(error, InvalidIdentity) and "number" in form.fields else None
    problems = error.facts.get("problems") if isinstance(error, RuleViolation) else None
    facts = error.facts if isinstance(error, RuleViolation) else {}
    whom = {"therapist": colleague_name(str(facts["therapist"]))} if "therapist" in facts else {}
    form.add_error(field, label(error, **whom))
    for problem in problems if isinstance(problems, tuple) else ():
        if isinstance(problem, AnswerProblem) and problem.question in form.fields:
            form.add_error(problem.question, label(problem))
