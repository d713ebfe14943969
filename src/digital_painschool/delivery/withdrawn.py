"""Notices of withdrawn starts: the wrong person's inbox forgets them. Rule: D-07b."""

import logging
from collections.abc import Collection
from datetime import timedelta
from threading import Event

from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.delivery.patience import Patience, turn_of
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel
from digital_painschool.errors import DeliveryError

_PAGE = 1000
_log = logging.getLogger(__name__)


class WithdrawnNotices:
    """A deletion of what inbox and messengers have of withdrawn enrolments; any worker goes on where one stopped.

    A worker that had begun to send before the withdrawal may send after it, in the first half of its lease, and its
    call may last. So this is done at each pass until the withdrawal is older than two leases, and is final then.

    Args:
        executor: The storage, the ports and the clock.
        lease: How long a worker may hold what it has claimed.
        stop: An event that ends the step; a later pass goes on.
    """

    def __init__(self, executor: Executor, lease: timedelta, stop: Event) -> None:
        self._executor = executor
        self._lease = lease
        self._stop = stop

    def forget(self) -> None:
        """Delete all notices that are left; an inbox or messenger that fails is asked again at the next pass."""
        patience = Patience(self._executor.now, turn_of(self._lease))
        after = ""
        while page := self._executor.storage.unforgotten(after=after, limit=_PAGE):
            states, _ = load_each(self._executor.storage, [id_ for _, id_ in page])
            for unit, id_ in page:
                if self._stop.is_set():
                    return
                state = states.get(id_)
                done_at = None if state is None else state.ended_at
                is_final = done_at is not None and done_at + 2 * self._lease <= self._executor.now()
                # Without keys, an open enrolment of the person shares them.
                keys = self._executor.storage.notification_keys(unit, (id_,))
                if keys and self._is_forgotten(id_, keys, patience) and is_final:
                    self._executor.storage.forgotten(unit, id_, keys)
            after = page[-1][1]

    def _is_forgotten(self, enrolment_id: EnrolmentId, keys: Collection[str], patience: Patience) -> bool:
        """Call everybody who may have something, and return whether all of them have forgotten it."""
        ports = self._executor.ports
        holders = [(Channel.INBOX, ports.inbox.forget), *((one.channel, one.forget) for one in ports.messengers)]
        forgotten = 0
        for channel, forget in holders:
            if patience.is_over(channel):
                continue
            try:
                with patience.waiting_for(channel):
                    forget(keys)
            except DeliveryError as failure:
                log_event(_log, "notices-kept", enrolment=enrolment_id, error=describe(failure))
            else:
                forgotten += 1
        return forgotten == len(holders)
