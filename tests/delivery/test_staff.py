"""Notifications to staff."""

from collections.abc import Callable, Mapping

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationDropped
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, RESERVE_NUMBER, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NONE, ONE, FaultyInbox, FaultyMessenger, asking, done, flags, notes, statuses


class MovingDirectory(MemoryDirectory):
    """A directory in which somebody changes an address."""

    address: str | None = "gammal@vgregion.example"

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        return StaffEntry(email=Address(self.address)) if self.address else None


@pytest.mark.rule("M-22", "M-23")
@pytest.mark.parametrize(("email", "sms"), [(True, False), (True, True), (False, False)])
def test_a_therapist_is_told_that_a_patient_is_done_by_the_ways_that_were_ticked(email: bool, sms: bool) -> None:
    """Otherwise a therapist would have to look every day, or be sent what nobody asked for."""
    school = Scenario()
    school.desk.receive_notifications(email=email, sms=sms)
    done(school)
    assert DeliveryReport(sent=email + sms, delivered=email + sms) == school.deliver()
    assert [("nurse@vgregion.example", Template.PROGRAM_DONE, UNIT)] * email == [
        (message.address.value, message.template, message.unit) for message in school.environment.email.sent
    ]
    assert int(sms) == len(school.environment.sms.sent)


@pytest.mark.rule("M-22", "D-23a")
@pytest.mark.parametrize("address", ["ny@vgregion.example", None])
def test_the_address_is_looked_up_when_the_message_is_sent(address: str | None) -> None:
    """Otherwise a corrected address would count for later patients alone, or the therapist wait for no e-mail."""
    directory = MovingDirectory()
    school = Scenario(with_adapters(directory=directory))
    school.desk.receive_notifications(email=True)
    id_ = done(school)
    directory.address = address
    assert (ONE if address else DeliveryReport(retried=1)) == school.deliver()
    for minutes in (5, 30, 120, 720):  # whoever the directory has lost may be there again
        school.advance(minutes=minutes)
        school.deliver()
    assert [address] * bool(address) == [message.address.value for message in school.environment.email.sent]
    assert (address is None) is (FlagKind.UNDELIVERED in flags(school, id_))


@pytest.mark.rule("D-17a")
def test_a_staff_notification_that_fails_asks_for_no_other_one() -> None:
    """Otherwise a broken mail server would be told of its own failure, again and again."""
    broken = FaultyMessenger(DeliveryError("refused", permanent=True))
    school = Scenario(with_adapters(messengers=(broken,)), policy=Policy(staff_flags=frozenset(FlagKind)))
    id_ = school.start()
    school.desk.receive_notifications(email=True)
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    assert [DeliveryReport(undelivered=1), NONE] == [school.deliver(), school.deliver()]


@pytest.mark.rule("D-13d")
def test_a_channel_that_has_lost_its_messenger_gives_a_flag_in_the_end() -> None:
    """Otherwise a line that is left out of the settings would give up every e-mail, or staff wait in vain."""
    school = Scenario()
    school.desk.receive_notifications(email=True)
    school.ports_factory = lambda environment: environment.ports(messengers=(environment.sms,))
    school.restart()
    id_ = done(school)
    for minutes in (5, 30, 120, 720):
        assert DeliveryReport(retried=1) == school.deliver()
        school.advance(minutes=minutes)
    assert FlagKind.UNDELIVERED not in flags(school, id_)
    assert (DeliveryReport(undelivered=1), [Status.FAILED]) == (school.deliver(), statuses(school, id_))
    assert FlagKind.UNDELIVERED in flags(school, id_)


@pytest.mark.rule("D-17a")
def test_a_notice_that_could_not_be_delivered_is_told_to_staff_who_want_to_know() -> None:
    """Otherwise the choice "one by one" would leave out the flag that matters most."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True, flags=[FlagKind.UNDELIVERED])
    asking(school, RESERVE_NUMBER, Notify.DIRECT)
    assert [evolve(ONE, undelivered=1), NONE] == [school.deliver(), school.deliver()]
    assert [Template.UNDELIVERED] == [message.template for message in school.environment.email.sent]


_SAVED: Mapping[FlagKind, Callable[[Scenario, EnrolmentId], object]] = {
    FlagKind.FORM_SAVED: lambda school, id_: school.room.save_form(id_, "halsoskattning", {"smarta": 3}),
    FlagKind.MESSAGE_RECEIVED: lambda school, id_: school.room.write(id_, "Hej"),
    FlagKind.PROGRAM_DONE: lambda school, id_: school.complete(id_, 1, 2, 3),
    FlagKind.ENDING: lambda school, _: school.advance(days=400),
    FlagKind.UNDELIVERED: lambda school, id_: school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT),
    FlagKind.HANDED_OVER: lambda school, id_: [
        school.coordinator.hand_over(id_, to.hsa_id) for to in (COLLEAGUE, NURSE)
    ],
    FlagKind.SILENT: lambda school, _: school.advance(days=15),
    FlagKind.ENDS_SOON: lambda school, _: school.advance(days=350),
}
_SETTLED: Mapping[FlagKind, Callable[[Scenario, EnrolmentId], object]] = {
    FlagKind.FORM_SAVED: lambda school, id_: school.desk.mark_read(id_, "halsoskattning"),
    FlagKind.MESSAGE_RECEIVED: lambda school, id_: school.desk.read_conversation(id_, 1),
    FlagKind.PROGRAM_DONE: lambda school, id_: school.desk.mark_handled(id_, FlagKind.PROGRAM_DONE),
    FlagKind.ENDING: lambda school, id_: school.desk.maintain(id_, days=30, modules=[1]),
    FlagKind.UNDELIVERED: lambda school, id_: school.desk.mark_handled(id_, FlagKind.UNDELIVERED),
    FlagKind.HANDED_OVER: lambda school, id_: school.desk.mark_handled(id_, FlagKind.HANDED_OVER),
    FlagKind.SILENT: lambda school, id_: school.room.open_module(id_, 1),
    FlagKind.ENDS_SOON: lambda school, id_: school.desk.maintain(id_, days=90, modules=[1]),
}


@pytest.mark.rule("D-23b")
@pytest.mark.parametrize("kind", FlagKind, ids=lambda kind: kind.value)
@pytest.mark.parametrize("settles", [True, False])
def test_a_staff_notification_whose_flag_is_settled_before_it_goes_is_dropped(kind: FlagKind, settles: bool) -> None:
    """Otherwise a therapist would be called at night to what was dealt with in the evening."""
    email, inbox = FaultyMessenger(DeliveryError("busy")), FaultyInbox()
    school = Scenario(with_adapters(messengers=(email,), inbox=inbox), policy=Policy(staff_flags=frozenset(FlagKind)))
    inbox.error = DeliveryError("for good", permanent=True)
    id_ = school.start()
    school.desk.receive_notifications(email=True, flags=[kind])
    _SAVED[kind](school, id_)
    assert 1 == sum(school.deliver().retried for _ in range(2))
    if settles:
        _SETTLED[kind](school, id_)
    email.error = None
    school.advance(minutes=5)
    assert (DeliveryReport(dropped=1) if settles else ONE) == school.deliver()
    assert [Template(kind.value)] * (not settles) == [message.template for message in email.sent]


@pytest.mark.rule("D-09a", "D-09b", "D-13b")
def test_after_a_hand_over_the_new_therapist_is_notified_and_the_old_one_s_message_dropped() -> None:
    """Otherwise the one who is away would be told of somebody else's patient, and nobody would look."""
    school = Scenario()
    school.desk.receive_notifications(email=True, sms=True)
    school.colleague.receive_notifications(email=True)
    first, second = done(school), school.start(ANNA, "somnskola")
    for id_ in (first, second):
        school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    school.complete(second, 1, 2, 3)
    assert [2] == notes(school, NotificationDropped, first)
    assert DeliveryReport(sent=2, delivered=2) == school.deliver()
    assert ["colleague@vgregion.example"] * 2 == [message.address.value for message in school.environment.email.sent]
    assert () == school.environment.sms.sent
    assert [2] == notes(school, NotificationDropped, first)
    waiting = [flag.kind for flag in school.colleague.to_handle(EnrolmentId(first))]
    assert [FlagKind.PROGRAM_DONE, FlagKind.HANDED_OVER] == waiting


@pytest.mark.rule("D-09b")
def test_a_patient_who_goes_back_and_forth_is_told_of_once() -> None:
    """Otherwise each click would double what a therapist is told, or lose it on the way."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    for desk in (school.desk, school.colleague):
        desk.receive_notifications(email=True, sms=desk is school.desk)
    id_ = done(school)
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    school.room.write(id_, "Hej")
    school.desk.open_form(id_, "halsoskattning")
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert 4 == sum(isinstance(event, NotificationDropped) for event in school.events(id_)), "two flags, two channels"
    for to in (NURSE, COLLEAGUE):
        school.coordinator.hand_over(id_, to.hsa_id)
    school.deliver()
    sent = [(message.address.value, message.template) for message in school.environment.email.sent]
    expected = [Template.PROGRAM_DONE, Template.MESSAGE_RECEIVED, Template.HANDED_OVER]
    assert sorted(("colleague@vgregion.example", one.value) for one in expected) == sorted(
        (to, template.value) for to, template in sent
    )
    assert () == school.environment.sms.sent


@pytest.mark.rule("D-09b")
def test_what_the_new_therapist_has_not_chosen_is_neither_sent_nor_lost() -> None:
    """Otherwise a therapist would get mails that they never asked for, or the former one lose theirs (M-22)."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True, flags=[FlagKind.FORM_SAVED, FlagKind.MESSAGE_RECEIVED])
    school.colleague.receive_notifications(email=False, sms=True, flags=[FlagKind.MESSAGE_RECEIVED])
    id_ = school.start()
    school.room.save_form(id_, "halsoskattning", {"smarta": 3})
    school.room.write(id_, "Hej")
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert DeliveryReport(dropped=1, sent=1, delivered=1) == school.deliver()
    assert ((), [Template.MESSAGE_RECEIVED]) == (
        school.environment.email.sent,
        [message.template for message in school.environment.sms.sent],
    )


@pytest.mark.rule("D-09b")
def test_somebody_who_starts_for_another_has_the_other_notified() -> None:
    """Otherwise a patient could wait for a therapist who does not know of them."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    for desk in (school.desk, school.colleague):
        desk.receive_notifications(email=True, flags=[FlagKind.HANDED_OVER])
    school.coordinator.start(BO, program="smartskola", therapist=COLLEAGUE.hsa_id)
    school.desk.start(ANNA, program="smartskola")
    assert ONE == school.deliver()
    (sent,) = school.environment.email.sent
    assert ("colleague@vgregion.example", Template.HANDED_OVER) == (sent.address.value, sent.template)


@pytest.mark.rule("D-09a")
def test_what_waits_for_a_therapist_who_gets_the_patient_back_still_goes() -> None:
    """Otherwise a slip that is put right at once would cost the notification."""
    school = Scenario()
    school.desk.receive_notifications(email=True)
    id_ = done(school)
    for therapist in (COLLEAGUE, NURSE):
        school.coordinator.hand_over(id_, therapist.hsa_id)
    assert ONE == school.deliver()


@pytest.mark.rule("D-05a", "D-13b", "M-18")
@pytest.mark.parametrize("notify", [Notify.COLLECTED, Notify.DIRECT])
@pytest.mark.parametrize("maintained", [True, False])
def test_a_patient_whose_access_is_over_is_not_called_and_one_in_maintenance_is(
    notify: Notify, maintained: bool
) -> None:
    """Otherwise a patient would be called to read what cannot be opened, or not to what can."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-01 12:00")
    if maintained:
        school.desk.maintain(id_, days=30, modules=[1])
    school.desk.start_conversation(id_, "Hej", notify=notify)
    school.at("2027-03-02 09:00")
    assert (ONE if maintained else DeliveryReport(dropped=1, accesses_ended=1)) == school.deliver()
    assert ([int(not maintained)], int(maintained)) == (
        notes(school, NotificationDropped, id_),
        len(school.environment.inbox.delivered),
    )
