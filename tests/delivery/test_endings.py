"""Notes, ends of access, endings and purges while a worker is at work."""

from collections.abc import Callable, Iterable
from typing import cast

import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import AccessEnded, Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import DeliveryError
from digital_painschool.ports.storage import load_enrolment, load_notifications
from digital_painschool.testing.environment import INSTANT
from digital_painschool.testing.faults import Answers, Call, Fault, FaultPlan, watched
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import DAY, NINE, NONE, ONE, Faulty, asking, notes, statuses
from tests.scenario import beside


@pytest.mark.rule("D-13b", "D-13d")
@pytest.mark.parametrize("kind", [NotificationUndelivered, NotificationDropped])
def test_a_note_that_could_not_be_written_is_written_by_a_later_run(kind: type[Event]) -> None:
    """Otherwise a timeline would never say what became of a notification, or the patient be told after all."""
    school = Faulty()
    both = asking(school), asking(school, key="somnskola")
    if kind is NotificationDropped:
        for id_ in both:
            school.room.read_conversation(id_, 1)
    school.fails(DeliveryError("for good", permanent=True))
    school.now = NINE
    school.faulty_storage.busy = frozenset({both[0]})
    report = school.deliver()
    assert (2, [0, 1]) == (report.undelivered + report.dropped, notes(school, kind, *both))
    school.inbox.error, school.faulty_storage.busy = None, frozenset()
    school.now = NINE + DAY
    assert [NONE, NONE] == [school.deliver(), school.deliver()]
    assert ([1, 1], ()) == (notes(school, kind, *both), school.inbox.delivered)


@pytest.mark.rule("D-05a")
def test_the_end_of_access_is_noted_once() -> None:
    """Otherwise every run would add an entry, or the therapist would never be told."""
    school = Scenario()
    id_ = school.start()
    school.at("2027-03-02 07:59:59.999999")
    assert NONE == school.deliver()
    school.at("2027-03-02 08:00")
    assert [DeliveryReport(accesses_ended=1), NONE] == [school.deliver(), school.deliver()]
    assert [1] == notes(school, AccessEnded, id_)


@pytest.mark.rule("D-05a", "D-17b")
@pytest.mark.parametrize(
    ("found", "figure"), [("access_ended", "accesses_ended"), ("unnoted_attention", "pointed_out")]
)
def test_what_another_worker_notes_meanwhile_is_counted_and_logged_by_that_one_alone(found: str, figure: str) -> None:
    """Otherwise figures would grow with the number of workers, and the log name accesses that nobody made."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.start()
    school.at("2027-03-03 08:00" if found == "access_ended" else "2026-03-20 08:00")
    others: list[DeliveryReport] = []

    def meanwhile(call: Call) -> object:
        if call.method != found:
            return call.go()
        answer = tuple(cast("Iterable[object]", call.go()))
        if not others:
            others.append(school.deliver())
        return answer

    second = beside(school, meanwhile)
    entries = len(school.storage.access_entries(UNIT))
    assert (0, 1) == (getattr(second.delivery().run(), figure), getattr(others[0], figure))
    assert 1 == len(school.storage.access_entries(UNIT)) - entries


@pytest.mark.rule("D-13d", "D-19a", "D-21b")
@pytest.mark.parametrize(
    "close",
    [
        lambda school, id_: school.colleague.end(id_, reason="klar"),
        lambda school, id_: school.coordinator.withdraw(id_, "wrong-person"),
    ],
    ids=["ended", "withdrawn"],
)
def test_a_report_that_comes_after_the_end_leaves_the_enrolment_as_it_was(close: Callable[..., object]) -> None:
    """Otherwise a gateway would move the last entry: a purge would skip the record, and retention begin anew."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.colleague.receive_notifications(email=False, sms=True)
    id_ = school.coordinator.start(ANNA, program="smartskola", therapist=COLLEAGUE.hsa_id).id
    school.deliver()
    [message] = school.environment.sms.sent
    close(school, id_)
    closed = school.state(id_)
    school.advance(days=1)
    assert 1 == school.school.delivery().reject(message.key)
    assert [NONE, NONE] == [school.deliver(), school.deliver()]
    assert closed == school.state(id_)
    assert ((), [Status.FAILED]) == (school.storage.unnoted(), statuses(school, id_))
    assert () == school.operator.dead_letters().rows


@pytest.mark.rule("D-19a", "D-21a")
@pytest.mark.parametrize("fate", ["ended", "purged"])
def test_an_enrolment_that_is_ended_or_purged_while_a_worker_looks_stops_nothing(fate: str) -> None:
    """Otherwise one therapist or one purge at the wrong moment would stop everybody's notices."""

    def racing(call: Call) -> object:
        found = cast("tuple[EnrolmentId, ...]", call.go())
        if call.method != "access_ended" or not found:
            return found
        if fate == "purged":
            return (EnrolmentId("gone"),)
        for enrolment_id in found:
            school.desk.end(enrolment_id, reason="klar")
        return found

    school = Scenario(lambda environment: environment.ports(storage=watched(environment.storage, racing)))
    school.start()
    other = school.start(BO)
    school.at("2027-03-01 08:00")
    school.desk.maintain(other, days=30, modules=[1], shortens=True)
    school.desk.start_conversation(other, "Hej", notify=Notify.COLLECTED)
    school.at("2027-03-02 09:00")
    assert ONE == school.deliver()


@pytest.mark.rule("D-21a")
def test_a_notification_whose_enrolment_is_purged_after_the_claim_is_dropped() -> None:
    """Otherwise a purge at the wrong moment would stop the run, or a purged patient would get a notice."""
    plan = FaultPlan()
    school = Scenario(lambda environment: environment.ports(storage=watched(environment.storage, plan)))
    asking(school, notify=Notify.DIRECT)
    plan.inject(Fault("load_many", does=Answers({}), times=None))
    assert [DeliveryReport(dropped=1), NONE] == [school.deliver(), school.deliver()]
    assert () == school.environment.inbox.delivered


@pytest.mark.rule("D-13a", "D-21a")
@pytest.mark.parametrize("shared", [True, False])
def test_the_purge_of_a_batch_in_doubt_is_no_reason_to_tell_twice_on_one_day(shared: bool) -> None:
    """Otherwise a purge would take the day along on which the person may have been told of another enrolment."""
    school = Faulty(retention_years=0, retention_decision="RS 2037-1", export_before_purge=False)
    pain, sleep = asking(school), school.start(key="somnskola")
    if shared:
        school.desk.start_conversation(sleep, "Hej", notify=Notify.COLLECTED)
    school.now = NINE
    school.dies_after_sending()
    school.desk.end(pain, reason="klar")
    school.advance(minutes=15)
    school.office.purge(school.office.approve(school.office.plan_purge(), decision="RS 2037-1"))
    assert (None, ()) == (
        load_enrolment(school.storage, pain),
        load_notifications(school.storage, pain),
    )
    here, school.now = school.now, NINE - INSTANT
    school.desk.start_conversation(sleep, "Hej igen", notify=Notify.COLLECTED)
    school.now = here
    assert DeliveryReport(delivered=int(shared), waiting=1) == school.deliver()
    assert 1 == len(school.inbox.asked) - shared
    school.now = NINE + DAY
    assert ONE == school.deliver()
