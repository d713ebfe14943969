"""Who may do what. The whole table is tested at the desks, in `tests/laws`; here are the telling examples."""

from datetime import timedelta

import pytest
from attrs import evolve

from digital_painschool.domain.people import Actor, HsaId, Patient, PersonId, Role, SystemActor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue, NotPermitted
from digital_painschool.rules.permissions import PATIENT, STAFF, SYSTEM, Action, Scope, allowed
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    BO,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_UNIT,
    PERSON,
    STRANGER,
    staff,
)
from digital_painschool.testing.scenario import Scenario
from tests.scenario import started

ENROLMENT = started()


@pytest.mark.rule("M-06")
def test_every_call_names_an_actor_whom_the_host_has_signed_in() -> None:
    """Otherwise something could be read or changed by nobody."""
    school = Scenario()
    for nobody in (None, "SE2321000131-P000000123456", Patient(PERSON), SystemActor()):
        with pytest.raises(InvalidValue):
            school.school.therapist(nobody)  # type: ignore[arg-type]
        with pytest.raises(InvalidValue):
            school.school.administrator(nobody)  # type: ignore[arg-type]


@pytest.mark.rule("M-06")
def test_an_actor_without_a_role_may_do_nothing() -> None:
    """Otherwise signing in would be enough."""
    nobody = staff(9)
    assert [] == [action for action in Action if allowed(action, nobody, ENROLMENT) or allowed(action, nobody)]


@pytest.mark.rule("M-06")
def test_what_was_read_changed_or_refused_is_in_the_access_log() -> None:
    """Otherwise a patient who asks who has read the record could not be told."""
    school = Scenario()
    id_ = school.start()
    school.advance(hours=1)
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.desk.open_form(id_, PAIN)
    with pytest.raises(NotPermitted):
        school.colleague.open_form(id_, PAIN)
    entries = [entry for _, entry in school.office.access_log(person=ANNA)]
    assert [
        (NURSE.hsa_id, "start", True),
        ("patient", "save-form", True),
        (NURSE.hsa_id, "read-answers", True),
        (NURSE.hsa_id, "mark-form-read", True),
        (COLLEAGUE.hsa_id, "read-answers", False),
        (ARCHIVIST.hsa_id, "see-access-log", True),
    ] == [(entry.by, entry.action, entry.granted) for entry in entries]
    assert {id_, None} == {entry.enrolment_id for entry in entries}
    assert school.now == entries[1].at == entries[0].at + timedelta(hours=1)


@pytest.mark.rule("M-08")
def test_mina_holds_the_therapist_s_own_patients_each_with_its_flags() -> None:
    """Otherwise a therapist would look for the own patients among all, or answer for others'."""
    school = Scenario()
    mine = school.start()
    other = school.start(BO)
    school.coordinator.hand_over(other, COLLEAGUE.hsa_id)
    school.room.save_form(mine, PAIN, {"smarta": 3})
    assert [(mine, 1)] == [(row.enrolment_id, row.flags) for row in school.desk.caseload().rows]
    assert [(other, 0)] == [(row.enrolment_id, row.flags) for row in school.colleague.caseload().rows]


@pytest.mark.rule("M-08")
def test_the_list_comes_in_pages_without_gap_or_repetition() -> None:
    """Otherwise a patient on the edge of two pages would be seen twice, or by nobody."""
    school = Scenario()
    numbers = (ANNA, BO, "195704289999", "194608239986", "190901219931")
    ids = {school.start(number) for number in numbers}
    seen: list[str] = []
    page = school.desk.caseload(limit=2)
    while True:
        seen += [row.enrolment_id for row in page.rows]
        assert len(page.rows) <= 2
        if page.next is None:
            break
        page = school.desk.caseload(page.next, limit=2)
    assert (5, ids) == (len(seen), set(seen))


@pytest.mark.rule("M-08")
def test_the_patient_s_page_has_the_box_the_messages_and_the_timeline_for_its_therapist() -> None:
    """Otherwise one of the tabs Hantera, Meddelande and Tidslinje would be empty."""
    school = Scenario()
    id_ = school.start()
    school.room.write(id_, "Hej")
    assert [FlagKind.MESSAGE_RECEIVED] == [flag.kind for flag in school.desk.to_handle(id_)]
    assert 1 == len(school.desk.conversations(id_))
    assert 3 == len(school.desk.timeline(id_))


@pytest.mark.rule("D-09a")
def test_a_patient_administrator_sees_the_unit_s_list_and_reads_no_answers() -> None:
    """Otherwise who hands over patients could read what they confide."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 10})
    assert [(id_, 1, True)] == [(r.enrolment_id, r.flags, r.priority) for r in school.coordinator.unit_caseload().rows]
    assert [PAIN] == [flag.form for flag in school.coordinator.to_handle(id_)]
    for step in (
        lambda: school.coordinator.open_form(id_, PAIN),
        lambda: school.coordinator.timeline(id_),
        lambda: school.coordinator.conversations(id_),
        school.coordinator.caseload,
        school.desk.unit_caseload,
        lambda: school.desk.hand_over(id_, COLLEAGUE.hsa_id),
    ):
        with school.unchanged(), pytest.raises(NotPermitted):
            step()


@pytest.mark.rule("D-09a")
def test_after_a_hand_over_the_former_therapist_sees_nothing_more() -> None:
    """Otherwise everybody who ever had a patient could read on."""
    school = Scenario()
    id_ = school.start()
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    with school.unchanged(), pytest.raises(NotPermitted):
        school.desk.enrolment(id_)
    assert id_ == school.colleague.enrolment(id_).id


@pytest.mark.rule("M-20")
def test_a_data_administrator_reads_no_patient_s_page() -> None:
    """Otherwise the right to purge would be a right to read."""
    school = Scenario()
    id_ = school.start()
    desk = school.school.therapist(ARCHIVIST)
    with school.unchanged(), pytest.raises(NotPermitted):
        desk.enrolment(id_)
    with school.unchanged(), pytest.raises(NotPermitted):
        desk.timeline(id_)


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("action", Action)
def test_no_role_reaches_into_another_unit(action: Action) -> None:
    """Otherwise the whole region could read every patient."""
    everything = Actor(hsa_id=NURSE.hsa_id, unit=OTHER_UNIT, roles=frozenset(Role))
    assert False is allowed(action, everything, ENROLMENT)


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("action", Action)
def test_no_patient_reaches_into_another_s_enrolment(action: Action) -> None:
    """Otherwise an id from somebody's browser would open somebody's record."""
    other = Patient(PersonId("personnummer", BO))
    assert False is allowed(action, other, ENROLMENT)
    assert (action in PATIENT) is allowed(action, Patient(PERSON), ENROLMENT)


@pytest.mark.rule("M-08")
def test_a_therapist_has_the_own_patients_wherever_the_ids_were_read_and_no_others() -> None:
    """Otherwise ids from the storage would shut a therapist out, or let one in with an id that is near."""
    same = Actor(hsa_id=HsaId(str(NURSE.hsa_id)), unit=HsaId(str(NURSE.unit)), roles=NURSE.roles)
    assert True is allowed(Action.REVIEW, same, ENROLMENT)
    for number in (0, 1, 10**12 - 1):
        assert False is allowed(Action.REVIEW, staff(number, Role.THERAPIST), ENROLMENT)
    for unit in ("SE2321000131-E000000000000", "SE2321000131-E000000000009"):
        assert False is allowed(Action.REVIEW, evolve(same, unit=unit), ENROLMENT)
    assert True is allowed(Action.SAVE_FORM, Patient(PersonId(PERSON.scheme, PERSON.value)), ENROLMENT)


def test_the_worker_delivers_and_does_nothing_else() -> None:
    """Otherwise a bug in the worker could read what patients wrote."""
    assert {Action.DELIVER} == {action for action in Action if allowed(action, SystemActor(), ENROLMENT)} == SYSTEM


def test_only_staff_with_the_role_are_given_what_the_table_says() -> None:
    """Otherwise two roles together would give more than each of them."""
    therapist_only = {action for action, roles in STAFF.items() if set(roles) == {Role.THERAPIST}}
    assert not [action for action in therapist_only if allowed(action, COORDINATOR, ENROLMENT)]
    assert not [action for action in therapist_only if allowed(action, STRANGER, ENROLMENT)]
    own = {action for action, roles in STAFF.items() if roles.get(Role.THERAPIST) is Scope.OWN}
    both = evolve(COLLEAGUE, roles={Role.THERAPIST, Role.PATIENT_ADMINISTRATOR})
    assert {Action.SEE_ENROLMENT, Action.SEE_FLAGS} == {action for action in own if allowed(action, both, ENROLMENT)}
