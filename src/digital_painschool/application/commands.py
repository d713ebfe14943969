"""Commands: rules with their arguments filled in, and what a command decides."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.fold import apply
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notification, Profile
from digital_painschool.domain.policy import Terms
from digital_painschool.ports.storage import Content

_NO_DOCUMENTS: Mapping[int, Content] = MappingProxyType({})


def _masked(documents: Mapping[int, Content] | Masked[Mapping[int, Content]]) -> Masked[Mapping[int, Content]]:
    return Masked(documents)


@frozen
class CommandResult:
    """The events that a command decided on, each paired with what a person wrote in it.

    Args:
        events: What happened, in order; none when the command changes nothing.
        documents: Texts and answers, by the position of their event in `events`, from 0.
        superseded: The notifications that the events drop, and that are passed on to the present therapist.
        profile: The profile of the therapist by which the command was decided; None for whichever there is.
    """

    events: tuple[Event, ...]
    _documents: Masked[Mapping[int, Content]] = field(default=_NO_DOCUMENTS, converter=_masked, repr=False)
    superseded: tuple[Notification, ...] = ()
    profile: Profile | None = None

    @property
    def documents(self) -> Mapping[int, Content]:
        """Texts and answers, by the position of their event."""
        return self._documents.reveal()


Command = Callable[[Enrolment, Terms], CommandResult]
"""A rule with its arguments filled in: decides on a state under its terms, or raises."""

Rule = Callable[[Enrolment, Terms, datetime], tuple[Event, ...]]
"""A rule with its arguments filled in but for the instant: decides on a state under its terms, or raises."""


def folded(enrolment: Enrolment | None, events: tuple[Event, ...]) -> Enrolment:
    """Return the state after a command's events, of which a first command has one at least."""
    for event in events:
        enrolment = apply(enrolment, event)
    assert enrolment is not None
    return enrolment
