"""The books: what must be true, by an account of its own that knows no rule and no `apply` of the library.

What somebody may do is worked out here from the documented truth table, in other words than the library's.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from attrs import define, field
from dateutil.relativedelta import relativedelta

from digital_painschool.domain.form import Form
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.program import Ordering
from digital_painschool.errors import NotPermitted, PainSchoolError, Reason
from digital_painschool.testing.simulation.alarms import alarms
from digital_painschool.testing.simulation.region import Treatment

Refusal = Reason | type[PainSchoolError]
"""How a step is refused: by a rule, for a reason; or by an error of a kind."""


class Stage(Enum):
    """Where an enrolment is, as the books have it."""

    ACTIVE = "active"
    MAINTENANCE = "maintenance"
    ENDED = "ended"


@define
class Pile:
    """What one side left for the other: how many, up to which it was seen to, and since when the rest waits."""

    sent: int = 0
    seen: int = 0
    since: datetime | None = None

    @property
    def waiting(self) -> int:
        """How many wait."""
        return self.sent - self.seen

    def add(self, at: datetime) -> None:
        """One more."""
        if not self.waiting:
            self.since = at
        self.sent += 1

    def see(self, up_to: int, at: datetime) -> datetime:
        """Take note up to one of them; gives since when the oldest of them waited."""
        since, self.seen = self.since or at, up_to
        self.since = at if self.waiting else None
        return since


@define
class Filled(Pile):
    """A form: also which filling-in alarmed last, and the last answers."""

    alert: int = 0
    answers: Mapping[str, object] = field(factory=dict)


@define
class Talk:
    """A conversation: both sides' messages, and its heading."""

    heading: str
    from_patient: Pile = field(factory=Pile)
    from_staff: Pile = field(factory=Pile)


@define
class Account:
    """What the books know of one enrolment.

    Args:
        id: Which one.
        person: Whose.
        unit: Of which unit.
        therapist: Who has the patient.
        treatment: What it runs.
        zone: The unit's zone.
        started: When, UTC.
        entries: How many timeline entries the people's steps made; what the worker adds is counted apart.
    """

    id: str
    person: PersonId
    unit: HsaId
    therapist: HsaId
    treatment: Treatment
    zone: ZoneInfo
    started: datetime
    entries: int = 1
    access_until: datetime = field(init=False)
    stage: Stage = Stage.ACTIVE
    maintained: frozenset[int] = frozenset()
    opened: set[int] = field(factory=set)
    completed: set[int] = field(factory=set)
    released: set[int] = field(factory=set)
    out_of_order: set[int] = field(factory=set)
    forms: dict[str, Filled] = field(factory=dict)
    talks: list[Talk] = field(factory=list)
    done: datetime | None = None
    done_handled: bool = False
    undelivered: list[str] = field(factory=list)
    reviewed: datetime | None = None
    seen: datetime | None = None
    ended: datetime | None = None
    last_entry: datetime = field(init=False)
    noted: list[datetime] = field(factory=list)
    staff_notices: int = 0
    therapists: list[tuple[datetime, HsaId]] = field(factory=list)
    purged: bool = False

    def __attrs_post_init__(self) -> None:
        self.access_until = self._a_term_later(self.started)
        self.last_entry = self.started

    def hand_over(self, to: HsaId, now: datetime) -> None:
        """Another therapist has the patient now."""
        self.therapists.append((now, self.therapist))
        self.therapist = to
        self.enter(now)

    def therapist_at(self, at: datetime) -> HsaId:
        """Return who had the patient at an instant."""
        return next((who for until, who in self.therapists if at <= until), self.therapist)

    def _a_term_later(self, at: datetime) -> datetime:
        months = self.treatment.program.access_months
        return (at.astimezone(self.zone).replace(fold=0) + relativedelta(months=months)).astimezone(at.tzinfo)

    # What the patient may do, and why not

    def shut(self, now: datetime, *, to_write: bool) -> Reason | None:
        """Return why the patient may not read at all, or not write, complete and fill in; None when it may be."""
        if self.stage is Stage.ENDED:
            return Reason.ALREADY_ENDED
        if now >= self.access_until:
            return Reason.ACCESS_IS_OVER
        if to_write and self.stage is Stage.MAINTENANCE:
            return Reason.READ_ONLY_IN_MAINTENANCE
        return None

    def module_shut(self, module: int, now: datetime) -> Reason | None:
        """Return why a module is closed to the patient, or None."""
        order, ordering = self.treatment.order, self.treatment.program.ordering
        why = self.shut(now, to_write=False)
        if module not in self.treatment.modules:
            return Reason.UNKNOWN_MODULE
        if why is not None or self.stage is Stage.MAINTENANCE:
            return why if why or module in self.maintained else Reason.MODULE_NOT_IN_MAINTENANCE
        if ordering is Ordering.GUIDED or module in self.completed or module not in order:
            return None
        place = order.index(module)
        if ordering is Ordering.RELEASED:
            return None if not place or module in self.released else Reason.MODULE_NOT_RELEASED
        return None if self.completed.issuperset(order[:place]) else Reason.EARLIER_MODULES_FIRST

    def form_shut(self, form: str, now: datetime) -> Reason | None:
        """Return why a form cannot be saved, whatever the answers, or None."""
        why = self.shut(now, to_write=True)
        if why is not None:
            return why
        if form not in self.treatment.carriers:
            return Reason.UNKNOWN_FORM
        reasons = [self.module_shut(module, now) for module in self.treatment.carriers[form]]
        return None if None in reasons else reasons[0]

    def completing_shut(self, module: int, now: datetime) -> Reason | None:
        """Return why a module cannot be completed, or None; what was opened stays open to that."""
        why = self.shut(now, to_write=True)
        return why if why or module in self.opened else self.module_shut(module, now)

    # What the staff may do

    def staff_shut(self, actor_id: HsaId, *, after_end: bool = False) -> Refusal | None:
        """Return why the therapist's own steps are refused to somebody of the unit, or None.

        Args:
            actor_id: Who tries.
            after_end: True for what may be done after the end too.
        """
        if actor_id != self.therapist:
            return NotPermitted
        return Reason.ALREADY_ENDED if self.stage is Stage.ENDED and not after_end else None

    # What happened

    def enter(self, now: datetime, entries: int = 1, *, by_patient: bool = False) -> None:
        """Count timeline entries of a step."""
        self.entries += entries
        self.last_entry = max(self.last_entry, now)
        if by_patient and entries:
            self.seen = now

    def open_module(self, module: int, now: datetime) -> None:
        """The patient opened a module."""
        if module not in self.opened and self.stage is Stage.ACTIVE and not self._is_next(module):
            self.out_of_order.add(module)
        self.opened.add(module)
        self.enter(now, by_patient=True)

    def _is_next(self, module: int) -> bool:
        order = self.treatment.order
        return module not in order or self.completed.issuperset(order[: order.index(module)])

    def complete_module(self, module: int, now: datetime) -> bool:
        """The patient completed a module; tells whether the program is done by that."""
        if module in self.completed:
            return False
        if module not in self.opened:
            self.open_module(module, now)
        self.completed.add(module)
        is_done = self.done is None and self.completed.issuperset(self.treatment.program.required)
        if is_done:
            self.done = now
        self.enter(now, 1 + is_done, by_patient=True)
        return is_done

    def save_form(self, form: Form, answers: Mapping[str, object], now: datetime) -> int:
        """The patient saved a form; gives the how many-eth filling-in it is."""
        filled = self.forms.setdefault(form.key, Filled())
        filled.add(now)
        filled.answers = answers
        if alarms(form, answers):
            filled.alert = filled.sent
        self.enter(now, by_patient=True)
        return filled.sent

    # What waits for the therapist

    def flags(self, now: datetime) -> list[tuple[object, ...]]:
        """List what waits: kind, form or conversation, how many, of how many, whether an alarm; in any order."""
        if self.stage is Stage.ENDED:
            return []
        found: list[tuple[object, ...]] = [
            ("form-saved", key, pile.waiting, pile.sent, pile.alert > pile.seen)
            for key, pile in self.forms.items()
            if pile.waiting
        ]
        found += [
            ("message-received", number, talk.from_patient.waiting, talk.from_patient.sent, False)
            for number, talk in enumerate(self.talks, start=1)
            if talk.from_patient.waiting
        ]
        if self.undelivered:
            found.append(("undelivered", None, len(self.undelivered), len(self.undelivered), False))
        if self.done and not self.done_handled:
            found.append(("program-done", None, 1, 1, False))
        if now >= self.access_until:
            found.append(("ending", None, 1, 1, False))
        return found

    def row(self, now: datetime, review_after: timedelta) -> tuple[object, ...]:
        """Return a row of the list: rank, id, forms, messages, done, undelivered, whether an alarm, ending, due."""
        forms = messages = 0
        first = False
        for pile in self.forms.values():
            forms += pile.sent - pile.seen
            first = first or pile.alert > pile.seen
        for talk in self.talks:
            messages += talk.from_patient.sent - talk.from_patient.seen
        done = self.done is not None and not self.done_handled
        ending = now >= self.access_until
        flagged = forms or messages or done or self.undelivered or ending
        rank = 0 if first else 1 if flagged else 2
        due = now - (self.reviewed or self.started) > review_after
        return (rank, self.id, forms, messages, done, len(self.undelivered), first, ending, due)

    def oldest_wait(self) -> datetime | None:
        """Return since when the oldest unread form or message waits for the therapist."""
        if self.stage is Stage.ENDED:
            return None
        piles = [*self.forms.values(), *(talk.from_patient for talk in self.talks)]
        return min((pile.since for pile in piles if pile.waiting and pile.since), default=None)


def run_day(at: datetime, zone: ZoneInfo, runs_at: object) -> date:
    """Return the local day whose run a collected message of an instant goes with."""
    local = at.astimezone(zone)
    return local.date() if local.time() < runs_at else local.date() + timedelta(days=1)  # type: ignore[operator]
