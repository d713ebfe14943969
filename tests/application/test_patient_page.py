"""The page "Hantera" in one look, and what may be done from it."""

from collections.abc import Callable
from typing import Any

import pytest

from digital_painschool.application.possible_actions import possible_actions
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import RuleViolation
from digital_painschool.rules.permissions import PATIENT as PATIENT_MAY
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.example import DAILY, PAIN, program
from digital_painschool.testing.people import COLLEAGUE, PATIENT
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("D-08a")
def test_hantera_is_one_look_from_one_state_and_one_line_in_the_log() -> None:
    """Otherwise a screen would take six calls, whose parts may be of different moments."""
    school = Scenario()
    id_ = school.start()
    school.room.read_page(id_, 1, 2)
    school.room.complete_module(id_, 1)
    school.room.save_form(id_, PAIN, {"smarta": 9})
    school.room.write(id_, "Hej")
    logged = len(school.storage.access_entries(school.desk.enrolment(id_).unit))
    page = school.desk.patient_page(id_)
    assert logged + 1 == len(school.storage.access_entries(school.state(id_).unit))
    state = school.state(id_)
    assert (page.version, page.phase, page.therapist) == (state.version, Phase.ACTIVE, state.therapist)
    assert [FlagKind.FORM_SAVED, FlagKind.MESSAGE_RECEIVED] == [flag.kind for flag in page.flags]
    assert (1, 1, True) == (page.counts.unread_forms, page.counts.unread_messages, page.counts.priority)
    assert ([1], 2) == ([module.number for module in page.modules if module.completed], page.next_module)
    assert [(1, 2), (0, 2), (0, 2), (0, 2)] == [(module.pages_read, module.pages) for module in page.modules]
    assert [(PAIN, (1, 3), 1, 1, True), (DAILY, (2,), 0, 0, False)] == [
        (form.form, form.modules, form.saved, form.unread, form.priority) for form in page.forms
    ]
    assert "2027-03-02" == page.last_day.isoformat()
    assert ["klar"] == [reason.key for reason in page.end_reasons][:1]
    school.desk.end(id_, reason="klar")
    ended = school.desk.patient_page(id_)
    assert ended.end_reason is not None
    assert (Phase.ENDED, (), (), "klar") == (ended.phase, ended.flags, ended.end_reasons, ended.end_reason.key)


Attempt = Callable[[Scenario, EnrolmentId], object]
ATTEMPTS: dict[Action, Attempt] = {
    Action.REVIEW: lambda s, e: s.desk.review(e),
    Action.MAINTAIN: lambda s, e: s.desk.maintain(e, days=30, modules=(1,), shortens=True),
    Action.REACTIVATE: lambda s, e: s.desk.reactivate(e),
    Action.END: lambda s, e: s.desk.end(e, reason="klar"),
    Action.HAND_OVER: lambda s, e: s.coordinator.hand_over(e, COLLEAGUE.hsa_id),
    Action.RELEASE_MODULE: lambda s, e: s.desk.release_module(e, next(iter(s.desk.patient_page(e).releasable), 2)),
    Action.MARK_FORM_READ: lambda s, e: s.desk.mark_read(e, PAIN),
    Action.MARK_FLAG_HANDLED: lambda s, e: s.desk.mark_handled(e, FlagKind.PROGRAM_DONE),
    Action.WRITE_MESSAGE: lambda s, e: s.desk.start_conversation(e, "Hej"),
    Action.RENAME_CONVERSATION: lambda s, e: s.desk.rename_conversation(e, 1, "Ny"),
    Action.READ_ANSWERS: lambda s, e: s.desk.form_answers(e, PAIN),
}


def _new(school: Scenario, id_: EnrolmentId) -> None:
    """Do nothing more."""


def _busy(school: Scenario, id_: EnrolmentId) -> None:
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    school.desk.release_module(id_, 2)
    school.desk.release_module(id_, 3)
    school.complete(id_, 1, 2, 3)


def _maintained(school: Scenario, id_: EnrolmentId) -> None:
    _busy(school, id_)
    school.desk.maintain(id_, days=30, modules=(1,), shortens=True)


def _long_maintained(school: Scenario, id_: EnrolmentId) -> None:
    _busy(school, id_)
    school.desk.maintain(id_, days=365, modules=(1,))
    school.at("2027-03-02 08:00")


def _over(school: Scenario, id_: EnrolmentId) -> None:
    _busy(school, id_)
    school.advance(days=366)


def _ended(school: Scenario, id_: EnrolmentId) -> None:
    _busy(school, id_)
    school.desk.end(id_, reason="klar")


@pytest.mark.rule("D-08a")
@pytest.mark.parametrize("lived", [_new, _busy, _maintained, _long_maintained, _over, _ended])
@pytest.mark.parametrize("action", [*ATTEMPTS], ids=lambda action: action.value)
def test_what_may_be_done_is_what_is_done_when_it_is_tried(action: Action, lived: Any) -> None:
    """Otherwise a button would lead to a refusal, or be missing where it is needed."""
    school = Scenario(programs=(program(Ordering.RELEASED),))
    id_ = school.start()
    lived(school, id_)
    desk = school.coordinator if action is Action.HAND_OVER else school.desk
    possible = action in desk.patient_page(id_).actions
    before = school.state(id_)
    try:
        ATTEMPTS[action](school, id_)
        was_done = action is Action.READ_ANSWERS or school.state(id_) != before
    except RuleViolation:
        was_done = False
    assert possible == was_done


def _one_of(*attempts: Attempt) -> Attempt:
    """Return an attempt that succeeds where one of some does."""

    def attempt(school: Scenario, id_: EnrolmentId) -> None:
        refusals = []
        for one in attempts:
            try:
                one(school, id_)
            except RuleViolation as refusal:
                refusals.append(refusal)
        if len(refusals) == len(attempts):
            raise refusals[0]

    return attempt


_MODULES = (1, 2, 3, 4)
ATTEMPTS_OF_PATIENT: dict[Action, Attempt] = {
    Action.SEE_ENROLMENT: lambda s, e: s.room.overview(e),
    Action.SEE_PROGRAM: lambda s, e: s.room.form(e, PAIN),
    Action.OPEN_MODULE: _one_of(*(lambda s, e, n=n: s.room.open_module(e, n) for n in _MODULES)),
    Action.READ_PAGE: _one_of(*(lambda s, e, n=n: s.room.read_page(e, n, 1) for n in _MODULES)),
    Action.COMPLETE_MODULE: _one_of(*(lambda s, e, n=n: s.room.complete_module(e, n) for n in _MODULES)),
    Action.SAVE_FORM: lambda s, e: s.room.save_form(e, PAIN, {"smarta": 3}),
    Action.SAVE_DRAFT: lambda s, e: s.room.save_draft(e, PAIN, {}),
    Action.READ_DRAFT: lambda s, e: s.room.form_page(e, PAIN),
    Action.DISCARD_DRAFT: lambda s, e: s.room.discard_draft(e, PAIN),
    Action.READ_ANSWERS: lambda s, e: s.room.form_answers(e, PAIN),
    Action.READ_CONVERSATION: lambda s, e: s.room.conversations(e),
    Action.WRITE_MESSAGE: lambda s, e: s.room.write(e, "Hej"),
    Action.RENAME_CONVERSATION: lambda s, e: s.room.rename_conversation(e, 1, "Ny"),
}


@pytest.mark.rule("D-08a")
@pytest.mark.parametrize("lived", [_new, _busy, _maintained, _long_maintained, _over, _ended])
@pytest.mark.parametrize("policy", [Policy(), Policy(write_in_maintenance=True)], ids=["reads", "writes"])
def test_what_a_patient_may_do_is_what_is_not_refused(policy: Policy, lived: Any) -> None:
    """Otherwise a portal that asks would draw a patient a button that is refused, or none."""
    assert PATIENT_MAY == ATTEMPTS_OF_PATIENT.keys()
    released = program(Ordering.RELEASED)

    def living() -> tuple[Scenario, EnrolmentId]:
        school = Scenario(programs=(released,), policy=policy)
        id_ = school.start()
        lived(school, id_)
        return school, id_

    def is_refused(attempt: Attempt) -> bool:
        try:
            attempt(*living())
        except RuleViolation:
            return True
        return False

    school, id_ = living()
    possible = possible_actions(PATIENT, school.state(id_), Terms(released, policy), school.now)
    assert {action for action, attempt in ATTEMPTS_OF_PATIENT.items() if not is_refused(attempt)} == possible


@pytest.mark.rule("D-08a", "D-09a")
def test_what_another_role_may_do_is_not_offered() -> None:
    """Otherwise a patient administrator would see buttons that refuse."""
    school = Scenario()
    id_ = school.start()
    may = {Action.SEE_ENROLMENT, Action.SEE_FLAGS, Action.SEE_PROGRAM, Action.HAND_OVER, Action.WITHDRAW}
    assert may == school.coordinator.patient_page(id_).actions
    school.room.write(id_, "Hej")
    assert may - {Action.WITHDRAW} == school.coordinator.patient_page(id_).actions


@pytest.mark.rule("D-08a", "D-15a")
def test_hantera_shows_what_waits_and_not_what_was_read() -> None:
    """Otherwise the page would send the therapist to answers that are read already."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 9})
    school.desk.mark_read(id_, PAIN)
    school.room.save_form(id_, PAIN, {"smarta": 3})
    shown = school.desk.patient_page(id_)
    assert [(2, 1, False), (0, 0, False)] == [(form.saved, form.unread, form.priority) for form in shown.forms]
    assert 1 == shown.counts.unread_forms
    school.room.save_form(id_, PAIN, {"smarta": 9})
    school.desk.end(id_, reason="klar")
    ended = school.desk.patient_page(id_)
    assert [(3, 0, False), (0, 0, False)] == [(form.saved, form.unread, form.priority) for form in ended.forms]
    assert (0, False) == (ended.counts.unread_forms, ended.counts.priority)
