"""The head of each tab, and the unit's zone: with the tab, of its state, and without a log line of their own."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digital_painschool.application.patient_head import PatientHead
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import UNIT
from digital_painschool.testing.scenario import Scenario

HELSINKI = ZoneInfo("Europe/Helsinki")
TABS: dict[str, Callable[[Scenario, EnrolmentId], Any]] = {
    "Hantera": lambda s, e: s.desk.patient_page(e),
    "Meddelande": lambda s, e: s.desk.pages.conversations(e),
    "a conversation": lambda s, e: s.desk.pages.messages(e, 1),
    "Tidslinje": lambda s, e: s.desk.pages.timeline(e),
    "its notifications": lambda s, e: s.desk.pages.notifications(e),
    "a form's answers": lambda s, e: s.desk.form_answers(e, PAIN),
}
"""The tabs of a patient's page, as staff draw them."""
OTHERS: dict[str, Callable[[Scenario, EnrolmentId], Any]] = {
    "Mina": lambda s, e: s.desk.caseload(),
    "what may be typed": lambda s, e: s.desk.limits(),
    "the access log": lambda s, e: s.office.pages.access_log(),
    "the patient's overview": lambda s, e: s.room.overview(e),
    "the patient's limits": lambda s, e: s.room.limits(e),
    "the patient's conversations": lambda s, e: s.room.pages.conversations(e),
    "the patient's conversation": lambda s, e: s.room.pages.messages(e, 1),
    "the patient's answers": lambda s, e: s.room.form_answers(e, PAIN),
}
"""Further views that show times."""


def _lived() -> tuple[Scenario, EnrolmentId]:
    school = Scenario(policy=Policy(zone=HELSINKI))
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 9})
    school.room.write(id_, "Hej")
    school.room.write(id_, "Hej igen", conversation=1)
    return school, id_


@pytest.mark.rule("M-08", "D-08a")
@pytest.mark.parametrize("tab", TABS)
def test_each_tab_has_the_head_of_its_state_in_one_log_line(tab: str) -> None:
    """Otherwise each tab would take a second call for the name above it, and the patient's log a second line."""
    school, id_ = _lived()
    state, logged = school.state(id_), len(school.storage.access_entries(UNIT))
    head: PatientHead = TABS[tab](school, id_).head
    of_marking = 1 if tab == "a conversation" else 0
    assert logged + 1 + of_marking == len(school.storage.access_entries(UNIT))
    assert (id_, state.version, state.person, state.therapist) == (
        head.enrolment_id,
        head.version,
        head.person,
        head.therapist,
    )
    assert ("smartskola", "Exempelprogram", state.phase) == (head.program, head.title, head.phase)
    assert (state.started_at, "2027-03-02", None, True) == (
        head.started_at,
        head.last_day.isoformat(),
        head.ended_at,
        head.is_open,
    )
    assert (2, 1, 2) == (head.to_handle, head.counts.unread_forms, head.counts.unread_messages)
    school.desk.end(id_, reason="klar")
    ended: PatientHead = TABS[tab](school, id_).head
    assert (school.now, False, 0, 0) == (ended.ended_at, ended.is_open, ended.to_handle, ended.counts.unread_forms)


@pytest.mark.rule("D-08a", "D-19b")
def test_the_version_of_a_head_is_good_for_a_step_from_its_tab() -> None:
    """Otherwise what came while a conversation was read would be ended with it unseen."""
    school, id_ = _lived()
    head = school.desk.pages.messages(id_, 1).head
    assert head is not None
    assert head.version < school.state(id_).version
    school.desk.end(id_, reason="klar", expected=head.version)


@pytest.mark.parametrize("view", [name for name in OTHERS if "conversation" in name or "answers" in name])
def test_a_patient_has_no_head_of_staff_s(view: str) -> None:
    """Otherwise the patient's own page would carry the staff's counts."""
    school, id_ = _lived()
    assert None is OTHERS[view](school, id_).head


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize("view", [*TABS, *OTHERS])
def test_each_view_that_shows_times_says_in_which_zone(view: str) -> None:
    """Otherwise a portal would read the unit's settings, or show a time of another place."""
    school, id_ = _lived()
    assert HELSINKI == (TABS | OTHERS)[view](school, id_).zone


@pytest.mark.rule("D-07b", "D-08a")
def test_the_head_of_what_was_withdrawn_is_not_open() -> None:
    """Otherwise a portal would draw buttons that are all refused."""
    school = Scenario()
    id_ = school.start()
    assert school.desk.patient_page(id_).head.is_open
    school.desk.withdraw(id_, "wrong-person")
    assert not school.desk.patient_page(id_).head.is_open
