"""Enrolments with their timelines and documents."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from attrs import evolve

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import Conflict, InvalidValue
from digital_painschool.ports.storage import (
    WHOLE,
    Change,
    Entry,
    Excerpt,
    StoredEnrolment,
    Timeline,
    record_key,
)
from digital_painschool.serialization.events import KIND_OF
from digital_painschool.serialization.scalars import instant_from_text
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import content_from_data
from lmdb_storage import outbox
from lmdb_storage.database import Part, Transaction
from lmdb_storage.filing import add_call, remove_of_enrolment
from lmdb_storage.records import (
    add_access,
    find_each_enrolment,
    find_enrolment,
    ids,
    ids_of_person,
    save_enrolment,
)
from lmdb_storage.tables import Table
from lmdb_storage.values import entry_from_data, entry_to_data


class LmdbEnrolments(Part):
    """The enrolments with their timelines and documents."""

    def load_many(self, enrolment_ids: Iterable[EnrolmentId]) -> Mapping[EnrolmentId, Enrolment | UnreadableEnrolment]:
        wanted = tuple(enrolment_ids)
        with self._database.reading() as transaction:
            found = find_each_enrolment(transaction, wanted)
        return {
            **{one.enrolment.id: one.enrolment for one in found if isinstance(one, StoredEnrolment)},
            **{one.enrolment_id: one for one in found if isinstance(one, UnreadableEnrolment)},
        }

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
        wanted = tuple(dict.fromkeys(enrolment_ids))
        names = None if kinds is None else {KIND_OF[kind] for kind in kinds}
        seqs = None if documents is None else frozenset(documents)
        with self._database.reading() as transaction:
            found = read_each(
                wanted,
                lambda id_: _timeline(
                    transaction, id_, seqs, islice(_rows(transaction, id_, names, after, excerpt), limit)
                ),
                lambda id_: UnreadableEnrolment(enrolment_id=id_),
            )
        return dict(zip(wanted, found, strict=True))

    def find_by_person(self, person: PersonId) -> tuple[Enrolment | UnreadableEnrolment, ...]:
        with self._database.reading() as transaction:
            found = find_each_enrolment(transaction, ids_of_person(transaction, person))
        unreadable = [one for one in found if isinstance(one, UnreadableEnrolment)]
        read = [one.enrolment for one in found if isinstance(one, StoredEnrolment)]
        return (*sorted(read, key=lambda enrolment: (enrolment.started_at, enrolment.id)), *unreadable)

    def list_enrolments(
        self,
        unit: HsaId | None,
        *,
        ended: bool,
        among: Iterable[EnrolmentId] | None = None,
        after: str = "",
        limit: int = 1000,
    ) -> tuple[StoredEnrolment | UnreadableEnrolment, ...]:
        wanted = None if among is None else frozenset(among)
        table = Table.ENDED if ended else Table.OPEN
        with self._database.reading() as transaction:
            units = transaction.first_parts(table) if unit is None else (unit,)
            found = {id_: of for of in units for id_ in ids(transaction.scan(table, of))}
            page = sorted(id_ for id_ in found if id_ > after and (wanted is None or id_ in wanted))[:limit]
            read = find_each_enrolment(transaction, page)
        return tuple(
            evolve(one, unit=_readable_unit(found[one.enrolment_id])) if isinstance(one, UnreadableEnrolment) else one
            for one in read
        )

    def save(self, change: Change) -> None:
        with self._database.writing() as transaction:
            before = find_enrolment(transaction, change.enrolment.id)
            _check(transaction, change, before)
            outbox.check(transaction, change)
            _save(transaction, change, before)
            outbox.save(transaction, change)
            add_access(transaction, (change.access,))


def _readable_unit(text: str) -> HsaId | None:
    try:
        return HsaId(text)
    except InvalidValue:  # the key may be damaged
        return None


def _rows(
    transaction: Transaction, enrolment_id: EnrolmentId, kinds: Collection[str] | None, after: int, excerpt: Excerpt
) -> Iterator[dict[str, Any]]:
    if kinds is not None and not kinds:
        return
    for seq, stored in transaction.numbered(Table.TIMELINES, enrolment_id, after=after, excerpt=excerpt):
        row = json.loads(stored)
        if kinds is not None and row["kind"] not in kinds:
            continue
        if excerpt.holds(seq, instant_from_text(row["at"]), row["by"]):
            yield row


def _timeline(
    transaction: Transaction,
    enrolment_id: EnrolmentId,
    documents: Collection[int] | None,
    rows: Iterable[dict[str, Any]],
) -> Timeline:
    wanted = list(rows)
    seqs = [row["seq"] for row in wanted] if documents is None else documents
    contents = {seq: transaction.get(Table.DOCUMENTS, enrolment_id, seq) for seq in seqs}
    return Timeline(
        entries=tuple(map(entry_from_data, wanted)),
        documents={seq: content_from_data(data) for seq, data in contents.items() if data is not None},
    )


def _check(transaction: Transaction, change: Change, before: StoredEnrolment | None) -> None:
    """Raise `Conflict` when somebody else saved first, or when the person has an open one."""
    if change.before != (0 if before is None else before.enrolment.version):
        raise Conflict("somebody else saved this enrolment first; load it and decide again")
    new = StoredEnrolment(enrolment=change.enrolment, counts=change.counts)
    if not new.enrolment.is_open:
        return
    others = (id_ for id_ in ids_of_person(transaction, change.enrolment.person) if id_ != change.enrolment.id)
    if any(_is_rival(one, change.enrolment) for id_ in others if (one := find_enrolment(transaction, id_)) is not None):
        raise Conflict("the person has an open enrolment in this program at this unit")


def _is_rival(one: StoredEnrolment, enrolment: Enrolment) -> bool:
    same = one.enrolment.unit == enrolment.unit and one.enrolment.program == enrolment.program
    return same and one.enrolment.is_open


def _save(transaction: Transaction, change: Change, before: StoredEnrolment | None) -> None:
    exported = 0 if before is None else before.exported
    one = StoredEnrolment(enrolment=change.enrolment, counts=change.counts, exported=exported)
    save_enrolment(transaction, one, before)
    for seq, event in enumerate(change.events, start=change.before + 1):
        transaction.put(Table.TIMELINES, entry_to_data(Entry(seq=seq, event=event)), change.enrolment.id, seq)
    for seq, content in change.documents.items():
        data = content if isinstance(content, str) else dict(content)
        transaction.put(Table.DOCUMENTS, data, change.enrolment.id, seq)
    add_call(transaction, change.completed)
    for form in change.discarded_drafts:
        remove_of_enrolment(transaction, change.enrolment.id, record_key(Draft, change.enrolment.id, form))
