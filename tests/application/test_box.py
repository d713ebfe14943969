"""The box of current events as a screen shows it: titles, thresholds in words, and the call that settles each flag."""

from collections.abc import Callable

import pytest

from digital_painschool.application.box import SETTLEMENTS, BoxLine, ReachedThreshold
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import BOX_FLAGS, FlagKind
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import COLLEAGUE, NURSE, RESERVE_NUMBER
from digital_painschool.testing.scenario import Scenario

CALLS: dict[Action, Callable[[Scenario, EnrolmentId, BoxLine], object]] = {
    Action.READ_ANSWERS: lambda s, e, line: s.desk.open_form(e, line.flag.form or ""),
    Action.MARK_FORM_READ: lambda s, e, line: s.desk.mark_read(e, line.flag.form or "", up_to=line.flag.total),
    Action.READ_CONVERSATION: lambda s, e, line: s.desk.pages.messages(e, line.flag.conversation or 0),
    Action.MARK_FLAG_HANDLED: lambda s, e, line: s.desk.mark_handled(e, line.flag.kind),
    Action.MAINTAIN: lambda s, e, line: s.desk.maintain(e, days=30, modules=(1,)),
    Action.REACTIVATE: lambda s, e, line: s.desk.reactivate(e),
    Action.END: lambda s, e, line: s.desk.end(e, reason="klar"),
}
"""The call of each action that settles a flag."""


def _with_every_flag() -> tuple[Scenario, EnrolmentId]:
    school = Scenario()
    id_ = school.start(RESERVE_NUMBER)
    room = school.school.patient(RESERVE_NUMBER)
    room.save_form(id_, PAIN, {"smarta": 9})
    room.write(id_, "Hej")
    school.complete(id_, 1, 2, 3)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    for therapist in (COLLEAGUE, NURSE):
        school.coordinator.hand_over(id_, therapist.hsa_id)
    school.advance(days=366)
    return school, id_


def _after_a_maintenance() -> tuple[Scenario, EnrolmentId]:
    school = Scenario()
    id_ = school.start()
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)
    school.advance(days=31)
    return school, id_


WAYS = [
    (kind, action)
    for kind, one in SETTLEMENTS.items()
    for action in (one.by_reading, one.by_click, *one.by_decision)
    if action is not None
]


@pytest.mark.rule("M-15", "D-17a")
@pytest.mark.parametrize(("kind", "action"), WAYS, ids=[f"{kind.value}-{action.value}" for kind, action in WAYS])
def test_a_flag_is_settled_by_what_the_box_says(kind: FlagKind, action: Action) -> None:
    """Otherwise a portal would draw a button that leaves the flag where it is."""
    school, id_ = _after_a_maintenance() if action is Action.REACTIVATE else _with_every_flag()
    page = school.desk.patient_page(id_)
    [line] = [line for line in page.box if line.flag.kind is kind]
    assert action in page.actions
    assert action in (line.settled_by.by_reading, line.settled_by.by_click, *line.settled_by.by_decision)
    CALLS[action](school, id_, line)
    assert kind not in {line.flag.kind for line in school.desk.patient_page(id_).box}


@pytest.mark.rule("M-15")
def test_what_no_click_settles_has_no_button() -> None:
    """Otherwise a therapist would click a message away that nobody has read."""
    assert {FlagKind.MESSAGE_RECEIVED, FlagKind.ENDING} == {
        kind for kind in BOX_FLAGS if SETTLEMENTS[kind].by_click is None
    }


@pytest.mark.rule("M-15", "D-08a")
def test_the_box_is_the_flags_with_the_titles_of_forms() -> None:
    """Otherwise a portal would look up titles by their keys, or show other lines than there are flags."""
    school, id_ = _with_every_flag()
    page = school.desk.patient_page(id_)
    assert set(BOX_FLAGS) == set(SETTLEMENTS) == {line.flag.kind for line in page.box}
    assert page.flags == tuple(line.flag for line in page.box)
    assert {"Hälsoskattning", None} == {line.title for line in page.box}


@pytest.mark.rule("D-15b", "D-17a")
def test_the_thresholds_are_told_in_the_words_of_the_program_and_no_answer_is() -> None:
    """Otherwise a portal would show keys, or an administrator would read what a patient answered."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, DAILY, {"hemma": "ring", "steg": 44, "fritext": "Det gör ont"})
    [line] = school.coordinator.patient_page(id_).box
    assert ("Vardagen", True) == (line.title, line.flag.priority)
    assert (
        ReachedThreshold(question=None, question_text="Vardagen", threshold=6),
        ReachedThreshold(
            question="hemma", question_text="Hur går det hemma?", threshold=None, alerting_options=("Ring mig",)
        ),
        ReachedThreshold(question="steg", question_text="Trappor?", threshold=40),
    ) == line.why
    assert ["6", "Ring mig", "40"] == [one.meaning for one in line.why]
    assert all(hidden not in repr(line) for hidden in ("44", "Det gör ont"))


def test_a_threshold_is_told_with_its_unit_and_all_its_digits() -> None:
    """Otherwise 1 500 000 would be shown as 1.5e+06."""
    told = [
        ReachedThreshold(question="q", question_text="?", threshold=threshold, unit_label="timmar").meaning
        for threshold in (7.5, 8.0, 1_234_567.5, 1_500_000)
    ]
    assert ["7.5 timmar", "8 timmar", "1234567.5 timmar", "1500000 timmar"] == told
