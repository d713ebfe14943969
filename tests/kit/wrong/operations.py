"""Adapters that are wrong in one way each: mistakes with dead letters, figures and workers."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from attrs import evolve

from digital_painschool.domain.notification import Channel, Status
from digital_painschool.testing.contracts.changes import DAY, RUN
from tests.kit.wrong.mistake import Mistake, Wrong, first, notification_rows


def _spoiling(spoil: Callable[[Any, Any], Any]) -> Wrong:
    """Return a `save` after which each row of a resolved dead letter is another one."""

    def save(right: Wrong, storage: Any, change: Any) -> None:
        before = {id_: notification_rows(storage).get(id_) for id_ in change.resolved}
        right(change)
        for id_, row in before.items():
            notification_rows(storage)[id_] = spoil(row, notification_rows(storage)[id_])

    return save


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


STORAGE: Sequence[Mistake] = (
    Mistake(
        "no-reason",
        "Outbox.complete: reason",
        "complete",
        lambda right, _, results, *access: right([evolve(r, reason=None) for r in results], *access),
    ),
    Mistake("all-may-be-resolved", "Change.resolved", "save", _accepting_all),
    Mistake("a-dead-letter-that-is-sent-again-is-never-due", "Change.resolved", "save", _without_forwarding),
    Mistake("the-first-key-is-forgotten", "Change.resolved", "save", _forgetting_keys),
    Mistake(
        "the-old-attempts-count",
        "Change.resolved",
        "save",
        _spoiling(lambda old, new: evolve(new, record=evolve(new.record, attempts=old.record.attempts))),
    ),
    Mistake(
        "dropped-counts-as-delivered",
        "Change.resolved",
        "save",
        _spoiling(
            lambda _, new: (
                new
                if new.record.status is Status.PENDING
                else evolve(new, record=evolve(new.record, status=Status.DELIVERED))
            )
        ),
    ),
    Mistake(
        "the-oldest-first",
        "Operations.dead_letters",
        "dead_letters",
        lambda right, _, *args, **options: right(*args, **options)[::-1],
    ),
    Mistake(
        "all-units",
        "Operations.dead_letters",
        "dead_letters",
        lambda right, _, unit=None, **options: right(None, **options),
    ),
    Mistake(
        "pages-by-instant-alone",
        "Operations.dead_letters: page",
        "dead_letters",
        lambda right, _, unit=None, after=None, limit=1000: right(unit, after=after and (after[0], ""), limit=limit),
    ),
    Mistake(
        "ended-ones-too",
        "Operations.dead_letters: listed",
        "dead_letters",
        lambda right, self, *args, **options: (
            *right(*args, **options),
            *(
                row.record
                for row in notification_rows(self).values()
                if row.record.status is Status.FAILED
                and not self._parts.enrolments.is_open(row.record.notification.trigger.enrolment_id)
            ),
        ),
    ),
    Mistake(
        "before-they-are-noted",
        "Operations.dead_letters: listed",
        "dead_letters",
        lambda right, self, *args, **options: (
            right(*args, **options) or tuple(row.record for row in notification_rows(self).values() if not row.noted)
        ),
    ),
    Mistake(
        "nothing-is-due",
        "Operations.outbox_figures: figures",
        "outbox_figures",
        lambda right, _, *args: evolve(right(*args), oldest_due_at=None),
    ),
    Mistake(
        "what-is-due-alone-waits",
        "Operations.outbox_figures: figures",
        "outbox_figures",
        lambda right, _, now, since: found if (found := right(now, since)).oldest_due_at else evolve(found, waiting={}),
    ),
    Mistake(
        "failures-of-ever",
        "Operations.outbox_figures: figures",
        "outbox_figures",
        lambda right, _, now, since: right(now, since - timedelta(days=9)),
    ),
    Mistake(
        "every-failure-is-a-dead-letter",
        "Operations.outbox_figures",
        "outbox_figures",
        lambda right, _, *args: evolve(found := right(*args), dead_letters=found.failed.get(Channel.INBOX, 0)),
    ),
    Mistake(
        "alive-at-the-end",
        "Operations.record_worker: alive",
        "record_worker",
        lambda right, _, worker, at, until: right(worker, at, until + timedelta(microseconds=1)),
    ),
    Mistake(
        "the-first-sign-of-life-counts",
        "Operations.record_worker: alive",
        "record_worker",
        lambda right, self, worker, *times: (
            None if worker in self._parts.operations._workers else right(worker, *times)
        ),
    ),
    Mistake(
        "a-worker-of-next-year-is-alive",
        "Operations.record_worker: ahead",
        "record_worker",
        lambda right, _, worker, at, until: right(worker, RUN if at > RUN + 9 * DAY else at, until),
    ),
    Mistake(
        "workers-are-never-forgotten",
        "Operations.record_worker: forgotten",
        "record_worker",
        lambda right, self, *args: first(
            kept := dict(self._parts.operations._workers),
            right(*args),
            self._parts.operations._workers.update({k: v for k, v in kept.items() if k != args[0]}),
        ),
    ),
)
