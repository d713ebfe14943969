"""Enrolments with their timelines and documents."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from digital_painschool.domain.enrolment import Enrolment, Phase, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change, Entry, Timeline
from digital_painschool.serialization.events import KIND_OF
from digital_painschool.serialization.stored import Data, read_each
from json_storage import outbox
from json_storage.folder import Folder, Table, Transaction
from json_storage.stored import (
    add_access,
    all_enrolments,
    find_each_enrolment,
    find_enrolment,
    find_enrolments,
    ids_of_person,
    save_enrolment,
    save_ids_of_person,
    timeline_rows,
)
from json_storage.values import StoredEnrolment, documents_from_data, entry_from_data, entry_to_data


class JsonEnrolments:
    """The enrolments with their timelines and documents."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment | UnreadableEnrolment]:
        ids = tuple(enrolment_ids)
        with self._folder.transaction() as transaction:
            found = find_each_enrolment(transaction, ids)
        return {
            one.enrolment_id if isinstance(one, UnreadableEnrolment) else one.enrolment.id: (
                one if isinstance(one, UnreadableEnrolment) else one.enrolment
            )
            for one in found
        }

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        with self._folder.transaction() as transaction:
            found = find_each_enrolment(transaction, ids_of_person(transaction, person))
        unreadable = [one for one in found if isinstance(one, UnreadableEnrolment)]
        read = [one.enrolment for one in found if isinstance(one, StoredEnrolment)]
        return (*sorted(read, key=lambda enrolment: (enrolment.started_at, enrolment.id)), *unreadable)

    def save(self, change: Change) -> None:
        with self._folder.transaction() as transaction:
            before = find_enrolment(transaction, change.enrolment.id)
            _check(transaction, change, before)
            outbox.check(transaction, change)
            _save(transaction, change, before)
            outbox.save(transaction, change)
            add_access(transaction, (change.access,))

    def load_timelines(
        self,
        enrolment_ids: Iterable[str],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
    ) -> Mapping[str, Timeline | UnreadableEnrolment]:
        ids = tuple(dict.fromkeys(enrolment_ids))
        names = None if kinds is None else {KIND_OF[kind] for kind in kinds}
        seqs = None if documents is None else frozenset(documents)
        with self._folder.transaction() as transaction:
            found = read_each(
                ids,
                lambda id_: _timeline(list(timeline_rows(transaction, EnrolmentId(id_))), names, seqs),
                lambda id_: UnreadableEnrolment(enrolment_id=EnrolmentId(id_)),
            )
        return dict(zip(ids, found, strict=True))

    def access_ended(self, now: datetime, limit: int) -> tuple[str, ...]:
        with self._folder.transaction() as transaction:
            states = [one.enrolment for one in all_enrolments(transaction) if one.is_open]
        found = [state for state in states if state.noted_end != state.access_until <= now]
        found.sort(key=lambda state: (state.access_until, state.id))
        return tuple(state.id for state in found[:limit])


def _timeline(rows: list[Data], kinds: Collection[str] | None, documents: Collection[int] | None) -> Timeline:
    wanted = [row for row in rows if kinds is None or row["kind"] in kinds]
    written = wanted if documents is None else [row for row in rows if row["seq"] in documents]
    return Timeline(entries=tuple(map(entry_from_data, wanted)), documents=documents_from_data(written))


def _check(transaction: Transaction, change: Change, before: StoredEnrolment | None) -> None:
    """Raise `Conflict` when somebody else saved first, or when the person has an open enrolment of this kind."""
    enrolment = change.enrolment
    if change.before != (0 if before is None else before.enrolment.version):
        raise Conflict("somebody else saved this enrolment first; load it and decide again")
    ids = (id_ for id_ in ids_of_person(transaction, enrolment.person) if id_ != enrolment.id)
    others = find_enrolments(transaction, ids)
    if enrolment.phase is not Phase.ENDED and any(_is_rival(one, enrolment) for one in others):
        raise Conflict("the person has an open enrolment in this program at this unit")


def _is_rival(one: StoredEnrolment, enrolment: Enrolment) -> bool:
    same = one.enrolment.unit == enrolment.unit and one.enrolment.program == enrolment.program
    return same and one.is_open


def _save(transaction: Transaction, change: Change, before: StoredEnrolment | None) -> None:
    enrolment = change.enrolment
    if before is None:
        ids = [*ids_of_person(transaction, enrolment.person), enrolment.id]
        save_ids_of_person(transaction, enrolment.person, ids)
    exported = 0 if before is None else before.exported
    save_enrolment(transaction, StoredEnrolment(enrolment=enrolment, counts=change.counts, exported=exported))
    entries = [Entry(seq=seq, event=event) for seq, event in enumerate(change.events, start=change.before + 1)]
    rows = [entry_to_data(entry, change.documents.get(entry.seq)) for entry in entries]
    transaction.add(Table.TIMELINES, rows, enrolment.id)
