"""Law 9: everybody tries everything; what the permission table does not give is refused, and leaves a trace."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from hypothesis.stateful import precondition, rule

from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.errors import NotFound, NotPermitted, PainSchoolError, Reason, RuleViolation
from digital_painschool.testing.lifecycle.base import ENROLMENT, MachineBase, during
from digital_painschool.testing.lifecycle.schools import Line, line_of, unchanged_violations
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, unless
from digital_painschool.testing.reference.permissions import (
    DESK,
    FINDERS,
    OFFICE,
    OPERATIONS,
    PEOPLE,
    PLAN_METHODS,
    ROOM,
    UNIT_METHODS,
    may,
)
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.scenario import Scenario

_LAW = Law.PERMISSIONS_HOLD
_MOST = 2
"""So many times in a history; it is much work."""


class Attempt(NamedTuple):
    """A call that was tried, the unit whose access log has it, and the line there."""

    what: str
    unit: HsaId
    line: Line


class Unauthorised(MachineBase):
    """Wrong roles, other units, other patients, no role at all."""

    def __init__(self) -> None:
        super().__init__()
        self._rounds = 0

    @rule(enrolment=ENROLMENT)
    @during("treatment", "records")
    @precondition(lambda self: self._rounds < _MOST)
    def everybody_tries_everything(self, enrolment: int) -> None:
        """Call every method of every desk with one enrolment; one that changes it only as somebody who may not."""
        self._rounds += 1
        of = self.nth(enrolment)
        if of.purged:
            return
        before = self.asked.snapshot()
        for place, school in enumerate(self.asked.all):
            self.asked.read_log(place)
            attempts: list[Attempt] = []
            for who, actor in PEOPLE.items():
                attempts += self._at_the_desk(school, of, who, actor)
                attempts += self._at_the_office(school, who, actor)
                attempts += self._at_operations(school, of, who, actor)
            for number in self.numbers:
                if number != of.number:
                    attempts += self._in_the_room(school, of, number)
            lines = [line_of(entry) for entry in self.asked.read_log(place)]
            for unit in {one.unit for one in attempts}:
                expected = [one for one in attempts if one.unit == unit]
                found = [line for line in lines if line[2] == unit]
                for one, line in zip(expected, found, strict=False):
                    what = f"{one.what}: the access log has it otherwise, or not at all"
                    require(unequal(_LAW, one.line, line, what))
                require(unequal(_LAW, len(expected), len(found), "the lines of the access log for what was tried"))
        require(unchanged_violations(before, self.asked.snapshot(), "everything was refused or read"))

    def _line(self, actor: Actor, unit: HsaId, of: ReferenceEnrolment | None, *, allowed: bool) -> Line:
        id_, number = (None, None) if of is None else (of.id, of.number)
        return self.now, actor.hsa_id, unit, id_, number, allowed

    def _at_the_desk(self, school: Scenario, of: ReferenceEnrolment, who: str, actor: Actor) -> Iterator[Attempt]:
        desk = school.school.therapist(actor)
        for name, method in DESK.items():
            allowed = may(actor, method.scopes, of.unit, of.therapist, of.started_by)
            if not allowed or method.reads:
                _try(f"{who} tries {name}", partial(method.call, desk, of.id), allowed=allowed)
                yield Attempt(f"{who} tries {name}", of.unit, self._line(actor, of.unit, of, allowed=allowed))
        for name, unit_method in UNIT_METHODS.items():
            if not unit_method.roles & actor.roles:
                _try(f"{who} tries {name}", partial(unit_method.call, desk), allowed=False)
                line = (self.now, actor.hsa_id, actor.unit, None, unit_method.number, False)
                yield Attempt(f"{who} tries {name}", actor.unit, line)
        what = f"{who} looks for a patient"
        refused = Attempt(what, actor.unit, (self.now, actor.hsa_id, actor.unit, None, of.number, False))
        if actor.roles.isdisjoint(FINDERS):
            _try(what, partial(desk.find, of.number), allowed=False)
            yield refused
            return
        scopes = DESK["enrolment"].scopes
        theirs = {
            one.id: one
            for one in self.model.school.stored()
            if one.number == of.number and not one.is_withdrawn and may(actor, scopes, one.unit, one.therapist)
        }
        found = [one.id for one in desk.find(of.number)]
        require(unequal(_LAW, sorted(theirs), sorted(found), f"{who} finds others than they may see"))
        for id_ in found:
            yield Attempt(what, actor.unit, self._line(actor, actor.unit, theirs[id_], allowed=True))
        if not found:
            yield refused

    def _at_the_office(self, school: Scenario, who: str, actor: Actor) -> Iterator[Attempt]:
        office = school.school.administrator(actor)
        plan = self.model.school.plans[-1] if self.model.school.plans else None
        for name, call in OFFICE.items():
            attempt = partial(call, office, plan.id if plan else "", school.environment.folder / "never")
            another = plan is not None and plan.unit != actor.unit and name in PLAN_METHODS
            is_administrator = Role.DATA_ADMINISTRATOR in actor.roles
            if not is_administrator or another:
                why = Reason.ANOTHER_UNITS_PLAN if is_administrator else None
                _try(f"{who} tries {name}", attempt, allowed=False, why=why)
                yield Attempt(f"{who} tries {name}", actor.unit, self._line(actor, actor.unit, None, allowed=False))

    def _at_operations(self, school: Scenario, of: ReferenceEnrolment, who: str, actor: Actor) -> Iterator[Attempt]:
        desk = school.school.operator(actor)
        for name, call in OPERATIONS.items():
            concerned = None if name == "dead_letters" else of
            unit = actor.unit if concerned is None else of.unit
            if Role.OPERATOR not in actor.roles or unit != actor.unit:
                _try(f"{who} tries {name}", partial(call, desk, of.id, "unknown"), allowed=False)
                yield Attempt(f"{who} tries {name}", unit, self._line(actor, unit, concerned, allowed=False))

    def _in_the_room(self, school: Scenario, of: ReferenceEnrolment, number: str) -> Iterator[Attempt]:
        room = school.school.patient(number)
        for name, call in ROOM.items():
            why = NotFound if of.is_withdrawn else None
            _try(f"another patient tries {name}", partial(call, room, of.id), allowed=False, why=why)
            line = (self.now, "patient", of.unit, of.id, number, False)
            yield Attempt(f"another patient tries {name}", of.unit, line)


def _try(what: str, call: Callable[[], object], *, allowed: bool, why: Refusal | None = None) -> None:
    try:
        call()
    except NotPermitted:
        require(unless(not allowed and why is None, _LAW, f"{what}, and was refused, although the table gives it"))
    except PainSchoolError as error:
        is_right = (error.reason if isinstance(error, RuleViolation) else type(error)) is why
        require(unless(is_right, _LAW, f"{what}, and got as far as this: {error}"))
    else:
        require(unless(allowed, _LAW, f"{what}, and it was done, although the table does not give it"))
