"""The scenes about messages: how the patient is told of them, and when."""

from digital_painschool import FlagKind, Notify
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.screens import aviseringar, hantera, tidslinje
from digital_painschool.cli.demo.stage import Stage


def answers(stage: Stage, tell: Narrator) -> None:
    """Answer directly and collected."""
    tell.scene(stage.clock.move(2026, 3, 9, 10), "Answers, direct and collected")
    b = stage.patient("B")
    stage.anna.read_conversation(b.enrolment_id, 1)
    stage.anna.write(b.enrolment_id, 1, "Det går bra, men läs gärna 1 till 8 i ordning.", notify=Notify.DIRECT)
    handed = stage.school.delivery().run().delivered
    tell.say(
        "Anna",
        f"answers B on [label]Meddelande[/], notified [label]direkt[/]: {handed} goes out the same minute.",
        "M-12",
    )
    a, c, e, f = (stage.patient(letter) for letter in "ACEF")
    sent = stage.anna.start_conversation(a.enrolment_id, "Hej! Hur går det?", notify=Notify.COLLECTED)
    for hour, text in ((13, "Glöm inte att pausa."), (16, "Modul 2 är öppen.")):
        stage.clock.move(2026, 3, 9, hour)
        stage.anna.write(a.enrolment_id, sent.conversation, text, notify=Notify.COLLECTED)
    stage.anna.start_conversation(c.enrolment_id, "Tack för samtalet.", notify=Notify.COLLECTED)
    tell.say("Anna", "writes three messages to A during the day and one to C, notified [label]uppsamlat[/].", "M-12")
    for patient in (e, f):
        stage.bjorn.start_conversation(patient.enrolment_id, "Välkommen!", notify=Notify.COLLECTED)
    tell.say("Björn", "writes to E and F, notified [label]uppsamlat[/].")
    stage.clock.move(2026, 3, 9, 20)
    e.room.read_conversation(e.enrolment_id, 1)
    tell.say("E", "signs in unprompted in the evening, and reads.")


def forenoon(stage: Stage, tell: Narrator) -> None:
    """Hand over what was collected, at 09:00."""
    tell.scene(stage.clock.move(2026, 3, 10, 8, 59), "The forenoon's notifications")
    early = stage.school.delivery().run()
    tell.say("08:59", f"the delivery worker makes a pass: {early.delivered} delivered.", "M-13")
    stage.clock.move(2026, 3, 10, 9)
    stage.school.delivery().run()
    tell.say("09:00", "the worker makes a pass: one notification a patient, whatever the number of messages.", "D-13a")
    e = stage.patient("E")
    collected = [
        (stage.names[stage.patient(letter).enrolment_id], record)
        for letter, desk in (("A", stage.anna), ("C", stage.anna), ("E", stage.bjorn), ("F", stage.bjorn))
        for record in desk.notifications(stage.patient(letter).enrolment_id)
    ]
    tell.show("Aviseringar", aviseringar(collected))
    again = stage.school.delivery().run()
    tell.say("09:00", f"a second pass, as after a crash: {again.delivered} delivered. Nothing goes twice.", "D-13a")
    text = collected[0][1].notification.template.text
    tell.say("A", f'reads in the e-services inbox: "{text}" No name, nothing of the message.', "D-13c")
    tell.say("Björn", "sees on E's [label]Tidslinje[/] why nothing was sent:", "D-13b")
    program = stage.bjorn.program(e.enrolment_id)
    tell.show("Tidslinje: E", tidslinje(stage.bjorn.timeline(e.enrolment_id), program))
    f = stage.patient("F")
    tell.say(
        "Björn", "sees that F cannot be reached: there is no inbox for a reserve number. He writes a letter.", "D-13d"
    )
    tell.show("Händelser att hantera: F", hantera(stage.bjorn.to_handle(f.enrolment_id), program))
    stage.bjorn.mark_handled(f.enrolment_id, FlagKind.UNDELIVERED)
