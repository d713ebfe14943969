"""The access log of what was refused: who tried, and at the unit that keeps the record."""

import pytest

from digital_painschool.errors import NotPermitted, Reason
from digital_painschool.people import HsaId, PersonId
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.testing.people import (
    ANNA,
    ARCHIVIST,
    BO,
    COLLEAGUE,
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
    """Give what a unit's log holds of refusals."""
    office = school.school.administrator(ARCHIVIST if unit == UNIT else OTHER_ARCHIVIST)
    return [entry for _, entry in office.access_log() if not entry.granted]


def facts(entry: AccessEntry) -> tuple[str, HsaId, str, str | None, PersonId | None]:
    """Give what a test compares."""
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
