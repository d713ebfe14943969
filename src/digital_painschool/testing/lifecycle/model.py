"""The model: what an enrolment is after what was done with it, in sets, counters and lists; it knows no rule file."""

from datetime import datetime, timedelta

from attrs import define, field

from digital_painschool.domain.people import Actor, HsaId, Role
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.testing.lifecycle.calendar import years_later

Figures = dict[tuple[str, str | int | None], int]
"""How many of what wait for the therapist: by the flag's kind, and by the form or the conversation."""


@define(eq=False)
class Talk:
    """A conversation: how much each side wrote, and how much of it the other has read."""

    by_patient: int = 0
    by_therapist: int = 0
    seen_by_patient: int = 0
    seen_by_therapist: int = 0


@define(eq=False, repr=False)
class Course:
    """One enrolment as the model has it.

    Args:
        id: The enrolment's id.
        number: The patient's identity number.
        unit: At which unit.
        therapist: Who has the patient now.
        program: What it runs.
        started: When it began.
        until: When the patient's access is over.
        ended_in_a_pass: Whether it ended while a worker had something of it in hand; that may be put back once more.
    """

    id: str
    number: str
    unit: HsaId
    therapist: HsaId
    program: Program
    started: datetime
    until: datetime
    phase: str = "active"
    chosen: frozenset[int] = frozenset()
    opened: set[int] = field(factory=set)
    completed: set[int] = field(factory=set)
    released: set[int] = field(factory=set)
    skipped: set[int] = field(factory=set)
    saved: dict[str, list[bool]] = field(factory=dict)
    noted: dict[str, int] = field(factory=dict)
    talks: list[Talk] = field(factory=list)
    headings: list[str] = field(factory=list)
    done: bool = False
    handled: bool = False
    lost: list[str] = field(factory=list)
    reviewed: datetime | None = None
    exported: int = 0
    gone: bool = False
    ended_in_a_pass: bool = False

    @property
    def desk_of(self) -> Actor:
        """Whoever has the patient, as a therapist at the unit."""
        return Actor(hsa_id=self.therapist, unit=self.unit, roles={Role.THERAPIST})

    @property
    def order(self) -> tuple[int, ...]:
        """The program's reading order."""
        return self.program.reading_order

    @property
    def modules(self) -> tuple[int, ...]:
        """The numbers of all modules."""
        return tuple(module.number for module in self.program.modules)

    def is_open(self) -> bool:
        """Return whether it has not ended."""
        return self.phase != "ended"

    def is_active(self, now: datetime) -> bool:
        """Return whether the patient can do everything."""
        return self.phase == "active" and now < self.until

    def can_read(self, now: datetime) -> bool:
        """Return whether the patient can read something."""
        return self.phase != "ended" and now < self.until

    def before(self, module: int) -> set[int]:
        """Return what comes before a module in the reading order and is not completed."""
        return {*self.order[: self.order.index(module)]} - self.completed if module in self.order else set()

    def may_read(self, module: int, now: datetime) -> bool:
        """Return whether the patient can read a module."""
        if not self.can_read(now) or module not in self.modules:
            return False
        if self.phase == "maintenance":
            return module in self.chosen
        free = {
            Ordering.GUIDED: True,
            Ordering.ENFORCED: not self.before(module),
            Ordering.RELEASED: module not in self.order[1:] or module in self.released,
        }
        return free[self.program.ordering] or module in self.completed

    def may_fill_in(self, form: str, now: datetime) -> bool:
        """Return whether the patient can save a form: in the active time, where a module that carries it is open."""
        carriers = [m.number for m in self.program.modules if any(form in page.forms for page in m.pages)]
        return self.is_active(now) and any(self.may_read(module, now) for module in carriers)

    def unread(self, form: str) -> list[bool]:
        """Return the fillings-in that wait, each with whether it alarms."""
        return self.saved.get(form, [])[self.noted.get(form, 0) :]

    def waiting(self, now: datetime) -> Figures:
        """Return what waits for the therapist, and how many times."""
        if self.phase == "ended":
            return {}
        figures: Figures = {("form-saved", form): len(self.unread(form)) for form in self.saved}
        for place, talk in enumerate(self.talks, start=1):
            figures["message-received", place] = talk.by_patient - talk.seen_by_therapist
        figures["program-done", None] = int(self.done and not self.handled)
        figures["undelivered", None] = len(self.lost)
        figures["ending", None] = int(now >= self.until)
        return {flag: count for flag, count in figures.items() if count}

    def has_alarm(self) -> bool:
        """Return whether an unread filling-in alarms."""
        return self.is_open() and any(any(self.unread(form)) for form in self.saved)

    def review_is_due(self, now: datetime, policy: Policy) -> bool:
        """Return whether nobody has reviewed for too long."""
        return now - (self.reviewed or self.started) > timedelta(days=policy.review_after_days)

    def recommended(self) -> int | None:
        """Return the module that is to be read next: of the reading order first, then of the others."""
        others = [module for module in self.modules if module not in self.order]
        return next((module for module in (*self.order, *others) if module not in self.completed), None)

    def open_module(self, module: int) -> None:
        """Note that the patient opened a module."""
        if self.phase == "active" and module not in self.opened and self.before(module):
            self.skipped.add(module)
        self.opened.add(module)

    def complete_module(self, module: int) -> None:
        """Note that the patient completed a module."""
        if module not in self.opened:
            self.open_module(module)
        self.completed.add(module)
        self.done = self.done or self.completed.issuperset(self.program.required)

    def write(self, conversation: int, *, patient: bool) -> int:
        """Note a message, in a conversation or a new one (0); gives how many that side has written in it."""
        if not conversation:
            self.talks.append(Talk())
        talk = self.talks[conversation - 1]
        if patient:
            talk.by_patient += 1
            return talk.by_patient
        talk.by_therapist += 1
        return talk.by_therapist

    def read(self, conversation: int, *, patient: bool) -> None:
        """Note that one side has read a conversation; after the end that changes nothing."""
        talk = self.talks[conversation - 1]
        if self.phase == "ended":
            return
        if patient:
            talk.seen_by_patient = talk.by_therapist
        else:
            talk.seen_by_therapist = talk.by_patient

    def has_read(self, conversation: int, message: int) -> bool:
        """Return whether the patient has read a message."""
        return self.talks[conversation - 1].seen_by_patient >= message


def begun(id_: str, number: str, by: Actor, program: Program, now: datetime, policy: Policy) -> Course:
    """Return the course of an enrolment that was started just now: the patient's access lasts a calendar year."""
    return Course(id_, number, by.unit, by.hsa_id, program, now, years_later(now, 1, policy.zone))
