"""The story: one year of the treatment, scene by scene."""

import json

from digital_painschool import (
    FlagKind,
    InvalidIdentity,
    Notify,
    NotPermitted,
    RuleViolation,
)
from digital_painschool.cli.demo.afterwards import play_afterwards
from digital_painschool.cli.demo.messages import answers, forenoon
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.screens import hantera, mina, tidslinje
from digital_painschool.cli.demo.stage import ANNA, BJORN, NUMBERS, PROGRAM, Stage
from digital_painschool.domain.events import ModuleOpened


def play(stage: Stage, tell: Narrator) -> None:
    """Play the whole story."""
    tell.plain(
        "Digitala smärtskolan: one year of a guided internet treatment for long-term pain, played on a real",
        "SQLite file. Everything is done by the library; only the clock is moved. Nobody here exists: the",
        "identity numbers are public test numbers, shown masked, and the content is made up.",
        "",
        "Anna and Björn are therapists of one unit, Carin is its patient administrator, David its data",
        "administrator; A to F are patients. What a person sees on a screen is in Swedish.",
    )
    for scene in (start, first_week, answers, forenoon, done, away, stopped):
        scene(stage, tell)
    play_afterwards(stage, tell)


def start(stage: Stage, tell: Narrator) -> None:
    """Start the patients, and tick "Ta emot notifieringar"."""
    tell.scene(stage.clock(), "The first day")
    stage.anna.receive_notifications(email=True)
    tell.say(
        "Anna", "ticks [label]Ta emot notifieringar[/] on [label]Min profil[/]: e-mail when a patient is done.", "M-22"
    )
    try:
        stage.bjorn.receive_notifications(email=True)
    except RuleViolation as error:
        tell.refused("Björn", "has no address there, and ticks it too", error)
    for letter in "ABC":
        stage.start(letter, stage.anna, ANNA)
    titles = " and ".join(program.title for program in stage.anna.programs())
    tell.say(
        "Anna",
        f"chooses [label]{titles}[/] from the list [label]Moment[/] for patients A, B and C, and types their numbers"
        " as ÅÅMMDD-XXXX, ÅÅMMDDXXXX and ÅÅÅÅMMDD-XXXX.",
        "M-07",
    )
    for letter in "DEF":
        stage.start(letter, stage.carin, BJORN)
    tell.say(
        "Carin",
        "starts D, E and F for Björn: a samordningsnummer, someone over a hundred (ÅÅMMDD+XXXX), and a reserve"
        " number of the region.",
        "D-07a",
    )
    try:
        stage.carin.start(NUMBERS["A"][:-1] + "6", program=PROGRAM, therapist=BJORN.hsa_id)
    except InvalidIdentity:
        tell.say("Carin", "mistypes a number: [refused]refused[/], the check digit does not fit.", "D-07a")
    try:
        stage.carin.start(NUMBERS["A"], program=PROGRAM, therapist=BJORN.hsa_id)
    except RuleViolation as error:
        tell.refused("Carin", "starts A once more", error)
    overview = stage.patient("A").room.overview(stage.patient("A").enrolment_id)
    opened = sum(module.open for module in overview.modules)
    tell.say("A", f"sees {opened} modules, all open, and access for a year.", "M-03 M-05")


def first_week(stage: Stage, tell: Narrator) -> None:
    """Read modules in order and out of order, save forms, and see the flags."""
    tell.scene(stage.clock.move(2026, 3, 5, 14), "Modules, forms and flags")
    a, b, c = (stage.patient(letter) for letter in "ABC")
    a.room.open_module(a.enrolment_id, 1)
    a.room.save_form(a.enrolment_id, "halsoskattning", {"smarta": 6, "somn": 3})
    a.room.complete_module(a.enrolment_id, 1)
    stage.clock.wait(hours=2)
    saved = a.room.save_form(a.enrolment_id, "halsoskattning", {"smarta": 5, "somn": 4})
    tell.say("A", f"completes module 1 and saves [label]Hälsoskattning[/] {_times(saved.number)}.", "M-14")
    b.room.open_module(b.enrolment_id, 5)
    following = b.room.overview(b.enrolment_id).next_module
    tell.say(
        "B",
        f"opens module 5 first. It opens, and is marked as out of order; module {following} stays recommended.",
        "M-04 D-04a",
    )
    program = stage.anna.program(b.enrolment_id)
    tell.say("Anna", "sees it on B's [label]Tidslinje[/].", "M-16")
    tell.show("Tidslinje: B", tidslinje(stage.anna.timeline(b.enrolment_id, kinds=(ModuleOpened,)), program))
    c.room.open_module(c.enrolment_id, 1)
    c.room.save_form(c.enrolment_id, "halsoskattning", {"smarta": 9})
    tell.say("C", "rates the pain 9 of 10, which is the form's threshold: a priority flag.", "D-17a")
    stage.clock.wait(minutes=5)
    b.room.write(b.enrolment_id, "Jag började med modul 5, gör det något?")
    tell.say("B", 'writes to Anna: "Jag började med modul 5, gör det något?"', "M-10")
    tell.say("Anna", "opens [label]Mina[/]: her own patients, with what waits; priority first.", "M-08")
    tell.show("Mina", mina(stage.anna.caseload(), stage.name))
    box = stage.anna.to_handle(a.enrolment_id)
    tell.say(
        "Anna",
        "clicks on A, and is on the tab [label]Hantera[/]. Each form is there once, with its count.",
        "M-08 M-15",
    )
    tell.show("Händelser att hantera: A", hantera(box, program))
    a.room.save_form(a.enrolment_id, "halsoskattning", {"smarta": 5, "somn": 5})
    stage.anna.mark_read(a.enrolment_id, "halsoskattning", up_to=box[0].total)
    left = stage.anna.to_handle(a.enrolment_id)[0].unread
    tell.say(
        "Anna",
        f"ticks the small box. A has saved once more meanwhile, which Anna has not seen: {left} stays to be read.",
        "D-15a",
    )
    read = stage.anna.open_form(c.enrolment_id, "halsoskattning")
    tell.say(
        "Anna", f"opens C's form, reads the {read[0].answers['smarta']}, and calls C. The box of C is empty:", "M-15"
    )
    tell.show("Händelser att hantera: C", hantera(stage.anna.to_handle(c.enrolment_id), program))


def done(stage: Stage, tell: Narrator) -> None:
    """Complete the reading order; the therapist gets an e-mail."""
    a = stage.patient("A")
    for module in range(2, 9):
        stage.clock.wait(days=7)
        a.room.open_module(a.enrolment_id, module)
        a.room.complete_module(a.enrolment_id, module)
    tell.scene(stage.clock(), "A patient is done")
    tell.say("A", "has read a module a week, and completes module 8, the last of the reading order.", "M-04 D-05b")
    stage.school.delivery().run()
    for file in sorted(stage.place.mail.iterdir()):
        mail = json.loads(file.read_text("utf-8"))
        tell.say("Anna", f'gets an e-mail at {mail["to"]}: "{mail["text"]}"', "M-22 D-13c")
    program = stage.anna.program(a.enrolment_id)
    tell.show("Händelser att hantera: A", hantera(stage.anna.to_handle(a.enrolment_id), program))
    stage.anna.open_form(a.enrolment_id, "halsoskattning")
    forms = stage.anna.timeline(a.enrolment_id, form="halsoskattning")
    tell.say("Anna", "opens the form, and filters [label]Tidslinje[/] to it, to see the earlier ones too.", "M-15 M-16")
    tell.show("Tidslinje: A, Hälsoskattning", tidslinje(forms, program))
    stage.anna.review(a.enrolment_id)
    stage.anna.mark_handled(a.enrolment_id, FlagKind.PROGRAM_DONE)
    tell.say("Anna", "reviews A's progress, and marks the other flag as handled.", "M-09 D-17a")


def away(stage: Stage, tell: Narrator) -> None:
    """Hand a patient over while the therapist is away."""
    tell.scene(stage.clock.move(2026, 6, 1, 11), "A therapist is away")
    d = stage.patient("D")
    d.room.write(d.enrolment_id, "Kan du hjälpa mig med aktivitetsplanen?")
    tell.say("D", 'writes to Björn, who is ill: "Kan du hjälpa mig med aktivitetsplanen?"', "M-10")
    waiting = [stage.name(case.person)[0] for case in stage.carin.unit_caseload().rows if case.unread_messages]
    tell.say("Carin", f"sees on the list of the whole unit that a message from {' and '.join(waiting)} waits.", "D-09a")
    try:
        stage.carin.read_conversation(d.enrolment_id, 1)
    except NotPermitted as error:
        tell.refused("Carin", "opens the message", error)
    stage.carin.hand_over(d.enrolment_id, ANNA.hsa_id)
    tell.say("Carin", "hands D over to Anna, who finds on [label]Hantera[/] what waits, and answers at once.", "D-09a")
    program = stage.anna.program(d.enrolment_id)
    tell.show("Händelser att hantera: D", hantera(stage.anna.to_handle(d.enrolment_id), program))
    stage.anna.read_conversation(d.enrolment_id, 1)
    stage.anna.write(d.enrolment_id, 1, "Gärna, vi tar den tillsammans.", notify=Notify.DIRECT)
    stage.school.delivery().run()


def stopped(stage: Stage, tell: Narrator) -> None:
    """End at the patient's wish; what was on its way is dropped."""
    tell.scene(stage.clock.move(2026, 9, 15, 15), "A patient wants to stop")
    c = stage.patient("C")
    stage.anna.write(c.enrolment_id, 1, "Hör gärna av dig.", notify=Notify.COLLECTED)
    reason = next(reason for reason in stage.anna.end_reasons(c.enrolment_id) if reason.key == "patientens-begaran")
    stage.anna.end(c.enrolment_id, reason=reason.key)
    tell.say("Anna", f"chooses [label]Avsluta[/] for C, with the reason [label]{reason.title}[/].", "M-19")
    stage.clock.move(2026, 9, 16, 9)
    stage.school.delivery().run()
    last = stage.anna.notifications(c.enrolment_id)[-1]
    tell.say(
        "09:00",
        f"the day after: the notification that waited for C was {last.status.value} together with the end.",
        "D-19a",
    )
    try:
        c.room.open_module(c.enrolment_id, 2)
    except RuleViolation as error:
        tell.refused("C", "opens module 2", error)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
