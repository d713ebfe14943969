"""Law 9: everybody tries everything; what the machine's own table does not give is refused, and leaves a trace."""

from collections.abc import Callable, Iterator
from functools import partial

from hypothesis.stateful import precondition, rule

from digital_painschool.domain.people import Actor, Role
from digital_painschool.errors import NotPermitted, PainSchoolError, RuleViolation
from digital_painschool.testing.lifecycle.base import during, line_of
from digital_painschool.testing.lifecycle.laws import broken, holds, same
from digital_painschool.testing.lifecycle.model import Course
from digital_painschool.testing.lifecycle.permissions import DESK, OFFICE, PEOPLE, ROOM, UNIT_METHODS, may
from digital_painschool.testing.lifecycle.records import Records
from digital_painschool.testing.lifecycle.treatment import COURSE
from digital_painschool.testing.people import ANNA
from digital_painschool.testing.scenario import Scenario

_MAY_SEE = frozenset({Role.THERAPIST, Role.PATIENT_ADMINISTRATOR})
ROUNDS = 2
"""So many times in a history; it is much work."""
Attempt = tuple[str, str, tuple[object, ...]]
"""What was tried, in which unit's log it is to be found, and as which line."""


class Strangers(Records):
    """Wrong roles, other units, other patients, no role at all."""

    @rule(course=COURSE)
    @during("treatment", "records")
    @precondition(lambda self: self.rounds < ROUNDS)
    def everybody_tries_everything(self, course: int) -> None:
        """Everybody tries every method of every desk with one enrolment; what would change it, only who may not."""
        self.rounds += 1
        of = self.course(course)
        if of.gone:
            return
        before = self.school.kept()
        for place, school in enumerate(self.schools):
            self.newly_logged(place)
            attempts: list[Attempt] = []
            for who, actor in PEOPLE.items():
                attempts += self._tries_the_desk(school, of, who, actor)
                attempts += self._tries_the_office(school, who, actor)
            for number in self.numbers:
                if number != of.number:
                    attempts += self._tries_the_room(school, of, number)
            self.law_9_every_attempt_is_logged(place, attempts)
        same(2, before, self.school.kept(), "all that was refused or read, and yet something was changed")

    def law_9_every_attempt_is_logged(self, place: int, attempts: list[Attempt]) -> None:
        """Compare the access log with what was tried."""
        lines = [line_of(entry) for entry in self.newly_logged(place)]
        for unit in self.logged[place]:
            found = [line for line in lines if line[2] == unit]
            expected = [(what, line) for what, where, line in attempts if where == unit]
            for (what, line), there in zip(expected, found, strict=False):
                same(9, line, there, f"{what}: the access log has it otherwise, or not at all")
            same(9, len(expected), len(found), "the access log has more, or less, than was tried")

    def _tries_the_desk(self, school: Scenario, of: Course, who: str, actor: Actor) -> Iterator[Attempt]:
        desk = school.school.therapist(actor)
        for name, method in DESK.items():
            allowed = may(actor, method.reach, of.unit, of.therapist)
            if not allowed or method.reads:
                _try(f"{who} tries {name}", partial(method.call, desk, of.id), allowed=allowed)
                yield f"{who} tries {name}", of.unit, self._line(actor, of.unit, of, allowed=allowed)
        for name, (call, roles) in UNIT_METHODS.items():
            if not roles & actor.roles:
                _try(f"{who} tries {name}", partial(call, desk), allowed=False)
                number = ANNA if name == "identify" else None
                line = (self.now, actor.hsa_id, actor.unit, None, number, False)
                yield f"{who} tries {name}", actor.unit, line
        line = (self.now, actor.hsa_id, actor.unit, None, of.number, False)
        if actor.roles.isdisjoint(_MAY_SEE):
            _try(f"{who} looks for a patient", partial(desk.find, of.number), allowed=False)
            yield f"{who} looks for a patient", actor.unit, line
            return
        theirs = [
            course
            for course in self.present
            if course.number == of.number and may(actor, DESK["enrolment"].reach, course.unit, course.therapist)
        ]
        found = desk.find(of.number)
        seen = [enrolment.id for enrolment in found]
        same(9, sorted(course.id for course in theirs), sorted(seen), f"{who} finds others than they may see")
        for enrolment in found:
            (course,) = (course for course in theirs if course.id == enrolment.id)
            yield f"{who} finds a patient", actor.unit, self._line(actor, actor.unit, course, allowed=True)
        if not found:
            yield f"{who} looks for a patient", actor.unit, line

    def _line(self, actor: Actor, unit: str, of: Course | None, *, allowed: bool) -> tuple[object, ...]:
        if of is None:
            return self.now, actor.hsa_id, unit, None, None, allowed
        return self.now, actor.hsa_id, unit, of.id, of.number, allowed

    def _tries_the_office(self, school: Scenario, who: str, actor: Actor) -> Iterator[Attempt]:
        office = school.school.administrator(actor)
        plan = self.plans[-1] if self.plans else None
        plan_id = "" if plan is None else plan.id
        for name, call in OFFICE.items():
            attempt = partial(call, office, plan_id, school.environment.folder / "never")
            if Role.DATA_ADMINISTRATOR not in actor.roles:
                _try(f"{who} tries {name}", attempt, allowed=False)
                yield f"{who} tries {name}", actor.unit, self._line(actor, actor.unit, None, allowed=False)
            elif plan is not None and plan.unit != actor.unit and name in {"plan", "approve", "purge"}:
                try:
                    attempt()
                except RuleViolation:
                    yield f"{who} tries {name}", actor.unit, self._line(actor, actor.unit, None, allowed=False)
                else:
                    raise broken(9, f"{who} tries {name} with another unit's plan, and it was done")

    def _tries_the_room(self, school: Scenario, of: Course, number: str) -> Iterator[Attempt]:
        room = school.school.patient(number)
        line = (self.now, "patient", of.unit, of.id, number, False)
        for name, call in ROOM.items():
            _try(f"another patient tries {name}", partial(call, room, of.id), allowed=False)
            yield f"another patient tries {name}", of.unit, line


def _try(what: str, call: Callable[[], object], *, allowed: bool) -> None:
    try:
        call()
    except NotPermitted:
        holds(9, not allowed, f"{what}, and was refused, although the table gives it")
    except PainSchoolError as error:
        raise broken(9, f"{what}, and got as far as this: {error}") from None
    else:
        holds(9, allowed, f"{what}, and it was done, although the table does not give it")
