"""The delivery worker: what is due is sent, in turns of the channels; then the notes on timelines that are due."""

import logging
from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Event

from digital_painschool.application.executor import Executor
from digital_painschool.application.operator import DeadLetter, dead_letters_after
from digital_painschool.delivery.attention import AttentionNotes
from digital_painschool.delivery.checks import checked_batch, checked_interval, checked_key, checked_lease, checked_stop
from digital_painschool.delivery.heartbeat import Heartbeat
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.notes import TimelineNotes
from digital_painschool.delivery.pacing import Announce, Pacer, Wait, announce_nothing
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.delivery.sending import Sending
from digital_painschool.delivery.status import DeliveryStatus, delivery_status
from digital_painschool.delivery.withdrawn import WithdrawnNotices
from digital_painschool.domain.pace import ForenoonPlan
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.paced import kept_paces

_log = logging.getLogger(__name__)
_MARGIN = timedelta(minutes=1)


class Delivery:
    """A worker that sends due notifications. Made by `PainSchool.delivery`; any number of workers may run at once.

    Rule: M-12, M-13, D-13a to D-13e. The intent is stored before the send (*begin*), the result after it (*complete*).
    A failure concerns one digest and stops no other.

    Args:
        executor: The storage, the ports and the clock.
        batch: The number of digests claimed at a time.
        lease: How long a claim is held; longer than a batch can take. After it another worker may claim the digests.
        every: The time between the runs of a loop; the worker counts as alive meanwhile. None for a single run.
        stop: An event that ends a run after the notice at hand; None for a run that is never stopped. Claimed digests
            that were not sent are given back: another worker may claim them at once.
        wait: A function that waits for so many seconds, in place of the event, and moves the executor's clock on;
            None in production.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        batch: int = 200,
        lease: timedelta = timedelta(minutes=15),
        every: timedelta | None = None,
        stop: Event | None = None,
        wait: Wait | None = None,
    ) -> None:
        self._executor = executor
        self._batch = checked_batch(batch)
        self._lease = checked_lease(lease)
        self._stop = checked_stop(stop)
        self._idle = timedelta(0) if every is None else 2 * checked_interval(every) + _MARGIN
        self._heartbeat = Heartbeat(executor)
        self._notes = TimelineNotes(executor, batch, self._stop)
        self._attention = AttentionNotes(executor, self._stop)
        self._withdrawn = WithdrawnNotices(executor, self._lease, self._stop)
        self._new_pacer = partial(Pacer, executor, batch, lease, self._stop, wait)

    def plan(self) -> tuple[ForenoonPlan, ...]:
        """Return the plan of each channel that has a pace and something due. Rule: D-13e."""
        return self._new_pacer().plan()

    def run(self, *, announce: Announce = announce_nothing) -> DeliveryReport:
        """Send all notifications that are due, write the notes that are due, and return a report.

        Channels with a pace are waited for, an hour or longer (D-13e). What becomes due meanwhile is sent too.
        Notices of withdrawn starts are forgotten (D-07b).

        Args:
            announce: Called once with the plans of the run, before anything is sent.

        Raises:
            StorageError: The storage failed; claimed digests are tried again after their lease.
            Conflict: The database could not serialize simultaneous claims; the same.
        """
        self._heartbeat.beat(self._lease)
        report = Counter(pointed_out=self._attention.note())
        pacer = self._new_pacer()
        sending = Sending(self._executor, self._batch, self._lease, self._stop, pacer.unpaced, report)
        announce(planned := pacer.plan())
        more = True
        while more:
            self._renew()
            report["accesses_ended"] += self._notes.note_ended_accesses()
            for _ in range(2):  # a note may raise a flag that the therapist is notified of, which raises none
                sending.take_turns(self._renew)
                more = sending.take_paced_turns(pacer)
                if not self._notes.note_ended_notifications():
                    break
        self._withdrawn.forget()
        self._heartbeat.beat(timedelta(0) if self._stop.is_set() else self._idle)
        done = DeliveryReport(**report, planned=planned)
        log_event(_log, "run-finished", worker=self._heartbeat.worker, **done.counts)
        return done

    def status(self) -> DeliveryStatus:
        """Return the state of all deliveries now, of all units and without persons; for a health check. Rule: D-13d."""
        executor = self._executor
        paces = kept_paces(executor.ports.paces)
        return delivery_status(executor.storage, paces, executor.catalogue.policy, executor.now())

    def dead_letters(
        self, unit: HsaId | str | None = None, *, after: DeadLetter | None = None, limit: int = 100
    ) -> tuple[DeadLetter, ...]:
        """Return dead letters of a unit, or of all units, the newest first, without persons. Rule: D-13d.

        Args:
            unit: The HSA-id of the unit; None for all units.
            after: The last dead letter of the page before; None for the first page.
            limit: The most dead letters, up to 500.

        Raises:
            InvalidValue: An argument is none of these.
        """
        of_unit = None if unit is None else HsaId(unit)
        return dead_letters_after(self._executor.storage, of_unit, after, limit)

    def reject(self, key: str) -> int:
        """Note that messages which were accepted under a key did not reach their recipient. Rule: D-13d, M-23.

        A gateway reports it after the send. The next run writes it on the timeline.

        Args:
            key: The idempotency key, as the messenger got it.

        Returns:
            How many notifications became `FAILED`; 0 for an unknown key, and for a report that came before.

        Raises:
            Conflict: The result of the send is not stored yet; nothing was changed. Report it again in a while.
            StorageError: The storage failed.
        """
        return self._executor.storage.reject(checked_key(key), self._executor.now())

    def _renew(self) -> None:
        self._heartbeat.renew(self._lease)
