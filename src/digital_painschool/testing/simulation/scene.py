"""The scene: one unit with its clock, its school, its books, and the queue of what is to happen."""

import traceback
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import TypeVar

from digital_painschool.application.caseload import Case, CasePage, Cursor
from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import AccessEnded, Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.notification import Channel
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import NotPermitted, PainSchoolError, Reason, RuleViolation
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import load_documents, load_enrolment, load_notifications, load_timeline
from digital_painschool.testing.environment import Environment, PortsFactory, both_ways
from digital_painschool.testing.faults import Killed
from digital_painschool.testing.simulation.figures import Figures
from digital_painschool.testing.simulation.findings import Findings, Law
from digital_painschool.testing.simulation.mishaps import Surroundings
from digital_painschool.testing.simulation.notification_oracle import Tellings
from digital_painschool.testing.simulation.reference_model import Account, Refusal, Stage
from digital_painschool.testing.simulation.region import Region, Unit

T = TypeVar("T")

_LAWS = {
    Reason.EARLIER_MODULES_FIRST: Law.ORDER_IS_KEPT,
    Reason.MODULE_NOT_RELEASED: Law.ORDER_IS_KEPT,
    Reason.ACCESS_IS_OVER: Law.ACCESS_FOLLOWS_THE_TABLE,
    Reason.ALREADY_ENDED: Law.ACCESS_FOLLOWS_THE_TABLE,
    Reason.READ_ONLY_IN_MAINTENANCE: Law.ACCESS_FOLLOWS_THE_TABLE,
    Reason.MODULE_NOT_IN_MAINTENANCE: Law.ACCESS_FOLLOWS_THE_TABLE,
    Reason.NO_SUCH_SUBMISSION: Law.UNREAD_IS_SAVED_LESS_READ,
    Reason.NOT_APPROVED: Law.PURGE_TAKES_WHAT_IT_MAY,
    NotPermitted: Law.STRANGERS_ARE_REFUSED_AND_LOGGED,
}
"""Which law speaks of a refusal; the others are refused for reasons that only law 2 speaks of."""


class Scene:
    """One unit, run by a queue of events; everything that happens, happens at the instant that the clock shows.

    Args:
        region: What is simulated.
        unit: Which unit.
        ports_factory: Opens the adapters; called again at each restart.
    """

    def __init__(self, region: Region, unit: Unit, ports_factory: PortsFactory) -> None:
        self.region = region
        self.unit = unit
        self.chance = region.chance("unit", unit.number)
        self.figures = Figures(region.start)
        self.findings = Findings(unit.number, region.most_findings)
        self.tellings = Tellings(unit.policy, partial(self.find, Law.TOLD_ONCE_IN_TIME), self.figures, region.outages)
        self.accounts: dict[str, Account] = {}
        self.find_by_person: dict[PersonId, list[Account]] = {}
        self.refusals: list[tuple[datetime, str]] = []
        self.wants: dict[HsaId, int] = {}
        """By therapist: over how many ways they want to be notified."""
        self.want_pass: Callable[[datetime], None] = _nothing
        """Told when something may be due."""
        self.access_moved: Callable[[Account], None] = _nothing
        """Told when an enrolment's access ends at another instant than before."""
        self.saves_meanwhile: Callable[[Account, str], object] = _nothing
        """Lets the patient save a form just now."""
        self.ended: Callable[[Account], None] = _nothing
        """Told when an enrolment has ended."""
        self._opening = ports_factory
        self._queue: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self._ids = count(1)
        chance = region.chance("directory", unit.number)
        known = [who for who in unit.therapists if not chance.happens(region.habits.staff.unknown_in_directory)]
        self.environment = Environment(region.start, {who.hsa_id: both_ways("staff") for who in known})
        self.surroundings = Surroundings(self)
        self.schools: list[PainSchool] = []
        terms = UnitTerms(policy=unit.policy, programs=tuple(t.program for t in unit.treatments))
        self._catalogue = Catalogue(units={unit.id: terms})
        self.restart()

    # Time

    @property
    def now(self) -> datetime:
        """The clock, UTC."""
        return self.environment.now

    def at(self, when: datetime, what: Callable[[], object]) -> None:
        """Let something happen at an instant; what lies behind the end never does."""
        if when <= self.region.end:
            heappush(self._queue, (max(when, self.now), next(self._order), what))

    def run(self, until: datetime) -> None:
        """Let everything happen that is to happen until an instant, and set the clock to it."""
        while self._queue and self._queue[0][0] <= until:
            self.environment.now, _, what = heappop(self._queue)
            self.guard(what)
        self.environment.now = max(self.now, until)

    def guard(self, what: Callable[[], object]) -> None:
        """Let something happen; what it raises is a finding, and when the process dies of it, there is a new one."""
        try:
            what()
        except Killed:
            self.surroundings.died()
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the run goes on
            where = traceback.extract_tb(error.__traceback__)[-1]
            raised = f"{type(error).__name__} in {where.name}, line {where.lineno} of {Path(where.filename).name}"
            self.find(Law.NOTHING_UNFORESEEN, None, f"raised {raised}: no refusal, and not foreseen")

    # The school

    def restart(self) -> None:
        """Open the school anew on what is kept, as a new process would."""
        self.ports: Ports = self.surroundings.around(self._opening(self.environment))
        self.storage = self.ports.storage
        self.school = self.another()
        self.schools.append(self.school)

    def another(self) -> PainSchool:
        """Return one more school on the same adapters, as another process would have."""
        return PainSchool(
            self.ports,
            catalogue=self._catalogue,
            clock=lambda: self.environment.now,
            new_id=lambda _: f"{self.unit.number:04}-{next(self._ids):06}",
        )

    def close(self) -> None:
        """Close every school that was opened, and remove what they had on disk."""
        for school in self.schools:
            school.close()
        self.environment.close()

    # Steps

    def find(self, law: Law, enrolment: str | None, sentence: str) -> None:
        """Note a finding at the present instant."""
        self.findings.add(law, enrolment, self.now, sentence)

    def ask(
        self,
        kind: str,
        by: str,
        call: Callable[[], T],
        *,
        about: Account | None = None,
        refusal: Refusal | None = None,
    ) -> T | None:
        """Ask a desk for something, and hold what it says against what the books say that it must say.

        Args:
            kind: What is counted.
            by: Who asks: an HSA-id or `"patient"`.
            call: Asks.
            about: Which enrolment it is about.
            refusal: How it must be refused; None when it must be done.

        Returns:
            What the desk gave; None when it was refused, or should have been.
        """
        self.figures.step(kind, "patients" if by == "patient" else "staff", self.now)
        before = self._kept(about) if refusal is not None else None
        try:
            given = call()
        except PainSchoolError as error:
            got: Refusal = error.reason if isinstance(error, RuleViolation) else type(error)
            self.figures.refused[kind] += 1
            if got is not refusal:
                self._unforeseen(kind, about, got, refusal)
            if refusal is not None and before != self._kept(about):
                self.find(Law.REFUSED_CHANGES_NOTHING, _id_of(about), f"{kind}: refused, and something was changed")
            if isinstance(error, (NotPermitted, RuleViolation)):
                self.refusals.append((self.now, by))
            return None
        if refusal is not None:
            law = _LAWS.get(refusal, Law.REFUSED_CHANGES_NOTHING)
            self.find(law, _id_of(about), f"{kind}: done, and it was to be refused ({_name(refusal)})")
            return None
        return given

    def walk(self, kind: str, by: HsaId, page_after: Callable[[Cursor | None], CasePage]) -> list[Case] | None:
        """Walk through a list of patients, page by page; None when it was refused.

        Args:
            kind: What is counted.
            by: Who looks.
            page_after: Gives the page after a place, the first after None.
        """
        rows: list[Case] = []
        page = self.ask(kind, by, lambda: page_after(None))
        while page is not None:
            rows += page.rows
            if page.next is None:
                return rows
            page = self.ask(kind, by, partial(page_after, page.next))
        return None

    def _unforeseen(self, kind: str, about: Account | None, got: Refusal, refusal: Refusal | None) -> None:
        law = _LAWS.get(got, Law.NOTHING_UNFORESEEN)
        should = "it was to be done" if refusal is None else f"it was to be refused with {_name(refusal)}"
        self.find(law, _id_of(about), f"{kind}: refused with {_name(got)}, and {should}")

    def _kept(self, about: Account | None) -> object:
        if about is None:
            return None
        state = load_enrolment(self.storage, about.id)
        if state is None:
            return None
        documents = load_documents(self.storage, about.id, range(1, state.version + 1))
        records = load_notifications(self.storage, about.id)
        return state, len(load_timeline(self.storage, about.id)), len(documents), records

    def equal(self, law: Law, about: Account, expected: object, seen: object, what: str) -> None:
        """Note a finding when something is not what the books say."""
        if expected != seen:
            self.find(law, about.id, f"{what}: {expected!r} by the books, and it is {seen!r}")

    def expect_staff_notices(self, about: Account, flag: FlagKind) -> None:
        """Note that a flag was raised, of which the therapist may have asked to be notified."""
        if flag in self.unit.policy.staff_flags:
            about.staff_notices += self.wants.get(about.therapist, 0)
            self.want_pass(self.now)

    # What the school tells of itself

    def notice(self, enrolment: Enrolment, events: Iterable[Event]) -> None:
        """Take note of what the worker did to an enrolment, and hold it against the books."""
        about = self.accounts.get(enrolment.id)
        if about is None:
            return
        for event in events:
            if isinstance(event, AccessEnded):
                self._note_access_ended(about, event)
            elif isinstance(event, NotificationDropped) and event.channel is Channel.INBOX:
                self.tellings.drop(about, event.notification, self.now, by_system=event.by == "system")
            elif isinstance(event, NotificationUndelivered):
                about.undelivered.append(event.notification)
                if event.channel is Channel.INBOX:
                    self.expect_staff_notices(about, FlagKind.UNDELIVERED)
                    self.tellings.give_up(about, event.notification, self.now)
            if event.by == "system":
                about.last_entry = max(about.last_entry, event.at)

    def _note_access_ended(self, about: Account, event: AccessEnded) -> None:
        law = Law.ACCESS_FOLLOWS_THE_TABLE
        if event.access_until in about.noted or about.stage is Stage.ENDED:
            self.find(law, about.id, "the end of access was noted twice, or after the end")
        if not self.now >= about.access_until == event.access_until:
            self.find(law, about.id, f"access was noted as over at {event.access_until}, not {about.access_until}")
        about.noted.append(event.access_until)
        self.expect_staff_notices(about, FlagKind.ENDING)


def _nothing(*_: object) -> None:
    """Nobody is to be told yet."""


def _id_of(about: Account | None) -> str | None:
    return None if about is None else about.id


def _name(refusal: Refusal) -> str:
    return refusal.value if isinstance(refusal, Reason) else refusal.__name__
