"""The signs of life of a worker, by which operators see whether anybody delivers."""

import logging
import secrets
from datetime import datetime, timedelta

from digital_painschool.application.executor import Executor
from digital_painschool.delivery.failures import describe
from digital_painschool.delivery.log_lines import log_event
from digital_painschool.errors import PainSchoolError

_log = logging.getLogger(__name__)


class Heartbeat:
    """The signs of life of one worker, under a random id that says nothing of the machine.

    Args:
        executor: The storage and the clock.

    Attributes:
        worker: The worker's id.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._until: datetime | None = None
        self.worker = secrets.token_hex(8)

    def beat(self, lasts: timedelta) -> None:
        """Record that the worker is alive for some time from now on; a failure is logged, and stops nothing."""
        try:
            now = self._executor.now()
            self._executor.storage.record_worker(self.worker, now, now + lasts)
            self._until = now + lasts
        except PainSchoolError as failure:
            log_event(_log, "worker-not-recorded", error=describe(failure))

    def renew(self, lasts: timedelta) -> None:
        """Record that the worker is alive, once half of the time recorded before is over."""
        if self._until is None or self._until - self._executor.now() < lasts / 2:
            self.beat(lasts)
