"""The lines of a timeline: whole sentences from the view alone, for every event, in each language."""

import re
from datetime import UTC, datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from digital_painschool.application.timeline_lines import timeline_line
from digital_painschool.domain import events
from digital_painschool.domain.enrolment import WithdrawalReason
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, ResolutionReason, Status
from digital_painschool.domain.people import Author, PersonId
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.labels.lookup import LABELS, Language, label
from digital_painschool.ports.storage import Entry
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = datetime(2026, 6, 30, 22, tzinfo=UTC)
"""Midnight in Stockholm: the last day there is 30 June."""
TERMS = Terms(PROGRAM, Policy())
STAFF: dict[str, Any] = {"at": AT, "by": NURSE.hsa_id}
PATIENT: dict[str, Any] = {"at": AT, "by": "patient"}

SENTENCES: dict[Event, tuple[str, str]] = {
    events.Started(
        **STAFF,
        enrolment_id=EnrolmentId("e"),
        person=PersonId("personnummer", ANNA),
        unit=UNIT,
        therapist=NURSE.hsa_id,
        program="smartskola",
        program_version="1",
        access_until=UNTIL,
    ): (
        "Momentet startades: Exempelprogram, tillgängligt till och med 30 juni 2026",
        "The enrolment was started: Exempelprogram, available until 30 June 2026",
    ),
    events.HandedOver(**STAFF, therapist=COLLEAGUE.hsa_id): (
        f"Ny behandlare: {COLLEAGUE.hsa_id}",
        f"New therapist: {COLLEAGUE.hsa_id}",
    ),
    events.Reviewed(**STAFF): ("Granskades av behandlaren", "Reviewed by the therapist"),
    events.Maintained(**STAFF, days=1000, modules=frozenset({3, 1}), access_until=UNTIL): (
        "Vidmakthåll, antal dagar: 1\N{NO-BREAK SPACE}000, till och med 30 juni 2026, moduler: 1. Tema 1, 3. Tema 3",
        "Maintenance, number of days: 1,000, until 30 June 2026, modules: 1. Tema 1, 3. Tema 3",
    ),
    events.PatientSilent(at=AT, by="system", since=UNTIL): (
        "Patienten hade inte gjort något på ett tag, sedan 1 juli 2026",
        "The patient had done nothing for a while, since 1 July 2026",
    ),
    events.AccessEndsSoon(at=AT, by="system", access_until=UNTIL): (
        "Patientens tillgång skulle snart ta slut, sista dagen är 30 juni 2026",
        "The patient's access was to end soon, the last day is 30 June 2026",
    ),
    events.AccessEnded(at=AT, by="system", access_until=UNTIL, kept=True): (
        "Patientens tid tog slut, sista dagen var 30 juni 2026; tillgången finns kvar",
        "The patient's time was over, the last day was 30 June 2026; the patient keeps access",
    ),
    events.Reactivated(**STAFF, access_until=UNTIL): (
        "Aktivt igen, tillgängligt till och med 30 juni 2026",
        "Active again, available until 30 June 2026",
    ),
    events.Ended(**STAFF, reason="klar"): ("Momentet avslutades: Klar", "The enrolment was ended: Klar"),
    events.Withdrawn(**STAFF, reason=WithdrawalReason.WRONG_PERSON): (
        "Starten drogs tillbaka som felaktig: Fel person",
        "The start was withdrawn: it was entered in error: Wrong person",
    ),
    events.ModuleOpened(**PATIENT, module=3, out_of_order=True): (
        "Modul 3 ”Tema 3” öppnades, utanför ordningen",
        "Module 3 “Tema 3” was opened, out of order",
    ),
    events.PageRead(**PATIENT, module=3, page=2): (
        "Sida 2 ”Övning” i modul 3 ”Tema 3” lästes",
        "Page 2 “Övning” of module 3 “Tema 3” was read",
    ),
    events.ModuleCompleted(**PATIENT, module=3): ("Modul 3 ”Tema 3” blev klar", "Module 3 “Tema 3” was completed"),
    events.ModuleReleased(**STAFF, module=3, out_of_order=True): (
        "Modul 3 ”Tema 3” aktiverades, i förtid",
        "Module 3 “Tema 3” was released, out of order",
    ),
    events.ProgramDone(**PATIENT): ("Patienten är klar med momentet", "The patient is done with the program"),
    events.FormSaved(**PATIENT, form=DAILY, number=2, score=7, alert=True, module=2): (
        "Formulär sparades: Vardagen, gång 2, från modul 2 ”Tema 2”, poäng 7, över tröskeln för larm",
        "A form was saved: Vardagen, time 2, from module 2 “Tema 2”, score 7, past the alert threshold",
    ),
    events.FormRead(**STAFF, form=PAIN, up_to=2, opened=True): (
        "Formulär lästes: Hälsoskattning",
        "A form was read: Hälsoskattning",
    ),
    events.ConversationStarted(**PATIENT, conversation=2): (
        "Konversation 2 skapades",
        "Conversation 2 was started",
    ),
    events.ConversationRenamed(**PATIENT, conversation=2): (
        "Konversation 2 fick ny trådrubrik",
        "Conversation 2 got a new heading",
    ),
    events.MessageSent(**PATIENT, conversation=2, author=Author.PATIENT, number=1): (
        "Meddelande skickades i konversation 2 av: Patient",
        "A message was sent in conversation 2 by: Patient",
    ),
    events.MessagesRead(**STAFF, conversation=2, reader=Author.THERAPIST, up_to=1): (
        "Meddelanden lästes i konversation 2 av: Behandlare",
        "Messages were read in conversation 2 by: Therapist",
    ),
    events.FlagHandled(**STAFF, flag=FlagKind.PROGRAM_DONE): (
        "Hanterades: Klar med momentet",
        "Handled: Done with the program",
    ),
    events.NotificationDropped(at=AT, by="system", notification=NotificationId("n"), channel=Channel.INBOX): (
        "En avisering behövdes inte längre: Inkorgen i e-tjänsterna",
        "A notification was no longer needed: E-services inbox",
    ),
    events.NotificationUndelivered(
        at=AT, by="system", notification=NotificationId("n"), channel=Channel.SMS, status=Status.FAILED
    ): (
        "En avisering kunde inte lämnas fram: SMS, Gick inte fram",
        "A notification could not be delivered: SMS, Every attempt failed",
    ),
    events.NotificationResolved(
        **STAFF,
        notification=NotificationId("n"),
        channel=Channel.SMS,
        status=Status.PENDING,
        reason=ResolutionReason.CHANNEL_REPAIRED,
    ): (
        "En avisering som inte gått fram hanterades: SMS, Väntar, Felet är avhjälpt",
        "A notification that was given up was resolved: SMS, Pending, The fault is repaired",
    ),
}
"""An event of each type with every field that its sentence tells, and the sentence in Swedish and in English."""


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
def test_a_line_is_a_whole_sentence_from_the_view_alone(kind: type[Event]) -> None:
    """Otherwise a portal would fill in titles, names of forms and dates by hand, for each event and each language."""
    [(event, sentences)] = [(event, both) for event, both in SENTENCES.items() if type(event) is kind]
    line = timeline_line(Entry(seq=1, event=event), TERMS)
    assert sentences == (label(line), label(line, Language.ENGLISH))
    for language in Language:
        places = set(re.findall(r"\{(\w+)\??\}", LABELS[language]["Event"][kind.__name__]))
        told = {name for name in places if line.facts.get(name, getattr(event, name, None)) not in (None, False)}
        assert places == told, "each place of the label is filled in here"


@pytest.mark.rule("D-24d")
def test_a_day_is_the_unit_s_and_a_host_s_own_facts_come_first() -> None:
    """Otherwise a unit elsewhere would read another last day, or a therapist's id where the host knows the name."""
    ended = Entry(seq=1, event=events.AccessEnded(at=AT, by="system", access_until=UNTIL))
    elsewhere = Terms(PROGRAM, Policy(zone=ZoneInfo("Europe/Helsinki")))
    assert "1 juli 2026" in label(timeline_line(ended, elsewhere))
    handed = timeline_line(Entry(seq=1, event=events.HandedOver(**STAFF, therapist=COLLEAGUE.hsa_id)), TERMS)
    assert "Ny behandlare: Eva Berg" == label(handed, therapist="Eva Berg")


@pytest.mark.rule("M-16", "D-24d")
def test_a_page_of_the_timeline_has_a_line_for_each_entry_and_the_forms_to_filter_by() -> None:
    """Otherwise a line would stand beside another entry, or a portal would ask for the program to name its forms."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    page = school.desk.pages.timeline(id_)
    assert [(entry.seq, entry.event) for entry in page.rows] == [(line.seq, line.event) for line in page.lines]
    assert label(page.lines[0]).startswith("Formulär sparades: Hälsoskattning")
    assert ["Hälsoskattning", "Vardagen"] == [form.title for form in page.forms]
