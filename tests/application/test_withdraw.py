"""A start on the wrong person is withdrawn: it leaves the person's room and every list, and may be purged at once."""

from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from digital_painschool.application.caseload import CaseSelection
from digital_painschool.domain.enrolment import Phase, WithdrawalReason
from digital_painschool.domain.events import NotificationDropped, Withdrawn
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.retention import PurgeReason, Skip, Skipped
from digital_painschool.errors import NotFound, NotPermitted, Reason
from digital_painschool.ports.storage import find_cancellable, load_enrolment
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, OTHER_UNIT
from digital_painschool.testing.reference.permissions import ROOM
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import drafts_of
from tests.scenario import refused

WRONG = WithdrawalReason.WRONG_PERSON
pytestmark = pytest.mark.rule("D-07b")


def slipped(school: Scenario) -> EnrolmentId:
    """Start the program for the wrong person, who has seen it and been written to; nothing was written back."""
    id_ = school.start(ANNA)
    school.desk.start_conversation(id_, "Välkommen!", notify=Notify.COLLECTED)
    school.room.read_page(id_, 1, 1)
    school.room.save_draft(id_, PAIN, {"smarta": 3})
    return id_


def withdrawn(school: Scenario) -> EnrolmentId:
    """Withdraw such a start."""
    id_ = slipped(school)
    school.desk.withdraw(id_, WRONG)
    return id_


def test_it_is_recorded_and_what_waits_is_dropped_with_it() -> None:
    """Otherwise the wrong person would be told of a message in a treatment that is not theirs."""
    school = Scenario()
    id_ = slipped(school)
    after = school.desk.withdraw(id_, "wrong-person")
    assert (Phase.WITHDRAWN, WRONG, school.now) == (after.phase, after.withdrawal, after.ended_at)
    assert not find_cancellable(school.storage, id_)
    assert [Withdrawn, NotificationDropped] == [type(one.event) for one in school.desk.timeline(id_)][-2:]
    school.advance(days=1)
    assert not school.deliver().delivered
    assert () == drafts_of(school.storage, id_)


@pytest.mark.parametrize("name", ROOM)
def test_to_the_person_it_is_as_an_unknown_id(name: str) -> None:
    """Otherwise a stranger would learn from a link in a notification that somebody is treated for pain."""
    school = Scenario()
    id_ = withdrawn(school)
    answers = []
    for which in (id_, EnrolmentId("unknown")):
        with pytest.raises(NotFound) as unknown:
            ROOM[name](school.room, which)
        answers.append(str(unknown.value))
    assert answers[0] == answers[1]
    assert () == school.room.enrolments()


def test_it_is_in_no_list_of_staff_and_in_no_count() -> None:
    """Otherwise somebody who looks at the list would phone the wrong person."""
    school = Scenario()
    withdrawn(school)
    desks = (school.desk.caseload, school.coordinator.unit_caseload)
    for show in (CaseSelection(), CaseSelection(ended=True)):
        assert [(), ()] == [desk(show=show).rows for desk in desks]
    assert 0 == school.desk.counts().patients == school.coordinator.unit_counts().patients
    assert () == school.desk.find(ANNA) == school.coordinator.find(ANNA)


def test_who_asks_for_it_by_its_id_is_told_what_it_is_and_the_log_keeps_its_lines() -> None:
    """Otherwise nobody could answer the person who asks why the log has lines of a treatment."""
    school = Scenario()
    id_ = withdrawn(school)
    page = school.desk.patient_page(id_)
    assert (Phase.WITHDRAWN, WRONG) == (page.phase, page.withdrawal)
    assert page.actions.isdisjoint({Action.WITHDRAW, Action.END, Action.MAINTAIN, Action.HAND_OVER, Action.REVIEW})
    with pytest.raises(NotFound):
        school.room.overview(id_)
    lines = {(entry.action, entry.granted) for _, entry in school.office.access_log(person=ANNA)}
    assert {("start", True), ("withdraw", True), ("see-enrolment", False)} <= lines


def test_the_same_and_the_right_person_can_start_at_once() -> None:
    """Otherwise a slip would keep the one who needs the treatment from it."""
    school = Scenario()
    withdrawn(school)
    again = school.start(ANNA)
    school.start(BO)
    assert [again] == [overview.enrolment_id for overview in school.room.enrolments()]


def test_only_who_started_it_and_the_patient_administrator_may() -> None:
    """Otherwise any therapist of the unit could make a patient vanish."""
    school = Scenario()
    mine = school.start(ANNA)
    school.coordinator.hand_over(mine, COLLEAGUE.hsa_id)
    theirs = school.coordinator.start(BO, program="smartskola", therapist=NURSE.hsa_id).id
    colleague = school.school.therapist(COLLEAGUE)
    for desk, id_ in ((colleague, mine), (school.desk, theirs)):
        with pytest.raises(NotPermitted):
            desk.withdraw(id_, WRONG)
        assert Action.WITHDRAW not in school.school.therapist(desk._actor).patient_page(id_).actions
    elsewhere = evolve(NURSE, unit=OTHER_UNIT)
    with pytest.raises(NotPermitted):
        school.school.therapist(elsewhere).withdraw(mine, WRONG)
    without_role = evolve(NURSE, roles=frozenset({Role.DATA_ADMINISTRATOR}))
    with pytest.raises(NotPermitted):
        school.school.therapist(without_role).withdraw(mine, WRONG)
    assert Phase.WITHDRAWN is school.desk.withdraw(mine, WRONG).phase
    assert Phase.WITHDRAWN is school.coordinator.withdraw(theirs, WRONG).phase


def test_who_started_it_for_a_colleague_finds_it_by_the_number_and_sees_nothing_else() -> None:
    """Otherwise the one who made the slip could withdraw it by an id alone, which nobody remembers."""
    school = Scenario()
    id_ = school.school.therapist(COLLEAGUE).start(ANNA, program="smartskola", therapist=NURSE.hsa_id).id
    school.start(ANNA, "somnskola")
    starter = school.school.therapist(COLLEAGUE)
    (found,) = starter.find_withdrawable(ANNA)
    assert (id_, "Exempelprogram", NURSE.hsa_id, school.now) == (
        found.enrolment_id,
        found.title,
        found.therapist,
        found.started_at,
    )
    assert ANNA not in repr(found)
    assert () == starter.find(ANNA)
    assert 2 == len(school.coordinator.find_withdrawable(ANNA))
    assert () == school.school.therapist(evolve(COLLEAGUE, unit=OTHER_UNIT)).find_withdrawable(ANNA)
    school.room.save_form(id_, PAIN, {"smarta": 3})
    assert () == starter.find_withdrawable(ANNA)
    assert Phase.WITHDRAWN is school.desk.withdraw(school.desk.find_withdrawable(ANNA)[0].enrolment_id, WRONG).phase
    assert () == school.coordinator.find_withdrawable(ANNA)


@pytest.mark.parametrize("written", ["form", "message", "heading", "module"])
def test_what_the_patient_has_written_hinders_it(written: str) -> None:
    """Otherwise what a patient has written, or a treatment with a completed module, would vanish before its time."""
    school = Scenario()
    id_ = slipped(school)
    writes: dict[str, Callable[[], object]] = {
        "form": lambda: school.room.save_form(id_, PAIN, {"smarta": 3}),
        "message": lambda: school.room.write(id_, "Hej", conversation=1),
        "heading": lambda: school.room.rename_conversation(id_, 1, "Min fråga"),
        "module": lambda: school.complete(id_, 1),
    }
    assert Action.WITHDRAW in school.desk.patient_page(id_).actions
    writes[written]()
    assert Action.WITHDRAW not in school.desk.patient_page(id_).actions
    with refused("D-07b", Reason.PATIENT_HAS_WRITTEN):
        school.desk.withdraw(id_, WRONG)
    school.desk.end(id_, reason="avbruten")
    with refused("D-07b", Reason.PATIENT_HAS_WRITTEN):
        school.desk.withdraw(id_, WRONG)


def test_one_that_was_ended_because_nothing_else_was_possible_can_be_withdrawn() -> None:
    """Otherwise the wrong starts of the years before would stay in the wrong persons' rooms."""
    school = Scenario()
    id_ = school.start(ANNA)
    school.desk.end(id_, reason="avbruten")
    assert Phase.WITHDRAWN is school.desk.withdraw(id_, WithdrawalReason.STARTED_TWICE).phase
    with refused("D-07b", Reason.ALREADY_WITHDRAWN, command="withdraw"):
        school.desk.withdraw(id_, WRONG)


def test_the_unit_chooses_the_reasons() -> None:
    """Otherwise a reason that the unit does not use would be on its screens."""
    school = Scenario(policy=Policy(withdrawal_reasons=(WithdrawalReason.OTHER_MISTAKE,)))
    id_ = school.start(ANNA)
    assert (WithdrawalReason.OTHER_MISTAKE,) == school.desk.patient_page(id_).withdrawal_reasons
    for reason in ("wrong-person", "fel person, 850709-9805"):
        with refused("D-07b", Reason.UNKNOWN_WITHDRAWAL_REASON, choices=("other-mistake",)):
            school.desk.withdraw(id_, reason)


@pytest.mark.rule("D-21b")
def test_it_may_be_purged_at_once_with_its_own_reason_and_is_not_exported(tmp_path: Path) -> None:
    """Otherwise the wrong person's number would stay for ten years, or go out with the figures of the treated."""
    school = Scenario()
    id_ = withdrawn(school)
    ended = school.start(BO)
    school.desk.end(ended, reason="avbruten")
    plan = school.office.plan_purge()
    assert [(id_, PurgeReason.WITHDRAWN)] == [(one.enrolment_id, one.reason) for one in plan.enrolments]
    assert 1 == school.office.export(tmp_path / "export").enrolments
    school.office.approve(plan, decision="RS 2026-7")
    receipt = school.office.purge(plan)
    assert ((id_,), (id_,), ()) == (receipt.purged, receipt.withdrawn, receipt.skipped)
    assert load_enrolment(school.storage, id_) is None
    assert any(entry.enrolment_id == id_ for _, entry in school.office.access_log(person=ANNA))


@pytest.mark.rule("D-21a")
def test_a_receipt_is_replayed_on_what_a_backup_brings_back_and_on_nothing_that_is_open_there() -> None:
    """Otherwise a restored backup would bring back the wrong person, or a replay would purge a running treatment."""
    school = Scenario()
    id_ = withdrawn(school)
    plan = school.office.plan_purge()
    school.office.approve(plan, decision="RS 2026-7")
    receipt = school.office.purge(plan)
    left: list[Skipped] = []
    for before_withdrawal in (False, True):
        backup = Scenario()
        assert id_ == (slipped(backup) if before_withdrawal else withdrawn(backup))
        backup.advance(days=1)
        assert (0 if before_withdrawal else 1) == backup.office.replay(receipt, left=left.append)
    assert [Skipped(enrolment_id=id_, why=Skip.NOT_ENDED)] == left


@pytest.mark.rule("D-24a")
def test_a_start_that_is_repeated_after_the_purge_starts_nothing(ports_factory: PortsFactory) -> None:
    """Otherwise a job that is run again would give a treatment to the person who was never to have one."""
    school = Scenario(ports_factory)
    id_ = school.desk.start(ANNA, program="smartskola", once="job-1").id
    school.desk.withdraw(id_, WRONG)
    assert id_ == school.desk.start(ANNA, program="smartskola", once="job-1").id
    plan = school.office.plan_purge()
    school.office.approve(plan, decision="RS 2026-7")
    school.office.purge(plan)
    for number in (ANNA, BO):
        with school.unchanged(), refused("D-24a", Reason.KEY_OF_PURGED_START):
            school.desk.start(number, program="smartskola", once="job-1")
    assert () == school.room.enrolments()
    assert ANNA == school.desk.start(ANNA, program="smartskola", once="job-2").person.value


def test_what_came_since_the_view_refuses_it_if_it_raised_a_flag() -> None:
    """Otherwise a withdrawal would hide that a notification was lost after the therapist looked."""
    school = Scenario()
    id_ = slipped(school)
    seen = school.desk.patient_page(id_).version
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    with refused("D-19b", Reason.VIEW_IS_OLD, flags=("handed-over",)):
        school.desk.withdraw(id_, WRONG, expected=seen)
    seen = school.coordinator.patient_page(id_).version
    school.room.read_page(id_, 1, 2)
    assert Phase.WITHDRAWN is school.desk.withdraw(id_, WRONG, expected=seen).phase
