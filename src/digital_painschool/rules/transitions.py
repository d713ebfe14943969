"""The phases of an enrolment, and which command leads from which to which. Rule: M-18, M-19, D-07b, D-18b, D-19a."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import Event, NotificationDropped
from digital_painschool.domain.notification import Notification
from digital_painschool.rules.access import closed_refusal


@frozen
class Transition:
    """One row of the lifecycle: a command, the phase that it requires, and the phase that it leads to."""

    command: str
    source: Phase | None
    target: Phase


TRANSITIONS: tuple[Transition, ...] = (
    Transition("start", None, Phase.ACTIVE),
    Transition("hand_over", Phase.ACTIVE, Phase.ACTIVE),
    Transition("hand_over", Phase.MAINTENANCE, Phase.MAINTENANCE),
    Transition("review", Phase.ACTIVE, Phase.ACTIVE),
    Transition("review", Phase.MAINTENANCE, Phase.MAINTENANCE),
    Transition("note_access_end", Phase.ACTIVE, Phase.ACTIVE),
    Transition("note_access_end", Phase.MAINTENANCE, Phase.MAINTENANCE),
    Transition("maintain", Phase.ACTIVE, Phase.MAINTENANCE),
    Transition("maintain", Phase.MAINTENANCE, Phase.MAINTENANCE),
    Transition("reactivate", Phase.MAINTENANCE, Phase.ACTIVE),
    Transition("end", Phase.ACTIVE, Phase.ENDED),
    Transition("end", Phase.MAINTENANCE, Phase.ENDED),
    Transition("withdraw", Phase.ACTIVE, Phase.WITHDRAWN),
    Transition("withdraw", Phase.MAINTENANCE, Phase.WITHDRAWN),
    Transition("withdraw", Phase.ENDED, Phase.WITHDRAWN),
)
"""The whole lifecycle; a command without a row is refused. The docs' diagram is drawn from this table."""

_ALLOWED = frozenset((transition.command, transition.source) for transition in TRANSITIONS)


def is_allowed(command: str, phase: Phase) -> bool:
    """Return whether the lifecycle has a row for a command in a phase. Rule: M-18, M-19, D-07b, D-19a."""
    return (command, phase) in _ALLOWED


def require_transition(command: str, enrolment: Enrolment) -> None:
    """Refuse a command that the lifecycle has no row for in an enrolment's phase. Rule: D-07b, D-19a.

    Raises:
        RuleViolation: The enrolment is closed.
    """
    if not is_allowed(command, enrolment.phase):
        raise closed_refusal(enrolment, command=command)


def dropped(notifications: Iterable[Notification], *, by: str, at: datetime) -> Iterator[Event]:
    """Yield the events of the notifications that a command of the lifecycle makes obsolete. Rule: D-13b.

    Args:
        notifications: The notifications.
        by: The signature of the command's author.
        at: The command's instant, an aware time.
    """
    return (NotificationDropped(at=at, by=by, notification=one.id, channel=one.channel) for one in notifications)
