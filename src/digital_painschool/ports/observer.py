"""The observer port: to be told of what has happened, after it was saved."""

from typing import Protocol

from digital_painschool.enrolment import Enrolment
from digital_painschool.events import Event


class Observer(Protocol):
    """Someone who wants to know: statistics, a screen that refreshes.

    Contract:
        * called after the step was saved, once a step, in the thread that took it, in the order of the settings.
        * an observer that raises is logged by its type and stops nothing; a process that dies in between tells nobody.
        * what must not be missed belongs into the notifications or is read from the timeline.
    """

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Take note of a step: the state after it, and what happened."""
        ...
