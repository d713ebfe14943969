"""The enrolments of the memory storage, with their timelines, documents and counts; the storage holds the lock."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    Change,
    Content,
    Entry,
    Excerpt,
    StoredEnrolment,
    Timeline,
)

_Course = tuple[PersonId, str, HsaId]
"""A person, a program and a unit: together they have at most one open enrolment."""


class MemoryEnrolments:
    """The enrolments with everything that is theirs, except notifications."""

    def __init__(self) -> None:
        self._enrolments: dict[EnrolmentId, Enrolment] = {}
        self._timelines: dict[str, list[Event]] = {}
        self._documents: dict[str, dict[int, Content]] = {}
        self._counts: dict[str, CaseloadCounts] = {}
        self._exported: dict[EnrolmentId, int] = {}
        self._of_person: dict[PersonId, set[EnrolmentId]] = {}
        self._open: dict[_Course, EnrolmentId] = {}

    def load(self, enrolment_id: EnrolmentId) -> Enrolment | None:
        """Return the present state, or None."""
        return self._enrolments.get(enrolment_id)

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> dict[EnrolmentId, Enrolment]:
        """Return the present states of the known enrolments among some, by id."""
        known = self._enrolments
        return {enrolment_id: known[enrolment_id] for enrolment_id in enrolment_ids if enrolment_id in known}

    def find_by_person(self, person: PersonId) -> tuple[Enrolment, ...]:
        """Return a person's enrolments, oldest first."""
        found = (self._enrolments[enrolment_id] for enrolment_id in self._of_person.get(person, ()))
        return tuple(sorted(found, key=lambda enrolment: (enrolment.started_at, enrolment.id)))

    def list_enrolments(
        self, unit: HsaId | None, *, ended: bool, among: Collection[EnrolmentId] | None, after: str, limit: int
    ) -> tuple[StoredEnrolment, ...]:
        """Return a unit's open or ended enrolments by rising id, those above `after`."""
        ids = self._enrolments.keys() if among is None else among & self._enrolments.keys()
        found = (self._enrolments[id_] for id_ in ids if id_ > after)
        wanted = sorted(one.id for one in found if one.is_open is not ended and unit in (None, one.unit))
        return tuple(map(self._stored, wanted[:limit]))

    def still_open(self) -> Iterator[Enrolment]:
        """Return the open enrolments, in no order."""
        return (self._enrolments[enrolment_id] for enrolment_id in self._open.values())

    def is_open(self, enrolment_id: EnrolmentId) -> bool:
        """Return whether an enrolment exists and is open."""
        enrolment = self._enrolments.get(enrolment_id)
        return enrolment is not None and enrolment.is_open

    def check(self, change: Change) -> None:
        """Refuse a change that cannot be saved, and change nothing.

        Raises:
            Conflict: The change was decided on another version, or would open a second enrolment.
        """
        enrolment = change.enrolment
        self.require_version(enrolment.id, change.before)
        if enrolment.is_open and self._open.get(_course(enrolment), enrolment.id) != enrolment.id:
            raise Conflict("the person has an open enrolment in the program at this unit already")

    def require_version(self, enrolment_id: EnrolmentId, version: int) -> None:
        """Refuse what was decided on another version than the stored one; a missing enrolment has version 0.

        Raises:
            Conflict: The stored version is another one.
        """
        stored = self._enrolments.get(enrolment_id)
        if (stored.version if stored else 0) != version:
            raise Conflict("the enrolment was changed by somebody else; load it and decide again")

    def save(self, change: Change) -> None:
        """Save a checked change, with copies of its documents."""
        documents = {seq: copy_of(content) for seq, content in change.documents.items()}
        enrolment = change.enrolment
        self._enrolments[enrolment.id] = enrolment
        self._timelines.setdefault(enrolment.id, []).extend(change.events)
        self._documents.setdefault(enrolment.id, {}).update(documents)
        self._counts[enrolment.id] = change.counts
        self._of_person.setdefault(enrolment.person, set()).add(enrolment.id)
        if enrolment.is_open:
            self._open[_course(enrolment)] = enrolment.id
        elif self._open.get(_course(enrolment)) == enrolment.id:
            del self._open[_course(enrolment)]

    def timeline(
        self,
        enrolment_id: EnrolmentId,
        kinds: Collection[type[Event]] | None,
        documents: Collection[int] | None,
        after: int,
        limit: int | None,
        excerpt: Excerpt,
    ) -> Timeline:
        """Return a timeline, or the part of it that `Enrolments.load_timelines` describes."""
        events = self._timelines.get(enrolment_id, [])
        last = len(events) if excerpt.up_to is None else min(excerpt.up_to, len(events))
        seqs = range(max(after, 0) + 1, last + 1)
        wanted = (
            Entry(seq=seq, event=event)
            for seq in (reversed(seqs) if excerpt.newest_first else seqs)
            if excerpt.holds(seq, (event := events[seq - 1]).at, event.by) and (kinds is None or type(event) in kinds)
        )
        entries = tuple(islice(wanted, limit))
        stored = self._documents.get(enrolment_id, {})
        numbers = [entry.seq for entry in entries] if documents is None else documents
        return Timeline(entries=entries, documents={seq: copy_of(stored[seq]) for seq in numbers if seq in stored})

    def count_as_exported(self, unit: HsaId, versions: Mapping[EnrolmentId, int]) -> None:
        """Save the versions of a unit's enrolments that count as exported."""
        for id_, version in versions.items():
            if id_ in self._enrolments and self._enrolments[id_].unit == unit:
                self._exported[id_] = max(version, self._exported.get(id_, 0))

    def delete(self, enrolment: Enrolment) -> None:
        """Delete a closed enrolment with its timeline, documents and counts."""
        del self._enrolments[enrolment.id], self._timelines[enrolment.id]
        del self._documents[enrolment.id], self._counts[enrolment.id]
        self._exported.pop(enrolment.id, None)
        theirs = self._of_person[enrolment.person]
        theirs.discard(enrolment.id)
        if not theirs:
            del self._of_person[enrolment.person]

    def _stored(self, enrolment_id: EnrolmentId) -> StoredEnrolment:
        return StoredEnrolment(
            enrolment=self._enrolments[enrolment_id],
            counts=self._counts[enrolment_id],
            exported=self._exported.get(enrolment_id, 0),
        )


def copy_of(content: Content) -> Content:
    """Return a document that shares nothing changeable with another."""
    return content if isinstance(content, str) else dict(content)


def _course(enrolment: Enrolment) -> _Course:
    return enrolment.person, enrolment.program, enrolment.unit
