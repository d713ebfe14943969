"""A damaged row stops nobody else's notification, note or page."""

import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import AccessEnded, PatientSilent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import POINTED_OUT, Policy
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.environment import stored_at
from digital_painschool.testing.people import ANNA, BO, CILLA, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute


def damaged_school(url: str) -> tuple[Scenario, Scenario]:
    """Return a school with three patients to be told of a message, then the same as another process sees it.

    The row of the second of them cannot be read.
    """
    first = Scenario(stored_at(url))
    for number in (ANNA, BO, CILLA):
        first.desk.start_conversation(first.start(number), "Hej", notify=Notify.COLLECTED)
    execute(url, "UPDATE enrolments SET state = '{}' WHERE id = 'e-0002'")
    return first, Scenario(stored_at(url))


@pytest.mark.rule("D-13a")
def test_a_row_that_cannot_be_read_stops_nobody_else_s_notification(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise one damaged row would silence all patients of the region."""
    before, school = damaged_school(url)
    with before.school, school.school:
        with pytest.raises(StorageError):
            school.desk.enrolment(EnrolmentId("e-0002"))
        school.at("2026-03-02 09:00")
        assert DeliveryReport(sent=2, delivered=2, waiting=1) == school.deliver()
        assert {ANNA, CILLA} == {notice.person.value for notice in school.environment.inbox.delivered}
        assert "cannot be read" in caplog.text
        assert BO not in caplog.text
        assert DeliveryReport() == school.deliver()
        assert [0] == [record.attempts for record in load_notifications(school.storage, EnrolmentId("e-0002"))]
        execute(url, "UPDATE enrolments SET state_shape = 0 WHERE id = 'e-0002'")
        school.at("2026-03-02 09:59:59.999999")
        assert DeliveryReport() == school.deliver()
        school.at("2026-03-02 10:00")
        assert DeliveryReport(sent=1, delivered=1) == school.deliver()


@pytest.mark.rule("D-05a")
@pytest.mark.parametrize("batch", [1, 2, 200])
def test_a_row_that_cannot_be_read_stops_the_noting_of_nobody_else_s_end(url: str, batch: int) -> None:
    """Otherwise one damaged row would keep every other patient's therapist from being told that access is over."""
    before, school = damaged_school(url)
    with before.school, school.school:
        school.at("2027-03-02 08:00")
        done = school.school.delivery(batch=batch).run()
        assert 2 == done.accesses_ended
        for id_ in map(EnrolmentId, ("e-0001", "e-0003")):
            assert AccessEnded in [type(event) for event in school.events(id_)]
        execute(url, "UPDATE enrolments SET state_shape = 0 WHERE id = 'e-0002'")
        assert 1 == school.school.delivery(batch=batch).run().accesses_ended


@pytest.mark.rule("D-17b")
@pytest.mark.parametrize("damaged", ["''", "'nonsense'"])
def test_a_unit_that_cannot_be_read_hides_no_other(url: str, damaged: str) -> None:
    """Otherwise one damaged row would keep a region's therapists from being told of silent patients."""
    with Scenario(stored_at(url)) as school:
        for number in (ANNA, BO):
            school.start(number)
        execute(url, f"UPDATE enrolments SET unit = {damaged} WHERE id = 'e-0001'")  # noqa: S608 - our own text
        assert (UNIT,) == school.storage.open_units()


@pytest.mark.rule("D-17b")
@pytest.mark.parametrize("column", ["state", "phase", "started_at", "access_until"])
def test_a_row_that_cannot_be_read_hides_no_silence_of_another(url: str, column: str) -> None:
    """Otherwise one damaged row would keep a unit's therapists from being told of silent patients."""
    if url.startswith("postgresql") and column.endswith(("_at", "_until")):
        pytest.skip("PostgreSQL stores nothing but an instant there")
    with Scenario(stored_at(url), policy=Policy(staff_flags=POINTED_OUT)) as school:
        for number in (ANNA, BO):
            school.start(number)
        execute(url, f"UPDATE enrolments SET {column} = 'nonsense' WHERE id = 'e-0001'")  # noqa: S608 - our own text
        school.advance(days=15)
        assert school.deliver().pointed_out
        assert PatientSilent in [type(event) for event in school.events(EnrolmentId("e-0002"))]
        assert 0 == school.deliver().pointed_out
