"""A tiny plan of what is possible: enough of each enrolment to know which steps the school will accept.

It is no second implementation: it knows who may do what next, and is proved by playing what it gives.
"""

from collections import Counter
from datetime import datetime

from attrs import Factory, define

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.form import Form
from digital_painschool.domain.local_time import end_of_day, months_later
from digital_painschool.domain.people import Actor
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.rules.retention import period_start
from digital_painschool.testing.environment import START
from digital_painschool.testing.people import RESERVE_NUMBER


@define
class Talk:
    """A conversation: how many messages staff have written, and how many of them the patient has read."""

    written: int = 0
    read: int = 0


@define(eq=False)
class Planned:
    """An enrolment, as far as it decides what can be done next."""

    who: str
    program: Program
    therapist: Actor
    until: datetime
    phase: Phase = Phase.ACTIVE
    chosen: frozenset[int] = frozenset()
    completed: set[int] = Factory(set)
    released: set[int] = Factory(set)
    saved: Counter[str] = Factory(Counter)
    talks: list[Talk] = Factory(list)
    waiting: list[tuple[Talk, int]] = Factory(list)
    undelivered: bool = False
    handled: bool = False
    ended_at: datetime | None = None
    exported: bool = False

    @property
    def ended(self) -> bool:
        """It has ended."""
        return self.phase is Phase.ENDED

    @property
    def done(self) -> bool:
        """The program is done."""
        return self.completed.issuperset(self.program.required)

    def readable(self, now: datetime) -> bool:
        """The patient can read something."""
        return not self.ended and now < self.until

    def active(self, now: datetime) -> bool:
        """The patient can do everything."""
        return self.phase is Phase.ACTIVE and now < self.until

    def open_modules(self, now: datetime) -> list[int]:
        """Return the modules that the patient can read."""
        if not self.readable(now):
            return []
        if self.phase is Phase.MAINTENANCE:
            return sorted(self.chosen)
        return [module.number for module in self.program.modules if self._opens(module.number)]

    def _opens(self, module: int) -> bool:
        if self.program.ordering is Ordering.GUIDED or module in self.completed:
            return True
        if self.program.ordering is Ordering.ENFORCED:
            return self.completed.issuperset(self.program.before(module))
        return module in self.released or not self.program.before(module)

    def fillable(self, now: datetime) -> list[Form]:
        """Return the forms that the patient can save."""
        if not self.active(now):
            return []
        opened = set(self.open_modules(now))
        carriers = {form.key: set(self.program.carriers(form.key)) for form in self.program.forms}
        return [form for form in self.program.forms if not carriers[form.key] or carriers[form.key] & opened]


@define(eq=False)
class Paper:
    """The plan of a purge that was made last."""

    enrolments: list[Planned]
    approved: bool = False
    carried_out: bool = False


@define(eq=False)
class Plan:
    """What there is, and what time it is."""

    programs: tuple[Program, ...]
    policy: Policy
    now: datetime = START
    enrolments: list[Planned] = Factory(list)
    paper: Paper | None = None

    def which(self, enrolment: Planned) -> int:
        """Return the how many-eth of the patient's enrolments it is."""
        theirs = [other for other in self.enrolments if other.who == enrolment.who]
        return theirs.index(enrolment) + 1

    def open_one(self, who: str, program: Program) -> Planned | None:
        """Return the patient's open enrolment in the program, or None."""
        theirs = (e for e in self.enrolments if (e.who, e.program) == (who, program) and not e.ended)
        return next(theirs, None)

    def start(self, who: str, program: Program, therapist: Actor) -> None:
        """A program is started."""
        until = months_later(self.now, program.access_months, self.policy.zone)
        self.enrolments.append(Planned(who, program, therapist, until))

    def maintain(self, enrolment: Planned, days: int, modules: frozenset[int]) -> None:
        """An enrolment is maintained."""
        enrolment.phase, enrolment.chosen = Phase.MAINTENANCE, modules
        enrolment.until = end_of_day(self.now, days, self.policy.zone)

    def end(self, enrolment: Planned) -> None:
        """An enrolment ends."""
        enrolment.phase, enrolment.ended_at = Phase.ENDED, self.now

    def deliver(self) -> None:
        """A worker makes a pass: who cannot be reached in the inbox is found out."""
        for enrolment in self.enrolments:
            readable = enrolment.readable(self.now) and enrolment.who == RESERVE_NUMBER
            enrolment.undelivered |= readable and any(talk.read < number for talk, number in enrolment.waiting)
            enrolment.waiting.clear()

    def export(self) -> None:
        """What has ended is exported."""
        for enrolment in self.enrolments:
            enrolment.exported |= enrolment.ended

    def plan_purge(self) -> None:
        """A plan of a purge is made."""
        self.paper = Paper([enrolment for enrolment in self.enrolments if self._is_old(enrolment)])

    def purge(self, paper: Paper) -> None:
        """A plan is carried out: what may be purged is gone, and the places of later enrolments change."""
        gone = [] if paper.carried_out else [e for e in paper.enrolments if self._may_go(e)]
        self.enrolments = [enrolment for enrolment in self.enrolments if enrolment not in gone]
        paper.carried_out = True

    def _is_old(self, enrolment: Planned) -> bool:
        return enrolment.ended_at is not None and enrolment.ended_at < period_start(self.now, self.policy)

    def _may_go(self, enrolment: Planned) -> bool:
        exported = enrolment.exported or not self.policy.export_before_purge
        return exported and self._is_old(enrolment) and enrolment in self.enrolments
