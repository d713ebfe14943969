"""Forms of the program on the screen: every kind of question there and back, drafts, and plots."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from digital_painschool import (
    AdapterConfig,
    EndReason,
    EnrolmentId,
    Form,
    FormAnswers,
    Module,
    Page,
    Program,
    Scale,
    Submission,
    Text,
    open_school,
)
from portal.people import ANNA
from portal.plots import plots
from portal.sample import ELSA, PROGRAM, Clock
from portal.school import school, school_settings, use
from portal.visitor import ClientVisitor
from portal.walk import sign_in_patient


@pytest.fixture
def elsa(portal: Clock) -> EnrolmentId:
    """Start the program for Elsa."""
    return school().therapist(ANNA.actor).start(ELSA, program=PROGRAM).id


@pytest.fixture
def plan(elsa: EnrolmentId) -> ClientVisitor:
    """Return Elsa at the form with most kinds of questions."""
    visitor = ClientVisitor()
    sign_in_patient(visitor, ELSA)
    visitor.open(f"/patient/moment/{elsa}/modul/5/formular/aktivitetsplan")
    return visitor


def fill_in(plan: ClientVisitor, minutes: str) -> None:
    """Answer every question."""
    plan.choose("Vad vill du göra mer av?", "Gå ut och gå", "Vila utan krav")
    plan.fill("Hur många minuter åt gången klarar du också en sämre dag?", minutes)
    plan.fill("Hur mycket planerad vila behöver du om dagen? (frivillig)", "1,5")
    plan.fill("Vilken dag börjar du?", "2026-03-09")
    plan.fill("Vad kan komma i vägen, och vad gör du då? (frivillig)", "Regn. Jag går ändå.")


def test_every_kind_of_answer_is_kept_as_it_was_given(plan: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a list, a decimal comma or a date would be lost on the way."""
    fill_in(plan, "15")
    plan.press("Spara")
    assert "Formuläret Aktivitetsplan är sparat." in plan.text
    (saved,) = school().therapist(ANNA.actor).answers(elsa, "aktivitetsplan")
    assert saved.module == 5
    assert dict(saved.answers) == {
        "aktiviteter": ("promenad", "vila"),
        "minuter": 15,
        "vila": 1.5,
        "start": "2026-03-09",
        "hinder": "Regn. Jag går ändå.",
    }


def test_a_program_may_have_any_key(folder: Path, portal: Clock) -> None:
    """Otherwise a full stop in a form's key would be a server error, and an answer would be read as a hidden field."""
    questions = tuple(Text(key=key, text=f"Vad är {key}?", required=False) for key in ("do", "once", "replaces"))
    asked = Form(key="v.1", title="V", questions=questions)
    pages = (Page(title="Sida", text="", forms=(asked.key,)),)
    modules = (Module(number=1, title="M", pages=pages),)
    reasons = (EndReason(key="annan", title="Annan"),)
    program = Program(
        key="p", version="1", title="P", modules=modules, forms=(asked,), required=(1,), end_reasons=reasons
    )
    settings = evolve(school_settings(folder), storage=AdapterConfig("memory"), programs=(program,), offered=())
    use(open_school(settings, clock=portal))
    elsa = school().therapist(ANNA.actor).start(ELSA, program="p").id
    visitor = ClientVisitor()
    sign_in_patient(visitor, ELSA)
    visitor.open(f"/patient/moment/{elsa}/modul/1/sida/1")
    visitor.click("Fyll i V")
    for key in ("do", "once", "replaces"):
        visitor.fill(f"Vad är {key}? (frivillig)", "draft")
    visitor.press("Spara")
    (saved,) = school().therapist(ANNA.actor).answers(elsa, "v.1")
    assert dict(saved.answers) == dict.fromkeys(("do", "once", "replaces"), "draft")


@pytest.mark.parametrize("minutes", ["många", "241", "1,5", ""])
def test_a_wrong_answer_is_said_at_its_question_and_the_others_stay(plan: ClientVisitor, minutes: str) -> None:
    """Otherwise the patient would have to look for the slip, or to fill in everything again."""
    fill_in(plan, minutes)
    plan.press("Spara")
    assert plan.status == 422
    (field,) = plan.page.find_all("input", {"aria-invalid": "true"})
    assert field["name"] == "answer-minuter"
    assert "1,5" in str(plan.page.find(id="id_answer-vila"))
    assert plan.page.title is not None
    assert plan.page.title.get_text().startswith("Fel:")


def test_a_draft_comes_back_as_it_was_left_and_is_gone_when_saved(plan: ClientVisitor) -> None:
    """Otherwise the patient would fill in everything again, or find an old draft after saving."""
    plan.fill("Hur mycket planerad vila behöver du om dagen? (frivillig)", "1,5")
    plan.choose("Vad vill du göra mer av?", "Vila utan krav")
    plan.press("Spara utkast")
    assert plan.page.find(id="id_answer-vila", value="1,5")
    assert [box["value"] for box in plan.page.find_all("input", checked=True)] == ["vila"]
    fill_in(plan, "20")
    address = plan.address
    plan.press("Spara")
    plan.open(address)
    assert "utkast från" not in plan.text


def test_a_draft_can_be_thrown_away(plan: ClientVisitor) -> None:
    """Otherwise what somebody has thought better of would stay."""
    plan.fill("Vilken dag börjar du?", "2026-03-09")
    plan.press("Spara utkast")
    assert "utkast från" in plan.text
    plan.press("Släng utkastet")
    assert "utkast från" not in plan.text


HINDER = "Vad kan komma i vägen, och vad gör du då? (frivillig)"


def other_tab(plan: ClientVisitor) -> ClientVisitor:
    """Return a second tab of the same browser, at the same form."""
    tab = ClientVisitor()
    tab.client = plan.client
    tab.open(plan.address)
    return tab


def test_an_old_tab_is_told_of_the_newer_draft_and_keeps_what_was_typed(plan: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the patient would lose one of two texts, and never learn of it."""
    tab, room = other_tab(plan), school().patient(ELSA)
    plan.fill(HINDER, "Det nyare")
    plan.press("Spara utkast")
    tab.fill(HINDER, "Det äldre fönstret")
    tab.press("Spara utkast")
    assert tab.status == 422
    assert "Det finns ett nyare utkast än det som sidan visade." in tab.text
    assert "Det äldre fönstret" in str(tab.page.find(id="id_answer-hinder"))
    found = room.draft(elsa, "aktivitetsplan")
    assert found is not None
    assert {"hinder": "Det nyare"} == found.answers
    reading = other_tab(plan)
    reading.open(str(next(a for a in tab.page.find_all("a") if "nyare utkastet" in a.get_text())["href"]))
    assert "Det nyare" in str(reading.page.find(id="id_answer-hinder"))
    tab.press("Spara utkast")
    assert "Utkastet är sparat." in tab.text
    assert "Det äldre fönstret" in str(tab.page.find(id="id_answer-hinder"))


def test_another_refusal_does_not_make_an_old_tab_a_new_one(plan: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a slip in one answer would open the way to overwrite the newer draft."""
    tab = other_tab(plan)
    plan.fill(HINDER, "Det nyare")
    plan.press("Spara utkast")
    fill_in(tab, "många")
    for button, says in (("Spara", "minuter"), ("Spara utkast", "nyare utkast")):
        tab.press(button)
        assert tab.status == 422
        assert says in tab.text
        tab.fill("Hur många minuter åt gången klarar du också en sämre dag?", "15")
    found = school().patient(ELSA).draft(elsa, "aktivitetsplan")
    assert found is not None
    assert {"hinder": "Det nyare"} == found.answers


def test_a_tab_whose_draft_was_sent_keeps_what_was_typed(plan: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a form that was sent would be there as a draft again, or what was typed be gone."""
    plan.fill(HINDER, "Regn")
    plan.press("Spara utkast")
    tab, discarding = other_tab(plan), other_tab(plan)
    fill_in(plan, "15")
    plan.press("Spara")
    discarding.press("Släng utkastet")
    assert "Inget är slängt" in str(discarding.page)
    tab.fill(HINDER, "Snö")
    tab.press("Spara utkast")
    assert "Utkastet som sidan visade är skickat eller slängt." in tab.text
    assert "Snö" in str(tab.page.find(id="id_answer-hinder"))
    assert None is school().patient(ELSA).draft(elsa, "aktivitetsplan")
    tab.press("Spara utkast")
    assert "Utkastet är sparat." in tab.text


def test_a_double_click_and_a_late_repeat_save_one_draft(plan: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the second click would be told of a newer draft, which is its own."""
    plan.fill(HINDER, "Regn")
    form = plan.page.select_one("form.questions")
    assert form is not None
    request = {str(one["name"]): str(one["value"]) for one in form.select("input[type=hidden]")}
    request |= {"hinder": "Regn", "do": "draft"}
    for _ in range(2):
        assert 302 == plan.client.post(plan.address, request).status_code
    tab = other_tab(plan)
    assert "Utkastet är sparat." in tab.text
    tab.fill(HINDER, "Snö")
    tab.press("Spara utkast")
    assert 302 == plan.client.post(plan.address, request).status_code
    found = school().patient(ELSA).draft(elsa, "aktivitetsplan")
    assert found is not None
    assert {"hinder": "Snö"} == found.answers


def test_a_plot_has_a_point_for_each_answer_and_says_texts_as_they_are() -> None:
    """Otherwise a plot would hide an answer, or a sign in a question would break the page."""
    form = Form(key="f", title="F", questions=(Scale(key="q", text="Mer < mindre?", scored=True, alert_from=9),))
    at = datetime(2026, 3, 2, tzinfo=UTC)
    first = Submission(form="f", number=1, saved_at=at, answers={"q": 3}, score=3, alert=False)
    answers = FormAnswers(
        form=form, modules=(1,), submissions=(first, evolve(first, number=2)), read=0, zone=ZoneInfo("Europe/Stockholm")
    )
    scores, question = plots(answers)
    assert scores.drawing.count("<circle") == 2
    assert "Mer &lt; mindre?" in question.drawing
