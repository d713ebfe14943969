"""The log lines of deliveries: one documented set of events, whose fields are codes, counts and opaque ids alone."""

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class LogLine(NamedTuple):
    """A log line of deliveries.

    Args:
        level: The level.
        text: The text, with the fields by name.
        fields: The names of the fields, which the record has as attributes too.
    """

    level: int
    text: str
    fields: tuple[str, ...]


_RUN = ("sent", "delivered", "dropped", "waiting", "retried", "undelivered", "accesses_ended", "pointed_out")

LOG_LINES: Mapping[str, LogLine] = MappingProxyType(
    {
        "attempt-failed": LogLine(
            logging.WARNING,
            "digest %(digest)s is not sent (permanent=%(permanent)s): %(error)s",
            ("digest", "channel", "permanent", "error"),
        ),
        "given-up": LogLine(
            logging.INFO,
            "digest %(digest)s is given up (%(reason)s)",
            ("digest", "channel", "reason", "count"),
        ),
        "workers-lost": LogLine(
            logging.ERROR, "digest %(digest)s is given up: %(count)s workers were lost with it", ("digest", "count")
        ),
        "digest-waits": LogLine(logging.ERROR, "digest %(digest)s waits: %(error)s", ("digest", "error")),
        "enrolment-waits": LogLine(
            logging.ERROR, "enrolment %(enrolment)s could not be changed: %(error)s", ("enrolment", "error")
        ),
        "adapter-raised": LogLine(logging.ERROR, "sending to %(channel)s raised %(error)s", ("channel", "error")),
        "channel-rests": LogLine(
            logging.WARNING, "%(channel)s does not answer, and is left alone until the next run", ("channel",)
        ),
        "worker-not-recorded": LogLine(
            logging.WARNING, "the sign of life of a worker is not recorded: %(error)s", ("error",)
        ),
        "notices-kept": LogLine(
            logging.WARNING,
            "notices of the withdrawn enrolment %(enrolment)s are not forgotten yet: %(error)s",
            ("enrolment", "error"),
        ),
        "planned": LogLine(
            logging.INFO, "%(channel)s: %(count)d due, done by %(done_by)s", ("channel", "count", "done_by")
        ),
        "forenoon-too-short": LogLine(
            logging.WARNING, "%(channel)s: %(count)d do not go in this forenoon", ("channel", "count")
        ),
        "run-failed": LogLine(logging.ERROR, "the run has failed, and will be tried again: %(error)s", ("error",)),
        "run-finished": LogLine(
            logging.INFO, "run finished: %(sent)s sent, %(undelivered)s undelivered", ("worker", *_RUN)
        ),
    }
)
"""By the name of the event, which the record has as the attribute `event`."""


def log_event(log: logging.Logger, event: str, **fields: object) -> None:
    """Write a log line of `LOG_LINES`, with its fields in the text and as attributes of the record."""
    line = LOG_LINES[event]
    log.log(line.level, line.text, fields, extra={"event": event, **fields})
