"""What people read between the manual's sentences: last days, notices, answers to old pages, numbers and words."""

import re
from pathlib import Path

import pytest
from attrs import evolve

from digital_painschool import EnrolmentId, FlagKind, Policy, YearEnd, open_school
from portal.people import ANNA, BJORN
from portal.sample import ELSA, PROGRAM, Clock
from portal.school import close, school, school_settings, use
from portal.visitor import ClientVisitor
from portal.walk import sign_in_patient, sign_in_staff

HERE = Path(__file__).parent
SAME_FOR_ONE = {"av", "för", "med", "moment", "på"}
"""The words that may stand behind a value of a template: they are the same for one and for several."""


BOX = "Avisera till inkorgen i e-tjänsterna"


@pytest.mark.parametrize("template", sorted(HERE.glob("templates/*.html")), ids=lambda path: path.name)
def test_no_word_behind_a_number_has_one_form_alone(template: Path) -> None:
    """Otherwise a therapist would read "1 olästa": the library's labels have both forms."""
    behind = re.findall(r"\}\}(?:</\w+>)? ([a-zåäö]+)", template.read_text("utf-8"))
    assert {*behind} <= SAME_FOR_ONE


def test_staff_and_patient_read_the_same_last_day(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the two would speak of different days, and the patient be shut out on a day that was promised."""
    patient = ClientVisitor()
    sign_in_patient(patient, ELSA)
    for said in ("2 mars 2027 kl. 10.00", "2 mars 2027"):
        anna.click("Hantera")
        patient.open(f"/patient/moment/{elsa}/")
        for page in (anna, patient):
            assert re.search(rf"Tillgängligt till och med {said}(?! kl)", page.text)
        anna.click("Vidmakthåll")
        assert f"tillgängligt till och med {said}." in anna.text
        school().therapist(ANNA.actor).maintain(elsa, days=365, modules=(1,))


def test_where_the_year_closes_nothing_both_read_so(folder: Path, portal: Clock) -> None:
    """Otherwise a day that is no end would look like one."""
    close()
    chosen = school_settings(folder)
    use(
        open_school(
            evolve(chosen, storage=type(chosen.storage)("memory"), policy=Policy(year_end=YearEnd.FLAG_ONLY)),
            clock=portal,
        )
    )
    elsa = school().therapist(ANNA.actor).start(ELSA, program=PROGRAM).id
    anna, patient = ClientVisitor(), ClientVisitor()
    sign_in_staff(anna, "Anna Åberg")
    sign_in_patient(patient, ELSA)
    portal.wait(days=370)
    for page, address in ((anna, f"/personal/patient/{elsa}/"), (patient, f"/patient/moment/{elsa}/")):
        page.open(address)
        assert "Tillgängligt tills behandlaren vidmakthåller eller avslutar" in page.text
    anna.open(f"/personal/patient/{elsa}/")
    assert "patienten kan fortsätta tills du vidmakthåller eller avslutar" in anna.text
    anna.click("Vidmakthåll")
    anna.fill("Antal dagar", "30")
    anna.choose("Moduler som ska vara tillgängliga", "1. Vad är smärta?")
    anna.press("Vidmakthåll")
    assert "Patienten har nu tillgång utan slutdatum." in anna.text
    anna.tick("Jag bekräftar att patientens tillgång minskar")
    anna.press("Vidmakthåll")
    anna.press("Tillbaka till aktiv")
    assert "Tillgängligt tills behandlaren vidmakthåller eller avslutar" in anna.text


def test_hantera_says_that_a_patient_is_shut_out(anna: ClientVisitor, portal: Clock) -> None:
    """Otherwise the therapist would wait for somebody who cannot come in."""
    assert "Patientens tillgång är slut" not in anna.text
    portal.wait(days=366)
    anna.click("Hantera")
    assert "Patientens tillgång är slut: patienten kan varken läsa, fylla i formulär eller skriva." in anna.text
    anna.click("Meddelande")
    assert "Det går att skriva igen när momentet är i vidmakthåll." in anna.text
    assert "Skapa ny konversation" not in anna.text
    anna.click("Hantera")
    anna.click("Avsluta")
    anna.fill("Avslutningsorsak", "Annan orsak")
    anna.press("Avsluta")
    assert "Patientens tillgång är slut" not in anna.text
    assert "Tillgängligt" not in anna.text


def test_a_patient_reads_no_word_of_a_threshold(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a patient would take for a verdict what tells a therapist whom to read first (D-17a)."""
    school().patient(ELSA).save_form(elsa, "halsoskattning", {"smarta": 9}, module=1)
    patient = ClientVisitor()
    sign_in_patient(patient, ELSA)
    patient.open(f"/patient/moment/{elsa}/modul/1/formular/halsoskattning/svar")
    anna.open(f"/personal/patient/{elsa}/formular/halsoskattning")
    for page, is_told in ((anna, True), (patient, False)):
        assert "Hur ont har du haft" in page.text
        assert is_told is ("Över tröskeln" in page.text)


def test_whoever_ticks_the_box_is_notified_of_a_patient_who_is_done(anna: ClientVisitor) -> None:
    """Otherwise one tick would bring an e-mail for each form and each message (M-22)."""
    anna.click("Min profil")
    anna.tick("Ta emot notifieringar via e-post")
    anna.press("Spara")
    assert {FlagKind.PROGRAM_DONE} == school().therapist(ANNA.actor).profile().chosen.email


def test_an_ended_moment_keeps_nothing_open_in_words(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the page of a closed moment would say that modules are maintained, and which comes next."""
    desk = school().therapist(ANNA.actor)
    desk.maintain(elsa, days=365, modules=(2,))
    anna.click("Hantera")
    assert ("vidmakthålls" in anna.text, "Nästa är" in anna.text) == (True, False)
    desk.end(elsa, reason="annan")
    anna.click("Hantera")
    assert "vidmakthålls" not in anna.text


def test_a_renewal_begins_with_the_modules_of_the_maintenance(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a module would be forgotten at each renewal."""
    school().therapist(ANNA.actor).maintain(elsa, days=365, modules=(2, 5))
    anna.click("Hantera")
    anna.click("Vidmakthåll")
    assert ["2", "5"] == [box["value"] for box in anna.page.select("[name=modules][checked]")]
    anna.fill("Antal dagar", "365")
    anna.press("Vidmakthåll")
    assert {2, 5} == school().therapist(ANNA.actor).enrolment(elsa).maintained


@pytest.mark.parametrize(
    ("tick", "when", "says"),
    [
        ("", None, "Ingen avisering skickas: patienten ser det vid nästa inloggning."),
        (BOX, "Direkt", "Patienten aviseras direkt."),
        (BOX, "Uppsamlat", "Patienten aviseras med nästa uppsamlade avisering."),
        (BOX, None, "Välj Direkt eller Uppsamlat."),
        ("", "Direkt", "Utan bock skickas ingen avisering."),
        ("", "Uppsamlat", "Utan bock skickas ingen avisering."),
    ],
)
def test_it_is_said_whether_the_patient_is_notified(
    anna: ClientVisitor, elsa: EnrolmentId, tick: str, when: str | None, says: str
) -> None:
    """Otherwise a notice that was chosen would not go, and nobody would know."""
    anna.click("Meddelande")
    anna.click("Skapa ny konversation")
    anna.fill("Meddelande", "Hej!")
    if tick:
        anna.tick(tick)
    if when:
        anna.choose("När aviseringen skickas", when)
    anna.press("Skicka")
    assert says in anna.text
    desk = school().therapist(ANNA.actor)
    sent = bool(tick) == (when is not None)
    assert len(desk.conversations(elsa)) == sent
    assert len(desk.notifications(elsa)) == (sent and bool(tick))
    if when and not tick:
        anna.tick("Skicka utan avisering")
        anna.press("Skicka")
        assert "Ingen avisering skickas" in anna.text
        assert [] == [*desk.notifications(elsa)]


@pytest.mark.parametrize("page", ["Skapa ny konversation", "Min konversation"])
def test_an_answer_to_an_old_page_is_asked_for_and_sent_all_the_same(
    anna: ClientVisitor, elsa: EnrolmentId, page: str
) -> None:
    """Otherwise the therapist would answer a question that the patient has just taken back."""
    room, desk = school().patient(ELSA), school().therapist(ANNA.actor)
    room.write(elsa, "Ska jag vila?")
    anna.click("Meddelande")
    anna.click(page)
    anna.fill("Meddelande", "Nej.")
    room.write(elsa, "Det har löst sig.", conversation=1)
    anna.press("Skicka")
    assert "Något nytt har kommit sedan sidan visades: Nytt meddelande." in anna.text
    assert "Nej." in str(anna.page.find(id="id_text"))
    assert 2 == sum(len(desk.read_conversation(elsa, one.number).messages) for one in desk.conversations(elsa))
    anna.press("Skicka")
    assert "Meddelandet är skickat." in anna.text
    assert 3 == sum(len(desk.read_conversation(elsa, one.number).messages) for one in desk.conversations(elsa))


def test_notifications_by_sms_can_be_chosen(anna: ClientVisitor) -> None:
    """Otherwise the manual's last sentence, "via SMS om du vill", would be true of no screen."""
    anna.click("Min profil")
    anna.tick("Ta emot notifieringar via SMS")
    anna.press("Spara")
    assert "Din profil är sparad." in anna.text
    (room,) = (school().patient(ELSA),)
    (mine,) = room.enrolments()
    for module in range(1, 9):
        room.open_module(mine.enrolment_id, module)
        room.complete_module(mine.enrolment_id, module)
    assert 1 <= school().delivery().run().delivered


def test_a_start_for_a_colleague_is_found_by_its_number_and_withdrawn(portal: Clock) -> None:
    """Otherwise whoever typed the wrong number for a colleague could not take it back."""
    school().therapist(ANNA.actor).start(ELSA, program=PROGRAM, therapist=BJORN.actor.hsa_id)
    anna = ClientVisitor()
    sign_in_staff(anna, "Anna Åberg")
    anna.click("Starta nytt moment")
    anna.click("Dra tillbaka en start som blev fel")
    for number, says in (("850709-9806", "sista siffran"), ("570428-9999", "Här finns ingen start")):
        anna.fill("Personnummer", number)
        anna.press("Sök")
        assert says in anna.text
    anna.fill("Personnummer", ELSA)
    anna.press("Sök")
    assert "Digitala smärtskolan för Elsa Ek" in anna.text
    assert "Behandlare: Björn Berg." in anna.text
    anna.fill("Orsak", "Fel person")
    anna.press("Dra tillbaka")
    assert "Starten är tillbakadragen." in anna.text
    assert () == school().patient(ELSA).enrolments()
