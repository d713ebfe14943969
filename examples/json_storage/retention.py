"""Ended enrolments on their way out: exports, plans, purges and receipts."""

from collections.abc import Iterable, Mapping, Sequence

from attrs import evolve

from digital_painschool.domain.enrolment import UnreadableEnrolment
from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment, ExportReceipt, PurgePlan, PurgeReceipt, Skip, Skipped
from digital_painschool.ports.storage import AccessEntry, PurgeRecord
from digital_painschool.serialization.values import from_data, to_data
from json_storage import outbox
from json_storage.folder import Folder, Table, Transaction
from json_storage.stored import (
    add_access,
    all_enrolments,
    collected_digests_of,
    find_each_enrolment,
    find_enrolment,
    find_enrolments,
    ids_of_person,
    notifications_of,
    save_enrolment,
    save_ids_of_person,
)
from json_storage.values import StoredEnrolment


class JsonRetention:
    """Ended enrolments on their way out."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def ended(
        self, unit: HsaId, *, among: Iterable[str] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment | UnreadableEnrolment, ...]:
        ids = None if among is None else tuple(among)
        with self._folder.transaction() as transaction:
            states = all_enrolments(transaction) if ids is None else _each_of_unit(transaction, unit, ids)
            read = [one if isinstance(one, UnreadableEnrolment) else _ended(one, unit) for one in states]
        found = [one for one in read if one is not None]
        found.sort(key=lambda one: one.enrolment_id)
        return tuple([one for one in found if one.enrolment_id > after][:limit])

    def notification_keys(self, unit: HsaId, enrolment_ids: Iterable[str]) -> tuple[str, ...]:
        ids = tuple(enrolment_ids)
        with self._folder.transaction() as transaction:
            enrolments = _of_unit(transaction, unit, ids)
            sent = [found for one in enrolments for found in notifications_of(transaction, one.enrolment.id)]
            theirs = {id_ for one in enrolments for id_ in ids_of_person(transaction, one.enrolment.person)}
            still_open = [one.enrolment.id for one in find_enrolments(transaction, theirs) if one.is_open]
            needed = {
                (one.digest_id, key)
                for id_ in still_open
                for one in notifications_of(transaction, id_)
                for key in (one.key, None)
            }
            keys = {one.key for one in sent if one.key is not None and (one.digest_id, one.key) not in needed}
            for digest_id in {one.digest_id for one in sent if (one.digest_id, None) not in needed}:
                keys |= outbox.superseded(transaction, digest_id)
            return tuple(sorted(keys))

    def save_export(self, receipt: ExportReceipt, versions: Mapping[str, int]) -> None:
        with self._folder.transaction() as transaction:
            transaction.put(Table.EXPORTS, to_data(receipt), receipt.id)
            for one in _of_unit(transaction, receipt.unit, versions):
                save_enrolment(transaction, evolve(one, exported=max(one.exported, versions[one.enrolment.id])))

    def save_plan(self, plan: PurgePlan, access: AccessEntry) -> None:
        with self._folder.transaction() as transaction:
            before = transaction.get(Table.PLANS, plan.id)
            if before is None or from_data(before, PurgePlan).decision is None:
                transaction.put(Table.PLANS, to_data(plan), plan.id)
            add_access(transaction, (access,))

    def load_purge(self, plan_id: PlanId) -> PurgeRecord:
        with self._folder.transaction() as transaction:
            plan = transaction.get(Table.PLANS, plan_id)
            receipt = transaction.get(Table.RECEIPTS, plan_id)
            return PurgeRecord(
                plan=None if plan is None else from_data(plan, PurgePlan),
                progress=_progress(transaction, plan_id),
                receipt=None if receipt is None else from_data(receipt, PurgeReceipt),
            )

    def purge(self, plan_id: PlanId, purge: Sequence[EndedEnrolment], skip: Sequence[Skipped]) -> None:
        with self._folder.transaction() as transaction:
            before = _progress(transaction, plan_id)
            noted: dict[str, Skipped | None] = {}
            for planned in purge:
                id_ = planned.enrolment_id
                if before.get(id_) is None and id_ not in noted:
                    one = find_enrolment(transaction, id_)
                    fits = one is not None and not one.is_open and one.enrolment.version == planned.version
                    noted[id_] = None if fits or id_ in before else Skipped(enrolment_id=id_, why=Skip.CHANGED)
                    if one is not None and fits:
                        _delete(transaction, one)
            for skipped in skip:
                if skipped.enrolment_id not in before:
                    noted.setdefault(skipped.enrolment_id, skipped)
            rows = [
                (id_, None if skipped is None else skipped.why.value)
                for id_, skipped in noted.items()
                if id_ not in before
            ]
            transaction.add(Table.PROGRESS, rows, plan_id)

    def save_receipt(self, receipt: PurgeReceipt) -> PurgeReceipt:
        with self._folder.transaction() as transaction:
            return _save_receipt(transaction, receipt)

    def receipts(self, unit: HsaId) -> tuple[PurgeReceipt, ...]:
        with self._folder.transaction() as transaction:
            found = [from_data(data, PurgeReceipt) for data in transaction.all(Table.RECEIPTS)]
        found.sort(key=lambda receipt: (receipt.purged_at, receipt.plan_id))
        return tuple(receipt for receipt in found if receipt.unit == unit)


def _of_unit(transaction: Transaction, unit: HsaId, enrolment_ids: Iterable[str]) -> list[StoredEnrolment]:
    return [one for one in find_enrolments(transaction, enrolment_ids) if one.enrolment.unit == unit]


def _each_of_unit(
    transaction: Transaction, unit: HsaId, enrolment_ids: Iterable[str]
) -> list[StoredEnrolment | UnreadableEnrolment]:
    found = find_each_enrolment(transaction, enrolment_ids)
    return [one for one in found if isinstance(one, UnreadableEnrolment) or one.enrolment.unit == unit]


def _ended(one: StoredEnrolment, unit: HsaId) -> EndedEnrolment | None:
    return one.ended if one.enrolment.unit == unit else None


def _progress(transaction: Transaction, plan_id: PlanId) -> dict[str, Skipped | None]:
    rows = (row for _, row in transaction.rows(Table.PROGRESS, plan_id))
    return {id_: None if why is None else Skipped(enrolment_id=id_, why=Skip(why)) for id_, why in rows}


def _save_receipt(transaction: Transaction, receipt: PurgeReceipt) -> PurgeReceipt:
    first = transaction.get(Table.RECEIPTS, receipt.plan_id)
    if first is not None:
        return from_data(first, PurgeReceipt)
    transaction.put(Table.RECEIPTS, to_data(receipt), receipt.plan_id)
    return receipt


def _delete(transaction: Transaction, one: StoredEnrolment) -> None:
    """Delete an enrolment with all its data; the access log stays."""
    id_, person = one.enrolment.id, one.enrolment.person
    others = [other for other in ids_of_person(transaction, person) if other != id_]
    is_needed = bool(_of_unit(transaction, one.enrolment.unit, others))
    key, digest_ids = collected_digests_of(transaction, one.enrolment.unit, person)
    outbox.delete(transaction, notifications_of(transaction, id_), digest_ids, is_needed=is_needed)
    if not is_needed:
        transaction.remove(Table.COLLECTED, *key)
    for table in (Table.STATES, Table.TIMELINES, Table.ASKED):
        transaction.remove(table, id_)
    save_ids_of_person(transaction, person, others)
    transaction.forgets = True
