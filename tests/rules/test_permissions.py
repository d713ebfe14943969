"""Who may do what. The whole table is tested at the desks, in `tests/laws`; here are the telling examples."""

import pytest
from attrs import evolve

from digital_painschool.domain.people import Actor, HsaId, Patient, PersonId, Role, SystemActor
from digital_painschool.errors import InvalidValue
from digital_painschool.rules.permissions import PATIENT, STAFF, SYSTEM, Action, Scope, allowed
from digital_painschool.testing.people import (
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
