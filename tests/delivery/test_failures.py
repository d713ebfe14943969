"""Failures of an inbox: retries, giving up, poison messages, records that cannot be read."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.delivery import deciding
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.digest import Digest
from digital_painschool.domain.events import NotificationUndelivered
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import DeliveryError, InvalidValue, StorageError
from digital_painschool.ports.storage import load_notifications
from digital_painschool.rules.digests import decide
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.environment import INSTANT, in_memory, local
from digital_painschool.testing.faults import Fails, Fault, with_faults
from digital_painschool.testing.people import ANNA, BO, CILLA, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NINE, NONE, ONE, Faulty, asking, flags, notes, statuses, write


@pytest.mark.rule("D-13d")
def test_somebody_who_cannot_be_reached_gives_the_therapist_a_flag(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise the therapist would think that the patient had been told, or the log call it an adapter's failure."""
    school = Scenario()
    id_ = asking(school, RESERVE_NUMBER, Notify.DIRECT)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ((Flag(kind=FlagKind.UNDELIVERED, since=school.now),), [Status.UNREACHABLE]) == (
        school.desk.to_handle(id_),
        statuses(school, id_),
    )
    school.advance(days=3)
    assert NONE == school.deliver()
    assert [] == caplog.messages


@pytest.mark.rule("D-13d")
def test_a_failing_inbox_is_tried_again_after_each_wait_and_then_given_up_with_a_flag() -> None:
    """Otherwise a notice would be lost at the first fault, or tried for ever with nobody knowing."""
    school = Faulty()
    school.fails()
    id_ = asking(school, notify=Notify.DIRECT)
    for minutes in (5, 30, 120, 720):
        assert DeliveryReport(retried=1) == school.deliver()
        school.advance(minutes=minutes, microseconds=-1)
        assert NONE == school.deliver()
        school.advance(microseconds=1)
    assert set() == flags(school, id_)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ({FlagKind.UNDELIVERED}, [Status.FAILED]) == (flags(school, id_), statuses(school, id_))
    assert (1, 5) == (len(set(school.inbox.asked)), len(school.inbox.asked))


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(("asked", "minutes"), [(timedelta(minutes=40), 40), (7200, 5), (timedelta(seconds=1), 5)])
def test_an_inbox_that_asks_for_a_wait_is_left_alone_for_so_long(asked: Any, minutes: int) -> None:
    """Otherwise an inbox that is overrun would be asked again in five minutes, by every notice."""
    school = Faulty()
    school.fails(DeliveryError("it asks for fewer calls", retry_after=asked))
    asking(school, notify=Notify.DIRECT)
    assert DeliveryReport(retried=1) == school.deliver()
    school.advance(minutes=minutes, microseconds=-1)
    assert NONE == school.deliver()
    school.advance(microseconds=1)
    assert DeliveryReport(retried=1) == school.deliver()


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("permanent", [False, True])
def test_each_failed_attempt_is_logged_once_with_the_adapters_reason(
    permanent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise nobody could find out why patients get no notices."""
    school = Faulty()
    school.fails(DeliveryError("the gateway answered 503", permanent=permanent))
    asking(school, notify=Notify.DIRECT)
    school.deliver()
    [line] = [record for record in caplog.records if "the gateway answered 503" in record.getMessage()]
    expected = rf"digest \S+ is not sent \(permanent={permanent}\): the gateway answered 503"
    assert re.fullmatch(expected, line.getMessage())
    assert line.levelname == "WARNING"
    assert ANNA not in caplog.text


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize(
    "error",
    [RuntimeError(ANNA), KeyError(), OSError("host"), ZeroDivisionError(), StorageError("x"), InvalidValue("x")],
)
def test_an_adapter_may_raise_anything_and_the_others_still_go(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise one patient's bad record would stop the notices of all, or its number would come into the log."""
    school = Faulty()
    school.fails(error, only=ANNA)
    for number in (ANNA, BO, CILLA):
        asking(school, number)
    school.now = NINE
    assert DeliveryReport(sent=2, delivered=2, retried=1) == school.deliver()
    assert {BO, CILLA} == {notice.person.value for notice in school.inbox.delivered}
    assert type(error).__name__ in caplog.text
    assert ANNA not in caplog.text


@pytest.mark.rule("D-13d")
def test_an_inbox_that_cannot_say_who_is_reachable_is_asked_again_later() -> None:
    """Otherwise a short outage would flag every patient as unreachable."""
    silent = Fault("reach", does=Fails(TimeoutError()), times=None)
    school = Scenario(with_faults(in_memory, inbox=[silent]))
    id_ = asking(school, notify=Notify.DIRECT)
    assert (DeliveryReport(retried=1), set()) == (school.deliver(), flags(school, id_))


@pytest.mark.rule("D-13a")
@pytest.mark.parametrize(("waits", "failed"), [((5, 30), "11:58"), ((1500,), "09:00")])
def test_a_retry_that_reaches_past_the_forenoon_goes_with_the_next_day_s_run(
    waits: tuple[int, ...], failed: str
) -> None:
    """Otherwise a fault at 11:58 would send a notice in the afternoon, or yesterday's come beside today's."""
    school = Faulty(retry_minutes=waits)
    school.fails()
    id_ = asking(school)
    school.at(f"2026-03-02 {failed}")
    assert DeliveryReport(retried=1) == school.deliver()
    school.inbox.error = None
    write(school, id_, NINE)
    school.now = NINE + DAY - INSTANT
    assert NONE == school.deliver()
    school.now = NINE + DAY
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    school.now = NINE + 2 * DAY
    assert NONE == school.deliver()


@pytest.mark.rule("D-13d")
def test_after_an_outage_yesterday_s_and_today_s_go_together_and_no_flag_says_undelivered() -> None:
    """Otherwise the therapist would look for a patient who is told five minutes later."""
    school = Faulty(retry_minutes=(5, 30))
    school.fails()
    id_ = asking(school)
    for clock, retried in (("2026-03-02 11:50", 1), ("2026-03-02 11:55", 1), ("2026-03-03 09:00", 2)):
        school.at(clock)
        assert DeliveryReport(retried=retried) == school.deliver()
        if clock.endswith("11:50"):
            write(school, id_)
    school.inbox.error = None
    school.advance(minutes=5)
    assert DeliveryReport(sent=1, delivered=2) == school.deliver()
    assert (set(), [0]) == (flags(school, id_), notes(school, NotificationUndelivered, id_))


@pytest.mark.rule("D-13d")
def test_who_is_never_reached_and_is_written_to_every_day_gives_a_flag() -> None:
    """Otherwise each new message would begin the attempts anew, and the therapist would write to nobody for ever."""
    school = Faulty(retry_minutes=(5,))
    school.fails()
    id_ = asking(school)
    undelivered: list[int] = []
    for day in range(5):
        school.now = NINE + day * DAY
        undelivered.append(school.deliver().undelivered)
        write(school, id_)
    assert ([0, 0, 0, 1, 1], {FlagKind.UNDELIVERED}) == (undelivered, flags(school, id_))
    assert [4, 4, 3, 2, 1, 0] == [record.attempts for record in load_notifications(school.storage, id_)]


@pytest.mark.rule("D-13d")
def test_what_a_worker_had_no_time_to_send_has_not_been_tried() -> None:
    """Otherwise a patient would be given up as undelivered whose inbox was asked once."""
    school = Faulty(retry_minutes=(5,))
    id_ = asking(school, notify=Notify.DIRECT)
    for _ in range(3):
        claims = school.storage.claim(school.now, 10, timedelta(minutes=15))
        school.storage.begin([(claim, decide(claim.digest, school.now, Policy())) for claim in claims])
        school.advance(minutes=16)
    school.fails()
    assert DeliveryReport(retried=1) == school.deliver()
    school.advance(minutes=5)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert ({FlagKind.UNDELIVERED}, [2]) == (
        flags(school, id_),
        [record.attempts for record in load_notifications(school.storage, id_)],
    )


@pytest.mark.rule("D-13d")
def test_a_notification_that_ends_every_worker_holds_up_nobody_else_s_and_is_given_up() -> None:
    """Otherwise all who are in its batch would never be told, and nobody would learn of it."""
    school = Faulty(retry_minutes=())
    school.fails(SystemExit(), only=ANNA)
    ids = [asking(school, number) for number in (ANNA, BO, CILLA)]
    school.now = NINE
    for run in range(6):
        with pytest.raises(SystemExit):
            school.deliver()
        told = [notice.person.value for notice in school.inbox.delivered]
        assert ([] if run < 2 else [BO, CILLA]) == told
        school.advance(minutes=15)
    assert DeliveryReport(undelivered=1) == school.deliver()
    assert [Status.FAILED, Status.DELIVERED, Status.DELIVERED] == statuses(school, *ids)
    assert {FlagKind.UNDELIVERED} == flags(school, ids[0])


@pytest.mark.rule("D-13d")
def test_a_collected_notification_that_ends_every_worker_is_given_up_after_days_too() -> None:
    """Otherwise one that goes in the forenoon alone would end workers every day, and no therapist would ever know."""
    school = Faulty(collected_at=time(11, 30))
    school.fails(SystemExit(), only=ANNA)
    ids = [asking(school, number) for number in (ANNA, BO)]
    lost = 0
    for day in range(5):
        for minute in (30, 45):
            school.now = local(f"2026-03-0{3 + day} 11:{minute}")
            try:
                report = school.deliver()
            except SystemExit:
                lost += 1
        school.at(f"2026-03-0{3 + day} 13:00")
        assert 0 == school.deliver().undelivered
    school.now = local("2026-03-08 11:30")
    report = school.deliver()
    assert (10, DeliveryReport(undelivered=1)) == (lost, report)
    assert [Status.FAILED, Status.DELIVERED] == statuses(school, *ids)
    assert {FlagKind.UNDELIVERED} == flags(school, ids[0])


@pytest.mark.rule("M-13")
def test_an_enrolment_that_cannot_be_read_holds_up_no_other_of_its_patient() -> None:
    """Otherwise one damaged row would keep a patient from being told of another treatment, for as long as it is so."""
    school = Faulty()
    damaged, whole = asking(school), asking(school, key="somnskola")
    school.faulty_storage.damaged = damaged
    school.now = NINE
    assert evolve(ONE, waiting=1) == school.deliver()
    assert [Status.PENDING, Status.DELIVERED] == statuses(school, damaged, whole)
    school.advance(days=1)
    assert DeliveryReport(waiting=1) == school.deliver()
    school.faulty_storage.damaged = None
    school.advance(hours=1)
    assert ONE == school.deliver()


@pytest.mark.rule("D-13d")
def test_a_rule_that_fails_on_one_digest_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise one state that no rule ever made would silence every patient, and its text be in a log."""
    school = Faulty()
    asking(school, ANNA, notify=Notify.DIRECT)
    asking(school, BO, notify=Notify.DIRECT)

    def broken(digest: Digest, *args: Any) -> Any:
        if getattr(digest.recipient, "value", None) == ANNA:
            raise KeyError(ANNA)
        return decide(digest, *args)

    monkeypatch.setattr(deciding, "decide", broken)
    assert ONE == school.deliver()
    assert [BO] == [notice.person.value for notice in school.inbox.delivered]
    assert caplog.messages[-1].endswith("waits: KeyError")
    monkeypatch.setattr(deciding, "decide", decide)
    school.advance(minutes=15)
    assert ONE == school.deliver()
