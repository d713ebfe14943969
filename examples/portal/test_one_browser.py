"""Several people at one browser: nothing of the one before is left to the next."""

import pytest
from bs4 import BeautifulSoup

from digital_painschool import EnrolmentId, Profile
from portal.people import ANNA, BJORN
from portal.sample import FILIP
from portal.school import school
from portal.visitor import ClientVisitor, form_data
from portal.walk import sign_in_patient


@pytest.mark.parametrize("page", ["", "vidmakthall", "avsluta", "meddelande/ny", "../../min-profil", "../../starta"])
def test_a_page_of_who_was_there_before_takes_no_step_for_the_next(
    anna: ClientVisitor, elsa: EnrolmentId, page: str
) -> None:
    """Otherwise a colleague at the same browser would act in the other's name, and the log say so."""
    anna.open(f"/personal/patient/{elsa}/{page}")
    drawn, address = anna.page, anna.address
    assert sign_in_over(anna, BJORN.actor.hsa_id) == 302
    before = school().therapist(ANNA.actor).enrolment(elsa)
    for form in drawn.select("main form[method=post]"):
        answer = anna.client.post(str(form.get("action") or address), form_data(form), HTTP_REFERER="http://localhost/")
        assert answer.status_code == 403
        assert "Sidan är för gammal." in answer.content.decode()
    assert before == school().therapist(ANNA.actor).enrolment(elsa)
    assert school().therapist(BJORN.actor).profile().chosen == Profile()


def sign_in_over(visitor: ClientVisitor, who: str) -> int:
    """Sign a member of staff in where somebody is signed in, as another tab does; return the status."""
    page = BeautifulSoup(visitor.client.get("/personal/logga-in").content, "html.parser")
    data = form_data(page.select("form")[-1]) | {"who": [who]}
    return visitor.client.post("/personal/logga-in", data, HTTP_REFERER="http://localhost/").status_code


def test_a_page_is_good_for_whoever_signs_in_again(anna: ClientVisitor, elsa: EnrolmentId) -> None:
    """Otherwise what somebody has typed for an hour would be lost with the session."""
    anna.open(f"/personal/patient/{elsa}/meddelande/ny")
    drawn, address = anna.page, anna.address
    sign_in_over(anna, ANNA.actor.hsa_id)
    sign_in_patient(anna, FILIP)
    anna.page, anna.address = drawn, address
    anna.fill("Meddelande", "Hej!")
    anna.press("Skicka")
    assert "Meddelandet är skickat." in anna.text


@pytest.mark.parametrize("leave", ["/personal/logga-ut", "/personal/logga-in"])
def test_what_was_said_of_a_patient_is_not_said_to_the_next_person(anna: ClientVisitor, leave: str) -> None:
    """Otherwise a sentence that a lost answer left unread would name a patient to whoever signs in afterwards."""
    anna.open("/personal/starta")
    anna.fill("Personnummer", FILIP)
    anna.press("Nytt moment")
    answer = anna.client.post(
        "/personal/starta", form_data(anna.page.select("main form")[-1]), HTTP_REFERER="http://localhost/"
    )
    assert answer.cookies["messages"].value, "a sentence waits to be read"
    if leave == "/personal/logga-ut":
        anna.client.post(leave, form_data(anna.page.select("main form")[-1]), HTTP_REFERER="http://localhost/")
    else:
        sign_in_over(anna, BJORN.actor.hsa_id)
    for page in ("/patient/logga-in", "/personal/logga-in", "/personal/min-profil"):
        anna.open(page)
        assert "Momentet är startat" not in anna.text
