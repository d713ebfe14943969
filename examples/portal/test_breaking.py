"""What people do that no screen asks for: old pages, double clicks, other people's patients, made-up addresses."""

from datetime import UTC, datetime

import pytest

from digital_painschool import EnrolmentId, Phase
from portal.people import ANNA, BJORN, DAVID
from portal.sample import ELSA, FILIP, PROGRAM, Clock
from portal.school import school
from portal.visitor import ClientVisitor, form_data
from portal.walk import sign_in_patient, sign_in_staff


def again(visitor: ClientVisitor, button: str, **fields: str) -> tuple[str, str]:
    """Press a button twice on one page, as a double click does; return what both said."""
    drawn, address = visitor.page, visitor.address
    said = []
    for _ in range(2):
        visitor.page, visitor.address = drawn, address
        for field, value in fields.items():
            visitor.fill(field, value)
        visitor.press(button)
        said.append(visitor.text)
    return said[0], said[1]


def test_a_message_sent_by_a_double_click_is_one_message(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the patient would read everything twice."""
    anna.click("Meddelande")
    anna.click("Skapa ny konversation")
    first, second = again(anna, "Skicka", Meddelande="Hej!")
    assert "Meddelandet är skickat." in first
    assert "Meddelandet är skickat." in second
    assert len(school().therapist(ANNA.actor).conversations(elsa)) == 1


def test_a_form_saved_by_a_double_click_is_one_submission(elsa: EnrolmentId) -> None:
    """Otherwise the therapist would see two answers where there is one."""
    visitor = ClientVisitor()
    sign_in_patient(visitor, ELSA)
    visitor.open(f"/patient/moment/{elsa}/modul/3/formular/mitt-mal")
    visitor.choose("Hur troligt", "4")
    drawn, address, chosen = visitor.page, visitor.address, dict(visitor.filled)
    for _ in range(2):
        visitor.page, visitor.address, visitor.filled = drawn, address, dict(chosen)
        visitor.fill("Vad vill du kunna göra?", "Gå till affären")
        visitor.press("Spara")
        assert "Formuläret Mitt mål är sparat." in visitor.text
    assert len(school().therapist(ANNA.actor).answers(elsa, "mitt-mal")) == 1


def test_ending_from_an_old_page_is_refused_and_says_what_came(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise an alarm that came while the page was open would vanish unseen."""
    anna.click("Avsluta")
    school().patient(ELSA).save_form(elsa, "halsoskattning", {"smarta": 10})
    anna.fill("Avslutningsorsak", "Annan orsak")
    anna.press("Avsluta")
    assert anna.status == 422
    assert "Hälsoskattning" in anna.text
    assert school().therapist(ANNA.actor).enrolment(elsa).phase is Phase.ACTIVE
    anna.fill("Avslutningsorsak", "Annan orsak")
    anna.press("Avsluta")
    assert "Momentet är avslutat." in anna.text


def test_marking_from_an_old_page_leaves_what_came_since(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the small box would hide an answer that nobody has seen."""
    room = school().patient(ELSA)
    room.save_form(elsa, "halsoskattning", {"smarta": 3})
    anna.click("Hantera")
    room.save_form(elsa, "halsoskattning", {"smarta": 5})
    anna.press("Markera som läst: Hälsoskattning")
    (flag,) = school().therapist(ANNA.actor).to_handle(elsa)
    assert flag.unread == 1


def test_an_ended_program_has_no_steps_left(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a button would promise what is always refused."""
    school().therapist(ANNA.actor).end(elsa, reason="annan")
    anna.open(anna.address)
    assert {button.get_text(strip=True) for button in anna.page.find_all("button")} == {"Logga ut"}
    anna.open(f"/personal/patient/{elsa}/avsluta")
    anna.press("Avsluta")
    assert anna.status == 422
    visitor = ClientVisitor()
    sign_in_patient(visitor, ELSA)
    assert "Momentet är stängt." in visitor.text
    visitor.open(f"/patient/moment/{elsa}/modul/1/sida/1")
    assert visitor.status == 409


def test_another_therapists_patient_is_not_shown(elsa: EnrolmentId) -> None:
    """Otherwise an address that was passed on would open a stranger's page."""
    bjorn = ClientVisitor()
    sign_in_staff(bjorn, "Björn Berg")
    assert "Elsa Ek" not in bjorn.text
    for page in ("", "avsluta", "tidslinje", "meddelande", "formular/halsoskattning", "modul/1"):
        bjorn.open(f"/personal/patient/{elsa}/{page}")
        assert bjorn.status == 403
        assert "Du har inte behörighet till det här." in bjorn.text


def test_another_patients_program_is_not_shown(elsa: EnrolmentId) -> None:
    """Otherwise patients could read each other's answers."""
    school().therapist(BJORN.actor).start(FILIP, program=PROGRAM)
    filip = ClientVisitor()
    sign_in_patient(filip, FILIP)
    filip.open(f"/patient/moment/{elsa}/")
    assert filip.status == 403


@pytest.mark.parametrize("number", ["850709-9806", "850799-9805", "", "Elsa", "850709-9805" * 2])
def test_a_wrong_number_starts_nothing_and_says_why(anna: ClientVisitor, number: str) -> None:
    """Otherwise a slip would start a program for a stranger, or show an error page."""
    anna.click("Mina")
    anna.click("Starta nytt moment")
    anna.fill("Personnummer", number)
    anna.press("Nytt moment")
    assert anna.status == 422
    assert anna.page.find(class_="errorlist")
    assert len(school().therapist(ANNA.actor).caseload().rows) == 1


def test_a_second_start_says_that_the_patient_has_the_program(anna: ClientVisitor) -> None:
    """Otherwise the therapist would not know what to do instead."""
    anna.click("Mina")
    anna.click("Starta nytt moment")
    anna.fill("Personnummer", ELSA)
    anna.press("Nytt moment")
    anna.press("Nytt moment")
    assert anna.status == 422
    assert "Patienten har redan momentet på enheten, hos Anna Åberg. Fråga behandlaren" in anna.text


def test_who_was_shown_is_who_is_started(portal: Clock) -> None:
    """Otherwise ten digits that are a centenarian before midnight would start a child born that day after it."""
    anna = ClientVisitor()
    sign_in_staff(anna, "Anna Åberg")
    portal.now = datetime(1985, 7, 8, 21, 59, tzinfo=UTC)
    anna.click("Starta nytt moment")
    anna.fill("Personnummer", "8507099805")
    anna.press("Nytt moment")
    assert "18850709-9805" in anna.text
    portal.now = datetime(1985, 7, 8, 22, 1, tzinfo=UTC)
    anna.press("Nytt moment")
    (started,) = school().therapist(ANNA.actor).caseload().rows
    assert started.person.value == "188507099805"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/personal/patient/0123456789abcdef/", 404),
        ("/personal/patient/{elsa}/modul/99", 404),
        ("/personal/patient/{elsa}/formular/finns-inte", 409),
        ("/personal/patient/{elsa}/meddelande/7", 409),
        ("/personal/gallring", 403),
        ("/personal/logg", 403),
        ("/personal/enheten", 403),
        ("/finns-inte", 404),
    ],
)
def test_a_made_up_address_has_a_page_of_its_own(
    anna: ClientVisitor, elsa: EnrolmentId, address: str, status: int
) -> None:
    """Otherwise somebody would be left with a server error and no way back."""
    anna.open(address.format(elsa=elsa))
    assert anna.status == status
    assert anna.page.find("a", string="Till första sidan")


def test_a_changed_hidden_field_is_a_bad_request(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a number that the portal never wrote would be a server error."""
    anna.click("Avsluta")
    for hidden in anna.page.select("[name=expected]"):
        hidden["value"] = "-1"
    anna.fill("Avslutningsorsak", "Annan orsak")
    anna.press("Avsluta")
    assert anna.status == 400


def test_a_form_from_elsewhere_is_refused(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a page of another site could take a step in a therapist's name."""
    answer = anna.client.post(f"/personal/patient/{elsa}/gor/review", {"once": "0"})
    assert answer.status_code == 403
    assert school().therapist(ANNA.actor).enrolment(elsa).reviewed_at is None


def test_each_side_has_a_session_of_its_own(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise a therapist who is also a patient would act as the wrong one."""
    sign_in_patient(anna, FILIP)
    assert "Du har inga moment." in anna.text
    anna.press("Logga ut")
    anna.open("/personal/")
    assert "Elsa Ek" in anna.text
    anna.press("Logga ut")
    anna.open(f"/personal/patient/{elsa}/")
    assert "Vem är du?" in anna.text


@pytest.mark.parametrize("value", ["", "x", "-1", "9" * 40, "\x00", "å" * 3000])
def test_a_made_up_field_is_no_server_error(anna: ClientVisitor, elsa: EnrolmentId, value: str) -> None:
    """Otherwise what a browser's extension or a broken page sends would be told as a fault of the portal's."""
    school().patient(ELSA).save_form(elsa, "halsoskattning", {"smarta": 9})
    david, patient = ClientVisitor(), ClientVisitor()
    sign_in_staff(david, "David Dahl")
    sign_in_patient(patient, ELSA)
    plan = school().administrator(DAVID.actor).plan_purge().id
    staff = (
        "",
        "vidmakthall",
        "dra-tillbaka",
        "meddelande/ny",
        "../../starta",
        "../../dra-tillbaka",
        "../../min-profil",
    )
    pages = [(anna, f"/personal/patient/{elsa}/{page}") for page in staff]
    pages += [(david, f"/personal/{page}") for page in ("logg", "gallring", f"gallring/plan/{plan}")]
    pages += [
        (patient, f"/patient/moment/{elsa}/{page}") for page in ("meddelande/ny", "modul/1/formular/halsoskattning")
    ]
    for visitor, address in pages:
        visitor.open(address)
        for form in visitor.page.select("main form[method=post]"):
            sent = form_data(form)
            names = {str(field["name"]) for field in form.select("[name]")} - {"csrfmiddlewaretoken"}
            for name in names:
                answer = visitor.client.post(
                    str(form.get("action") or address), sent | {name: [value]}, HTTP_REFERER="http://localhost/"
                )
                assert answer.status_code < 500, (address, name)


def test_no_page_is_kept_by_the_browser_and_no_address_has_a_number(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise the back button would show a patient after the sign-out, or a server's log would name one."""
    answer = anna.client.get(f"/personal/patient/{elsa}/")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    links = [str(link["href"]) for link in anna.page.find_all("a")]
    assert not [link for link in links if "9805" in link]


def test_a_text_of_several_lines_is_kept_as_it_was_typed(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise each line's end would count twice, and old and new messages would differ in theirs."""
    anna.click("Meddelande")
    anna.click("Skapa ny konversation")
    anna.fill("Meddelande", "Hej!\r\nHur går det?")
    anna.press("Skicka")
    (message,) = school().therapist(ANNA.actor).read_conversation(elsa, 1).messages
    assert message.text == "Hej!\nHur går det?"


def test_a_message_that_is_too_long_is_refused_and_not_lost(anna: ClientVisitor) -> None:
    """Otherwise the therapist would write it all again."""
    anna.click("Meddelande")
    anna.click("Skapa ny konversation")
    anna.fill("Meddelande", "Hej! " * 2001)
    anna.press("Skicka")
    assert anna.status == 422
    assert "Korta den till högst" in anna.text
    assert "Hej! Hej!" in anna.text
