"""The base of the lifecycle machine: its options, the schools, the model, and how a step is taken in all of them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, time, timedelta
from logging import CRITICAL, getLogger
from types import MappingProxyType
from typing import Any, ClassVar
from unittest.mock import patch

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition

from digital_painschool.application import executor
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Completion, Ordering, Program
from digital_painschool.errors import PainSchoolError, Reason
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import readable
from digital_painschool.testing import history as h
from digital_painschool.testing.environment import Environment, in_memory, local
from digital_painschool.testing.example import program
from digital_painschool.testing.lifecycle import checks
from digital_painschool.testing.lifecycle.model import RunModel
from digital_painschool.testing.lifecycle.options import FOCUSES, POLICIES, STARTS, check_options
from digital_painschool.testing.lifecycle.passes import Passes
from digital_painschool.testing.lifecycle.schools import Request, Schools
from digital_painschool.testing.people import ANNA, BO, COLLEAGUE, NURSE, RESERVE_NUMBER, STRANGER
from digital_painschool.testing.reference.calendar import instant, local_day
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.laws import Law, require, unequal, violation
from digital_painschool.testing.reference.refusals import Refusal
from digital_painschool.testing.reference.steps import KINDS, refusal
from digital_painschool.testing.scenario import Scenario

THERAPISTS: Mapping[str, Actor] = MappingProxyType({"nurse": NURSE, "colleague": COLLEAGUE, "elsewhere": STRANGER})
"""The therapists, by name: two of one unit, and one of another."""
ENROLMENT = st.integers(0, 4)
"""An enrolment as it is counted: from those that are open to those that ended."""
MOST_ENROLMENTS = 12
"""So many enrolments, ended ones too, and no rule starts another by itself."""


def during(*focuses: str) -> Callable[[Any], Any]:
    """Return the precondition of a rule that belongs to some focuses."""
    return precondition(lambda machine: machine.focus in {*focuses, "everything"})


def message(enrolment: ReferenceEnrolment, conversation: int, notify: Notify) -> h.TherapistWrites:
    """Return the step that writes in a conversation, or in a new one when there are not so many (0)."""
    return h.TherapistWrites(conversation=min(conversation, len(enrolment.conversations)), notify=notify)


@contextmanager
def _silent() -> Iterator[None]:
    """Log nothing of the library meanwhile: the injected faults would hide what broke."""
    logger = getLogger("digital_painschool")
    level = logger.level
    logger.setLevel(CRITICAL)
    yield
    logger.setLevel(level)


class MachineBase(RuleBasedStateMachine):
    """A machine without rules: every step is taken in the school under test, in the reference and in the model."""

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

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.rpartition(".")[0] != __name__.rpartition(".")[0]:
            check_options(cls)

    def __init__(self) -> None:
        super().__init__()
        self.schools: Schools | None = None
        self.answers: list[object] = []
        self.focus = ""
        self.touched: set[ReferenceEnrolment] = set()
        self._checked_at: datetime | None = None
        self._surroundings = ExitStack()

    @initialize(
        start=st.sampled_from(STARTS),
        ordering=st.runner().flatmap(lambda machine: st.sampled_from([o.value for o in machine.orderings])),
        policy=st.runner().flatmap(lambda machine: st.sampled_from([*machine.policies])),
        focus=st.runner().flatmap(lambda machine: st.sampled_from(machine.focuses)),
    )
    def begin(self, start: str, ordering: str, policy: str, focus: str) -> None:
        """Open the schools, and start a program; when it is about messages, for three patients, and two for one."""
        self._surroundings.enter_context(patch.object(executor, "sleep", lambda _: None))
        self._surroundings.enter_context(_silent())
        self.focus = focus
        self.policy = self.policies[policy]
        offered = {"smartskola": Completion.DECLARED, "somnskola": Completion.PAGES_READ}
        files = tuple(program(Ordering(ordering), how, key=key) for key, how in offered.items())
        self.programs = tuple(one.ordered(self.policy.ordering) for one in files)
        factories = (type(self).ports_factory, in_memory)[: 1 + self.reference]
        self.schools = Schools(factories, files, self.policy, local(start))
        self.model = RunModel(self.school, self.schools.recordings[0], self.policy)
        self.passes = Passes(self.schools, self.model)
        first, second = self.programs
        self.enrol(self.numbers[0], NURSE, first)
        if focus == "messages":
            self.enrol(self.numbers[0], NURSE, second)
            self.enrol(self.numbers[1], NURSE, first)
            self.enrol(self.numbers[2], NURSE, first)

    @property
    def asked(self) -> Schools:
        """The schools, which are open."""
        assert self.schools is not None
        return self.schools

    @property
    def school(self) -> Scenario:
        """The school that is put to the test."""
        return self.asked.first

    @property
    def now(self) -> datetime:
        """The schools' clock."""
        return self.school.now

    @property
    def enrolments(self) -> list[ReferenceEnrolment]:
        """The enrolments as they are counted: from those that are open to those that ended."""
        return sorted(self.model.school.enrolments, key=lambda one: not one.is_open)

    def nth(self, ordinal: int) -> ReferenceEnrolment:
        """Return one of the enrolments, whichever number is given."""
        return self.enrolments[ordinal % len(self.enrolments)]

    def move(self, to: datetime) -> None:
        """Move every clock on; none goes back."""
        self.asked.set_clocks(max(to, self.now))

    def next_time(self, clock: time | None = None, days: int = 0) -> datetime:
        """Return the next instant of a local time of day, the run's by default, or that of so many days later."""
        at, zone = clock or self.policy.collected_at, self.policy.zone
        day = local_day(self.now, zone)
        return instant(day + timedelta(days=days + (instant(day, at, zone) <= self.now)), at, zone)

    def person(self, number: str) -> PersonId:
        """Read a patient's number."""
        return self.school.ports.identity.parse(number, today=local_day(self.now, self.policy.zone))

    def enrol(self, number: str, by: Actor, chosen: Program) -> ReferenceEnrolment | None:
        """Start a program for a patient; a second open enrolment in a program at a unit is refused."""
        is_open = self.model.school.open_enrolment(number, by.unit, chosen.key) is not None
        request = Request(
            law=Law.REFUSED_CHANGES_NOTHING,
            what=f"a start of {chosen.key} at {by.unit}",
            call=lambda s: s.school.therapist(by).start(number, program=chosen.key),
            refusal=Reason.ALREADY_OPEN if is_open else None,
            by=by.hsa_id,
            is_logged=True,
        )
        self.touched.update(self.model.school.enrolments)
        if not self.asked.ask(request):
            return None
        known = {one.id for one in self.model.school.enrolments}
        person = self.person(number)
        new = [one.id for one in readable(self.school.storage.find_by_person(person)) if one.id not in known]
        require(unequal(Law.STORAGES_AGREE, 1, len(new), f"{request.what}: so many are stored"))
        line = (self.now, by.hsa_id, by.unit, new[0], number, True)
        what = f"{request.what}: the access log has it otherwise, or not at all"
        require(unequal(Law.PERMISSIONS_HOLD, [line], self.asked.lines, what))
        self.model.start(new[0], person, chosen, by)
        self.touched.add(self.model.school.enrolments[-1])
        return self.model.school.enrolments[-1]

    def start_anew(self, of: ReferenceEnrolment) -> None:
        """End an enrolment, and start the same program for the same patient anew."""
        self.take(of, h.End())
        if len(self.enrolments) < MOST_ENROLMENTS:
            self.enrol(of.number, of.therapist_actor, of.program)

    def take(self, of: ReferenceEnrolment | int, step: h.EnrolmentStep, wrong: Refusal | None = None) -> bool:
        """Execute a step in an enrolment; return whether it is done.

        Args:
            of: The enrolment, or its ordinal.
            step: The step; unless it names another actor, the enrolment's own.
            wrong: Why it is refused whatever the enrolment is like; None when that is for the model to say.
        """
        enrolment = self.nth(of) if isinstance(of, int) else of
        addressed = self.model.school.addressed(enrolment, step)
        found = PainSchoolError if enrolment.purged else wrong or refusal(enrolment, addressed, self.now)
        self.answers.clear()
        is_done = self.ask(
            Law.REFUSED_CHANGES_NOTHING if wrong else KINDS[type(step)].law,
            repr(step),
            lambda school: self.answered(addressed.take(school)),
            refusal=found,
            by=addressed.by.hsa_id if isinstance(addressed, h.TherapistStep) else "patient",
            about=None if enrolment.purged else enrolment,
        )
        if is_done:
            self.model.execute(enrolment, addressed)
        return is_done

    def read_and_complete(self, of: ReferenceEnrolment, module: int) -> None:
        """Read a module's pages, as many as its completion asks for, and try to complete it after each."""
        needs_all = of.program.completion is Completion.PAGES_READ
        for page in range(1, of.pages[module] + 1 if needs_all else 2):
            self.take(of, h.ReadPage(module, page))
            self.take(of, h.CompleteModule(module))

    def answered(self, answer: object) -> object:
        """Note what a desk returned, the school under test first, and return it."""
        self.answers.append(answer)
        return answer

    def ask(self, law: Law, what: str, call: Callable[[Scenario], object], **about: Any) -> bool:
        """Call every school; the keyword arguments are those of a `Request`."""
        of = about.get("about")
        self.touched.update(self.model.school.enrolments if of is None else [of])
        return self.asked.ask(Request(law=law, what=what, call=call, **about))

    def make_pass(self, troubles: Iterable[str] = (), struck: str = "no", write: int = 0, batch: int = 200) -> None:
        """Run a delivery pass in every school, and check its effects; see `Passes.run`."""
        self.touched.update(self.model.school.enrolments)
        self.passes.run(troubles, struck, write, batch)

    @invariant()
    def the_laws_hold(self) -> None:
        """Check the enrolments that the last steps concerned, and all open ones when time has gone on."""
        if self.schools is None:
            return
        is_later = self.now != self._checked_at
        touched = [one for one in self.model.school.stored() if one in self.touched or (is_later and one.is_open)]
        try:
            for one in touched:
                require(checks.enrolment_violations(self.school, self.model, one))
            if is_later or self.touched:
                require(checks.caseload_violations(self.school, self.model))
                require(self.schools.agreement_violations())
        except PainSchoolError as error:
            raise violation(Law.STORAGES_AGREE, f"what is stored cannot be shown: {error}") from None
        self.touched.clear()
        self._checked_at = self.now

    def teardown(self) -> None:
        """Check a last time when nothing went wrong, and close what was opened."""
        if self.schools is None:
            return
        try:
            if sys.exc_info()[0] is None:
                self.at_last()
        finally:
            self.schools.close()
            self._surroundings.close()

    def at_last(self) -> None:
        """Run passes on some quiet days: then everybody is notified of everything, or it is on record why not.

        At a pace there is a further day for each notification that waits: a forenoon may have one slot.
        """
        further = len(self.model.oracle.waiting) if self.asked.recordings[0].paces else 0
        for left in reversed(range(3 + further)):
            if self.model.oracle.waiting:
                self.move(self.next_time())
                if not left:
                    self.model.disturb(disturbed=False)
                self.make_pass()
        require(self.asked.log_violations())
