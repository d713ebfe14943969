"""The rules of days on which much comes together: compound steps, since single ones in any order seldom meet."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from attrs import frozen
from hypothesis import strategies as st
from hypothesis.stateful import rule

from digital_painschool.domain.notification import Notify
from digital_painschool.domain.program import Program
from digital_painschool.testing import history as h
from digital_painschool.testing.lifecycle.base import MachineBase, during, message
from digital_painschool.testing.lifecycle.clock import BESIDE
from digital_painschool.testing.lifecycle.delivering import STRUCK, TROUBLE, WRITE
from digital_painschool.testing.people import NURSE, UNIT
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.calendar import MICROSECOND
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment

_LEASE = timedelta(minutes=16)
"""A little more than the lease of a worker."""
_A_WHILE = timedelta(days=4)


@frozen
class Run:
    """The run on the second of two days.

    Args:
        troubles: How its first sendings go.
        struck: What happens to the worker at its first write.
        early: So many microseconds before its time it begins.
        minutes: So many minutes after it the next pass is made.
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
REFUSALS = ("refused for good", "refused for good, another worker", "busy, another worker")
_WHO = st.sampled_from([[], [0], [1], [0, 1], [0, 0], [2], [0, 1, 2, 3]])
_READ = st.sampled_from([[], [0], [1], [0, 1], [2]])
"""Which enrolments; the first two are of one patient."""
_ACTS: Mapping[str, h.EnrolmentStep] = MappingProxyType({"reads": h.PatientReads(), "ends": h.End()})
_CLOSINGS: Mapping[str, h.EnrolmentStep] = MappingProxyType(
    {"ends": h.End(), "is maintained": h.Maintain(1, shortens=True)}
)


class Days(MachineBase):
    """Days of a worker's life."""

    def write(self, of: ReferenceEnrolment | int, notify: Notify = Notify.COLLECTED) -> None:
        """Write to a patient in the first conversation."""
        enrolment = self.nth(of) if isinstance(of, int) else of
        self.take(enrolment, message(enrolment, 1, notify))

    @rule(
        missed=_WHO,
        written=_WHO,
        edge=st.sampled_from(["run", "run", "run", "end of the forenoon"]),
        microseconds=BESIDE,
        troubles=TROUBLE,
        struck=STRUCK,
        write=WRITE,
        read=_READ,
        then=_WHO,
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
        """Write collected messages, run a pass at the day's edge, and run more passes.

        Args:
            missed: To whom is written before a run that nobody makes.
            written: To whom is written after it.
            edge: When the pass is made.
            microseconds: Or so long after that.
            troubles: How the pass's first sendings go.
            struck: What happens to the storage, or to the worker.
            write: At which write.
            read: Who reads after it.
            then: To whom is written after it.
            closing: Whether one enrolment ends then, or is maintained for a day.
            closed: Which one.
            more: After how many minutes another pass is made, and how that goes.
        """
        self.two_of_one_patient()
        for one in missed:
            self.write(one)
        if missed:
            self.move(self.next_time())
        for one in written:
            self.write(one)
        clock = None if edge == "run" else self.policy.forenoon_ends
        self.move(self.next_time(clock) + microseconds * MICROSECOND)
        self.make_pass(troubles, struck, write)
        for one in read:
            self.take(one, h.PatientReads())
        for one in then:
            self.write(one)
        if closing in _CLOSINGS:
            self.take(closed, _CLOSINGS[closing])
        for minutes, again in more:
            self.move(self.now + timedelta(minutes=minutes))
            self.make_pass(again)

    another_day = a_third_day = a_fourth_day = a_day
    """The same, so that it comes four times as often."""

    def two_of_one_patient(self) -> tuple[ReferenceEnrolment, ReferenceEnrolment]:
        """Return two enrolments of one patient in which messages can be read for some days, new ones if need be."""
        return self._readable(self.programs[0]), self._readable(self.programs[1])

    def _readable(self, program: Program) -> ReferenceEnrolment:
        place = (self.numbers[0], UNIT, program)
        while True:  # the process may die at an end or a start, once
            theirs = [one for one in self.enrolments if (one.number, one.unit, one.program) == place]
            for one in theirs:
                if refusals.reading(one, self.now + _A_WHILE) is None:
                    return one
            still_open = [one for one in theirs if one.is_open]
            if still_open:
                self.take(still_open[0], h.End())
            else:
                self.enrol(self.numbers[0], NURSE, program)

    @rule(
        struck=st.sampled_from(["fails", "fails", "dies before", "dies after"]),
        write=st.integers(1, 2),
        ended=st.booleans(),
    )
    @during("messages")
    def a_day_on_which_all_is_read(self, struck: str, write: int, ended: bool) -> None:  # noqa: FBT001
        """Write two collected messages to one patient, read them, and let something happen when that is noted."""
        two = self.two_of_one_patient()
        for one in two:
            self.write(one)
            self.take(one, h.PatientReads())
        if ended:
            self.take(two[1], h.End())
        self.move(self.next_time())
        self.make_pass([], struck, write)

    @rule(trouble=st.sampled_from(REFUSALS), struck=STRUCK, write=WRITE)
    @during("messages")
    def one_for_two(self, trouble: str, struck: str, write: int) -> None:
        """Write in two enrolments of one patient; the one notice is refused, and then all is well again."""
        for one in self.two_of_one_patient():
            self.write(one)
        self.move(self.next_time())
        self.make_pass([trouble], struck, write)
        self.move(self.now + _LEASE)
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
        """Write with a slow clock: a message from before the run comes when the day's notice is on its way.

        Args:
            missed: Whether nobody makes the run of the day before, so that the notice is of that day.
            run: How the day's run goes.
            same: Whether the late message is in the enrolment of the first.
            minutes: So long after the run the next pass is made.
            days: And one more when so many days have passed.
        """
        first, second = self.two_of_one_patient()
        self.write(first)
        self.move(self.next_time(days=int(missed)))
        self.make_pass([run])
        here = self.now
        self.asked.set_clocks(here - MICROSECOND)
        self.write(first if same else second)
        self.asked.set_clocks(here)
        if run != "none":
            self.model.disturb()
        self.move(here + timedelta(minutes=minutes))
        self.make_pass()
        self.move(self.next_time(days=days))
        self.make_pass()

    @rule(
        first=st.integers(0, 1),
        run=st.sampled_from([*RUNS]),
        again=st.sampled_from(["none", "busy"]),
        act=st.sampled_from([*_ACTS]),
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
        """Write to a patient on a day without a run, and on the next: two notices could go at once.

        Args:
            first: In which of two enrolments on the first day; in the other on the second.
            run: How the second day's run goes.
            again: How the next pass goes.
            act: What the patient or the therapist does with one of them.
            of_first: The first or the other.
            afterwards: After the second pass or before it.
        """
        goes, two = RUNS[run], self.two_of_one_patient()
        earlier, later = two[first], two[1 - first]
        self.write(earlier)
        self.move(self.next_time() + MICROSECOND)
        if goes.tried:
            self.make_pass(["busy"])
        self.write(later)
        if goes.noon:
            self.move(self.next_time(self.policy.forenoon_ends))
            self.make_pass()
        acting = earlier if of_first else later
        self.move(self.next_time() - goes.early * MICROSECOND)
        self.make_pass(goes.troubles, goes.struck)
        if not afterwards:
            self.take(acting, _ACTS[act])
        self.move(self.now + timedelta(minutes=goes.minutes))
        self.make_pass([again])
        if afterwards:
            self.take(acting, _ACTS[act])
        self.move(self.now + timedelta(minutes=31))
        self.make_pass()

    two_days_again = and_again = two_days_in_one
    """The same, so that it comes three times as often."""
