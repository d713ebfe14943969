"""The observer port: it is notified of events after they were saved, and of deliveries after they were stored."""

from enum import Enum
from typing import Protocol, runtime_checkable

from attrs import frozen

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Channel, FailureReason, Template


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


class Outcome(Enum):
    """The outcome of a run of the delivery for notifications."""

    DELIVERED = "delivered"
    """Sent, or the inbox had them already."""
    RETRIED = "retried"
    """An attempt failed; another one follows."""
    GIVEN_UP = "given-up"
    """They are not tried any more; the therapist has a flag (D-13d)."""
    DROPPED = "dropped"
    """The reason for them was gone (D-13b)."""


@frozen(kw_only=True)
class DeliveryOutcome:
    """The outcome for some notifications of one channel and text. No unit, no enrolment, no person.

    Args:
        channel: Their channel.
        template: Their fixed text.
        outcome: What became of them.
        reason: Why they were given up; None for every other outcome.
        notifications: How many they are, 1 or more.
    """

    channel: Channel
    template: Template
    outcome: Outcome
    reason: FailureReason | None = None
    notifications: int = 1


@runtime_checkable
class DeliveryObserver(Protocol):
    """An observer of deliveries too: an observer that has this method is notified of them.

    What is said of `Observer` holds here too. An observer without the method works as before.
    """

    def notice_deliveries(self, outcomes: tuple[DeliveryOutcome, ...]) -> None:
        """Receive what became of the notifications of one claim, after it was stored, in the worker's thread."""
        ...
