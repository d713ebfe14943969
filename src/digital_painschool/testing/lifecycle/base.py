"""The ground that the machine stands on: the schools that are asked, how they are asked, and what was logged."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime, time
from types import MappingProxyType
from typing import Any, ClassVar
from unittest.mock import patch
from zoneinfo import ZoneInfo

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition

from digital_painschool.application import executor
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import PainSchoolError, StorageError
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.testing.environment import Environment, in_memory, local
from digital_painschool.testing.example import program
from digital_painschool.testing.faults import WRITES, Dies, Fault, Killed, RecordingPorts, When
from digital_painschool.testing.lifecycle.calendar import local_day
from digital_painschool.testing.lifecycle.laws import holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.people import ANNA, BO, OTHER_UNIT, RESERVE_NUMBER, UNIT
from digital_painschool.testing.scenario import Scenario

STARTS = (
    "2026-03-27 12:00",
    "2026-10-23 12:00",
    "2026-06-01 08:00",
    "2028-02-29 23:30",
    "2026-12-31 08:00",
)
"""The days before both clock changes, an ordinary one, a leap day, the last day of a year; in Stockholm."""
POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "usual": Policy(),
        "own": Policy(
            zone=ZoneInfo("Europe/Helsinki"),
            collected_at=time(6, 30),
            forenoon_ends=time(10),
            review_after_days=7,
            staff_flags=frozenset(FlagKind),
            retention_years=1,
            retention_decision="RS 2026-1",
            export_before_purge=False,
            retry_minutes=(5,),
        ),
    }
)
"""The defaults, and a unit that has decided everything otherwise."""
FOCUSES = ("treatment", "maintenance", "messages", "records", "everything")
"""What an example is about: few rules at a time find more than all of them."""

_FULL = StorageError("the disk is full; make room")
STRIKES: Mapping[str, Fault] = MappingProxyType(
    {
        "fails": Fault(WRITES, does=_FULL),
        "dies before": Fault(WRITES, does=Dies()),
        "dies after": Fault(WRITES, does=Dies(), when=When.AFTER),
    }
)
"""What can happen to a write of a process, by name."""


def striking(struck: str, write: int) -> tuple[Fault, ...]:
    """Return the fault of one write, counted from 0, by name; none for `"no"`."""
    return () if struck == "no" else (evolve(STRIKES[struck], call=write + 1),)


def during(*focuses: str) -> Callable[[Any], Any]:
    """Return the precondition of a rule that belongs to some focuses."""
    return precondition(lambda machine: machine.focus in {*focuses, "everything"})


class Ground(RuleBasedStateMachine):
    """Asks every school for the same, and expects the same of each."""

    reference: ClassVar[bool] = True
    crashes: ClassVar[bool] = True
    orderings: ClassVar[tuple[Ordering, ...]] = tuple(Ordering)
    policies: ClassVar[Mapping[str, Policy]] = POLICIES
    numbers: ClassVar[tuple[str, ...]] = (ANNA, BO, RESERVE_NUMBER)
    focuses: ClassVar[tuple[str, ...]] = FOCUSES

    @staticmethod
    def ports_factory(environment: Environment, /) -> Ports:
        """Open the adapters that are put to the test."""
        return in_memory(environment)

    def __init__(self) -> None:
        super().__init__()
        self.focus = ""
        self.courses: list[Course] = []
        self.touched: set[Course] = set()
        self.looked_at: datetime | None = None
        self.schools: list[Scenario] = []
        self.recordings: list[RecordingPorts] = []
        self.armed: tuple[int, str] | None = None
        self.rounds = 0
        self.lines: list[tuple[object, ...]] = []
        self.logged: list[dict[str, list[tuple[int, AccessEntry]]]] = []
        self._no_sleep = patch.object(executor, "sleep", lambda _: None)

    @initialize(
        start=st.sampled_from(STARTS),
        ordering=st.runner().flatmap(lambda machine: st.sampled_from([o.value for o in machine.orderings])),
        policy=st.runner().flatmap(lambda machine: st.sampled_from([*machine.policies])),
        focus=st.runner().flatmap(lambda machine: st.sampled_from(machine.focuses)),
    )
    def begin(self, start: str, ordering: str, policy: str, focus: str) -> None:
        """Open the schools."""
        self._no_sleep.start()
        self.focus = focus
        self.policy = self.policies[policy]
        self.programs = tuple(program(Ordering(ordering), key=key) for key in ("smartskola", "somnskola"))
        for ports_factory in (type(self).ports_factory, in_memory)[: 1 + self.reference]:
            recording = RecordingPorts(ports_factory)
            self.recordings.append(recording)
            school = Scenario(recording.ports_factory, programs=self.programs, policy=self.policy, start=local(start))
            self.schools.append(school)
            self.logged.append({UNIT: [], OTHER_UNIT: []})
        self.opened()

    def opened(self) -> None:
        """Take what else is to be done when the schools are open."""

    @property
    def school(self) -> Scenario:
        """The school that is put to the test; the other is the reference."""
        return self.schools[0]

    @property
    def now(self) -> datetime:
        """The schools' clock."""
        return self.school.now

    def person(self, number: str) -> PersonId:
        """Read a patient's number."""
        return self.school.ports.identity.parse(number, today=local_day(self.now, self.policy.zone))

    def move(self, to: datetime) -> None:
        """Set every school's clock on; it never goes back."""
        for school in self.schools:
            school.now = max(to, school.now)

    def set_clocks(self, to: datetime) -> None:
        """Set every school's clock, as a process does whose clock is wrong."""
        for school in self.schools:
            school.now = to

    @property
    def counted(self) -> list[Course]:
        """The enrolments as they are counted: from those that are open to those that ended."""
        return sorted(self.courses, key=lambda course: not course.is_open())

    def course(self, which: int) -> Course:
        """Return one of the enrolments."""
        return self.counted[which % len(self.courses)]

    def teardown(self) -> None:
        """Look a last time when nothing went wrong, and close what was opened."""
        try:
            if self.schools and sys.exc_info()[0] is None:
                self.at_last()
        finally:
            for school in self.schools:
                school.close()
            if self.schools:
                self._no_sleep.stop()

    def at_last(self) -> None:
        """Check what can be told at the end only."""
        for place, logged in enumerate(self.logged):
            self.newly_logged(place)
            storage = self.schools[place].storage
            for unit, entries in logged.items():
                found = list(storage.access_entries(self._unit(unit), limit=1_000_000))
                same(9, entries, found, "the access log changed where it may only grow")

    def newly_logged(self, place: int) -> list[AccessEntry]:
        """Return what was logged since the last time, in one school."""
        found: list[AccessEntry] = []
        for unit, entries in self.logged[place].items():
            after = entries[-1][0] if entries else 0
            new = self.schools[place].storage.access_entries(self._unit(unit), after=after, limit=1_000_000)
            entries.extend(new)
            found.extend(entry for _, entry in new)
        return found

    @staticmethod
    def _unit(unit: str) -> Any:
        return unit

    def ask(
        self,
        law: int,
        what: str,
        call: Callable[[Scenario], object],
        *,
        fine: bool = True,
        by: str,
        about: Course | None = None,
        traced: bool = False,
    ) -> bool:
        """Ask every school for a step: it must be done when it is fine, and else change nothing; alike in each.

        Args:
            law: Which law is broken when it is not so.
            what: Who does what, for the message.
            call: The step.
            fine: Whether the model gives it.
            by: Who does it, as the access log signs it.
            about: With which record.
            traced: Whether the access log has it although it is about no record.

        Returns:
            Whether it happened; a process that is to die may die before.
        """
        armed, self.armed = self.armed, None
        self.touched |= {about} if about is not None else {*self.courses}
        look_back = not fine or armed is not None
        before = self.school.kept() if look_back else None
        for place in range(len(self.schools)):
            self.newly_logged(place)
        answers = [self._answer(place, call, armed) for place in range(len(self.schools))]
        for other in answers[1:]:
            same(8, other, answers[0], f"{what}: the answer is not the reference's")
        self._is_logged(what, by, about, answers[0])
        holds(9, not traced or answers[0][0] != "done" or self.lines, f"{what}: the access log does not have it")
        how, detail = answers[0]
        after = self.school.kept() if look_back else None
        if not fine:
            holds(law, how != "done", f"{what}: done, and it should have been refused")
            same(2, before, after, f"{what}: refused, and yet something was changed")
            others = how == "refused" and detail.startswith("Conflict")
            holds(
                law,
                not others,
                f"{what}: a rule refuses it; a conflict with others it is not, as nobody else was there",
            )
            if about is not None:
                self._says_how(what, how)
            return False
        holds(law, how != "refused", f"{what}: refused, and it should have been done: {detail}")
        if about is not None:
            self._says_how(what, how)
        return how == "done" or before != after

    def _answer(self, place: int, call: Callable[[Scenario], object], armed: tuple[int, str] | None) -> tuple[str, Any]:
        school, recording = self.schools[place], self.recordings[place]
        if armed is not None:
            write, how = armed
            recording.process.plan.inject(*striking(how, write))
        try:
            answer: tuple[str, Any] = ("done", call(school))
        except PainSchoolError as error:
            answer = ("refused", f"{type(error).__name__}: {error}")
        except Killed:
            answer = ("died", None)
        if armed is not None:
            school.restart()
        return answer

    def _is_logged(self, what: str, by: str, about: Course | None, answer: tuple[str, Any]) -> None:
        new = [self.newly_logged(place) for place in range(len(self.schools))]
        for other in new[1:]:
            same(8, other, new[0], f"{what}: the access log is not the reference's")
        self.lines = [line_of(entry) for entry in new[0]]
        if about is None:
            return
        right = (self.now, by, about.unit, about.id, about.number)
        for line in self.lines:
            same(9, right, line[:5], f"{what}: the access log has it otherwise")
        holds(9, self.lines or answer[0] != "done", f"{what}: the access log does not have it")

    def _says_how(self, what: str, how: str) -> None:
        granted = [line[5] for line in self.lines]
        # A call of several looks is granted until a rule refuses one: that is the last line.
        last = {"done": [True], "refused": [False], "died": granted[-1:]}[how]
        rightly = all(granted[:-1]) and granted[-1:] == last
        holds(9, rightly, f"{what}: the access log does not say whether it was refused")


def line_of(entry: AccessEntry) -> tuple[object, ...]:
    """Return a line of the access log as the laws see it: when, who, where, which record, whose, granted or not."""
    number = None if entry.person is None else entry.person.value
    return entry.at, entry.by, entry.unit, entry.enrolment_id, number, entry.granted
