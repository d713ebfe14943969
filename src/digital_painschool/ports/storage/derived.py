"""Reads that every storage has, because they follow from the methods of the port.

Each is a function over a protocol, so that no adapter implements it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from attrs import field, frozen

from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.masking import Masked
from digital_painschool.domain.notification import Notification, NotificationRecord, UnreadableNotification
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage.enrolments import Content, Enrolments, Entry, Timeline, mask_documents
from digital_painschool.ports.storage.excerpt import WHOLE, Excerpt
from digital_painschool.ports.storage.outbox import Outbox
from digital_painschool.ports.storage.placeholders import readable, unreadable
from digital_painschool.ports.storage.retention import Retention


@frozen(kw_only=True)
class History:
    """Everything that is stored of one enrolment, or the part of it that was asked for.

    Args:
        enrolment: The state.
        timeline: The entries up to this state, in order.
        documents: The texts and answers that were written with these entries, by entry number.
    """

    enrolment: Enrolment
    timeline: tuple[Entry, ...]
    _documents: Masked[Mapping[int, Content]] = field(converter=mask_documents, repr=False)

    @property
    def documents(self) -> Mapping[int, Content]:
        """The texts and answers that were written."""
        return self._documents.reveal()


def load_enrolment(storage: Enrolments, enrolment_id: EnrolmentId) -> Enrolment | None:
    """Return the present state of an enrolment, or None for an unknown one.

    Raises:
        StorageError: The enrolment is unreadable, or the stored state is another enrolment's.
    """
    found = storage.load_many((enrolment_id,)).get(enrolment_id)
    if isinstance(found, UnreadableEnrolment):
        raise _unreadable((enrolment_id,))
    return found


def load_enrolments(storage: Enrolments, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment]:
    """Return the present states of the known enrolments among some, by id.

    Raises:
        StorageError: One of the enrolments is unreadable.
    """
    found = storage.load_many(enrolment_ids)
    if hidden := unreadable(found.values()):
        raise _unreadable(hidden)
    return {enrolment.id: enrolment for enrolment in readable(found.values())}


def load_timeline(
    storage: Enrolments,
    enrolment_id: EnrolmentId,
    kinds: Iterable[type[Event]] | None = None,
    *,
    after: int = 0,
    limit: int | None = None,
    excerpt: Excerpt = WHOLE,
) -> tuple[Entry, ...]:
    """Return a timeline's entries in order, all or a part as of `load_timelines`; an unknown enrolment has none.

    Raises:
        StorageError: An entry is unreadable.
    """
    found = storage.load_timelines((enrolment_id,), kinds, (), after=after, limit=limit, excerpt=excerpt)
    return _only(enrolment_id, found).entries


def load_state_at(storage: Enrolments, enrolment_id: EnrolmentId, version: int) -> Enrolment:
    """Return the state that an enrolment had at an earlier version, replayed from its timeline.

    Raises:
        StorageError: The timeline is unreadable, ends before the version, or does not begin with a start.
    """
    entries = load_timeline(storage, enrolment_id)[:version]
    if len(entries) == version:
        with suppress(ValueError):  # the error is raised outside, so that no event hangs on it as its context
            return replay(entry.event for entry in entries)
    raise StorageError(f"the timeline of enrolment {enrolment_id} lacks entries; was it changed by hand?")


def load_documents(storage: Enrolments, enrolment_id: EnrolmentId, seqs: Iterable[int]) -> Mapping[int, Content]:
    """Return the documents of some timeline entries, by entry number. An entry without a document is left out.

    Raises:
        StorageError: A document is unreadable.
    """
    return _only(enrolment_id, storage.load_timelines((enrolment_id,), (), seqs)).documents


def load_histories(
    storage: Enrolments, unit: HsaId, enrolment_ids: Sequence[EnrolmentId], kinds: Iterable[type[Event]] | None = None
) -> tuple[History | UnreadableEnrolment, ...]:
    """Return the histories of some of a unit's enrolments, in the order asked for, without unknown ones.

    With `kinds`, a history has only the entries of these kinds and their documents. A placeholder stands for an
    enrolment of which any part is unreadable. A step that is saved meanwhile is in a history as a whole, or not at all.
    """
    states = storage.load_many(enrolment_ids)
    found = [states[enrolment_id] for enrolment_id in enrolment_ids if enrolment_id in states]
    theirs = [state for state in found if state.unit in {unit, None}]
    timelines = storage.load_timelines([state.id for state in theirs if isinstance(state, Enrolment)], kinds)
    return tuple(
        state if isinstance(state, UnreadableEnrolment) else _history(state, timelines.get(state.id, Timeline()))
        for state in theirs
    )


def load_notifications(
    storage: Outbox,
    enrolment_id: EnrolmentId,
    *,
    newest_first: bool = False,
    after: tuple[int, str] | None = None,
    limit: int | None = None,
) -> tuple[NotificationRecord, ...]:
    """Return every notification that an enrolment asked for, by entry, then by id, or a page of them.

    Raises:
        StorageError: A notification is unreadable.
    """
    found = storage.notifications(enrolment_id, newest_first=newest_first, after=after, limit=limit)
    for one in found:
        if isinstance(one, UnreadableNotification):
            raise StorageError(f"notification {one.notification_id} cannot be read; was it changed by hand?")
    return tuple(one for one in found if isinstance(one, NotificationRecord))


def find_cancellable(storage: Outbox, enrolment_id: EnrolmentId) -> tuple[Notification, ...]:
    """Return an enrolment's notifications that wait, without unreadable ones: these stop no ending."""
    found = storage.notifications(enrolment_id)
    return tuple(one.notification for one in found if isinstance(one, NotificationRecord) and one.waits)


def find_ended(
    storage: Retention, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]
) -> Mapping[EnrolmentId, EndedEnrolment | UnreadableEnrolment]:
    """Return the unit's ended enrolments among some, by id, with placeholders as in `Retention.ended`."""
    among = frozenset(enrolment_ids)
    return {one.enrolment_id: one for one in storage.ended(unit, among=among, limit=len(among))}


def _unreadable(enrolment_ids: Iterable[EnrolmentId]) -> StorageError:
    return StorageError(f"enrolment {', '.join(enrolment_ids)} cannot be read; was it changed by hand?")


def _only(enrolment_id: EnrolmentId, found: Mapping[EnrolmentId, Timeline | UnreadableEnrolment]) -> Timeline:
    timeline = found.get(enrolment_id, Timeline())
    if isinstance(timeline, UnreadableEnrolment):
        raise StorageError(f"the timeline of enrolment {enrolment_id} cannot be read; was it changed by hand?")
    return timeline


def _history(enrolment: Enrolment, timeline: Timeline | UnreadableEnrolment) -> History | UnreadableEnrolment:
    if isinstance(timeline, UnreadableEnrolment):
        return timeline
    return History(
        enrolment=enrolment,
        timeline=tuple(entry for entry in timeline.entries if entry.seq <= enrolment.version),
        documents={seq: content for seq, content in timeline.documents.items() if seq <= enrolment.version},
    )
