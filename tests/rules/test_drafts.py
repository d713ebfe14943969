"""Drafts: what a draft may hold, and what ends it."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.domain.draft import Draft, draft_tag
from digital_painschool.domain.events import Event
from digital_painschool.domain.form import Form, ManyChoices, Option
from digital_painschool.domain.validation import normalise_answers
from digital_painschool.errors import Reason
from digital_painschool.rules.conversations import start_conversation
from digital_painschool.rules.drafts import check_draft, discarded_drafts, require_shown
from digital_painschool.rules.forms import save_form
from digital_painschool.rules.lifecycle import end, maintain, review
from digital_painschool.rules.ordering import open_module
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.people import NURSE, PATIENT
from tests.scenario import TERMS, refused, started

pytestmark = pytest.mark.rule("D-14a")

FORM = PROGRAM.form(DAILY)
STATE = started()


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"var": ["rygg"], "timmar": 25},
        {"timmar": 0.5, "steg": 51.5},
        {"var": (), "fritext": " " * 40, "dag": ""},
        {"hemma": "ring", "dag": "2026-02-30", "fritext": ""},
    ],
)
def test_a_draft_may_be_anything_that_a_patient_is_still_writing(answers: dict[str, Any]) -> None:
    """Otherwise a page that saves by itself would lose a whole form for one answer that is not finished."""
    assert FORM is not None
    check_draft(FORM, normalise_answers(answers))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("hemma", "okand"),
        ("hemma", ("bra",)),
        ("hemma", 1),
        ("var", "rygg"),
        ("var", ("rygg", "rygg")),
        ("var", ("rygg", "okand")),
        ("timmar", "7"),
        ("steg", ("7",)),
        ("fritext", "x" * 41),
        ("fritext", 7),
        ("dag", "2026-11-220"),
        ("dag", 20261122),
    ],
)
def test_a_draft_holds_no_more_than_a_submission(question: str, answer: Any) -> None:
    """Otherwise a draft would be a place for anything of any size, or could never be sent."""
    assert FORM is not None
    with refused("D-14a", Reason.INVALID_ANSWERS, form=DAILY, questions=(question,)):
        check_draft(FORM, {"hemma": "bra", question: answer})


def test_a_patient_may_tick_every_option() -> None:
    """Otherwise who has pain everywhere, or has lived in all 290 municipalities, would have no draft."""
    keys = tuple(f"kommun-{number}" for number in range(290))
    question = ManyChoices(key="var", text="Var?", options=tuple(Option(key=key, text=key) for key in keys))
    check_draft(Form(key=DAILY, title="Dagbok", questions=(question,)), {"var": keys})


def test_a_scale_takes_whole_numbers_alone() -> None:
    """Otherwise a draft would hold what the page can never have sent."""
    form = PROGRAM.form(PAIN)
    assert form is not None
    check_draft(form, {"smarta": 11})
    for answer in (5.0, "5"):
        with refused("D-14a", Reason.INVALID_ANSWERS, questions=("smarta",)):
            check_draft(form, {"smarta": answer})


def test_an_answer_to_no_question_is_refused_without_its_key() -> None:
    """Otherwise a draft would be a notebook, and its keys end up in a log."""
    assert FORM is not None
    with refused(
        "D-14a",
        Reason.INVALID_ANSWERS,
        questions=(),
        problems=("2 of the answers are for no question of the form",),
    ):
        check_draft(FORM, {"hemma": "bra", "850709-9805": 1, "smarta": 3})


ENDED: dict[str, tuple[tuple[Event, ...], set[str]]] = {
    "a submission": (save_form(STATE, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=START), {PAIN}),
    "maintenance": (maintain(STATE, TERMS, 30, {1}, by=NURSE, at=START + timedelta(days=400)), {PAIN, DAILY}),
    "the end": (end(STATE, TERMS, "klar", (), by=NURSE, at=START), {PAIN, DAILY}),
    "a review": (review(STATE, TERMS, by=NURSE, at=START), set()),
    "a module": (open_module(STATE, TERMS, 1, by=PATIENT, at=START), set()),
    "a message": (start_conversation(STATE, TERMS, "Hej", "Oro", by=NURSE, at=START), set()),
}


@pytest.mark.rule("M-18", "D-19a")
@pytest.mark.parametrize("what", ENDED)
def test_drafts_end_with_a_submission_with_maintenance_and_at_the_end(what: str) -> None:
    """Otherwise a form that was sent would be there as a draft, or a draft be lost because a therapist wrote."""
    events, forms = ENDED[what]
    assert forms == discarded_drafts(events, PROGRAM)


def test_no_printer_shows_the_answers_of_a_draft() -> None:
    """Otherwise what a patient has not even sent would be read in a log."""
    draft = Draft(form=PAIN, saved_at=START, answers={"smarta": 9876})
    assert "9876" not in f"{draft!r} {draft}"
    assert {"smarta": 9876} == draft.answers


def test_a_page_replaces_the_draft_that_it_showed_alone() -> None:
    """Otherwise an old tab would overwrite what was written since, or be told that it is old where nothing came."""
    assert FORM is not None
    drafts = [None, *(Draft(form=DAILY, saved_at=START, answers=one) for one in ({}, {"timmar": 7}, {"timmar": 8}))]
    for stored in drafts:
        require_shown(FORM, stored, None)
        for shown in drafts:
            if shown is stored:
                require_shown(FORM, stored and evolve(stored, saved_at=START + timedelta(days=1)), draft_tag(shown))
            else:
                with refused("D-14a", Reason.VIEW_IS_OLD, form=DAILY):
                    require_shown(FORM, stored, draft_tag(shown))
