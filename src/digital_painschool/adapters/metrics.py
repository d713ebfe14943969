"""Counters for Prometheus: events by kind, and deliveries by channel and outcome; it needs the extra `metrics`."""

from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import TypeVar
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, start_http_server, write_to_textfile

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.errors import ConfigurationError
from digital_painschool.ports.observer import DeliveryOutcome
from digital_painschool.serialization.events import KIND_OF


class PrometheusObserver:
    """An observer that counts, and names no unit, no enrolment and no person.

    `painschool_events_total` has the label `kind`; `painschool_notifications_total` has the labels `channel`, `outcome`
    and `reason`, which is empty unless the notifications were given up. The counters begin at 0 with each process.

    Args:
        file: A file that is replaced after each command and each claim, for the textfile collector of Prometheus' node
            exporter; its name ends in `.prom`, and each process has its own. None writes no file.
        port: A port that serves the counters over HTTP. None serves none.
        address: The address of the port; by default nobody on another machine can read it.

    Raises:
        ConfigurationError: Neither or both are given, the file cannot be written, or the port is taken.
    """

    def __init__(self, *, file: Path | None = None, port: int | None = None, address: str = "127.0.0.1") -> None:
        if (file is None) is (port is None):
            raise ConfigurationError("observer 'prometheus': name a file or a port, and not both")
        if file is not None and file.suffix != ".prom":
            raise ConfigurationError("observer 'prometheus': the name of the file ends in .prom")
        self._registry = CollectorRegistry()
        self._events = Counter("painschool_events", "Events saved.", ["kind"], registry=self._registry)
        self._notifications = Counter(
            "painschool_notifications",
            "Notifications by what became of them.",
            ["channel", "outcome", "reason"],
            registry=self._registry,
        )
        self._file, self._lock = file, Lock()
        self._server: tuple[WSGIServer, Thread] | None = None
        _configured(self._write)
        if port is not None:
            self._server = _configured(lambda: start_http_server(port, address, self._registry))

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:  # noqa: ARG002 - the port's signature
        for event in events:
            self._events.labels(KIND_OF[type(event)]).inc()
        self._write()

    def notice_deliveries(self, outcomes: tuple[DeliveryOutcome, ...]) -> None:
        for one in outcomes:
            reason = "" if one.reason is None else one.reason.value
            self._notifications.labels(one.channel.value, one.outcome.value, reason).inc(one.notifications)
        self._write()

    def close(self) -> None:
        """Close the server."""
        server, self._server = self._server, None
        if server is not None:
            server[0].shutdown()
            server[0].server_close()
            server[1].join()

    def _write(self) -> None:
        if self._file is not None:
            with self._lock:
                write_to_textfile(str(self._file), self._registry)


_T = TypeVar("_T")


def _configured(step: Callable[[], _T]) -> _T:
    try:
        return step()
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
    raise ConfigurationError(f"observer 'prometheus': the file or the port cannot be used: {why}")
