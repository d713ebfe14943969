"""What a notification says, and what the log says of it."""

from collections import Counter
from datetime import timedelta

import attrs
import pytest

from digital_painschool.adapters.memory import MemoryMessenger
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
    Event,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationUndelivered,
    PatientSilent,
    ProgramDone,
)
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.domain.people import Author, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import InvalidValue
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NINE, Faulty, asking, done

LINKS = ("https://unit.example/patient", "https://unit.example/staff")
ADDRESSES = {Channel.EMAIL: "nurse@vgregion.example", Channel.SMS: "+46700000000"}
TEXTS: dict[type[Event], Template] = {
    FormSaved: Template.FORM_SAVED,
    ProgramDone: Template.PROGRAM_DONE,
    AccessEnded: Template.ENDING,
    NotificationUndelivered: Template.UNDELIVERED,
    HandedOver: Template.HANDED_OVER,
    PatientSilent: Template.SILENT,
    AccessEndsSoon: Template.ENDS_SOON,
}
"""What staff are told of; a message tells the other side."""


def text_of(event: Event) -> Template:
    """Return the text that tells of an event."""
    if isinstance(event, MessageSent):
        return Template.MESSAGE_RECEIVED if event.author is Author.PATIENT else Template.MESSAGE_TO_READ
    return TEXTS[type(event)]


@pytest.mark.rule("M-12", "M-22", "M-23", "D-13a", "D-13c")
def test_what_leaves_has_the_text_the_link_and_the_key_of_its_side() -> None:
    """Otherwise a patient would be sent to the staff's page, be told of the wrong thing, or find it after the purge."""
    policy = Policy(
        staff_flags=frozenset(FlagKind),
        patient_link=LINKS[0],
        staff_link=LINKS[1],
        retention_years=0,
        retention_decision="RS 1",
        export_before_purge=False,
    )
    spare = MemoryMessenger(Channel.EMAIL)  # the first of a channel is used
    school = Scenario(lambda e: e.ports(messengers=(e.email, e.sms, spare)), policy=policy)
    school.desk.receive_notifications(email=True, sms=True)
    ids = [school.start(ANNA, "somnskola"), school.start(BO), done(school), asking(school, RESERVE_NUMBER)]
    for notify in (Notify.COLLECTED, Notify.COLLECTED, Notify.DIRECT):
        for id_ in ids:
            school.desk.start_conversation(id_, "Hej", notify=notify)
        school.room.save_form(ids[2], PAIN, {"smarta": 3})
        school.room.write(ids[2], "Hej")
        school.deliver()
        school.advance(hours=25)
        school.deliver()
    school.advance(days=340)
    school.deliver()
    school.advance(days=25)
    school.deliver()
    for to in (COLLEAGUE, NURSE):
        school.coordinator.hand_over(ids[0], to.hsa_id)
    school.deliver()
    school.desk.receive_notifications(email=True, summary=True)
    school.coordinator.hand_over(ids[1], COLLEAGUE.hsa_id)
    school.coordinator.hand_over(ids[1], NURSE.hsa_id)
    school.advance(hours=24)
    school.deliver()
    asked: Counter[tuple[Channel, str, Template, str]] = Counter()
    notices = set()
    for id_ in ids:
        for record in load_notifications(school.storage, id_):
            one, event = record.notification, school.events(id_)[record.notification.trigger.seq - 1]
            if record.status is not Status.DELIVERED:
                continue
            if isinstance(one.recipient, PersonId):
                day = record.settled_at if one.collected else one.id
                notices.add((one.channel, one.recipient.value, text_of(event), LINKS[0], day))
            elif one.collected:
                notices.add((one.channel, ADDRESSES[one.channel], Template.SUMMARY, LINKS[1], record.settled_at))
            else:
                asked[one.channel, ADDRESSES[one.channel], text_of(event), LINKS[1]] += 1
    asked += Counter(notice[:4] for notice in notices)
    inbox, ways = school.environment.inbox, (school.environment.email, school.environment.sms)
    left = [(Channel.INBOX, notice.person.value, notice.template, notice.link) for notice in inbox.delivered]
    left += [(way.channel, sent.address.value, sent.template, sent.link) for way in ways for sent in way.sent]
    assert asked == Counter(left)
    assert {*Template} == {template for _, _, template, _ in asked}
    for id_ in ids:
        school.desk.end(id_, reason="klar")
    school.advance(minutes=1)
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2"))
    assert ((), (), (), ()) == (inbox.delivered, spare.sent, *(way.sent for way in ways))


@pytest.mark.rule("D-13c")
def test_what_leaves_says_nothing_of_the_message() -> None:
    """Otherwise somebody who looks over the patient's shoulder would read of the treatment."""
    school = Scenario()
    school.desk.start_conversation(school.start(), "hemlighet", heading="hemlig rubrik", notify=Notify.DIRECT)
    school.deliver()
    (notice,) = school.environment.inbox.delivered
    assert {"key", "unit", "person", "template", "link", "language"} == set(attrs.fields_dict(type(notice)))
    assert "hemlig" not in f"{notice!r} {notice.key} {notice.link} {notice.text}"
    assert ANNA not in notice.key


def test_a_worker_that_cannot_work_is_refused_at_once() -> None:
    """Otherwise a wrong setting would show as notices that never go."""
    school = Scenario()
    for batch in (0, -1, True, 1.5, None, 10_001, 2**31):
        with pytest.raises(InvalidValue):
            school.school.delivery(batch=batch)  # type: ignore[arg-type]
    for lease in (timedelta(0), timedelta(seconds=-1), timedelta(hours=12, microseconds=1), 15, None):
        with pytest.raises(InvalidValue):
            school.school.delivery(lease=lease)  # type: ignore[arg-type]
    school.school.delivery(batch=1, lease=timedelta(hours=12))


@pytest.mark.rule("M-06")
def test_each_enrolment_that_is_told_of_has_a_line_in_the_access_log() -> None:
    """Otherwise a notice that left would have nobody who sent it, or a failed one look like a sent one."""
    school = Faulty()
    both = {asking(school), asking(school, key="somnskola")}
    asking(school, BO)
    school.fails(only=BO)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=2, retried=1) == school.deliver()
    lines = [entry for _, entry in school.office.access_log() if (entry.by, entry.action) == ("system", "deliver")]
    assert both == {entry.enrolment_id for entry in lines}
    assert [(ANNA, NINE)] * 2 == [(entry.person.value, entry.at) for entry in lines if entry.person is not None]
