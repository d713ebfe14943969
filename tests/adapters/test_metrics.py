"""The observer that counts for Prometheus: its contract, the file, the port, and what the settings can do wrong."""

import re
import socket
from pathlib import Path
from urllib.request import urlopen

import pytest
from attrs import evolve
from prometheus_client.parser import text_string_to_metric_families

from digital_painschool import AdapterConfig, ConfigurationError, Notify, Settings
from digital_painschool.adapters.metrics import PrometheusObserver
from digital_painschool.bootstrap.composition import connect
from digital_painschool.ports import Observer
from digital_painschool.testing.contracts import ObserverContract
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import ANNA, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario


class TestPrometheusObserver(ObserverContract):
    """The observer that writes a file."""

    def open(self, place: Path) -> Observer:
        return PrometheusObserver(file=place.with_suffix(".prom"))


def counted(text: str) -> dict[tuple[str, ...], float]:
    """Return the counters in Prometheus' text format, by name and labels."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def test_steps_and_deliveries_are_counted(tmp_path: Path) -> None:
    """Otherwise a region would see a failing channel by the patients who call."""
    file = tmp_path / "painschool.prom"
    observer = PrometheusObserver(file=file)
    school = Scenario(with_adapters(observers=(observer,)))
    for number in (ANNA, RESERVE_NUMBER):
        school.desk.start_conversation(school.start(number), "Hej", notify=Notify.DIRECT)
    school.deliver()
    found = counted(file.read_text())
    assert 2 == found["painschool_events_total", "message-sent"]
    assert 1 == found["painschool_events_total", "notification-undelivered"]
    notifications = "painschool_notifications_total"
    assert 1 == found[notifications, "inbox", "delivered", ""]
    assert 1 == found[notifications, "inbox", "given-up", "unreachable"]
    labels = "".join(re.findall(r"\{(.*)\}", file.read_text()))
    assert not re.search("[0-9]", labels), "no person, no unit, no enrolment"


def test_the_counters_can_be_read_over_http() -> None:
    """Otherwise a host whose machines run no node exporter could count nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    observer = PrometheusObserver(port=port)
    school = Scenario(with_adapters(observers=(observer,)))
    school.start()
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert 1 == counted(answer.read().decode())["painschool_events_total", "started"]
    with pytest.raises(ConfigurationError, match="cannot be used"):
        PrometheusObserver(port=port)
    school.school.close()
    PrometheusObserver(port=port).close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "a file or a port"),
        ({"file": "a.prom", "port": 9100}, "a file or a port"),
        ({"file": "a.txt"}, "ends in .prom"),
        ({"file": "/nowhere/a.prom"}, "cannot be used"),
        ({"port": 0}, "port"),
        ({"port": 70_000}, "port"),
        ({"port": "9100"}, "port"),
        ({"port": 9100, "address": "not an address"}, "cannot be used"),
        ({"files": "a.prom"}, "files"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: dict[str, object], words: str) -> None:
    """Otherwise the figures would be missing, and nobody be told before an outage."""
    chosen = Settings.from_url("memory://")
    with pytest.raises(ConfigurationError, match=words):
        connect(evolve(chosen, observers=(AdapterConfig("prometheus", options),)))
