"""The records of the memory storage; the storage holds the lock."""

from collections.abc import Iterable
from datetime import datetime

from attrs import evolve

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
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
    require_tag,
)


class MemoryRecords:
    """The records by their keys, and the keys of those that go with an enrolment."""

    def __init__(self) -> None:
        self._records: dict[RecordKey, Record] = {}
        self._of_enrolment: dict[EnrolmentId, set[RecordKey]] = {}

    def load(self, key: RecordKey) -> Record | None:
        """Return the record under a key, or None."""
        record = self._records.get(key)
        return None if record is None else _copy_of(record)

    def list(
        self, kind: type[Listed], unit: HsaId, after: tuple[datetime, str] | None, limit: int, *, newest_first: bool
    ) -> tuple[Listed, ...]:
        """Return a unit's records of a kind by their position."""
        theirs = [one for one in self._records.values() if isinstance(one, kind) and one.unit == unit]
        ordered = sorted(theirs, key=position_of, reverse=newest_first)
        behind = (one for one in ordered if after is None or (position_of(one) < after) is newest_first)
        return tuple([one for one in behind if position_of(one) != after][:limit])

    def save(self, key: RecordKey, record: Saved) -> Saved:
        """Save a record unless the stored one is final; return the one that is stored."""
        stored = self._records.get(key)
        if stored is None or not is_final(stored):
            self._records[key] = record
            return record
        assert isinstance(stored, Saved), "a key has the kind of its record"
        return stored

    def require_new(self, completed: CompletedCall | DeskCall | None) -> None:
        """Refuse a call under a taken key; ask before the step's first change.

        Raises:
            Conflict: A call was completed under the key before.
        """
        if completed is not None and key_of_call(type(completed), completed.key) in self._records:
            raise Conflict("a call was completed under the key already; return its result")

    def add_call(self, completed: CompletedCall | DeskCall | None) -> None:
        """Save a call under a new key, if there is one."""
        if isinstance(completed, CompletedCall):
            self._put(completed.enrolment_id, key_of_call(CompletedCall, completed.key), completed)
        elif completed is not None:
            self._records[key_of_call(DeskCall, completed.key)] = completed

    def require_draft(self, enrolment_id: EnrolmentId, form: str, replaces: str | None) -> None:
        """Refuse to replace another draft than the one with a tag; ask before the first change.

        Raises:
            Conflict: The stored draft is another one.
        """
        stored = self._records.get(record_key(Draft, enrolment_id, form))
        require_tag(stored if isinstance(stored, Draft) else None, replaces)

    def save_draft(self, enrolment_id: EnrolmentId, draft: Draft) -> None:
        """Save a draft in place of the form's earlier one."""
        self._put(enrolment_id, record_key(Draft, enrolment_id, draft.form), _copy_of(draft))

    def discard_drafts(self, enrolment_id: EnrolmentId, forms: Iterable[str]) -> None:
        """Delete the drafts of some forms."""
        for form in forms:
            key = record_key(Draft, enrolment_id, form)
            self._records.pop(key, None)
            self._of_enrolment.get(enrolment_id, set()).discard(key)

    def note(self, key: RecordKey, progress: PurgeProgress) -> None:
        """Save the progress of a purge."""
        self._records[key] = progress

    def delete(self, enrolment_id: EnrolmentId) -> None:
        """Delete the drafts and the completed calls of an enrolment."""
        for key in self._of_enrolment.pop(enrolment_id, ()):
            del self._records[key]

    def _put(self, enrolment_id: EnrolmentId, key: RecordKey, record: Record) -> None:
        self._records[key] = record
        self._of_enrolment.setdefault(enrolment_id, set()).add(key)


def _copy_of(record: Record) -> Record:
    """Return a record that shares nothing changeable with another."""
    match record:
        case Draft():
            return evolve(record, answers=dict(record.answers))
        case PurgeProgress():
            return evolve(record, outcomes=dict(record.outcomes))
    return record
