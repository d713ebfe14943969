"""What is asked of the notifications in memory; the storage holds the lock."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from operator import gt, lt

from digital_painschool.adapters.memory.outbox_rows import DigestRow, NotificationRow
from digital_painschool.domain.ids import DigestId, EnrolmentId, NotificationId
from digital_painschool.domain.notification import GIVEN_UP, NotificationRecord, Status
from digital_painschool.domain.people import HsaId


class MemoryNotifications:
    """The notifications of an outbox, and the keys that they were sent under.

    Args:
        rows: The notifications.
        digests: Their digests.
        of_enrolment: The ids of the notifications that each enrolment asked for.
    """

    def __init__(
        self,
        rows: Mapping[NotificationId, NotificationRow],
        digests: Mapping[DigestId, DigestRow],
        of_enrolment: Mapping[EnrolmentId, set[NotificationId]],
    ) -> None:
        self._rows = rows
        self._digests = digests
        self._of_enrolment = of_enrolment

    def notifications(
        self, enrolment_id: EnrolmentId, *, newest_first: bool, after: tuple[int, str] | None, limit: int | None
    ) -> tuple[NotificationRecord, ...]:
        """Return the notifications that an enrolment asked for, by entry, then by id, or a page of them."""
        rows = self.asked_by(enrolment_id)
        if newest_first:
            rows.reverse()
        follow = gt if newest_first else lt
        records = (row.record for row in rows if after is None or follow(after, _position(row)))
        return tuple(islice(records, limit))

    def unnoted(self, *, after: str = "", limit: int = 1000) -> tuple[NotificationRecord, ...]:
        """Return settled notifications whose end is not on the timeline yet, by rising id, those above `after`."""
        ids = sorted(id_ for id_, row in self._rows.items() if id_ > after and not row.noted)
        return tuple(self._rows[id_].record for id_ in ids[:limit])

    def is_dead_letter(self, notification_id: NotificationId) -> bool:
        """Return whether a notification was given up, and its end is on the timeline."""
        row = self._rows.get(notification_id)
        return row is not None and row.record.status in GIVEN_UP and row.noted

    def records(self) -> tuple[NotificationRecord, ...]:
        """Return all notifications, in no order."""
        return tuple(row.record for row in self._rows.values())

    def oldest_due_at(self, now: datetime) -> datetime | None:
        """Return the earliest `next_at` of the digests that are due and have something pending, or None."""
        rows = (row for row in self._digests.values() if any(map(self._is_pending, row.notifications)))
        return min((row.next_at for row in rows if row.next_at is not None and row.next_at <= now), default=None)

    def keys(
        self, unit: HsaId, enrolment_ids: Iterable[EnrolmentId], is_open: Callable[[EnrolmentId], bool]
    ) -> set[str]:
        """Return the keys under which notifications of some enrolments were sent, and that no open enrolment needs."""
        rows = [row for id_ in enrolment_ids for row in self.asked_by(id_) if row.record.notification.unit == unit]
        sent = {(row.digest_id, row.key) for row in rows if row.key is not None}
        keys = {key for digest_id, key in sent if not self._is_needed(digest_id, key, is_open)}
        for digest_id in {row.digest_id for row in rows}:
            if not self._is_needed(digest_id, None, is_open):
                keys |= self._digests[digest_id].superseded
        return keys

    def _is_needed(self, digest_id: DigestId, key: str | None, is_open: Callable[[EnrolmentId], bool]) -> bool:
        """Return whether an open enrolment has notifications in a digest, under a key or at all."""
        rows = (self._rows[id_] for id_ in self._digests[digest_id].notifications)
        return any(key in {None, row.key} and is_open(row.record.notification.trigger.enrolment_id) for row in rows)

    def asked_by(self, enrolment_id: EnrolmentId) -> list[NotificationRow]:
        """Return the notifications that an enrolment asked for, by entry, then by id."""
        rows = (self._rows[id_] for id_ in self._of_enrolment.get(enrolment_id, ()))
        return sorted(rows, key=_position)

    def _is_pending(self, notification_id: NotificationId) -> bool:
        row = self._rows.get(notification_id)
        return row is not None and row.record.status is Status.PENDING


def _position(row: NotificationRow) -> tuple[int, str]:
    return row.record.notification.trigger.seq, row.record.notification.id
