"""Alerts as the model works them out: from a form and its answers, and with no rule of the library."""

from collections.abc import Mapping

from digital_painschool.domain.form import Choice, Form, ManyChoices, Number, Scale
from digital_painschool.testing.reference.counts import Reached


def reaches_alert(form: Form, answers: Mapping[str, object]) -> bool:
    """Return whether answers reach an alert threshold of a form: an answer's own, or that of the score."""
    return bool(reached_thresholds(form, answers))


def reached_thresholds(form: Form, answers: Mapping[str, object]) -> frozenset[Reached]:
    """Return the thresholds of a form that answers reach."""
    reached: set[Reached] = set()
    total = 0
    for question in form.questions:
        answer = answers.get(question.key)
        if isinstance(question, Choice | ManyChoices):
            chosen = answer if isinstance(answer, tuple | list) else (answer,)
            options = [option for option in question.options if option.key in chosen]
            total += sum(option.score or 0 for option in options)
            if any(option.alert for option in options):
                reached.add((question.key, None))
        elif isinstance(question, Scale | Number) and isinstance(answer, int | float):
            total += int(answer) if question.scored else 0
            if question.alert_from is not None and answer >= question.alert_from:
                reached.add((question.key, question.alert_from))
    if form.alert_from is not None and total >= form.alert_from:
        reached.add((None, form.alert_from))
    return frozenset(reached)
