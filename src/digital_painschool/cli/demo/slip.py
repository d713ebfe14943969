"""The scene of a slip: a start on the wrong person, which is withdrawn and purged at once."""

from digital_painschool import Action, NotPermitted, WithdrawalReason, label
from digital_painschool.cli.demo.narrator import Narrator
from digital_painschool.cli.demo.school import NUMBERS, PROGRAM, DemoSchool

_DECISION = "RS 2026-00123"


def slip(demo: DemoSchool, narrator: Narrator) -> None:
    """Start the program for the wrong person, withdraw it, and purge it."""
    reason = WithdrawalReason.WRONG_PERSON
    wrong = demo.anna.start(NUMBERS["D"], program=PROGRAM)
    narrator.say("Anna", "slips while she types, and starts the program for D too, who is not her patient.", "M-07")
    try:
        demo.bjorn.withdraw(wrong.id, reason)
    except NotPermitted as error:
        narrator.refused("Björn", "did not start it, and withdraws it", error)
    demo.anna.withdraw(wrong.id, reason)
    narrator.say(
        "Anna",
        f"clicks [label]{label(Action.WITHDRAW)}[/] on [label]Hantera[/], and chooses [label]{label(reason)}[/].",
        "D-07b",
    )
    found = len(demo.school.patient(NUMBERS["D"]).enrolments())
    listed = len(demo.anna.caseload().rows)
    narrator.say("D", f"signs in, and finds {found} programs; Anna's [label]Mina[/] has {listed} patients.", "D-07b")
    plan = demo.david.approve(demo.david.plan_purge(), decision=_DECISION)
    receipt = demo.david.purge(plan)
    narrator.say(
        "David",
        f"purges {len(receipt.withdrawn)} start that was withdrawn: nothing is exported, and no ten years go by.",
        "D-21b",
    )
    demo.clock.wait(minutes=1)
