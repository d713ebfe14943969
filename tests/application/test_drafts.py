"""Drafts in the patient's room: for the patient alone, until the form is sent."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import Conflict, Reason
from digital_painschool.ports.storage import Drafts, load_draft
from digital_painschool.testing.example import DAILY, PAIN, SLEEP, program
from digital_painschool.testing.faults import Fault, FaultPlan, Meanwhile
from digital_painschool.testing.people import ANNA, BO
from digital_painschool.testing.scenario import Scenario
from tests.scenario import beside, refused

pytestmark = pytest.mark.rule("D-14a")


def shown(school: Scenario, id_: EnrolmentId) -> list[Any]:
    """Return all that staff and the patient see beside the draft itself."""
    desk = school.desk
    return [
        *(desk.to_handle(id_), desk.timeline(id_), desk.enrolment(id_), desk.caseload().rows),
        *(desk.answers(id_, PAIN), desk.notifications(id_), school.room.overview(id_)),
    ]


def test_a_draft_is_for_the_patient_alone(tmp_path: Path) -> None:
    """Otherwise staff would read, or be called to, what the patient has not sent."""
    school = Scenario()
    id_ = school.start()
    expected = shown(school, id_)
    school.advance(hours=1)
    school.room.save_draft(id_, PAIN, {"smarta": 9})
    school.now = school.now.replace(hour=7)
    assert expected == shown(school, id_)
    school.room.save_draft(id_, DAILY, {"fritext": "Hemligt"})
    school.desk.end(id_, reason="klar")
    school.office.export(tmp_path)
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and "Hemligt" in file.read_text("utf-8")]


def test_a_draft_is_saved_loaded_and_discarded() -> None:
    """Otherwise a patient who is interrupted would begin anew."""
    school = Scenario(programs=(program(), SLEEP))
    id_, other = school.start(), school.start(ANNA, "somnskola")
    assert None is school.room.draft(id_, PAIN)
    for answers in ({"smarta": 3}, {"smarta": 4}):
        school.advance(minutes=1)
        school.room.save_draft(id_, PAIN, answers)
    draft = school.room.draft(id_, PAIN)
    assert draft is not None
    assert ({"smarta": 4}, PAIN, school.now) == (draft.answers, draft.form, draft.saved_at)
    assert [None, None] == [school.room.draft(other, PAIN), school.room.draft(id_, DAILY)]
    for _ in range(2):
        school.room.discard_draft(id_, PAIN)
        assert None is school.room.draft(id_, PAIN)


def test_sending_the_form_ends_its_draft_and_no_other() -> None:
    """Otherwise the patient would send the same form twice, or lose another one."""
    school = Scenario()
    id_ = school.start()
    for form in (PAIN, DAILY):
        school.room.save_draft(id_, form, {})
    with refused("M-14", Reason.INVALID_ANSWERS):
        school.room.save_form(id_, PAIN, {})
    assert None is not school.room.draft(id_, PAIN), "a form that was refused keeps its draft"
    school.room.save_form(id_, PAIN, {"smarta": 3})
    assert (None, True) == (school.room.draft(id_, PAIN), school.room.draft(id_, DAILY) is not None)


@pytest.mark.rule("M-18", "D-19a")
@pytest.mark.parametrize(
    ("act", "rule", "reason"),
    [
        (
            lambda s, e: s.desk.maintain(e, days=30, modules=(1,), shortens=True),
            "M-18",
            Reason.READ_ONLY_IN_MAINTENANCE,
        ),
        (lambda s, e: s.desk.end(e, reason="klar"), "D-19a", Reason.ALREADY_ENDED),
    ],
    ids=["maintenance", "end"],
)
def test_maintenance_and_the_end_leave_no_draft(
    act: Callable[[Scenario, EnrolmentId], object], rule: str, reason: Reason
) -> None:
    """Otherwise what was never sent would be kept for ten years, or be there again after a change of mind."""
    school = Scenario()
    id_ = school.start()
    for form in (PAIN, DAILY):
        school.room.save_draft(id_, form, {})
    act(school, id_)
    assert [None, None] == [load_draft(school.storage, id_, form) for form in (PAIN, DAILY)]
    calls: list[Callable[[], object]] = [
        partial(school.room.save_draft, id_, PAIN, {}),
        partial(school.room.draft, id_, PAIN),
        partial(school.room.discard_draft, id_, PAIN),
    ]
    for call in calls:
        with school.unchanged(), refused(rule, reason):
            call()


@pytest.mark.rule("D-04a", "D-05a", "D-05c")
def test_who_cannot_send_a_form_has_no_draft_of_it() -> None:
    """Otherwise a draft would be a way around the order of modules, the end of access, or the version."""
    school = Scenario(programs=(program(Ordering.ENFORCED),))
    id_ = school.start()
    with refused("D-04a", Reason.EARLIER_MODULES_FIRST):
        school.room.save_draft(id_, DAILY, {})
    with refused("M-14", Reason.UNKNOWN_FORM):
        school.room.save_draft(id_, "okänt", {})
    school.room.save_draft(id_, PAIN, {})
    school.at("2027-03-02 08:00")
    with refused("D-05a", Reason.ACCESS_IS_OVER):
        school.room.draft(id_, PAIN)


def test_no_desk_of_staff_has_a_call_for_drafts() -> None:
    """Otherwise a page of staff could show one."""
    school = Scenario()
    named = [name for desk in (school.desk, school.office) for name in dir(desk) if "draft" in name]
    assert [] == named
    assert [] == [name for name in dir(TherapistDesk) if "draft" in name]


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("meanwhile", ["message", "end"])
def test_a_draft_that_meets_a_step_is_saved_or_refused_by_the_state_after_it(
    meanwhile: str,
) -> None:
    """Otherwise a therapist's message would lose a draft, or a draft come to life again after the end."""
    quiet = Scenario()
    id_ = quiet.start()
    acts: dict[str, Callable[[], object]] = {
        "message": lambda: quiet.desk.start_conversation(id_, "Hej"),
        "end": lambda: quiet.desk.end(id_, reason="klar"),
    }
    busy = beside(quiet, FaultPlan(Fault("save_draft", does=Meanwhile(lambda _: acts[meanwhile]()))))
    if meanwhile == "end":
        with refused("D-19a", Reason.ALREADY_ENDED):
            busy.patient(ANNA).save_draft(id_, PAIN, {"smarta": 3})
        assert None is load_draft(quiet.storage, id_, PAIN)
    else:
        busy.patient(ANNA).save_draft(id_, PAIN, {"smarta": 3})
        assert None is not load_draft(quiet.storage, id_, PAIN)


@pytest.mark.usefixtures("without_waiting")
def test_a_draft_that_others_always_overtake_is_refused_in_the_end() -> None:
    """Otherwise a page would wait for ever."""
    quiet = Scenario()
    id_ = quiet.start(BO)
    busy = beside(quiet, FaultPlan(Fault("save_draft", does=Conflict("others"), times=None)))
    with pytest.raises(Conflict, match="draft could not be saved"):
        busy.patient(BO).save_draft(id_, PAIN, {})


def test_the_port_has_a_method_for_each_call() -> None:
    """Otherwise a storage would be asked for more than its contract proves."""
    assert {"save_draft"} == {name for name in vars(Drafts) if name.endswith("draft")}
