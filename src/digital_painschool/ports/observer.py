"""The observer port: it is notified of events after they were saved."""

from typing import Protocol

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event


class Observer(Protocol):
    """An observer of saved events: statistics, a screen that refreshes.

    Observers are called once a command, after the command was saved, in its thread, in the order of the settings. An
    error of an observer is logged by its type and stops nothing. A process that crashes after the save notifies no
    observer: whatever must not be missed belongs in the notifications, or is read from the timeline.

    Contract:
        * **every kind**: it accepts every kind of event, several in one call, of any number of enrolments.
        * **gaps**: the events of some commands never arrive.
          Those of several threads and processes arrive in any order.
        * **threads**: it is called from every thread that executes commands, several at a time.
        * **quick**: the caller of the command waits until `notice` returns.
        * **silent**: it writes no personal data to a log or a screen.
    """

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Receive the events of one command, and the state after them."""
        ...
