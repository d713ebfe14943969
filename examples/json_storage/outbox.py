"""The transactional outbox: notifications and their digests."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Claim, Decision, DeliveryResult, Digest, batch_key
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notification, NotificationRecord, Status, UnreadableNotification
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change
from digital_painschool.serialization.stored import Data, read_each, read_stored
from json_storage.folder import Folder, Table, Transaction, log
from json_storage.stored import (
    add_access,
    asked_by,
    collected_digests_of,
    find_notification,
    save_notification,
)
from json_storage.values import StoredDigest, StoredNotification, digest_from_data


class JsonOutbox:
    """Notifications on their way, in digests."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        with self._folder.transaction() as transaction:
            free = sorted(
                _free_digests(transaction, now), key=lambda found: (found[0].lost, found[0].next_at, found[0].digest.id)
            )
            healthy = [(row, digest) for row, digest in free if not row.is_suspect][:limit]
            token = uuid4().hex
            claims = []
            for row, digest in healthy or free[: min(limit, 1)]:
                lost = row.lost + row.begun
                _save_digest(transaction, evolve(row, token=token, lease_until=now + lease, begun=False, lost=lost))
                claims.append(Claim(digest=digest, token=token, lost=lost))
            return tuple(claims)

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        begun: dict[str, Batch] = {}
        with self._folder.transaction() as transaction:
            for claim, decision in decided:
                row = _find_claimed(transaction, claim.digest.id, claim.token)
                if row is not None and not decision.notifications & {*row.pending}:
                    _release(transaction, row)
                elif row is not None:
                    begun[row.digest.id] = _begin(transaction, row, decision)
        return begun

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        with self._folder.transaction() as transaction:
            for result in results:
                row = _find_claimed(transaction, result.digest_id, result.token)
                if row is not None:
                    for id_ in result.attempted & {*row.pending}:
                        _count_attempt(transaction, id_)
                    settled = {id_: status for id_, status in result.settled.items() if id_ in row.pending}
                    for id_, status in settled.items():
                        _save_status(transaction, id_, status, result.at)
                        if status is not Status.DELIVERED:
                            transaction.put(Table.UNNOTED, id_, id_)
                    row = row.without(settled)
                    told_on = result.told_on or row.digest.told_on
                    row = evolve(row, digest=evolve(row.digest, told_on=told_on))
                    _release(transaction, row, result.next_at, result.lost)
                    add_access(transaction, access.get(result.digest_id, ()))

    def notifications(self, enrolment_id: EnrolmentId) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        with self._folder.transaction() as transaction:
            ids = asked_by(transaction, enrolment_id)
            read = read_each(
                ids,
                lambda id_: find_notification(transaction, id_),
                lambda id_: UnreadableNotification(notification_id=NotificationId(id_)),
            )
        found = [one.record for one in read if isinstance(one, StoredNotification)]
        found.sort(key=lambda record: (record.notification.trigger.seq, record.notification.id))
        return (*found, *(one for one in read if isinstance(one, UnreadableNotification)))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        with self._folder.transaction() as transaction:
            ids = [id_ for id_ in sorted(transaction.all(Table.UNNOTED)) if id_ > after]
            return tuple(one.record for id_ in ids[:limit] if (one := find_notification(transaction, id_)) is not None)


def check(transaction: Transaction, change: Change) -> None:
    """Raise `Conflict` when a change does not fit the notifications: one was begun, settled or noted."""
    cancelled = [find_notification(transaction, id_) for id_ in change.cancelled]
    if not all(one is not None and one.record.waits for one in cancelled):
        raise Conflict("a notification that was to be cancelled does not wait any more")
    if any(transaction.get(Table.UNNOTED, id_) is None for id_ in change.noted):
        raise Conflict("the end of a notification is noted already")
    if any(find_notification(transaction, notification.id) is not None for notification in change.notifications):
        raise Conflict("there is another notification under this id")


def save(transaction: Transaction, change: Change) -> None:
    """Save the notifications of a checked change, the cancelled and the noted ones."""
    for id_ in change.cancelled:
        row = _find_digest(
            transaction, _save_status(transaction, id_, Status.DROPPED, change.enrolment.last_entry_at).digest_id
        )
        if row is not None:
            _save_digest(transaction, row.without((id_,)))
    for id_ in change.noted:
        transaction.remove(Table.UNNOTED, id_)
    for notification in change.notifications:
        _save_new(transaction, notification)


def superseded(transaction: Transaction, digest_id: str) -> frozenset[str]:
    """Return the keys of batches in doubt that were sent again under another key."""
    row = _find_digest(transaction, digest_id)
    return frozenset() if row is None else row.superseded


def delete(
    transaction: Transaction, gone: Sequence[StoredNotification], digest_ids: Sequence[str], *, is_needed: bool
) -> None:
    """Delete notifications, and their digests unless the recipient has another enrolment at the unit."""
    ids = [one.record.notification.id for one in gone]
    for digest_id in {*digest_ids, *(one.digest_id for one in gone)}:
        row = _find_digest(transaction, digest_id)
        if row is not None and row.digest.collected and is_needed:
            left, batch = row.without(ids), row.digest.batch
            if batch is not None and left.digest.batch is None:  # the attempt may have notified the recipient
                told_on = max(batch.attempted_on, row.digest.told_on or batch.attempted_on)
                _release(transaction, evolve(left, digest=evolve(left.digest, told_on=told_on)))
            else:
                _save_digest(transaction, left)
        else:
            transaction.remove(Table.WAITING, digest_id)
            transaction.remove(Table.IDLE, digest_id)
    for id_ in ids:
        transaction.remove(Table.NOTIFICATIONS, id_)
        transaction.remove(Table.UNNOTED, id_)


def _free_digests(transaction: Transaction, now: datetime) -> Iterator[tuple[StoredDigest, Digest]]:
    for data in transaction.all(Table.WAITING):
        try:
            found = read_stored(f"digest {data['id']}", _if_free, transaction, data, now)
        except StorageError as failure:
            log.error("%s", failure)
        else:
            if found is not None:
                yield found


def _if_free(transaction: Transaction, data: Data, now: datetime) -> tuple[StoredDigest, Digest] | None:
    row = digest_from_data(data)
    return (row, _with_pending(transaction, row)) if row.is_free(now) else None


def _with_pending(transaction: Transaction, row: StoredDigest) -> Digest:
    found = [one.record for id_ in row.pending if (one := find_notification(transaction, id_)) is not None]
    found.sort(key=lambda record: (record.notification.due_at, record.notification.id))
    return evolve(row.digest, pending=tuple(found))


def _find_digest(transaction: Transaction, digest_id: str) -> StoredDigest | None:
    data = transaction.get(Table.WAITING, digest_id) or transaction.get(Table.IDLE, digest_id)
    return None if data is None else digest_from_data(data)


def _find_claimed(transaction: Transaction, digest_id: str, token: str) -> StoredDigest | None:
    row = _find_digest(transaction, digest_id)
    return row if row is not None and row.token == token else None


def _begin(transaction: Transaction, row: StoredDigest, decision: Decision) -> Batch:
    ids = decision.notifications & {*row.pending}
    before = row.digest.batch
    repeats = decision.action is Action.REPEAT and before is not None
    key = before.key if repeats and before is not None else batch_key(row.digest.id, ids)
    batch = Batch(key=key, notifications=ids, attempted_on=decision.day)
    old = row.superseded if before is None else row.superseded | {before.key} - {key}
    _save_digest(transaction, evolve(row, digest=evolve(row.digest, batch=batch), superseded=old, begun=True))
    for id_ in ids:
        one = find_notification(transaction, id_)
        assert one is not None, "a pending notification is stored"
        save_notification(transaction, evolve(one, key=key, record=evolve(one.record, begun=True)))
    return batch


def _count_attempt(transaction: Transaction, id_: EnrolmentId) -> None:
    one = find_notification(transaction, id_)
    assert one is not None, "a pending notification is stored"
    save_notification(transaction, evolve(one, record=evolve(one.record, attempts=one.record.attempts + 1)))


def _save_status(transaction: Transaction, id_: EnrolmentId, status: Status, at: datetime) -> StoredNotification:
    one = find_notification(transaction, id_)
    assert one is not None, "a pending notification is stored"
    save_notification(transaction, evolve(one, record=evolve(one.record, status=status, settled_at=at)))
    return one


def _release(transaction: Transaction, row: StoredDigest, next_at: datetime | None = None, lost: int = 0) -> None:
    due = min((record.notification.due_at for record in _with_pending(transaction, row).pending), default=None)
    _save_digest(transaction, evolve(row, next_at=next_at or due, token=None, lease_until=None, begun=False, lost=lost))


def _save_new(transaction: Transaction, notification: Notification) -> None:
    row = _digest_for(transaction, notification)
    next_at = row.next_at
    if row.digest.batch is None:
        next_at = min(next_at or notification.due_at, notification.due_at)
    _save_digest(transaction, evolve(row, pending=(*row.pending, notification.id), next_at=next_at))
    save_notification(
        transaction, StoredNotification(record=NotificationRecord(notification=notification), digest_id=row.digest.id)
    )
    transaction.add(Table.ASKED, (notification.id,), notification.trigger.enrolment_id)


def _digest_for(transaction: Transaction, notification: Notification) -> StoredDigest:
    new = Digest(
        id=notification.id,
        unit=notification.unit,
        channel=notification.channel,
        recipient=notification.recipient,
        template=notification.template,
        collected=notification.collected,
    )
    if notification.collected:
        key, ids = collected_digests_of(transaction, notification.unit, notification.recipient)
        for row in (_find_digest(transaction, id_) for id_ in ids):
            if row is not None and (row.digest.channel, row.digest.template) == (new.channel, new.template):
                return row
        transaction.put(Table.COLLECTED, [*ids, new.id], *key)
    return StoredDigest(digest=new)


def _save_digest(transaction: Transaction, row: StoredDigest) -> None:
    """Save a digest among the waiting or the idle ones, by whether it has anything pending."""
    table, other_table = (Table.WAITING, Table.IDLE) if row.pending else (Table.IDLE, Table.WAITING)
    next_at = row.next_at if row.pending else None
    transaction.put(table, evolve(row, next_at=next_at).to_data(), row.digest.id)
    transaction.remove(other_table, row.digest.id)
