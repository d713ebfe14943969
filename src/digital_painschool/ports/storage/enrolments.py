"""Enrolments with their timelines and documents, and the change that a command saves."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notification
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage.access_log import AccessEntry

Content = str | Mapping[str, Answer]
"""The content of a document: a text, or the answers to a form."""


def mask_documents(documents: Mapping[int, Content] | Masked[Mapping[int, Content]]) -> Masked[Mapping[int, Content]]:
    """Return documents as a value that no printer shows."""
    return Masked(documents)


@frozen(kw_only=True, slots=False)
class Entry:
    """One timeline entry.

    Args:
        seq: The entry's number, from 1.
        event: The event.
    """

    seq: int
    event: Event


@frozen(kw_only=True, slots=False)
class Change:
    """Everything that one command changes; saved together or not at all.

    Args:
        before: The version that the command was decided on; 0 for a new enrolment.
        enrolment: The state after the command; its version is `before` plus the number of events.
        events: The events in order: timeline entries `before + 1` and on.
        documents: The texts and answers that were written, by the number of their timeline entry.
        counts: The counts and flags for the caseload.
        notifications: The notifications that the events ask for.
        cancelled: The ids of notifications of the enrolment that this command drops. The whole change is a conflict
            when one of them no longer waits: it was begun, or is settled.
        noted: The ids of notifications of the enrolment whose end this command writes on the timeline. The whole change
            is a conflict when one of them no longer needs such a note.
        access: The entry for the access log.
    """

    before: int
    enrolment: Enrolment
    events: tuple[Event, ...]
    _documents: Masked[Mapping[int, Content]] = field(converter=mask_documents, repr=False)
    counts: CaseloadCounts
    access: AccessEntry
    notifications: tuple[Notification, ...] = ()
    cancelled: tuple[str, ...] = ()
    noted: tuple[str, ...] = ()

    @property
    def documents(self) -> Mapping[int, Content]:
        """The texts and answers that were written."""
        return self._documents.reveal()


class Enrolments(Protocol):
    """The enrolments with their timelines and documents."""

    def load(self, enrolment_id: str) -> Enrolment | None:
        """Return the present state, or None for an unknown enrolment.

        Contract:
            * **earlier shape**: a state that was stored in an earlier shape is replayed from its timeline.

        Raises:
            StorageError: The enrolment is unreadable, or the stored state is another enrolment's.
        """
        ...

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        """Return the present states of the known enrolments among some, by id.

        Raises:
            StorageError: One of the enrolments is unreadable. To find out which, load each by itself.
        """
        ...

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        """Return all enrolments of a person at all units, open and ended, oldest first.

        Contract:
            * **unreadable**: a placeholder stands for an unreadable enrolment, which hides none of the others.
        """
        ...

    def save(self, change: Change) -> None:
        """Save a change in one transaction, durably.

        Contract:
            * **all or nothing**: state, events, documents, notifications and access entry are all stored. When an error
              is raised or the process dies, none of them is.
            * **optimistic**: the change is saved only when the stored version is `change.before`.
            * **one open enrolment**: a person never has two enrolments that have not ended in one program at one unit.
            * **durable**: a saved change is there after a restart, also when the process is killed right afterwards.
            * **steady**: the time of a save does not grow with the timeline.

        Raises:
            Conflict: Somebody else saved first, a notification to cancel no longer waits, or the end of a notification
                is noted already. Nothing was changed.
            OutcomeUnknown: The connection was lost during commit. The change was saved completely or not at all; reload
                before retrying.
            StorageError: The storage failed. Nothing was changed.
        """
        ...

    def timeline(self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None) -> tuple[Entry, ...]:
        """Return the timeline in order, or its entries of some kinds; an unknown enrolment has no entries."""
        ...

    def documents(self, enrolment_id: str, seqs: Iterable[int]) -> Mapping[int, Content]:
        """Return the documents of some timeline entries, by entry number. An entry without a document is left out."""
        ...

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Return the ids of open enrolments whose access has ended and whose timeline does not say so, at most `limit`.

        Access has ended when `access_until` is `now` or earlier.
        """
        ...
