"""The log of a command, in which identity numbers are masked; that of `deliver` also as lines of JSON."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from digital_painschool.cli.output import plain
from digital_painschool.cli.redaction import masked
from digital_painschool.delivery.log_lines import LOG_LINES


class Messages(logging.Formatter):
    """A formatter that writes the message of a record alone: no traceback, whose text may hold personal data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the message of a record."""
        return plain(record.getMessage())


class JsonLines(logging.Formatter):
    """A formatter that writes one JSON object a line.

    The object has `time` (UTC), `level`, `logger`, `message`, and of a line of `LOG_LINES` the `event` and its fields.
    Nothing else that a record carries is written: no traceback, whose text may hold personal data, and no extra field.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        data: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        event = getattr(record, "event", None)
        if isinstance(event, str) and event in LOG_LINES:
            data["event"] = event
            data |= {name: _value(getattr(record, name, None)) for name in LOG_LINES[event].fields}
        if record.exc_info and record.exc_info[0] is not None:
            data["error_type"] = record.exc_info[0].__name__
        return json.dumps(data)


def _value(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int)) else masked(str(value))


@contextmanager
def log_as(kind: str) -> Iterator[None]:
    """Write the log of this package to stderr within the block: with `json` as lines of JSON, from INFO on."""
    if kind != "json":
        yield
        return
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    log = logging.getLogger("digital_painschool")
    level, propagate = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagate
