"""Ended enrolments on their way out: exports, plans, purges and receipts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import (
    EndedEnrolment,
    ExportReceipt,
    PlanState,
    PlanSummary,
    PurgePlan,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.ports.storage import AccessEntry, DeskCall, PurgeRecord, StoredEnrolment, plan_summary
from digital_painschool.serialization.scalars import instant_to_text
from digital_painschool.serialization.stored import read_each
from digital_painschool.serialization.values import from_data, to_data
from lmdb_storage import outbox
from lmdb_storage.database import Part, Transaction, log
from lmdb_storage.records import (
    add_access,
    add_desk_call,
    find_enrolment,
    find_readable_enrolments,
    ids,
    ids_of_person,
    notifications_of,
    remove_enrolment,
    save_enrolment,
)
from lmdb_storage.tables import Table


class LmdbRetention(Part):
    """Ended enrolments on their way out."""

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId]) -> tuple[str, ...]:
        given = tuple(enrolment_ids)
        with self._database.reading() as transaction:
            enrolments = _of_unit(transaction, unit, given)
            sent = [found for one in enrolments for found in notifications_of(transaction, one.enrolment.id)]
            theirs = {id_ for one in enrolments for id_ in ids_of_person(transaction, one.enrolment.person)}
            needed = {
                (found.digest_id, key)
                for one in find_readable_enrolments(transaction, theirs)
                if one.enrolment.is_open
                for found in notifications_of(transaction, one.enrolment.id)
                for key in (found.key, None)
            }
            keys = {one.key for one in sent if one.key is not None and (one.digest_id, one.key) not in needed}
            for digest_id in {one.digest_id for one in sent if (one.digest_id, None) not in needed}:
                keys |= outbox.superseded(transaction, digest_id)
            return tuple(sorted(keys))

    def save_export(
        self, receipt: ExportReceipt, versions: Mapping[EnrolmentId, int], *, completed: DeskCall | None = None
    ) -> None:
        with self._database.writing() as transaction:
            add_desk_call(transaction, completed)
            transaction.put(Table.EXPORTS, to_data(receipt), receipt.id)
            for one in _of_unit(transaction, receipt.unit, versions):
                exported = max(one.exported, versions[one.enrolment.id])
                save_enrolment(transaction, evolve(one, exported=exported), one)

    def save_plan(self, plan: PurgePlan, access: AccessEntry, *, completed: DeskCall | None = None) -> None:
        with self._database.writing() as transaction:
            add_desk_call(transaction, completed)
            before = transaction.get(Table.PLANS, plan.id)
            if before is None or from_data(before, PurgePlan).decision is None:
                transaction.put(Table.PLANS, to_data(plan), plan.id)
                transaction.put(Table.UNIT_PLANS, plan.id, plan.unit, instant_to_text(plan.made_at), plan.id)
            add_access(transaction, (access,))

    def list_plans(
        self,
        unit: HsaId,
        state: PlanState | None = None,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[PlanSummary, ...]:
        with self._database.reading() as transaction:
            plan_ids = ids(transaction.scan(Table.UNIT_PLANS, unit))
            ordered = reversed(plan_ids) if newest_first else plan_ids
            read = read_each(ordered, lambda id_: _summary(transaction, id_), _log_unreadable_plan)
        wanted = [plan for plan in read if plan is not None and state in {None, plan.state}]
        if after is not None:
            wanted = [p for p in wanted if ((p.made_at, p.id) < after) is newest_first and (p.made_at, p.id) != after]
        return tuple(wanted[:limit])

    def list_exports(
        self,
        unit: HsaId,
        *,
        newest_first: bool = True,
        after: tuple[datetime, str] | None = None,
        limit: int,
    ) -> tuple[ExportReceipt, ...]:
        with self._database.reading() as transaction:
            stored = list(transaction.scan(Table.EXPORTS))
        read = read_each(stored, _export_receipt, _log_unreadable_export)
        theirs = [((one.exported_at, one.id), one) for one in read if one is not None and one.unit == unit]
        ordered = sorted(theirs, reverse=newest_first, key=lambda one: one[0])
        behind = [
            one for place, one in ordered if after is None or ((place < after) is newest_first and place != after)
        ]
        return tuple(behind[:limit])

    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        done = frozenset(keys)
        with self._database.writing() as transaction:
            for one in notifications_of(transaction, enrolment_id):
                if one.record.notification.unit == unit:
                    outbox.forget(transaction, one, done)

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        with self._database.reading() as transaction:
            plan = transaction.get(Table.PLANS, plan_id)
            return PurgeRecord(
                plan=None if plan is None else from_data(plan, PurgePlan),
                progress=_progress(transaction, plan_id),
                receipt=_receipt(transaction, plan_id),
            )

    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        completed: DeskCall | None = None,
    ) -> None:
        with self._database.writing() as transaction:
            add_desk_call(transaction, completed)
            before = _progress(transaction, plan_id)
            noted: dict[EnrolmentId, Skipped | None] = {}
            for planned in purge:
                id_ = planned.enrolment_id
                if before.get(id_) is None and id_ not in noted:
                    one = find_enrolment(transaction, id_)
                    fits = one is not None and not one.enrolment.is_open and one.enrolment.version == planned.version
                    noted[id_] = None if fits or id_ in before else Skipped(enrolment_id=id_, why=Skip.CHANGED)
                    if one is not None and fits:
                        _delete(transaction, one)
            for skipped in skip:
                if skipped.enrolment_id not in before:
                    noted.setdefault(skipped.enrolment_id, skipped)
            for id_, outcome in noted.items():
                if id_ not in before:
                    transaction.put(Table.PROGRESS, [id_, outcome and outcome.why.value], plan_id, id_)

    def save_receipt(self, receipt: PurgeReceipt, *, completed: DeskCall | None = None) -> PurgeReceipt:
        with self._database.writing() as transaction:
            add_desk_call(transaction, completed)
            return _save_receipt(transaction, receipt)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        with self._database.reading() as transaction:
            plan_ids = ids(transaction.scan(Table.UNIT_RECEIPTS, unit))
            read = read_each(plan_ids, lambda id_: _receipt(transaction, id_), _log_unreadable)
        return tuple(receipt for receipt in read if receipt is not None)


def _of_unit(transaction: Transaction, unit: HsaId, enrolment_ids: Iterable[str]) -> list[StoredEnrolment]:
    return [one for one in find_readable_enrolments(transaction, enrolment_ids) if one.enrolment.unit == unit]


def _progress(transaction: Transaction, plan_id: PlanId) -> dict[EnrolmentId, Skipped | None]:
    rows = map(json.loads, transaction.scan(Table.PROGRESS, plan_id))
    return {id_: None if why is None else Skipped(enrolment_id=id_, why=Skip(why)) for id_, why in rows}


def _receipt(transaction: Transaction, plan_id: str) -> PurgeReceipt | None:
    data = transaction.get(Table.RECEIPTS, plan_id)
    return None if data is None else from_data(data, PurgeReceipt)


def _summary(transaction: Transaction, plan_id: str) -> PlanSummary:
    plan = from_data(transaction.get(Table.PLANS, plan_id), PurgePlan)
    return plan_summary(plan, _receipt(transaction, plan_id))


def _log_unreadable_plan(plan_id: str) -> None:
    log.error("plan %s cannot be read; was it changed by hand?", plan_id)


def _export_receipt(data: bytes) -> ExportReceipt:
    return from_data(json.loads(data), ExportReceipt)


def _log_unreadable_export(_: bytes) -> None:
    log.error("the receipt of an export cannot be read; was it changed by hand?")


def _log_unreadable(plan_id: str) -> None:
    log.error("the receipt of plan %s cannot be read; was it changed by hand?", plan_id)


def _save_receipt(transaction: Transaction, receipt: PurgeReceipt) -> PurgeReceipt:
    first = _receipt(transaction, receipt.plan_id)
    if first is not None:
        return first
    transaction.put(Table.RECEIPTS, to_data(receipt), receipt.plan_id)
    place = (receipt.unit, instant_to_text(receipt.purged_at), receipt.plan_id)
    transaction.put(Table.UNIT_RECEIPTS, receipt.plan_id, *place)
    return receipt


def _delete(transaction: Transaction, one: StoredEnrolment) -> None:
    """Delete an enrolment with all its data; the access log stays."""
    unit, person = one.enrolment.unit, one.enrolment.person
    others = [other for other in ids_of_person(transaction, person) if other != one.enrolment.id]
    is_needed = bool(_of_unit(transaction, unit, others))
    gone = notifications_of(transaction, one.enrolment.id)
    outbox.delete(transaction, gone, (unit, person), is_needed=is_needed)
    remove_enrolment(transaction, one)
