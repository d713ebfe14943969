"""How observers are notified: each one by itself."""

import logging
from collections.abc import Iterable

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.ports import Observer

_log = logging.getLogger(__name__)


def notify_observers(observers: Iterable[Observer], enrolment: Enrolment, events: tuple[Event, ...]) -> None:
    """Notify observers of the events of one command; one that raises is logged by its type, and stops nothing."""
    for observer in observers:
        try:
            observer.notice(enrolment, events)
        except Exception as error:  # noqa: BLE001 - an observer of any make must stop nothing
            _log.error("observer %s raised %s", type(observer).__name__, type(error).__name__)
