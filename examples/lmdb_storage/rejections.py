"""Deliveries that a gateway later reports as failed."""

from datetime import datetime

from attrs import evolve

from digital_painschool.domain.notification import FailureReason, Status
from digital_painschool.errors import Conflict
from lmdb_storage.database import Transaction
from lmdb_storage.records import find_notification, ids, save_notification
from lmdb_storage.tables import Table


def reject(transaction: Transaction, key: str, at: datetime) -> int:
    """Note that what was delivered under a key failed; return how many notifications changed.

    Raises:
        Conflict: The batch is in doubt.
    """
    found = [one for id_ in ids(transaction.scan(Table.SENT, key)) if (one := find_notification(transaction, id_))]
    if any(one.record.status is Status.PENDING for one in found):
        raise Conflict("the result of the send is not stored yet; report it again in a while")
    delivered = [one for one in found if one.record.status is Status.DELIVERED]
    for one in delivered:
        id_ = one.record.notification.id
        record = evolve(one.record, status=Status.FAILED, settled_at=at, reason=FailureReason.REPORTED)
        save_notification(transaction, evolve(one, record=record, reports=one.reports + 1))
        transaction.put(Table.UNNOTED, id_, id_)
        transaction.put(Table.DEAD, id_, id_)
    return len(delivered)
