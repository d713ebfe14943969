"""What operators ask: dead letters, figures and workers."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from digital_painschool.domain.notification import Channel, NotificationRecord
from digital_painschool.ports.storage import CLOCKS_DIFFER, OutboxFigures
from digital_painschool.serialization.scalars import instant_from_text, instant_to_text
from digital_painschool.serialization.stored import read_each
from lmdb_storage.database import Part, Transaction, log
from lmdb_storage.outbox import is_dead_letter, waiting_digests
from lmdb_storage.records import find_enrolment, find_notification, ids
from lmdb_storage.tables import Table

_REMEMBERED = timedelta(days=1)


class LmdbOperations(Part):
    """Dead letters, figures and workers."""

    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        with self._database.reading() as transaction:
            waiting: Counter[Channel] = Counter()
            due = []
            for row in waiting_digests(transaction):
                waiting[row.digest.channel] += len(row.pending)
                due += [row.next_at] if row.next_at is not None and row.next_at <= now else []
            given_up = list(_given_up(transaction))
            workers = [[*map(instant_from_text, json.loads(one)[:2])] for one in transaction.scan(Table.WORKERS)]
            seen = [one for one in workers if one[0] <= now + CLOCKS_DIFFER]
            return OutboxFigures(
                oldest_due_at=min(due, default=None),
                waiting=waiting,
                failed=Counter(record.notification.channel for settled_at, record in given_up if settled_at >= since),
                dead_letters=sum(_is_dead_letter(transaction, record) for _, record in given_up),
                workers=sum(now < until for _, until in seen),
                last_seen_at=max((seen_at for seen_at, *_ in seen), default=None),
            )

    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        with self._database.writing() as transaction:
            transaction.put(Table.WORKERS, [*map(instant_to_text, (at, until)), worker], worker)
            for seen_at, _, id_ in map(json.loads, list(transaction.scan(Table.WORKERS))):
                if instant_from_text(seen_at) < at - _REMEMBERED:
                    transaction.remove(Table.WORKERS, id_)


def _given_up(transaction: Transaction) -> Iterator[tuple[datetime, NotificationRecord]]:
    """Yield the readable notifications that were given up, each with the instant; a log line names the others."""
    for id_ in ids(transaction.scan(Table.DEAD)):
        for one in read_each([id_], partial(find_notification, transaction), _log):
            if one is not None and one.record.settled_at is not None:
                yield one.record.settled_at, one.record


def _is_dead_letter(transaction: Transaction, record: NotificationRecord) -> bool:
    enrolment_id = record.notification.trigger.enrolment_id
    found = read_each([enrolment_id], partial(find_enrolment, transaction), lambda _: None)
    is_open = any(one is not None and one.enrolment.is_open for one in found)
    return is_open and is_dead_letter(transaction, record.notification.id)


def _log(notification_id: str) -> None:
    log.error("notification %s cannot be read; was it changed by hand?", notification_id)
