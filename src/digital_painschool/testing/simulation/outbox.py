"""The outbox of a large region, run: the real worker and a real storage at a pace, with the notices of its patients.

The patients do not live here, as they do in a simulated region. How many notices there are on each day, and how long
before the run their messages are written, is taken from one. Each notice is a message that a therapist writes.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from heapq import heapify, heappop
from random import Random
from typing import NamedTuple

from attrs import evolve

from digital_painschool.application.therapist import TherapistDesk
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, MessageSent
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notify, Status
from digital_painschool.domain.pace import NATIONAL_INBOX, ChannelPace
from digital_painschool.domain.people import Actor, PersonId, Role
from digital_painschool.domain.policy import Policy
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.environment import Environment, PortsFactory, on_sqlite
from digital_painschool.testing.faults import RecordingPorts
from digital_painschool.testing.reference.arrivals import Arrival, Arrivals
from digital_painschool.testing.reference.calendar import DAY, instant, local_day, run_for
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unless
from digital_painschool.testing.reference.pace import Slots, Used, leaves_no_slot
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.simulation.outbox_figures import (
    Demand,
    ForenoonRun,
    OutboxRun,
    Told,
    demand_of,
    phases_of,
)
from digital_painschool.testing.simulation.processes import Noting
from digital_painschool.testing.simulation.running import Outcome

_LAW = Law.NOTIFIED_ONCE_IN_TIME
_POLICY = Policy()
_MINUTE, _QUARTER, _WORKING_DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=9)
_RUNS_FROM, _RUNS_UNTIL = time(7), time(19)
"""Between these times of day a run begins every quarter of an hour, if something is due and no other run goes on."""
_WORK_FROM = time(8)
"""From then on direct notices are asked for, for a working day."""
_PER_UNIT = 320
Progress = Callable[[Sequence[ForenoonRun]], object]
"""A function that is given the forenoons that are over."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def run_outbox(
    demand: Demand,
    *,
    begins: date = date(2026, 3, 2),
    pace: ChannelPace = NATIONAL_INBOX,
    ports_factory: PortsFactory = on_sqlite,
    progress: Progress = lambda _: None,
) -> tuple[ForenoonRun, ...]:
    """Run the outbox of a region, and check law 5, the forenoon and the pace for each notice and each forenoon.

    Args:
        demand: The notices.
        begins: The first day.
        pace: The pace of the inbox.
        ports_factory: Opens the storage; left out, SQLite in a file of its own.
        progress: Called with the forenoons that are over, after each.

    Raises:
        LawViolation: A law does not hold.
    """
    outbox = _Outbox(demand, begins, pace, ports_factory, progress)
    try:
        return outbox.run()
    finally:
        outbox.close()


def run_outbox_of(outcome: Outcome, patients: int, progress: Progress = lambda _: None) -> OutboxRun:
    """Run the outbox of a region of so many patients at the national pace, as a simulated region asks for it."""
    phases = phases_of(outcome, patients)
    forenoons = run_outbox(demand_of(outcome, patients, phases), progress=progress)
    return OutboxRun(patients, phases, forenoons)


class _MadeUp:
    """Numbers that nobody has."""

    def parse(self, text: str, *, today: date) -> PersonId:  # noqa: ARG002 - the port's own signature
        return PersonId("made-up", text)


class _Asked(NamedTuple):
    """A notification that was asked for: when, since when it is due, and whether it is collected."""

    at: datetime
    due_at: datetime
    collected: bool


class _Outbox(Scenario):
    """A school whose clock goes through what happens: messages are written, also while a worker waits."""

    def __init__(
        self,
        demand: Demand,
        begins: date,
        pace: ChannelPace,
        ports_factory: PortsFactory,
        progress: Progress,
    ) -> None:
        self._demand, self._begins, self._pace = demand, begins, pace
        self._chance = Random(7)  # noqa: S311 - nothing secret
        self._events: list[tuple[datetime, int, Callable[[], object]]] = []
        self._recording = RecordingPorts(lambda environment: self._opened(ports_factory, environment))
        self._arrivals = Arrivals(_POLICY)
        self._slots = Slots(pace)
        self._arrivals_read = self._grants_read = 0
        self._asked: dict[tuple[str, int], _Asked] = {}
        self._numbers: dict[str, str] = {}
        self._waiting: dict[str, list[_Asked]] = {}
        self._enrolments: dict[int, EnrolmentId] = {}
        self._used: list[Used] = []
        self._last: datetime | None = None
        self._sent_at, self._in_round = self._at(-1, time(0)), 0
        self._at_opening = 0, 0
        self._forenoons: list[ForenoonRun] = []
        self._told = Told()
        self._progress = progress
        start = self._at(0, time(6))
        super().__init__(self._recording.ports_factory, policy=_POLICY, start=start, pass_time=self._move_to)

    def _opened(self, ports_factory: PortsFactory, environment: Environment) -> Ports:
        paces = {Channel.INBOX: self._pace}
        return evolve(ports_factory(environment), identity=_MadeUp(), observers=(Noting(self._note),), paces=paces)

    def _at(self, day: int, at: time) -> datetime:
        return instant(self._begins + day * DAY, at, _POLICY.zone)

    def _move_to(self, at: datetime) -> None:
        """Move the clock on, and let happen what happens until then."""
        while self._events and self._events[0][0] <= at:
            when, _, happen = heappop(self._events)
            self.now = max(self.now, when)
            happen()
        self.now = at

    def run(self) -> tuple[ForenoonRun, ...]:
        """Simulate the days, and return the figures of their forenoons."""
        days = range(len(self._demand.days))
        for day in days:
            self._plan(day)
        heapify(self._events)
        for day in days:
            at = self._at(day, _RUNS_FROM)
            while at <= self._at(day, _RUNS_UNTIL):
                if at >= self.now:
                    self._move_to(at)
                    self._deliver_what_is_due()
                at += _QUARTER
        require(self._stored_violations())
        return tuple(self._forenoons)

    def _plan(self, day: int) -> None:
        """Plan who is written to for the forenoon and on the day, and when."""
        opens, ends = (self._at(day, at) for at in (_POLICY.collected_at, _POLICY.forenoon_ends))
        patients, first = range(self._demand.patients), self._at(0, time(6))
        collected, direct = self._demand.days[day]
        quarters, weights = [*self._demand.lateness], [*self._demand.lateness.values()]
        for patient in self._chance.sample(patients, collected):
            (late,) = self._chance.choices(quarters, weights)
            at = opens - _QUARTER * (late + self._chance.random())
            self._happens(max(at, first), partial(self._write, patient, Notify.COLLECTED))
        for patient in self._chance.sample(patients, direct):
            at = self._at(day, _WORK_FROM) + self._chance.random() * _WORKING_DAY
            self._happens(at, partial(self._write, patient, Notify.DIRECT))
        self._happens(opens, partial(self._open_forenoon, ends))
        self._happens(ends, partial(self._end_forenoon, opens))

    def _deliver_what_is_due(self) -> None:
        if any(one.due_at <= self.now for asked in self._waiting.values() for one in asked):
            self.deliver()
            self._look()

    def _happens(self, at: datetime, happen: Callable[[], object]) -> None:
        self._events.append((at, len(self._events), happen))

    def _desk(self, patient: int) -> TherapistDesk:
        unit, role = patient // _PER_UNIT, frozenset({Role.THERAPIST})
        actor = Actor(hsa_id=f"SE2321000131-P{unit:012}", unit=f"SE2321000131-E{unit:012}", roles=role)
        return self.school.therapist(actor)

    def _write(self, patient: int, notify: Notify) -> None:
        desk = self._desk(patient)
        if patient not in self._enrolments:  # the others are not in the outbox, and change nothing in it
            self._enrolments[patient] = desk.start(f"99{patient:010}", program="smartskola").id
        desk.start_conversation(self._enrolments[patient], "Hej!", notify=notify)

    def _note(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Note what a message asks for."""
        for seq, event in enumerate(events, start=enrolment.version - len(events) + 1):
            if isinstance(event, MessageSent):
                collected = event.notify is Notify.COLLECTED
                run = instant(run_for(event.at, _POLICY), _POLICY.collected_at, _POLICY.zone)
                asked = _Asked(event.at, run if collected else event.at, collected)
                self._asked[enrolment.id, seq], self._numbers[enrolment.id] = asked, enrolment.person.value
                self._waiting.setdefault(enrolment.person.value, []).append(asked)

    def _due(self) -> dict[str, datetime]:
        """Return the patients of whom something collected is due, each with the instant since when."""
        found = ((who, [one.due_at for one in asked if one.collected]) for who, asked in self._waiting.items())
        return {who: first for who, dues in found if (first := min(dues, default=_NEVER)) <= self.now}

    def _open_forenoon(self, ends: datetime) -> None:
        self._look()
        self._used.clear()
        self._last = None
        self._at_opening = len(self._due()), self._slots.room(self.now, ends)

    def _end_forenoon(self, opens: datetime) -> None:
        self._look()
        (due, room), waiting = self._at_opening, self._due()
        oldest = min(waiting.values(), default=self.now)
        is_full = not waiting or leaves_no_slot(oldest, self._used, room)
        require(unless(is_full, _LAW, f"{len(waiting)} wait after {opens:%Y-%m-%d}, and there were slots for them"))
        self._forenoons.append(
            ForenoonRun(
                day=local_day(opens, _POLICY.zone),
                due=due,
                sent=sum(one.collected for one in self._used),
                left=len(waiting),
                oldest=opens - oldest if waiting else timedelta(0),
                last=timedelta(0) if self._last is None else self._last - opens,
                told=self._told,
            )
        )
        self._told = Told()
        self._progress(self._forenoons)

    def _look(self) -> None:
        """Check what workers were granted, and what has arrived since the last look."""
        grants, arrivals = self._recording.grants, self._recording.arrivals
        for grant in grants[self._grants_read :]:
            require(self._slots.note(grant))
        for arrival in arrivals[self._arrivals_read :]:
            require(self._arrival_violations(arrival))
        self._grants_read, self._arrivals_read = len(grants), len(arrivals)

    def _arrival_violations(self, arrival: Arrival) -> Iterator[LawViolation]:
        enrolment, seq, *_ = arrival.key.split(".")
        collected, at = self._asked[enrolment, int(seq)].collected, arrival.at
        yield from self._arrivals.add(arrival, digest_of=arrival.to if collected else None)
        yield from self._pace_violations(at)
        waiting = self._waiting.pop(arrival.to.value, [])
        told = [one for one in waiting if one.collected is collected and one.due_at <= at]
        yield from unless(told, _LAW, f"{arrival.key} arrived before its time, or for nothing that waited")
        if left := [one for one in waiting if one not in told]:
            self._waiting[arrival.to.value] = left
        self._used.append(Used(collected, min((one.due_at for one in told), default=at)))
        if collected:
            self._last = at
        for one in told:
            if collected:
                today = local_day(at, _POLICY.zone)
                self._told.days[(today - local_day(one.at, _POLICY.zone)).days] += 1
                self._told.late[(today - local_day(one.due_at, _POLICY.zone)).days] += 1
            else:
                self._told.direct[(at - one.at) // _MINUTE] += 1

    def _pace_violations(self, at: datetime) -> Iterator[LawViolation]:
        """Yield a send that comes too soon after the one before, or after a full round without its pause."""
        pace, gap = self._pace, at - self._sent_at
        self._in_round = 1 if gap >= max(pace.pause, pace.interval) else self._in_round + 1
        is_right = gap >= pace.interval and (pace.round_size is None or self._in_round <= pace.round_size)
        yield from unless(is_right, _LAW, f"a notice at {at} is too soon for the pace")
        self._sent_at = at

    def _stored_violations(self) -> Iterator[LawViolation]:
        """Yield each patient of whom something else waits in the storage than what nobody was told of."""
        for enrolment, number in self._numbers.items():
            records = load_notifications(self.storage, EnrolmentId(enrolment))
            stored = Counter(record.status for record in records)
            waits = len(self._waiting.get(number, ()))
            expected = Counter({Status.PENDING: waits, Status.DELIVERED: len(records) - waits})
            yield from unless(+expected == stored, _LAW, f"{dict(stored)}, and {waits} should wait", enrolment)
