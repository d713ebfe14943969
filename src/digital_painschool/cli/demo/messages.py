"""The scenes about messages: how and when the patient is notified of them."""

from digital_painschool import FlagKind, Notify
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import DemoSchool
from digital_painschool.cli.demo.screens import aviseringar, hantera, tidslinje


def answers(demo: DemoSchool, narrator: Narrator) -> None:
    """Answer messages with direct and collected notifications."""
    narrator.scene(demo.clock.move(2026, 3, 9, 10), "Answers, direct and collected")
    b = demo.patient("B")
    demo.anna.read_conversation(b.enrolment_id, 1)
    demo.anna.write(b.enrolment_id, 1, "Det går bra, men läs gärna 1 till 8 i ordning.", notify=Notify.DIRECT)
    delivered = demo.school.delivery().run().delivered
    narrator.say(
        "Anna",
        f"answers B on [label]Meddelande[/], notified [label]direkt[/]: {delivered} goes out the same minute.",
        "M-12",
    )
    a, c, e, f = (demo.patient(letter) for letter in "ACEF")
    sent = demo.anna.start_conversation(a.enrolment_id, "Hej! Hur går det?", notify=Notify.COLLECTED)
    for hour, text in ((13, "Glöm inte att pausa."), (16, "Modul 2 är öppen.")):
        demo.clock.move(2026, 3, 9, hour)
        demo.anna.write(a.enrolment_id, sent.conversation, text, notify=Notify.COLLECTED)
    demo.anna.start_conversation(c.enrolment_id, "Tack för samtalet.", notify=Notify.COLLECTED)
    narrator.say(
        "Anna", "writes three messages to A during the day and one to C, notified [label]uppsamlat[/].", "M-12"
    )
    for patient in (e, f):
        demo.bjorn.start_conversation(patient.enrolment_id, "Välkommen!", notify=Notify.COLLECTED)
    narrator.say("Björn", "writes to E and F, notified [label]uppsamlat[/].")
    demo.clock.move(2026, 3, 9, 20)
    e.desk.read_conversation(e.enrolment_id, 1)
    narrator.say("E", "signs in unprompted in the evening, and reads.")


def forenoon(demo: DemoSchool, narrator: Narrator) -> None:
    """Send the collected notifications, at 09:00."""
    narrator.scene(demo.clock.move(2026, 3, 10, 8, 59), "The forenoon's notifications")
    early = demo.school.delivery().run()
    narrator.say("08:59", f"the delivery worker runs: {early.delivered} delivered.", "M-13")
    demo.clock.move(2026, 3, 10, 9)
    demo.school.delivery().run()
    narrator.say("09:00", "the worker runs: one notification a patient, whatever the number of messages.", "D-13a")
    e = demo.patient("E")
    collected = [
        (demo.names[demo.patient(letter).enrolment_id], record)
        for letter, desk in (("A", demo.anna), ("C", demo.anna), ("E", demo.bjorn), ("F", demo.bjorn))
        for record in desk.notifications(demo.patient(letter).enrolment_id)
    ]
    narrator.show("Aviseringar", aviseringar(collected))
    again = demo.school.delivery().run()
    narrator.say("09:00", f"a second run, as after a crash: {again.delivered} delivered. Nothing goes twice.", "D-13a")
    text = collected[0][1].notification.template.text
    narrator.say("A", f'reads in the e-services inbox: "{text}" No name, nothing of the message.', "D-13c")
    narrator.say("Björn", "sees on E's [label]Tidslinje[/] why nothing was sent:", "D-13b")
    program = demo.bjorn.program(e.enrolment_id)
    narrator.show("Tidslinje: E", tidslinje(demo.bjorn.timeline(e.enrolment_id), program))
    f = demo.patient("F")
    narrator.say(
        "Björn", "sees that F cannot be reached: there is no inbox for a reserve number. He writes a letter.", "D-13d"
    )
    narrator.show("Händelser att hantera: F", hantera(demo.bjorn.to_handle(f.enrolment_id), program))
    demo.bjorn.mark_handled(f.enrolment_id, FlagKind.UNDELIVERED)
