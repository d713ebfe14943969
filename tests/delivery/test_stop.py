"""How a run is stopped: after the notice at hand; the others are given back to the next worker."""

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from digital_painschool import Actor, InvalidValue, Notify, Role, open_school
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify as Wish
from digital_painschool.testing.people import ANNA, BO, CILLA
from tests.delivery.faulty import NINE, Faulty, asking

UNIT = "SE2321000131-E000000000001"
NURSE = Actor(hsa_id="SE2321000131-P000000000001", unit=UNIT, roles={Role.THERAPIST})

_SLOW = """
import sys, time
from pathlib import Path
from digital_painschool.adapters.sql.inbox import SqlInbox
from digital_painschool.cli import main

gate, deliver = Path(sys.argv.pop(1)), SqlInbox.deliver

def slow(self, notice):
    print("sending", flush=True)
    while not gate.exists():
        time.sleep(0.01)
    return deliver(self, notice)

SqlInbox.deliver = slow
main()
"""
"""The command line with an inbox that takes its time: until there is a file."""


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("notify", [Wish.DIRECT, Wish.COLLECTED])
def test_a_stopped_run_ends_after_the_notice_at_hand_and_gives_the_others_back(notify: Wish) -> None:
    """Otherwise a stop would take as long as the claim, or leave its patients waiting until the lease is over."""
    school, stop = Faulty(), Event()
    for number in (ANNA, BO, CILLA):
        asking(school, number, notify)
    school.now = NINE
    school.inbox.meanwhile = [stop.set]
    stopped = school.school.delivery(stop=stop)
    assert [DeliveryReport(sent=1, delivered=1), DeliveryReport()] == [stopped.run(), stopped.run()]
    assert DeliveryReport(sent=2, delivered=2) == school.deliver()
    assert {ANNA: 1, BO: 1, CILLA: 1} == Counter(notice.person.value for notice in school.inbox.delivered)
    assert 3 == len(school.inbox.asked)


@pytest.mark.rule("D-13d")
def test_what_is_given_back_has_lost_no_worker_and_no_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise ten restarts of the service would give up notices that nobody tried to send."""
    school, stop = Faulty(), Event()
    asking(school, ANNA, Wish.DIRECT)
    begin = school.storage.begin

    def begin_and_stop(decided: Any) -> Any:
        stop.set()
        return begin(decided)

    monkeypatch.setattr(school.storage, "begin", begin_and_stop)
    for _ in range(2):
        stop.clear()
        assert DeliveryReport() == school.school.delivery(stop=stop).run()
        [claim] = school.storage.claim(school.now, 10, timedelta(0))
        assert (0, [0]) == (claim.lost, [record.attempts for record in claim.digest.pending])
    assert [] == school.inbox.asked


@pytest.mark.parametrize("stop", [True, "SIGTERM", object()])
def test_only_an_event_stops_a_run(stop: Any) -> None:
    """Otherwise a mistaken argument would show when the machine is restarted, and not before."""
    with pytest.raises(InvalidValue, match=r"threading\.Event"):
        Faulty().school.delivery(stop=stop)


@pytest.mark.parametrize(
    ("number", "watch"), [(signal.SIGINT, ()), (signal.SIGTERM, ("--watch", "60"))], ids=["once", "watch"]
)
def test_a_signal_ends_the_process_after_the_notice_at_hand(
    sqlite_url: str, tmp_path: Path, number: signal.Signals, watch: tuple[str, ...]
) -> None:
    """Otherwise a restart would be killed after ninety seconds, in the middle of a notice, or a notice be doubled."""
    now = datetime.now(UTC) - timedelta(hours=1)
    with open_school(sqlite_url, migrate=True, clock=lambda: now) as school:
        desk = school.therapist(NURSE)
        for person in (ANNA, BO, CILLA):
            desk.start_conversation(desk.start(person, program="digitala-smartskolan").id, "Hej", notify=Notify.DIRECT)
    gate = tmp_path / "gate"
    settings = tmp_path / "painschool.toml"
    settings.write_text(f'storage = "{sqlite_url}"\n', "utf-8")
    command = [sys.executable, "-c", _SLOW, str(gate), "deliver", "--settings", str(settings), *watch]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    assert "sending\n" == worker.stdout.readline()
    os.kill(worker.pid, number)
    gate.touch()  # the notice is at hand when the signal comes
    rest, errors = worker.communicate(timeout=60)
    assert (0, "") == (worker.returncode, errors)
    assert rest.endswith("1 sent, 1 delivered\n")
    assert "sending" not in rest
    with open_school(sqlite_url) as school:
        assert 2 == school.delivery().run().sent
        assert DeliveryReport() == school.delivery().run()
