"""The course of a treatment: start, review, hand over, maintain, end; and how patients and therapists are asked."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.domain.people import Actor, Role
from digital_painschool.ports.storage import readable
from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.base import Ground, during
from digital_painschool.testing.lifecycle.laws import same
from digital_painschool.testing.lifecycle.model import Course, begun
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NURSE, STRANGER

COURSE = st.integers(0, 4)
THERAPISTS = {"nurse": NURSE, "colleague": COLLEAGUE, "stranger": STRANGER}
MOST_COURSES = 12
"""So many enrolments, ended ones too, and no rule starts another by itself."""


class Treatment(Ground):
    """Patients and therapists."""

    def opened(self) -> None:
        """Begin with one patient of the nurse's."""
        super().opened()
        self.start(patient=0, therapist="nurse", program=0)

    @rule(patient=st.integers(0, 2), therapist=st.sampled_from([*THERAPISTS]), program=st.integers(0, 1))
    @precondition(lambda self: len(self.courses) < MOST_COURSES)
    def start(self, patient: int, therapist: str, program: int) -> None:
        """Start a patient; a second open enrolment of the same program at the same unit is refused."""
        number, by, chosen = self.numbers[patient], THERAPISTS[therapist], self.programs[program]
        places = {(c.number, c.unit, c.program.key) for c in self.courses if c.is_open()}
        fine = (number, by.unit, chosen.key) not in places
        what = f"the {therapist} starts patient {patient}"
        if self.ask(
            2,
            what,
            lambda s: s.school.therapist(by).start(number, program=chosen.key),
            fine=fine,
            by=by.hsa_id,
            traced=True,
        ):
            known = {course.id for course in self.courses}
            new = [e.id for e in readable(self.school.storage.find_by_person(self.person(number))) if e.id not in known]
            same(8, 1, len(new), f"{what}: kept so many times")
            lines = [(self.now, by.hsa_id, by.unit, new[0], number, True)]
            same(9, lines, self.lines, f"{what}: the access log has it otherwise, or not at all")
            self.courses.append(begun(new[0], number, by, chosen, self.now, self.policy))

    @rule(course=COURSE)
    @precondition(lambda self: len(self.courses) < MOST_COURSES)
    @during("treatment", "maintenance")
    def start_again(self, course: int) -> None:
        """Somebody starts what a patient has had before, or has, or reads on in maintenance."""
        of = self.course(course)
        programs = [program.key for program in self.programs]
        there = "stranger" if of.unit == STRANGER.unit else "colleague"
        self.start(self.numbers.index(of.number), there, programs.index(of.program.key))

    def patient(self, law: int, what: str, course: Course, fine: bool, call: Callable[[Any], object]) -> bool:  # noqa: FBT001 - a column of a table
        """Let the patient do something."""
        return self.ask(
            law,
            f"the patient {what}",
            lambda s: call(s.school.patient(course.number)),
            fine=fine and not course.gone,
            by="patient",
            about=None if course.gone else course,
        )

    def therapist(self, law: int, what: str, course: Course, fine: bool, call: Callable[[Any], object]) -> bool:  # noqa: FBT001 - a column of a table
        """Let the therapist who has the patient do something."""
        return self.ask(
            law,
            f"the therapist {what}",
            lambda s: call(s.school.therapist(course.desk_of)),
            fine=fine and not course.gone,
            by=course.therapist,
            about=None if course.gone else course,
        )

    def the_laws_hold(self) -> None:
        """Check the laws in the midst of a step."""

    @rule(course=COURSE)
    @during("treatment")
    def review(self, course: int) -> None:
        """The therapist has reviewed the patient's progress."""
        of = self.course(course)
        if self.therapist(4, "reviews", of, of.is_open(), lambda desk: desk.review(of.id)):
            of.reviewed = self.now

    @rule(course=COURSE, to=st.sampled_from(["nurse", "colleague"]))
    def hand_over(self, course: int, to: str) -> None:
        """A patient administrator of the unit gives the patient to another therapist."""
        of, whose = self.course(course), THERAPISTS[to].hsa_id
        by = Actor(hsa_id=COORDINATOR.hsa_id, unit=of.unit, roles={Role.PATIENT_ADMINISTRATOR})
        if self.ask(
            9,
            f"the patient is handed over to the {to}",
            lambda s: s.school.therapist(by).hand_over(of.id, whose),
            fine=of.is_open() and of.therapist != whose,
            by=by.hsa_id,
            about=None if of.gone else of,
        ):
            of.therapist = whose

    def maintain(self, course: int, days: int, modules: list[int]) -> None:
        """The therapist maintains, or renews."""
        of = self.course(course)
        fewest, most = self.policy.maintenance_days
        fine = of.is_open() and fewest <= days <= most and bool(modules) and {*modules} <= {*of.modules}
        call = lambda desk: desk.maintain(of.id, days=days, modules=modules)  # noqa: E731
        if self.therapist(6, f"maintains for {days} days", of, fine, call):
            last = calendar.local_day(self.now, self.policy.zone) + timedelta(days=days)
            until = calendar.instant(last + calendar.DAY, calendar.MIDNIGHT, self.policy.zone)
            of.phase, of.chosen, of.until = "maintenance", frozenset(modules), until

    @rule(course=COURSE)
    @during("treatment")
    def anew(self, course: int) -> None:
        """The therapist ends, and starts the same patient anew."""
        of = self.course(course)
        self.end(course, "klar")
        if len(self.courses) < MOST_COURSES:
            name = next(name for name, actor in THERAPISTS.items() if actor.hsa_id == of.therapist)
            self.start(self.numbers.index(of.number), name, self.programs.index(of.program))

    @rule(course=COURSE, reason=st.sampled_from(["klar", "klar", "okand"]))
    @during("treatment", "maintenance", "records")
    def end(self, course: int, reason: str) -> None:
        """The therapist ends."""
        of = self.course(course)
        fine = of.is_open() and reason == "klar"
        if self.therapist(6, "ends", of, fine, lambda desk: desk.end(of.id, reason=reason)):
            of.phase = "ended"
