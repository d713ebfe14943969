"""Notices of withdrawn starts: the wrong person's inbox forgets them. Rule: D-07b."""

import logging
from datetime import timedelta

from digital_painschool.application.enrolment_loading import load_each
from digital_painschool.application.executor import Executor
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import DeliveryError

_PAGE = 1000
_log = logging.getLogger(__name__)


class WithdrawnNotices:
    """A deletion of what inbox and messengers have of withdrawn enrolments; any worker goes on where one stopped.

    A worker that had begun to send before the withdrawal may send after it. So the step is taken at each pass until the
    withdrawal is older than a lease, and is noted as done then.

    Args:
        executor: The storage, the ports and the clock.
        lease: How long a worker may hold what it has claimed.
    """

    def __init__(self, executor: Executor, lease: timedelta) -> None:
        self._executor = executor
        self._lease = lease

    def forget(self) -> None:
        """Delete all notices that are left; a failing inbox or messenger is asked again at the next pass."""
        after = ""
        while page := self._executor.storage.unforgotten(after=after, limit=_PAGE):
            states, _ = load_each(self._executor.storage, [id_ for _, id_ in page])
            for unit, id_ in page:
                state = states.get(id_)
                done_at = None if state is None else state.ended_at
                self._forget(unit, id_, is_final=done_at is not None and done_at + self._lease <= self._executor.now())
            after = page[-1][1]

    def _forget(self, unit: HsaId, enrolment_id: EnrolmentId, *, is_final: bool) -> None:
        keys = self._executor.storage.notification_keys(unit, (enrolment_id,))
        if not keys:  # an open enrolment of the person shares them
            return
        ports = self._executor.ports
        try:
            ports.inbox.forget(keys)
            for messenger in ports.messengers:
                messenger.forget(keys)
        except DeliveryError as failure:
            log_event(_log, "notices-kept", enrolment=enrolment_id, error=describe(failure))
            return
        if is_final:
            self._executor.storage.forgotten(unit, enrolment_id, keys)
