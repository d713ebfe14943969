"""Enrolments with their timelines and documents, and the list of patients."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CaseQuery, CaseRow, Change, Content, Entry
from digital_painschool.serialization.events import KIND_OF
from json_storage import outbox
from json_storage.books import (
    Part,
    all_kept,
    each_kept,
    enter,
    ids_of,
    keep,
    keep_ids,
    kept,
    kept_among,
    timeline_rows,
)
from json_storage.folder import Table, Transaction
from json_storage.values import Kept, documents_from_data, entry_from_data, entry_to_data


class JsonEnrolments(Part):
    """The enrolments with their timelines and documents."""

    def load(self, enrolment_id: str) -> Enrolment | None:
        with self._folder.transaction() as books:
            one = kept(books, enrolment_id)
            return None if one is None else one.enrolment

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        ids = tuple(enrolment_ids)
        with self._folder.transaction() as books:
            return {one.enrolment.id: one.enrolment for one in kept_among(books, ids)}

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        with self._folder.transaction() as books:
            found = each_kept(books, ids_of(books, person))
        hidden = [one for one in found if isinstance(one, UnreadableEnrolment)]
        read = [one.enrolment for one in found if isinstance(one, Kept)]
        return (*sorted(read, key=lambda enrolment: (enrolment.started_at, enrolment.id)), *hidden)

    def save(self, change: Change) -> None:
        with self._folder.transaction() as books:
            before = kept(books, change.enrolment.id)
            _refuse_what_does_not_fit(books, change, before)
            _keep_state(books, change, before)
            outbox.keep(books, change)
            enter(books, (change.access,))

    def timeline(self, enrolment_id: str, kinds: Iterable[type[Event]] | None = None) -> tuple[Entry, ...]:
        wanted = None if kinds is None else {KIND_OF[kind] for kind in kinds}
        with self._folder.transaction() as books:
            rows = timeline_rows(books, enrolment_id)
            return tuple(entry_from_data(row) for row in rows if wanted is None or row["kind"] in wanted)

    def documents(self, enrolment_id: str, seqs: Iterable[int]) -> Mapping[int, Content]:
        wanted = frozenset(seqs)
        with self._folder.transaction() as books:
            return documents_from_data(row for row in timeline_rows(books, enrolment_id) if row["seq"] in wanted)

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        with self._folder.transaction() as books:
            states = [one.enrolment for one in all_kept(books) if one.is_open]
        found = [state for state in states if state.noted_end != state.access_until <= now]
        found.sort(key=lambda state: (state.access_until, state.id))
        return tuple(state.id for state in found[:limit])


class JsonCaseload(Part):
    """The list of patients."""

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        with self._folder.transaction() as books:
            rows = [
                _row(one, query.now)
                for one in all_kept(books)
                if one.is_open
                and one.enrolment.unit == query.unit
                and query.therapist in {None, one.enrolment.therapist}
            ]
        rows.sort(key=lambda row: row.key)
        return tuple([row for row in rows if query.after is None or row.key > query.after][: query.limit])


def _refuse_what_does_not_fit(books: Transaction, change: Change, before: Kept | None) -> None:
    """Raise `Conflict` when somebody else was first; nothing is changed before all of it is asked."""
    enrolment = change.enrolment
    if change.before != (0 if before is None else before.enrolment.version):
        raise Conflict("somebody else saved this enrolment first; load it and decide again")
    others = kept_among(books, (id_ for id_ in ids_of(books, enrolment.person) if id_ != enrolment.id))
    if enrolment.phase is not Phase.ENDED and any(_in_the_way(one, enrolment) for one in others):
        raise Conflict("the person has an open enrolment in this program at this unit")
    outbox.refuse(books, change)


def _in_the_way(one: Kept, enrolment: Enrolment) -> bool:
    alike = one.enrolment.unit == enrolment.unit and one.enrolment.program == enrolment.program
    return alike and one.is_open


def _keep_state(books: Transaction, change: Change, before: Kept | None) -> None:
    enrolment = change.enrolment
    if before is None:
        keep_ids(books, enrolment.person, [*ids_of(books, enrolment.person), enrolment.id])
    keep(books, Kept(enrolment=enrolment, counts=change.counts, exported=before.exported if before else 0))
    entries = [Entry(seq=seq, event=event) for seq, event in enumerate(change.events, start=change.before + 1)]
    rows = [entry_to_data(entry, change.documents.get(entry.seq)) for entry in entries]
    books.add(Table.TIMELINES, rows, enrolment.id)


def _row(one: Kept, now: datetime) -> CaseRow:
    enrolment, counts = one.enrolment, one.counts
    flags = (
        counts.unread_forms,
        counts.unread_messages,
        counts.done,
        counts.undelivered,
        enrolment.access_until <= now,
    )
    rank = 0 if counts.priority else 1 if any(flags) else 2
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
