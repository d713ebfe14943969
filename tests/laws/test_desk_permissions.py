"""Law 9: every desk method, every role, every unit, own and others' patients, against the table of the reference."""

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, Role
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import NotPermitted, RuleViolation
from digital_painschool.testing.example import PAIN, program
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    BO,
    NURSE,
    OPERATOR,
    OTHER_UNIT,
    RESERVE_NUMBER,
    UNIT,
    staff,
)
from digital_painschool.testing.reference import permissions
from digital_painschool.testing.reference.permissions import DESK, FINDERS, OPERATIONS, ROOM, UNIT_METHODS, may
from digital_painschool.testing.scenario import Scenario
from tests.application.desk_calls import public_methods

T, P, D, OPS = Role.THERAPIST, Role.PATIENT_ADMINISTRATOR, Role.DATA_ADMINISTRATOR, Role.OPERATOR

OF_A_PERSON = {"find"}
"""Refused to whom no role lets see any enrolment; whoever may see others' is given nothing."""
OFFICE: dict[str, Callable[[Any, str, Path], object]] = {
    **permissions.OFFICE,
    "replay": lambda office, plan, _: office.replay(office.purge(plan)),
}

ROLES = [frozenset(roles) for size in range(4) for roles in itertools.combinations((T, P, D), size)]
ROLES += [frozenset({OPS}), frozenset(Role)]
NAMES = ["+".join(sorted(role.value for role in roles)) or "no role" for roles in ROLES]


def busy_school() -> tuple[Scenario, EnrolmentId]:
    """Return a school with a patient of the nurse's, with one of everything, who is done."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    for module in (2, 3):
        school.desk.release_module(id_, module)
    school.complete(id_, 1, 2, 3)
    return school, id_


def check(school: Scenario, allowed: bool, call: Callable[[], object]) -> None:
    """Expect that a call is done, or that it is refused and changes nothing."""
    if allowed:
        call()
        return
    with school.unchanged(), pytest.raises(NotPermitted):
        call()


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-09a")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
@pytest.mark.parametrize("method", DESK)
def test_what_concerns_a_patient(method: str, roles: frozenset[Role]) -> None:
    """Otherwise somebody could read or change what is not theirs."""
    for own, same_unit in itertools.product((True, False), repeat=2):
        school, id_ = busy_school()
        who = NURSE.hsa_id if own else staff(77).hsa_id
        actor = Actor(hsa_id=who, unit=UNIT if same_unit else OTHER_UNIT, roles=roles)
        if method == "withdraw":  # what a patient has written in is withdrawn by nobody
            id_ = school.start(BO)
        if method == "reactivate":
            school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
        allowed = may(actor, DESK[method].scopes, UNIT, NURSE.hsa_id)
        check(school, allowed, partial(DESK[method].call, school.school.therapist(actor), id_))


@pytest.mark.rule("M-06")
@pytest.mark.rule("M-08")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
@pytest.mark.parametrize("method", UNIT_METHODS)
def test_what_concerns_no_single_patient(method: str, roles: frozenset[Role]) -> None:
    """Otherwise a list or a start would be open to anybody who has signed in."""
    school, _ = busy_school()
    actor = Actor(hsa_id=staff(77).hsa_id, unit=UNIT, roles=roles)
    allowed = bool(UNIT_METHODS[method].roles & roles)
    check(school, allowed, partial(UNIT_METHODS[method].call, school.school.therapist(actor)))


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-09a")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
def test_a_search_gives_what_may_be_opened_and_nothing_else(roles: frozenset[Role]) -> None:
    """Otherwise a search would be a way round the table, or tell a stranger who is in treatment."""
    school, id_ = busy_school()
    for own, same_unit in itertools.product((True, False), repeat=2):
        who = NURSE.hsa_id if own else staff(77).hsa_id
        actor = Actor(hsa_id=who, unit=UNIT if same_unit else OTHER_UNIT, roles=roles)
        allowed = may(actor, DESK["enrolment"].scopes, UNIT, NURSE.hsa_id)
        if not roles & FINDERS:
            check(school, False, lambda a=actor, s=school: s.school.therapist(a).find(ANNA))  # type: ignore[misc]
            continue
        with school.unchanged():
            found = school.school.therapist(actor).find(ANNA)
        assert ([id_] if allowed else []) == [enrolment.id for enrolment in found]


@pytest.mark.rule("M-08")
@pytest.mark.rule("D-09a")
def test_a_list_holds_the_own_unit_s_patients_alone() -> None:
    """Otherwise a list would show what each row of it refuses."""
    school, id_ = busy_school()
    everything = frozenset(Role)
    for who, unit, own, all_ in (
        (NURSE.hsa_id, UNIT, [id_], [id_]),
        (staff(77).hsa_id, UNIT, [], [id_]),
        (NURSE.hsa_id, OTHER_UNIT, [], []),
    ):
        desk = school.school.therapist(Actor(hsa_id=who, unit=unit, roles=everything))
        assert own == [row.enrolment_id for row in desk.caseload().rows]
        assert all_ == [row.enrolment_id for row in desk.unit_caseload().rows]
        assert (len(own), len(all_)) == (desk.counts().patients, desk.unit_counts().patients)


@pytest.mark.rule("M-20")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
@pytest.mark.parametrize("method", OFFICE)
def test_what_concerns_the_unit_s_records(method: str, roles: frozenset[Role], tmp_path: Path) -> None:
    """Otherwise somebody else than the data administrator could export or purge."""
    school, _ = busy_school()
    plan = school.office.approve(school.office.plan_purge(), decision="RS 1")
    actor = Actor(hsa_id=ARCHIVIST.hsa_id, unit=UNIT, roles=roles)
    check(school, D in roles, lambda: OFFICE[method](school.school.administrator(actor), plan.id, tmp_path))


@pytest.mark.rule("M-20")
@pytest.mark.parametrize("method", OFFICE)
def test_another_unit_s_records_are_out_of_reach(method: str, tmp_path: Path) -> None:
    """Otherwise a data administrator could export or purge the whole region."""
    school, id_ = busy_school()
    school.desk.end(id_, reason="klar")
    plan = school.office.approve(school.office.plan_purge(), decision="RS 1")
    office = school.school.administrator(Actor(hsa_id=ARCHIVIST.hsa_id, unit=OTHER_UNIT, roles=frozenset(Role)))
    if method in {"plan", "approve", "purge", "replay"}:
        with school.unchanged(), pytest.raises(RuleViolation):
            OFFICE[method](office, plan.id, tmp_path)
    else:
        found = OFFICE[method](office, plan.id, tmp_path)
        assert id_ not in repr(found)
        assert all(id_ not in file.read_text("utf-8") for file in tmp_path.rglob("*.*") if file.is_file())


@pytest.mark.rule("D-13d")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
@pytest.mark.parametrize("method", OPERATIONS)
def test_what_concerns_dead_letters(method: str, roles: frozenset[Role]) -> None:
    """Otherwise a therapist could silence a failure, or an operator of one unit send for another."""
    for unit in (UNIT, OTHER_UNIT):
        school = Scenario()
        id_ = school.start(RESERVE_NUMBER)
        school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
        school.deliver()
        [letter] = school.operator.dead_letters().rows
        desk = school.school.operator(Actor(hsa_id=OPERATOR.hsa_id, unit=unit, roles=roles))
        allowed = OPS in roles and (unit == UNIT or method == "dead_letters")
        check(school, allowed, partial(OPERATIONS[method], desk, id_, letter.notification_id))
        if allowed and unit == OTHER_UNIT:
            assert () == desk.dead_letters().rows


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("number", [ANNA, BO])
@pytest.mark.parametrize("method", ROOM)
def test_a_patient_is_in_the_own_enrolments_alone(method: str, number: str) -> None:
    """Otherwise an id from somebody's browser would open somebody's record."""
    school, id_ = busy_school()
    check(school, number == ANNA, partial(ROOM[method], school.school.patient(number), id_))
    assert (number == ANNA) is bool(school.school.patient(number).enrolments())


def test_every_method_of_every_desk_is_in_the_tables() -> None:
    """Otherwise a new method would be open to everybody until somebody notices."""
    school = Scenario()
    for desk, tables in (
        (school.desk, {*DESK, *UNIT_METHODS, *OF_A_PERSON}),
        (school.office, {*OFFICE}),
        (school.operator, {*OPERATIONS}),
        (school.room, {*ROOM, "enrolments"}),
    ):
        assert tables == {*public_methods(desk)}
