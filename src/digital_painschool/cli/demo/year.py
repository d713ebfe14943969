"""The scenes of one year of the treatment."""

import json
from functools import partial

from digital_painschool import (
    CaseSelection,
    CaseSort,
    FlagKind,
    InvalidIdentity,
    Notify,
    NotPermitted,
    RuleViolation,
)
from digital_painschool.cli.demo.another_clinic import another_clinic
from digital_painschool.cli.demo.later_years import play_later_years
from digital_painschool.cli.demo.messages import answers, forenoon
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import ANNA, BJORN, NUMBERS, PROGRAM, DemoSchool
from digital_painschool.cli.demo.screens import hantera, mina, tidslinje
from digital_painschool.cli.demo.slip import slip
from digital_painschool.domain.events import ModuleOpened


def play(demo: DemoSchool, narrator: Narrator) -> None:
    """Play the whole story."""
    narrator.plain(
        "Digitala smärtskolan: one year of a guided internet treatment for long-term pain, played on a real",
        "SQLite file. Everything is done by the library; only the clock is moved. Nobody here exists: the",
        "identity numbers are public test numbers, shown masked, and the content is made up.",
        "",
        "Anna and Björn are therapists of one unit, Carin is its patient administrator, David its data",
        "administrator; A to F are patients. What a person sees on a screen is in Swedish.",
    )
    for scene in (
        start,
        first_week,
        answers,
        forenoon,
        done,
        another_clinic,
        away,
        gone_quiet,
        short_maintenance,
        stopped,
    ):
        scene(demo, narrator)
    play_later_years(demo, narrator)


def start(demo: DemoSchool, narrator: Narrator) -> None:
    """Start the enrolments, and tick "Ta emot notifieringar"."""
    narrator.scene(demo.clock(), "The first day")
    demo.anna.receive_notifications(email=True)
    narrator.say(
        "Anna", "ticks [label]Ta emot notifieringar[/] on [label]Min profil[/]: e-mail when a patient is done.", "M-22"
    )
    try:
        demo.bjorn.receive_notifications(email=True)
    except RuleViolation as error:
        narrator.refused("Björn", "has no address there, and ticks it too", error)
    for letter in "ABC":
        demo.start(letter, demo.anna, ANNA)
    titles = " and ".join(program.title for program in demo.anna.programs())
    narrator.say(
        "Anna",
        f"chooses [label]{titles}[/] from the list [label]Moment[/] for patients A, B and C, and types their numbers"
        " as ÅÅMMDD-XXXX, ÅÅMMDDXXXX and ÅÅÅÅMMDD-XXXX.",
        "M-07",
    )
    slip(demo, narrator)
    for letter in "DEF":
        demo.start(letter, demo.carin, BJORN)
    narrator.say(
        "Carin",
        "starts D, E and F for Björn: a samordningsnummer, someone over a hundred (ÅÅMMDD+XXXX), and a reserve"
        " number of the region.",
        "D-07a",
    )
    try:
        demo.carin.start(NUMBERS["A"][:-1] + "6", program=PROGRAM, therapist=BJORN.hsa_id)
    except InvalidIdentity as error:
        narrator.refused("Carin", "mistypes a number", error)
    try:
        demo.carin.start(NUMBERS["A"], program=PROGRAM, therapist=BJORN.hsa_id)
    except RuleViolation as error:
        narrator.refused("Carin", "starts A once more", error, therapist="Anna")
    try:
        demo.carin.hand_over(demo.patient("D").enrolment_id, ANNA.hsa_id[:-1] + "9")
    except RuleViolation as error:
        narrator.refused("Carin", "mistypes an HSA-id for D's new therapist", error)
    for letter in "DEF":
        demo.bjorn.mark_handled(demo.patient(letter).enrolment_id, FlagKind.HANDED_OVER)
    narrator.say("Björn", "has a flag at each of the three, who are new to him, and marks it as handled.", "D-09b")
    overview = demo.patient("A").desk.overview(demo.patient("A").enrolment_id)
    opened = sum(module.open for module in overview.modules)
    narrator.say("A", f"sees {opened} modules, all open, and access for a year.", "M-03 M-05")


def first_week(demo: DemoSchool, narrator: Narrator) -> None:
    """Read modules in order and out of order, save forms, and see the flags."""
    narrator.scene(demo.clock.move(2026, 3, 5, 14), "Modules, forms and flags")
    a, b, c = (demo.patient(letter) for letter in "ABC")
    a.desk.read_page(a.enrolment_id, 1, 1)
    goes_on = a.desk.overview(a.enrolment_id).modules[0].next_page
    narrator.say("A", f"reads the first page of module 1; the next visit goes on at page {goes_on}.", "D-04c")
    a.desk.save_form(a.enrolment_id, "halsoskattning", {"smarta": 6, "somn": 3})
    a.desk.complete_module(a.enrolment_id, 1)
    demo.clock.wait(hours=2)
    saved = a.desk.save_form(a.enrolment_id, "halsoskattning", {"smarta": 5, "somn": 4})
    narrator.say("A", f"completes module 1 and saves [label]Hälsoskattning[/] {_times(saved.number)}.", "M-14")
    b.desk.open_module(b.enrolment_id, 5)
    following = b.desk.overview(b.enrolment_id).next_module
    narrator.say(
        "B",
        f"opens module 5 first. It opens, and is marked as out of order; module {following} stays recommended.",
        "M-04 D-04a",
    )
    program = demo.anna.program(b.enrolment_id)
    narrator.say("Anna", "sees it on B's [label]Tidslinje[/].", "M-16")
    narrator.show("Tidslinje: B", tidslinje(demo.anna.timeline(b.enrolment_id, kinds=(ModuleOpened,)), program))
    c.desk.open_module(c.enrolment_id, 1)
    c.desk.save_form(c.enrolment_id, "halsoskattning", {"smarta": 9})
    narrator.say("C", "rates the pain 9 of 10, which is the form's threshold: a priority flag.", "D-17a")
    demo.clock.wait(minutes=5)
    b.desk.write(b.enrolment_id, "Jag började med modul 5, gör det något?")
    narrator.say("B", 'writes to Anna: "Jag började med modul 5, gör det något?"', "M-10")
    narrator.say("Anna", "opens [label]Mina[/]: her own patients, with what waits; priority first.", "M-08")
    narrator.show("Mina", mina(demo.anna.caseload(), demo.name))
    box = demo.anna.to_handle(a.enrolment_id)
    narrator.say(
        "Anna",
        "clicks on A, and is on the tab [label]Hantera[/]. Each form is there once, with its count.",
        "M-08 M-15",
    )
    narrator.show("Händelser att hantera: A", hantera(box, program))
    a.desk.save_form(a.enrolment_id, "halsoskattning", {"smarta": 5, "somn": 5})
    demo.anna.mark_read(a.enrolment_id, "halsoskattning", up_to=box[0].total)
    left = demo.anna.to_handle(a.enrolment_id)[0].unread
    narrator.say(
        "Anna",
        f"ticks the small box. A has saved once more meanwhile, which Anna has not seen: {left} stays to be read.",
        "D-15a",
    )
    read = demo.anna.open_form(c.enrolment_id, "halsoskattning")
    narrator.say(
        "Anna", f"opens C's form, reads the {read[0].answers['smarta']}, and calls C. The box of C is empty:", "M-15"
    )
    narrator.show("Händelser att hantera: C", hantera(demo.anna.to_handle(c.enrolment_id), program))


def done(demo: DemoSchool, narrator: Narrator) -> None:
    """Complete the reading order; the therapist gets an e-mail."""
    a = demo.patient("A")
    for module in range(2, 9):
        demo.clock.wait(days=7)
        a.desk.open_module(a.enrolment_id, module)
        a.desk.complete_module(a.enrolment_id, module)
    narrator.scene(demo.clock(), "A patient is done")
    narrator.say("A", "has read a module a week, and completes module 8, the last of the reading order.", "M-04 D-05b")
    demo.school.delivery().run()
    for file in sorted(demo.files.mail.iterdir()):
        mail = json.loads(file.read_text("utf-8"))
        narrator.say("Anna", f'gets an e-mail at {mail["to"]}: "{mail["text"]}"', "M-22 D-13c")
    program = demo.anna.program(a.enrolment_id)
    narrator.show("Händelser att hantera: A", hantera(demo.anna.to_handle(a.enrolment_id), program))
    demo.anna.open_form(a.enrolment_id, "halsoskattning")
    forms = demo.anna.timeline(a.enrolment_id, form="halsoskattning")
    narrator.say(
        "Anna", "opens the form, and filters [label]Tidslinje[/] to it, to see the earlier ones too.", "M-15 M-16"
    )
    narrator.show("Tidslinje: A, Hälsoskattning", tidslinje(forms, program))
    demo.anna.review(a.enrolment_id)
    demo.anna.mark_handled(a.enrolment_id, FlagKind.PROGRAM_DONE)
    narrator.say("Anna", "reviews A's progress, and marks the other flag as handled.", "M-09 D-17a")


def away(demo: DemoSchool, narrator: Narrator) -> None:
    """Hand a patient over while the therapist is away."""
    narrator.scene(demo.clock.move(2026, 6, 1, 11), "A therapist is away")
    d = demo.patient("D")
    d.desk.write(d.enrolment_id, "Kan du hjälpa mig med aktivitetsplanen?")
    narrator.say("D", 'writes to Björn, who is ill: "Kan du hjälpa mig med aktivitetsplanen?"', "M-10")
    waiting = [demo.name(case.person)[0] for case in demo.carin.unit_caseload().rows if case.unread_messages]
    narrator.say(
        "Carin", f"sees on the list of the whole unit that a message from {' and '.join(waiting)} waits.", "D-09a"
    )
    try:
        demo.carin.read_conversation(d.enrolment_id, 1)
    except NotPermitted as error:
        narrator.refused("Carin", "opens the message", error)
    anna = next(one for one in demo.carin.staff().members if one.name == "Anna")
    demo.carin.hand_over(d.enrolment_id, anna.hsa_id)
    narrator.say(
        "Carin",
        "hands D over to Anna, chosen from the unit's staff. Anna finds a flag that D is new to her, and on"
        " [label]Hantera[/] what waits. She answers at once.",
        "D-09a D-09b",
    )
    program = demo.anna.program(d.enrolment_id)
    narrator.show("Händelser att hantera: D", hantera(demo.anna.to_handle(d.enrolment_id), program))
    demo.anna.mark_handled(d.enrolment_id, FlagKind.HANDED_OVER)
    demo.anna.read_conversation(d.enrolment_id, 1)
    demo.anna.write(d.enrolment_id, 1, "Gärna, vi tar den tillsammans.", notify=Notify.DIRECT)
    demo.school.delivery().run()


def gone_quiet(demo: DemoSchool, narrator: Narrator) -> None:
    """List who has done nothing for two weeks; one of them comes back."""
    quiet = CaseSelection(silent=True, sort=CaseSort.SILENCE)
    silent = [
        f"{demo.name(case.person)[0]} since {case.silent_since:%d %B}" for case in demo.anna.caseload(show=quiet).rows
    ]
    narrator.say(
        "Anna", f"lists who has been silent for more than two weeks, the longest first: {', '.join(silent)}.", "D-17b"
    )
    b = demo.patient("B")
    b.desk.open_module(b.enrolment_id, 6)
    left = [demo.name(case.person)[0] for case in demo.anna.caseload(show=quiet).rows]
    narrator.say("B", f"opens module 6, and is off that list at once. Silent: {' and '.join(left)}.", "D-17b")


def short_maintenance(demo: DemoSchool, narrator: Narrator) -> None:
    """Show time that a confirmation takes away from a patient, and that is given back."""
    narrator.scene(demo.clock.move(2026, 8, 10, 10), "A slip that does no harm")
    b = demo.patient("B")
    maintain = partial(demo.anna.maintain, b.enrolment_id, days=30, modules=(1, 2))
    try:
        maintain()
    except RuleViolation as error:
        narrator.refused("Anna", "maintains B for 30 days, in the middle of the year", error)
    maintain(shortens=True)
    narrator.say("Anna", "confirms that the time is to be shorter: B reads modules 1 and 2 for 30 days.", "D-18b")
    demo.clock.wait(minutes=20)
    demo.anna.reactivate(b.enrolment_id)
    back = b.desk.overview(b.enrolment_id)
    opened = sum(module.open for module in back.modules)
    narrator.say(
        "Anna",
        f"meant another patient, and chooses [label]Tillbaka till aktiv[/]: B has {opened} modules again, until"
        f" {back.last_day}, and forms to fill in.",
        "D-18b",
    )


def stopped(demo: DemoSchool, narrator: Narrator) -> None:
    """End an enrolment at the patient's wish, which drops its pending notification."""
    narrator.scene(demo.clock.move(2026, 9, 15, 15), "A patient wants to stop")
    c = demo.patient("C")
    demo.anna.write(c.enrolment_id, 1, "Hör gärna av dig.", notify=Notify.COLLECTED)
    reason = next(reason for reason in demo.anna.end_reasons(c.enrolment_id) if reason.key == "patientens-begaran")
    demo.anna.end(c.enrolment_id, reason=reason.key)
    narrator.say("Anna", f"chooses [label]Avsluta[/] for C, with the reason [label]{reason.title}[/].", "M-19")
    demo.clock.move(2026, 9, 16, 9)
    demo.school.delivery().run()
    last = demo.anna.notifications(c.enrolment_id)[-1]
    narrator.say(
        "09:00",
        f"the day after: the notification that waited for C was {last.status.value} together with the end.",
        "D-19a",
    )
    try:
        c.desk.open_module(c.enrolment_id, 2)
    except RuleViolation as error:
        narrator.refused("C", "opens module 2", error)


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")
