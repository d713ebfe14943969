"""The observer port: to be told of what has happened, after it was saved."""

from typing import Protocol

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event


class Observer(Protocol):
    """Someone who wants to know: statistics, a screen that refreshes.

    It is called after the step was saved, once a step, in the thread that took it, in the order of the settings. One
    that raises is logged by its type and stops nothing; a process that dies in between tells nobody: what must not be
    missed belongs into the notifications or is read from the timeline.

    Contract:
        * **every kind**: it takes every kind of event, several at once, of any number of enrolments.
        * **gaps**: some steps are never told, and those of several threads and processes come in any order.
        * **threads**: it is called from as many threads at a time as take steps.
        * **quick**: whoever took the step waits until it returns.
        * **silent**: it writes nothing of the person to a log or a screen.
    """

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Take note of a step: the state after it, and what happened."""
        ...
