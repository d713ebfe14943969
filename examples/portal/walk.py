"""The manual's walk, from "Starta nytt moment" to "gallring", as the people at the screens take it."""

from collections.abc import Callable

from django.utils.formats import date_format

from .sample import Clock
from .school import school
from .visitor import Visitor

TOMORROW = 24
ELSA, NUMBER = "Elsa Ek", "850709-9805"


def walk(new_visitor: Callable[[], Visitor], clock: Clock) -> None:
    """Take the walk: a therapist, a patient and both administrators, each with a browser of their own."""
    anna, elsa, david = new_visitor(), new_visitor(), new_visitor()
    _start(anna)
    _first_day(elsa)
    _answer(anna, clock)
    _read_answer(elsa)
    _change_therapist(new_visitor())
    _finish(elsa)
    _a_year_later(anna, clock)
    _read_on(elsa)
    _end(anna)
    _shut_out(elsa)
    _purge(david, clock)
    _look_for_losses(new_visitor())


def sign_in_staff(visitor: Visitor, name: str) -> None:
    """Sign a member of staff in."""
    visitor.open("/personal/")
    visitor.choose("Vem är du?", name)
    visitor.press("Logga in")


def sign_in_patient(visitor: Visitor, number: str) -> None:
    """Sign a patient in."""
    visitor.open("/patient/")
    visitor.fill("Personnummer", number)
    visitor.press("Logga in")


def start_program(visitor: Visitor, number: str) -> None:
    """Start the program for a patient."""
    visitor.click("Starta nytt moment")
    visitor.fill("Personnummer", number)
    visitor.fill("Moment", "Digitala smärtskolan")
    visitor.press("Nytt moment")
    visitor.press("Nytt moment")


def _start(anna: Visitor) -> None:
    sign_in_staff(anna, "Anna Åberg")
    assert "Här finns inga patienter." in anna.text
    anna.click("Min profil")
    anna.tick("Ta emot notifieringar via e-post")
    anna.choose("Notifiera om", "Klar med momentet")
    anna.press("Spara")
    assert "Din profil är sparad." in anna.text
    anna.click("Mina")
    anna.click("Starta nytt moment")
    anna.fill("Personnummer", "8507099806")
    anna.press("Nytt moment")
    assert "sista siffran stämmer inte" in anna.text
    anna.fill("Personnummer", "8507099805")
    anna.press("Nytt moment")
    assert "19850709-9805" in anna.text
    anna.press("Nytt moment")
    anna.click(ELSA)
    assert "Inget att hantera just nu." in anna.text


def _first_day(elsa: Visitor) -> None:
    sign_in_patient(elsa, NUMBER)
    assert "Exempelinnehåll, inte för patienter." in elsa.text
    elsa.click("Fortsätt med modul 1")
    while "Fyll i Hälsoskattning" not in elsa.text:
        elsa.click("Nästa sida")
    elsa.click("Fyll i Hälsoskattning")
    elsa.press("Spara")
    assert "Frågan behöver ett svar." in elsa.text
    elsa.choose("Hur ont", "7")
    elsa.press("Spara utkast")
    elsa.choose("Hur ont", "9")
    elsa.choose("Hur har du sovit", "2")
    elsa.press("Spara")
    assert "Formuläret Hälsoskattning är sparat." in elsa.text
    elsa.click("Meddelande")
    elsa.click("Skriv till din behandlare")
    elsa.fill("Meddelande till din behandlare", "Ska jag göra en modul i veckan?")
    elsa.press("Skicka")
    assert "Meddelandet är skickat." in elsa.text


def _answer(anna: Visitor, clock: Clock) -> None:
    anna.click("Mina")
    assert "Prioriterad" in anna.text
    anna.click(ELSA)
    anna.click("Hälsoskattning")
    assert "Över tröskeln" in anna.text
    anna.click("Hantera")
    anna.click("Nytt meddelande")
    anna.fill("Meddelande", "Ja, det är ett bra tempo.")
    anna.tick("Avisera till inkorgen i e-tjänsterna")
    anna.choose("När aviseringen skickas", "Uppsamlat")
    anna.press("Skicka")
    anna.click("Min konversation")
    anna.fill("Trådrubrik", "Tempo")
    anna.press("Spara")
    anna.click("Meddelande")
    anna.click("Skapa ny konversation")
    anna.fill("Meddelande", "Hör av dig om du undrar något.")
    anna.press("Skicka")
    anna.click("Hantera")
    anna.press("Markera som granskad")
    assert "Inget att hantera just nu." in anna.text
    clock.wait(hours=TOMORROW)
    school().delivery().run()
    anna.click("Tidslinje")
    anna.fill("Visa", "Formulär: Hälsoskattning")
    anna.press("Visa")
    assert "Formulär sparades: Hälsoskattning" in anna.text
    assert "uppsamlat" in anna.text
    assert "Framlämnad" in anna.text


def _read_answer(elsa: Visitor) -> None:
    elsa.click("Digitala smärtskolan")
    elsa.click("Meddelande (olästa: 2)")
    elsa.click("Tempo")
    assert "Ja, det är ett bra tempo." in elsa.text
    elsa.fill("Meddelande till din behandlare", "Tack!")
    elsa.press("Skicka")


def _change_therapist(carin: Visitor) -> None:
    sign_in_staff(carin, "Carin Clason")
    assert "Anna Åberg" in carin.text
    for therapist in ("Björn Berg", "Anna Åberg"):
        carin.click("Enhetens patienter")
        carin.click(ELSA)
        carin.click("Byt behandlare")
        carin.fill("Ny behandlare", therapist)
        carin.press("Byt behandlare")
        assert "Patienten har en ny behandlare." in carin.text
    carin.open("/personal/finns-inte")
    assert "Sidan finns inte." in carin.text
    carin.click("Till första sidan")


def _finish(elsa: Visitor) -> None:
    elsa.click("Digitala smärtskolan")
    elsa.click("När det blir sämre en tid")
    for module in (1, 2):
        elsa.click("Digitala smärtskolan")
        elsa.click(f"Fortsätt med modul {module}")
        while f"Jag är klar med modul {module}" not in elsa.text:
            elsa.click("Nästa sida")
        elsa.press(f"Jag är klar med modul {module}")
        assert f"Modul {module} är klar." in elsa.text
    room = school().patient(NUMBER)
    (overview,) = room.enrolments()
    for module in range(3, 8):  # as the two before them
        room.open_module(overview.enrolment_id, module)
        room.complete_module(overview.enrolment_id, module)
    elsa.click("Digitala smärtskolan")
    elsa.click("Fortsätt med modul 8")
    while "Jag är klar med modul 8" not in elsa.text:
        elsa.click("Nästa sida")
    elsa.press("Jag är klar med modul 8")
    assert "Du är klar med momentet." in elsa.text


def _a_year_later(anna: Visitor, clock: Clock) -> None:
    clock.wait(days=366)
    school().delivery().run()
    anna.click("Mina")
    assert "Momentet avslutas" in anna.text
    anna.click(ELSA)
    anna.press("Markera som hanterad: Klar med momentet")
    anna.click("1. Vad är smärta?")
    anna.click("Hantera")
    anna.click("Vidmakthåll")
    anna.fill("Antal dagar", "90")
    anna.choose("Moduler som ska vara tillgängliga", "1. Vad är smärta?", "2. När smärtan blir långvarig")
    anna.press("Vidmakthåll")
    assert "Momentet är i vidmakthåll." in anna.text


def _read_on(elsa: Visitor) -> None:
    elsa.click("Digitala smärtskolan")
    assert "inte fylla i formulär" in elsa.text
    elsa.click("Vad är smärta?")
    while "Mina tidigare svar" not in elsa.text:
        elsa.click("Nästa sida")
    assert "Fyll i" not in elsa.text
    elsa.click("Mina tidigare svar, formulär 1")
    assert "Hälsoskattning" in elsa.text
    elsa.click("Meddelande (olästa: 1)")
    assert "Skriv till din behandlare" not in elsa.text


def _end(anna: Visitor) -> None:
    anna.click("Avsluta")
    assert "Det här väntar fortfarande" in anna.text
    anna.fill("Avslutningsorsak", "Genomfört enligt plan")
    anna.press("Avsluta")
    assert "Momentet är avslutat." in anna.text
    anna.click("Mina")
    assert ELSA not in anna.text


def _shut_out(elsa: Visitor) -> None:
    elsa.click("Digitala smärtskolan")
    assert "Momentet är stängt." in elsa.text
    elsa.press("Logga ut")


def _purge(david: Visitor, clock: Clock) -> None:
    clock.wait(days=3700)
    sign_in_staff(david, "David Dahl")
    assert "Ingen gallring är godkänd än." in david.text
    assert "1 avslutat moment med sista händelsen före" in david.text
    david.press("Gör en plan")
    assert "Nej" in david.text
    david.click("Export och gallring")
    david.press("Exportera")
    assert "1 avslutat moment" in david.text
    david.click("Till gallringen")
    david.press("Gör en plan")
    david.fill("Gallringsbeslut", "VGR 2037/12")
    david.press("Godkänn gallring")
    david.tick("Jag vet att det gallrade inte kan återskapas")
    david.press("Gallra")
    approved = f"En gallring godkändes senast {date_format(clock().date(), 'j F Y')}, med gallringsbeslut VGR 2037/12."
    assert approved in david.text
    assert "Inget avslutat moment är äldre än gallringsfristen." in david.text
    david.click("Logg")
    david.fill("Personnummer", NUMBER)
    david.press("Visa")
    assert "19850709-9805" in david.text
    assert "Gallra" in david.text


def _look_for_losses(eva: Visitor) -> None:
    sign_in_staff(eva, "Eva Engdahl")
    assert "Allt som skulle lämnas fram är framme." in eva.text
