"""An executor in a host's transaction."""

from collections.abc import Callable
from functools import partial

from attrs import evolve

from digital_painschool.application.executor import Executor
from digital_painschool.application.observing import notify_observers
from digital_painschool.application.program_terms import ProgramTerms
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.ports import Observer
from digital_painschool.ports.storage import Storage

OnCommit = Callable[[Callable[[], None]], object]
"""A function that takes a function, and calls it when the host's transaction has been committed, or never."""


def joined_executor(executor: Executor, storage: Storage, on_commit: OnCommit) -> Executor:
    """Return an executor of the same school whose steps are part of a host's transaction.

    It tries a step once: after a conflict the host tries its transaction again. It notifies observers after the commit.

    Args:
        executor: The school's executor.
        storage: The storage in the host's transaction.
        on_commit: The host's function that takes what to call after the commit.
    """
    observers = executor.ports.observers
    later = (_AfterCommit(observers, on_commit),) if observers else ()
    ports = evolve(executor.ports, storage=storage, observers=later)
    joined = Executor(ports, executor.catalogue, executor.now, executor.new_id, attempts=1)
    joined.terms = ProgramTerms(joined.storage, executor.catalogue, committed=executor.terms)
    return joined


class _AfterCommit:
    """An observer that leaves it to the host's commit to notify the school's observers."""

    def __init__(self, observers: tuple[Observer, ...], on_commit: OnCommit) -> None:
        self._observers = observers
        self._on_commit = on_commit

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        self._on_commit(partial(notify_observers, self._observers, enrolment, events))
