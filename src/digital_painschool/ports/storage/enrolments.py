"""Enrolments with their timelines and documents, and the change that a command saves."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notification, Status
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import CompletedCall
from digital_painschool.ports.storage.excerpt import WHOLE, Excerpt
from digital_painschool.ports.storage.placeholders import readable

_PAGE = 1000

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


@frozen(kw_only=True)
class Timeline:
    """The timeline of an enrolment with what was written in it, or the part that was asked for.

    Args:
        entries: The entries, in order.
        documents: The texts and answers, by entry number.
    """

    entries: tuple[Entry, ...] = ()
    _documents: Masked[Mapping[int, Content]] = field(converter=mask_documents, repr=False, factory=dict)

    @property
    def documents(self) -> Mapping[int, Content]:
        """The texts and answers that were written."""
        return self._documents.reveal()


@frozen(kw_only=True, slots=False)
class Change:
    """Everything that one command changes; saved together or not at all.

    Args:
        before: The version that the command was decided on; 0 for a new enrolment.
        enrolment: The state after the command; its version is `before` plus the number of events.
        events: The events in order: timeline entries `before + 1` and on. A call that changes nothing and has an
            idempotency key comes without events, and so does a note that a closed enrolment has no entry of: then the
            state and the version stay as they are.
        documents: The texts and answers that were written, by the number of their timeline entry.
        counts: The counts and flags for the caseload.
        notifications: The notifications that the events ask for.
        cancelled: The ids of notifications of the enrolment that this command drops. The whole change is a conflict
            when one of them no longer waits: it was begun, or is settled.
        noted: The ids of notifications of the enrolment whose end this command notes: an entry of the timeline says so
            in an open one. The whole change is a conflict when one of them no longer needs such a note.
        resolved: The new status of dead letters of the enrolment, by id: `PENDING` for one that is sent again, due at
            `enrolment.last_entry_at`, without attempts and in no batch; `DROPPED` for one that is dropped then. The
            whole change is a conflict when one of them is no dead letter.
        discarded_drafts: The keys of the forms whose drafts in the enrolment this command deletes.
        access: The entry for the access log.
        completed: The idempotency key under which the command was called, with what is needed to repeat its result;
            None without a key. The whole change is a conflict when a call was completed under an equal key before.
    """

    before: int
    enrolment: Enrolment
    events: tuple[Event, ...]
    _documents: Masked[Mapping[int, Content]] = field(converter=mask_documents, repr=False)
    counts: CaseloadCounts
    access: AccessEntry
    notifications: tuple[Notification, ...] = ()
    cancelled: tuple[NotificationId, ...] = ()
    noted: tuple[NotificationId, ...] = ()
    resolved: Mapping[NotificationId, Status] = field(factory=dict)
    discarded_drafts: frozenset[str] = frozenset()
    completed: CompletedCall | None = None

    @property
    def documents(self) -> Mapping[int, Content]:
        """The texts and answers that were written."""
        return self._documents.reveal()


@frozen(kw_only=True, slots=False)
class StoredEnrolment:
    """An enrolment as a storage keeps it.

    Args:
        enrolment: The present state.
        counts: The counts of the last saved change.
        exported: The version that counts as exported; 0 for none.
    """

    enrolment: Enrolment
    counts: CaseloadCounts
    exported: int = 0

    @property
    def enrolment_id(self) -> EnrolmentId:
        """The enrolment's id."""
        return self.enrolment.id

    @property
    def unit(self) -> HsaId:
        """The unit that gives the treatment."""
        return self.enrolment.unit


class Enrolments(Protocol):
    """The enrolments with their timelines and documents."""

    @abstractmethod
    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment | UnreadableEnrolment]:
        """Return the present states of the known enrolments among some, by id.

        Contract:
            * **earlier shape**: a state that was stored in an earlier shape is replayed from its timeline.
            * **unreadable**: a placeholder stands for an enrolment that is unreadable, or whose stored state is another
              enrolment's. It hides none of the others.
        """
        ...

    @abstractmethod
    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        """Return all enrolments of a person at all units, open, ended and withdrawn, oldest first.

        A storage that keeps the therapist and the phase beside the state has them in the placeholder: without them,
        staff who have the patient are not told of the placeholder, and a patient is told of a withdrawn one.

        Contract:
            * **unreadable**: a placeholder stands for an unreadable enrolment, which hides none of the others.
        """
        ...

    @abstractmethod
    def list_enrolments(
        self,
        unit: HsaId | None,
        *,
        ended: bool,
        among: Iterable[EnrolmentId] | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[StoredEnrolment | UnreadableEnrolment, ...]:
        """Return a unit's enrolments by rising id (code points), above `after`, at most `limit`.

        Args:
            unit: The unit; None for all units.
            ended: True for those that have ended or were withdrawn, False for the open ones.
            among: Only the enrolments of these ids; None for all.
            after: Only the enrolments whose ids are above this one.
            limit: The most enrolments.

        Contract:
            * **unreadable**: a placeholder, with the unit as far as it can be told, stands for an unreadable enrolment,
              which hides none of the others.
        """
        ...

    @abstractmethod
    def save(self, change: Change) -> None:
        """Save a change in one transaction, durably.

        Contract:
            * **all or nothing**: state, events, documents, notifications, access entry and completed call are all
              stored, and the drafts to discard are deleted. When an error is raised or the process dies, none of it is
              done.
            * **optimistic**: the change is saved only when the stored version is `change.before`.
            * **one open enrolment**: a person never has two open enrolments in one program at one unit. One that has
              ended, or was withdrawn, hinders no new one.
            * **durable**: a saved change is there after a restart, also when the process is killed right afterwards.
            * **steady**: the time of a save does not grow with the timeline.

        Raises:
            Conflict: Somebody else saved first, a notification to cancel no longer waits, the end of a notification is
                noted already, one to resolve is no dead letter, or a call was completed under the key. Nothing was
                changed.
            OutcomeUnknown: The connection was lost during commit. The change was saved completely or not at all; reload
                before retrying.
            StorageError: The storage failed. Nothing was changed.
        """
        ...

    @abstractmethod
    def load_timelines(
        self,
        enrolment_ids: Iterable[EnrolmentId],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
        *,
        after: int = 0,
        limit: int | None = None,
        excerpt: Excerpt = WHOLE,
    ) -> Mapping[EnrolmentId, Timeline | UnreadableEnrolment]:
        """Return the timelines of some enrolments, by enrolment id.

        An entry without a document has none in the result. An enrolment of which there is nothing to return may be left
        out, as an unknown one is.

        Args:
            enrolment_ids: The enrolments.
            kinds: Only the entries of these kinds; None for all.
            documents: Only the documents of these entry numbers, whether the entries are wanted or not; None for the
                documents of the entries that are returned. With `()`, no document is read.
            after: Only the entries above this number.
            limit: The most entries of each timeline, the first ones in the order of the excerpt; None for all.
            excerpt: Only the entries in this excerpt, in its order.

        Contract:
            * **excerpt**: the entries come in the excerpt's order, by their numbers: their instants need not rise.
            * **page**: `limit` counts the entries that are wanted, whatever else lies between them.
            * **unreadable**: a placeholder stands for an enrolment of which any wanted part is unreadable. It hides
              none of the others, and a part that is not wanted hides nothing.
        """
        ...

    def access_ended(self, now: datetime, limit: int) -> tuple[EnrolmentId, ...]:
        """Return the ids of open enrolments whose access has ended and whose timeline does not say so, at most `limit`.

        Access has ended when `access_until` is `now` or earlier.
        """
        found = readable(each_enrolment(self, None, ended=False))
        over = sorted(
            (one.access_until, one.id) for one in (stored.enrolment for stored in found) if lacks_end(one, now)
        )
        return tuple(enrolment_id for _, enrolment_id in over[:limit])


def each_enrolment(
    storage: Enrolments, unit: HsaId | None, *, ended: bool, after: str = ""
) -> Iterator[StoredEnrolment | UnreadableEnrolment]:
    """Yield a unit's open or ended enrolments by rising id, or those of all units, above `after`."""
    while page := storage.list_enrolments(unit, ended=ended, after=after, limit=_PAGE):
        yield from page
        after = page[-1].enrolment_id


def lacks_end(enrolment: Enrolment, now: datetime) -> bool:
    """Return whether an open enrolment's access has ended, and its timeline does not say so."""
    return enrolment.access_until <= now and enrolment.noted_end != enrolment.access_until
