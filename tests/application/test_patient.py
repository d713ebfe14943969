"""The patient's room: a form's questions are given exactly where the form can be saved."""

from collections.abc import Callable

import pytest

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM, program
from digital_painschool.testing.people import NURSE
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("D-05c")
def test_the_questions_are_those_of_the_version_that_was_started() -> None:
    """Otherwise the answers would be to other questions than those that the program asks of this patient."""
    school = Scenario()
    id_ = school.start()
    newer = program(version="2")
    school.restart(type(school.catalogue)(programs=(newer,)))
    assert PROGRAM.form(PAIN) == school.room.form(id_, PAIN)


def _maintained(school: Scenario, id_: EnrolmentId) -> None:
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)


def _over(school: Scenario, id_: EnrolmentId) -> None:
    school.at("2027-03-02 08:00")


def _ended(school: Scenario, id_: EnrolmentId) -> None:
    school.desk.end(id_, reason="klar")


def _nothing(school: Scenario, id_: EnrolmentId) -> None:
    pass


@pytest.mark.rule("M-14", "M-18", "D-04a")
@pytest.mark.parametrize(
    ("ordering", "before", "form", "rule", "reason"),
    [
        (Ordering.GUIDED, _maintained, PAIN, "M-18", Reason.READ_ONLY_IN_MAINTENANCE),
        (Ordering.GUIDED, _over, PAIN, "D-05a", Reason.ACCESS_IS_OVER),
        (Ordering.GUIDED, _ended, PAIN, "D-19a", Reason.ALREADY_ENDED),
        (Ordering.GUIDED, _nothing, "okänt", "M-14", Reason.UNKNOWN_FORM),
        (Ordering.ENFORCED, _nothing, DAILY, None, None),
        (Ordering.RELEASED, _nothing, DAILY, None, None),
    ],
)
def test_a_form_that_cannot_be_saved_is_not_shown_either(
    ordering: Ordering, before: Callable[[Scenario, str], None], form: str, rule: str | None, reason: Reason | None
) -> None:
    """Otherwise a patient would fill in a form for nothing, or read what is not open yet."""
    school = Scenario(programs=(program(ordering),))
    id_ = school.start()
    before(school, id_)
    with school.unchanged(), pytest.raises(RuleViolation) as shown:
        school.room.form(id_, form)
    with school.unchanged(), pytest.raises(RuleViolation) as saved:
        school.room.save_form(id_, form, {"hemma": "bra"})
    assert (saved.value.rule, saved.value.reason, saved.value.facts) == (
        shown.value.rule,
        shown.value.reason,
        shown.value.facts,
    )
    assert (rule or "D-04a", reason or shown.value.reason) == (shown.value.rule, shown.value.reason)


@pytest.mark.rule("M-05", "M-14")
def test_the_overview_says_where_when_and_what_was_filled_in() -> None:
    """Otherwise a screen would need the unit's staff, or a refused form, to show the patient what there is."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.save_form(id_, PAIN, {"smarta": 4})
    assert 1 == school.room.overview(id_).next_module
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    seen = school.room.overview(id_)
    assert (NURSE.unit, NURSE.hsa_id, START) == (seen.unit, seen.therapist, seen.started_at)
    assert ("2026-04-01", None) == (seen.last_day.isoformat(), seen.next_module)
    assert [(PAIN, "Hälsoskattning", (1, 3), 2)] == [
        (f.form, f.title, f.modules, f.saved) for f in seen.forms if f.saved
    ]
    assert 2 == len(seen.forms)
