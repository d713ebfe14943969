"""The enrolments of the memory storage, with their timelines, documents and figures; its owner holds the lock."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from digital_painschool.domain.enrolment import CaseloadCounts, Enrolment, Phase
from digital_painschool.domain.events import Event
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CaseQuery, CaseRow, Change, Content, Entry, History

_Place = tuple[PersonId, str, HsaId]


class Records:
    """The enrolments with all that is theirs, except notifications."""

    def __init__(self) -> None:
        self._enrolments: dict[str, Enrolment] = {}
        self._timelines: dict[str, list[Event]] = {}
        self._documents: dict[str, dict[int, Content]] = {}
        self._counts: dict[str, CaseloadCounts] = {}
        self._exported: dict[str, int] = {}
        self._persons: dict[PersonId, set[str]] = {}
        self._open: dict[_Place, str] = {}

    def find(self, enrolment_id: str) -> Enrolment | None:
        """Return the present state, or None."""
        return self._enrolments.get(enrolment_id)

    def find_by_person(self, person: PersonId) -> Iterator[Enrolment]:
        """Return a person's enrolments, in no order."""
        return (self._enrolments[enrolment_id] for enrolment_id in self._persons.get(person, ()))

    def of_unit(self, unit: HsaId) -> Iterator[Enrolment]:
        """Return a unit's enrolments, in no order."""
        return (enrolment for enrolment in self._enrolments.values() if enrolment.unit == unit)

    def still_open(self) -> Iterator[Enrolment]:
        """Return the enrolments that have not ended, in no order."""
        return (self._enrolments[enrolment_id] for enrolment_id in self._open.values())

    def check(self, change: Change) -> None:
        """Refuse a change that was decided on another version, or that would be a second open enrolment.

        Raises:
            Conflict: It is one of these.
        """
        enrolment = change.enrolment
        stored = self._enrolments.get(enrolment.id)
        if (stored.version if stored else 0) != change.before:
            raise Conflict("the enrolment was changed by somebody else; load it and decide again")
        if enrolment.phase is not Phase.ENDED and self._open.get(_place(enrolment), enrolment.id) != enrolment.id:
            raise Conflict("the person has an open enrolment in the program at this unit already")

    def keep(self, change: Change, documents: Mapping[int, Content]) -> None:
        """Keep a change that was checked, with copies of its documents."""
        enrolment = change.enrolment
        self._enrolments[enrolment.id] = enrolment
        self._timelines.setdefault(enrolment.id, []).extend(change.events)
        self._documents.setdefault(enrolment.id, {}).update(documents)
        self._counts[enrolment.id] = change.counts
        self._persons.setdefault(enrolment.person, set()).add(enrolment.id)
        if enrolment.phase is not Phase.ENDED:
            self._open[_place(enrolment)] = enrolment.id
        elif self._open.get(_place(enrolment)) == enrolment.id:
            del self._open[_place(enrolment)]

    def timeline(self, enrolment_id: str, wanted: Collection[type[Event]] | None = None) -> Iterator[Entry]:
        """Return a timeline's entries in order, all or those of some types; none for an unknown enrolment."""
        events = enumerate(self._timelines.get(enrolment_id, ()), start=1)
        return (Entry(seq=seq, event=event) for seq, event in events if wanted is None or type(event) in wanted)

    def documents(self, enrolment_id: str, seqs: Iterable[int] | None = None) -> dict[int, Content]:
        """Return copies of some documents, or of all; those that there are."""
        kept = self._documents.get(enrolment_id, {})
        return {seq: copy_of(kept[seq]) for seq in (kept if seqs is None else seqs) if seq in kept}

    def history(self, enrolment: Enrolment, wanted: Collection[type[Event]] | None = None) -> History:
        """Return everything that is kept of an enrolment, or what belongs to entries of some types."""
        timeline = tuple(self.timeline(enrolment.id, wanted))
        documents = self.documents(enrolment.id, (entry.seq for entry in timeline))
        return History(enrolment=enrolment, timeline=timeline, documents=documents)

    def case(self, enrolment: Enrolment, query: CaseQuery) -> CaseRow:
        """Return an enrolment as a row of the list of patients."""
        counts = self._counts[enrolment.id]
        flagged = counts.unread_forms or counts.unread_messages or counts.done or counts.undelivered
        rank = 0 if counts.priority else 1 if flagged or enrolment.access_until <= query.now else 2
        return CaseRow(
            enrolment_id=enrolment.id,
            person=enrolment.person,
            therapist=enrolment.therapist,
            program=enrolment.program,
            program_version=enrolment.program_version,
            phase=enrolment.phase,
            started_at=enrolment.started_at,
            access_until=enrolment.access_until,
            reviewed_at=enrolment.reviewed_at,
            last_seen_at=enrolment.last_seen_at,
            counts=counts,
            key=(rank, enrolment.id),
        )

    def ended(self, enrolment_id: str) -> EndedEnrolment | None:
        """Return an enrolment as the retention rules see it; None when it does not exist or has not ended."""
        enrolment = self._enrolments.get(enrolment_id)
        if enrolment is None or enrolment.phase is not Phase.ENDED or enrolment.ended_at is None:
            return None
        return EndedEnrolment(
            enrolment_id=enrolment.id,
            version=enrolment.version,
            ended_at=enrolment.ended_at,
            last_entry_at=enrolment.last_entry_at,
            exported=self._exported.get(enrolment.id, 0),
        )

    def exported(self, unit: HsaId, versions: Mapping[str, int]) -> None:
        """Note which versions of a unit's enrolments count as exported; an older one changes nothing."""
        for enrolment_id, version in versions.items():
            enrolment = self._enrolments.get(enrolment_id)
            if enrolment is not None and enrolment.unit == unit:
                self._exported[enrolment_id] = max(version, self._exported.get(enrolment_id, 0))

    def forget(self, enrolment_id: str) -> None:
        """Delete an ended enrolment with all that is kept of it here."""
        enrolment = self._enrolments.pop(enrolment_id)
        self._timelines.pop(enrolment_id)
        self._documents.pop(enrolment_id)
        self._counts.pop(enrolment_id)
        self._exported.pop(enrolment_id, None)
        theirs = self._persons[enrolment.person]
        theirs.discard(enrolment_id)
        if not theirs:
            del self._persons[enrolment.person]


def copy_of(content: Content) -> Content:
    """Return a document that shares nothing changeable with another."""
    return content if isinstance(content, str) else dict(content)


def _place(enrolment: Enrolment) -> _Place:
    return enrolment.person, enrolment.program, enrolment.unit
