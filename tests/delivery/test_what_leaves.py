"""What a notification says, and what the log says of it."""

from datetime import timedelta

import attrs
import pytest

from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.notification import Notify
from digital_painschool.errors import InvalidValue
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import NINE, Faulty, asking


@pytest.mark.rule("D-13c")
def test_what_leaves_says_nothing_of_the_message() -> None:
    """Otherwise somebody who looks over the patient's shoulder would read of the treatment."""
    school = Scenario()
    school.desk.start_conversation(school.start(), "hemlighet", heading="hemlig rubrik", notify=Notify.DIRECT)
    school.deliver()
    (notice,) = school.environment.inbox.delivered
    assert {"key", "unit", "person", "template", "link"} == set(attrs.fields_dict(type(notice)))
    assert "hemlig" not in f"{notice!r} {notice.key} {notice.link} {notice.template.text}"
    assert ANNA not in notice.key


def test_a_worker_that_cannot_work_is_refused_at_once() -> None:
    """Otherwise a wrong setting would show as notices that never go."""
    school = Scenario()
    for batch in (0, -1, True, 1.5, None):
        with pytest.raises(InvalidValue):
            school.school.delivery(batch=batch)  # type: ignore[arg-type]
    for lease in (timedelta(0), timedelta(seconds=-1), timedelta(hours=12, microseconds=1), 15, None):
        with pytest.raises(InvalidValue):
            school.school.delivery(lease=lease)  # type: ignore[arg-type]
    school.school.delivery(batch=1, lease=timedelta(hours=12))


@pytest.mark.rule("M-06")
def test_each_enrolment_that_is_told_of_has_a_line_in_the_access_log() -> None:
    """Otherwise a notice that left would have nobody who sent it, or a failed one look like a sent one."""
    school = Faulty()
    both = {asking(school), asking(school, key="somnskola")}
    asking(school, BO)
    school.fails(only=BO)
    school.now = NINE
    assert DeliveryReport(sent=1, delivered=2, retried=1) == school.deliver()
    lines = [entry for _, entry in school.office.access_log() if (entry.by, entry.action) == ("system", "deliver")]
    assert both == {entry.enrolment_id for entry in lines}
    assert [(ANNA, NINE)] * 2 == [(entry.person.value, entry.at) for entry in lines if entry.person is not None]
