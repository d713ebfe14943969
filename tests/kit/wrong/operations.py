"""Adapters that are wrong in one way each: mistakes with dead letters, figures and workers."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Channel, Status
from digital_painschool.testing.contracts.changes import DAY, RUN
from tests.kit.wrong.mistake import Mistakes, Wrong, first, last, notification_rows


def _spoiling(spoil: Callable[[Any, Any], Any]) -> Wrong:
    """Return a `save` after which each row of a resolved dead letter is another one."""

    def save(right: Wrong, storage: Any, change: Any) -> None:
        before = {id_: notification_rows(storage).get(id_) for id_ in change.resolved}
        right(change)
        for id_, row in before.items():
            notification_rows(storage)[id_] = spoil(row, notification_rows(storage)[id_])

    return save


def _due_since_ever(right: Wrong, storage: Any, *args: Any) -> Any:
    """Say of what is due since when it waited first, whatever was tried since."""
    figures = right(*args)
    since = vars(storage).setdefault("since", figures.oldest_due_at) or figures.oldest_due_at
    storage.since = since
    return evolve(figures, oldest_due_at=figures.oldest_due_at and since)


def _without_forwarding(right: Wrong, storage: Any, change: Any) -> None:
    digests = storage._parts.outbox._digests
    before = {id_: digest.next_at for id_, digest in digests.items()}
    right(change)
    if change.resolved:
        for id_, next_at in before.items():
            digests[id_].next_at = next_at


def _forgetting_keys(right: Wrong, storage: Any, change: Any) -> None:
    right(change)
    for digest in storage._parts.outbox._digests.values():
        digest.superseded.clear()


def _accepting_all(right: Wrong, storage: Any, change: Any) -> None:
    outbox = storage._parts.outbox
    outbox.read.is_dead_letter = lambda _: True
    try:
        right(evolve(change, resolved={id_: s for id_, s in change.resolved.items() if id_ in outbox._rows}))
    finally:
        del outbox.read.is_dead_letter


STORAGE: Mistakes = {
    ("complete", "Outbox.complete: reason"): {
        "no-reason": lambda right, _, results, *access: right([evolve(r, reason=None) for r in results], *access),
    },
    ("save", "Change.resolved"): {
        "all-may-be-resolved": _accepting_all,
        "a-dead-letter-that-is-sent-again-is-never-due": _without_forwarding,
        "the-first-key-is-forgotten": _forgetting_keys,
        "the-old-attempts-count": _spoiling(
            lambda old, new: evolve(new, record=evolve(new.record, attempts=old.record.attempts))
        ),
        "dropped-counts-as-delivered": _spoiling(
            lambda _, new: (
                new
                if new.record.status is Status.PENDING
                else evolve(new, record=evolve(new.record, status=Status.DELIVERED))
            )
        ),
    },
    ("dead_letters", "Operations.dead_letters"): {
        "the-oldest-first": lambda right, _, *args, **options: right(*args, **options)[::-1],
        "all-units": lambda right, _, unit=None, **options: right(None, **options),
    },
    ("dead_letters", "Operations.dead_letters: page"): {
        "pages-by-instant-alone": lambda right, _, unit=None, after=None, limit=1000: right(
            unit, after=after and (after[0], ""), limit=limit
        ),
    },
    ("dead_letters", "Operations.dead_letters: listed"): {
        "ended-ones-too": lambda right, self, *args, **options: (
            *right(*args, **options),
            *(
                row.record
                for row in notification_rows(self).values()
                if row.record.status is Status.FAILED
                and not self._parts.enrolments.is_open(row.record.notification.trigger.enrolment_id)
            ),
        ),
        "before-they-are-noted": lambda right, self, *args, **options: (
            right(*args, **options) or tuple(row.record for row in notification_rows(self).values() if not row.noted)
        ),
    },
    ("outbox_figures", "Operations.outbox_figures: figures"): {
        "nothing-is-due": lambda right, _, *args: evolve(right(*args), oldest_due_at=None),
        "what-is-due-alone-waits": lambda right, _, now, since: (
            found if (found := right(now, since)).oldest_due_at else evolve(found, waiting={})
        ),
        "digests-are-counted-as-notifications": lambda right, self, *args: evolve(
            right(*args),
            waiting=Counter(one.digest.channel for one in self._parts.outbox._digests.values() if one.next_at),
        ),
        "due-since-it-waited-first": _due_since_ever,
        "failures-of-ever": lambda right, _, now, since: right(now, since - timedelta(days=9)),
    },
    ("outbox_figures", "Operations.outbox_figures"): {
        "every-failure-is-a-dead-letter": lambda right, _, *args: evolve(
            found := right(*args), dead_letters=found.failed.get(Channel.INBOX, 0)
        ),
    },
    ("record_worker", "Operations.record_worker: alive"): {
        "alive-at-the-end": lambda right, _, worker, at, until: right(worker, at, until + timedelta(microseconds=1)),
        "the-first-sign-of-life-counts": lambda right, self, worker, *times: (
            None if worker in self._parts.operations._workers else right(worker, *times)
        ),
    },
    ("record_worker", "Operations.record_worker: ahead"): {
        "a-worker-of-next-year-is-alive": lambda right, _, worker, at, until: right(
            worker, RUN if at > RUN + 9 * DAY else at, until
        ),
    },
    ("record_worker", "Operations.record_worker: forgotten"): {
        "workers-are-forgotten-after-an-hour": lambda right, self, worker, at, until: last(
            [
                self._parts.operations._workers.pop(id_)
                for id_, (seen, _) in [*self._parts.operations._workers.items()]
                if seen < at - timedelta(hours=1)
            ],
            right(worker, at, until),
        ),
        "workers-are-never-forgotten": lambda right, self, *args: first(
            kept := dict(self._parts.operations._workers),
            right(*args),
            self._parts.operations._workers.update({k: v for k, v in kept.items() if k != args[0]}),
        ),
    },
}
