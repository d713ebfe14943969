"""The outbox of the memory storage: notifications and their digests; the storage holds the lock."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count, takewhile

from attrs import evolve

from digital_painschool.adapters.memory.notifications import MemoryNotifications
from digital_painschool.adapters.memory.outbox_rows import DigestRow, NotificationRow
from digital_painschool.domain.digest import (
    LONGEST_SUSPICION,
    Action,
    Batch,
    Claim,
    Decision,
    DeliveryResult,
    Digest,
    batch_key,
    digest_of,
)
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    GIVEN_UP,
    Channel,
    FailureReason,
    Notification,
    NotificationRecord,
    Status,
)
from digital_painschool.domain.pace import DueCount
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import Change

_Recipient = tuple[HsaId, PersonId | HsaId]


class MemoryOutbox:
    """Digests, their notifications, and the claims on them."""

    def __init__(self) -> None:
        self._rows: dict[NotificationId, NotificationRow] = {}
        self._digests: dict[DigestId, DigestRow] = {}
        self._of_enrolment: dict[EnrolmentId, set[NotificationId]] = {}
        self._of_recipient: dict[_Recipient, set[DigestId]] = {}
        self._tokens = count(1)
        self.read = MemoryNotifications(self._rows, self._digests, self._of_enrolment)
        """What is asked of notifications."""

    def check(self, change: Change) -> None:
        """Refuse a change that cannot be saved, and change nothing.

        Raises:
            Conflict: A notification to cancel does not wait, the end of one to note is noted, or an id is taken.
        """
        cancelled = (self._rows.get(id_) for id_ in change.cancelled)
        if not all(row is not None and row.record.waits for row in cancelled):
            raise Conflict("a notification to cancel was begun or is settled; load the enrolment and decide again")
        noted = (self._rows.get(id_) for id_ in change.noted)
        if not all(row is not None and not row.noted for row in noted):
            raise Conflict("the note is written already; load the enrolment and decide again")
        if not all(self.read.is_dead_letter(id_) for id_ in change.resolved):
            raise Conflict("the notification is no dead letter any more; load the enrolment and decide again")
        if any(notification.id in self._rows for notification in change.notifications):
            raise Conflict("there is a notification of that id already")

    def save(self, change: Change) -> None:
        """Save the notifications of a checked change, the cancelled and the noted ones."""
        for id_ in change.cancelled:
            row = self._rows[id_]
            record = evolve(row.record, status=Status.DROPPED, settled_at=change.enrolment.last_entry_at)
            self._rows[id_] = evolve(row, record=record)
        for id_ in change.noted:
            self._rows[id_] = evolve(self._rows[id_], noted=True)
        for id_, status in change.resolved.items():
            self._resolve(id_, status, change.enrolment.last_entry_at)
        for notification in change.notifications:
            self._add(notification)

    def claim(
        self, now: datetime, limit: int, lease: timedelta, channels: Collection[Channel] | None
    ) -> tuple[Claim, ...]:
        """Claim digests that are due, direct ones first, then the oldest; a suspect alone, and for a day last."""
        free = [row for row in self._free(now) if channels is None or row.digest.channel in channels]
        free.sort(key=lambda row: (row.digest.collected, row.oldest_due_at, row.next_at, row.digest.id))
        in_order = [row for row in free if not row.is_suspect or row.waits_since(now - LONGEST_SUSPICION)]
        suspects = sorted((row for row in free if row.is_suspect), key=lambda row: row.lost)
        taken = [*takewhile(lambda row: not row.is_suspect, in_order[:limit])] or suspects[: min(limit, 1)]
        token = f"claim-{next(self._tokens)}"
        for row in taken:
            row.lost += row.begun
            row.token, row.lease_until, row.begun = token, now + lease, False
        return tuple(Claim(digest=self._digest(row), token=token, lost=row.lost) for row in taken)

    def count_due(self, now: datetime) -> tuple[DueCount, ...]:
        """Return the numbers of digests that can be claimed, by channel, unit and kind."""
        kinds = Counter((row.digest.channel, row.digest.unit, row.digest.collected) for row in self._free(now))
        return tuple(
            DueCount(channel=channel, unit=unit, collected=collected, number=number)
            for (channel, unit, collected), number in kinds.items()
        )

    def begin(self, decided: Sequence[tuple[Claim, Decision]]) -> Mapping[DigestId, Batch]:
        """Store the intent to send."""
        begun: dict[DigestId, Batch] = {}
        for claim, decision in decided:
            row = self._claimed(claim.digest.id, claim.token)
            if row is None:
                continue
            ids = {id_ for id_ in decision.notifications if self._is_pending(id_)}
            if not ids:
                self._release(row)
                continue
            reports: dict[str, int] = {id_: self._rows[id_].reports for id_ in ids}
            key = row.key if decision.action is Action.REPEAT else batch_key(row.digest.id, ids, reports)
            assert key is not None, "only a batch is repeated"
            if row.key is not None and row.key != key:
                row.superseded.add(row.key)
            row.key, row.attempted_on, row.begun = key, decision.day, True
            for id_ in ids:
                record = evolve(self._rows[id_].record, begun=True)
                self._rows[id_] = evolve(self._rows[id_], record=record, key=key)
            begun[row.digest.id] = Batch(key=key, notifications=frozenset(ids), attempted_on=decision.day)
        return begun

    def complete(self, results: Iterable[DeliveryResult]) -> set[DigestId]:
        """Store the results of claimed digests; return the ids of those that were not fenced off."""
        completed: set[DigestId] = set()
        for result in results:
            row = self._claimed(result.digest_id, result.token)
            if row is None:
                continue
            completed.add(result.digest_id)
            for id_ in filter(self._is_pending, result.attempted):
                record = self._rows[id_].record
                self._rows[id_] = evolve(self._rows[id_], record=evolve(record, attempts=record.attempts + 1))
            for id_, status in result.settled.items():
                if self._is_pending(id_):
                    reason = result.reason if status in GIVEN_UP else None
                    record = evolve(self._rows[id_].record, status=status, settled_at=result.at, reason=reason)
                    noted = status is Status.DELIVERED
                    self._rows[id_] = evolve(self._rows[id_], record=record, noted=noted)
            if result.told_on is not None:
                row.digest = evolve(row.digest, told_on=result.told_on)
            self._release(row, result.next_at, result.lost)
        return completed

    def reject(self, key: str, at: datetime) -> int:
        """Note that what was delivered under a key failed; return how many notifications changed.

        Raises:
            Conflict: The batch is in doubt.
        """
        digest = self._digests.get(digest_of(key))
        rows = [] if digest is None else [row for id_ in digest.notifications if (row := self._rows[id_]).key == key]
        if any(row.record.status is Status.PENDING for row in rows):
            raise Conflict("the result of the send is not stored yet; report it again in a while")
        delivered = [row for row in rows if row.record.status is Status.DELIVERED]
        for row in delivered:
            record = evolve(row.record, status=Status.FAILED, settled_at=at, reason=FailureReason.REPORTED)
            self._rows[record.notification.id] = evolve(row, record=record, noted=False, reports=row.reports + 1)
        return len(delivered)

    def forget(self, unit: HsaId, enrolment_id: EnrolmentId, keys: Collection[str]) -> None:
        """Delete some of the keys under which an enrolment's notifications were sent."""
        for row in self.read.asked_by(enrolment_id):
            if row.record.notification.unit == unit:
                self._digests[row.digest_id].superseded -= {*keys}
                if row.key in keys:
                    record = evolve(row.record, begun=False)
                    self._rows[record.notification.id] = evolve(row, key=None, record=record)

    def delete(self, enrolment_id: EnrolmentId, recipient: _Recipient, *, others: bool) -> None:
        """Delete an enrolment's notifications, and the digests that nobody needs any more.

        Args:
            enrolment_id: The enrolment's id.
            recipient: The unit and the patient.
            others: Whether the patient has another enrolment at the unit.
        """
        asked = self.read.asked_by(enrolment_id)
        for row in asked:
            del self._rows[row.record.notification.id]
            self._digests[row.digest_id].notifications.discard(row.record.notification.id)
        self._of_enrolment.pop(enrolment_id, None)
        for digest_id in {row.digest_id for row in asked} | self._of_recipient.get(recipient, set()):
            digest = self._digests[digest_id]
            if digest.notifications or (digest.digest.collected and others):
                self._end_batch(digest)
            else:
                del self._digests[digest_id]
                self._of_recipient[digest.digest.unit, digest.digest.recipient].discard(digest_id)

    def _add(self, notification: Notification) -> None:
        digest = self._digest_for(notification)
        row = NotificationRow(record=NotificationRecord(notification=notification), digest_id=digest.digest.id)
        self._rows[notification.id] = row
        digest.notifications.add(notification.id)
        self._of_enrolment.setdefault(notification.trigger.enrolment_id, set()).add(notification.id)
        self._bring_forward(digest, notification.due_at)

    def _resolve(self, notification_id: NotificationId, status: Status, at: datetime) -> None:
        row = self._rows[notification_id]
        if status is not Status.PENDING:
            self._rows[notification_id] = evolve(row, record=evolve(row.record, status=status, settled_at=at))
            return
        digest = self._digests[row.digest_id]
        if row.key is not None:
            digest.superseded.add(row.key)
        notification = evolve(row.record.notification, due_at=at)
        self._rows[notification_id] = evolve(row, record=NotificationRecord(notification=notification), key=None)
        self._bring_forward(digest, at)

    def _bring_forward(self, digest: DigestRow, due_at: datetime) -> None:
        digest.oldest_due_at = min(digest.oldest_due_at or due_at, due_at)
        if digest.key is None:
            digest.next_at = min(digest.next_at or due_at, due_at)

    def _digest_for(self, notification: Notification) -> DigestRow:
        recipient = (notification.unit, notification.recipient)
        theirs = self._of_recipient.setdefault(recipient, set())
        if notification.collected:
            for digest_id in theirs:
                digest = self._digests[digest_id].digest
                same = (notification.channel, notification.template) == (digest.channel, digest.template)
                if digest.collected and same:
                    return self._digests[digest_id]
        id_ = DigestId(notification.id)
        theirs.add(id_)
        row = self._digests[id_] = DigestRow(
            digest=Digest(
                id=id_,
                unit=notification.unit,
                channel=notification.channel,
                recipient=notification.recipient,
                template=notification.template,
                collected=notification.collected,
            )
        )
        return row

    def _digest(self, row: DigestRow) -> Digest:
        records = [self._rows[id_].record for id_ in row.notifications if self._is_pending(id_)]
        records.sort(key=lambda record: (record.notification.due_at, record.notification.id))
        batch = None
        if row.key is not None and row.attempted_on is not None:
            batch = Batch(key=row.key, notifications=self._batched(row), attempted_on=row.attempted_on)
        return evolve(row.digest, pending=tuple(records), batch=batch)

    def _batched(self, row: DigestRow) -> frozenset[NotificationId]:
        ids = (id_ for id_ in row.notifications if self._is_pending(id_))
        return frozenset(id_ for id_ in ids if self._rows[id_].key is not None)

    def _release(self, row: DigestRow, next_at: datetime | None = None, lost: int = 0) -> None:
        if row.key is not None and not self._batched(row):
            row.key = row.attempted_on = None
        due = [self._rows[i].record.notification.due_at for i in row.notifications if self._is_pending(i)]
        row.next_at = None if not due else next_at or min(due)
        row.oldest_due_at = None if row.next_at is None else min(row.next_at, *due)
        row.token = row.lease_until = None
        row.begun, row.lost = False, lost

    def _end_batch(self, row: DigestRow) -> None:
        if row.key is None or self._batched(row) or row.attempted_on is None:
            return
        told_on = max(row.attempted_on, row.digest.told_on or row.attempted_on)
        row.digest = evolve(row.digest, told_on=told_on)
        self._release(row)

    def _free(self, now: datetime) -> list[DigestRow]:
        return [row for row in self._digests.values() if row.is_free(now)]

    def _claimed(self, digest_id: DigestId, token: str) -> DigestRow | None:
        row = self._digests.get(digest_id)
        return row if row is not None and row.token == token else None

    def _is_pending(self, notification_id: NotificationId) -> bool:
        row = self._rows.get(notification_id)
        return row is not None and row.record.status is Status.PENDING
