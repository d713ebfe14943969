"""What the walk passes by on the staff's side: filters, pages of lists, released modules, a missing address."""

from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from attrs import evolve
from django.utils.formats import date_format

from digital_painschool import AdapterConfig, EnrolmentId, Ordering, open_school
from portal import office, staff_answers, staff_lists
from portal.people import ANNA, BJORN
from portal.sample import ELSA, FILIP, IDA, PROGRAM, Clock
from portal.school import close, school, school_settings, use
from portal.visitor import ClientVisitor, form_data
from portal.walk import sign_in_patient, sign_in_staff, start_program


@pytest.fixture
def anna(portal: Clock) -> ClientVisitor:
    """Return Anna at "Mina", with three patients."""
    for number in (ELSA, FILIP, IDA):
        school().therapist(ANNA.actor).start(number, program=PROGRAM)
        portal.wait(minutes=1)
    visitor = ClientVisitor()
    sign_in_staff(visitor, "Anna Åberg")
    return visitor


def names(visitor: ClientVisitor) -> list[str]:
    """Return whom a list shows."""
    return [row.get_text(strip=True) for row in visitor.page.select("tbody th")]


def enrolment_of(number: str) -> EnrolmentId:
    """Return a patient's enrolment."""
    (overview,) = school().patient(number).enrolments()
    return overview.enrolment_id


def test_a_list_shows_what_is_asked_for(anna: ClientVisitor) -> None:
    """Otherwise a therapist with many patients would look through them all."""
    school().patient(IDA).save_form(enrolment_of(IDA), "halsoskattning", {"smarta": 3})
    school().therapist(ANNA.actor).end(enrolment_of(FILIP), reason="annan")
    for shown, expected in (
        ("Alla", {"Elsa Ek", "Ida Is"}),
        ("Med flaggor", {"Ida Is"}),
        ("Avslutade", {"Filip Fors"}),
    ):
        anna.fill("Visa", shown)
        anna.press("Visa")
        assert set(names(anna)) == expected
    anna.click("Mina")
    assert "2 pågående patienter, 1 med flaggor" in anna.text
    anna.fill("Ordna", "Tidigast start först")
    anna.press("Visa")
    assert names(anna) == ["Elsa Ek", "Ida Is"]
    anna.open("/personal/?show=finns-inte&sort=inte-heller")
    assert len(names(anna)) == 2


def test_who_is_silent_and_whose_access_ends_soon_are_lists_of_their_own(anna: ClientVisitor, portal: Clock) -> None:
    """Otherwise a patient who has gone away in silence would be noticed when the year is over (D-17b)."""
    portal.wait(minutes=60 * 24 * 15)
    desk = school().therapist(ANNA.actor)
    school().patient(IDA).save_form(enrolment_of(IDA), "halsoskattning", {"smarta": 3})
    desk.maintain(enrolment_of(FILIP), days=14, modules=(1,), shortens=True)
    anna.open("/personal/")
    assert "3 pågående patienter, 1 med flaggor, 1 tyst, 1 vars tillgång snart tar slut" in anna.text
    for shown, expected in (("Tysta", "Elsa Ek"), ("Tillgången tar snart slut", "Filip Fors")):
        anna.fill("Visa", shown)
        anna.press("Visa")
        assert names(anna) == [expected]
    anna.click("Filip Fors")
    assert "tar snart slut" in anna.text
    anna.open(f"/personal/patient/{enrolment_of(ELSA)}/")
    assert "tyst sedan" in anna.text
    for order, first in (("Tysta längst först", "Elsa Ek"), ("Tidigast slut först", "Filip Fors")):
        anna.open("/personal/")
        anna.fill("Ordna", order)
        anna.press("Visa")
        assert names(anna)[0] == first


def test_a_long_list_has_pages_with_its_filters(anna: ClientVisitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a patient beyond the first page would never be seen."""
    monkeypatch.setattr(staff_lists, "PAGE", 2)
    anna.fill("Ordna", "Tidigast start först")
    anna.press("Visa")
    seen = names(anna)
    anna.click("Visa fler")
    assert [*seen, *names(anna)] == ["Elsa Ek", "Filip Fors", "Ida Is"]
    assert not anna.page.find("a", string="Visa fler")


def test_a_long_timeline_has_pages_with_its_filter(anna: ClientVisitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise what happened long ago could not be read."""
    monkeypatch.setattr(staff_answers, "PAGE", 2)
    for pain in (1, 2, 3):
        school().patient(ELSA).save_form(enrolment_of(ELSA), "halsoskattning", {"smarta": pain})
    anna.click("Elsa Ek")
    anna.click("Tidslinje")
    anna.fill("Visa", "Formulär")
    anna.press("Visa")
    assert "gång 3" in anna.text
    assert "gång 1" not in anna.text
    anna.click("Visa äldre")
    assert "gång 1" in anna.text
    assert "Momentet startades" not in anna.text


def test_a_long_log_has_pages_for_one_person(anna: ClientVisitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a look at the log would end with its newest lines, or go on with everybody's."""
    monkeypatch.setattr(office, "PAGE", 1)
    david = ClientVisitor()
    sign_in_staff(david, "David Dahl")
    david.click("Logg")
    david.fill("Personnummer", ELSA)
    david.press("Visa")
    assert "Visa egna patienter" in david.text
    david.press("Visa äldre")
    assert "Starta nytt moment" in david.text
    assert "19850709-9805" in david.text
    david.fill("Personnummer", "850709-9806")
    david.press("Visa")
    assert david.status == 422


def test_an_export_is_downloaded_and_counts(anna: ClientVisitor, portal: Clock) -> None:
    """Otherwise a data administrator would need somebody at the server to fetch the files."""
    enrolment = enrolment_of(ELSA)
    school().therapist(ANNA.actor).end(enrolment, reason="annan")
    david = ClientVisitor()
    sign_in_staff(david, "David Dahl")
    david.click("Export och gallring")
    (form,) = david.page.select("[action='/personal/gallring/ladda-ner']")
    answer = david.client.post("/personal/gallring/ladda-ner", form_data(form))
    assert ("application/zip", "no-store") == (answer.headers["Content-Type"], answer.headers["Cache-Control"])
    assert 'attachment; filename="export-2026-03-02.zip"' == answer.headers["Content-Disposition"]
    with ZipFile(BytesIO(b"".join(answer))) as archive:
        assert {"enrolments.csv", "answers.csv", "enrolments.jsonl"} == {*archive.namelist()}
        assert "198507099805" in archive.read("enrolments.csv").decode()
    portal.wait(days=3700)
    david.open("/personal/gallring")
    assert "Senaste exporter" in david.text
    assert "David Dahl" in david.text
    david.press("Gör en plan")
    assert "Ja" in david.text
    assert "Nej" not in david.text


def test_plans_are_listed_page_by_page(portal: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a plan that waits for its decision would be lost with the tab that showed it."""
    monkeypatch.setattr(office, "PAGE", 1)
    david = ClientVisitor()
    sign_in_staff(david, "David Dahl")
    for _ in range(2):
        david.click("Export och gallring")
        david.press("Gör en plan")
        portal.wait(minutes=1)
    david.fill("Gallringsbeslut", "VGR 1")
    david.press("Godkänn gallring")
    david.click("Export och gallring")
    assert "Godkänd" in david.text
    assert "Öppen" not in david.text
    david.click("Visa äldre")
    assert "Öppen" in david.text
    assert not david.page.find("a", string="Visa äldre")


def test_a_directory_that_is_away_stops_no_start_of_one_s_own(folder: Path, portal: Clock) -> None:
    """Otherwise nobody could be treated while it is away, and "Min profil" would speak of a notification."""
    (folder / "staff.toml").write_text("[")
    anna = ClientVisitor()
    sign_in_staff(anna, "Anna Åberg")
    start_program(anna, ELSA)
    assert "Momentet är startat för Elsa Ek." in anna.text
    anna.open("/personal/min-profil")
    assert anna.status == 503
    assert "Ett annat system svarar inte." in anna.text


def test_who_is_not_in_the_directory_is_told_who_corrects_it(portal: Clock) -> None:
    """Otherwise a therapist would tick the box again and again."""
    bjorn = ClientVisitor()
    sign_in_staff(bjorn, BJORN.name)
    bjorn.click("Min profil")
    assert "Saknas i katalogen" in bjorn.text
    bjorn.tick("Ta emot notifieringar via e-post")
    bjorn.press("Spara")
    assert bjorn.status == 422
    assert "Enhetens katalogansvariga rättar det." in bjorn.text


def test_a_module_is_released_with_a_click(folder: Path, clock: Clock) -> None:
    """Otherwise a clinic that releases module by module could not use the page."""
    settings = evolve(school_settings(folder), storage=AdapterConfig("memory"))
    with open_school(settings) as example:
        (program,) = example.therapist(ANNA.actor).programs()
    released = evolve(program, key="steg", title="Steg för steg", ordering=Ordering.RELEASED)
    use(open_school(evolve(settings, programs=(released,)), clock=clock))
    school().therapist(ANNA.actor).start(ELSA, program="steg")
    elsa, anna = ClientVisitor(), ClientVisitor()
    sign_in_patient(elsa, ELSA)
    assert "När smärtan blir långvarig (stängd)" in elsa.text
    sign_in_staff(anna, "Anna Åberg")
    anna.click("Elsa Ek")
    anna.press("Aktivera modul 2")
    elsa.click("Steg för steg")
    elsa.click("När smärtan blir långvarig")
    close()


def test_time_is_taken_away_by_a_confirmation_and_given_back_with_a_click(anna: ClientVisitor) -> None:
    """Otherwise thirty days typed in the first month would end a year's access, and nobody could undo it."""
    last_day = school().patient(ELSA).overview(enrolment_of(ELSA)).last_day
    anna.click("Elsa Ek")
    anna.click("Vidmakthåll")
    assert "Jag bekräftar" not in anna.text
    anna.fill("Antal dagar", "30")
    anna.choose("Moduler som ska vara tillgängliga", "1. Vad är smärta?")
    anna.press("Vidmakthåll")
    assert f"i stället för {date_format(last_day)}" in anna.text
    anna.tick("Jag bekräftar att patientens tillgång minskar")
    anna.press("Vidmakthåll")
    assert "Momentet är i vidmakthåll." in anna.text
    assert school().patient(ELSA).overview(enrolment_of(ELSA)).last_day < last_day
    anna.press("Tillbaka till aktiv")
    assert "Momentet är aktivt igen." in anna.text
    assert "Tillbaka till aktiv" not in anna.text
    after = school().patient(ELSA).overview(enrolment_of(ELSA))
    assert (after.last_day, after.access.fill_in_forms) == (last_day, True)


def test_a_start_by_mistake_is_withdrawn_with_a_reason(anna: ClientVisitor) -> None:
    """Otherwise a slip would stay in the wrong person's room, with no button that a therapist could find."""
    anna.click("Filip Fors")
    anna.click("Dra tillbaka")
    anna.fill("Orsak", "Fel person")
    anna.press("Dra tillbaka")
    assert "Starten är tillbakadragen." in anna.text
    assert "Tillbakadraget: Fel person" in anna.text
    assert "Vidmakthåll" not in anna.text
    assert () == school().patient(FILIP).enrolments()
    anna.click("Mina")
    assert "Filip Fors" not in names(anna)


def test_a_colleague_who_gets_a_patient_has_a_flag(anna: ClientVisitor) -> None:
    """Otherwise a new patient would be found by chance, and nobody could ask who gave them (D-09b)."""
    anna.click("Mina")
    anna.click("Starta nytt moment")
    anna.fill("Personnummer", "19570428-9999")
    anna.fill("Behandlare", "Björn Berg")
    anna.press("Nytt moment")
    anna.press("Nytt moment")
    bjorn = ClientVisitor()
    sign_in_staff(bjorn, "Björn Berg")
    assert "Ny patient." in bjorn.text
    bjorn.click("Gun Gran")
    assert "Ny patient" in bjorn.text
    assert "från Anna Åberg" in bjorn.text
    bjorn.press("Markera som hanterad: Ny patient")
    assert "Ny patient" not in bjorn.text
