"""What operators ask of the memory storage: dead letters, figures and workers; the storage holds the lock."""

from collections import Counter
from datetime import datetime, timedelta

from digital_painschool.adapters.memory.enrolments import MemoryEnrolments
from digital_painschool.adapters.memory.outbox import MemoryOutbox
from digital_painschool.domain.notification import GIVEN_UP, NotificationRecord, Status
from digital_painschool.ports.storage import CLOCKS_DIFFER, OutboxFigures

_REMEMBERED = timedelta(days=1)


class MemoryOperations:
    """Dead letters, figures and workers.

    Args:
        enrolments: The enrolments of the same storage.
        outbox: The outbox of the same storage.
    """

    def __init__(self, enrolments: MemoryEnrolments, outbox: MemoryOutbox) -> None:
        self._enrolments = enrolments
        self._outbox = outbox
        self._workers: dict[str, tuple[datetime, datetime]] = {}

    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        """Return the figures of the outbox at an instant."""
        records = self._outbox.read.records()
        failed = (r for r in records if r.status in GIVEN_UP and r.settled_at is not None and r.settled_at >= since)
        seen = [one for one in self._workers.values() if one[0] <= now + CLOCKS_DIFFER]
        return OutboxFigures(
            oldest_due_at=self._outbox.read.oldest_due_at(now),
            waiting=Counter(r.notification.channel for r in records if r.status is Status.PENDING),
            failed=Counter(record.notification.channel for record in failed),
            dead_letters=sum(self._is_dead_letter(record) for record in records),
            workers=sum(now < until for _, until in seen),
            last_seen_at=max((at for at, _ in seen), default=None),
        )

    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        """Record a sign of life of a worker."""
        self._workers[worker] = (at, until)
        self._workers = {id_: seen for id_, seen in self._workers.items() if seen[0] >= at - _REMEMBERED}

    def _is_dead_letter(self, record: NotificationRecord) -> bool:
        notification = record.notification
        return self._outbox.read.is_dead_letter(notification.id) and self._enrolments.is_open(
            notification.trigger.enrolment_id
        )
