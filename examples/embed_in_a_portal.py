"""A portal: it has signed people in, shows them pages, and says in Swedish why something is refused.

Run it: python examples/embed_in_a_portal.py
"""

from collections.abc import Callable
from datetime import UTC, datetime

from digital_painschool import (
    Actor,
    Notify,
    PainSchool,
    PainSchoolError,
    Role,
    RuleViolation,
    SavedForm,
    SentMessage,
    label,
    open_school,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
PATIENT = "850709-9805"  # one of the tax agency's test numbers: nobody has it


def told(error: PainSchoolError) -> str:
    """Return what a person on the screen can do about it."""
    problems = error.problems if isinstance(error, RuleViolation) else ()
    return " ".join([label(error), *(f"{problem.question}: {label(problem)}" for problem in problems)])


def page(title: str, action: Callable[[], object]) -> None:
    """Show what an action gives, or why it is refused."""
    try:
        print(f"{title}: {action()}")
    except PainSchoolError as error:
        print(f"{title}: NEJ. {told(error)}")


def visit(school: PainSchool) -> None:
    """Let a therapist and a patient click about."""
    session = {"hsa_id": "SE2321000131-P000000123456", "unit": "SE2321000131-E000000000001"}  # from the sign-in
    desk = school.therapist(Actor(**session, roles={Role.THERAPIST}))
    page("Kontrollera numret", lambda: desk.identify("850709-9806"))
    enrolment = desk.start(PATIENT, program="digitala-smartskolan")
    page("Starta igen", lambda: desk.start(PATIENT, program="digitala-smartskolan"))

    def write(text: str) -> SentMessage:
        return desk.start_conversation(enrolment.id, text, notify=Notify.DIRECT)

    room = school.patient(PATIENT)

    def save(pain: int) -> SavedForm:
        return room.save_form(enrolment.id, "halsoskattning", {"smarta": pain})

    page("Läs modul 1", lambda: room.open_module(enrolment.id, 1).title)
    page("Spara 11 av 10", lambda: save(11))
    page("Spara 9 av 10", lambda: f"ifyllt {save(9).number} gång")

    for case in desk.caseload().rows:
        print(f"Mina: {case.person} har {case.flags} flagga, {'prioriterad' if case.priority else 'vanlig'}")
    page("Öppna formuläret", lambda: dict(desk.open_form(enrolment.id, "halsoskattning")[-1].answers))
    page("Skriv", lambda: f"konversation {write('Hej!').conversation}")
    page("Lämna fram aviseringar", lambda: f"{school.delivery().run().delivered} framlämnad")
    desk.maintain(enrolment.id, days=90, modules=(1, 2), shortens=True)
    page("Spara i vidmakthållande", lambda: save(3))


if __name__ == "__main__":
    with open_school("memory://", clock=lambda: NOW) as one_school:
        visit(one_school)
