"""Law 9: every desk method, every role, every unit, own and others' patients, against a table written by hand."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, Role
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import NotPermitted, RuleViolation
from digital_painschool.testing.example import PAIN, program
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, NURSE, OTHER_UNIT, UNIT, staff
from digital_painschool.testing.scenario import Scenario

OWN, UNIT_WIDE, NEVER = "own patients", "the whole unit", "never"
T, P, D = Role.THERAPIST, Role.PATIENT_ADMINISTRATOR, Role.DATA_ADMINISTRATOR

Call = Callable[[Any, str, Path], object]
# method: (the call, then how far it reaches for a therapist, a patient administrator, a data administrator)
WITH_A_PATIENT: dict[str, tuple[Call, str, str, str]] = {
    "enrolment": (lambda d, e, _: d.enrolment(e), OWN, UNIT_WIDE, NEVER),
    "program": (lambda d, e, _: d.program(e), OWN, UNIT_WIDE, NEVER),
    "end_reasons": (lambda d, e, _: d.end_reasons(e), OWN, UNIT_WIDE, NEVER),
    "next_module": (lambda d, e, _: d.next_module(e), OWN, UNIT_WIDE, NEVER),
    "to_handle": (lambda d, e, _: d.to_handle(e), OWN, UNIT_WIDE, NEVER),
    "patient_page": (lambda d, e, _: d.patient_page(e), OWN, UNIT_WIDE, NEVER),
    "form_answers": (lambda d, e, _: d.form_answers(e, PAIN), OWN, NEVER, NEVER),
    "open_form": (lambda d, e, _: d.open_form(e, PAIN), OWN, NEVER, NEVER),
    "answers": (lambda d, e, _: d.answers(e, PAIN), OWN, NEVER, NEVER),
    "mark_read": (lambda d, e, _: d.mark_read(e, PAIN), OWN, NEVER, NEVER),
    "mark_handled": (lambda d, e, _: d.mark_handled(e, FlagKind.PROGRAM_DONE), OWN, NEVER, NEVER),
    "conversations": (lambda d, e, _: d.conversations(e), OWN, NEVER, NEVER),
    "read_conversation": (lambda d, e, _: d.read_conversation(e, 1), OWN, NEVER, NEVER),
    "start_conversation": (lambda d, e, _: d.start_conversation(e, "Hej"), OWN, NEVER, NEVER),
    "write": (lambda d, e, _: d.write(e, 1, "Hej"), OWN, NEVER, NEVER),
    "rename_conversation": (lambda d, e, _: d.rename_conversation(e, 1, "Ny"), OWN, NEVER, NEVER),
    "timeline": (lambda d, e, _: d.timeline(e), OWN, NEVER, NEVER),
    "notifications": (lambda d, e, _: d.notifications(e), OWN, NEVER, NEVER),
    "review": (lambda d, e, _: d.review(e), OWN, NEVER, NEVER),
    "hand_over": (lambda d, e, _: d.hand_over(e, "SE2321000131-P000000000099"), NEVER, UNIT_WIDE, NEVER),
    "release_module": (lambda d, e, _: d.release_module(e, 2), OWN, NEVER, NEVER),
    "maintain": (lambda d, e, _: d.maintain(e, days=30, modules=(1,)), OWN, NEVER, NEVER),
    "end": (lambda d, e, _: d.end(e, reason="klar"), OWN, NEVER, NEVER),
}
WITHOUT: dict[str, tuple[Call, bool, bool, bool]] = {
    "programs": (lambda d, _, __: d.programs(), True, True, True),
    "identify": (lambda d, _, __: d.identify(BO), True, True, False),
    "start": (
        lambda d, _, __: d.start("195704289999", program="smartskola", therapist=NURSE.hsa_id),
        True,
        True,
        False,
    ),
    "caseload": (lambda d, _, __: d.caseload(), True, False, False),
    "unit_caseload": (lambda d, _, __: d.unit_caseload(), False, True, False),
    "counts": (lambda d, _, __: d.counts(), True, False, False),
    "unit_counts": (lambda d, _, __: d.unit_counts(), False, True, False),
    "profile": (lambda d, _, __: d.profile(), True, False, False),
    "receive_notifications": (lambda d, _, __: d.receive_notifications(email=False), True, False, False),
}
OF_A_PERSON = {"find"}
"""Refused to whom no role lets see any enrolment; whoever may see others' is given nothing."""
OFFICE: dict[str, Call] = {
    "export": lambda d, _, folder: d.export(folder / "export"),
    "plan_purge": lambda d, _, __: d.plan_purge(),
    "plan": lambda d, plan, _: d.plan(plan),
    "approve": lambda d, plan, _: d.approve(plan, decision="RS 1"),
    "purge": lambda d, plan, _: d.purge(plan),
    "receipts": lambda d, _, __: d.receipts(),
    "replay": lambda d, plan, _: d.replay(d.purge(plan)),
    "access_log": lambda d, _, __: d.access_log(),
}
ROOM: dict[str, Call] = {
    "overview": lambda r, e, _: r.overview(e),
    "open_module": lambda r, e, _: r.open_module(e, 1),
    "complete_module": lambda r, e, _: r.complete_module(e, 1),
    "form": lambda r, e, _: r.form(e, PAIN),
    "form_answers": lambda r, e, _: r.form_answers(e, PAIN),
    "save_form": lambda r, e, _: r.save_form(e, PAIN, {"smarta": 3}),
    "conversations": lambda r, e, _: r.conversations(e),
    "read_conversation": lambda r, e, _: r.read_conversation(e, 1),
    "write": lambda r, e, _: r.write(e, "Hej"),
    "rename_conversation": lambda r, e, _: r.rename_conversation(e, 1, "Ny"),
}

ROLES = [frozenset(roles) for size in range(4) for roles in itertools.combinations((T, P, D), size)]
NAMES = ["+".join(sorted(role.value for role in roles)) or "no role" for roles in ROLES]


def busy_school() -> tuple[Scenario, EnrolmentId]:
    """Return a school with a patient of the nurse's, with one of everything, who is done."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    for module in (2, 3):
        school.desk.release_module(id_, module)
    for module in (1, 2, 3):
        school.room.complete_module(id_, module)
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
@pytest.mark.parametrize("method", WITH_A_PATIENT)
def test_what_concerns_a_patient(method: str, roles: frozenset[Role], tmp_path: Path) -> None:
    """Otherwise somebody could read or change what is not theirs."""
    call, *reach = WITH_A_PATIENT[method]
    given = {far for role, far in zip((T, P, D), reach, strict=True) if role in roles}
    for own, same_unit in itertools.product((True, False), repeat=2):
        school, id_ = busy_school()
        who = NURSE.hsa_id if own else staff(77).hsa_id
        actor = Actor(hsa_id=who, unit=UNIT if same_unit else OTHER_UNIT, roles=roles)
        allowed = same_unit and (UNIT_WIDE in given or (own and OWN in given))
        check(school, allowed, lambda a=actor, s=school, e=id_: call(s.school.therapist(a), e, tmp_path))  # type: ignore[misc]


@pytest.mark.rule("M-06")
@pytest.mark.rule("M-08")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
@pytest.mark.parametrize("method", WITHOUT)
def test_what_concerns_no_single_patient(method: str, roles: frozenset[Role], tmp_path: Path) -> None:
    """Otherwise a list or a start would be open to anybody who has signed in."""
    call, *given = WITHOUT[method]
    allowed = any(role in roles for role, gives in zip((T, P, D), given, strict=True) if gives)
    school, id_ = busy_school()
    actor = Actor(hsa_id=staff(77).hsa_id, unit=UNIT, roles=roles)
    check(school, allowed, lambda: call(school.school.therapist(actor), id_, tmp_path))


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-09a")
@pytest.mark.parametrize("roles", ROLES, ids=NAMES)
def test_a_search_gives_what_may_be_opened_and_nothing_else(roles: frozenset[Role]) -> None:
    """Otherwise a search would be a way round the table, or tell a stranger who is in treatment."""
    _, *reach = WITH_A_PATIENT["enrolment"]
    given = {far for role, far in zip((T, P, D), reach, strict=True) if role in roles}
    school, id_ = busy_school()
    for own, same_unit in itertools.product((True, False), repeat=2):
        who = NURSE.hsa_id if own else staff(77).hsa_id
        actor = Actor(hsa_id=who, unit=UNIT if same_unit else OTHER_UNIT, roles=roles)
        allowed = same_unit and (UNIT_WIDE in given or (own and OWN in given))
        if not given & {OWN, UNIT_WIDE}:
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


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("number", [ANNA, BO])
@pytest.mark.parametrize("method", ROOM)
def test_a_patient_is_in_the_own_enrolments_alone(method: str, number: str, tmp_path: Path) -> None:
    """Otherwise an id from somebody's browser would open somebody's record."""
    school, id_ = busy_school()
    check(school, number == ANNA, lambda: ROOM[method](school.school.patient(number), id_, tmp_path))
    assert (number == ANNA) is bool(school.school.patient(number).enrolments())


def test_every_method_of_every_desk_is_in_the_tables() -> None:
    """Otherwise a new method would be open to everybody until somebody notices."""
    school = Scenario()
    for desk, tables in (
        (school.desk, {*WITH_A_PATIENT, *WITHOUT, *OF_A_PERSON}),
        (school.office, {*OFFICE}),
        (school.room, {*ROOM, "enrolments"}),
    ):
        assert tables == {name for name in dir(desk) if not name.startswith("_")}
