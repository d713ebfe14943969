"""How observers are notified: each one by itself."""

import logging
from collections.abc import Callable, Iterable
from functools import partial

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.ports import Observer
from digital_painschool.ports.observer import DeliveryObserver, DeliveryOutcome

_log = logging.getLogger(__name__)


def notify_observers(observers: Iterable[Observer], enrolment: Enrolment, events: tuple[Event, ...]) -> None:
    """Notify observers of the events of one command; one that raises is logged by its type, and stops nothing."""
    for observer in observers:
        _notify(observer, partial(observer.notice, enrolment, events))


def notify_of_deliveries(observers: Iterable[Observer], outcomes: tuple[DeliveryOutcome, ...]) -> None:
    """Notify those observers of what became of notifications that observe deliveries too, as `notify_observers`."""
    for observer in observers:
        if isinstance(observer, DeliveryObserver):
            _notify(observer, partial(observer.notice_deliveries, outcomes))


def _notify(observer: object, call: Callable[[], None]) -> None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - an observer of any make must stop nothing
        _log.error("observer %s raised %s", type(observer).__name__, type(error).__name__)
