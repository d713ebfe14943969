"""Steps that follow from a view: they say which version of the state the view was drawn from. Rule: D-19b."""

from datetime import datetime

from digital_painschool.application.commands import Rule
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.policy import Terms
from digital_painschool.ports.storage import Enrolments, load_timeline
from digital_painschool.rules import old_views


def from_view(storage: Enrolments, expected: int | None, rule: Rule) -> Rule:
    """Return a rule that is also refused when something came since the view that raises a flag. Rule: D-19b.

    Args:
        storage: The storage, for the events since the view.
        expected: The version that the view was drawn from; None for a step that follows from no view.
        rule: The rule of the step.
    """

    def checked(enrolment: Enrolment, terms: Terms, at: datetime) -> tuple[Event, ...]:
        since = events_since(storage, enrolment, expected)
        events = rule(enrolment, terms, at)
        old_views.require_no_new_flag(since)
        return events

    return checked


def events_since(storage: Enrolments, enrolment: Enrolment, expected: int | None) -> tuple[Event, ...]:
    """Return the events up to a state that came after a view of an earlier version; none without a view.

    Raises:
        RuleViolation: The enrolment has never had this version.
    """
    if expected is None:
        return ()
    shown = old_views.require_version(enrolment, expected)
    entries = load_timeline(storage, enrolment.id)
    return tuple(entry.event for entry in entries if shown < entry.seq <= enrolment.version)
