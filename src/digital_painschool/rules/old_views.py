"""Steps that follow from a view: what came after the view was drawn, and what it stops. Rule: D-19b."""

from collections import Counter
from collections.abc import Iterable

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.raised_flags import flag_raised_by
from digital_painschool.domain.validation import whole_number
from digital_painschool.errors import Reason, RuleViolation


def require_version(enrolment: Enrolment, expected: int) -> int:
    """Return the version that a view was drawn from, if the enrolment has had it. Rule: D-19b.

    Raises:
        RuleViolation: The enrolment has never had this version.
        InvalidValue: `expected` is not a whole number.
    """
    if not 1 <= whole_number(expected, "expected") <= enrolment.version:
        raise RuleViolation("D-19b", Reason.NO_SUCH_VERSION, version=enrolment.version)
    return expected


def require_no_new_flag(since: Iterable[Event]) -> None:
    """Refuse a step whose view is old: something came since that raises a flag. Other changes refuse nothing.

    Rule: D-19b. A flag that was raised and settled since refuses too: the view has shown neither.

    Args:
        since: The events after the view was drawn.

    Raises:
        RuleViolation: Such an event came; the facts have the kinds of flags, each with the number of its events.
    """
    raised = Counter(flag.value for event in since if (flag := flag_raised_by(event)) is not None)
    if raised:
        kinds = sorted(raised)
        raise RuleViolation(
            "D-19b", Reason.VIEW_IS_OLD, flags=tuple(kinds), counts=tuple(raised[kind] for kind in kinds)
        )
