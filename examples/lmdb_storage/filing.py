"""Records: values that are kept under a key, and the places of those that are listed or go with an enrolment."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from attrs import evolve

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import ExportReceipt, Skip, Skipped
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    NO_VERSIONS,
    AccessEntry,
    CallKey,
    CompletedCall,
    DeskCall,
    Listed,
    PurgeProgress,
    Record,
    RecordKey,
    Saved,
    is_final,
    key_of_call,
    position_of,
    record_key,
)
from digital_painschool.programs.toml import program_from_data, program_to_data
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text
from digital_painschool.serialization.stored import read_each, read_stored
from digital_painschool.serialization.values import content_from_data, from_data, to_data
from lmdb_storage.database import Part, Transaction, log
from lmdb_storage.records import add_access, find_readable_enrolments, save_enrolment
from lmdb_storage.tables import Key, Table


class LmdbRecords(Part):
    """Profiles, programs, drafts, completed calls, and the papers of exports and purges."""

    def load_record(self, key: RecordKey) -> Record | None:
        with self._database.reading() as transaction:
            return find_record(transaction, key)

    def list_records(
        self,
        kind: type[Listed],
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[Listed, ...]:
        with self._database.reading() as transaction:
            rows = [json.loads(row) for row in transaction.scan(Table.LISTED, kind.__name__, unit)]
            place = None if after is None else [instant_to_text(after[0]), after[1]]
            behind = [row for row in rows if place is None or ((row < place) is newest_first and row != place)]
            ordered = reversed(behind) if newest_first else behind
            read = (one for row in ordered for one in read_each([row], partial(_listed, transaction, kind), _log_row))
            return tuple(islice((one for one in read if one is not None), limit))

    def save_record(
        self,
        key: RecordKey,
        record: Saved,
        access: Iterable[AccessEntry] = (),
        *,
        exported: Mapping[EnrolmentId, int] = NO_VERSIONS,
        completed: DeskCall | None = None,
    ) -> Saved:
        entries = tuple(access)
        with self._database.writing() as transaction:
            add_call(transaction, completed)
            if isinstance(record, ExportReceipt):
                _count_as_exported(transaction, record.unit, exported)
            add_access(transaction, entries)
            stored = _find_saved(transaction, key)
            if stored is not None and is_final(stored):
                return stored
            transaction.put(Table.RECORDS, _record_to_data(record), *_place(key))
            if isinstance(record, Listed):
                transaction.put(Table.LISTED, _row(record), key.kind.__name__, record.unit, *_row(record))
            return record


def find_record(transaction: Transaction, key: RecordKey) -> Record | None:
    """Return the record under a key, or None.

    Raises:
        StorageError: The record is unreadable.
    """
    if key.kind is PurgeProgress:
        rows = list(map(json.loads, transaction.scan(Table.PROGRESS, *key.parts)))
        return _progress_from_data(rows) if rows else None
    data = transaction.get(Table.RECORDS, *_place(key))
    return None if data is None else read_stored(f"a stored {key.kind.__name__}", _record_from_data, key, data)


def add_call(transaction: Transaction, completed: CompletedCall | DeskCall | None) -> None:
    """Save a completed call, if there is one, with its step.

    Raises:
        Conflict: A call was completed under the key before.
    """
    if completed is None:
        return
    key = key_of_call(type(completed), completed.key)
    if transaction.get(Table.RECORDS, *_place(key)) is not None:
        raise Conflict("a call was completed under the key already; return its result")
    if isinstance(completed, CompletedCall):
        save_of_enrolment(transaction, completed.enrolment_id, key, completed)
    else:
        transaction.put(Table.RECORDS, _record_to_data(completed), *_place(key))


def save_of_enrolment(transaction: Transaction, enrolment_id: EnrolmentId, key: RecordKey, record: Record) -> None:
    """Save a record that goes with an enrolment."""
    transaction.put(Table.RECORDS, _record_to_data(record), *_place(key))
    transaction.put(Table.OF_ENROLMENT, _place(key), enrolment_id, *_place(key))


def remove_of_enrolment(transaction: Transaction, enrolment_id: EnrolmentId, key: RecordKey) -> None:
    """Remove a record that goes with an enrolment."""
    transaction.remove(Table.RECORDS, *_place(key))
    transaction.remove(Table.OF_ENROLMENT, enrolment_id, *_place(key))


def _find_saved(transaction: Transaction, key: RecordKey) -> Saved | None:
    if key.kind is Profile:  # the latest one stands, whatever is stored
        return None
    found = find_record(transaction, key)
    return found if isinstance(found, Saved) else None


def _count_as_exported(transaction: Transaction, unit: HsaId, versions: Mapping[EnrolmentId, int]) -> None:
    for one in find_readable_enrolments(transaction, versions):
        if one.unit == unit:
            save_enrolment(transaction, evolve(one, exported=max(one.exported, versions[one.enrolment_id])), one)


def _place(key: RecordKey) -> Key:
    return key.kind.__name__, *key.parts


def _listed(transaction: Transaction, kind: type[Listed], row: list[str]) -> Listed:
    found = find_record(transaction, record_key(kind, row[1]))
    if not isinstance(found, kind) or _row(found) != row:
        raise ValueError("the record is another one")
    return found


def _row(record: Listed) -> list[str]:
    at, id_ = position_of(record)
    return [instant_to_text(at), id_]


def _log_row(row: list[str]) -> None:
    log.error("the record %s cannot be read; was it changed by hand?", row[1])


def _record_to_data(record: Record) -> Any:
    """Return a record as data."""
    match record:
        case Program():
            return program_to_data(record)
        case Draft():
            return [instant_to_text(record.saved_at), dict(record.answers)]
        case CompletedCall():
            return [record.enrolment_id, record.version, record.fingerprint]
        case DeskCall():
            return [record.result, record.fingerprint]
        case PurgeProgress():
            raise TypeError("the progress of a purge is stored by enrolment")
    return to_data(record)


def _record_from_data(key: RecordKey, data: Any) -> Record:
    """Return the record that `_record_to_data` described."""
    if key.kind is Program:
        return program_from_data(data, "a stored program")
    if key.kind is Draft:
        answers = content_from_data(data[1])
        if isinstance(answers, str):
            raise TypeError("the answers of a draft are no text")
        return Draft(form=key.parts[1], saved_at=instant_from_text(data[0]), answers=answers)
    if key.kind in {CompletedCall, DeskCall}:
        unit, caller, action, host_key = key.parts
        call = CallKey(unit=HsaId(unit), caller=caller, action=action, key=host_key)
        if key.kind is DeskCall:
            return DeskCall(key=call, result=data[0], fingerprint=data[1])
        return CompletedCall(key=call, enrolment_id=data[0], version=data[1], fingerprint=data[2])
    return from_data(data, key.kind)


def _progress_from_data(rows: Iterable[Any]) -> PurgeProgress:
    """Return the progress of a purge from its rows, each an enrolment's id and why it was left, or None."""
    outcomes = {id_: None if why is None else Skipped(enrolment_id=id_, why=Skip(why)) for id_, why in rows}
    return PurgeProgress(outcomes=outcomes)
