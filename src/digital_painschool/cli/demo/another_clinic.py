"""The scene of a clinic that works by weekly feedback."""

from digital_painschool import Notify, RuleViolation
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import EVA, DemoSchool


def another_clinic(demo: DemoSchool, narrator: Narrator) -> None:
    """Release modules one by one, after feedback each week."""
    narrator.scene(demo.clock.move(2026, 5, 4, 10), "Another clinic, by weekly feedback")
    demo.start("G", demo.eva, EVA)
    g = demo.patient("G")
    narrator.say(
        "Eva",
        "works at a unit that has chosen the policy set [label]weekly-feedback[/], and starts the same program for G.",
        "M-07 D-04a",
    )
    g.desk.open_module(g.enrolment_id, 1)
    try:
        g.desk.open_module(g.enrolment_id, 2)
    except RuleViolation as error:
        narrator.refused("G", "opens module 1, and then module 2", error)
    g.desk.complete_module(g.enrolment_id, 1)
    demo.clock.wait(days=8)
    (case,) = demo.eva.caseload().rows
    due = "due for review" if case.review_due else "not due"
    narrator.say("Eva", f"sees G as {due} after a week, reads, gives feedback, and releases module 2.", "M-09 D-04a")
    demo.eva.start_conversation(g.enrolment_id, "Bra början! Modul 2 är öppen nu.", notify=Notify.COLLECTED)
    demo.eva.review(g.enrolment_id)
    demo.eva.release_module(g.enrolment_id, 2)
    try:
        demo.eva.release_module(g.enrolment_id, 4)
    except RuleViolation as error:
        narrator.refused("Eva", "releases module 4 by a slip", error)
    demo.eva.release_module(g.enrolment_id, 4, out_of_order=True)
    narrator.say("Eva", "means it after all: G asks for module 4. It is released, and marked as out of order.", "D-04a")
