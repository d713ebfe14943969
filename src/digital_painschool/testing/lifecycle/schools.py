"""The schools of a machine: the one under test, and beside it one in memory that is asked for the same."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from attrs import evolve, field, frozen

from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Program
from digital_painschool.errors import Conflict, PainSchoolError, RuleViolation, StorageError
from digital_painschool.ports.storage import AccessEntry
from digital_painschool.testing.environment import PortsFactory
from digital_painschool.testing.faults import WRITES, Dies, Fault, Killed, RecordingPorts, When
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, unless
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import StorageSnapshot, difference

_ALL = 1_000_000
_AGREE, _LOGGED = Law.STORAGES_AGREE, Law.PERMISSIONS_HOLD

STRIKES: Mapping[str, Fault] = MappingProxyType(
    {
        "fails": Fault(WRITES, does=StorageError("the disk is full; make room")),
        "dies before": Fault(WRITES, does=Dies()),
        "dies after": Fault(WRITES, does=Dies(), when=When.AFTER),
    }
)
"""What can happen to a write of a process, by name."""

Line = tuple[datetime, str, HsaId, str | None, str | None, bool]
"""A line of the access log as the laws see it: when, who, where, which record, whose, granted or not."""


def striking(struck: str, write: int) -> tuple[Fault, ...]:
    """Return the fault of one write, counted from 0, by name; none for `"no"`."""
    return () if struck == "no" else (evolve(STRIKES[struck], call=write + 1),)


def line_of(entry: AccessEntry) -> Line:
    """Return an entry of the access log as a line."""
    number = None if entry.person is None else entry.person.value
    return entry.at, entry.by, entry.unit, entry.enrolment_id, number, entry.granted


@frozen
class Answer:
    """The answer to a call: `"done"` with a value, `"refused"` with the words of the error, or the process `"died"`."""

    how: str
    value: object = None
    error: PainSchoolError | None = field(default=None, eq=False)

    def is_refusal_as(self, refusal: Refusal) -> bool:
        """Return whether the call is refused for the reason, or with the error, that the model gives."""
        if isinstance(refusal, type):
            return isinstance(self.error, refusal) and not isinstance(self.error, Conflict)
        return isinstance(self.error, RuleViolation) and self.error.reason is refusal


@frozen(kw_only=True)
class Request:
    """Something that every school is asked for.

    Args:
        law: The law that is broken by a wrong answer.
        what: Who does what, for the message.
        call: The call.
        by: The author, as the access log signs it.
        refusal: Why the model refuses it, or None.
        about: The enrolment, or None.
        is_logged: Whether the access log has it although it concerns no single enrolment.
    """

    law: Law
    what: str
    call: Callable[[Scenario], object]
    by: str
    refusal: Refusal | None = None
    about: ReferenceEnrolment | None = None
    is_logged: bool = False


class Schools:
    """The schools, and what their access logs said so far.

    Args:
        factories: The factories of the adapters: those under test, and those of the reference.
        programs: The programs on offer.
        policy: The units' policy.
        start: The present instant.

    Attributes:
        armed: The fault that hits the next step: the write, from 0, and how the process dies.
        lines: The lines of the last step in the access log.
    """

    def __init__(
        self, factories: Sequence[PortsFactory], programs: tuple[Program, ...], policy: Policy, start: datetime
    ) -> None:
        first, *others = factories
        self.recordings = [RecordingPorts(first), *(RecordingPorts(self._at_its_pace(factory)) for factory in others)]
        self.all = [
            Scenario(recording.ports_factory, programs=programs, policy=policy, start=start)
            for recording in self.recordings
        ]
        self.armed: tuple[int, str] | None = None
        self.lines: list[Line] = []
        self._logged: list[dict[HsaId, list[tuple[int, AccessEntry]]]] = [{UNIT: [], OTHER_UNIT: []} for _ in self.all]

    def _at_its_pace(self, factory: PortsFactory) -> PortsFactory:
        """Return a factory of the same ports at the paces of the school under test."""
        return lambda environment: evolve(factory(environment), paces=self.recordings[0].paces)

    @property
    def first(self) -> Scenario:
        """The school under test."""
        return self.all[0]

    def set_clocks(self, to: datetime) -> None:
        """Move every clock, back too, as the clock of a process that is wrong."""
        for school in self.all:
            school.now = to

    def restart(self) -> None:
        """End every process, and open the schools again."""
        for school in self.all:
            school.restart()

    def close(self) -> None:
        """Close the schools."""
        for school in self.all:
            school.close()

    def snapshot(self, place: int = 0) -> StorageSnapshot:
        """Return all that a school's storage holds."""
        school = self.all[place]
        ids = [f"e-{number:04}" for number in range(1, school._ids + 1)]
        return StorageSnapshot.of(school.storage, ids, school.now)

    def ask(self, request: Request) -> bool:
        """Call every school: it must do the step, or refuse it and change nothing; each answers alike.

        Returns:
            Whether the step is done; a process that is to die may die before.
        """
        law, what, refusal = request.law, request.what, request.refusal
        armed, self.armed = self.armed, None
        before = self.snapshot() if refusal is not None or armed is not None else None
        for place in range(len(self.all)):
            self.read_log(place)
        answers = [self._answer(place, request.call, armed) for place in range(len(self.all))]
        logs = [self.read_log(place) for place in range(len(self.all))]
        for answer, log in zip(answers[1:], logs[1:], strict=True):
            require(unequal(_AGREE, answer, answers[0], f"{what}: the answer is not the reference's"))
            require(unequal(_AGREE, log, logs[0], f"{what}: the access log is not the reference's"))
        self.lines = [line_of(entry) for entry in logs[0]]
        answer = answers[0]
        require(self._log_violations(request, answer))
        if refusal is None:
            why = f"{what}: refused, and it should have been done: {answer.value}"
            require(unless(answer.how != "refused", law, why))
            require(self._outcome_violations(request, answer))
            return answer.how == "done" or before != self.snapshot()
        require(unless(answer.how != "done", law, f"{what}: done, and it should have been refused ({refusal})"))
        assert before is not None
        require(unchanged_violations(before, self.snapshot(), f"{what}: refused"))
        why = f"{what}: refused as {answer.value}, and it should have been as {refusal}"
        require(unless(answer.how != "refused" or answer.is_refusal_as(refusal), law, why))
        require(self._outcome_violations(request, answer))
        return False

    def _answer(self, place: int, call: Callable[[Scenario], object], armed: tuple[int, str] | None) -> Answer:
        school = self.all[place]
        if armed is not None:
            write, how = armed
            self.recordings[place].process.plan.inject(*striking(how, write))
        try:
            answer = Answer("done", call(school))
        except PainSchoolError as error:
            answer = Answer("refused", f"{type(error).__name__}: {error}", error)
        except Killed:
            answer = Answer("died")
        if armed is not None:
            school.restart()
        return answer

    def _log_violations(self, request: Request, answer: Answer) -> Iterator[LawViolation]:
        what, about, is_done = request.what, request.about, answer.how == "done"
        has_line = bool(self.lines) or not is_done or not (request.is_logged or about is not None)
        yield from unless(has_line, _LOGGED, f"{what}: the access log does not have it")
        if about is None:
            return
        expected = (self.first.now, request.by, about.unit, about.id, about.number)
        for line in self.lines:
            yield from unequal(_LOGGED, expected, line[:5], f"{what}: the access log has it otherwise")

    def _outcome_violations(self, request: Request, answer: Answer) -> Iterator[LawViolation]:
        if request.about is None:
            return
        granted = [line[5] for line in self.lines]
        # A call of several reads is granted until a rule refuses one: that is the last line.
        last = {"done": [True], "refused": [False], "died": granted[-1:]}[answer.how]
        is_right = all(granted[:-1]) and granted[-1:] == last
        what = f"{request.what}: the access log does not say whether it was refused"
        yield from unless(is_right, _LOGGED, what)

    def read_log(self, place: int) -> list[AccessEntry]:
        """Return the new entries of a school's access log."""
        found: list[AccessEntry] = []
        for unit, entries in self._logged[place].items():
            after = entries[-1][0] if entries else 0
            new = self.all[place].storage.access_entries(unit, after=after, limit=_ALL)
            entries.extend(new)
            found.extend(entry for _, entry in new)
        return found

    def log_violations(self) -> Iterator[LawViolation]:
        """Check that the access logs have only grown."""
        for place, school in enumerate(self.all):
            self.read_log(place)
            for unit, entries in self._logged[place].items():
                found = [*school.storage.access_entries(unit, limit=_ALL)]
                yield from unequal(_LOGGED, entries, found, "the access log changed where it may only grow")

    def agreement_violations(self) -> Iterator[LawViolation]:
        """Check that the storage under test holds what the reference's holds."""
        for place in range(1, len(self.all)):
            ours, reference = self.snapshot(), self.snapshot(place)
            if ours != reference:
                what = f"the storage holds something else than the reference's\n{difference(reference, ours)}"
                yield from unless(False, _AGREE, what)
            times = self.all[place].now, self.first.now
            yield from unequal(_AGREE, *times, "time went on otherwise than at the reference")


def unchanged_violations(before: StorageSnapshot, after: StorageSnapshot, what: str) -> Iterator[LawViolation]:
    """Check that two snapshots are equal."""
    if before != after:
        what = f"{what}, and yet something was changed\n{difference(before, after)}"
        yield from unless(False, Law.REFUSED_CHANGES_NOTHING, what)
