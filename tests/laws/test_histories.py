"""Laws 1 to 4, 6 and 8: whatever people do in whatever order, the books agree with a model that knows no rule file.

The model is plain sets and counters. Each step is asked of every school: of one in memory, and of a pair, memory and
SQLite, which must answer alike and keep the same.
"""

import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest
from attrs import define, field
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from digital_painschool.access import Reading
from digital_painschool.enrolment import replay
from digital_painschool.errors import PainschoolError
from digital_painschool.notification import Notify
from digital_painschool.people import Party
from digital_painschool.policy import FlagKind
from digital_painschool.program import Ordering
from tests.scenario import DAILY, INSTANT, NUMBERS, PAIN, STOCKHOLM, Scenario, local, program

ORDER = (1, 2, 3)
CARRIERS = {PAIN: (1, 3), DAILY: (2,)}
GOOD: dict[str, list[tuple[dict[str, object], bool]]] = {
    PAIN: [({"smarta": 3}, False), ({"smarta": 9}, True)],
    DAILY: [({"hemma": "bra"}, False), ({"hemma": "ring", "var": ["rygg"], "timmar": 6.5}, True)],
}
BAD: list[dict[str, object]] = [{}, {"smarta": 11}, {"smarta": 3, "hemma": "bra"}, {"hemma": "okänd"}]


@define
class Talk:
    """A conversation as the model has it: what each side wrote and has read."""

    sent: dict[Party, int] = field(factory=lambda: dict.fromkeys(Party, 0))
    read: dict[Party, int] = field(factory=lambda: dict.fromkeys(Party, 0))


@define
class Model:
    """An enrolment as the model has it."""

    id: str
    number: str
    until: datetime
    phase: str = "active"
    chosen: frozenset[int] = frozenset()
    opened: set[int] = field(factory=set)
    completed: set[int] = field(factory=set)
    released: set[int] = field(factory=set)
    skipped: set[int] = field(factory=set)
    saved: dict[str, list[bool]] = field(factory=lambda: {PAIN: [], DAILY: []})
    noted: dict[str, int] = field(factory=lambda: {PAIN: 0, DAILY: 0})
    talks: list[Talk] = field(factory=list)
    done: bool = False
    handled: bool = False

    def is_active(self, now: datetime) -> bool:
        """The patient can do everything."""
        return self.phase == "active" and now < self.until

    def can_read(self, now: datetime) -> bool:
        """The patient can read something."""
        return self.phase != "ended" and now < self.until

    def before(self, module: int) -> set[int]:
        """What comes before a module in the reading order and is not completed."""
        return set(ORDER[: module - 1]) - self.completed if module in ORDER else set()

    def is_open(self, module: int, ordering: Ordering, now: datetime) -> bool:
        """The patient can read this module."""
        if not self.can_read(now) or module not in {1, 2, 3, 4}:
            return False
        if self.phase == "maintenance":
            return module in self.chosen
        free = {
            Ordering.GUIDED: True,
            Ordering.ENFORCED: not self.before(module),
            Ordering.RELEASED: module in {1, 4} | self.released,
        }
        return free[ordering] or module in self.completed

    def waiting(self, now: datetime) -> dict[tuple[FlagKind, str | int | None], int]:
        """What waits for the therapist, and how many times."""
        if self.phase == "ended":
            return {}
        flags: dict[tuple[FlagKind, str | int | None], int] = {
            (FlagKind.FORM_SAVED, form): len(saved) - self.noted[form] for form, saved in self.saved.items()
        }
        for place, talk in enumerate(self.talks, start=1):
            flags[FlagKind.MESSAGE_RECEIVED, place] = talk.sent[Party.PATIENT] - talk.read[Party.THERAPIST]
        flags[FlagKind.PROGRAM_DONE, None] = self.done and not self.handled
        flags[FlagKind.ENDING, None] = now >= self.until
        return {flag: count for flag, count in flags.items() if count}


WHICH = st.integers(0, 3)
MODULE = st.integers(0, 5)
FORM = st.sampled_from([PAIN, DAILY])


class HistoryMachine(RuleBasedStateMachine):
    """What patients and therapists do, with a clock that moves and a worker that comes and goes."""

    urls: ClassVar[tuple[str, ...]] = ("memory://",)

    @initialize(ordering=st.sampled_from(Ordering), start=st.sampled_from(["2026-03-27 12:00", "2028-02-29 23:30"]))
    def begin(self, ordering: Ordering, start: str) -> None:
        """Open the schools and start one patient."""
        self.folder = tempfile.TemporaryDirectory()
        programs = (program(ordering),)
        places = [url.replace("FOLDER", self.folder.name) for url in self.urls]
        self.schools = [Scenario(url, programs=programs) for url in places]
        self.ordering = ordering
        self.models: list[Model] = []
        self.views: list[tuple[Model, str, int]] = []
        self.move(local(start))
        self.start(0)

    def teardown(self) -> None:
        """Close what was opened."""
        if hasattr(self, "schools"):
            for school in self.schools:
                school.school.close()
            self.folder.cleanup()

    @property
    def now(self) -> datetime:
        """The schools' clock."""
        return self.schools[0].now

    def move(self, to: datetime) -> None:
        """Set every school's clock."""
        for school in self.schools:
            school.now = to

    def step(self, fine: bool, call: Callable[[Scenario], Any]) -> bool:
        """Ask every school for a step; it must do it when it is fine, and else change nothing. Law 2."""
        answers = []
        for school in self.schools:
            before = None if fine else school.kept()
            try:
                answers.append(("done", repr(call(school))))
            except PainschoolError as error:
                answers.append((type(error).__name__, str(error)))
                if fine:
                    raise
                assert before == school.kept()
            else:
                assert fine
        assert 1 == len(set(answers))
        return fine

    def model(self, which: int) -> Model:
        """Give one of the enrolments."""
        return self.models[which % len(self.models)]

    @rule(who=st.integers(0, 2))
    def start(self, who: int) -> None:
        """Start a patient; a second open enrolment is refused."""
        number = NUMBERS[who]
        fine = all(model.number != number or model.phase == "ended" for model in self.models)
        if self.step(fine, lambda school: school.start(number)) and fine:
            enrolment = self.schools[0].desk.caseload(limit=500).rows
            (id_,) = {row.enrolment_id for row in enrolment} - {model.id for model in self.models}
            here = self.now.astimezone(STOCKHOLM).replace(fold=0)
            day = 28 if (here.month, here.day) == (2, 29) else here.day
            self.models.append(Model(id_, number, here.replace(year=here.year + 1, day=day)))

    @rule(which=WHICH, module=MODULE)
    def open_module(self, which: int, module: int) -> None:
        """The patient opens a module. Law 3: what is out of order is marked."""
        model = self.model(which)
        fine = model.is_open(module, self.ordering, self.now)
        if self.step(fine, lambda s: s.school.patient(model.number).open_module(model.id, module)):
            self.opened(model, module)

    def opened(self, model: Model, module: int) -> None:
        """A module was opened."""
        if model.phase == "active" and module not in model.opened and model.before(module):
            model.skipped.add(module)
        model.opened.add(module)

    @rule(which=WHICH, module=MODULE)
    def complete_module(self, which: int, module: int) -> None:
        """The patient completes a module."""
        model = self.model(which)
        fine = model.is_active(self.now) and model.is_open(module, self.ordering, self.now)
        if self.step(fine, lambda s: s.school.patient(model.number).complete_module(model.id, module)):
            if module not in model.opened:
                self.opened(model, module)
            model.completed.add(module)
            model.done = model.done or model.completed.issuperset(ORDER)

    @rule(which=WHICH, module=MODULE)
    @precondition(lambda self: self.ordering is Ordering.RELEASED)
    def release_module(self, which: int, module: int) -> None:
        """The therapist releases a module."""
        model = self.model(which)
        if self.step(model.phase != "ended" and module in ORDER, lambda s: s.desk.release_module(model.id, module)):
            model.released.add(module)

    @rule(which=WHICH, form=FORM, answer=st.integers(0, 1))
    def save_form(self, which: int, form: str, answer: int) -> None:
        """The patient saves a form. Law 6: in the active time alone."""
        model = self.model(which)
        answers, alert = GOOD[form][answer]
        open_somewhere = any(model.is_open(module, self.ordering, self.now) for module in CARRIERS[form])
        fine = model.is_active(self.now) and open_somewhere
        if self.step(fine, lambda s: s.school.patient(model.number).save_form(model.id, form, answers)):
            model.saved[form].append(alert)

    @rule(which=WHICH, form=FORM, answers=st.sampled_from(BAD))
    def save_rubbish(self, which: int, form: str, answers: dict[str, object]) -> None:
        """The patient saves what the form does not ask for."""
        model = self.model(which)
        self.step(False, lambda s: s.school.patient(model.number).save_form(model.id, form, answers))

    @rule(which=WHICH, form=FORM)
    def draw_the_box(self, which: int, form: str) -> None:
        """The therapist's screen is drawn; it is used later."""
        model = self.model(which)
        self.views.append((model, form, len(model.saved[form])))

    @rule(place=st.integers(0, 9))
    @precondition(lambda self: self.views)
    def mark_from_the_screen(self, place: int) -> None:
        """The therapist marks what the screen showed. Law 4: what came after it stays unread."""
        model, form, total = self.views[place % len(self.views)]
        if self.step(model.phase != "ended", lambda s: s.desk.mark_read(model.id, form, up_to=total)):
            model.noted[form] = max(model.noted[form], total)

    @rule(which=WHICH, form=FORM)
    def open_form(self, which: int, form: str) -> None:
        """The therapist reads the answers; after the end too, and then nothing is changed."""
        model = self.model(which)
        self.step(True, lambda s: s.desk.open_form(model.id, form))
        if model.phase != "ended":
            model.noted[form] = len(model.saved[form])

    @rule(which=WHICH, conversation=st.integers(0, 3))
    def patient_writes(self, which: int, conversation: int) -> None:
        """The patient writes, in a conversation or a new one (0)."""
        model = self.model(which)
        fine = model.is_active(self.now) and conversation <= len(model.talks)
        number = conversation or None
        if self.step(fine, lambda s: s.school.patient(model.number).write(model.id, "Hej", conversation=number)):
            self.wrote(model, conversation, Party.PATIENT)

    @rule(which=WHICH, conversation=st.integers(0, 3), notify=st.sampled_from(Notify))
    def therapist_writes(self, which: int, conversation: int, notify: Notify) -> None:
        """The therapist writes, in a conversation or a new one (0)."""
        model = self.model(which)
        fine = model.can_read(self.now) and conversation <= len(model.talks)
        if conversation:
            done = self.step(fine, lambda s: s.desk.write(model.id, conversation, "Hej", notify=notify))
        else:
            done = self.step(fine, lambda s: s.desk.start_conversation(model.id, "Hej", notify=notify))
        if done:
            self.wrote(model, conversation, Party.THERAPIST)

    def wrote(self, model: Model, conversation: int, author: Party) -> None:
        """A message was written."""
        if not conversation:
            model.talks.append(Talk())
        model.talks[conversation - 1].sent[author] += 1

    @rule(which=WHICH, conversation=st.integers(0, 3))
    def patient_reads(self, which: int, conversation: int) -> None:
        """The patient reads a conversation."""
        model = self.model(which)
        fine = model.can_read(self.now) and 1 <= conversation <= len(model.talks)
        if self.step(fine, lambda s: s.school.patient(model.number).read_conversation(model.id, conversation)):
            talk = model.talks[conversation - 1]
            talk.read[Party.PATIENT] = talk.sent[Party.THERAPIST]

    @rule(which=WHICH, conversation=st.integers(0, 3))
    def therapist_reads(self, which: int, conversation: int) -> None:
        """The therapist reads a conversation; after the end too, and then nothing is changed."""
        model = self.model(which)
        fine = 1 <= conversation <= len(model.talks)
        if self.step(fine, lambda s: s.desk.read_conversation(model.id, conversation)) and model.phase != "ended":
            talk = model.talks[conversation - 1]
            talk.read[Party.THERAPIST] = talk.sent[Party.PATIENT]

    @rule(which=WHICH)
    def mark_done_handled(self, which: int) -> None:
        """The therapist has taken note that the program is done."""
        model = self.model(which)
        fine = model.phase != "ended" and model.done and not model.handled
        if self.step(fine, lambda s: s.desk.mark_handled(model.id, FlagKind.PROGRAM_DONE)):
            model.handled = True

    @rule(which=WHICH, days=st.sampled_from([0, 1, 30, 365, 366]), modules=st.frozensets(MODULE, max_size=3))
    def maintain(self, which: int, days: int, modules: frozenset[int]) -> None:
        """The therapist maintains, or renews."""
        model = self.model(which)
        fine = model.phase != "ended" and 1 <= days <= 365 and bool(modules) and modules <= {1, 2, 3, 4}
        if self.step(fine, lambda s: s.desk.maintain(model.id, days=days, modules=modules)):
            last = self.now.astimezone(STOCKHOLM).date() + timedelta(days=days + 1)
            model.phase, model.chosen, model.until = "maintenance", modules, local(f"{last} 00:00")

    @rule(which=WHICH, reason=st.sampled_from(["klar", "okänd"]))
    def end(self, which: int, reason: str) -> None:
        """The therapist ends."""
        model = self.model(which)
        if self.step(model.phase != "ended" and reason == "klar", lambda s: s.desk.end(model.id, reason=reason)):
            model.phase = "ended"

    @rule(by=st.sampled_from([INSTANT, *(timedelta(hours=hours) for hours in (1, 9, 24, 720, 4800))]))
    def wait(self, by: timedelta) -> None:
        """Time goes by."""
        self.move(self.now + by)

    @rule(which=WHICH, early=st.booleans())
    def wait_for_the_end_of_access(self, which: int, early: bool) -> None:
        """Time goes on to the boundary, or to the instant before it."""
        to = self.model(which).until - (INSTANT if early else timedelta(0))
        self.move(max(self.now, to))

    @rule()
    def deliver(self) -> None:
        """A worker makes a pass."""
        assert 1 == len({repr(school.deliver()) for school in self.schools})

    @invariant()
    def the_timeline_gives_the_state_again(self) -> None:
        """Law 1."""
        for school in getattr(self, "schools", ()):
            for model in self.models:
                assert replay(school.events(model.id)) == school.state(model.id)

    @invariant()
    def the_books_agree_with_the_model(self) -> None:
        """Laws 3, 4 and 6."""
        for model in getattr(self, "models", ()):
            school = self.schools[0]
            state = school.state(model.id)
            assert model.phase == state.phase.value
            assert (model.until, model.done) == (state.access_until, state.done_at is not None)
            assert (model.opened, model.completed, model.skipped) == (
                state.opened,
                state.completed,
                state.out_of_order,
            )
            if self.ordering is Ordering.ENFORCED:
                read = [module in model.completed for module in ORDER]
                assert sorted(read, reverse=True) == read
            box = {
                (flag.kind, flag.form if flag.form is not None else flag.conversation): flag.unread
                for flag in school.desk.to_handle(model.id)
            }
            assert model.waiting(self.now) == box
            assert min(box.values(), default=1) > 0
            self._sees_what_the_truth_table_says(school, model)

    def _sees_what_the_truth_table_says(self, school: Scenario, model: Model) -> None:
        seen = school.school.patient(model.number).overview(model.id)
        active, readable = model.is_active(self.now), model.can_read(self.now)
        reading = Reading.ALL if active else Reading.CHOSEN if readable else Reading.NONE
        assert (reading, active, active, readable) == (
            seen.access.read_modules,
            seen.access.fill_in_forms,
            seen.access.write_messages,
            seen.access.read_messages,
        )
        expected = [model.is_open(module, self.ordering, self.now) for module in (1, 2, 3, 4)]
        assert expected == [module.open for module in seen.modules]

    @invariant()
    def the_list_agrees_with_the_model(self) -> None:
        """Law 4: the figures at the names, and who comes first."""
        if not hasattr(self, "models"):
            return
        rows = self.schools[0].desk.caseload(limit=500).rows
        expected = {
            model.id: (
                sum(model.waiting(self.now).values()),
                any(any(saved[model.noted[form] :]) for form, saved in model.saved.items()),
            )
            for model in self.models
            if model.phase != "ended"
        }
        assert expected == {row.enrolment_id: (row.flags, row.priority) for row in rows}
        ranks = [0 if row.priority else 1 if row.flags else 2 for row in rows]
        assert sorted(ranks) == ranks

    @invariant()
    def all_stores_agree(self) -> None:
        """Law 8."""
        kept = [school.kept() for school in getattr(self, "schools", ())]
        assert all(kept[0] == other for other in kept[1:])


class PairMachine(HistoryMachine):
    """The same in memory and on SQLite at once."""

    urls = ("memory://", "sqlite:///FOLDER/painschool.db")


UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine is no failure."""


def test_whatever_happens_in_memory_agrees_with_the_model() -> None:
    """Otherwise some order of steps would give a state, a flag or an access that no rule gives."""
    run_state_machine_as_test(HistoryMachine, settings=settings(UNHURRIED, max_examples=40, stateful_step_count=40))


def test_whatever_happens_memory_and_sqlite_agree() -> None:
    """Otherwise what holds in tests would not hold where patients' records are."""
    pytest.importorskip("sqlalchemy", reason="SQLite is not there: install digital_painschool[sql]")
    run_state_machine_as_test(PairMachine, settings=settings(UNHURRIED, max_examples=15, stateful_step_count=30))
