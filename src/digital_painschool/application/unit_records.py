"""The ended enrolments of one unit, in batches, and the traces that they leave outside the timelines."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from digital_painschool.application.access_control import access_entries
from digital_painschool.application.executor import Executor
from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import DeliveryError, OutcomeUnknown, StorageError
from digital_painschool.ports import Inbox, Messenger
from digital_painschool.rules.permissions import Action

Progress = Callable[[int], None]
"""A callback that takes the number of enrolments processed so far."""

_T = TypeVar("_T")
_BATCH = 1000


def silent(done: int) -> None:
    """Report no progress."""


def batches(items: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    """Yield the items in batches of at most a thousand."""
    rest = iter(items)
    while batch := tuple(islice(rest, _BATCH)):
        yield batch


@contextmanager
def kept_in_part(is_begun: Callable[[], bool]) -> Iterator[None]:
    """Change the error of a purge that breaks off: `StorageError` would promise that nothing was changed. Rule: D-21a.

    Args:
        is_begun: Returns whether a batch was purged.

    Raises:
        OutcomeUnknown: The storage failed after that.
    """
    why: str | None = None
    try:
        yield
    except StorageError as failure:
        if not is_begun():
            raise
        why = str(failure)
    if why is not None:
        raise OutcomeUnknown(f"{why}; what is purged stays purged: purge again, and it goes on where it stopped")


class UnitRecords:
    """The ended enrolments of the unit that a data administrator acts for.

    Args:
        executor: The storage, the ports and the clock.
        actor: The data administrator.
    """

    def __init__(self, executor: Executor, actor: Actor) -> None:
        self._executor = executor
        self._actor = actor

    def ended(self) -> Iterator[EndedEnrolment | UnreadableEnrolment]:
        """Yield the unit's ended enrolments by rising id."""
        after = ""
        while page := self._executor.storage.ended(self._actor.unit, after=after):
            yield from page
            after = page[-1].enrolment_id

    def log_each(self, action: Action, persons: Mapping[EnrolmentId, PersonId]) -> None:
        """Log an action on some enrolments, an entry for each. Rule: D-21c.

        Args:
            action: The action.
            persons: By enrolment id, the person.
        """
        self._executor.storage.log(access_entries(action, self._actor, self._executor.now(), persons.items()))

    def forget_notifications(self, enrolment_ids: Sequence[EnrolmentId]) -> None:
        """Make inbox and messengers forget the notifications of some enrolments; call it before these are purged.

        The purge deletes the keys. An interrupted purge calls this again.

        Raises:
            DeliveryError: An inbox or a messenger could not delete its notices.
        """
        keys = self._executor.storage.notification_keys(self._actor.unit, enrolment_ids)
        if keys:
            self.forget(keys)

    def forget(self, keys: Iterable[str]) -> None:
        """Make inbox and messengers forget what they sent under some keys, and scrub what they deleted before.

        Raises:
            DeliveryError: The first failure. Every port is asked before it is raised.
        """
        theirs, failures = tuple(keys), list[DeliveryError]()
        ports: tuple[Inbox | Messenger, ...] = (self._executor.ports.inbox, *self._executor.ports.messengers)
        for port in ports:
            try:
                port.forget(theirs)
            except DeliveryError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
