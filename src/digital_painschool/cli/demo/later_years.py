"""The scenes after the year: the end of access, the maintenance, and the purge ten years later."""

import json
import sys
from shlex import quote

from digital_painschool import CaseSelection, CaseSort, RuleViolation
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import ANNA, DAVID, UNIT, DemoSchool
from digital_painschool.cli.demo.screens import gallring, hantera, mina
from digital_painschool.serialization.values import to_data

_DECISION = "RS 2037-0042"
_QUESTIONS = (
    "SELECT kind, count(*) FROM timeline GROUP BY kind",
    "SELECT at, action FROM access_log WHERE NOT granted",
)


def play_later_years(demo: DemoSchool, narrator: Narrator) -> None:
    """Play the scenes after the year."""
    for scene in (year_is_over, maintenance_is_over, purge, begin_again, show_files):
        scene(demo, narrator)


def year_is_over(demo: DemoSchool, narrator: Narrator) -> None:
    """Show the flags of the year's end; maintain one enrolment, and end the others."""
    narrator.scene(demo.clock.move(2027, 2, 15, 10), "The year's end is near")
    leaving = demo.anna.caseload(show=CaseSelection(ends_soon=True, sort=CaseSort.END)).rows
    letters = " and ".join(demo.name(case.person)[0] for case in leaving)
    narrator.say("Anna", f"lists whose access ends soon: {letters}, on {leaving[0].ends_on}.", "D-17b")
    narrator.scene(demo.clock.move(2027, 3, 2, 10), "Twelve months later")
    noted = demo.school.delivery().run().accesses_ended
    narrator.say(
        "10:00",
        f"access has ended by itself for the {noted} who were still there; their therapists have a flag.",
        "M-17",
    )
    narrator.show("Mina", mina(demo.anna.caseload(), demo.name))
    a = demo.patient("A")
    try:
        a.desk.open_module(a.enrolment_id, 5)
    except RuleViolation as error:
        narrator.refused("A", "opens module 5", error)
    demo.anna.maintain(a.enrolment_id, days=90, modules=(1, 5, 11))
    narrator.say("Anna", "chooses [label]Vidmakthåll[/] for A: 90 days, modules 1, 5 and 11.", "M-18")
    module = a.desk.open_module(a.enrolment_id, 5)
    narrator.say("A", f"opens module 5 and reads [label]{module.pages[0].title}[/] again.", "M-18")
    try:
        a.desk.save_form(a.enrolment_id, "halsoskattning", {"smarta": 4})
    except RuleViolation as error:
        narrator.refused("A", "saves a form", error)
    for letter, desk in (("B", demo.anna), ("D", demo.anna), ("E", demo.bjorn), ("F", demo.bjorn)):
        desk.end(demo.patient(letter).enrolment_id, reason="genomford")
        demo.clock.wait(minutes=1)
    narrator.say("Anna", "chooses [label]Avsluta[/] for B and D, and Björn for E and F.", "M-19")


def maintenance_is_over(demo: DemoSchool, narrator: Narrator) -> None:
    """Show the flag of the maintenance's end, and end the last enrolment."""
    narrator.scene(demo.clock.move(2027, 6, 1, 9), "Ninety days later")
    demo.school.delivery().run()
    a = demo.patient("A")
    narrator.say("Anna", "has the flag once more, and now chooses [label]Avsluta[/] for A.", "D-18a")
    program = demo.anna.program(a.enrolment_id)
    narrator.show("Händelser att hantera: A", hantera(demo.anna.to_handle(a.enrolment_id), program))
    demo.anna.end(a.enrolment_id, reason="genomford")


def purge(demo: DemoSchool, narrator: Narrator) -> None:
    """Plan, export, approve, purge, and keep the receipt."""
    narrator.scene(demo.clock.move(2037, 4, 1, 9), "Ten years later")
    plan = demo.david.plan_purge()
    narrator.say(
        "David",
        f"plans the unit's purge. {len(plan.enrolments)} of the 6 enrolments have their last entry more than ten"
        " years back; A, who was maintained, has not.",
        "M-20 D-21b",
    )
    narrator.show("Gallring: förhandsvisning", gallring(plan, demo.names))
    try:
        demo.david.purge(plan)
    except RuleViolation as error:
        narrator.refused("David", "purges at once", error)
    exported = demo.david.export(demo.files.export)
    files = ", ".join(f"{file.name} ({file.lines})" for file in exported.files)
    narrator.say("David", f"exports all {exported.enrolments} ended enrolments first: {files}.", "M-21")
    approved = demo.david.approve(plan, decision=_DECISION)
    assert approved.decision is not None
    narrator.say(
        "David", f"approves the plan on the decision (gallringsbeslut) {approved.decision.reference}.", "D-21a"
    )
    receipt = demo.david.purge(plan)
    demo.files.receipt.write_text(json.dumps(to_data(receipt), indent=2) + "\n", "utf-8")
    again = demo.david.purge(plan)
    same = "the same receipt" if again == receipt else "another receipt"
    narrator.say(
        "David",
        f"purges: {len(receipt.purged)} are gone, {len(receipt.skipped)} were left. Purging again gives {same}.",
        "D-21a",
    )
    left = sum(len(demo.patient(letter).desk.enrolments()) for letter in "BCDEF")
    entries = len(demo.david.access_log())
    narrator.say("B to F", f"sign in, and find {left} enrolments.", "D-21a")
    narrator.say("David", f"finds {entries} entries in the access log: it outlives the purge.", "M-06 D-21c")


def begin_again(demo: DemoSchool, narrator: Narrator) -> None:
    """Start a second enrolment for a patient whose first has ended."""
    demo.clock.wait(hours=1)
    demo.start("A", demo.anna, ANNA)
    narrator.say("Anna", "starts the program anew for A: after an end that is fine.", "D-07a")


def show_files(demo: DemoSchool, narrator: Narrator) -> None:
    """Print the path of every file, and commands to read them."""
    files = demo.files
    file, folder, settings = (quote(path.as_posix()) for path in (files.file, files.folder, files.settings))
    python = quote(sys.executable)
    narrator.plain(
        "",
        f"It is all in {file}; the settings, the e-mail, the export and the receipt are beside it,",
        f"in {folder}. To look into it:",
        "",
        *(f'  sqlite3 {file} "{question}"' for question in _QUESTIONS),
        "",
        f"  {python} -m digital_painschool retention receipts --settings {settings} \\",
        f"      --hsa-id {DAVID.hsa_id} --unit {UNIT}",
        "",
        f'  {python} -c "from digital_painschool import Actor, Role, open_school',
        f"anna = Actor(hsa_id='{ANNA.hsa_id}',",
        f"    unit='{UNIT}', roles={{Role.THERAPIST}})",
        f"print(*open_school('{files.settings.as_posix()}').therapist(anna).caseload().rows, sep='\\n')\"",
    )
