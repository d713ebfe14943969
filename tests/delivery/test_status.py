"""The state of deliveries at an instant, the signs of life of workers, and the log, as operators see them."""

import json
import logging
import re
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryMessenger
from digital_painschool.cli.log_format import JsonLines
from digital_painschool.delivery.log_lines import LOG_LINES
from digital_painschool.delivery.status import DeliveryStatus
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event as PastEvent
from digital_painschool.domain.notification import Channel, FailureReason, Notify, Template
from digital_painschool.errors import DeliveryError, InvalidValue, StorageError
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.observer import DeliveryOutcome, Outcome
from digital_painschool.testing.environment import in_memory, with_adapters
from digital_painschool.testing.faults import Fault, with_faults
from digital_painschool.testing.people import ANNA, BO, CILLA, NURSE
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NINE, ONE, Faulty, asking, done

HOSTILE = "Ann-Sofie.Hemlig+19850709-9805@example.org"


def test_the_status_says_what_waits_and_since_when() -> None:
    """Otherwise a health check would be green while no worker runs."""
    school = Faulty()
    asking(school, ANNA)
    asking(school, BO, Notify.DIRECT)
    status = school.school.delivery().status
    assert DeliveryStatus(at=school.now, oldest_due_at=school.now, waiting={Channel.INBOX: 2}) == status()
    school.advance(minutes=7)
    assert timedelta(minutes=7) == status().oldest_due_for
    school.deliver()
    seen = DeliveryStatus(at=school.now, waiting={Channel.INBOX: 1}, last_seen_at=school.now)
    assert (seen, None, timedelta(0)) == (status(), status().oldest_due_for, status().silent_for)
    school.now = NINE
    assert NINE == status().oldest_due_at
    assert (None, None) == (status().capacity_left, DeliveryStatus(at=NINE).silent_for)
    ahead = DeliveryStatus(at=NINE, last_seen_at=NINE + timedelta(seconds=2))
    assert timedelta(0) == ahead.silent_for


def test_a_worker_of_a_loop_is_alive_between_its_runs_and_not_after_its_stop() -> None:
    """Otherwise an idle service would look dead each night, or a stopped one alive."""
    school, stop = Faulty(), Event()
    watch = school.school.delivery(every=timedelta(minutes=5), stop=stop)
    cron = school.school.delivery()
    for run in (watch.run, cron.run):
        run()
    assert 1 == cron.status().workers
    school.advance(minutes=11)
    assert 0 == cron.status().workers
    watch.run()
    stop.set()
    watch.run()
    assert (0, school.now) == (cron.status().workers, cron.status().last_seen_at)


def test_a_worker_is_alive_during_its_run() -> None:
    """Otherwise a run of an hour would look like no worker at all."""
    school = Faulty()
    for number in (ANNA, BO):
        asking(school, number, Notify.DIRECT)
    seen: list[int] = []
    worker = school.school.delivery(batch=1)
    school.inbox.meanwhile = [lambda: school.advance(minutes=10), lambda: seen.append(worker.status().workers)]
    worker.run()
    assert [1] == seen
    assert 0 == worker.status().workers


@pytest.mark.parametrize("every", [timedelta(days=2), timedelta(seconds=-1), 60])
def test_an_interval_is_a_time_of_a_day_at_most(every: Any) -> None:
    """Otherwise a slip would let a dead worker count as alive for years."""
    with pytest.raises(InvalidValue, match="every"):
        Faulty().school.delivery(every=every)


def test_a_sign_of_life_that_is_not_stored_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise no patient would be notified because a figure for operators could not be written."""
    school = Faulty()
    asking(school, ANNA, Notify.DIRECT)

    def fails(*_: object) -> None:
        raise StorageError("full")

    monkeypatch.setattr(school.storage, "record_worker", fails)
    assert ONE == school.deliver()
    assert "sign of life" in caplog.text


class _Counting:
    """An observer of deliveries that raises after it has noted them."""

    def __init__(self) -> None:
        self.outcomes: list[DeliveryOutcome] = []

    def notice(self, enrolment: Enrolment, events: tuple[PastEvent, ...]) -> None:
        pass

    def notice_deliveries(self, outcomes: tuple[DeliveryOutcome, ...]) -> None:
        self.outcomes += outcomes
        raise ValueError(HOSTILE)


class _Before:
    """An observer of an earlier version, which knows nothing of deliveries."""

    def notice(self, enrolment: Enrolment, events: tuple[PastEvent, ...]) -> None:
        pass


def test_observers_learn_what_became_of_notifications_and_stop_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise no monitor could count failures by channel, or a broken one would end all delivery."""
    school, counting = Faulty(retry_minutes=(5,)), _Counting()
    ports = school.environment.ports(inbox=school.inbox, storage=school.faulty_storage, observers=(_Before(), counting))
    worker = school.another(ports).delivery()
    read = asking(school, CILLA, Notify.DIRECT)
    school.school.patient(CILLA).read_conversation(read, 1)
    for number in (ANNA, BO):
        asking(school, number, Notify.DIRECT)
    school.fails(only=ANNA)
    worker.run()
    school.advance(minutes=5)
    worker.run()
    kinds = {(one.outcome, one.reason, one.notifications) for one in counting.outcomes}
    assert {
        (Outcome.DROPPED, None, 1),
        (Outcome.DELIVERED, None, 1),
        (Outcome.RETRIED, None, 1),
        (Outcome.GIVEN_UP, FailureReason.ATTEMPTS_EXHAUSTED, 1),
    } == kinds
    assert {(Channel.INBOX, Template.MESSAGE_TO_READ)} == {(one.channel, one.template) for one in counting.outcomes}
    assert "observer _Counting raised ValueError" in caplog.text
    assert HOSTILE not in caplog.text
    lost = Scenario(with_faults(in_memory, storage=[Fault("complete", does=StorageError("the disk is gone"))]))
    asking(lost, ANNA, Notify.DIRECT)
    with pytest.raises(StorageError):
        lost.another(evolve(lost.ports, observers=(never := _Counting(),))).delivery().run()
    assert [] == never.outcomes, "what was never stored comes again"


class _Talkative(MemoryMessenger):
    """A messenger that breaks its contract: it names whom it writes to."""

    permanent = False
    why = ""

    def send(self, recipient: Address, *_: Any, **__: Any) -> Any:
        why = self.why or f"550 <{recipient.value.upper()}>: no such user"
        raise DeliveryError(why, permanent=self.permanent)


@pytest.mark.parametrize("permanent", [False, True])
def test_no_log_line_names_a_person_or_an_address(permanent: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a log that many may read would hold who is in treatment, and with whom."""
    messenger = _Talkative(Channel.EMAIL)
    messenger.permanent = permanent
    entry = StaffEntry(email=Address(HOSTILE), sms=None)
    directory = MemoryDirectory({NURSE.hsa_id: entry})
    school = Scenario(with_adapters(directory=directory, messengers=(messenger,)))
    school.desk.receive_notifications(email=True)
    done(school)
    with caplog.at_level(logging.DEBUG):
        school.deliver()
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    text = json.dumps(lines) + caplog.text
    assert not re.search("hemlig|9805|example.org", text, re.IGNORECASE)
    [failed] = [line for line in lines if line.get("event") == "attempt-failed"]
    assert ("email", permanent) == (failed["channel"], failed["permanent"])
    assert ["run-finished"] == [line["event"] for line in lines if "sent" in line]


SPELLINGS = [
    "no route to +46701234567",
    "no route to +46 (0)70\u2011123 45 67",
    "0701234567 barred",
    "a@b.example is full",
]
SPELLINGS += ["\uff0b\uff14\uff16\uff17\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17", "the box of ring v\u00e4xeln"]
TEXTS = ["550 5.1.10 to RCPT TO", "needs 3 SMS, and the option 'segments' allows 2: 70 characters each"]


def _logged(why: str, number: str, caplog: pytest.LogCaptureFixture) -> str:
    """Return the log line of an SMS that fails."""
    messenger = _Talkative(Channel.SMS)
    messenger.why = why
    directory = MemoryDirectory({NURSE.hsa_id: StaffEntry(sms=Address(number))})
    school = Scenario(with_adapters(directory=directory, messengers=(messenger,)))
    school.desk.receive_notifications(email=False, sms=True)
    done(school)
    school.deliver()
    [line] = [line for line in caplog.messages if "is not sent" in line]
    return line


@pytest.mark.parametrize("number", ["070-123 45 67", "ring v\u00e4xeln"])
@pytest.mark.parametrize("text", SPELLINGS)
def test_no_spelling_of_a_number_comes_into_the_log(text: str, number: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a gateway that writes a number in its own way would put it into a log that many may read."""
    assert ("v\u00e4xeln" in text and number[0] != "r") is _logged(text, number, caplog).endswith(text)


@pytest.mark.parametrize("text", TEXTS)
def test_codes_and_figures_stay_in_the_log(text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise an operator could not find out why a message does not go."""
    assert _logged(text, "070-123 45 67", caplog).endswith(f": {text}")


def test_the_text_of_an_adapter_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a server's answer could write an event into the log that never was, or fill a disk."""
    line = _logged(f"busy\nERROR run finished\u2028{'x' * 2000}", "070-123 45 67", caplog)
    assert line.isprintable()
    assert 1200 > len(line) > 1000


def test_a_talkative_inbox_is_silenced_too(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise an integration that repeats the request in its error would put identity numbers into the log."""
    school = Faulty()
    asking(school, ANNA, Notify.DIRECT)
    wide = ANNA.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    for number in (f"{ANNA[2:8]}-{ANNA[8:]}", f"{ANNA[2:8]}\u2013{ANNA[8:]}", wide):
        school.fails(DeliveryError(f"no person {number}"))
        school.deliver()
        school.advance(hours=13)
    assert 3 == caplog.text.count("is not sent (permanent=False): the adapter's text may name somebody")
    assert not [end for end in (ANNA[8:], wide[8:]) if end in caplog.text]


def test_a_line_of_json_has_the_documented_fields_and_nothing_else() -> None:
    """Otherwise a field that somebody adds in a hurry, or a traceback, would carry a person into the log."""
    record = logging.LogRecord("digital_painschool.x", logging.ERROR, __file__, 1, f"about {ANNA}", None, None)
    vars(record).update(event="digest-waits", digest="d-1", error=f"number {ANNA}", person=ANNA)
    record.exc_info = (ValueError, ValueError(ANNA), None)
    line = JsonLines().format(record)
    assert {"time", "level", "logger", "message", "event", "digest", "error", "error_type"} == {*json.loads(line)}
    assert ANNA not in line
    assert "\n" not in line


@pytest.mark.parametrize("event", LOG_LINES)
def test_the_text_of_a_log_line_names_its_own_fields_alone(event: str) -> None:
    """Otherwise the first such event would be an error in the log instead of a line."""
    line = LOG_LINES[event]
    assert line.text % dict.fromkeys(line.fields, 1)
