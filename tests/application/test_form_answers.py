"""A form's answers with its questions, for a table or a plot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.pretty import pretty_repr

from digital_painschool.application.form_answers import FormAnswers
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.form import Axis, Form
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import Reason
from digital_painschool.rules.forms import score
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.strategies import answers, forms
from tests.scenario import refused


def _answered() -> tuple[Scenario, EnrolmentId]:
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, DAILY, {"hemma": "svart", "var": ("axel", "rygg"), "timmar": 7.5})
    school.room.save_form(id_, DAILY, {"hemma": "bra"})
    return school, id_


@pytest.mark.rule("M-15", "M-16")
def test_the_answers_are_a_table_of_questions_and_submissions() -> None:
    """Otherwise a portal would look up each option's text and each axis in the program file."""
    school, id_ = _answered()
    view = school.desk.form_answers(id_, DAILY)
    rows = {row.question.key: row for row in view.questions}
    assert ("Svårt", "Bra") == rows["hemma"].texts
    assert ("Rygg, Axel", "") == rows["var"].texts
    assert ("7.5", "") == rows["timmar"].texts
    assert (7.5, None) == rows["timmar"].values
    assert (None, None) == rows["hemma"].values
    assert rows["hemma"].axis is None
    assert Axis(lowest=0, highest=24) == rows["timmar"].axis
    assert ((6, 0), (2,), 0) == (view.scores, view.modules, view.read)
    assert [2, 2] == [submission.module for submission in view.submissions]
    assert Axis(lowest=0, highest=56, alert_from=6) == view.score_axis
    assert school.desk.form_answers(id_, PAIN).score_axis is None
    assert Axis(lowest=0, highest=10, alert_from=9) == school.desk.form_answers(id_, PAIN).questions[0].axis


@pytest.mark.rule("M-16", "D-17a")
@given(data=st.data(), form=forms())
def test_each_score_lies_on_its_axis(data: st.DataObject, form: Form) -> None:
    """Otherwise a plot would begin above what an optional question that was left out makes of the score."""
    axis = FormAnswers(form=form, modules=(), submissions=(), read=0, zone=Policy().zone).score_axis
    total = score(form, data.draw(answers(form)))
    assert (axis is None) is (total is None)
    assert axis is None or total is None or axis.lowest <= total <= axis.highest


@pytest.mark.rule("M-06")
def test_no_printer_shows_an_answer() -> None:
    """Otherwise an answer would stand in a log or a report of an error."""
    school, id_ = _answered()
    view = school.desk.form_answers(id_, DAILY)
    for text in (repr(view), pretty_repr(view), repr(view.questions), pretty_repr(view.questions)):
        assert "7.5" not in text


@pytest.mark.rule("M-14", "D-18a")
def test_the_patient_sees_the_own_answers_as_long_as_there_is_access() -> None:
    """Otherwise a patient could not look back, or could after the end."""
    school, id_ = _answered()
    assert 2 == len(school.room.form_answers(id_, DAILY).submissions)
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    assert Phase.MAINTENANCE is school.state(id_).phase
    assert 2 == len(school.room.form_answers(id_, DAILY).submissions)
    school.advance(days=32)
    with refused("D-18a", Reason.ACCESS_IS_OVER):
        school.room.form_answers(id_, DAILY)


@pytest.mark.rule("M-14", "M-16")
@pytest.mark.parametrize(("named", "stored"), [(None, None), (1, 1), (3, 3)])
def test_a_submission_says_from_which_module_it_was_filled_in(named: int | None, stored: int | None) -> None:
    """Otherwise the same form before and after a theme could not be told apart."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3}, module=named)
    assert stored == school.desk.form_answers(id_, PAIN).submissions[0].module


@pytest.mark.rule("M-14")
def test_a_module_that_does_not_carry_the_form_is_refused() -> None:
    """Otherwise a submission would be told of a module that never asked for it."""
    school = Scenario()
    id_ = school.start()
    with school.unchanged(), refused("M-14", Reason.FORM_NOT_IN_MODULE):
        school.room.save_form(id_, PAIN, {"smarta": 3}, module=2)
