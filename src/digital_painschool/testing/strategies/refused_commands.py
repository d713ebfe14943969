"""The commands of a history that the model refuses, each wrong in one way."""

from collections.abc import Callable, Iterable

from hypothesis import strategies as st

from digital_painschool.testing import history as h
from digital_painschool.testing import people
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.strategies.answers import wrong_answers
from digital_painschool.testing.strategies.commands import STEPS, Command, chosen, split
from digital_painschool.testing.strategies.planned import PlannedSchool

ALWAYS: tuple[h.Step, ...] = (
    h.Start(program="no-such-program"),
    *map(h.Start, ("", "19850709980", "198507099806", "19850709+9805")),
    h.Start(by=people.ARCHIVIST),
    h.Review(which=99),
    h.OpenModule(1, which=99),
    h.End(which=99),
    h.Export(by=people.NURSE),
    h.PlanPurge(by=people.COORDINATOR),
)
"""The steps that are refused whatever there is."""


def always(draw: st.DrawFn, _: PlannedSchool) -> h.Step:
    """Return a step that is refused whatever there is."""
    return draw(st.sampled_from(ALWAYS))


def second_start(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
    """Start a program that the patient has."""
    e = chosen(draw, school)
    if e is None or school.model.open_enrolment(e.number, people.UNIT, e.program.key) is None:
        return None
    return h.Start(e.number, e.program.key)


def out_of_turn(draw: st.DrawFn, school: PlannedSchool) -> h.Step:
    """Purge what is not planned or not approved, or approve with a decision that names nothing, or a person."""
    plan = school.plan
    if plan is not None and plan.is_approved:
        return h.Purge(by=people.OTHER_ARCHIVIST)
    approvals = [h.ApprovePurge()]
    if plan is not None:
        approvals = [h.ApprovePurge(decision) for decision in (" ", f"Beslut {people.ANNA}", "x" * 201)]
    steps: list[h.Step] = [h.Purge(), *approvals]
    return draw(st.sampled_from(steps))


def wrong_answer(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
    """Save answers that are wrong in one way."""
    e = chosen(draw, school)
    if e is None or not e.program.forms:
        return None
    form = draw(st.sampled_from(e.program.forms))
    return school.model.addressed(e, h.SaveForm(form.key, draw(wrong_answers(form)).answers))


def bad_text(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
    """Write a text that is empty, too long, or that no storage keeps."""
    e = chosen(draw, school)
    text = draw(st.sampled_from(["", " \n", "\u200b", "x" * (school.policy.message_limit + 1), "\x00"]))
    steps: list[h.EnrolmentStep] = [h.PatientWrites(text), h.TherapistWrites(text)]
    return school.model.addressed(e, draw(st.sampled_from(steps))) if e else None


def _unauthorised(e: ReferenceEnrolment) -> Iterable[h.EnrolmentStep]:
    other = people.BO if e.number == people.ANNA else people.ANNA
    return (
        h.Review(by=people.STRANGER),
        h.Maintain(30, by=people.COORDINATOR),
        h.HandOver(by=people.STRANGER),
        h.TherapistReads(by=people.ARCHIVIST),
        h.OpenModule(1, by=other),
        h.PatientReads(by=other),
        h.SaveForm("x", {}, by=other),
    )


def _refused(steps: Callable[[ReferenceEnrolment], Iterable[h.EnrolmentStep]]) -> Command:
    def command(draw: st.DrawFn, school: PlannedSchool) -> h.Step | None:
        e = chosen(draw, school)
        found = split(school, e, steps(e), accepted=False) if e else []
        return draw(st.sampled_from(found)) if found else None

    return command


REFUSED: tuple[Command, ...] = (
    *(always, always, always),
    second_start,
    *(out_of_turn, out_of_turn),
    wrong_answer,
    bad_text,
    *map(_refused, (_unauthorised, *STEPS.values())),
)
"""The commands that are refused."""
