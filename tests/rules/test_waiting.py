"""Since when a flag waits, and why an alert was raised. Rule: D-15b."""

from datetime import datetime, timedelta

import pytest

from digital_painschool.domain.enrolment import WAITING_LIMIT, AlertReason, Enrolment
from digital_painschool.domain.events import FormSaved, NotificationUndelivered
from digital_painschool.domain.form import Choice, Form, Number, Option, Scale
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import Channel, Notify, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.rules.flags import Flag, caseload_counts, mark_handled, mark_read, to_handle
from digital_painschool.rules.forms import alert_reasons, save_form
from digital_painschool.serialization.events import event_from_data, event_to_data
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE, PATIENT, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario
from tests.scenario import TERMS, folded, started

pytestmark = pytest.mark.rule("D-15b")

HOUR = timedelta(hours=1)


def hour(number: int) -> datetime:
    """Return the instant some hours after the start."""
    return START + number * HOUR


def saved(enrolment: Enrolment, first: int, last: int) -> Enrolment:
    """Return the state after a submission in each of some hours."""
    for number in range(first, last + 1):
        events = save_form(enrolment, TERMS, PAIN, {"smarta": 1}, by=PATIENT, at=hour(number))
        enrolment = folded(enrolment, events)
    return enrolment


def read(enrolment: Enrolment, up_to: int) -> Enrolment:
    """Return the state after marking the submissions up to one as read."""
    return folded(enrolment, mark_read(enrolment, TERMS, PAIN, up_to, opened=False, by=NURSE, at=hour(99)))


def lost(number: int) -> NotificationUndelivered:
    """Return the entry of a notification that was found to be undeliverable after some hours."""
    return NotificationUndelivered(
        at=hour(number),
        by="system",
        notification=NotificationId(f"n-{number}"),
        channel=Channel.INBOX,
        status=Status.FAILED,
    )


def since(enrolment: Enrolment) -> datetime | None:
    """Return since when the form waits, by the box; the counts of the list must say the same."""
    found = next((flag.since for flag in to_handle(enrolment, START)), None)
    assert found == caseload_counts(enrolment).waiting_since
    return found


def test_a_form_waits_since_its_oldest_unread_submission() -> None:
    """Otherwise what waits longest would look as if it had just come, or be as old as what was read long ago."""
    enrolment = saved(started(), 1, 4)
    assert [hour(1), hour(2), hour(4), None] == [since(read(enrolment, up_to)) for up_to in (0, 1, 3, 4)]
    assert hour(5) == since(saved(read(enrolment, 4), 5, 6))
    assert hour(5) == since(read(saved(read(enrolment, 3), 5, 6), 4))


@pytest.mark.parametrize("more", [0, 1, 5])
def test_a_state_does_not_grow_with_what_nobody_reads(more: int) -> None:
    """Otherwise a step would take longer, the longer a patient waits; or what is unknown would be said too late."""
    last = WAITING_LIMIT + more
    enrolment = saved(started(), 1, last)
    assert [hour(number) for number in range(1, WAITING_LIMIT + 1)] == list(enrolment.form(PAIN).waiting)
    assert hour(1) == since(enrolment)
    for up_to in range(1, last):
        assert hour(min(up_to + 1, WAITING_LIMIT)) == since(read(enrolment, up_to))
    nearly = saved(read(enrolment, last - 1), last + 1, last + 2)
    assert hour(WAITING_LIMIT if more else last) == since(nearly)
    for up_to in (last, last + 1):
        assert hour(up_to + 1) == since(read(nearly, up_to))
    assert since(read(nearly, last + 2)) is None


def test_each_kind_of_flag_waits_since_it_came() -> None:
    """Otherwise the box would not say what has waited longest."""
    school = Scenario()
    id_ = school.start(RESERVE_NUMBER)
    room = school.school.patient(RESERVE_NUMBER)
    school.advance(hours=1)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    lost = school.now
    school.advance(hours=1)
    room.write(id_, "Hej")
    written = school.now
    school.advance(hours=1)
    room.write(id_, "Hej igen", conversation=2)
    school.complete(id_, 1, 2, 3)
    done = school.now
    school.advance(hours=1)
    school.desk.start_conversation(id_, "Hej igen", notify=Notify.DIRECT)
    school.deliver()
    room.save_form(id_, PAIN, {"smarta": 9})
    form = school.now
    school.now = over = school.state(id_).access_until
    assert [
        (FlagKind.FORM_SAVED, form),
        (FlagKind.UNDELIVERED, lost),
        (FlagKind.MESSAGE_RECEIVED, written),
        (FlagKind.PROGRAM_DONE, done),
        (FlagKind.ENDING, over),
    ] == [(flag.kind, flag.since) for flag in school.desk.to_handle(id_)]
    [row] = school.desk.caseload().rows
    assert lost == row.waiting_since
    school.desk.mark_handled(id_, FlagKind.UNDELIVERED)
    school.desk.read_conversation(id_, 2)
    assert [done] == [row.waiting_since for row in school.desk.caseload().rows]


def test_what_is_left_when_some_notifications_are_handled_waits_since_it_came() -> None:
    """Otherwise a notification that was lost today would look as old as one that was handled long ago."""
    enrolment = folded(started(), [lost(number) for number in (1, 2, 3)])
    view = [lost(number) for number in (2, 3)]
    handled = folded(enrolment, mark_handled(enrolment, TERMS, FlagKind.UNDELIVERED, view, by=NURSE, at=hour(4)))
    assert [hour(1), hour(2)] == [since(enrolment), since(handled)]
    assert ("n-2", "n-3") == handled.undelivered


FORM = Form(
    key="halsa",
    title="Hälsa",
    questions=(
        Scale(key="smarta", text="Smärta", alert_from=8, scored=True),
        Number(key="natter", text="Nätter", lowest=0, highest=7, alert_from=4.5),
        Choice(
            key="hjalp",
            text="Hjälp",
            options=(Option(key="nej", text="Nej"), Option(key="ring", text="Ring", alert=True)),
        ),
    ),
    alert_from=6,
)


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ({"smarta": 5, "natter": 4, "hjalp": "nej"}, []),
        ({"smarta": 6, "natter": 4, "hjalp": "nej"}, [(None, 6)]),
        ({"smarta": 8, "natter": 4, "hjalp": "nej"}, [(None, 6), ("smarta", 8)]),
        ({"smarta": 0, "natter": 4.5, "hjalp": "ring"}, [("natter", 4.5), ("hjalp", None)]),
    ],
)
def test_an_alert_says_which_questions_reached_which_threshold(
    given: dict[str, int | float | str], reached: list[tuple[str | None, float | None]]
) -> None:
    """Otherwise a therapist would have to look through all answers for the one that calls for a call."""
    total = given["smarta"]
    assert isinstance(total, int)
    found = alert_reasons(FORM, given, total)
    assert reached == [(reason.question, reason.threshold) for reason in found]


def test_a_flag_says_why_without_an_answer() -> None:
    """Otherwise an answer would stand on the timeline, and an administrator would read it in the box."""
    school = Scenario()
    id_ = school.start()
    for pain in (10, 9, 1):
        school.room.save_form(id_, PAIN, {"smarta": pain})
    why = (AlertReason(question="smarta", threshold=9),)
    expected = Flag(kind=FlagKind.FORM_SAVED, since=school.now, form=PAIN, unread=3, total=3, priority=True, why=why)
    assert (expected,) == school.coordinator.to_handle(id_)
    assert [why, why, ()] == [e.reasons for e in school.events(id_) if isinstance(e, FormSaved)]
    school.desk.mark_read(id_, PAIN, up_to=2)
    assert [()] == [flag.why for flag in school.desk.to_handle(id_)]


def test_an_alert_of_an_older_version_is_an_alert_without_reasons() -> None:
    """Otherwise a timeline that was written before could not be read, or its alert would be lost."""
    event = FormSaved(at=START, by="patient", form=PAIN, number=1, score=9, alert=True)
    data = event_to_data(event)
    del data["reasons"]
    assert event == event_from_data("form-saved", 0, START, "patient", data)
    [flag] = to_handle(folded(started(), [event]), START)
    assert (True, ()) == (flag.priority, flag.why)
