"""The transactional outbox: notifications and their digests."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, islice
from operator import gt, lt
from uuid import uuid4

from attrs import evolve

from digital_painschool.domain.digest import (
    LONGEST_SUSPICION,
    Action,
    Batch,
    Claim,
    Decision,
    DeliveryResult,
    Digest,
    batch_key,
)
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    GIVEN_UP,
    Channel,
    FailureReason,
    Notification,
    NotificationRecord,
    Status,
    UnreadableNotification,
)
from digital_painschool.domain.pace import DueCount
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change
from digital_painschool.serialization.scalars import instant_to_text
from digital_painschool.serialization.stored import read_each, read_stored
from lmdb_storage.database import Part, Transaction, log
from lmdb_storage.records import add_access, by_entry, find_notification, ids, save_notification
from lmdb_storage.rejections import reject
from lmdb_storage.tables import Table
from lmdb_storage.values import StoredDigest, StoredNotification, digest_from_data

Recipient = tuple[HsaId, PersonId | HsaId]
"""A unit, and whom it notifies."""


class LmdbOutbox(Part):
    """Notifications on their way, in digests."""

    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None = None
    ) -> tuple[Claim, ...]:
        with self._database.writing() as transaction:
            healthy: list[tuple[StoredDigest, Digest]] = []
            suspects: list[tuple[StoredDigest, Digest]] = []
            is_first = False  # a suspect that has waited long stands before what follows
            for row, digest in _free_digests(transaction, now):
                if channels is not None and digest.channel not in channels:
                    continue
                if row.is_suspect:
                    suspects.append((row, digest))
                    is_first = is_first or row.waits_since(now - LONGEST_SUSPICION)
                elif not is_first:
                    healthy.append((row, digest))
                if healthy and (is_first or len(healthy) >= limit):
                    break
            suspects.sort(key=lambda found: (found[0].lost, found[0].due_key))
            token = uuid4().hex
            claims = []
            for row, digest in healthy[:limit] or suspects[: min(limit, 1)]:
                lost = row.lost + row.begun
                _save_digest(
                    transaction, evolve(row, token=token, lease_until=now + lease, begun=False, lost=lost), row
                )
                claims.append(Claim(digest=digest, token=token, lost=lost))
            return tuple(claims)

    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        with self._database.reading() as transaction:
            kinds = Counter((d.channel, d.unit, d.collected) for _, d in _free_digests(transaction, now))
        return tuple(
            DueCount(channel=channel, unit=unit, collected=collected, number=number)
            for (channel, unit, collected), number in kinds.items()
        )

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        begun: dict[DigestId, Batch] = {}
        with self._database.writing() as transaction:
            for claim, decision in decided:
                row = _find_claimed(transaction, claim.digest.id, claim.token)
                if row is not None and not decision.notifications & {*row.pending}:
                    _save_digest(transaction, _released(transaction, row), row)
                elif row is not None:
                    begun[row.digest.id] = _begin(transaction, row, decision)
        return begun

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        with self._database.writing() as transaction:
            for result in results:
                row = _find_claimed(transaction, result.digest_id, result.token)
                if row is not None:
                    for id_ in result.attempted & {*row.pending}:
                        _count_attempt(transaction, id_)
                    settled = {id_: status for id_, status in result.settled.items() if id_ in row.pending}
                    for id_, status in settled.items():
                        _save_status(transaction, id_, status, result.at, result.reason)
                        if status in GIVEN_UP:
                            transaction.put(Table.DEAD, id_, id_)
                        if status is not Status.DELIVERED:
                            transaction.put(Table.UNNOTED, id_, id_)
                    left = row.without(settled)
                    left = evolve(left, digest=evolve(left.digest, told_on=result.told_on or left.digest.told_on))
                    _save_digest(transaction, _released(transaction, left, result.next_at, result.lost), row)
                    add_access(transaction, access.get(result.digest_id, ()))

    def reject(self, key: str, at: datetime) -> int:
        with self._database.writing() as transaction:
            return reject(transaction, key, at)

    def notifications(
        self,
        enrolment_id: EnrolmentId,
        *,
        newest_first: bool = False,
        after: tuple[int, str] | None = None,
        limit: int | None = None,
    ) -> tuple[NotificationRecord | UnreadableNotification, ...]:
        with self._database.reading() as transaction:
            read = read_each(
                ids(transaction.scan(Table.ASKED, enrolment_id)),
                lambda id_: find_notification(transaction, id_),
                lambda id_: UnreadableNotification(notification_id=NotificationId(id_)),
            )
        found = sorted((one for one in read if isinstance(one, StoredNotification)), key=by_entry, reverse=newest_first)
        follows = gt if newest_first else lt
        records = [one.record for one in found if after is None or follows(after, by_entry(one))]
        unreadable = (one for one in read if isinstance(one, UnreadableNotification))
        return tuple(islice(chain[NotificationRecord | UnreadableNotification](records, unreadable), limit))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        with self._database.reading() as transaction:
            waiting = ids(transaction.scan(Table.UNNOTED, after=(after,) if after else ()))
            read = (one for id_ in waiting for one in read_each([id_], partial(find_notification, transaction), _log))
            return tuple(one.record for one in islice((one for one in read if one is not None), limit))


def check(transaction: Transaction, change: Change) -> None:
    """Raise `Conflict` when a change does not fit the notifications: one was begun, settled or noted."""
    cancelled = [find_notification(transaction, id_) for id_ in change.cancelled]
    if not all(one is not None and one.record.waits for one in cancelled):
        raise Conflict("a notification that was to be cancelled does not wait any more")
    if any(transaction.get(Table.UNNOTED, id_) is None for id_ in change.noted):
        raise Conflict("the end of a notification is noted already")
    if not all(is_dead_letter(transaction, id_) for id_ in change.resolved):
        raise Conflict("the notification is no dead letter any more")
    if any(find_notification(transaction, notification.id) is not None for notification in change.notifications):
        raise Conflict("there is another notification under this id")


def save(transaction: Transaction, change: Change) -> None:
    """Save the notifications of a checked change, the cancelled and the noted ones."""
    for id_ in change.cancelled:
        one = _save_status(transaction, id_, Status.DROPPED, change.enrolment.last_entry_at)
        row = _find_digest(transaction, one.digest_id)
        if row is not None:
            _save_digest(transaction, row.without((id_,)), row)
    for id_ in change.noted:
        transaction.remove(Table.UNNOTED, id_)
    for id_, status in change.resolved.items():
        transaction.remove(Table.DEAD, id_)
        _resolve(transaction, id_, status, change.enrolment.last_entry_at)
    for notification in change.notifications:
        _save_new(transaction, notification)


def is_dead_letter(transaction: Transaction, id_: str) -> bool:
    """Return whether a notification was given up, and its end is noted."""
    return transaction.get(Table.DEAD, id_) is not None and transaction.get(Table.UNNOTED, id_) is None


def waiting_digests(transaction: Transaction) -> Iterator[StoredDigest]:
    """Yield the digests with something pending; a log line names the unreadable ones."""
    for id_ in ids(transaction.scan(Table.DUE)):
        for row in read_each([id_], partial(_find_digest, transaction), _log):
            if row is not None:
                yield row


def superseded(transaction: Transaction, digest_id: str) -> frozenset[str]:
    """Return the keys of batches in doubt that were sent again under another key."""
    row = _find_digest(transaction, digest_id)
    return frozenset() if row is None else row.superseded


def forget(transaction: Transaction, one: StoredNotification, keys: frozenset[str]) -> None:
    """Forget that a notification was sent under one of some keys, and these keys of its digest."""
    row = _find_digest(transaction, one.digest_id)
    if row is not None and row.superseded & keys:
        _save_digest(transaction, evolve(row, superseded=row.superseded - keys), row)
    if one.key is not None and one.key in keys:
        transaction.remove(Table.SENT, one.key, one.record.notification.id)
        save_notification(transaction, evolve(one, key=None, record=evolve(one.record, begun=False)))


def delete(
    transaction: Transaction, gone: Sequence[StoredNotification], recipient: Recipient, *, is_needed: bool
) -> None:
    """Delete notifications, and their digests.

    A collected digest stays while the patient has another enrolment at the unit, and a member of staff's while it holds
    what another patient's enrolment has asked for.
    """
    ids_ = [one.record.notification.id for one in gone]
    theirs = ids(transaction.scan(Table.COLLECTED, *recipient_key(*recipient)))
    for digest_id in {*theirs, *(one.digest_id for one in gone)}:
        row = _find_digest(transaction, digest_id)
        if row is None:
            continue
        left, batch = row.without(ids_), row.digest.batch
        if not (row.digest.collected and (is_needed or left.pending)):
            _remove_digest(transaction, row)
            continue
        if batch is not None and left.digest.batch is None:  # the attempt may have notified the recipient
            told_on = max(batch.attempted_on, row.digest.told_on or batch.attempted_on)
            left = evolve(left, digest=evolve(left.digest, told_on=told_on))
            left = _released(transaction, left)
        _save_digest(transaction, left, row)
    for one in gone:
        notification = one.record.notification
        transaction.remove(Table.NOTIFICATIONS, notification.id)
        transaction.remove(Table.UNNOTED, notification.id)
        if one.key is not None:
            transaction.remove(Table.SENT, one.key, notification.id)
        transaction.remove(Table.DEAD, notification.id)
        transaction.remove(Table.ASKED, notification.trigger.enrolment_id, notification.id)


def _free_digests(transaction: Transaction, now: datetime) -> Iterator[tuple[StoredDigest, Digest]]:
    """Yield the claimable digests, direct ones first, then the oldest; a log line names the unreadable ones."""
    of_kinds = (transaction.until(Table.DUE, kind, last=instant_to_text(now)) for kind in ("", "collected"))
    for id_ in ids(chain.from_iterable(of_kinds)):
        try:
            row = read_stored(f"digest {id_}", _find_digest, transaction, id_)
            if row is not None and row.is_free(now):
                yield row, read_stored(f"digest {id_}", _with_pending, transaction, row)
        except StorageError as failure:
            log.error("%s", failure)


def _with_pending(transaction: Transaction, row: StoredDigest) -> Digest:
    found = [one.record for id_ in row.pending if (one := find_notification(transaction, id_)) is not None]
    found.sort(key=lambda record: (record.notification.due_at, record.notification.id))
    return evolve(row.digest, pending=tuple(found))


def _find_digest(transaction: Transaction, digest_id: str) -> StoredDigest | None:
    data = transaction.get(Table.DIGESTS, digest_id)
    return None if data is None else digest_from_data(data)


def _find_claimed(transaction: Transaction, digest_id: str, token: str) -> StoredDigest | None:
    row = _find_digest(transaction, digest_id)
    return row if row is not None and row.token == token else None


def _begin(transaction: Transaction, row: StoredDigest, decision: Decision) -> Batch:
    pending = decision.notifications & {*row.pending}
    before = row.digest.batch
    repeats = decision.action is Action.REPEAT and before is not None
    reports: dict[str, int] = {id_: _pending(transaction, id_).reports for id_ in pending}
    key = before.key if repeats and before is not None else batch_key(row.digest.id, pending, reports)
    batch = Batch(key=key, notifications=pending, attempted_on=decision.day)
    old = row.superseded if before is None else row.superseded | {before.key} - {key}
    _save_digest(transaction, evolve(row, digest=evolve(row.digest, batch=batch), superseded=old, begun=True), row)
    for id_ in pending:
        one = _pending(transaction, id_)
        if one.key is not None:
            transaction.remove(Table.SENT, one.key, id_)
        transaction.put(Table.SENT, id_, key, id_)
        save_notification(transaction, evolve(one, key=key, record=evolve(one.record, begun=True)))
    return batch


def _pending(transaction: Transaction, id_: str) -> StoredNotification:
    one = find_notification(transaction, id_)
    assert one is not None, "a pending notification is stored"
    return one


def _count_attempt(transaction: Transaction, id_: str) -> None:
    one = _pending(transaction, id_)
    save_notification(transaction, evolve(one, record=evolve(one.record, attempts=one.record.attempts + 1)))


def _save_status(
    transaction: Transaction, id_: str, status: Status, at: datetime, reason: FailureReason | None = None
) -> StoredNotification:
    one = _pending(transaction, id_)
    why = reason if status in GIVEN_UP else None
    save_notification(transaction, evolve(one, record=evolve(one.record, status=status, settled_at=at, reason=why)))
    return one


def _resolve(transaction: Transaction, id_: str, status: Status, at: datetime) -> None:
    one = find_notification(transaction, id_)
    row = None if one is None else _find_digest(transaction, one.digest_id)
    assert one is not None, "a dead letter is stored"
    assert row is not None, "the digest of a dead letter is stored"
    if status is not Status.PENDING:
        save_notification(transaction, evolve(one, record=evolve(one.record, status=status, settled_at=at)))
        return
    if one.key is not None:
        transaction.remove(Table.SENT, one.key, id_)
    notification = evolve(one.record.notification, due_at=at)
    save_notification(transaction, evolve(one, record=NotificationRecord(notification=notification), key=None))
    known = row.superseded if one.key is None else row.superseded | {one.key}
    _save_digest(transaction, evolve(_with_one_more(row, notification), superseded=known), row)


def _released(
    transaction: Transaction, row: StoredDigest, next_at: datetime | None = None, lost: int = 0
) -> StoredDigest:
    due = min((record.notification.due_at for record in _with_pending(transaction, row).pending), default=None)
    oldest = None if due is None else min(due, next_at or due)
    return evolve(
        row,
        next_at=None if due is None else next_at or due,
        oldest_due_at=oldest,
        token=None,
        lease_until=None,
        begun=False,
        lost=lost,
    )


def _save_new(transaction: Transaction, notification: Notification) -> None:
    row = _digest_for(transaction, notification)
    _save_digest(transaction, _with_one_more(row, notification), row)
    save_notification(
        transaction, StoredNotification(record=NotificationRecord(notification=notification), digest_id=row.digest.id)
    )
    transaction.put(Table.ASKED, notification.id, notification.trigger.enrolment_id, notification.id)


def _with_one_more(row: StoredDigest, notification: Notification) -> StoredDigest:
    next_at, due_at = row.next_at, notification.due_at
    if row.digest.batch is None:
        next_at = min(next_at or due_at, due_at)
    oldest = min(row.oldest_due_at or due_at, due_at)
    return evolve(row, pending=(*row.pending, notification.id), next_at=next_at, oldest_due_at=oldest)


def _digest_for(transaction: Transaction, notification: Notification) -> StoredDigest:
    """Return the digest that a notification joins, or a new one."""
    if notification.collected:
        digest_id = transaction.get(Table.COLLECTED, *_collected_key(notification))
        row = None if digest_id is None else _find_digest(transaction, digest_id)
        if row is not None:
            return row
    return StoredDigest(
        digest=Digest(
            id=DigestId(notification.id),
            unit=notification.unit,
            channel=notification.channel,
            recipient=notification.recipient,
            template=notification.template,
            collected=notification.collected,
        )
    )


def _save_digest(transaction: Transaction, row: StoredDigest, before: StoredDigest) -> None:
    """Save a digest, and its place among those that are due, which moves with `next_at`."""
    id_ = row.digest.id
    transaction.put(Table.DIGESTS, row.to_data(), id_)
    if before.due_key is not None and before.due_key != row.due_key:
        transaction.remove(Table.DUE, *before.due_key)
    if row.due_key is not None:
        transaction.put(Table.DUE, id_, *row.due_key)
    if row.digest.collected:
        transaction.put(Table.COLLECTED, id_, *_collected_key(row.digest))


def _remove_digest(transaction: Transaction, row: StoredDigest) -> None:
    transaction.remove(Table.DIGESTS, row.digest.id)
    if row.due_key is not None:
        transaction.remove(Table.DUE, *row.due_key)
    if row.digest.collected:
        transaction.remove(Table.COLLECTED, *_collected_key(row.digest))


def recipient_key(unit: HsaId, recipient: PersonId | HsaId) -> tuple[str, ...]:
    """Return the first parts of the key under which a recipient's collected digests at a unit are."""
    named = (recipient.scheme, recipient.value) if isinstance(recipient, PersonId) else ("hsa-id", str(recipient))
    return (str(unit), *named)


def _collected_key(sent: Notification | Digest) -> tuple[str, ...]:
    return (*recipient_key(sent.unit, sent.recipient), sent.channel.value, sent.template.value)


def _log(notification_id: str) -> None:
    log.error("notification %s cannot be read; was it changed by hand?", notification_id)
