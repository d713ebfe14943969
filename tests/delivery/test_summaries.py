"""A member of staff's summary of the day: one over each channel, of the flags that still stand."""

from datetime import time

import pytest
from attrs import evolve

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationDropped
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Profile, Status, Template
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.testing.environment import in_memory
from digital_painschool.testing.faults import Fault, When, with_faults
from digital_painschool.testing.people import BO, COLLEAGUE
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NONE, notes, statuses

PAIN = "halsoskattning"
ALL = Policy(staff_flags=frozenset(FlagKind))


def summarised(policy: Policy = ALL, *, sms: bool = False) -> tuple[Scenario, EnrolmentId, EnrolmentId]:
    """Return a school at 08:00 whose therapist has chosen one summary a day, and has two patients."""
    school = Scenario(policy=policy)
    school.desk.receive_notifications(email=True, sms=sms, summary=True)
    return school, school.start(BO), school.start()


def mails(school: Scenario) -> list[Template]:
    """Return the texts of the e-mails that were sent."""
    return [message.template for message in school.environment.email.sent]


@pytest.mark.rule("D-23b")
def test_the_flags_of_a_day_are_one_summary_in_the_forenoon() -> None:
    """Otherwise a therapist with forty patients would get forty mails a day, or one at night."""
    school, first, second = summarised(sms=True)
    school.room.save_form(second, PAIN, {"smarta": 3})
    school.school.patient(BO).write(first, "Hej")
    assert NONE == evolve(school.deliver(), waiting=0)
    school.at("2026-03-02 09:00")
    assert DeliveryReport(sent=2, delivered=4) == school.deliver()
    assert ([Template.SUMMARY], 1) == (mails(school), len(school.environment.sms.sent))
    school.room.write(second, "Hej igen")
    for hour in ("2026-03-02 11:00", "2026-03-02 23:00", "2026-03-03 08:59"):
        school.at(hour)
        assert NONE == evolve(school.deliver(), waiting=0)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(sent=2, delivered=2) == school.deliver()


@pytest.mark.rule("D-23b")
def test_a_flag_that_is_settled_is_left_out_and_an_empty_summary_does_not_go() -> None:
    """Otherwise a therapist would be called to what was dealt with, and the timeline say that they were told."""
    school, first, second = summarised()
    school.room.save_form(second, PAIN, {"smarta": 3})
    school.school.patient(BO).write(first, "Hej")
    school.desk.open_form(second, PAIN)
    school.at("2026-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=1, dropped=1) == school.deliver()
    assert ([Status.DROPPED], [Status.DELIVERED]) == (statuses(school, second), statuses(school, first))
    assert [1, 0] == [notes(school, NotificationDropped, id_)[0] for id_ in (second, first)]
    school.room.save_form(second, PAIN, {"smarta": 3})
    school.desk.open_form(second, PAIN)
    school.at("2026-03-03 09:00")
    assert DeliveryReport(dropped=1) == school.deliver()
    assert [Template.SUMMARY] == mails(school)


@pytest.mark.rule("D-17a", "D-23b")
@pytest.mark.parametrize("at_once", [True, False])
def test_an_alert_goes_at_once_unless_the_unit_decides_otherwise(at_once: bool) -> None:
    """Otherwise an alert would wait overnight where the unit relies on it, or come at night where it does not."""
    school, _, second = summarised(evolve(ALL, alerts_at_once=at_once))
    for answer in (9, 3):
        school.room.save_form(second, PAIN, {"smarta": answer})
    school.deliver()
    assert [Template.FORM_SAVED] * at_once == mails(school)
    school.at("2026-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=2 - at_once) == school.deliver()
    assert [Template.FORM_SAVED] * at_once + [Template.SUMMARY] == mails(school)


@pytest.mark.rule("D-23b", "D-24a")
def test_the_choice_is_kept_with_the_profile_and_a_key_of_before_is_the_same_call() -> None:
    """Otherwise the choice would be lost at the next look, or an update of the library repeat what was done."""
    school, _, _ = summarised()
    assert (True, False) == (school.desk.profile().chosen.summary, school.colleague.profile().chosen.summary)
    school.desk.receive_notifications(email=True, once="a")
    assert not school.desk.receive_notifications(email=True, summary=False, once="a").chosen.summary
    school.desk.receive_notifications(email=False, summary=True)
    assert Profile(summary=True) == school.desk.profile().chosen


@pytest.mark.rule("D-09b", "D-23b")
def test_a_hand_over_takes_a_flag_from_one_summary_to_the_other() -> None:
    """Otherwise the former therapist would be told of somebody else's patient, and the new one of nothing."""
    school, _, second = summarised()
    school.colleague.receive_notifications(email=True, summary=True, flags=[FlagKind.FORM_SAVED])
    school.room.save_form(second, PAIN, {"smarta": 3})
    school.coordinator.hand_over(second, COLLEAGUE.hsa_id)
    school.at("2026-03-02 09:00")
    assert DeliveryReport(sent=1, delivered=1) == school.deliver()
    assert ["colleague@vgregion.example"] == [one.address.value for one in school.environment.email.sent]


@pytest.mark.rule("D-13a", "D-23b")
def test_a_summary_whose_answer_was_lost_is_sent_again_under_its_key_with_all_that_was_in_it() -> None:
    """Otherwise a flag that is settled meanwhile would change the key, and the therapist be told twice on one day."""
    lost = Fault("send", when=When.AFTER, does=DeliveryError("the answer was lost"))
    school = Scenario(with_faults(in_memory, messengers=[lost]), policy=ALL)
    school.desk.receive_notifications(email=True, summary=True)
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    school.at("2026-03-02 09:00")
    assert DeliveryReport(retried=2) == school.deliver()
    school.desk.open_form(id_, PAIN)
    school.at("2026-03-02 09:05")
    assert DeliveryReport(delivered=2) == school.deliver()
    assert 1 == len(school.environment.email.sent)


@pytest.mark.rule("D-13a", "D-23b")
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_summary_keeps_to_the_local_hour_on_the_days_of_clock_changes(day: str) -> None:
    """Otherwise it would come an hour early or late twice a year, or twice on one day."""
    school, _, second = summarised(evolve(ALL, collected_at=time(6), silent_after_days=0))
    school.at(f"{day} 00:30")
    school.room.save_form(second, PAIN, {"smarta": 3})
    school.at(f"{day} 05:59")
    assert NONE == evolve(school.deliver(), waiting=0)
    school.at(f"{day} 06:00")
    assert 1 == school.deliver().sent


@pytest.mark.rule("D-09b")
@pytest.mark.parametrize("sms", [True, False])
@pytest.mark.parametrize("summary", [True, False])
def test_after_a_failed_attempt_a_hand_over_still_has_the_new_therapist_told_once(sms: bool, summary: bool) -> None:
    """Otherwise a mail server that was away at the wrong minute would cost the new therapist what waits."""
    school = Scenario(policy=ALL)
    school.desk.receive_notifications(email=True, sms=sms)
    school.colleague.receive_notifications(email=True, flags=[FlagKind.MESSAGE_RECEIVED], summary=summary)
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    school.ports_factory = with_faults(in_memory, messengers=[Fault("send", does=DeliveryError("busy"), times=None)])
    school.restart()
    assert 2 * (1 + sms) == school.deliver().retried
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    school.ports_factory = in_memory
    school.restart()
    school.at("2026-03-02 09:00")
    assert DeliveryReport(dropped=2 * (1 + sms), sent=not summary, delivered=not summary) == school.deliver()
    school.at("2026-03-03 09:00")
    assert summary == school.deliver().sent
    expected = Template.SUMMARY if summary else Template.MESSAGE_RECEIVED
    assert [("colleague@vgregion.example", expected)] == [
        (one.address.value, one.template) for one in school.environment.email.sent
    ]
    assert () == school.environment.sms.sent
