"""Adapters that are wrong in one way each: mistakes in the outbox."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Status
from tests.kit.wrong.mistake import Mistakes, Wrong, first, last, notification_rows, put


def _with_joined(right: Wrong, storage: Any, change: Any, spoil: Callable[[Any], Any]) -> None:
    right(change)
    for asked in change.notifications:
        digest_id = notification_rows(storage)[asked.id].digest_id
        for id_, row in notification_rows(storage).items():
            if row.digest_id == digest_id and id_ != asked.id:
                notification_rows(storage)[id_] = evolve(row, record=spoil(row.record))


def _joined(storage: Any, change: Any) -> list[Any]:
    asked = {notification.id for notification in change.notifications}
    return [row for row in storage._parts.outbox._digests.values() if asked & row.notifications]


def _asking(change: Any, spoil: Callable[[Any], Any]) -> Any:
    return evolve(change, notifications=tuple(map(spoil, change.notifications)))


def _due(record: Any, at: datetime) -> Any:
    return evolve(record, notification=evolve(record.notification, due_at=at))


def _by_id(right: Wrong, storage: Any, now: datetime, limit: int, lease: timedelta) -> Any:
    rows = storage._parts.outbox._digests.values()
    kept = {row.digest.id: (row.next_at, row.oldest_due_at) for row in rows}
    for row in rows:
        if row.is_free(now):
            row.next_at = row.oldest_due_at = now - timedelta(days=900)
    try:
        return right(now, limit, lease)
    finally:
        for row in rows:
            row.next_at, row.oldest_due_at = kept[row.digest.id]


STORAGE: Mistakes = {
    ("claim", "Outbox.claim: oldest first"): {
        "the-lower-id-first": _by_id,
        "none-is-all": lambda right, _, now, limit, lease: right(now, limit or 1000, lease),
    },
    ("claim", "Outbox.claim: clock"): {
        "next-year-is-believed": lambda right, self, now, limit, lease: (
            right(now, limit, lease)
            if any(row.lease_until is None for row in self._parts.outbox._digests.values())
            else ()
        ),
    },
    ("claim", "Outbox.claim: due"): {
        "a-lease-an-instant-short": lambda right, _, now, limit, lease: right(
            now, limit, lease - timedelta(microseconds=1)
        ),
        "a-lease-an-instant-long": lambda right, _, now, limit, lease: right(
            now, limit, lease + timedelta(microseconds=1)
        ),
        "due-an-instant-early": lambda right, _, now, limit, lease: right(
            now + timedelta(microseconds=1), limit, lease
        ),
    },
    ("claim", "Outbox.claim: poison"): {
        "every-claim-is-a-lost-one": lambda right, self, *args: last(
            [put(row, "begun", row.token is not None) for row in self._parts.outbox._digests.values()],
            right(*args),
        ),
    },
    ("save", "Change.notifications"): {
        "a-summary-of-each-patient": lambda right, _, change: right(
            _asking(change, lambda n: evolve(n, collected=n.flag is None and n.collected))
        ),
        "a-summary-forgets-the-flag": lambda right, _, change: right(
            _asking(change, lambda n: evolve(n, trigger=evolve(n.trigger, flag=None)))
        ),
        "a-joined-notice-forgives-attempts": lambda right, self, change: _with_joined(
            right, self, change, lambda r: evolve(r, attempts=0)
        ),
        "a-joined-notice-postpones-the-first": lambda right, self, change: _with_joined(
            right, self, change, lambda r: _due(r, change.notifications[0].due_at)
        ),
        "a-joined-notice-hurries-the-first": lambda right, self, change: _with_joined(
            right,
            self,
            change,
            lambda r: _due(r, min(change.notifications[0].due_at, r.notification.due_at - timedelta(1))),
        ),
        "a-joined-notice-forgets-the-day": lambda right, self, change: (
            right(change),
            [put(row, "digest", evolve(row.digest, told_on=None)) for row in _joined(self, change)],
        ),
        "a-joined-notice-forgives-lost-workers": lambda right, self, change: (
            right(change),
            [put(row, "lost", 0) for row in _joined(self, change)],
        ),
    },
    ("begin", "Outbox.begin: what still waits"): {
        "everything-is-begun": lambda right, _, decided: right(
            [(c, evolve(d, notifications=frozenset(r.notification.id for r in c.digest.pending))) for c, d in decided]
        ),
    },
    ("begin", "Outbox.begin: recorded"): {
        "begun-on-the-first-day": lambda right, _, decided: right(
            [(c, evolve(d, day=c.digest.batch.attempted_on if c.digest.batch else d.day)) for c, d in decided]
        ),
    },
    ("begin", "Outbox.begin: key"): {
        "a-repetition-under-a-new-key": lambda right, self, decided: last(
            [
                put(self._parts.outbox._digests[c.digest.id], "key", f"{c.digest.id}.again")
                for c, d in decided
                if c.digest.batch and c.digest.id in self._parts.outbox._digests
            ],
            right(decided),
        ),
    },
    ("reject", "Outbox.begin: key"): {
        "a-report-is-counted-once": lambda right, self, *args: first(
            right(*args),
            notification_rows(self).update(
                {id_: evolve(row, reports=min(1, row.reports)) for id_, row in notification_rows(self).items()}
            ),
        ),
    },
    ("complete", "Outbox.complete: counted"): {
        "an-attempt-is-the-first": lambda right, self, *args: first(
            right(*args),
            notification_rows(self).update(
                {
                    id_: evolve(row, record=evolve(row.record, attempts=min(1, row.record.attempts)))
                    for id_, row in notification_rows(self).items()
                }
            ),
        ),
    },
    ("complete", "Outbox.complete"): {
        "all-settled-at-the-first-instant": lambda right, _, results, *access: right(
            [evolve(r, at=results[0].at) for r in results], *access
        ),
    },
    ("complete", "Outbox.complete: fenced"): {
        "a-release-is-believed-of-anybody": lambda right, self, results, *access: right(
            [
                r
                if r.settled or r.digest_id not in self._parts.outbox._digests
                else evolve(r, token=self._parts.outbox._digests[r.digest_id].token or "")
                for r in results
            ],
            *access,
        ),
        "lines-of-what-was-fenced-off": lambda right, self, results, access=None: first(
            right(results),
            self.log(entry for lines in (access or {}).values() for entry in lines),
        ),
    },
    ("complete", "Outbox.claim: due"): {
        "the-retry-is-forgotten": lambda right, _, results, *access: right(
            [evolve(r, next_at=None) for r in results], *access
        ),
    },
    ("complete", "Outbox.complete: released"): {
        "lost-workers-are-forgiven": lambda right, _, results, *access: right(
            [evolve(r, lost=0) for r in results], *access
        ),
    },
    ("reject", "Outbox.reject: failed"): {
        "a-report-of-the-digest": lambda right, self, key, at: first(
            right(key, at),
            notification_rows(self).update(
                {
                    id_: evolve(row, key=key, record=evolve(row.record, status=Status.FAILED, settled_at=at))
                    for id_, row in notification_rows(self).items()
                    if row.record.status is Status.DELIVERED and row.digest_id == key.rpartition(".")[0]
                }
            ),
        ),
        "a-report-without-a-note": lambda right, self, key, at: first(
            right(key, at),
            notification_rows(self).update(
                {id_: evolve(row, noted=True) for id_, row in notification_rows(self).items()}
            ),
        ),
    },
    ("reject", "Outbox.reject: once"): {
        "a-report-is-noted-each-time": lambda right, self, key, at: first(
            right(key, at),
            notification_rows(self).update(
                {
                    id_: evolve(row, noted=False)
                    for id_, row in notification_rows(self).items()
                    if row.key == key and row.record.status is Status.FAILED
                }
            ),
        ),
    },
    ("reject", "Outbox.reject: unknown"): {
        "a-report-by-a-part-of-the-key": lambda right, self, key, at: right(
            next((row.key for row in notification_rows(self).values() if row.key and key.startswith(row.key)), key), at
        ),
    },
    ("reject", "Outbox.reject: in doubt"): {
        "an-early-report-is-of-an-unknown-key": lambda right, self, key, at: (
            0
            if any(r.key == key and r.record.status is Status.PENDING for r in notification_rows(self).values())
            else right(key, at)
        ),
    },
    ("notifications", "Outbox.notifications"): {
        "notifications-by-id": lambda right, _, id_, **options: tuple(
            sorted(right(id_, **options), key=lambda r: r.notification.id)
        ),
        "notifications-of-the-digest": lambda right, self, id_, **options: tuple(
            row.record
            for row in notification_rows(self).values()
            if row.digest_id in {notification_rows(self)[r.notification.id].digest_id for r in right(id_, **options)}
        ),
    },
    ("unnoted", "Outbox.unnoted"): {
        "the-last-note-again": lambda right, _, after="", limit=1000: right(after=after[:-1], limit=limit),
    },
}
