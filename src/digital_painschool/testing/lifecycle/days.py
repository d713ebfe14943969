"""Days on which much comes together: compound steps, since single ones in any order seldom meet."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.testing.lifecycle import calendar
from digital_painschool.testing.lifecycle.base import during
from digital_painschool.testing.lifecycle.clock import BESIDE
from digital_painschool.testing.lifecycle.delivering import STRUCK, TROUBLE, WRITE, Delivering
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.treatment import COURSE
from digital_painschool.testing.people import UNIT


@frozen
class Run:
    """How the run goes on the second of two days.

    Args:
        troubles: How its first hand-overs go.
        struck: What happens to the worker at its first write.
        early: So many microseconds before its time it begins.
        minutes: So long after it the next pass is made; a lease is 15.
        noon: Whether a worker came on the first day, when it was too late.
        tried: Whether a worker came in time on the first day, and nobody could be reached.
    """

    troubles: tuple[str, ...] = ()
    struck: str = "no"
    early: int = 0
    minutes: int = 16
    noon: bool = False
    tried: bool = False


RUNS: Mapping[str, Run] = MappingProxyType(
    {
        "dies": Run(troubles=("dies",)),
        "dies before": Run(troubles=("dies before",)),
        "busy": Run(troubles=("busy",)),
        "busy, after a late pass": Run(troubles=("busy",), noon=True),
        "busy again": Run(troubles=("busy",), tried=True),
        "claims and dies": Run(struck="dies after"),
        "claims early and dies": Run(struck="dies after", early=1, minutes=4),
        "goes well": Run(),
    }
)
"""How a run goes, by name."""
A_WHILE = timedelta(days=4)
WHO = st.sampled_from([[], [0], [1], [0, 1], [0, 0], [2], [0, 1, 2, 3]])
READ = st.sampled_from([[], [0], [1], [0, 1], [2]])
"""Which enrolments; the first two are of one patient."""
REFUSALS = ("refused for good", "refused for good, another worker", "busy, another worker")


class Days(Delivering):
    """Days of a worker's life."""

    @rule(
        missed=WHO,
        written=WHO,
        edge=st.sampled_from(["run", "run", "run", "end of the forenoon"]),
        microseconds=BESIDE,
        troubles=TROUBLE,
        struck=STRUCK,
        write=WRITE,
        read=READ,
        then=WHO,
        closing=st.sampled_from(["no", "no", "no", "ends", "is maintained"]),
        closed=st.integers(0, 1),
        more=st.lists(st.tuples(st.sampled_from([0, 4, 5, 16, 35]), TROUBLE), max_size=2),
    )
    @during("messages")
    def a_day(
        self,
        missed: list[int],
        written: list[int],
        edge: str,
        microseconds: int,
        troubles: list[str],
        struck: str,
        write: int,
        read: list[int],
        then: list[int],
        closing: str,
        closed: int,
        more: list[tuple[int, list[str]]],
    ) -> None:
        """Collected messages are written; at the day's edge a worker makes a pass, and others make more.

        Args:
            missed: To whom is written before a run that nobody makes.
            written: To whom is written after it.
            edge: When the pass is made.
            microseconds: Or so long after that.
            troubles: How the pass's first hand-overs go.
            struck: What happens to the storage, or to the worker,
            write: at which write.
            read: Who reads after it.
            then: To whom is written after it.
            closing: Whether one enrolment ends then, or is maintained for a day;
            closed: which one.
            more: After how many minutes another pass is made, and how that goes.
        """
        self.two_of_one_patient()
        for course in missed:
            self.therapist_writes(course, 1, "collected")
        if missed:
            self.wait_for("run", 0, 0)
        for course in written:
            self.therapist_writes(course, 1, "collected")
        self.wait_for(edge, 0, microseconds)
        self.make_pass(troubles, struck, write)
        for course in read:
            self.patient_reads(course, 1)
        for course in then:
            self.therapist_writes(course, 1, "collected")
        if closing == "ends":
            self.end(closed, "klar")
        elif closing == "is maintained":
            self.maintain(closed, 1, [1])
        for minutes, again in more:
            self.move(self.now + timedelta(minutes=minutes))
            self.make_pass(again)

    another_day = a_third_day = a_fourth_day = a_day
    """The same, so that it comes four times as often."""

    def two_of_one_patient(self) -> tuple[Course, Course]:
        """Return two enrolments of one patient in which messages can be read for some days, new ones if need be."""
        first, second = (self._readable(program) for program in (0, 1))
        return first, second

    def _readable(self, program: int) -> Course:
        asked = (self.numbers[0], UNIT, self.programs[program])
        while True:  # the process may die at an end or a start, once
            theirs = [course for course in self.counted if (course.number, course.unit, course.program) == asked]
            for course in theirs:
                if course.can_read(self.now + A_WHILE):
                    return course
            still_open = [course for course in theirs if course.is_open()]
            if still_open:
                self.end(self.counted.index(still_open[0]), "klar")
            else:
                self.start(patient=0, therapist="nurse", program=program)

    @rule(
        struck=st.sampled_from(["fails", "fails", "dies before", "dies after"]),
        write=st.integers(1, 2),
        ended=st.booleans(),
    )
    @during("messages")
    def a_day_on_which_all_is_read(self, struck: str, write: int, ended: bool) -> None:  # noqa: FBT001
        """Two collected messages are written to one patient and read; something happens when that is noted."""
        two = self.two_of_one_patient()
        for course in two:
            self.therapist_writes(self.counted.index(course), 1, "collected")
            self.patient_reads(self.counted.index(course), 1)
        if ended:
            self.end(self.counted.index(two[1]), "klar")
        self.wait_for("run", 0, 0)
        self.make_pass([], struck, write)

    @rule(
        course=COURSE,
        hours=st.sampled_from([0, 1, 20]),
        notify=st.sampled_from(["collected", "direct"]),
        renewed=st.booleans(),
    )
    @during("messages")
    def a_message_on_the_last_day(self, course: int, hours: int, notify: str, renewed: bool) -> None:  # noqa: FBT001
        """A message is written some hours before access is over; when it could be told of, there may be no access."""
        if not self.course(course).is_open():
            return
        self.maintain(course, 1, [1])
        self.move(self.course(course).until - timedelta(hours=hours))
        self.therapist_writes(course, 1, notify)
        if notify == "direct":
            self.move(self.course(course).until)
        else:
            self.wait_for("run", 0, 0)
        if renewed:
            self.maintain(course, 30, [1])
        self.make_pass()
        if not renewed:
            self.the_laws_hold()
            self.anew(course)

    @rule(trouble=st.sampled_from(REFUSALS), struck=STRUCK, write=WRITE)
    @during("messages")
    def one_for_two(self, trouble: str, struck: str, write: int) -> None:
        """Two enrolments of one patient ask for one notification, which is refused; then all is well again."""
        for course in self.two_of_one_patient():
            self.therapist_writes(self.counted.index(course), 1, "collected")
        self.wait_for("run", 0, 0)
        self.make_pass([trouble], struck, write)
        self.move(self.now + timedelta(minutes=16))
        self.make_pass()

    @rule(course=COURSE, days=st.sampled_from([1, 30]))
    @during("maintenance")
    def two_ends_of_access(self, course: int, days: int) -> None:
        """Access is over, and a pass notes it; it is maintained, and over again, and a pass notes that too."""
        for modules in ([1], [2]):
            of = self.course(course)
            if of.is_open():
                self.maintain(course, days, modules)
                self.move(of.until)
                self.make_pass()

    @rule(
        missed=st.booleans(),
        run=st.sampled_from(["none", "dies", "dies before", "busy"]),
        same=st.booleans(),
        minutes=st.sampled_from([0, 16, 35]),
        days=st.integers(0, 1),
    )
    @during("messages")
    def a_message_that_comes_late(self, missed: bool, run: str, same: bool, minutes: int, days: int) -> None:  # noqa: FBT001
        """A therapist's clock is slow: what is of before the run comes when the day's notice is on its way.

        Args:
            missed: Whether nobody makes the run of the day before, so that the notice is of that day.
            run: How the day's run goes.
            same: Whether the late message is in the enrolment of the first.
            minutes: So long after the run the next pass is made,
            days: and one more when so many days have passed.
        """
        first, second = self.two_of_one_patient()
        self.therapist_writes(self.counted.index(first), 1, "collected")
        self.wait_for("run", int(missed), 0)
        self.make_pass([run])
        here = self.now
        self.set_clocks(here - calendar.MICROSECOND)
        self.therapist_writes(self.counted.index(first if same else second), 1, "collected")
        self.set_clocks(here)
        if run != "none":
            self.trouble()
        self.move(here + timedelta(minutes=minutes))
        self.make_pass()
        self.wait_for("run", days, 0)
        self.make_pass()

    @rule(
        first=st.integers(0, 1),
        run=st.sampled_from([*RUNS]),
        again=st.sampled_from(["none", "busy"]),
        act=st.sampled_from(["reads", "ends"]),
        of_first=st.booleans(),
        afterwards=st.booleans(),
    )
    @during("messages")
    def two_days_in_one(
        self,
        first: int,
        run: str,
        again: str,
        act: str,
        of_first: bool,  # noqa: FBT001
        afterwards: bool,  # noqa: FBT001
    ) -> None:
        """A patient is written to on a day without a run, and on the next: two notifications could go at once.

        Args:
            first: In which of two enrolments on the first day; in the other on the second.
            run: How the second day's run goes.
            again: How the next pass goes.
            act: What the patient or the therapist does with one of them,
            of_first: the first or the other,
            afterwards: after the second pass or before it.
        """
        goes, two = RUNS[run], self.two_of_one_patient()
        earlier, later = two[first], two[1 - first]
        self.therapist_writes(self.counted.index(earlier), 1, "collected")
        self.wait_for("run", 0, 1)
        if goes.tried:
            self.make_pass(["busy"])
        self.therapist_writes(self.counted.index(later), 1, "collected")
        if goes.noon:
            self.wait_for("end of the forenoon", 0, 0)
            self.make_pass()
        acting = earlier if of_first else later
        self.wait_for("run", 0, -goes.early)
        self.make_pass([*goes.troubles], goes.struck)
        if not afterwards:
            self._act_on(acting, act)
        self.move(self.now + timedelta(minutes=goes.minutes))
        self.make_pass([again])
        if afterwards:
            self._act_on(acting, act)
        self.move(self.now + timedelta(minutes=31))
        self.make_pass()

    def _act_on(self, course: Course, act: str) -> None:
        place = self.counted.index(course)
        if act == "reads":
            self.patient_reads(place, 1)
        else:
            self.end(place, "klar")

    two_days_again = and_again = two_days_in_one
    """The same, so that it comes three times as often."""

    @rule(messages=st.integers(1, 2), first=st.sampled_from(["program-done", "undelivered"]))
    @during("messages", "treatment")
    def a_patient_who_cannot_be_reached(self, messages: int, first: str) -> None:
        """The third patient is written to, and is done; the therapist settles one flag, and then the other."""
        for place, course in enumerate(self.counted):
            if course.number == self.numbers[2] and course.is_open():
                for _ in range(messages):
                    self.therapist_writes(place, 1, "direct")
                self.make_pass()
                self.complete_all_modules(place, released=True, another=4)
                self.mark_handled(place, first)
                self.the_laws_hold()
                self.mark_handled(place, "undelivered" if first == "program-done" else "program-done")
                break
