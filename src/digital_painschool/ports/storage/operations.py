"""What operators ask of the outbox: dead letters, figures, and which workers are alive. Rule: D-13d."""

import logging
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from attrs import field, frozen

from digital_painschool.domain.notification import GIVEN_UP, Channel, NotificationRecord
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage.enrolments import Enrolments, each_enrolment
from digital_painschool.ports.storage.outbox import Outbox, each_unnoted

_log = logging.getLogger(__name__)
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clocks of two machines may differ: a sign of life that lies further ahead is of a wrong clock."""


@frozen(kw_only=True, slots=False)
class OutboxFigures:
    """The state of all deliveries at an instant, of all units, without persons. Rule: D-13d.

    Args:
        oldest_due_at: The earliest `next_at`, UTC, of the digests that are due and have something pending; None when
            nothing is due.
        waiting: The number of pending notifications by channel, due or not; a channel without any is left out.
        failed: The number of notifications by channel that were given up since an instant; the same.
        dead_letters: The number of dead letters, as `dead_letters` lists them.
        workers: The number of workers that are alive; none that was seen more than `CLOCKS_DIFFER` after the instant.
        last_seen_at: When any such worker was last seen, UTC; None for never in the last day.
    """

    oldest_due_at: datetime | None = None
    waiting: Mapping[Channel, int] = field(factory=dict)
    failed: Mapping[Channel, int] = field(factory=dict)
    dead_letters: int = 0
    workers: int = 0
    last_seen_at: datetime | None = None


class Operations(Enrolments, Outbox, Protocol):
    """Dead letters, figures and workers. A dead letter is a notification that was given up and may be sent again.

    Its status is `UNREACHABLE` or `FAILED`, its note is on the timeline, and its enrolment is open.
    """

    def dead_letters(
        self, unit: HsaId | None = None, *, after: tuple[datetime, str] | None = None, limit: int = 1000
    ) -> tuple[NotificationRecord, ...]:
        """Return dead letters, the newest first: by `settled_at`, then by id, both falling.

        Args:
            unit: Only those of this unit; None for all.
            after: The instant and the id of the last one of the page before; None for the first page.
            limit: The most dead letters.

        Contract:
            * **listed**: a dead letter is listed until a saved step has resolved it, its enrolment has ended, or a
              purge has deleted it. No other notification is listed.
            * **page**: the pages of a walk, each after the last one of the page before, hold every dead letter once.
            * **unreadable**: an unreadable dead letter is left out, and a log line names it. It hides none of the
              others, whatever the limit is.
        """
        given_up = [one for one in _of_open_enrolments(self, unit) if one.status in GIVEN_UP]
        # Asked for last: what is settled meanwhile lacks its note, and is no dead letter yet.
        lacking = {one.notification.id for one in each_unnoted(self)}
        placed = ((one.settled_at, one.notification.id, one) for one in given_up if one.notification.id not in lacking)
        found = [(at, id_, one) for at, id_, one in placed if at is not None and (after is None or (at, id_) < after)]
        return tuple(one for *_, one in sorted(found, key=lambda letter: letter[:2], reverse=True)[:limit])

    @abstractmethod
    def outbox_figures(self, now: datetime, since: datetime) -> OutboxFigures:
        """Return the figures of the whole outbox at an instant.

        Args:
            now: The instant, UTC.
            since: Notifications count as failed that were given up at or after this instant, whatever became of their
                enrolments.

        Contract:
            * **figures**: each figure is what `OutboxFigures` says; unreadable rows may be counted or left out.
        """
        ...

    @abstractmethod
    def record_worker(self, worker: str, at: datetime, until: datetime) -> None:
        """Record a sign of life of a worker, durably.

        Args:
            worker: An opaque random id that says nothing of the machine.
            at: The instant, UTC.
            until: The worker counts as alive before this instant, and no longer.

        Contract:
            * **alive**: the latest call for a worker decides until when it is alive.
            * **ahead**: a worker that was seen more than `CLOCKS_DIFFER` after the instant of the figures had a wrong
              clock. It counts neither as alive nor as seen.
            * **forgotten**: workers that were last seen more than a day before `at` are deleted.
        """
        ...


def _of_open_enrolments(storage: Operations, unit: HsaId | None) -> Iterator[NotificationRecord]:
    """Yield what the open enrolments of a unit asked for, or of all; a log line names what cannot be read."""
    for enrolment in each_enrolment(storage, unit, ended=False):
        for one in storage.notifications(enrolment.enrolment_id):
            if isinstance(one, NotificationRecord):
                yield one
            else:
                _log.error("notification %s cannot be read; was it changed by hand?", one.notification_id)
