"""The access log of what was refused: who tried, and at the unit that keeps the record."""

from collections.abc import Callable

import pytest
from attrs import evolve

from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue, NotFound, NotPermitted, Reason, RuleViolation, StorageError
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Call, Fault, faulty
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    BO,
    COLLEAGUE,
    COORDINATOR,
    NURSE,
    OTHER_ARCHIVIST,
    OTHER_UNIT,
    PERSON,
    STRANGER,
    UNIT,
)
from digital_painschool.testing.scenario import Scenario
from tests.scenario import refused

BO_S = PersonId("personnummer", BO)


def denied(school: Scenario, unit: HsaId = UNIT) -> list[AccessEntry]:
    """Return what a unit's log holds of refusals."""
    office = school.school.administrator(ARCHIVIST if unit == UNIT else OTHER_ARCHIVIST)
    return [entry for _, entry in office.access_log() if not entry.granted]


def facts(entry: AccessEntry) -> tuple[str, HsaId, str, str | None, PersonId | None]:
    """Return what a test compares."""
    return entry.by, entry.unit, entry.action, entry.enrolment_id, entry.person


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-21c")
def test_a_patient_who_was_refused_stands_there_as_the_one_who_tried() -> None:
    """Otherwise the log would say of the patient whose record it is that they tried to break into it."""
    school = Scenario()
    id_ = school.start(ANNA)
    with pytest.raises(NotPermitted):
        school.school.patient(BO).overview(id_)
    assert [("patient", UNIT, "see-enrolment", id_, BO_S)] == [facts(entry) for entry in denied(school)]
    (entry,) = (e for _, e in school.office.access_log(person=BO) if not e.granted)
    assert id_ == entry.enrolment_id


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-21c")
def test_somebody_of_another_unit_who_was_refused_stands_in_the_log_of_the_unit_that_keeps_the_record() -> None:
    """Otherwise whoever answers for the record would never learn that somebody from outside tried to open it."""
    school = Scenario()
    id_ = school.start(ANNA)
    with pytest.raises(NotPermitted):
        school.school.therapist(STRANGER).enrolment(id_)
    expected = (STRANGER.hsa_id, UNIT, "see-enrolment", id_, PERSON)
    assert [expected] == [facts(entry) for entry in denied(school)]
    assert [] == denied(school, OTHER_UNIT)


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-07a")
def test_a_start_that_a_rule_refused_is_logged_as_not_granted() -> None:
    """Otherwise anybody could ask by a start, without a trace, whether a person is in treatment."""
    school = Scenario()
    school.start(ANNA)
    with refused("D-07a", Reason.ALREADY_OPEN):
        school.colleague.start(ANNA, program="smartskola")
    assert [(COLLEAGUE.hsa_id, UNIT, "start", None, PERSON)] == [facts(entry) for entry in denied(school)]


@pytest.mark.rule("M-06")
@pytest.mark.rule("M-08")
def test_a_search_is_logged_for_each_that_was_found_and_for_nobody_found() -> None:
    """Otherwise a search would be a way to look into records without a trace."""
    school = Scenario()
    pain, sleep = school.start(ANNA), school.start(ANNA, key="somnskola")
    before = len(school.office.access_log())
    assert [pain, sleep] == [enrolment.id for enrolment in school.desk.find("850709-9805")]
    entries = [entry for _, entry in school.office.access_log()][before:-1]
    assert [(NURSE.hsa_id, UNIT, "see-enrolment", id_, PERSON) for id_ in (pain, sleep)] == [*map(facts, entries)]
    assert all(entry.granted for entry in entries)
    for actor in (COLLEAGUE, STRANGER):
        assert () == school.school.therapist(actor).find(ANNA)
    assert [(COLLEAGUE.hsa_id, UNIT, "see-enrolment", None, PERSON)] == [*map(facts, denied(school))]
    assert [(STRANGER.hsa_id, OTHER_UNIT, "see-enrolment", None, PERSON)] == [*map(facts, denied(school, OTHER_UNIT))]


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-21c")
def test_whoever_may_see_no_enrolment_is_refused_a_search_and_stands_there_with_the_person() -> None:
    """Otherwise a data administrator could look people up, and the answer would say that there is nobody."""
    school = Scenario()
    school.start(ANNA)
    for number in (ANNA, BO):
        with school.unchanged(), pytest.raises(NotPermitted):
            school.school.therapist(ARCHIVIST).find(number)
    assert [PERSON, BO_S] == [entry.person for entry in denied(school)]
    with pytest.raises(NotPermitted):
        school.school.therapist(ARCHIVIST).find("198507099806")
    assert None is denied(school)[-1].person


# the action that the line names, and a call that no permission but a rule, or the reading of its arguments, refuses
REFUSED: list[tuple[str, Callable[[Scenario, str], object]]] = [
    ("hand-over", lambda s, e: s.coordinator.hand_over(e, NURSE.hsa_id)),
    ("hand-over", lambda s, e: s.coordinator.hand_over(e, "nobody")),
    ("maintain", lambda s, e: s.desk.maintain(e, days=0, modules=(1,))),
    ("maintain", lambda s, e: s.desk.maintain(e, days="x", modules=(1,))),  # type: ignore[arg-type]
    ("end", lambda s, e: s.desk.end(e, reason="?")),
    ("release-module", lambda s, e: s.desk.release_module(e, 1)),
    ("read-answers", lambda s, e: s.desk.answers(e, "?")),
    ("read-answers", lambda s, e: s.desk.open_form(e, "?")),
    ("mark-form-read", lambda s, e: s.desk.mark_read(e, PAIN, up_to=5)),
    ("mark-flag-handled", lambda s, e: s.desk.mark_handled(e, FlagKind.PROGRAM_DONE)),
    ("read-conversation", lambda s, e: s.desk.read_conversation(e, 7)),
    ("write-message", lambda s, e: s.desk.start_conversation(e, " ")),
    ("write-message", lambda s, e: s.desk.write(e, 1, 5)),  # type: ignore[arg-type]
    ("rename-conversation", lambda s, e: s.desk.rename_conversation(e, 7, "Ny")),
    ("see-timeline", lambda s, e: s.desk.timeline(e, form="?")),
    ("see-timeline", lambda s, e: s.desk.timeline(e, [str])),  # type: ignore[list-item]
    ("open-module", lambda s, e: s.room.open_module(e, 99)),
    ("complete-module", lambda s, e: s.room.complete_module(e, 99)),
    ("see-program", lambda s, e: s.room.form(e, "?")),
    ("save-form", lambda s, e: s.room.save_form(e, PAIN, {})),
    ("save-form", lambda s, e: s.room.save_form(e, PAIN, None)),  # type: ignore[arg-type]
    ("read-conversation", lambda s, e: s.room.read_conversation(e, 7)),
    ("write-message", lambda s, e: s.room.write(e, "")),
    ("write-message", lambda s, e: s.room.write(e, "Hej", conversation=1, heading="Ny")),
    ("rename-conversation", lambda s, e: s.room.rename_conversation(e, 7, "Ny")),
    ("start", lambda s, e: s.desk.start(ANNA, program="?")),
    ("start", lambda s, e: s.desk.start(ANNA, program="smartskola")),
    ("start", lambda s, e: s.coordinator.start(ANNA, program="somnskola")),
    ("keep-profile", lambda s, e: s.desk.receive_notifications(email=True, flags=[FlagKind.ENDING])),
    ("approve-purge", lambda s, e: s.office.approve("e-0002", decision="")),
    ("approve-purge", lambda s, e: s.office.approve("?", decision="RS 1")),
    ("purge", lambda s, e: s.office.purge("e-0002")),
    ("plan-purge", lambda s, e: s.office.plan("?")),
]


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-21c")
@pytest.mark.parametrize(("action", "call"), REFUSED, ids=[f"{action}-{n}" for n, (action, _) in enumerate(REFUSED)])
def test_what_a_rule_refuses_leaves_one_line_that_says_so(action: str, call: Callable[[Scenario, str], object]) -> None:
    """Otherwise anybody could learn from refusals who is in treatment, and nobody would find out who asked."""
    school = Scenario()
    id_ = school.start(ANNA)
    school.office.plan_purge()
    with school.unchanged(), pytest.raises((RuleViolation, InvalidValue, NotFound)) as refusal:
        call(school, id_)
    (entry,) = denied(school)
    assert action == entry.action
    of_nobody = action in {"keep-profile", "approve-purge", "purge", "plan-purge"}
    assert (None if of_nobody else PERSON) == entry.person
    assert (None if of_nobody or action == "start" else id_) == entry.enrolment_id
    # The same again, where the log cannot be written: nothing is told of the refusal.
    ports = evolve(school.ports, storage=faulty(school.storage, Fault("log", times=None, of=_is_refusal)))
    school.school = school.another(ports)
    school.desk, school.coordinator = school.school.therapist(NURSE), school.school.therapist(COORDINATOR)
    school.room, school.office = school.school.patient(ANNA), school.school.administrator(ARCHIVIST)
    with school.unchanged(), pytest.raises(StorageError) as failure:
        call(school, id_)
    assert None is failure.value.__cause__ is failure.value.__context__
    assert str(refusal.value) not in str(failure.value)


def _is_refusal(call: Call) -> bool:
    (entries,) = call.args
    return any(not entry.granted for entry in entries)


@pytest.mark.rule("M-08")
def test_a_search_gives_the_ended_too_oldest_first() -> None:
    """Otherwise a patient who comes back would seem to be new."""
    school = Scenario()
    first = school.start(ANNA)
    school.advance(days=1)
    school.desk.end(first, reason="klar")
    school.advance(days=1)
    second = school.start(ANNA)
    assert [first, second] == [enrolment.id for enrolment in school.desk.find(ANNA)]
