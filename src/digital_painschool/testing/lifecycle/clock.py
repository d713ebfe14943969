"""Time goes on: by hours and days, and exactly to the boundaries that matter, or a microsecond beside them."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from digital_painschool.testing.example import PAIN
from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.invariants import Books
from digital_painschool.testing.lifecycle.treatment import COURSE

BESIDE = st.sampled_from([0, 0, -1, 1])
"""So many microseconds beside a boundary."""

NEAR = timedelta(days=40)


class Clock(Books):
    """The clock, and the end of the process."""

    @rule(hours=st.sampled_from([0, 1, 2, 9, 24]), microseconds=BESIDE)
    @during("treatment", "maintenance", "records")
    def wait(self, hours: int, microseconds: int) -> None:
        """Some time goes by."""
        self.move(self.now + timedelta(hours=hours, microseconds=microseconds))

    @rule(days=st.sampled_from([7, 22]))
    @during("treatment", "records")
    def wait_long(self, days: int) -> None:
        """Much time goes by."""
        self.move(self.now + timedelta(days=days))

    @rule(
        course=COURSE, microseconds=BESIDE, module=st.integers(1, 4), then=st.sampled_from(["anew", "maintain", "no"])
    )
    @during("maintenance")
    def wait_for_the_end_of_access(self, course: int, microseconds: int, module: int, then: str) -> None:
        """Time goes on to the end of a patient's access; the patient tries; then it is maintained, or begun anew."""
        of = self.course(course)
        if not of.is_open():
            return
        self.move(of.until + microseconds * calendar.MICROSECOND)
        self.the_laws_hold()
        self.open_module(course, module)
        self.save_form(course, PAIN, 0)
        self.patient_writes(course, 1)
        self.patient_reads(course, 1)
        if then == "maintain":
            self.maintain(course, 30, [1, 3])
        elif then == "anew":
            self.anew(course)

    @rule(
        edge=st.sampled_from(["run", "run", "end of the forenoon", "midnight"]),
        days=st.integers(0, 2),
        microseconds=BESIDE,
    )
    def wait_for(self, edge: str, days: int, microseconds: int) -> None:
        """Time goes on to a boundary of a day."""
        self.move(self.edge(edge, days) + microseconds * calendar.MICROSECOND)

    @rule(edge=st.sampled_from(["clock change", "new year"]), microseconds=BESIDE)
    @during("treatment", "records")
    def wait_for_the(self, edge: str, microseconds: int) -> None:
        """Time goes on to a boundary of the year, when it is near."""
        at = self.edge(edge, 0)
        if at < self.now + NEAR:
            self.move(at + microseconds * calendar.MICROSECOND)

    def edge(self, edge: str, days: int) -> datetime:
        """Return the instant of a boundary: the next one, or so many days after it."""
        zone = self.policy.zone
        if edge == "clock change":
            return calendar.next_clock_change(self.now, zone)
        day = calendar.local_day(self.now, zone)
        if edge == "new year":
            return calendar.instant(day.replace(year=day.year + 1, month=1, day=1), calendar.MIDNIGHT, zone)
        clocks = {"run": self.policy.collected_at, "end of the forenoon": self.policy.forenoon_ends}
        clock = clocks.get(edge, calendar.MIDNIGHT)
        day += timedelta(days=days + (calendar.instant(day, clock, zone) <= self.now))
        return calendar.instant(day, clock, zone)

    @rule(course=COURSE, microseconds=BESIDE)
    @during("treatment")
    def wait_for_a_review(self, course: int, microseconds: int) -> None:
        """Time goes on to where a review becomes due."""
        of = self.course(course)
        due = (of.reviewed or of.started) + timedelta(days=self.policy.review_after_days)
        self.move(due + microseconds * calendar.MICROSECOND)

    @rule()
    @during("treatment", "records")
    @precondition(lambda self: self.crashes)
    def restart(self) -> None:
        """The process ends, and another begins."""
        self.touched |= {*self.courses}
        for school in self.schools:
            school.restart()

    @rule(write=st.integers(0, 2), how=st.sampled_from(["dies before", "dies after"]))
    @during("treatment", "records")
    @precondition(lambda self: self.crashes)
    def the_next_step(self, write: int, how: str) -> None:
        """The process will die before or after a write of the next step, or else when the step is done."""
        self.armed = (write, how)
