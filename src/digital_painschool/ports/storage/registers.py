"""The records of the storage by their names: functions over `Records`, so that no adapter implements them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import ExportReceipt, PurgePlan, PurgeReceipt
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage.access_log import AccessEntry
from digital_painschool.ports.storage.completed_calls import CallKey, CompletedCall, DeskCall
from digital_painschool.ports.storage.records import (
    PurgeProgress,
    Record,
    RecordKey,
    Records,
    each_listed,
    key_of_call,
    record_key,
)
from digital_painschool.ports.storage.retention import PurgeRecord

_R = TypeVar(
    "_R", Profile, Program, Draft, PurgePlan, PurgeProgress, PurgeReceipt, ExportReceipt, CompletedCall, DeskCall
)


def load_profile(storage: Records, unit: HsaId, hsa_id: HsaId) -> Profile:
    """Return the profile of a member of staff that was saved last; an empty profile when none was."""
    return _load(storage, Profile, unit, hsa_id) or Profile()


def save_profile(
    storage: Records,
    unit: HsaId,
    hsa_id: HsaId,
    profile: Profile,
    access: AccessEntry,
    *,
    completed: DeskCall | None = None,
) -> None:
    """Save the profile of a member of staff, and log it."""
    storage.save_record(record_key(Profile, unit, hsa_id), profile, (access,), completed=completed)


def load_program(storage: Records, unit: HsaId, key: str, version: str) -> Program | None:
    """Return a version of a program that was saved for a unit, or None. Rule: D-05c."""
    return _load(storage, Program, unit, key, version)


def save_program(storage: Records, unit: HsaId, program: Program) -> Program:
    """Save a version of a unit's program, and return the first one that was saved under its key and version."""
    key = record_key(Program, unit, program.key, program.version)
    return _of_kind(Program, storage.save_record(key, program))


def load_draft(storage: Records, enrolment_id: EnrolmentId, form: str) -> Draft | None:
    """Return the draft of a form in an enrolment, or None. Rule: D-14a."""
    return _load(storage, Draft, enrolment_id, form)


def find_call(storage: Records, key: CallKey) -> CompletedCall | None:
    """Return the call that was completed under a key in an enrolment, or None. Rule: D-24a."""
    found = storage.load_record(key_of_call(CompletedCall, key))
    return None if found is None else _of_kind(CompletedCall, found)


def find_desk_call(storage: Records, key: CallKey) -> DeskCall | None:
    """Return the call that was completed under a key and concerns no single enrolment, or None. Rule: D-24a."""
    found = storage.load_record(key_of_call(DeskCall, key))
    return None if found is None else _of_kind(DeskCall, found)


def save_export(
    storage: Records, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int], *, completed: DeskCall | None = None
) -> None:
    """Save an export's receipt, and the versions of enrolments that count as exported.

    `versions` is empty for an export without everything that a purge deletes.
    """
    key = record_key(ExportReceipt, receipt.id)
    storage.save_record(key, receipt, exported=versions, completed=completed)


def list_exports(
    storage: Records,
    unit: HsaId,
    *,
    newest_first: bool = True,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> tuple[ExportReceipt, ...]:
    """Return a unit's export receipts in the order of the exports, then of their ids, at most `limit`."""
    found = storage.list_records(ExportReceipt, unit, newest_first=newest_first, after=after, limit=limit)
    return tuple(_of_kind(ExportReceipt, one) for one in found)


def save_plan(storage: Records, plan: PurgePlan, access: AccessEntry, *, completed: DeskCall | None = None) -> None:
    """Save a plan, or its approval, and log it. An approved plan does not change any more."""
    storage.save_record(record_key(PurgePlan, plan.id), plan, (access,), completed=completed)


def load_purge(storage: Records, plan_id: PlanId) -> PurgeRecord:
    """Return what is stored of a purge; an empty record for an unknown plan.

    The receipt is asked for last: with a receipt, the progress is complete or does not matter any more.
    """
    return PurgeRecord(
        plan=_load(storage, PurgePlan, plan_id),
        progress=(_load(storage, PurgeProgress, plan_id) or PurgeProgress()).outcomes,
        receipt=_load(storage, PurgeReceipt, plan_id),
    )


def save_receipt(storage: Records, receipt: PurgeReceipt, *, completed: DeskCall | None = None) -> PurgeReceipt:
    """Save the receipt of a purge, and return the one that is stored for its plan: the first."""
    key = record_key(PurgeReceipt, receipt.plan_id)
    return _of_kind(PurgeReceipt, storage.save_record(key, receipt, completed=completed))


def list_receipts(storage: Records, unit: HsaId) -> tuple[PurgeReceipt, ...]:
    """Return a unit's purge receipts, oldest first."""
    return tuple(_of_kind(PurgeReceipt, one) for one in each_listed(storage, PurgeReceipt, unit, newest_first=False))


def _load(storage: Records, kind: type[_R], *parts: str) -> _R | None:
    found = storage.load_record(RecordKey(kind=kind, parts=parts))
    return None if found is None else _of_kind(kind, found)


def _of_kind(kind: type[_R], found: Record) -> _R:
    if not isinstance(found, kind):
        raise StorageError(f"the storage has a {type(found).__name__} under the key of a {kind.__name__}")
    return found
