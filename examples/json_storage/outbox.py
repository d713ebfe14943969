"""Notifications that wait to be sent, the digests that they go in, and what became of the others."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import uuid4

from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Claim, Decision, DeliveryResult, Digest, batch_key
from digital_painschool.domain.notification import Notification, NotificationRecord, Status
from digital_painschool.errors import Conflict, StorageError
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change
from digital_painschool.serialization.stored import Data, read_stored
from json_storage.books import Part, asked, asked_by, collected_of, enter, put_asked
from json_storage.folder import Table, Transaction, log
from json_storage.values import Asked, Row, row_from_data


class JsonOutbox(Part):
    """Notifications, from the step that asks for one to what becomes of it."""

    def claim(self, now: datetime, limit: int, lease: timedelta) -> tuple[Claim, ...]:
        with self._folder.transaction() as books:
            free = sorted(_free(books, now), key=lambda found: (found[0].lost, found[0].next_at, found[0].digest.id))
            healthy = [(row, digest) for row, digest in free if not row.is_suspect][:limit]
            token = uuid4().hex
            claims = []
            for row, digest in healthy or free[: min(limit, 1)]:
                lost = row.lost + row.begun
                _put(books, evolve(row, token=token, lease_until=now + lease, begun=False, lost=lost))
                claims.append(Claim(digest=digest, token=token, lost=lost))
            return tuple(claims)

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[str, Batch]:
        begun: dict[str, Batch] = {}
        with self._folder.transaction() as books:
            for claim, decision in decided:
                row = _held(books, claim.digest.id, claim.token)
                if row is not None and not decision.notifications & {*row.pending}:
                    _release(books, row)
                elif row is not None:
                    begun[row.digest.id] = _begin(books, row, decision)
        return begun

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[str, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        with self._folder.transaction() as books:
            for result in results:
                row = _held(books, result.digest_id, result.token)
                if row is not None:
                    settled = {id_: status for id_, status in result.settled.items() if id_ in row.pending}
                    for id_, status in settled.items():
                        _settle(books, id_, status, result.at)
                        if status is not Status.DELIVERED:
                            books.put(Table.UNNOTED, id_, id_)
                    row = row.without(settled)
                    told_on = result.told_on or row.digest.told_on
                    told = evolve(row, digest=evolve(row.digest, told_on=told_on))
                    _release(books, told, result.next_at, result.lost)
                    enter(books, access.get(result.digest_id, ()))

    def notifications(self, enrolment_id: str) -> tuple[NotificationRecord, ...]:
        with self._folder.transaction() as books:
            return tuple(one.record for one in asked_by(books, enrolment_id))

    def cancellable(self, enrolment_id: str) -> tuple[Notification, ...]:
        with self._folder.transaction() as books:
            return tuple(one.record.notification for one in asked_by(books, enrolment_id) if one.waits)

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        with self._folder.transaction() as books:
            ids = [id_ for id_ in sorted(books.all(Table.UNNOTED)) if id_ > after]
            return tuple(one.record for id_ in ids[:limit] if (one := asked(books, id_)) is not None)


def refuse(books: Transaction, change: Change) -> None:
    """Raise `Conflict` when a change does not fit what has become of notifications."""
    cancelled = [asked(books, id_) for id_ in change.cancelled]
    if not all(one is not None and one.waits for one in cancelled):
        raise Conflict("a notification that was to be cancelled does not wait any more")
    if any(books.get(Table.UNNOTED, id_) is None for id_ in change.noted):
        raise Conflict("the end of a notification is noted already")
    if any(asked(books, notification.id) is not None for notification in change.notifications):
        raise Conflict("there is another notification under this id")


def keep(books: Transaction, change: Change) -> None:
    """Keep what a change says of notifications."""
    for id_ in change.cancelled:
        row = _row(books, _settle(books, id_, Status.DROPPED, change.enrolment.last_entry_at).digest_id)
        if row is not None:
            _put(books, row.without((id_,)))
    for id_ in change.noted:
        books.remove(Table.UNNOTED, id_)
    for notification in change.notifications:
        _ask(books, notification)


def superseded(books: Transaction, digest_id: str) -> frozenset[str]:
    """Return the keys of batches in doubt that were sent again under another key."""
    row = _row(books, digest_id)
    return frozenset() if row is None else row.superseded


def forget(books: Transaction, gone: Sequence[Asked], digest_ids: Sequence[str], *, is_needed: bool) -> None:
    """Delete notifications, and their digests unless the recipient has another enrolment at the unit."""
    ids = [one.record.notification.id for one in gone]
    for digest_id in {*digest_ids, *(one.digest_id for one in gone)}:
        row = _row(books, digest_id)
        if row is not None and row.digest.collected and is_needed:
            left, batch = row.without(ids), row.digest.batch
            if batch is not None and left.digest.batch is None:  # the recipient may have been told by the attempt
                told_on = max(batch.attempted_on, row.digest.told_on or batch.attempted_on)
                _release(books, evolve(left, digest=evolve(left.digest, told_on=told_on)))
            else:
                _put(books, left)
        else:
            books.remove(Table.WAITING, digest_id)
            books.remove(Table.IDLE, digest_id)
    for id_ in ids:
        books.remove(Table.NOTIFICATIONS, id_)
        books.remove(Table.UNNOTED, id_)


def _free(books: Transaction, now: datetime) -> Iterator[tuple[Row, Digest]]:
    for data in books.all(Table.WAITING):
        try:
            found = read_stored(f"digest {data['id']}", _due, books, data, now)
        except StorageError as failure:
            log.error("%s", failure)
        else:
            if found is not None:
                yield found


def _due(books: Transaction, data: Data, now: datetime) -> tuple[Row, Digest] | None:
    row = row_from_data(data)
    return (row, _whole(books, row)) if row.is_free(now) else None


def _whole(books: Transaction, row: Row) -> Digest:
    found = [one.record for id_ in row.pending if (one := asked(books, id_)) is not None]
    found.sort(key=lambda record: (record.notification.due_at, record.notification.id))
    return evolve(row.digest, pending=tuple(found))


def _row(books: Transaction, digest_id: str) -> Row | None:
    data = books.get(Table.WAITING, digest_id) or books.get(Table.IDLE, digest_id)
    return None if data is None else row_from_data(data)


def _held(books: Transaction, digest_id: str, token: str) -> Row | None:
    row = _row(books, digest_id)
    return row if row is not None and row.token == token else None


def _begin(books: Transaction, row: Row, decision: Decision) -> Batch:
    ids = decision.notifications & {*row.pending}
    before = row.digest.batch
    repeats = decision.action is Action.REPEAT and before is not None
    key = before.key if repeats and before is not None else batch_key(row.digest.id, ids)
    batch = Batch(key=key, notifications=ids, attempted_on=decision.day)
    old = row.superseded if before is None else row.superseded | {before.key} - {key}
    _put(books, evolve(row, digest=evolve(row.digest, batch=batch), superseded=old, begun=True))
    for id_ in ids:
        one = asked(books, id_)
        assert one is not None, "what is pending is kept"
        put_asked(books, evolve(one, key=key, record=evolve(one.record, attempts=one.record.attempts + 1)))
    return batch


def _settle(books: Transaction, id_: str, status: Status, at: datetime) -> Asked:
    one = asked(books, id_)
    assert one is not None, "what is pending is kept"
    put_asked(books, evolve(one, record=evolve(one.record, status=status, settled_at=at)))
    return one


def _release(books: Transaction, row: Row, next_at: datetime | None = None, lost: int = 0) -> None:
    due = min((record.notification.due_at for record in _whole(books, row).pending), default=None)
    _put(books, evolve(row, next_at=next_at or due, token=None, lease_until=None, begun=False, lost=lost))


def _ask(books: Transaction, notification: Notification) -> None:
    row = _digest_for(books, notification)
    next_at = row.next_at
    if row.digest.batch is None:
        next_at = min(next_at or notification.due_at, notification.due_at)
    _put(books, evolve(row, pending=(*row.pending, notification.id), next_at=next_at))
    put_asked(books, Asked(record=NotificationRecord(notification=notification), digest_id=row.digest.id))
    books.add(Table.ASKED, (notification.id,), notification.trigger.enrolment_id)


def _digest_for(books: Transaction, notification: Notification) -> Row:
    new = Digest(
        id=notification.id,
        unit=notification.unit,
        channel=notification.channel,
        recipient=notification.recipient,
        template=notification.template,
        collected=notification.collected,
    )
    if notification.collected:
        key, ids = collected_of(books, notification.unit, notification.recipient)
        for row in (_row(books, id_) for id_ in ids):
            if row is not None and (row.digest.channel, row.digest.template) == (new.channel, new.template):
                return row
        books.put(Table.COLLECTED, [*ids, new.id], *key)
    return Row(digest=new)


def _put(books: Transaction, row: Row) -> None:
    """Keep a digest where those are that have something pending, or where the others are."""
    there, elsewhere = (Table.WAITING, Table.IDLE) if row.pending else (Table.IDLE, Table.WAITING)
    next_at = row.next_at if row.pending else None
    books.put(there, evolve(row, next_at=next_at).to_data(), row.digest.id)
    books.remove(elsewhere, row.digest.id)
