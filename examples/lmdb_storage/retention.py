"""Ended enrolments on their way out: exports, plans, purges and receipts."""

from collections.abc import Iterable, Sequence

from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.retention import EndedEnrolment, Skip, Skipped
from digital_painschool.ports.storage import AccessEntry, DeskCall, PurgeProgress, StoredEnrolment, record_key
from lmdb_storage import outbox
from lmdb_storage.database import Part, Transaction
from lmdb_storage.filing import add_call, find_record
from lmdb_storage.records import (
    add_access,
    find_enrolment,
    find_readable_enrolments,
    ids_of_person,
    notifications_of,
    remove_enrolment,
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

    def forgotten(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Iterable[str]) -> None:
        done = frozenset(keys)
        with self._database.writing() as transaction:
            for one in notifications_of(transaction, enrolment_id):
                if one.record.notification.unit == unit:
                    outbox.forget(transaction, one, done)

    def purge(
        self,
        plan_id: PlanId,
        purge: Sequence[EndedEnrolment],
        skip: Sequence[Skipped],
        *,
        access: Iterable[AccessEntry] = (),
        completed: DeskCall | None = None,
    ) -> None:
        entries = tuple(access)
        with self._database.writing() as transaction:
            add_call(transaction, completed)
            found = find_record(transaction, record_key(PurgeProgress, plan_id))
            before = found.outcomes if isinstance(found, PurgeProgress) else {}
            noted: dict[EnrolmentId, Skipped | None] = {}
            for planned in purge:
                id_ = planned.enrolment_id
                if before.get(id_) is None and id_ not in noted:
                    one = find_enrolment(transaction, id_)
                    fits = one is not None and not one.enrolment.is_open and one.enrolment.version == planned.version
                    noted[id_] = None if fits or id_ in before else Skipped(enrolment_id=id_, why=Skip.CHANGED)
                    if one is not None and fits:
                        _delete(transaction, one)
                        add_access(transaction, (entry for entry in entries if entry.enrolment_id == id_))
            for skipped in skip:
                if skipped.enrolment_id not in before:
                    noted.setdefault(skipped.enrolment_id, skipped)
            for id_, outcome in noted.items():
                if id_ not in before:
                    transaction.put(Table.PROGRESS, [id_, outcome and outcome.why.value], plan_id, id_)


def _of_unit(transaction: Transaction, unit: HsaId, enrolment_ids: Iterable[str]) -> list[StoredEnrolment]:
    return [one for one in find_readable_enrolments(transaction, enrolment_ids) if one.enrolment.unit == unit]


def _delete(transaction: Transaction, one: StoredEnrolment) -> None:
    """Delete an enrolment with all its data; the access log stays."""
    unit, person = one.enrolment.unit, one.enrolment.person
    others = [other for other in ids_of_person(transaction, person) if other != one.enrolment.id]
    is_needed = bool(_of_unit(transaction, unit, others))
    gone = notifications_of(transaction, one.enrolment.id)
    outbox.delete(transaction, gone, (unit, person), is_needed=is_needed)
    remove_enrolment(transaction, one)
