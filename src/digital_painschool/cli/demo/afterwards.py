"""The end of the story: the year is over, and ten years later the records are purged."""

import json
from shlex import quote

from digital_painschool import RuleViolation
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.screens import gallring, hantera, mina
from digital_painschool.cli.demo.stage import ANNA, DAVID, UNIT, Stage
from digital_painschool.serialization.values import to_data

_DECISION = "RS 2037-0042"
_QUESTIONS = (
    "SELECT kind, count(*) FROM timeline GROUP BY kind",
    "SELECT at, action FROM access_log WHERE NOT granted",
)


def play_afterwards(stage: Stage, tell: Narrator) -> None:
    """Play what comes after the year."""
    for scene in (year_is_over, maintenance_is_over, purge, begin_again, look_into_it):
        scene(stage, tell)


def year_is_over(stage: Stage, tell: Narrator) -> None:
    """Flag the end of the year; maintain one, end the others."""
    tell.scene(stage.clock.move(2027, 3, 2, 10), "Twelve months later")
    noted = stage.school.delivery().run().accesses_ended
    tell.say(
        "10:00",
        f"access has ended by itself for the {noted} who were still there; their therapists have a flag.",
        "M-17",
    )
    tell.show("Mina", mina(stage.anna.caseload(), stage.name))
    a = stage.patient("A")
    try:
        a.room.open_module(a.enrolment_id, 5)
    except RuleViolation as error:
        tell.refused("A", "opens module 5", error)
    stage.anna.maintain(a.enrolment_id, days=90, modules=(1, 5, 11))
    tell.say("Anna", "chooses [label]Vidmakthåll[/] for A: 90 days, modules 1, 5 and 11.", "M-18")
    module = a.room.open_module(a.enrolment_id, 5)
    tell.say("A", f"opens module 5 and reads [label]{module.pages[0].title}[/] again.", "M-18")
    try:
        a.room.save_form(a.enrolment_id, "halsoskattning", {"smarta": 4})
    except RuleViolation as error:
        tell.refused("A", "saves a form", error)
    for letter, desk in (("B", stage.anna), ("D", stage.anna), ("E", stage.bjorn), ("F", stage.bjorn)):
        desk.end(stage.patient(letter).enrolment_id, reason="genomford")
        stage.clock.wait(minutes=1)
    tell.say("Anna", "chooses [label]Avsluta[/] for B and D, and Björn for E and F.", "M-19")


def maintenance_is_over(stage: Stage, tell: Narrator) -> None:
    """Flag the end of the maintenance; end the last one."""
    tell.scene(stage.clock.move(2027, 6, 1, 9), "Ninety days later")
    stage.school.delivery().run()
    a = stage.patient("A")
    tell.say("Anna", "has the flag once more, and now chooses [label]Avsluta[/] for A.", "D-18a")
    program = stage.anna.program(a.enrolment_id)
    tell.show("Händelser att hantera: A", hantera(stage.anna.to_handle(a.enrolment_id), program))
    stage.anna.end(a.enrolment_id, reason="genomford")


def purge(stage: Stage, tell: Narrator) -> None:
    """Plan, export, approve, purge, and keep the receipt."""
    tell.scene(stage.clock.move(2037, 4, 1, 9), "Ten years later")
    plan = stage.david.plan_purge()
    tell.say(
        "David",
        f"plans the unit's purge. {len(plan.enrolments)} of the 6 enrolments have their last entry more than ten"
        " years back; A, who was maintained, has not.",
        "M-20 D-21b",
    )
    tell.show("Gallring: förhandsvisning", gallring(plan, stage.names))
    try:
        stage.david.purge(plan)
    except RuleViolation as error:
        tell.refused("David", "purges at once", error)
    exported = stage.david.export(stage.place.export)
    files = ", ".join(f"{file.name} ({file.lines})" for file in exported.files)
    tell.say("David", f"exports all {exported.enrolments} ended enrolments first: {files}.", "M-21")
    approved = stage.david.approve(plan, decision=_DECISION)
    assert approved.decision is not None
    tell.say("David", f"approves the plan on the decision (gallringsbeslut) {approved.decision.reference}.", "D-21a")
    receipt = stage.david.purge(plan)
    stage.place.receipt.write_text(json.dumps(to_data(receipt), indent=2) + "\n", "utf-8")
    again = stage.david.purge(plan)
    same = "the same receipt" if again == receipt else "another receipt"
    tell.say(
        "David",
        f"purges: {len(receipt.purged)} are gone, {len(receipt.skipped)} were left. Purging again gives {same}.",
        "D-21a",
    )
    left = sum(len(stage.patient(letter).room.enrolments()) for letter in "BCDEF")
    entries = len(stage.david.access_log())
    tell.say("B to F", f"sign in, and find {left} enrolments.", "D-21a")
    tell.say("David", f"finds {entries} entries in the access log: it outlives the purge.", "M-06 D-21c")


def begin_again(stage: Stage, tell: Narrator) -> None:
    """Start once more for someone who has ended."""
    stage.clock.wait(hours=1)
    stage.start("A", stage.anna, ANNA)
    tell.say("Anna", "starts the program anew for A: after an end that is fine.", "D-07a")


def look_into_it(stage: Stage, tell: Narrator) -> None:
    """Print where every file is."""
    place = stage.place
    file, folder, settings = (quote(path.as_posix()) for path in (place.file, place.folder, place.settings))
    tell.plain(
        "",
        f"It is all in {file}; the settings, the e-mail, the export and the receipt are beside it,",
        f"in {folder}. To look into it:",
        "",
        *(f'  sqlite3 {file} "{question}"' for question in _QUESTIONS),
        "",
        f"  digital-painschool retention receipts --settings {settings} \\",
        f"      --hsa-id {DAVID.hsa_id} --unit {UNIT}",
        "",
        '  python -c "from digital_painschool import Actor, Role, open_school',
        f"anna = Actor(hsa_id='{ANNA.hsa_id}',",
        f"    unit='{UNIT}', roles={{Role.THERAPIST}})",
        f"print(*open_school('{place.settings.as_posix()}').therapist(anna).caseload().rows, sep='\\n')\"",
    )
