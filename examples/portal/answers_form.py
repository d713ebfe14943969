"""A form of the program as a form on the screen: a field for each question, checked by the library alone."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms

from digital_painschool import Choice, Date, Form, ManyChoices, Number, Question, Scale, Text

from .long_text import LongText


def answers_form(form: Form, data: Mapping[str, Any] | None, initial: Mapping[str, object]) -> forms.Form:
    """Return the fields for a form's questions, with the answers of a draft.

    Their names have a prefix: a question's key may be any, and so the name of a hidden field of the page.
    """
    fields = {question.key: field_of(question) for question in form.questions}
    typed = {
        key: str(answer).replace(".", ",") if isinstance(answer, float) else answer for key, answer in initial.items()
    }
    drawn = forms.Form(data, initial=typed, label_suffix="", prefix="answer")
    drawn.fields.update(fields)
    return drawn


def answers_of(form: Form, sent: forms.Form) -> dict[str, object]:
    """Return the answers of a form that was sent, as the library takes them; a question left empty has none."""
    cleaned = {question.key: (question, sent.cleaned_data[question.key]) for question in form.questions}
    return {key: _typed(question, value) for key, (question, value) in cleaned.items() if value not in ("", [], None)}


def field_of(question: Question) -> forms.Field:
    """Return the field for a question."""
    field = _FIELDS[type(question)](question)
    field.label = question.text if question.required else f"{question.text} (frivillig)"
    field.required = False  # the library says what is missing, and in which words
    return field


def _scale(question: Any) -> forms.Field:
    choices = [(str(number), str(number)) for number in range(question.lowest, question.highest + 1)]
    ends = f"{question.lowest} = {question.low_label}, {question.highest} = {question.high_label}"
    help_text = ends if question.low_label and question.high_label else ""
    return forms.ChoiceField(choices=choices, widget=forms.RadioSelect(attrs={"class": "scale"}), help_text=help_text)


def _choice(question: Any) -> forms.Field:
    return forms.ChoiceField(choices=_options(question), widget=forms.RadioSelect)


def _many(question: Any) -> forms.Field:
    return forms.MultipleChoiceField(choices=_options(question), widget=forms.CheckboxSelectMultiple)


def _number(question: Any) -> forms.Field:
    mode = "numeric" if question.whole else "decimal"
    words = f"Ange {question.unit_label}." if question.unit_label else ""
    return forms.CharField(widget=forms.TextInput(attrs={"inputmode": mode, "class": "short"}), help_text=words)


def _text(question: Any) -> forms.Field:
    return LongText(question.text, question.longest, rows=4)


def _date(_question: Any) -> forms.Field:
    return forms.CharField(widget=forms.DateInput(attrs={"type": "date", "class": "short"}))


def _options(question: Any) -> list[tuple[str, str]]:
    return [(option.key, option.text) for option in question.options]


_FIELDS: Mapping[type[Question], Callable[[Any], forms.Field]] = {
    Scale: _scale,
    Choice: _choice,
    ManyChoices: _many,
    Number: _number,
    Text: _text,
    Date: _date,
}


def _typed(question: Question, value: Any) -> object:
    """Return a value as the library takes it; a text that is no number stays one, for the library to refuse."""
    if not isinstance(question, (Scale, Number)):
        return value
    text = str(value).strip().replace(",", ".")
    try:
        return int(text) if text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        return value
